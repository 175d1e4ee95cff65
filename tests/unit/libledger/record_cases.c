// SPDX-License-Identifier: GPL-2.0-only
/* A record's way, from one card to none or another. */
#include "cases.h"

#include <string.h>

#include "software_seal.h"

static void a_record_goes_its_way(void **state)
{
	struct ledger_record record;
	struct ledger_request r;

	(void)state;
	stock();
	open_request(1, &r);
	assert_int_equal(ledger_claim(ledger, r.id, NULL, NULL, "KDD:01", &record), LEDGER_OK);
	assert_string_equal(record.iccid, "8949000000000000018");
	/* Nothing secret is there before it is unsealed, and nothing if it is another record's. */
	assert_string_equal(record.pin1, "");
	assert_int_equal(record.keys[0][1], 0);
	assert_true(software_open(&record));
	assert_string_equal(record.pin1, "1234");
	assert_int_equal(record.keys[0][1], 1);
	assert_int_equal(record.payload_len, 4);
	strcpy(record.iccid, "8949000000000000026");
	assert_false(software_open(&record));
	assert_int_equal(record.attempt, 1);
	assert_state(record.id, "INTENT");
	/* One record for a request. */
	assert_int_equal(ledger_claim(ledger, r.id, NULL, NULL, "KDD:02", &record), LEDGER_REFUSED);
	record.id = 1;
	record.attempt = 1;
	r.verdict = 1;
	assert_int_equal(ledger_decide(ledger, &r), LEDGER_REFUSED);
	assert_int_equal(ledger_issue(ledger, &r, &record, ""), LEDGER_REFUSED);
	assert_int_equal(ledger_issue(ledger, &r, &record, "evidence"), LEDGER_OK);
	assert_state(1, "ISSUED");
	assert_int_equal(ledger_issue(ledger, &r, &record, "evidence"), LEDGER_REFUSED);
	assert_int_equal(dispose_with(1, 1, (uint64_t)r.id, 1), LEDGER_OK);
	assert_state(1, "DELIVERED");
	/* Nothing moves it any more. */
	assert_int_equal(dispose_with(2, 1, (uint64_t)r.id, 2), LEDGER_OK);
	assert_state(1, "DELIVERED");
	assert_int_equal(number("SELECT state = 'good' FROM card WHERE identity = 'KDD:01'"), 1);
}

static void one_card_one_record(void **state)
{
	struct ledger_request a, b;
	struct ledger_record record;

	(void)state;
	stock();
	claim_on(1, "KDD:01", &a, &record);
	open_request(2, &b);
	assert_int_equal(ledger_claim(ledger, b.id, NULL, NULL, "KDD:01", &record), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(ledger), "open in another request"));
	assert_int_equal(number("SELECT count(*) FROM record WHERE state = 'FREE'"), 2);
}

static void retry_keeps_the_record(void **state)
{
	struct ledger_request a, b;
	struct ledger_record first, second;

	(void)state;
	stock();
	claim_on(1, "KDD:01", &a, &first);
	a.verdict = 3;
	strcpy(a.reason, "again");
	assert_int_equal(ledger_decide(ledger, &a), LEDGER_OK);
	claim_on(2, "KDD:01", &b, &second);
	assert_int_equal(second.id, first.id);
	assert_int_equal(second.attempt, 2);
	/* The first attempt can no longer issue it, and its disposition does not touch it. */
	b.verdict = 1;
	assert_int_equal(ledger_issue(ledger, &b, &first, "evidence"), LEDGER_REFUSED);
	assert_int_equal(dispose_with(1, 1, (uint64_t)a.id, 2), LEDGER_OK);
	assert_state(first.id, "INTENT");
	assert_int_equal(ledger_issue(ledger, &b, &second, "evidence"), LEDGER_OK);
}

/* A station that presents a card anew says that the first request's card was removed. */
static void retry_after_removal(void **state)
{
	struct ledger_request a, b, c;
	struct ledger_record first, second;

	(void)state;
	stock();
	claim_on(1, "KDD:01", &a, &first);
	a.verdict = 3;
	strcpy(a.reason, "again");
	assert_int_equal(ledger_decide(ledger, &a), LEDGER_OK);
	assert_int_equal(dispose_with(1, 1, (uint64_t)a.id, 3), LEDGER_OK);
	assert_state(first.id, "INTENT");
	/* Another card does not get it. */
	claim_on(2, "KDD:02", &b, &second);
	assert_int_not_equal(second.id, first.id);
	claim_on(3, "KDD:01", &c, &second);
	assert_int_equal(second.id, first.id);
	c.verdict = 2;
	strcpy(c.reason, "no");
	assert_int_equal(ledger_decide(ledger, &c), LEDGER_OK);
	assert_int_equal(dispose_with(2, 3, (uint64_t)c.id, 2), LEDGER_OK);
	assert_state(first.id, "VOID");
}

static void spoiled_may_be_free_again(void **state)
{
	struct ledger_record record;
	struct ledger_request r;
	struct order_report report;

	(void)state;
	assert_int_equal(import(HEADER ROW1, true, &report), LEDGER_OK);
	claim_on(1, "KDD:01", &r, &record);
	r.verdict = 2;
	assert_int_equal(ledger_decide(ledger, &r), LEDGER_OK);
	assert_int_equal(dispose_with(1, 1, 0, 2), LEDGER_OK);
	assert_state(record.id, "FREE");
	claim_on(2, "KDD:02", &r, &record);
	assert_int_equal(record.attempt, 2);
	open_request(3, &r);
	assert_int_equal(ledger_claim(ledger, r.id, NULL, NULL, "KDD:01", &record), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(ledger), "spoiled"));
}

static void ended_request_issues_nothing(void **state)
{
	struct ledger_record record;
	struct ledger_request r;

	(void)state;
	stock();
	claim_on(1, "KDD:01", &r, &record);
	assert_int_equal(ledger_ended(ledger, r.id, "card removed"), LEDGER_OK);
	r.verdict = 1;
	assert_int_equal(ledger_issue(ledger, &r, &record, "evidence"), LEDGER_REFUSED);
	assert_state(record.id, "INTENT");
}

static void no_record_left(void **state)
{
	struct ledger_record record;
	struct ledger_request r;

	(void)state;
	open_request(1, &r);
	assert_int_equal(ledger_claim(ledger, r.id, NULL, NULL, "KDD:01", &record), LEDGER_REFUSED);
	assert_string_equal(ledger_error(ledger), "no record is free");
	stock();
	assert_int_equal(ledger_claim(ledger, r.id, "another", NULL, "KDD:01", &record),
			 LEDGER_REFUSED);
}

static void full_disk_stops_claims(void **state)
{
	struct ledger_record record;
	struct ledger_request r;

	(void)state;
	stock();
	open_request(1, &r);
	sql(ledger_database.cannot_write);
	assert_int_equal(ledger_claim(ledger, r.id, NULL, NULL, "KDD:01", &record), LEDGER_FAILED);
	assert_int_equal(record.sealed_len, 0);
	sql(ledger_database.can_write);
	assert_int_equal(number("SELECT count(*) FROM record WHERE state != 'FREE'"), 0);
	assert_int_equal(ledger_claim(ledger, r.id, NULL, NULL, "KDD:01", &record), LEDGER_OK);
}

/* What became of request @n, which was in the presentation of open_request(). */
static enum ledger_status dispose_presented(uint64_t n, uint64_t request, uint8_t what)
{
	struct ledger_disposition d = {
		.journal_epoch = 1,
		.number = n,
		.request = request,
		.presence_gen = 3,
		.disposition = what,
		.evidence = "sensor",
	};

	return ledger_dispose(ledger, &d);
}

/* The card that was to be retried is rejected in a request that the CAS never saw. */
static void retry_that_ends_unseen(void **state)
{
	struct ledger_record record;
	struct ledger_request r;

	(void)state;
	stock();
	to_be_retried(1, "KDD:01", &record);
	/* Of another presentation: not this card. */
	assert_int_equal(dispose_with(2, 2, 0, 2), LEDGER_OK);
	assert_state(record.id, "INTENT");
	/* Tried once more and still in the lane; then it is rejected. */
	assert_int_equal(dispose_presented(3, 3, 3), LEDGER_OK);
	assert_state(record.id, "INTENT");
	assert_int_equal(dispose_presented(4, 4, 2), LEDGER_OK);
	assert_state(record.id, "VOID");
	open_request(5, &r);
	assert_int_equal(ledger_claim(ledger, r.id, NULL, NULL, "KDD:01", &record), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(ledger), "spoiled"));
}

static void intent_can_be_taken_back(void **state)
{
	struct ledger_record record, again;
	struct order_report report;
	struct ledger_request r;
	char became[8];

	(void)state;
	assert_int_equal(import(HEADER ROW1, true, &report), LEDGER_OK);
	assert_int_equal(ledger_release(ledger, "8949000000000000018", became), LEDGER_REFUSED);
	to_be_retried(1, "KDD:01", &record);
	assert_int_equal(ledger_release(ledger, "8949000000000000026", became), LEDGER_REFUSED);
	assert_int_equal(ledger_release(ledger, "8949000000000000018", became), LEDGER_OK);
	assert_string_equal(became, "FREE");
	/* The card cannot come for it any more; another one can. */
	open_request(2, &r);
	assert_int_equal(ledger_claim(ledger, r.id, NULL, NULL, "KDD:01", &again), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(ledger), "spoiled"));
	claim_on(3, "KDD:02", &r, &again);
	assert_int_equal(again.id, record.id);
	/* Not under a session that works with it, and not what is issued. */
	assert_int_equal(ledger_release(ledger, "8949000000000000018", became), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(ledger), "session"));
	r.verdict = 1;
	assert_int_equal(ledger_issue(ledger, &r, &again, "evidence"), LEDGER_OK);
	assert_int_equal(ledger_release(ledger, "8949000000000000018", became), LEDGER_REFUSED);
	assert_state(again.id, "ISSUED");
}

/* A session that the database takes for open issues nothing that was taken from it. */
static void freed_intent_is_not_issued(void **state)
{
	struct ledger_record record;
	struct ledger_request r;

	(void)state;
	stock();
	claim_on(1, "KDD:01", &r, &record);
	sql("UPDATE record SET state = 'VOID' WHERE id = 1");
	r.verdict = 1;
	assert_int_equal(ledger_issue(ledger, &r, &record, "evidence"), LEDGER_REFUSED);
	assert_state(1, "VOID");
	assert_int_equal(number("SELECT state = 'open' FROM request WHERE id = 1"), 1);
}

const struct CMUnitTest record_cases[] = {
	cmocka_unit_test(a_record_goes_its_way),
	cmocka_unit_test(one_card_one_record),
	cmocka_unit_test(retry_keeps_the_record),
	cmocka_unit_test(retry_after_removal),
	cmocka_unit_test(spoiled_may_be_free_again),
	cmocka_unit_test(ended_request_issues_nothing),
	cmocka_unit_test(no_record_left),
	cmocka_unit_test(full_disk_stops_claims),
	cmocka_unit_test(retry_that_ends_unseen),
	cmocka_unit_test(intent_can_be_taken_back),
	cmocka_unit_test(freed_intent_is_not_issued),
	{}
};
