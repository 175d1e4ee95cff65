// SPDX-License-Identifier: GPL-2.0-only
/* casd/sqlite_test with a PostgreSQL server, but for what it does to a database's file. */
#include "cases.h"

int main(void)
{
	return casd_run(NULL, NULL);
}
