/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Statements of SQL, the same for every database that the ledger can be in.
 *
 * Parameters are written "?", or "?1", "?2", ... where one is used again. A row lock ("FOR UPDATE",
 * "FOR SHARE") stands at the end: SQLite, where one writer has the whole database, goes without.
 */
#ifndef LIBLEDGER_STATEMENT_H
#define LIBLEDGER_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ledger;
struct statement;

/*
 * db_prepare() - a statement with its parameters bound
 * @types: one letter per parameter: i int64_t, t text or NULL, b const void * and size_t
 *
 * Blobs and texts must live until the statement is finalized. Return: NULL with the reason in
 * ledger_error(). One that returns rows is finalized before another one begins.
 */
struct statement *db_prepare(struct ledger *l, const char *sql, const char *types, ...);

/* db_bind() - other parameters, to run it again */
bool db_bind(struct ledger *l, struct statement *s, const char *types, ...);

/* db_next() - one row; false at the end or on failure, @failed says which */
bool db_next(struct ledger *l, struct statement *s, bool *failed);

/* db_finalize() - NULL is ignored */
void db_finalize(struct statement *s);

/* db_run() - prepare, step once, finalize; @changed receives the rows changed, or NULL */
bool db_run(struct ledger *l, int *changed, const char *sql, const char *types, ...);

/* db_insert() - run an INSERT with RETURNING id; @id receives that, or 0 if there was a conflict */
bool db_insert(struct ledger *l, int64_t *id, const char *sql, const char *types, ...);

/*
 * Columns of the row: 0, NULL or nothing if it is NULL, or if there is no row. What they point to
 * is there until the next row.
 */
int64_t db_number(struct statement *s, int column);
const char *db_column(struct statement *s, int column);
bool db_null(struct statement *s, int column);

/* Copies of a column with a bound; true if it fits. */
bool db_text(struct statement *s, int column, char *out, size_t cap);
bool db_blob(struct statement *s, int column, void *out, size_t cap, size_t *len);

/* What the rows have; known before the first one. */
int db_columns(struct statement *s);
const char *db_column_name(struct statement *s, int column);

#endif
