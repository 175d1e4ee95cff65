// SPDX-License-Identifier: GPL-2.0-only
/* Records, orders, dispositions and the chain: the rules of the hand-over in SQLite. */
#include "cases.h"

int main(void)
{
	static const struct CMUnitTest *const own[] = { NULL };

	return ledger_run(own);
}
