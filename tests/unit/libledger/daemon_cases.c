// SPDX-License-Identifier: GPL-2.0-only
/* Several daemons, and the one witness that they have on a server. */
#include "cases.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../database/pgserver.h"

/* Another daemon, with another station. */
static struct ledger *another(const char *where, const char *node, const char *witness,
			      enum ledger_status expected)
{
	struct ledger *other = ledger_of(where, node);
	enum ledger_status status = ledger_witness(other, witness);

	if (status != expected)
		fail_msg("%s: status %d: %s", node, status, ledger_error(other));
	return other;
}

static void claim_with(struct ledger *other, uint64_t n, const char *card)
{
	static const uint8_t its[16] = { 7 };
	struct ledger_request r = { .number = n, .application = "personalize" };
	struct ledger_record record;
	uint64_t epoch;
	bool known;

	memcpy(r.station, its, 16);
	memcpy(r.boot_id, its, 16);
	assert_int_equal(ledger_start(other, 3600, &epoch), LEDGER_OK);
	assert_int_equal(ledger_lease(other, its, &epoch), LEDGER_OK);
	assert_int_equal(ledger_request_open(other, &r, &known), LEDGER_OK);
	assert_int_equal(ledger_claim(other, r.id, NULL, NULL, card, &record), LEDGER_OK);
}

/*
 * What one daemon gave out is in no chain of another one's: an old copy, which lacks it, looks
 * good to that one unless they have a witness together.
 */
static void daemons_have_one_witness(void **state)
{
	char old[160], witness[128], file[] = "/tmp/ledger-witness-XXXXXX";
	struct ledger *other;

	(void)state;
	stock();
	assert_true(pgserver_make("witness", NULL));
	pgserver_where("witness", witness, sizeof(witness));
	assert_int_equal(ledger_witness(ledger, witness), LEDGER_OK);
	copy_database(old, sizeof(old));
	assert_int_equal(ledger_witness(ledger, witness), LEDGER_OK);
	other = another(ledger_where, "cas2", witness, LEDGER_OK);
	claim_with(other, 1, "KDD:01");
	ledger_close(other);
	ledger_close(another(ledger_where, "cas3", witness, LEDGER_OK));

	other = another(old, "cas1", witness, LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(other), "old copy"));
	ledger_close(other);
	/* Nor does one get by with another witness, or with a new one of its own. */
	close(mkstemp(file));
	other = another(old, "cas1", file, LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(other), "on a server"));
	ledger_close(other);
	unlink(file);
	database_damaged();
}

/* A daemon that has been alone notes in a file; a second one wants both to have one on a server. */
static void second_daemon_wants_a_server(void **state)
{
	char witness[128], file[] = "/tmp/ledger-witness-XXXXXX";
	struct ledger_record record;
	struct ledger_request r;
	struct ledger *other;

	(void)state;
	stock();
	assert_true(pgserver_make("witness2", NULL));
	pgserver_where("witness2", witness, sizeof(witness));
	close(mkstemp(file));
	assert_int_equal(ledger_witness(ledger, file), LEDGER_OK);
	claim_on(1, "KDD:01", &r, &record);
	ledger_close(another(ledger_where, "cas2", file, LEDGER_REFUSED));
	ledger_close(another(ledger_where, "cas2", witness, LEDGER_REFUSED));
	assert_int_equal(ledger_witness(ledger, witness), LEDGER_OK);
	ledger_close(another(ledger_where, "cas2", witness, LEDGER_OK));
	assert_int_equal(ledger_witness(ledger, file), LEDGER_REFUSED);
	/* A witness that knows nothing of what was given out is not that of this database. */
	assert_true(pgserver_run("witness2", "DELETE FROM witness WHERE node = 'cas1'"));
	other = another(ledger_where, "cas2", witness, LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(other), "cas1 gave out"));
	ledger_close(other);
	unlink(file);
	database_damaged();
}

/* A claim that cannot be noted gives nothing out; one whose witness is back goes on. */
static void claim_waits_for_no_witness(void **state)
{
	struct ledger_record record;
	struct ledger_request r;
	char witness[128];

	(void)state;
	stock();
	assert_true(pgserver_make("witness3", NULL));
	pgserver_where("witness3", witness, sizeof(witness));
	assert_int_equal(ledger_witness(ledger, witness), LEDGER_OK);
	assert_true(pgserver_run("witness3", "ALTER TABLE witness RENAME TO hidden"));
	open_request(1, &r);
	assert_int_equal(ledger_claim(ledger, r.id, NULL, NULL, "KDD:01", &record), LEDGER_FAILED);
	assert_non_null(strstr(ledger_error(ledger), "witness"));
	assert_string_equal(record.iccid, "");
	assert_true(pgserver_run("witness3", "ALTER TABLE hidden RENAME TO witness"));
	claim_on(2, "KDD:02", &r, &record);
	database_damaged();
}

/* Two daemons that begin at once both meet all chains; the slower one has read less of them. */
static void witness_never_goes_back(void **state)
{
	struct ledger_record record;
	struct ledger_request r;
	char witness[128];

	(void)state;
	stock();
	assert_true(pgserver_make("witness4", NULL));
	pgserver_where("witness4", witness, sizeof(witness));
	assert_int_equal(ledger_witness(ledger, witness), LEDGER_OK);
	assert_true(pgserver_run("witness4", "UPDATE witness SET seq = 1000 WHERE node = 'cas1'"));
	claim_on(1, "KDD:01", &r, &record);
	assert_true(pgserver_run("witness4", "SELECT 1 / count(*) FROM witness"
				 " WHERE node = 'cas1' AND seq = 1000"));
	database_damaged();
}

const struct CMUnitTest daemon_cases[] = {
	cmocka_unit_test(daemons_have_one_witness),
	cmocka_unit_test(second_daemon_wants_a_server),
	cmocka_unit_test(claim_waits_for_no_witness),
	cmocka_unit_test(witness_never_goes_back),
	{}
};
