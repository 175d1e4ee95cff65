// SPDX-License-Identifier: GPL-2.0-only
/*
 * The games of chaos/sqlite_test with two daemons that share a PostgreSQL server, which is killed,
 * whose connections are dropped, and which has no space left.
 */
#include "games.h"

int main(int argc, char **argv)
{
	return chaos_run(argc, argv);
}
