/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The database that the cases of the ledger have: SQLite's file in sqlite.c, one of a
 * PostgreSQL server in postgres.c.
 */
#ifndef TESTS_LEDGER_DATABASE_H
#define TESTS_LEDGER_DATABASE_H

#include <stdbool.h>
#include <stddef.h>

struct ledger;

/**
 * struct ledger_database - what it wants said otherwise than the other one
 * @chain: of what the daemon "cas1" does, for ledger_verify()
 * @cannot_write: SQL: it has no space
 * @can_write: SQL: it has space again
 * @older: SQL: it is of another version
 * @unlock: SQL: entries of a chain can be changed, up to NULL
 */
struct ledger_database {
	const char *chain;
	const char *cannot_write;
	const char *can_write;
	const char *older;
	const char *unlock[3];
};

extern const struct ledger_database ledger_database;

/* database_begin() - before the first case; false with the reason printed */
bool database_begin(void);
void database_end(void);

/* database_make() - an empty one; @where receives where, for ledger_open(). False on failure */
bool database_make(char *where, size_t cap);

/* database_damaged() - a case has changed more of it than rows */
void database_damaged(void);

/* database_remove() - nobody has it open any more */
void database_remove(void);

/* database_copy() - as it is, while nobody has it open; @where receives where. False on failure */
bool database_copy(char *where, size_t cap);
void database_remove_copy(const char *where);

/*
 * database_has() - whether these bytes can be found, where it keeps what @l has written;
 * fails the test if it cannot be looked at
 */
bool database_has(struct ledger *l, const void *bytes, size_t len);

#endif
