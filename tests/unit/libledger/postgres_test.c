// SPDX-License-Identifier: GPL-2.0-only
/* All of libledger/sqlite_test once more, in PostgreSQL, and what is about its server. */
#include "cases.h"

int main(void)
{
	static const struct CMUnitTest *const own[] = { server_cases, daemon_cases, NULL };

	return ledger_run(own);
}
