// SPDX-License-Identifier: GPL-2.0-only
/* The CAS under everything that can happen to it, with SQLite. */
#include "games.h"

int main(int argc, char **argv)
{
	return chaos_run(argc, argv);
}
