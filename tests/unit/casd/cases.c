// SPDX-License-Identifier: GPL-2.0-only
/* Puts the tables of cases together, in their order, and runs them as one group. */
#include "cases.h"

#include "scene.h"

static struct CMUnitTest cases[64];
static size_t count;

static bool add(const struct CMUnitTest *c)
{
	for (; c && c->name; c++) {
		if (count == sizeof(cases) / sizeof(cases[0]))
			return false;
		cases[count++] = *c;
	}
	return true;
}

int casd_run(const struct CMUnitTest *heads, const struct CMUnitTest *exports)
{
	const struct CMUnitTest *const tables[] = {
		card_cases, profile_cases, station_cases, session_cases, initial_cases,
		signature_cases, operator_cases, process_cases, heads, account_cases, exports,
		journal_cases, chain_cases,
	};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		if (!add(tables[i])) {
			print_error("there are more cases than fit\n");
			return 1;
		}
	}
	/* What has no name is not run. */
	return cmocka_run_group_tests_name("casd", cases, scene_begin, scene_end);
}
