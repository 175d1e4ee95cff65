// SPDX-License-Identifier: GPL-2.0-only
/*
 * chaos_test with two daemons that share a PostgreSQL server, which is killed, whose connections
 * are dropped, and which has no space left.
 */
#include "chaos.h"

int main(int argc, char **argv)
{
	return chaos_run(argc, argv);
}
