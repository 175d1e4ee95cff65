// SPDX-License-Identifier: GPL-2.0-only
/* Puts the tables together, the bed around each case, and runs them as one group. */
#include "cases.h"

static struct CMUnitTest cases[128];
static size_t count;

static const struct CMUnitTest *const common[] = {
	import_cases, sealed_cases, record_cases, lease_cases, disposition_cases, order_cases,
	limit_cases, role_cases, component_cases, chain_cases, NULL
};

static bool add(const struct CMUnitTest *const tables[])
{
	for (; *tables; tables++) {
		for (const struct CMUnitTest *c = *tables; c->name; c++) {
			if (count == sizeof(cases) / sizeof(cases[0]))
				return false;
			cases[count] = *c;
			cases[count].setup_func = bed_setup;
			cases[count].teardown_func = bed_teardown;
			count++;
		}
	}
	return true;
}

static int begin(void **state)
{
	(void)state;
	return database_begin() ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	database_end();
	return 0;
}

int ledger_run(const struct CMUnitTest *const own[])
{
	if (!add(common) || !add(own)) {
		print_error("there are more cases than fit\n");
		return 1;
	}
	/* What has no name is not run. */
	return cmocka_run_group_tests_name("ledger", cases, begin, end);
}
