// SPDX-License-Identifier: GPL-2.0-only
/* What a PostgreSQL server must be, and connections to it that are lost. */
#include "cases.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "postgres.h"
#include "../database/pgserver.h"

/* ---- what it must be ---- */

static void assert_refused(const char *where, const char *why)
{
	char error[256] = "";
	struct ledger *other = ledger_open(where, false, error, sizeof(error));

	assert_null(other);
	if (!strstr(error, why))
		fail_msg("\"%s\" is not in \"%s\"", why, error);
}

/* However it is set: for the connection, the role, the database, or by now in the configuration. */
static void forgetful_server_is_refused(void **state)
{
	static const char *const ways[][2] = {
		{ "ALTER ROLE cas SET synchronous_commit = off",
		  "ALTER ROLE cas RESET synchronous_commit" },
		{ "ALTER DATABASE %s SET synchronous_commit = off",
		  "ALTER DATABASE %s RESET synchronous_commit" },
	};
	struct order_report r;
	char text[256];

	(void)state;
	snprintf(text, sizeof(text), "%s options='-c synchronous_commit=off'", ledger_where);
	assert_refused(text, "synchronous_commit=off");
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		snprintf(text, sizeof(text), ways[i][0], postgres_name());
		assert_true(pgserver_run(postgres_name(), text));
		assert_refused(ledger_where, "ALTER ROLE");
		snprintf(text, sizeof(text), ways[i][1], postgres_name());
		assert_true(pgserver_run(postgres_name(), text));
	}
	/* One that is connected already commits nothing more either. */
	sql("SET synchronous_commit = off");
	assert_int_equal(import(HEADER ROW1, false, &r), LEDGER_FAILED);
	assert_non_null(strstr(ledger_error(ledger), "synchronous_commit=off"));
	sql("SET synchronous_commit = on");
	assert_int_equal(import(HEADER ROW1, false, &r), LEDGER_OK);
}

static void server_without_fsync_is_refused(void **state)
{
	static const char *const names[] = { "fsync", "full_page_writes" };
	struct order_report r;
	char text[64];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		pgserver_kill();
		snprintf(text, sizeof(text), "%s=off", names[i]);
		assert_true(pgserver_again(text));
		assert_refused(ledger_where, text);
		assert_int_equal(import(HEADER ROW1, false, &r), LEDGER_FAILED);
		assert_non_null(strstr(ledger_error(ledger), text));
	}
	pgserver_kill();
	assert_true(pgserver_again(NULL));
	assert_int_equal(import(HEADER ROW1, false, &r), LEDGER_OK);
}

static void passwords_are_not_for_command_lines(void **state)
{
	char text[256];

	(void)state;
	snprintf(text, sizeof(text), "%s password=secret", ledger_where);
	assert_refused(text, "PGPASSFILE");
	assert_refused("postgresql://cas:secret@localhost/ledger", "PGPASSFILE");
	assert_refused("host=/nowhere", "connect");
	assert_refused("host=/nowhere what=this", "wrong");
}

static void other_databases_are_left_alone(void **state)
{
	char where[128];

	(void)state;
	pgserver_make("theirs", NULL);
	assert_true(pgserver_run("theirs", "CREATE TABLE orders(id INTEGER)"));
	assert_refused(pgserver_where("theirs", where, sizeof(where)), "no ledger");
}

/* ---- connections that are lost ---- */

/* Idle: the next transaction has another connection. Within one: nothing of it is left. */
static void lost_connections_come_again(void **state)
{
	struct ledger_record record;
	struct ledger_request r;

	(void)state;
	stock();
	pgserver_kill();
	assert_true(pgserver_again(NULL));
	open_request(1, &r);
	pgserver_drop();
	assert_int_equal(ledger_claim(ledger, r.id, NULL, NULL, "KDD:01", &record), LEDGER_OK);
	pgserver_kill();
	r.verdict = 1;
	assert_int_equal(ledger_issue(ledger, &r, &record, "evidence"), LEDGER_FAILED);
	assert_true(pgserver_again(NULL));
	if (ledger_issue(ledger, &r, &record, "evidence") != LEDGER_OK)
		fail_msg("%s", ledger_error(ledger));
	assert_state(record.id, "ISSUED");
}

/* All connections of this process are cut while its server thinks about a COMMIT. */
static pid_t cut_soon(void)
{
	const struct timespec moment = { .tv_nsec = 300000000 };
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid)
		return pid;
	nanosleep(&moment, NULL);
	for (int fd = 3; fd < 64; fd++)
		shutdown(fd, SHUT_RDWR);
	_exit(0);
}

/*
 * A COMMIT without an answer is neither taken for done nor for failed: it is looked up. One that
 * the server had not begun to write is ended there; one that it had is found.
 */
static void lost_commit_is_looked_up(void **state)
{
	static const char *const sleeps[] = {
		/* before what it decides by, and after it: nothing can stop it then */
		"PERFORM pg_sleep(1)",
		"BEGIN PERFORM pg_sleep(1); EXCEPTION WHEN query_canceled THEN NULL; END",
	};
	enum ledger_status status;
	struct order_report r;
	char text[512];
	int64_t rows;
	pid_t pid;

	(void)state;
	for (size_t i = 0; i < sizeof(sleeps) / sizeof(sleeps[0]); i++) {
		snprintf(text, sizeof(text), "CREATE OR REPLACE FUNCTION slow() RETURNS TRIGGER"
			 " LANGUAGE plpgsql AS 'BEGIN %s; RETURN NULL; END'", sleeps[i]);
		sql(text);
		sql("CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON orders DEFERRABLE"
		    " INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()");
		rows = number("SELECT count(*) FROM orders");
		pid = cut_soon();
		status = import(i ? HEADER ROW2 : HEADER ROW1, false, &r);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		/* What it says is what is there. */
		rows = number("SELECT count(*) FROM orders") - rows;
		if (rows != (status ? 0 : 1))
			fail_msg("status %d, %d orders: %s", status, (int)rows,
				 ledger_error(ledger));
		sql("DROP TRIGGER slow ON orders");
	}
	database_damaged();
}

/* One that came back as it was a while ago is another one: nothing is written there. */
static void older_server_is_noticed(void **state)
{
	char where[128], text[256];
	struct ledger_record record;
	struct ledger_request r;

	(void)state;
	stock();
	copy_database(where, sizeof(where));
	open_request(1, &r);
	assert_int_equal(ledger_claim(ledger, r.id, NULL, NULL, "KDD:01", &record), LEDGER_OK);
	snprintf(text, sizeof(text), "ALTER DATABASE %s RENAME TO newer", postgres_name());
	pgserver_drop();
	assert_true(pgserver_run("postgres", text));
	snprintf(text, sizeof(text), "ALTER DATABASE %s RENAME TO %s", postgres_copy(),
		 postgres_name());
	assert_true(pgserver_run("postgres", text));
	r.verdict = 1;
	assert_int_equal(ledger_issue(ledger, &r, &record, "evidence"), LEDGER_FAILED);
	assert_non_null(strstr(ledger_error(ledger), "not the one that was here before"));
	r.number = 2;
	assert_int_equal(ledger_decide(ledger, &r), LEDGER_FAILED);
	database_damaged();
}

const struct CMUnitTest server_cases[] = {
	cmocka_unit_test(forgetful_server_is_refused),
	cmocka_unit_test(server_without_fsync_is_refused),
	cmocka_unit_test(passwords_are_not_for_command_lines),
	cmocka_unit_test(other_databases_are_left_alone),
	cmocka_unit_test(lost_connections_come_again),
	cmocka_unit_test(lost_commit_is_looked_up),
	cmocka_unit_test(older_server_is_noticed),
	{}
};
