/* SPDX-License-Identifier: GPL-2.0-only */
/* What a kind of database does for statement.c and database.c. */
#ifndef LIBLEDGER_BACKEND_H
#define LIBLEDGER_BACKEND_H

#include "statement.h"

#define PARAMETERS_MAX 16

/**
 * struct parameter - value of one
 * @type: i, t or b
 * @number: of an i
 * @data: of the others, NULL for NULL
 * @len: bytes at @data
 */
struct parameter {
	char type;
	int64_t number;
	const void *data;
	size_t len;
};

enum step {
	STEP_ROW,
	STEP_DONE,
	STEP_FAILED,
};

/**
 * struct statement - what all kinds have; the first member of their own
 * @backend: kind
 */
struct statement {
	const struct backend *backend;
};

/**
 * struct backend - a kind of database
 * @prepare: a statement; NULL with the reason in the ledger's error
 * @bind: its parameters; false with the reason
 * @step: to the next row, after @bind to the first one
 * @finalize: end of it
 * @changes: rows that it changed
 * @number: of a column, 0 for NULL
 * @text: of a column, NULL for NULL
 * @blob: of a column, @len is 0 for NULL
 * @columns: of a row
 * @name: of a column
 * @begin: a transaction that may change something
 * @commit: it; when it returns true the transaction is durable
 * @rollback: it, if there is one
 * @several: more than one daemon can have it, each with a chain of its own
 * @lock: what has this name is nobody else's until the end of the transaction
 * @wipe: what was written over is not left in files beside the database either
 * @close: the connection
 */
struct backend {
	bool several;
	struct statement *(*prepare)(struct ledger *l, const char *sql);
	bool (*bind)(struct ledger *l, struct statement *s, const struct parameter *p,
		     unsigned int count);
	enum step (*step)(struct ledger *l, struct statement *s);
	void (*finalize)(struct statement *s);
	int (*changes)(struct statement *s);
	int64_t (*number)(struct statement *s, int column);
	const char *(*text)(struct statement *s, int column);
	const void *(*blob)(struct statement *s, int column, size_t *len);
	int (*columns)(struct statement *s);
	const char *(*name)(struct statement *s, int column);
	bool (*begin)(struct ledger *l);
	bool (*commit)(struct ledger *l);
	void (*rollback)(struct ledger *l);
	bool (*lock)(struct ledger *l, const char *what);
	bool (*wipe)(struct ledger *l);
	void (*close)(struct ledger *l);
};

/* Open; false with the reason in the ledger's error. */
bool sqlite_open(struct ledger *l, const char *path, bool readonly);
bool postgres_open(struct ledger *l, const char *where, bool readonly);

/* Connect, whatever is there; false with the reason. */
bool postgres_connect(struct ledger *l, const char *where);

#endif
