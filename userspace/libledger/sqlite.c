// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ledger in a file of SQLite. One writer has the whole database from BEGIN IMMEDIATE to its
 * COMMIT, so that transactions follow one another, and need no lock on a row.
 */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "database.h"
#include "schema.h"

/**
 * struct sqlite_statement - one of SQLite's
 * @base: kind
 * @stmt: SQLite's own
 */
struct sqlite_statement {
	struct statement base;
	sqlite3_stmt *stmt;
};

static const char schema[] = SCHEMA("INTEGER PRIMARY KEY AUTOINCREMENT", "INTEGER", "BLOB")
	"CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger"
	" BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;"
	"CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger"
	" BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;"
	"PRAGMA user_version = " SCHEMA_VERSION ";";

static void failed(struct ledger *l, const char *what)
{
	snprintf(l->error, sizeof(l->error), "database: %s: %s", what, sqlite3_errmsg(l->db));
}

static sqlite3_stmt *own(struct statement *s)
{
	return ((struct sqlite_statement *)s)->stmt;
}

static void finalize(struct statement *s)
{
	sqlite3_finalize(own(s));
	free(s);
}

/* Where a statement locks rows: this is not for SQLite. */
static int length(const char *sql)
{
	const char *lock = strstr(sql, " FOR UPDATE");

	if (!lock)
		lock = strstr(sql, " FOR SHARE");
	return lock ? (int)(lock - sql) : -1;
}

static struct statement *prepare(struct ledger *l, const char *sql)
{
	struct sqlite_statement *s = calloc(1, sizeof(*s));

	if (!s) {
		db_refused(l, "database: out of memory");
		return NULL;
	}
	s->base.backend = l->backend;
	if (sqlite3_prepare_v2(l->db, sql, length(sql), &s->stmt, NULL) != SQLITE_OK) {
		failed(l, "statement");
		finalize(&s->base);
		return NULL;
	}
	return &s->base;
}

static bool bind(struct ledger *l, struct statement *s, const struct parameter *p,
		 unsigned int count)
{
	sqlite3_stmt *stmt = own(s);
	int rc = SQLITE_OK;

	sqlite3_reset(stmt);
	for (unsigned int i = 0; rc == SQLITE_OK && i < count; i++) {
		int n = (int)i + 1, len = (int)p[i].len;

		if (p[i].type == 'i')
			rc = sqlite3_bind_int64(stmt, n, p[i].number);
		else if (p[i].type == 't')
			rc = sqlite3_bind_text(stmt, n, p[i].data, len, SQLITE_STATIC);
		else
			rc = sqlite3_bind_blob(stmt, n, p[i].data, len, SQLITE_STATIC);
	}
	if (rc != SQLITE_OK)
		failed(l, "statement");
	return rc == SQLITE_OK;
}

static enum step step(struct ledger *l, struct statement *s)
{
	int rc = sqlite3_step(own(s));

	if (rc == SQLITE_ROW)
		return STEP_ROW;
	if (rc == SQLITE_DONE)
		return STEP_DONE;
	failed(l, sqlite3_stmt_readonly(own(s)) ? "query" : "change");
	return STEP_FAILED;
}

static int changes(struct statement *s)
{
	return sqlite3_changes(sqlite3_db_handle(own(s)));
}

static int64_t number(struct statement *s, int column)
{
	return sqlite3_column_int64(own(s), column);
}

static const char *text(struct statement *s, int column)
{
	return (const char *)sqlite3_column_text(own(s), column);
}

static const void *blob(struct statement *s, int column, size_t *len)
{
	const void *data = sqlite3_column_blob(own(s), column);

	*len = (size_t)sqlite3_column_bytes(own(s), column);
	return data;
}

static int columns(struct statement *s)
{
	return sqlite3_column_count(own(s));
}

static const char *name(struct statement *s, int column)
{
	return sqlite3_column_name(own(s), column);
}

static bool begin(struct ledger *l)
{
	return db_run(l, NULL, "BEGIN IMMEDIATE", "");
}

static bool commit(struct ledger *l)
{
	return db_run(l, NULL, "COMMIT", "");
}

static void rollback(struct ledger *l)
{
	/* Some failures have rolled back by themselves. */
	if (!sqlite3_get_autocommit(l->db))
		sqlite3_exec(l->db, "ROLLBACK", NULL, NULL, NULL);
}

/* The log beside the database has the old pages until they are written over. */
static bool wipe(struct ledger *l)
{
	return db_run(l, NULL, "PRAGMA wal_checkpoint(TRUNCATE)", "");
}

static bool lock(struct ledger *l, const char *what)
{
	(void)l;
	(void)what;
	return true;
}

static void close_database(struct ledger *l)
{
	sqlite3_close(l->db);
	l->db = NULL;
}

static const struct backend sqlite = {
	.prepare = prepare,
	.bind = bind,
	.step = step,
	.finalize = finalize,
	.changes = changes,
	.number = number,
	.text = text,
	.blob = blob,
	.columns = columns,
	.name = name,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.lock = lock,
	.wipe = wipe,
	.close = close_database,
};

/* One that is empty gets its tables; one that has other tables than ours is not touched. */
static int make_tables(struct ledger *l, char **text)
{
	sqlite3_stmt *stmt;
	int version = -1, rc;

	rc = sqlite3_prepare_v2(l->db,
				"SELECT iif(EXISTS(SELECT 1 FROM sqlite_schema), user_version, 0)"
				" FROM pragma_user_version", -1, &stmt, NULL);
	if (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
		version = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	if (version == atoi(SCHEMA_VERSION))
		return SQLITE_OK;
	if (version || sqlite3_exec(l->db, "SELECT 1 FROM orders", NULL, NULL, NULL) == SQLITE_OK) {
		*text = sqlite3_mprintf(SCHEMA_OTHER);
		return SQLITE_MISMATCH;
	}
	return sqlite3_exec(l->db, schema, NULL, NULL, text);
}

static int set_up(struct ledger *l, bool readonly)
{
	char *text = NULL;
	int rc;

	sqlite3_busy_timeout(l->db, 5000);
	if (readonly)
		return sqlite3_exec(l->db, "SELECT 1 FROM ledger", NULL, NULL, NULL);
	rc = sqlite3_exec(l->db,
			  "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;"
			  "PRAGMA foreign_keys=ON;PRAGMA secure_delete=ON;PRAGMA trusted_schema=OFF",
			  NULL, NULL, &text);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(l->db, "BEGIN IMMEDIATE", NULL, NULL, &text);
	if (rc == SQLITE_OK)
		rc = make_tables(l, &text);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(l->db, "COMMIT", NULL, NULL, &text);
	if (text)
		snprintf(l->error, sizeof(l->error), "%s", text);
	sqlite3_free(text);
	return rc;
}

bool sqlite_open(struct ledger *l, const char *path, bool readonly)
{
	int flags = readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	sqlite3 *db;
	int rc = sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX, NULL);

	l->backend = &sqlite;
	l->db = db;
	if (rc == SQLITE_OK)
		rc = set_up(l, readonly);
	if (rc != SQLITE_OK && !*l->error)
		snprintf(l->error, sizeof(l->error), "%s", sqlite3_errmsg(db));
	return rc == SQLITE_OK;
}
