// SPDX-License-Identifier: GPL-2.0-only
/* The file of an order: rows, and columns of other names. */
#include "cases.h"

#include <stdio.h>
#include <string.h>

#include "libledger/mapping.h"
#include "software_seal.h"

static const struct {
	const char *text;
	unsigned int line;
	const char *column;
	const char *says;
} bad_files[] = {
	{ "", 1, "", "header" },
	{ HEADER, 2, "", "no rows" },
	{ "iccid,imsi\n", 1, "pin1", "missing" },
	{ "iccid,iccid,imsi,pin1,puk1,kvn,enc,mac,dek,payload\n", 1, "iccid", "twice" },
	{ "number,imsi,pin1,puk1,kvn,enc,mac,dek,payload\n", 1, "number", "no such" },
	{ HEADER "8949000000000000019," REST, 2, "iccid", "Luhn" },
	{ HEADER ROW1 "894900000000000001," REST, 3, "iccid", "19 or 20" },
	{ HEADER ROW1 "89490000000000000a8," REST, 3, "iccid", "digits" },
	{ HEADER ROW1 ROW1, 3, "iccid", "twice" },
	{ HEADER "8949000000000000018,2620,1234,12345678,31," KEY "," KEY "," KEY ",010101AA\n",
	  2, "imsi", "15 digits" },
	{ HEADER "8949000000000000018,262011234567890,123,12345678,31," KEY "," KEY "," KEY
	  ",010101AA\n", 2, "pin1", "4 to 8" },
	{ HEADER "8949000000000000018,262011234567890,1234,1234567,31," KEY "," KEY "," KEY
	  ",010101AA\n", 2, "puk1", "8 digits" },
	{ HEADER "8949000000000000018,262011234567890,1234,12345678,80," KEY "," KEY "," KEY
	  ",010101AA\n", 2, "kvn", "01 to 7F" },
	{ HEADER "8949000000000000018,262011234567890,1234,12345678,00," KEY "," KEY "," KEY
	  ",010101AA\n", 2, "kvn", "01 to 7F" },
	{ HEADER "8949000000000000018,262011234567890,1234,12345678,31," KEY ",0011," KEY
	  ",010101AA\n", 2, "mac", "48" },
	{ HEADER "8949000000000000018,262011234567890,1234,12345678,31," KEY "," KEY "," KEY
	  ",010102AA\n", 2, "payload", "DGI longer" },
	{ HEADER "8949000000000000018,262011234567890,1234,12345678,31," KEY "," KEY "," KEY
	  ",\n", 2, "payload", "no DGI" },
	{ HEADER ROW1 "8949000000000000026,1\n", 3, "", "number of fields" },
	{ HEADER ROW1 "\"8949000000000000026\"x," REST, 3, "", "closing quote" },
	{ HEADER ROW1 "8949\"000000000000026," REST, 3, "", "not quoted" },
	{ HEADER ROW1 "\"8949000000000000026", 3, "", "not closed" },
	{ HEADER ROW1 "8949000000000000026\r," REST, 3, "", "CR" },
};

static void bad_rows_import_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_files) / sizeof(bad_files[0]); i++) {
		struct order_report r;

		assert_int_equal(import(bad_files[i].text, false, &r), LEDGER_REFUSED);
		assert_int_equal(r.rows, 0);
		assert_true(r.count >= 1);
		if (r.problems[0].line != bad_files[i].line ||
		    strcmp(r.problems[0].column, bad_files[i].column) ||
		    !strstr(r.problems[0].text, bad_files[i].says))
			fail_msg("file %zu: line %u, column \"%s\": %s", i, r.problems[0].line,
				 r.problems[0].column, r.problems[0].text);
		assert_int_equal(number("SELECT count(*) FROM record"), 0);
		assert_int_equal(number("SELECT count(*) FROM orders"), 0);
		assert_int_equal(number("SELECT count(*) FROM ledger WHERE kind = 'import'"), 0);
	}
}

static void every_problem_is_listed(void **state)
{
	static const char text[] = HEADER
		"1,2,3,4,5,6,7,8,9\n" ROW1 "1,2,3,4,5,6,7,8,9\n1,2,3,4,5,6,7,8,9\n";
	struct order_report r;

	(void)state;
	assert_int_equal(import(text, false, &r), LEDGER_REFUSED);
	assert_int_equal(r.count, ORDER_PROBLEMS_MAX);
	assert_int_equal(r.problems[0].line, 2);
	assert_int_equal(r.problems[9].line, 4);
}

static void quotes_and_crlf(void **state)
{
	static const char text[] =
		"\xef\xbb\xbfpayload,iccid,imsi,pin1,puk1,kvn,enc,mac,dek\r\n"
		"\"010101AA\",\"8949000000000000018\",262011234567890,\"1234\",12345678,31,"
		KEY "," KEY ",\"" KEY "\"\r\n";
	struct order_report r;

	(void)state;
	assert_int_equal(import(text, false, &r), LEDGER_OK);
	assert_int_equal(r.rows, 1);
}

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
	enum ledger_status status;
	unsigned int line;

	assert_null(read_mapping(mapping, &map, &line));
	status = import_order(text, &how, r);
	mapping_end(&map);
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
	assert_int_equal(ledger_claim(ledger, r.id, NULL, NULL, "KDD:01", &record), LEDGER_OK);
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

const struct CMUnitTest import_cases[] = {
	cmocka_unit_test(bad_rows_import_nothing),
	cmocka_unit_test(every_problem_is_listed),
	cmocka_unit_test(quotes_and_crlf),
	cmocka_unit_test(columns_are_mapped),
	cmocka_unit_test(mapped_columns_are_checked),
	cmocka_unit_test(wrong_mappings),
	cmocka_unit_test(many_values_are_unique),
	{}
};
