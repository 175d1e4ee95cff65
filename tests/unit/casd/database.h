/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The database that bed.c has: SQLite's file in sqlite.c, one of a PostgreSQL server in
 * postgres.c.
 */
#ifndef TESTS_CASD_DATABASE_H
#define TESTS_CASD_DATABASE_H

#include <stdbool.h>
#include <stddef.h>

/* database_begin() - an empty one; @where receives what --db is. False with the reason printed */
bool database_begin(const char *dir, char *where, size_t cap);
void database_end(void);

#endif
