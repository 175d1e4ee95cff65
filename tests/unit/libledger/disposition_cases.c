// SPDX-License-Identifier: GPL-2.0-only
/* What became of cards: numbers without gaps, and a database or a journal that is an old one. */
#include "cases.h"

static void dispositions_decide(void **state)
{
	static const struct {
		bool issued;
		bool wrong_result;
		uint8_t disposition;
		const char *state;
	} cases[] = {
		{ true, false, 1, "DELIVERED" }, { true, true, 1, "DOUBT" },
		{ true, false, 2, "VOID" },      { true, false, 3, "DOUBT" },
		{ true, false, 4, "DOUBT" },     { false, false, 1, "DOUBT" },
		{ false, false, 2, "VOID" },     { false, false, 3, "VOID" },
		{ false, false, 4, "DOUBT" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ledger_record record;
		struct ledger_request r;

		stock();
		claim_on(1, "KDD:01", &r, &record);
		if (cases[i].issued) {
			r.verdict = 1;
			assert_int_equal(ledger_issue(ledger, &r, &record, "evidence"), LEDGER_OK);
		} else {
			r.verdict = 2;
			assert_int_equal(ledger_decide(ledger, &r), LEDGER_OK);
		}
		assert_int_equal(dispose_with(1, 1, (uint64_t)r.id + cases[i].wrong_result,
					      cases[i].disposition), LEDGER_OK);
		assert_state(record.id, cases[i].state);
		begin_anew();
	}
}

static void dispositions_without_gaps(void **state)
{
	static const char uuid[] = "00000000000000000000000000000000";

	(void)state;
	assert_int_equal(ledger_adopt(ledger, uuid, "0000000000000001", 6, 1), LEDGER_OK);
	assert_int_equal(dispose_with(7, 1, 0, 2), LEDGER_OK);
	assert_int_equal(dispose_with(9, 1, 0, 2), LEDGER_GAP);
	assert_int_equal(dispose_with(8, 1, 0, 2), LEDGER_OK);
	assert_int_equal(dispose_with(7, 1, 0, 2), LEDGER_OK);
	assert_int_equal(dispose_with(6, 1, 0, 2), LEDGER_GAP);
	assert_int_equal(number("SELECT count(*) FROM disposition"), 3);
	assert_int_equal(dispose_with(9, 1, 0, 5), LEDGER_REFUSED);
	assert_int_equal(dispose_with(0, 1, 0, 2), LEDGER_REFUSED);
}

static void repeated_disposition_must_be_the_same(void **state)
{
	struct ledger_record record;
	struct ledger_request r;

	(void)state;
	stock();
	claim_on(1, "KDD:01", &r, &record);
	r.verdict = 1;
	assert_int_equal(ledger_issue(ledger, &r, &record, "evidence"), LEDGER_OK);
	assert_int_equal(dispose_with(1, 7, 0, 2), LEDGER_OK);
	/* A journal that was cut back gives the number again, to another card. */
	assert_int_equal(dispose_with(1, 1, (uint64_t)r.id, 1), LEDGER_GAP);
	assert_int_equal(dispose_with(1, 7, 0, 1), LEDGER_GAP);
	assert_int_equal(dispose_with(1, 7, 0, 2), LEDGER_OK);
	assert_state(record.id, "ISSUED");
}

/*
 * An old copy may know the request and not the result that a station acted on: a card that has
 * left as good, or may have, can carry a record that is free here.
 */
static void result_that_was_not_given_here(void **state)
{
	struct ledger_request r;

	(void)state;
	open_request(1, &r);
	assert_int_equal(dispose_with(1, 1, (uint64_t)r.id, 1), LEDGER_GAP);
	assert_int_equal(dispose_with(1, 1, (uint64_t)r.id, 4), LEDGER_GAP);
	assert_int_equal(number("SELECT count(*) FROM disposition"), 0);
	r.verdict = 2;
	assert_int_equal(ledger_decide(ledger, &r), LEDGER_OK);
	assert_int_equal(dispose_with(1, 1, (uint64_t)r.id, 1), LEDGER_GAP);
	assert_int_equal(dispose_with(1, 1, (uint64_t)r.id, 4), LEDGER_OK);
}

/* An old copy may have no disposition at all; the station's go on from those that it lost. */
static void first_disposition_is_number_one(void **state)
{
	static const uint8_t boot[16];
	unsigned int doubted;

	(void)state;
	assert_int_equal(ledger_hello(ledger, station, boot, 1, 5, &doubted), LEDGER_OK);
	assert_int_equal(dispose_with(5, 5, 0, 2), LEDGER_GAP);
	assert_int_equal(ledger_caught_up(ledger, station, 1, 5), LEDGER_GAP);
	assert_int_equal(dispose_with(1, 1, 0, 2), LEDGER_OK);
}

/* Result ids come again after a database was put back: a good card needs a good result. */
static void rejected_request_delivers_nothing(void **state)
{
	struct ledger_request r;

	(void)state;
	stock();
	open_request(1, &r);
	r.verdict = 2;
	assert_int_equal(ledger_decide(ledger, &r), LEDGER_OK);
	assert_int_equal(dispose_with(1, 1, (uint64_t)r.id, 1), LEDGER_GAP);
	assert_int_equal(number("SELECT count(*) FROM disposition"), 0);
	assert_int_equal(dispose_with(1, 1, (uint64_t)r.id, 2), LEDGER_OK);
}

static void journal_cut_back_is_noticed(void **state)
{
	static const uint8_t boot[16];
	unsigned int doubted;

	(void)state;
	assert_int_equal(ledger_hello(ledger, station, boot, 1, 0, &doubted), LEDGER_OK);
	assert_int_equal(dispose_with(1, 1, 0, 2), LEDGER_OK);
	assert_int_equal(ledger_hello(ledger, station, boot, 1, 1, &doubted), LEDGER_OK);
	assert_int_equal(ledger_hello(ledger, station, boot, 1, 0, &doubted), LEDGER_REFUSED);
}

/* Restored from a copy, a database knows less than its stations: no session before it does. */
static void old_database_is_noticed(void **state)
{
	static const uint8_t boot[16];
	unsigned int doubted;

	(void)state;
	assert_int_equal(ledger_hello(ledger, station, boot, 1, 0, &doubted), LEDGER_OK);
	assert_int_equal(ledger_caught_up(ledger, station, 1, 0), LEDGER_OK);
	assert_int_equal(ledger_caught_up(ledger, station, 1, 2), LEDGER_GAP);
	assert_int_equal(dispose_with(1, 1, 0, 2), LEDGER_OK);
	assert_int_equal(ledger_caught_up(ledger, station, 1, 2), LEDGER_GAP);
	assert_int_equal(dispose_with(2, 2, 0, 2), LEDGER_OK);
	assert_int_equal(ledger_caught_up(ledger, station, 1, 2), LEDGER_OK);
	assert_int_equal(ledger_caught_up(ledger, station, 2, 1), LEDGER_GAP);
	/* The station acted on a result that this database never gave. */
	assert_int_equal(dispose_with(3, 9, 4711, 1), LEDGER_GAP);
	assert_int_equal(number("SELECT count(*) FROM disposition"), 2);
}

static void station_of_another_database(void **state)
{
	static const char uuid[] = "00000000000000000000000000000000";
	uint64_t lease;

	(void)state;
	assert_int_equal(ledger_caught_up(ledger, station, 1, 6), LEDGER_GAP);
	assert_int_equal(ledger_adopt(ledger, "0", "0000000000000001", 6, 4), LEDGER_REFUSED);
	assert_int_equal(ledger_adopt(ledger, uuid, "0000000000000001", 0, 4), LEDGER_REFUSED);
	assert_int_equal(ledger_adopt(ledger, uuid, "0000000000000001", 6, 4), LEDGER_OK);
	assert_int_equal(ledger_caught_up(ledger, station, 1, 6), LEDGER_OK);
	assert_int_equal(ledger_adopt(ledger, uuid, "0000000000000001", 5, 4), LEDGER_REFUSED);
	assert_int_equal(dispose_with(8, 1, 0, 2), LEDGER_GAP);
	assert_int_equal(dispose_with(7, 1, 0, 2), LEDGER_OK);
	/* The station has seen 4, and refuses a lower one. */
	assert_int_equal(ledger_start(ledger, 3600, &lease), LEDGER_OK);
	assert_int_equal(lease, 5);
}

const struct CMUnitTest disposition_cases[] = {
	cmocka_unit_test(dispositions_decide),
	cmocka_unit_test(dispositions_without_gaps),
	cmocka_unit_test(repeated_disposition_must_be_the_same),
	cmocka_unit_test(result_that_was_not_given_here),
	cmocka_unit_test(first_disposition_is_number_one),
	cmocka_unit_test(rejected_request_delivers_nothing),
	cmocka_unit_test(journal_cut_back_is_noticed),
	cmocka_unit_test(old_database_is_noticed),
	cmocka_unit_test(station_of_another_database),
	{}
};
