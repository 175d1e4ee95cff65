// SPDX-License-Identifier: GPL-2.0-only
/* What is done to a database's file: copied, cut off, read by sqlite3. */
#include "cases.h"

#include <signal.h>
#include <sys/wait.h>

#include "scene.h"

#define VERIFY CASCTL " ledger verify --heads heads --public point --db "

/* A chain that holds together is not enough: it must be the one that was seen before. */
static void heads_show_what_the_chain_does_not(void **state)
{
	(void)state;
	assert_int_equal(shell_status(CASCTL " key public --pin-file pin --name ledger >point"), 0);
	end_casd(SIGTERM);
	assert_int_equal(shell_status(VERIFY "cas.db | grep -E '[1-9][0-9]* heads kept'"), 0);
	/* cut off */
	assert_int_equal(shell_status("sqlite3 cas.db '.backup cut.db' && sqlite3 cut.db"
				      " 'DROP TRIGGER ledger_no_delete; DELETE FROM ledger"
				      " WHERE seq > (SELECT max(seq) - 3 FROM ledger)'"), 0);
	assert_int_equal(shell_status(CASCTL " ledger verify --db cut.db"), 0);
	assert_int_not_equal(shell_status(VERIFY "cut.db"), 0);
	assert_int_equal(shell_status(VERIFY "cut.db 2>&1 | grep 'cut off'"), 0);
	/* heads that somebody else made, or that belong to another chain */
	assert_int_equal(shell_status("sed 's/.$/0/;t' heads | sed '$s/0$/1/' >forged"), 0);
	assert_int_not_equal(shell_status(CASCTL " ledger verify --heads forged --public point"
					  " --db cas.db"), 0);
	assert_int_equal(shell_status("tac heads | sed '1s/^[0-9]*/1/' >moved"), 0);
	assert_int_not_equal(shell_status(CASCTL " ledger verify --heads moved --public point"
					  " --db cas.db"), 0);
	start();
	station_hello(&station);
}

/* A backup that is put back, and its witness with it, is found out by the heads. */
static void heads_know_an_old_copy(void **state)
{
	struct gp_card card;
	int status;

	(void)state;
	end_casd(SIGTERM);
	assert_int_equal(shell_status("cp cas.db old.db"), 0);
	start();
	station_hello(&station);
	blank(&card, 61);
	session("personalize", &card);
	assert_int_equal(ck_u(&message.f, CK_T_VERDICT), CK_GOOD);
	dispose(CK_DISP_GOOD);
	gp_card_free(&card);
	end_casd(SIGTERM);
	assert_int_equal(shell_status("mv cas.db new.db; cp old.db cas.db; mv witness w"),
			 0);
	start();
	assert_int_equal(waitpid(bed.casd, &status, 0), bed.casd);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	assert_int_equal(shell_status("grep -E 'event=heads.*(old copy|not the one)' casd.log"), 0);
	assert_int_equal(shell_status("rm -f cas.db-wal cas.db-shm; mv new.db cas.db;"
				      " mv w witness"), 0);
	start();
	station_hello(&station);
}

/* What is exported has every entry, and text of any kind is whole. */
static void ledger_is_exported(void **state)
{
	(void)state;
	assert_int_equal(shell_status(CASCTL " ledger export --db cas.db --csv >l.csv &&"
				      " sqlite3 :memory: '.import --csv l.csv l'"
				      " 'SELECT count(*), sum(json_valid(body)) FROM l' >a &&"
				      " sqlite3 cas.db 'SELECT count(*), count(*) FROM ledger' |"
				      " cmp a"), 0);
	assert_int_equal(shell_status(CASCTL " ledger export --db cas.db --json >l.json &&"
				      " sqlite3 :memory: \"SELECT count(*), count(hash) FROM"
				      " (SELECT json_extract(value, '\\$.hash') AS hash"
				      " FROM json_each(readfile('l.json')))\" >b && cmp a b"), 0);
	assert_int_not_equal(shell_status(CASCTL " ledger export --db cas.db"), 0);
}

const struct CMUnitTest heads_cases[] = {
	cmocka_unit_test(heads_show_what_the_chain_does_not),
	cmocka_unit_test(heads_know_an_old_copy),
	{}
};

const struct CMUnitTest export_cases[] = {
	cmocka_unit_test(ledger_is_exported),
	{}
};
