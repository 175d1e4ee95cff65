// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which daemon serves which station. A station's row says who has it and until when; whoever does
 * something for a station locks that row first, so that it is done before another one takes the
 * station over, or not at all. The clock is the database's, and nothing rests on it but how soon
 * that happens.
 */
#include <string.h>

#include "database.h"
#include "libgp/hex.h"

/* Whole seconds are counted: at least as long as the daemon takes it for. */
static int64_t until(const struct ledger *l)
{
	return (int64_t)l->lease + 1;
}

static enum ledger_status not_ours(struct ledger *l, const char *station)
{
	db_refused(l, "station %s is not leased to this daemon, or no longer", station);
	return LEDGER_LEASED;
}

static enum ledger_status hold(struct ledger *l, struct statement *stmt, const char *station)
{
	bool failed = true, ours;

	if (!stmt)
		return LEDGER_FAILED;
	ours = db_next(l, stmt, &failed);
	db_finalize(stmt);
	if (failed)
		return LEDGER_FAILED;
	return ours ? LEDGER_OK : not_ours(l, station);
}

enum ledger_status lease_hold(struct ledger *l, const char *station)
{
	return hold(l, db_prepare(l,
				  "SELECT 1 FROM station WHERE uuid = ? AND node = ? AND process = ?"
				  " AND lease_until > unixepoch() FOR UPDATE",
				  "tti", station, l->node, l->process), station);
}

enum ledger_status lease_hold_of(struct ledger *l, int64_t request)
{
	/* A request's station does not change; a row that was waited for is looked at anew. */
	return hold(l, db_prepare(l,
				  "SELECT 1 FROM request q JOIN station s ON s.uuid = q.station"
				  " WHERE q.id = ? AND s.node = ? AND s.process = ?"
				  " AND s.lease_until > unixepoch() FOR UPDATE OF s",
				  "iti", request, l->node, l->process), "of the request");
}

/* The counter is one for all, so that every epoch is higher than all before, at any station. */
static enum ledger_status next_epoch(struct ledger *l, int64_t *epoch)
{
	struct statement *stmt = db_prepare(l,
					    "INSERT INTO meta(name, value) VALUES('lease_epoch', 1)"
					    " ON CONFLICT(name) DO UPDATE SET value = meta.value + 1"
					    " RETURNING value", "");
	bool failed = true;

	if (stmt && db_next(l, stmt, &failed))
		*epoch = db_number(stmt, 0);
	db_finalize(stmt);
	return failed ? LEDGER_FAILED : LEDGER_OK;
}

static enum ledger_status start(struct ledger *l)
{
	enum ledger_status status = next_epoch(l, &l->process);
	cJSON *body;

	if (status != LEDGER_OK)
		return status;
	body = cJSON_CreateObject();
	cJSON_AddStringToObject(body, "node", l->node);
	cJSON_AddNumberToObject(body, "lease_epoch", (double)l->process);
	return chain_append(l, "start", body) ? LEDGER_OK : LEDGER_FAILED;
}

/*
 * Those of a process that is gone. They have no verdict: none was sent. A station that repeats one
 * gets a rejection, and one that has a result for it has worked for a newer database.
 */
static enum ledger_status close_open_requests(struct ledger *l, const char *which,
					      const char *value, const char *reason)
{
	char sql[192];
	cJSON *body;
	int n;

	snprintf(sql, sizeof(sql), "UPDATE request SET state = 'ended', reason = ?"
		 " WHERE state = 'open' AND station %s", which);
	if (!db_run(l, &n, sql, "tt", reason, value))
		return LEDGER_FAILED;
	if (!n)
		return LEDGER_OK;
	body = cJSON_CreateObject();
	cJSON_AddNumberToObject(body, "requests", n);
	cJSON_AddStringToObject(body, "reason", reason);
	return chain_append(l, "abandoned", body) ? LEDGER_OK : LEDGER_FAILED;
}

/*
 * What an earlier process of this name still does waits for the stations' rows, or has been waited
 * for here; then it finds that they are not its own any more.
 */
static enum ledger_status succeed(struct ledger *l)
{
	if (!db_run(l, NULL, "UPDATE station SET process = ?, lease_until = 0 WHERE node = ?",
		    "it", l->process, l->node))
		return LEDGER_FAILED;
	return close_open_requests(l, "IN(SELECT uuid FROM station WHERE node = ?)", l->node,
				   "the CAS was restarted");
}

enum ledger_status ledger_start(struct ledger *l, unsigned int seconds, uint64_t *epoch)
{
	enum ledger_status status;

	l->lease = seconds;
	/* Two transactions: nobody waits for a station's row who has the counter's. */
	if (!db_begin(l))
		return LEDGER_FAILED;
	status = db_end(l, start(l));
	if (status != LEDGER_OK)
		return status;
	*epoch = (uint64_t)l->process;
	if (!db_begin(l))
		return LEDGER_FAILED;
	return db_end(l, succeed(l));
}

/*
 * The station's row, locked: whose it is. It is not waited for: who has it locked has the
 * station, or was stopped in a transaction, which the server ends then.
 */
static enum ledger_status whose(struct ledger *l, const char *station, bool *ours, int64_t *epoch)
{
	enum ledger_status status = LEDGER_OK;
	bool failed = true, valid, found;
	struct statement *stmt;
	int64_t left, process;
	char node[64] = "";

	stmt = db_prepare(l,
			  "SELECT node, process, lease_epoch, lease_until - unixepoch() FROM station"
			  " WHERE uuid = ? FOR UPDATE SKIP LOCKED", "t", station);
	if (!stmt)
		return LEDGER_FAILED;
	found = db_next(l, stmt, &failed);
	if (found && !db_text(stmt, 0, node, sizeof(node)))
		failed = true;
	process = db_number(stmt, 1);
	*epoch = db_number(stmt, 2);
	left = db_number(stmt, 3);
	db_finalize(stmt);
	if (failed)
		return LEDGER_FAILED;
	if (!found) {
		db_refused(l, "station %s: something is done for it by another daemon", station);
		return LEDGER_LEASED;
	}
	valid = *node && left > 0;
	*ours = valid && process == l->process && !strcmp(node, l->node);
	if (valid && !*ours) {
		db_refused(l, "station %s is served by %s for %lld s more", station, node,
			   (long long)left);
		status = LEDGER_LEASED;
	}
	return status;
}

static enum ledger_status take(struct ledger *l, const char *station, int64_t *epoch)
{
	enum ledger_status status;
	cJSON *body;
	bool ours;

	if (!db_run(l, NULL,
		    "INSERT INTO station(uuid, boot_id, journal_epoch, process, lease_epoch,"
		    " lease_until) VALUES(?, '', '', 0, 0, 0) ON CONFLICT(uuid) DO NOTHING",
		    "t", station))
		return LEDGER_FAILED;
	status = whose(l, station, &ours, epoch);
	if (status == LEDGER_OK && !ours)
		status = next_epoch(l, epoch);
	if (status == LEDGER_OK &&
	    !db_run(l, NULL,
		    "UPDATE station SET node = ?, process = ?, lease_epoch = ?,"
		    " lease_until = unixepoch() + ? WHERE uuid = ?",
		    "tiiit", l->node, l->process, *epoch, until(l), station))
		status = LEDGER_FAILED;
	if (status != LEDGER_OK || ours)
		return status;
	body = cJSON_CreateObject();
	cJSON_AddStringToObject(body, "station", station);
	cJSON_AddStringToObject(body, "node", l->node);
	cJSON_AddNumberToObject(body, "lease_epoch", (double)*epoch);
	if (!chain_append(l, "lease", body))
		return LEDGER_FAILED;
	return close_open_requests(l, "= ?", station, "another CAS took the station over");
}

enum ledger_status ledger_lease(struct ledger *l, const uint8_t station[16], uint64_t *epoch)
{
	enum ledger_status status;
	int64_t number = 0;
	char uuid[33];

	if (!db_begin(l))
		return LEDGER_FAILED;
	status = db_end(l, take(l, hex_encode(station, 16, uuid), &number));
	*epoch = (uint64_t)number;
	return status;
}

enum ledger_status ledger_renew(struct ledger *l, unsigned int *held)
{
	enum ledger_status status = LEDGER_OK;
	int n = 0;

	*held = 0;
	if (!db_begin(l))
		return LEDGER_FAILED;
	/* One that has run out is not renewed, even if nobody wanted it: its time is over. */
	if (!db_run(l, &n,
		    "UPDATE station SET lease_until = unixepoch() + ? WHERE node = ? AND process = ?"
		    " AND lease_until > unixepoch()",
		    "iti", until(l), l->node, l->process))
		status = LEDGER_FAILED;
	status = db_end(l, status);
	if (status == LEDGER_OK)
		*held = (unsigned int)n;
	return status;
}

enum ledger_status ledger_let_go(struct ledger *l, const uint8_t *station)
{
	enum ledger_status status = LEDGER_OK;
	char uuid[33];

	if (!db_begin(l))
		return LEDGER_FAILED;
	if (!db_run(l, NULL,
		    "UPDATE station SET lease_until = 0 WHERE (?1 IS NULL OR uuid = ?1)"
		    " AND node = ?2 AND process = ?3",
		    "tti", station ? hex_encode(station, 16, uuid) : NULL, l->node, l->process))
		status = LEDGER_FAILED;
	return db_end(l, status);
}
