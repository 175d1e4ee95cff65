// SPDX-License-Identifier: GPL-2.0-only
/* Daemons and stations: who serves one, and what a restart or a new lease ends. */
#include "cases.h"

#include <string.h>

static void lease_epoch_rises(void **state)
{
	uint64_t a, b;

	(void)state;
	assert_int_equal(ledger_start(ledger, 3600, &a), LEDGER_OK);
	assert_int_equal(ledger_start(ledger, 3600, &b), LEDGER_OK);
	assert_int_equal(b, a + 1);
}

/* Two daemons, one station: it is served by one of them, and the other one is shut out. */
static void lease_passes_to_another(void **state)
{
	struct ledger_record record, second;
	struct ledger_request r, next;
	uint64_t before, epoch;
	struct ledger *other;
	unsigned int held;
	bool known;

	(void)state;
	stock();
	assert_int_equal(ledger_lease(ledger, station, &before), LEDGER_OK);
	other = ledger_of(ledger_where, "cas2");
	assert_int_equal(ledger_start(other, 3600, &epoch), LEDGER_OK);
	assert_int_equal(ledger_lease(other, station, &epoch), LEDGER_LEASED);
	assert_non_null(strstr(ledger_error(other), "cas1"));
	claim_on(1, "KDD:01", &r, &record);
	open_request(2, &next);

	/* The first one was stopped for too long. */
	sql("UPDATE station SET lease_until = unixepoch() - 1");
	assert_int_equal(ledger_claim(ledger, next.id, NULL, NULL, "KDD:02", &second),
			 LEDGER_LEASED);
	assert_int_equal(ledger_lease(other, station, &epoch), LEDGER_OK);
	assert_true(epoch > before);
	r.verdict = 1;
	assert_int_equal(ledger_issue(ledger, &r, &record, "evidence"), LEDGER_LEASED);
	assert_int_equal(ledger_claim(ledger, next.id, NULL, NULL, "KDD:02", &second),
			 LEDGER_LEASED);
	assert_int_equal(second.sealed_len, 0);
	assert_int_equal(dispose_with(1, 1, 0, 2), LEDGER_LEASED);
	assert_int_equal(ledger_renew(ledger, &held), LEDGER_OK);
	assert_int_equal(held, 0);
	next.number = 3;
	assert_int_equal(ledger_request_open(ledger, &next, &known), LEDGER_LEASED);
	assert_state(record.id, "INTENT");
	assert_int_equal(number("SELECT count(*) FROM request WHERE state = 'open'"), 0);

	/* What is given back can be had at once, and what was open before has ended. */
	assert_int_equal(ledger_let_go(other, station), LEDGER_OK);
	before = epoch;
	assert_int_equal(ledger_lease(ledger, station, &epoch), LEDGER_OK);
	assert_true(epoch > before);
	assert_int_equal(ledger_issue(ledger, &r, &record, "evidence"), LEDGER_REFUSED);
	assert_int_equal(dispose_with(1, 1, 0, 2), LEDGER_OK);
	assert_state(record.id, "VOID");
	ledger_close(other);
}

static void restart_leaves_no_verdict(void **state)
{
	struct ledger_record record;
	struct ledger_request r, found;
	uint64_t lease;

	(void)state;
	stock();
	claim_on(1, "KDD:01", &r, &record);
	assert_int_equal(ledger_start(ledger, 3600, &lease), LEDGER_OK);
	assert_int_equal(ledger_lease(ledger, station, &lease), LEDGER_OK);
	assert_int_equal(ledger_request_find(ledger, r.boot_id, 1, &found), LEDGER_OK);
	assert_false(found.decided);
	r.verdict = 1;
	assert_int_equal(ledger_issue(ledger, &r, &record, "evidence"), LEDGER_REFUSED);
	r.verdict = 3;
	assert_int_equal(ledger_decide(ledger, &r), LEDGER_REFUSED);
	r.verdict = 2;
	assert_int_equal(ledger_decide(ledger, &r), LEDGER_OK);
	assert_int_equal(ledger_decide(ledger, &r), LEDGER_REFUSED);
	assert_state(record.id, "INTENT");
}

/* A session that outlives the journal of its station issues nothing: no disposition would come. */
static void lost_journal_ends_its_sessions(void **state)
{
	static const uint8_t boot[16];
	struct ledger_record record;
	struct ledger_request r;
	unsigned int doubted;

	(void)state;
	stock();
	assert_int_equal(ledger_hello(ledger, station, boot, 1, 0, &doubted), LEDGER_OK);
	claim_on(1, "KDD:01", &r, &record);
	assert_int_equal(ledger_hello(ledger, station, boot, 2, 0, &doubted), LEDGER_OK);
	r.verdict = 1;
	assert_int_equal(ledger_issue(ledger, &r, &record, "evidence"), LEDGER_REFUSED);
	assert_state(record.id, "INTENT");
}

const struct CMUnitTest lease_cases[] = {
	cmocka_unit_test(lease_epoch_rises),
	cmocka_unit_test(lease_passes_to_another),
	cmocka_unit_test(restart_leaves_no_verdict),
	cmocka_unit_test(lost_journal_ends_its_sessions),
	{}
};
