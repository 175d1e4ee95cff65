// SPDX-License-Identifier: GPL-2.0-only
/* What an order permits: stations, connections, keys, how many cards, and which of them. */
#include "cases.h"

#include <stdio.h>
#include <string.h>

#include "software_seal.h"

static enum ledger_status import_limited(const char *text, const struct order_limits *limits,
					 struct order_report *r)
{
	struct order_import how = {
		.order = "limited", .test = true, .seal = &software_order, .limits = *limits,
	};

	return import_order(text, &how, r);
}

static void limited(const struct order_limits *limits)
{
	struct order_report r;

	assert_int_equal(import_limited(HEADER ROW1 ROW2 ROW3, limits, &r), LEDGER_OK);
}

/* A card asks at a station; what it gets is in @record. */
static enum ledger_status asks(uint64_t n, uint8_t station, const char *encryption,
			       const char *master, const char *card, struct ledger_record *record)
{
	const struct ledger_master m = { master, false };
	struct ledger_request r = { .number = n, .station = { station } };
	uint64_t epoch;
	bool known;

	snprintf(r.encryption, sizeof(r.encryption), "%s", encryption);
	snprintf(r.reference, sizeof(r.reference), "body-%llu", (unsigned long long)n);
	assert_int_equal(ledger_lease(ledger, r.station, &epoch), LEDGER_OK);
	assert_int_equal(ledger_request_open(ledger, &r, &known), LEDGER_OK);
	return ledger_claim(ledger, r.id, NULL, &m, card, record);
}

#define STATION_1 "01000000000000000000000000000000"
#define STATION_2 "02000000000000000000000000000000"

static void only_permitted_stations(void **state)
{
	struct order_limits limits = { .stations = STATION_1 "," STATION_2 };
	struct ledger_record record;

	(void)state;
	limited(&limits);
	assert_int_equal(asks(1, 3, "none", "kmc", "KDD:01", &record), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(ledger), "permits"));
	assert_int_equal(asks(2, 2, "none", "kmc", "KDD:01", &record), LEDGER_OK);
	assert_int_equal(asks(3, 1, "none", "kmc", "KDD:02", &record), LEDGER_OK);
}

static void wrong_limits(void **state)
{
	static const struct order_limits bad[] = {
		{ .stations = "01" }, { .stations = STATION_1 "," }, { .stations = "," STATION_1 },
		{ .stations = STATION_1 STATION_2 },
		{ .stations = "0100000000000000000000000000000g" }, { .retries = 10 },
	};
	struct order_report r;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(import_limited(HEADER ROW1, &bad[i], &r), LEDGER_REFUSED);
	assert_int_equal(number("SELECT count(*) FROM orders"), 0);
}

/* A plain connection gets nothing, nor does the card that had its record over another one. */
static void plain_connection_is_refused(void **state)
{
	struct order_limits limits = { .encrypted = true };
	struct ledger_record record;
	struct ledger_request r;
	bool known;

	(void)state;
	limited(&limits);
	assert_int_equal(asks(1, 1, "none", "kmc", "KDD:01", &record), LEDGER_REFUSED);
	assert_int_equal(asks(2, 1, "", "kmc", "KDD:01", &record), LEDGER_REFUSED);
	assert_int_equal(asks(3, 1, "tls", "kmc", "KDD:01", &record), LEDGER_OK);
	memset(&r, 0, sizeof(r));
	r.number = 3;
	r.station[0] = 1;
	assert_int_equal(ledger_request_open(ledger, &r, &known), LEDGER_OK);
	r.verdict = 3;
	assert_int_equal(ledger_decide(ledger, &r), LEDGER_OK);
	assert_int_equal(asks(4, 1, "none", "kmc", "KDD:01", &record), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(ledger), "here"));
	assert_int_equal(asks(5, 1, "tls", "kmc", "KDD:01", &record), LEDGER_OK);
	assert_int_equal(record.attempt, 2);
}

/* Cards of another batch, whose maker's key is another one. */
static void initial_key_is_of_the_batch(void **state)
{
	struct order_limits limits = { .initial_key = "batch-7" };
	struct ledger_record record;

	(void)state;
	limited(&limits);
	assert_int_equal(asks(1, 1, "none", "batch-8", "KDD:01", &record), LEDGER_REFUSED);
	assert_int_equal(asks(2, 1, "none", NULL, "KDD:01", &record), LEDGER_REFUSED);
	assert_int_equal(asks(3, 1, "none", "batch-7", "KDD:01", &record), LEDGER_OK);
}

static void cards_are_counted(void **state)
{
	struct order_limits limits = { .cards = 2 };
	struct ledger_record record;

	(void)state;
	limited(&limits);
	assert_int_equal(asks(1, 1, "none", "kmc", "KDD:01", &record), LEDGER_OK);
	assert_int_equal(asks(2, 1, "none", "kmc", "KDD:02", &record), LEDGER_OK);
	assert_int_equal(asks(3, 1, "none", "kmc", "KDD:03", &record), LEDGER_REFUSED);
	assert_int_equal(number("SELECT tried FROM orders"), 2);
}

static void cards_of_a_day_are_counted(void **state)
{
	struct order_limits limits = { .cards_per_day = 1 };
	struct ledger_record record;

	(void)state;
	limited(&limits);
	assert_int_equal(asks(1, 1, "none", "kmc", "KDD:01", &record), LEDGER_OK);
	assert_int_equal(asks(2, 1, "none", "kmc", "KDD:02", &record), LEDGER_REFUSED);
	sql("UPDATE orders SET day = '2001-01-01'");
	assert_int_equal(asks(3, 1, "none", "kmc", "KDD:02", &record), LEDGER_OK);
	assert_int_equal(asks(4, 1, "none", "kmc", "KDD:03", &record), LEDGER_REFUSED);
}

static void claimed_and_disposed(uint64_t n, uint8_t what)
{
	struct ledger_record record;
	struct ledger_request r;
	char card[16];

	snprintf(card, sizeof(card), "KDD:%02u", (unsigned int)n);
	open_request(n, &r);
	assert_int_equal(ledger_claim(ledger, r.id, NULL, NULL, card, &record), LEDGER_OK);
	if (what == 1) {
		r.verdict = 1;
		assert_int_equal(ledger_issue(ledger, &r, &record, "proof"), LEDGER_OK);
	}
	assert_int_equal(dispose_with(n, n, what == 1 ? (uint64_t)r.id : 0, what), LEDGER_OK);
}

static bool is_held(void)
{
	return number("SELECT count(*) FROM orders WHERE state = 'held'");
}

/* Two in a row hold the order; a good one in between, or one that was taken out, does not. */
static void failures_in_a_row_hold_it(void **state)
{
	static const struct order_limits limits = { .stop_after = 2 };
	struct order_import how = {
		.order = "life", .free_spoiled = true, .test = true, .seal = &software_order,
		.limits = limits,
	};
	struct order_report report;

	(void)state;
	assert_int_equal(import_order(HEADER ROW1 ROW2 ROW3, &how, &report), LEDGER_OK);
	claimed_and_disposed(1, 2);
	claimed_and_disposed(2, 1);
	claimed_and_disposed(3, 2);
	claimed_and_disposed(4, 3);
	assert_false(is_held());
	claimed_and_disposed(5, 2);
	assert_true(is_held());
	assert_int_equal(number("SELECT count(*) FROM ledger WHERE kind = 'order'"
				" AND body LIKE '%\"step\":\"stop\"%'"), 1);
	/* Going on begins to count anew. */
	assert_int_equal(ledger_order_step(ledger, "life", ORDER_GO_ON, "anna"), LEDGER_OK);
	claimed_and_disposed(6, 2);
	assert_false(is_held());
	claimed_and_disposed(7, 4);
	assert_true(is_held());
}

#define BOUND_HEADER(column) "iccid,imsi,pin1,puk1,kvn,enc,mac,dek,payload," column "\n"
#define BOUND(iccid, to)						\
	iccid ",262011234567890,1234,12345678,31," KEY "," KEY "," KEY ",010101AA," to "\n"

static void record_is_chosen_by_the_chip(void **state)
{
	struct order_limits limits = { .choose = ORDER_BY_CHIP };
	struct ledger_record record;
	struct order_report r;

	(void)state;
	stock();	/* of those that take any card */
	assert_int_equal(import_limited(BOUND_HEADER("chip")
					BOUND("8949000000000000042", "000102030405060708aa")
					BOUND("8949000000000000059", "000102030405060708BB"),
					&limits, &r), LEDGER_OK);
	assert_int_equal(asks(1, 1, "none", "kmc", "KDD:000102030405060708BB", &record),
			 LEDGER_OK);
	assert_string_equal(record.iccid, "8949000000000000059");
	assert_int_equal(asks(2, 1, "none", "kmc", "KDD:000102030405060708CC", &record),
			 LEDGER_OK);
	assert_string_equal(record.iccid, "8949000000000000018");
	assert_int_equal(asks(3, 1, "none", "kmc", "KDD:000102030405060708AA", &record),
			 LEDGER_OK);
	assert_string_equal(record.iccid, "8949000000000000042");
}

static void record_is_chosen_by_the_reference(void **state)
{
	struct order_limits limits = { .choose = ORDER_BY_REFERENCE };
	struct ledger_record record;
	struct order_report r;

	(void)state;
	assert_int_equal(import_limited(BOUND_HEADER("reference")
					BOUND("8949000000000000042", "body-2")
					BOUND("8949000000000000059", "body-3"),
					&limits, &r), LEDGER_OK);
	assert_int_equal(asks(1, 1, "none", "kmc", "KDD:01", &record), LEDGER_REFUSED);
	assert_int_equal(asks(3, 1, "none", "kmc", "KDD:01", &record), LEDGER_OK);
	assert_string_equal(record.iccid, "8949000000000000059");
}

static void what_records_are_chosen_by_is_checked(void **state)
{
	static const struct {
		enum order_choice choose;
		const char *text;
		const char *column;
		const char *says;
	} bad[] = {
		{ ORDER_NEXT, BOUND_HEADER("chip"), "chip", "no such column" },
		{ ORDER_BY_CHIP, BOUND_HEADER("reference"), "reference", "no such column" },
		{ ORDER_BY_CHIP, HEADER ROW1, "chip", "missing" },
		{ ORDER_BY_CHIP, BOUND_HEADER("chip") BOUND("8949000000000000042", "0001"), "chip",
		  "20 hex" },
		{ ORDER_BY_REFERENCE, BOUND_HEADER("reference") BOUND("8949000000000000042", "a b"),
		  "reference", "printable" },
		{ ORDER_BY_REFERENCE, BOUND_HEADER("reference") BOUND("8949000000000000042", "a")
		  BOUND("8949000000000000059", "a"), "reference", "twice" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct order_limits limits = { .choose = bad[i].choose };
		struct order_report r;

		assert_int_equal(import_limited(bad[i].text, &limits, &r), LEDGER_REFUSED);
		assert_true(r.count >= 1);
		if (strcmp(r.problems[0].column, bad[i].column) ||
		    !strstr(r.problems[0].text, bad[i].says))
			fail_msg("file %zu: column \"%s\": %s", i, r.problems[0].column,
				 r.problems[0].text);
	}
}

const struct CMUnitTest limit_cases[] = {
	cmocka_unit_test(only_permitted_stations),
	cmocka_unit_test(wrong_limits),
	cmocka_unit_test(plain_connection_is_refused),
	cmocka_unit_test(initial_key_is_of_the_batch),
	cmocka_unit_test(cards_are_counted),
	cmocka_unit_test(cards_of_a_day_are_counted),
	cmocka_unit_test(failures_in_a_row_hold_it),
	cmocka_unit_test(record_is_chosen_by_the_chip),
	cmocka_unit_test(record_is_chosen_by_the_reference),
	cmocka_unit_test(what_records_are_chosen_by_is_checked),
	{}
};
