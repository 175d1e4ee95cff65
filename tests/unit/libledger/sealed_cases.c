// SPDX-License-Identifier: GPL-2.0-only
/* Columns that the bureau has sealed, and orders that are tests. */
#include "cases.h"

#include <stdio.h>
#include <string.h>

#include "libgp/hex.h"
#include "software_seal.h"

/* @clear, sealed for @with, in hexadecimal. */
static const char *sealed_field(const char *clear, const char *with)
{
	static char hex[8][2 * (64 + GP_SEAL) + 1];
	static unsigned int i;
	uint8_t out[64 + GP_SEAL];

	i = (i + 1) % 8;
	assert_int_equal(gp_seal(software_key, with, (const uint8_t *)clear, strlen(clear), out),
			 0);
	return hex_encode(out, strlen(clear) + GP_SEAL, hex[i]);
}

static void one_sealed_row(const char *pin, const char *puk, const char *imsi, char text[2048])
{
	snprintf(text, 2048,
		 "pin1.enc,kvn,puk1.enc,imsi.enc,enc,mac,dek,payload,iccid\n"
		 "%s,31,%s,%s," KEY "," KEY "," KEY ",010101AA,8949000000000000018\n",
		 pin, puk, imsi);
}

static void sealed_columns_are_taken(void **state)
{
	struct ledger_record record;
	struct ledger_request req;
	struct order_report r;
	char text[2048];

	(void)state;
	one_sealed_row(sealed_field("4711", "pin1:8949000000000000018"),
		       sealed_field("87654321", "puk1:8949000000000000018"),
		       sealed_field("262011234567890", "imsi:8949000000000000018"), text);
	assert_int_equal(import_as(text, false, false, &r), LEDGER_OK);
	claim_on(1, "KDD:01", &req, &record);
	assert_true(software_open(&record));
	assert_string_equal(record.pin1, "4711");
	assert_string_equal(record.puk1, "87654321");
	assert_string_equal(record.imsi, "262011234567890");
}

static void wrongly_sealed_columns_are_named(void **state)
{
	const char *imsi = sealed_field("262011234567890", "imsi:8949000000000000018");
	const char *puk = sealed_field("87654321", "puk1:8949000000000000018");
	static const struct {
		const char *clear;
		const char *with;
		const char *says;
	} bad[] = {
		{ "4711", "pin1:8949000000000000026", "not sealed for this" },
		{ "4711", "puk1:8949000000000000018", "not sealed for this" },
		{ "47x1", "pin1:8949000000000000018", "4 to 8 digits" },
		{ "", "pin1:8949000000000000018", "4 to 8 digits" },
	};
	struct order_report r;
	char text[2048];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		one_sealed_row(sealed_field(bad[i].clear, bad[i].with), puk, imsi, text);
		assert_int_equal(import_as(text, false, false, &r), LEDGER_REFUSED);
		assert_int_equal(r.count, 1);
		assert_string_equal(r.problems[0].column, "pin1");
		if (!strstr(r.problems[0].text, bad[i].says))
			fail_msg("case %zu: %s", i, r.problems[0].text);
	}
	one_sealed_row("4711", puk, imsi, text);
	assert_int_equal(import_as(text, false, false, &r), LEDGER_REFUSED);
	assert_non_null(strstr(r.problems[0].text, "must be sealed"));
	/* Keys are wrapped anyway; and what tells cards apart is no secret. */
	assert_int_equal(import_as("iccid.enc\n", false, false, &r), LEDGER_REFUSED);
	assert_non_null(strstr(r.problems[0].text, "no such column"));
}

/* Clear secrets, and cards under keys that everybody has, are for test orders. */
static const struct ledger_master everybodys = { "kmc", true };

static void test_orders_are_apart(void **state)
{
	struct ledger_record record;
	struct ledger_request req;
	struct order_report r;
	char text[2048];

	(void)state;
	assert_int_equal(import_as(HEADER ROW2, false, false, &r), LEDGER_REFUSED);
	assert_string_equal(r.problems[0].column, "pin1");
	assert_string_equal(r.problems[1].column, "puk1");
	one_sealed_row(sealed_field("4711", "pin1:8949000000000000018"),
		       sealed_field("87654321", "puk1:8949000000000000018"),
		       sealed_field("262011234567890", "imsi:8949000000000000018"), text);
	assert_int_equal(import_as(text, false, false, &r), LEDGER_OK);
	open_request(1, &req);
	assert_int_equal(ledger_claim(ledger, req.id, NULL, &everybodys, "KDD:01", &record),
			 LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(ledger), "public keys"));
	assert_int_equal(import_as(HEADER ROW2, false, true, &r), LEDGER_OK);
	assert_int_equal(ledger_claim(ledger, req.id, NULL, &everybodys, "KDD:01", &record),
			 LEDGER_OK);
	assert_string_equal(record.iccid, "8949000000000000026");
}

const struct CMUnitTest sealed_cases[] = {
	cmocka_unit_test(sealed_columns_are_taken),
	cmocka_unit_test(wrongly_sealed_columns_are_named),
	cmocka_unit_test(test_orders_are_apart),
	{}
};
