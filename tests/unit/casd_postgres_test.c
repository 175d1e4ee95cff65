// SPDX-License-Identifier: GPL-2.0-only
/* casd_test with a PostgreSQL server, but for what it does to a database's file. */
#include "casd_cases.h"

int main(void)
{
	return casd_run(NULL, NULL);
}
