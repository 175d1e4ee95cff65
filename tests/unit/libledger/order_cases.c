// SPDX-License-Identifier: GPL-2.0-only
/* An order's life: held, wiped, and of an older version. */
#include "cases.h"

#include <string.h>

/* While an order is held no card begins; one that has its record comes to its end. */
static void held_order_begins_nothing(void **state)
{
	struct ledger_record first, record;
	struct ledger_request r;

	(void)state;
	import_life(NULL);
	to_be_retried(1, "KDD:01", &first);
	assert_int_equal(step(ORDER_HOLD, "anna"), LEDGER_OK);
	open_request(2, &r);
	assert_int_equal(ledger_claim(ledger, r.id, NULL, NULL, "KDD:02", &record), LEDGER_REFUSED);
	assert_int_equal(ledger_claim(ledger, r.id, "life", NULL, "KDD:02", &record),
			 LEDGER_REFUSED);
	assert_int_equal(ledger_claim(ledger, r.id, NULL, NULL, "KDD:01", &record), LEDGER_OK);
	assert_int_equal(record.id, first.id);
	assert_int_equal(step(ORDER_GO_ON, "anna"), LEDGER_OK);
	open_request(3, &r);
	assert_int_equal(ledger_claim(ledger, r.id, NULL, NULL, "KDD:02", &record), LEDGER_OK);
}

static void wiped_order_leaves_no_secret(void **state)
{
	uint8_t sealed[64];
	struct ledger_record record;
	struct ledger_request r;
	struct order_key key = { 0 };

	(void)state;
	import_life(NULL);
	claim_on(1, "KDD:01", &r, &record);
	assert_false(database_has(ledger, "12345678", 8));
	memcpy(sealed, record.sealed, sizeof(sealed));
	assert_true(database_has(ledger, sealed, sizeof(sealed)));
	assert_int_equal(step(ORDER_WIPE, "anna"), LEDGER_REFUSED);
	assert_int_equal(wipe("anna", &key), LEDGER_REFUSED);
	assert_int_equal(step(ORDER_CLOSE, "anna"), LEDGER_OK);
	assert_int_equal(wipe("anna", &key), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(ledger), "open"));
	assert_int_equal(key.asked, 0);
	r.verdict = 1;
	assert_int_equal(ledger_issue(ledger, &r, &record, "evidence"), LEDGER_OK);
	assert_int_equal(dispose_with(1, 1, (uint64_t)r.id, 1), LEDGER_OK);
	/* A key that is still there leaves the order as it was. */
	key.stays = true;
	assert_int_equal(wipe("anna", &key), LEDGER_REFUSED);
	assert_int_equal(number("SELECT state = 'closed' FROM orders"), 1);
	key.stays = false;
	assert_int_equal(wipe("anna", &key), LEDGER_OK);
	assert_false(database_has(ledger, sealed, sizeof(sealed)));
	assert_state(record.id, "DELIVERED");
	assert_int_equal(step(ORDER_GO_ON, "anna"), LEDGER_REFUSED);
	open_request(2, &r);
	assert_int_equal(ledger_claim(ledger, r.id, NULL, NULL, "KDD:02", &record), LEDGER_REFUSED);
}

/* One whose secrets are in clear is not gone on with. */
static void older_database_is_refused(void **state)
{
	char error[192];

	(void)state;
	import_life(NULL);
	sql(ledger_database.older);
	database_damaged();
	ledger_close(ledger);
	ledger = ledger_open(ledger_where, false, error, sizeof(error));
	assert_null(ledger);
	assert_non_null(strstr(error, "another version"));
}

const struct CMUnitTest order_cases[] = {
	cmocka_unit_test(held_order_begins_nothing),
	cmocka_unit_test(wiped_order_leaves_no_secret),
	cmocka_unit_test(older_database_is_refused),
	{}
};
