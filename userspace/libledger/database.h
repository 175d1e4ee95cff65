/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of libledger share: statements, transactions, ledger entries. */
#ifndef LIBLEDGER_DATABASE_H
#define LIBLEDGER_DATABASE_H

#include <cjson/cJSON.h>
#include <sqlite3.h>

#include "libledger/ledger.h"

#define CHAIN_HASH 32

struct ledger {
	sqlite3 *db;
	int witness;		/* descriptor, -1 for none */
	char error[256];
};

/*
 * db_prepare() - a statement with its parameters bound
 * @types: one letter per parameter: i int64_t, t text or NULL, b const void * and size_t
 *
 * Blobs and texts must live until the statement is finalized.
 */
sqlite3_stmt *db_prepare(struct ledger *l, const char *sql, const char *types, ...);

/* db_run() - prepare, step once, finalize; @changed receives the rows changed, or NULL */
bool db_run(struct ledger *l, int *changed, const char *sql, const char *types, ...);

/* db_next() - one row; false at the end or on failure, @failed says which */
bool db_next(struct ledger *l, sqlite3_stmt *stmt, bool *failed);

/* Copies of a column with a bound; true if it fits. */
bool db_text(sqlite3_stmt *stmt, int column, char *out, size_t cap);
bool db_blob(sqlite3_stmt *stmt, int column, void *out, size_t cap, size_t *len);

bool db_begin(struct ledger *l);

/* db_end() - commit if @status is LEDGER_OK, else roll back; returns what became of it */
enum ledger_status db_end(struct ledger *l, enum ledger_status status);

enum ledger_status db_failed(struct ledger *l, const char *what);
enum ledger_status db_refused(struct ledger *l, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * chain_append() - one ledger entry, within the caller's transaction
 * @body: is freed; NULL counts as out of memory
 */
bool chain_append(struct ledger *l, const char *kind, cJSON *body);

/* chain_last() - number and hash of the last entry, 0 if there is none; false on failure */
bool chain_last(struct ledger *l, int64_t *seq, uint8_t hash[CHAIN_HASH]);

/* witness_note() - the last entry was a claim: sync it to the witness, if there is one */
enum ledger_status witness_note(struct ledger *l);

/* role_check() - LEDGER_REFUSED if persons have roles, and this one not @role */
enum ledger_status role_check(struct ledger *l, const char *person, const char *role);

/* A field of bytes as hexadecimal text. */
void chain_hex(cJSON *body, const char *name, const uint8_t *data, size_t len);

#endif
