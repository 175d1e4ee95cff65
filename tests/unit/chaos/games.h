/* SPDX-License-Identifier: GPL-2.0-only */
/* The games of games.c, with the database of database.h. */
#ifndef TESTS_CHAOS_H
#define TESTS_CHAOS_H

/* chaos_run() - with main()'s arguments; return: what main() does */
int chaos_run(int argc, char **argv);

#endif
