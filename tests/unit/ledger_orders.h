/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tests of ledger_test.c for both kinds of database: columns of a file, keys in components, and
 * what an order permits.
 */
#ifndef TESTS_LEDGER_ORDERS_H
#define TESTS_LEDGER_ORDERS_H

/* ---- columns of other names ---- */

#define MAPPED								\
	"# what the bureau has\n"					\
	"iccid unique = Card Number\nimsi length=15 = IMSI\n pin1 length=4 digits = PIN\n"	\
	"puk1 luhn = PUK\nkvn hex = Version\r\n\nenc = E\nmac = M\ndek = D\n"	\
	"payload = Data\n"						\
	"- digits unique length=1-3 = Number\n"
#define MAPPED_HEADER "Number,Card Number,IMSI,PIN,PUK,Version,E,M,D,Data\n"
#define MAPPED_ROW(number, iccid, pin, puk)				\
	number "," iccid ",262011234567890," pin "," puk ",31," KEY "," KEY "," KEY ",010101AA\n"

static const char *read_mapping(const char *text, struct mapping *map, unsigned int *line)
{
	FILE *f = fmemopen((void *)text, strlen(text), "r");
	const char *wrong;

	assert_non_null(f);
	wrong = mapping_read(f, map, line);
	fclose(f);
	return wrong;
}

static enum ledger_status import_mapped(const char *mapping, const char *text,
					struct order_report *r)
{
	static struct mapping map;
	struct order_import how = {
		.order = "mapped", .test = true, .seal = &software_order, .mapping = &map,
	};
	FILE *f = fmemopen((void *)text, strlen(text), "r");
	enum ledger_status status;
	unsigned int line;

	assert_non_null(f);
	assert_null(read_mapping(mapping, &map, &line));
	status = ledger_import(l, f, &how, r);
	mapping_end(&map);
	fclose(f);
	return status;
}

static void columns_are_mapped(void **state)
{
	struct ledger_record record;
	struct ledger_request r;
	struct order_report report;

	(void)state;
	assert_int_equal(import_mapped(MAPPED, MAPPED_HEADER
				       MAPPED_ROW("1", "8949000000000000018", "1234", "12345674")
				       MAPPED_ROW("20", "8949000000000000026", "1234", "12345674"),
				       &report), LEDGER_OK);
	assert_int_equal(report.rows, 2);
	open_request(1, &r);
	assert_int_equal(ledger_claim(l, r.id, NULL, NULL, "KDD:01", &record), LEDGER_OK);
	assert_string_equal(record.iccid, "8949000000000000018");
}

static void mapped_columns_are_checked(void **state)
{
	static const struct {
		const char *text;
		unsigned int line;
		const char *column;
		const char *says;
	} bad[] = {
		{ "Number,Card Number\n", 1, "imsi", "missing" },
		{ MAPPED_HEADER "x," ROW1, 2, "Number", "digits" },
		{ MAPPED_HEADER MAPPED_ROW("1", "8949000000000000018", "12345", "12345674"), 2,
		  "PIN", "length" },
		{ MAPPED_HEADER MAPPED_ROW("1", "8949000000000000018", "1234", "12345678"), 2,
		  "PUK", "Luhn" },
		{ MAPPED_HEADER MAPPED_ROW("", "8949000000000000018", "1234", "12345674"), 2,
		  "Number", "length" },
		{ MAPPED_HEADER MAPPED_ROW("7", "8949000000000000018", "1234", "12345674")
		  MAPPED_ROW("8", "8949000000000000018", "1234", "12345674"), 3, "Card Number",
		  "another row" },
		{ MAPPED_HEADER MAPPED_ROW("7", "8949000000000000018", "1234", "12345674")
		  MAPPED_ROW("7", "8949000000000000026", "1234", "12345674"), 3, "Number",
		  "another row" },
		{ "iccid," MAPPED_HEADER, 1, "iccid", "no such" },
		{ HEADER ROW1, 1, "iccid", "no such" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct order_report r;

		assert_int_equal(import_mapped(MAPPED, bad[i].text, &r), LEDGER_REFUSED);
		assert_true(r.count >= 1);
		if (r.problems[0].line != bad[i].line ||
		    strcmp(r.problems[0].column, bad[i].column) ||
		    !strstr(r.problems[0].text, bad[i].says))
			fail_msg("file %zu: line %u, column \"%s\": %s", i, r.problems[0].line,
				 r.problems[0].column, r.problems[0].text);
	}
	assert_int_equal(number("SELECT count(*) FROM orders"), 0);
}

static void wrong_mappings(void **state)
{
	static const struct {
		const char *text;
		unsigned int line;
		const char *says;
	} bad[] = {
		{ "# nothing\n", 1, "no column" }, { "iccid\n", 1, "wanted" },
		{ "iccid = \t\n", 1, "missing" }, { "\n = X\n", 2, "missing" },
		{ "iccid = A\nimsi = A\n", 2, "already" }, { "iccid odd = A\n", 1, "a check is" },
		{ "iccid length=0 = A\n", 1, "a check is" },
		{ "iccid length=5-4 = A\n", 1, "a check is" },
		{ "iccid length=5- = A\n", 1, "a check is" },
		{ "iccid length=-5 = A\n", 1, "a check is" },
		{ "iccid length=5x = A\n", 1, "a check is" },
		{ "iccid length=1-2-3 = A\n", 1, "a check is" },
	};
	static struct mapping map;
	unsigned int line;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *wrong = read_mapping(bad[i].text, &map, &line);

		if (!wrong || line != bad[i].line || !strstr(wrong, bad[i].says))
			fail_msg("mapping %zu: line %u: %s", i, line, wrong ? wrong : "right");
		mapping_end(&map);
	}
}

/* All of many are told apart, and none is taken for another one. */
static void many_values_are_unique(void **state)
{
	static struct mapping map;
	unsigned int line;
	char value[16];

	(void)state;
	assert_null(read_mapping("- unique = A\n", &map, &line));
	for (int i = 0; i < 100000; i++) {
		snprintf(value, sizeof(value), "%d", i);
		assert_null(mapping_check(&map, &map.column[0], value));
	}
	for (int i = 0; i < 100000; i += 1000) {
		snprintf(value, sizeof(value), "%d", i);
		assert_non_null(mapping_check(&map, &map.column[0], value));
	}
	mapping_end(&map);
}

/* ---- keys in components ---- */

static unsigned int joined;

static bool join_add(void *arg, const uint8_t *sealed, size_t len)
{
	(void)arg;
	joined = 10 * joined + (len == 1 ? sealed[0] : 9);
	return true;
}

static bool join_make(void *arg, char kcv[7])
{
	strcpy(kcv, "123456");
	return arg;
}

static const char *join_error(void *arg)
{
	(void)arg;
	return "it cannot be made";
}

static enum ledger_status component(uint8_t part, const char *by, bool works, bool *complete)
{
	const struct ledger_component c = {
		.name = "kmc", .use = "master", .parts = 3, .by = by, .kcv = "ABCDEF",
		.sealed = &part, .len = 1,
	};
	const struct ledger_join how = {
		.add = join_add, .make = join_make, .error = join_error,
		.arg = works ? &joined : NULL,
	};

	joined = 0;
	return ledger_component(l, &c, &how, complete);
}

static void components_are_of_several_people(void **state)
{
	bool complete;

	(void)state;
	assert_int_equal(component(1, "anna", true, &complete), LEDGER_OK);
	assert_false(complete);
	assert_int_equal(component(2, "anna", true, &complete), LEDGER_REFUSED);
	assert_int_equal(component(2, "otto", true, &complete), LEDGER_OK);
	/* What cannot be made leaves all as it was. */
	assert_int_equal(component(3, "emil", false, &complete), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(l), "cannot be made"));
	assert_int_equal(number("SELECT count(*) FROM component"), 2);
	assert_int_equal(component(3, "emil", true, &complete), LEDGER_OK);
	assert_true(complete);
	assert_int_equal(joined, 123);
	assert_int_equal(number("SELECT count(*) FROM component"), 0);
	assert_int_equal(number("SELECT count(*) FROM ledger WHERE kind IN('component','key')"), 4);
}

/* Who has no role enters none, and one role alone makes no key. */
static void components_want_both_roles(void **state)
{
	bool complete;

	(void)state;
	assert_int_equal(ledger_role_set(l, "otto", "officer", "otto"), LEDGER_OK);
	assert_int_equal(ledger_role_set(l, "anna", "operator", "otto"), LEDGER_OK);
	assert_int_equal(ledger_role_set(l, "emma", "operator", "otto"), LEDGER_OK);
	assert_int_equal(ledger_role_set(l, "carl", "operator", "otto"), LEDGER_OK);
	assert_int_equal(component(1, "emil", true, &complete), LEDGER_REFUSED);
	assert_int_equal(component(1, "anna", true, &complete), LEDGER_OK);
	assert_int_equal(component(2, "emma", true, &complete), LEDGER_OK);
	assert_int_equal(component(3, "carl", true, &complete), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(l), "one an officer"));
	assert_int_equal(component(3, "otto", true, &complete), LEDGER_OK);
	assert_true(complete);
}

/* ---- what an order permits ---- */

static enum ledger_status import_limited(const char *text, const struct order_limits *limits,
					 struct order_report *r)
{
	struct order_import how = {
		.order = "limited", .test = true, .seal = &software_order, .limits = *limits,
	};
	FILE *f = fmemopen((void *)text, strlen(text), "r");
	enum ledger_status status;

	assert_non_null(f);
	status = ledger_import(l, f, &how, r);
	fclose(f);
	return status;
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
	assert_int_equal(ledger_lease(l, r.station, &epoch), LEDGER_OK);
	assert_int_equal(ledger_request_open(l, &r, &known), LEDGER_OK);
	return ledger_claim(l, r.id, NULL, &m, card, record);
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
	assert_non_null(strstr(ledger_error(l), "permits"));
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
	assert_int_equal(ledger_request_open(l, &r, &known), LEDGER_OK);
	r.verdict = 3;
	assert_int_equal(ledger_decide(l, &r), LEDGER_OK);
	assert_int_equal(asks(4, 1, "none", "kmc", "KDD:01", &record), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(l), "here"));
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
	assert_int_equal(ledger_claim(l, r.id, NULL, NULL, card, &record), LEDGER_OK);
	if (what == 1) {
		r.verdict = 1;
		assert_int_equal(ledger_issue(l, &r, &record, "proof"), LEDGER_OK);
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
	static char text[] = HEADER ROW1 ROW2 ROW3;
	struct order_report report;
	FILE *f = fmemopen(text, strlen(text), "r");

	(void)state;
	assert_int_equal(ledger_import(l, f, &how, &report), LEDGER_OK);
	fclose(f);
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
	assert_int_equal(ledger_order_step(l, "life", ORDER_GO_ON, "anna"), LEDGER_OK);
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

#endif
