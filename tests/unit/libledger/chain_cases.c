// SPDX-License-Identifier: GPL-2.0-only
/* The chain of what was done, and the witness of it. */
#include "cases.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libledger/statement.h"

static void tampering_shows(void **state)
{
	static const char *const changes[] = {
		"UPDATE ledger SET body = replace(body, 'KDD:01', 'KDD:09') WHERE seq = 4",
		"UPDATE ledger SET time = '2001-01-01T00:00:00Z' WHERE seq = 1",
		"UPDATE ledger SET kind = 'result' WHERE seq = 1",
		"UPDATE ledger SET hash = (SELECT hash FROM ledger WHERE seq = 1) WHERE seq = 3",
		"UPDATE ledger SET hash = substr(hash, 1, 1) WHERE seq = 1",
		"DELETE FROM ledger WHERE seq = 2",
		"DELETE FROM ledger WHERE seq = 1",
		"UPDATE ledger SET seq = 99 WHERE seq = 3",
	};
	const char *chain = ledger_database.chain;

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct ledger_record record;
		struct ledger_request r;
		uint64_t entries;
		char head[65];
		int changed;

		stock();
		claim_on(1, "KDD:01", &r, &record);
		r.verdict = 2;
		assert_int_equal(ledger_decide(ledger, &r), LEDGER_OK);
		assert_int_equal(ledger_verify(ledger, chain, &entries, head), LEDGER_OK);
		assert_int_equal(entries, 5);
		/* SQL alone is stopped by triggers; who drops them is found out by the hashes. */
		assert_false(db_run(ledger, NULL, changes[i], ""));
		for (size_t j = 0; ledger_database.unlock[j]; j++)
			sql(ledger_database.unlock[j]);
		database_damaged();
		assert_true(db_run(ledger, &changed, changes[i], ""));
		assert_int_equal(changed, 1);
		assert_int_equal(ledger_verify(ledger, chain, &entries, head), LEDGER_REFUSED);
		begin_anew();
	}
}

/* A copy of the database that lacks the last claim gives the same record out again. */
static void witness_knows_an_old_copy(void **state)
{
	char witness[] = "/tmp/ledger-witness-XXXXXX", old[160];
	struct ledger_record record;
	struct ledger_request r;
	struct ledger *copy;

	(void)state;
	stock();
	close(mkstemp(witness));
	assert_int_equal(ledger_witness(ledger, witness), LEDGER_OK);
	copy_database(old, sizeof(old));
	assert_int_equal(ledger_witness(ledger, witness), LEDGER_OK);
	copy = ledger_of(old, "cas1");
	/* Nothing was given out since: the copy is as good. */
	assert_int_equal(ledger_witness(copy, witness), LEDGER_OK);
	ledger_close(copy);

	claim_on(1, "KDD:01", &r, &record);
	copy = ledger_of(old, "cas1");
	assert_int_equal(ledger_witness(copy, witness), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(copy), "old copy"));
	ledger_close(copy);
	/* What is newer than its witness is not old. */
	r.verdict = 2;
	assert_int_equal(ledger_decide(ledger, &r), LEDGER_OK);
	copy = ledger_of(ledger_where, "cas1");
	assert_int_equal(ledger_witness(copy, witness), LEDGER_OK);
	ledger_close(copy);
	unlink(witness);
	database_remove_copy(old);
}

/* A claim that cannot be noted gives nothing out. */
static void claim_without_witness_fails(void **state)
{
	struct ledger_record record;
	struct ledger_request r;
	char witness[32];
	int fd;

	(void)state;
	stock();
	fd = memfd_create("witness", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_true(fd >= 0);
	snprintf(witness, sizeof(witness), "/proc/self/fd/%d", fd);
	assert_int_equal(ledger_witness(ledger, witness), LEDGER_OK);
	open_request(1, &r);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	assert_int_equal(ledger_claim(ledger, r.id, NULL, NULL, "KDD:01", &record), LEDGER_FAILED);
	assert_string_equal(record.iccid, "");
	close(fd);
}

const struct CMUnitTest chain_cases[] = {
	cmocka_unit_test(tampering_shows),
	cmocka_unit_test(witness_knows_an_old_copy),
	cmocka_unit_test(claim_without_witness_fails),
	{}
};
