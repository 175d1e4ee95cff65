// SPDX-License-Identifier: GPL-2.0-only
/* Keys in components. */
#include "cases.h"

#include <string.h>

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
	return ledger_component(ledger, &c, &how, complete);
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
	assert_non_null(strstr(ledger_error(ledger), "cannot be made"));
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
	assert_int_equal(ledger_role_set(ledger, "otto", "officer", "otto"), LEDGER_OK);
	assert_int_equal(ledger_role_set(ledger, "anna", "operator", "otto"), LEDGER_OK);
	assert_int_equal(ledger_role_set(ledger, "emma", "operator", "otto"), LEDGER_OK);
	assert_int_equal(ledger_role_set(ledger, "carl", "operator", "otto"), LEDGER_OK);
	assert_int_equal(component(1, "emil", true, &complete), LEDGER_REFUSED);
	assert_int_equal(component(1, "anna", true, &complete), LEDGER_OK);
	assert_int_equal(component(2, "emma", true, &complete), LEDGER_OK);
	assert_int_equal(component(3, "carl", true, &complete), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(ledger), "one an officer"));
	assert_int_equal(component(3, "otto", true, &complete), LEDGER_OK);
	assert_true(complete);
}

const struct CMUnitTest component_cases[] = {
	cmocka_unit_test(components_are_of_several_people),
	cmocka_unit_test(components_want_both_roles),
	{}
};
