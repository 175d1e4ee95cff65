// SPDX-License-Identifier: GPL-2.0-only
/* Opens the database, and runs statements and transactions. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "database.h"

#define VERSION 3	/* 1 had the records' secrets in clear, 2 no roles */

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL);"
	"CREATE TABLE IF NOT EXISTS station("
	" uuid TEXT PRIMARY KEY, boot_id TEXT NOT NULL, journal_epoch TEXT NOT NULL);"
	"CREATE TABLE IF NOT EXISTS orders("
	" id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL,"
	" spoiled TEXT NOT NULL CHECK(spoiled IN('FREE','VOID')), rows INTEGER NOT NULL,"
	" state TEXT NOT NULL, imported_by TEXT, key TEXT NOT NULL, test INTEGER NOT NULL);"
	"CREATE TABLE IF NOT EXISTS request("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, station TEXT NOT NULL, boot_id TEXT NOT NULL,"
	" number INTEGER NOT NULL, coupler INTEGER NOT NULL, presence_gen INTEGER NOT NULL,"
	" application TEXT NOT NULL, reference TEXT NOT NULL, atr BLOB NOT NULL,"
	" state TEXT NOT NULL CHECK(state IN('open','decided','ended','disposed')),"
	" card TEXT, record INTEGER, verdict INTEGER, bin INTEGER, information BLOB, reason TEXT,"
	" evidence TEXT, disposition INTEGER, opened TEXT NOT NULL, UNIQUE(boot_id, number));"
	"CREATE TABLE IF NOT EXISTS record("
	" id INTEGER PRIMARY KEY, orders INTEGER NOT NULL REFERENCES orders(id),"
	" line INTEGER NOT NULL, iccid TEXT UNIQUE NOT NULL, kvn INTEGER NOT NULL,"
	" sealed BLOB NOT NULL, state TEXT NOT NULL"
	" CHECK(state IN('FREE','INTENT','ISSUED','DELIVERED','VOID','DOUBT')),"
	" attempt INTEGER NOT NULL DEFAULT 0, card TEXT, request INTEGER REFERENCES request(id));"
	"CREATE INDEX IF NOT EXISTS record_free ON record(id) WHERE state = 'FREE';"
	"CREATE INDEX IF NOT EXISTS record_free_of ON record(orders, id) WHERE state = 'FREE';"
	/* A record is on one card at most, and a card has one record at most. */
	"CREATE UNIQUE INDEX IF NOT EXISTS record_card ON record(card)"
	" WHERE state IN('INTENT','ISSUED','DELIVERED');"
	"CREATE TABLE IF NOT EXISTS card("
	" identity TEXT PRIMARY KEY, state TEXT NOT NULL CHECK(state IN('open','good','spoiled')),"
	" request INTEGER NOT NULL REFERENCES request(id));"
	"CREATE TABLE IF NOT EXISTS role("
	" person TEXT PRIMARY KEY, role TEXT NOT NULL CHECK(role IN('operator','officer')));"
	"CREATE TABLE IF NOT EXISTS decision("
	" id INTEGER PRIMARY KEY, record INTEGER NOT NULL REFERENCES record(id),"
	" outcome TEXT NOT NULL, asked_by TEXT NOT NULL,"
	" state TEXT NOT NULL CHECK(state IN('asked','granted','refused')));"
	"CREATE UNIQUE INDEX IF NOT EXISTS decision_asked ON decision(record)"
	" WHERE state = 'asked';"
	"CREATE TABLE IF NOT EXISTS disposition("
	" station TEXT NOT NULL, journal_epoch TEXT NOT NULL, number INTEGER NOT NULL,"
	" request INTEGER, disposition INTEGER NOT NULL, evidence TEXT NOT NULL,"
	" PRIMARY KEY(station, journal_epoch, number));"
	"CREATE TABLE IF NOT EXISTS ledger("
	" seq INTEGER PRIMARY KEY, time TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,"
	" hash BLOB NOT NULL);"
	"CREATE TRIGGER IF NOT EXISTS ledger_no_update BEFORE UPDATE ON ledger"
	" BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;"
	"CREATE TRIGGER IF NOT EXISTS ledger_no_delete BEFORE DELETE ON ledger"
	" BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;"
	"PRAGMA user_version = 3;";

enum ledger_status db_failed(struct ledger *l, const char *what)
{
	snprintf(l->error, sizeof(l->error), "database: %s: %s", what, sqlite3_errmsg(l->db));
	return LEDGER_FAILED;
}

enum ledger_status db_refused(struct ledger *l, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(l->error, sizeof(l->error), format, ap);
	va_end(ap);
	return LEDGER_REFUSED;
}

const char *ledger_error(const struct ledger *l)
{
	return l->error;
}

struct sqlite3 *ledger_sqlite(struct ledger *l)
{
	return l->db;
}

static sqlite3_stmt *prepare(struct ledger *l, const char *sql, const char *types, va_list ap)
{
	sqlite3_stmt *stmt;
	int rc = sqlite3_prepare_v2(l->db, sql, -1, &stmt, NULL);

	for (int i = 1; rc == SQLITE_OK && *types; types++, i++) {
		if (*types == 'i') {
			rc = sqlite3_bind_int64(stmt, i, va_arg(ap, int64_t));
		} else if (*types == 't') {
			rc = sqlite3_bind_text(stmt, i, va_arg(ap, const char *), -1,
					       SQLITE_STATIC);
		} else {
			const void *data = va_arg(ap, const void *);
			size_t len = va_arg(ap, size_t);

			rc = sqlite3_bind_blob(stmt, i, data ? data : "", (int)len, SQLITE_STATIC);
		}
	}
	if (rc != SQLITE_OK) {
		db_failed(l, "statement");
		sqlite3_finalize(stmt);
		return NULL;
	}
	return stmt;
}

sqlite3_stmt *db_prepare(struct ledger *l, const char *sql, const char *types, ...)
{
	sqlite3_stmt *stmt;
	va_list ap;

	va_start(ap, types);
	stmt = prepare(l, sql, types, ap);
	va_end(ap);
	return stmt;
}

bool db_run(struct ledger *l, int *changed, const char *sql, const char *types, ...)
{
	sqlite3_stmt *stmt;
	va_list ap;
	int rc;

	va_start(ap, types);
	stmt = prepare(l, sql, types, ap);
	va_end(ap);
	if (!stmt)
		return false;
	rc = sqlite3_step(stmt);
	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		db_failed(l, "change");
	if (changed)
		*changed = sqlite3_changes(l->db);
	sqlite3_finalize(stmt);
	return rc == SQLITE_DONE || rc == SQLITE_ROW;
}

bool db_next(struct ledger *l, sqlite3_stmt *stmt, bool *failed)
{
	int rc = sqlite3_step(stmt);

	*failed = rc != SQLITE_ROW && rc != SQLITE_DONE;
	if (*failed)
		db_failed(l, "query");
	return rc == SQLITE_ROW;
}

bool db_text(sqlite3_stmt *stmt, int column, char *out, size_t cap)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);
	size_t len = text ? strlen(text) : 0;

	if (len >= cap)
		return false;
	memcpy(out, text ? text : "", len + 1);
	return true;
}

bool db_blob(sqlite3_stmt *stmt, int column, void *out, size_t cap, size_t *len)
{
	const void *data = sqlite3_column_blob(stmt, column);
	size_t n = (size_t)sqlite3_column_bytes(stmt, column);

	if (n > cap)
		return false;
	if (n)
		memcpy(out, data, n);
	*len = n;
	return true;
}

bool db_begin(struct ledger *l)
{
	return db_run(l, NULL, "BEGIN IMMEDIATE", "");
}

enum ledger_status db_end(struct ledger *l, enum ledger_status status)
{
	if (status == LEDGER_OK && db_run(l, NULL, "COMMIT", ""))
		return LEDGER_OK;
	/* Some failures have rolled back by themselves. */
	if (!sqlite3_get_autocommit(l->db))
		sqlite3_exec(l->db, "ROLLBACK", NULL, NULL, NULL);
	return status == LEDGER_OK ? LEDGER_FAILED : status;
}

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
	if (version == VERSION)
		return SQLITE_OK;
	if (version || sqlite3_exec(l->db, "SELECT 1 FROM orders", NULL, NULL, NULL) == SQLITE_OK) {
		*text = sqlite3_mprintf("is of another version of this program");
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

struct ledger *ledger_open(const char *path, bool readonly, char *error, size_t len)
{
	struct ledger *l = calloc(1, sizeof(*l));
	int flags = readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	int rc = SQLITE_NOMEM;

	if (l) {
		l->witness = -1;
		rc = sqlite3_open_v2(path, &l->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
		if (rc == SQLITE_OK)
			rc = set_up(l, readonly);
	}
	if (rc == SQLITE_OK)
		return l;
	if (l && !*l->error && l->db)
		snprintf(l->error, sizeof(l->error), "%s", sqlite3_errmsg(l->db));
	snprintf(error, len, "database %s: %s", path, l ? l->error : "out of memory");
	ledger_close(l);
	return NULL;
}

void ledger_close(struct ledger *l)
{
	if (!l)
		return;
	if (l->witness >= 0)
		close(l->witness);
	sqlite3_close(l->db);
	free(l);
}
