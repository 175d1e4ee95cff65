// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests: recorded once, decided once, answered as often as asked. Those of a station change only
 * with the lock of its row; the record that is issued is compared by the statement that changes it.
 */
#include <string.h>
#include <time.h>

#include "database.h"
#include "libgp/hex.h"

#define REJECT	2	/* verdict */

#define SELECT_REQUEST							\
	"SELECT id, station, coupler, presence_gen, application, reference, state, verdict,"	\
	" bin, information, reason FROM request WHERE boot_id = ? AND number = ?"

static bool fill(struct statement *stmt, struct ledger_request *r)
{
	char state[16], station[33];

	r->id = db_number(stmt, 0);
	r->coupler = (uint32_t)db_number(stmt, 2);
	r->presence_gen = (uint32_t)db_number(stmt, 3);
	r->verdict = (uint8_t)db_number(stmt, 7);
	r->has_bin = !db_null(stmt, 8);
	r->bin = (uint32_t)db_number(stmt, 8);
	if (!db_text(stmt, 1, station, sizeof(station)) ||
	    hex_decode(station, 32, r->station, 16) != 16 ||
	    !db_text(stmt, 4, r->application, sizeof(r->application)) ||
	    !db_text(stmt, 5, r->reference, sizeof(r->reference)) ||
	    !db_text(stmt, 6, state, sizeof(state)) ||
	    !db_blob(stmt, 9, r->information, sizeof(r->information), &r->information_len) ||
	    !db_text(stmt, 10, r->reason, sizeof(r->reason)))
		return false;
	r->decided = r->verdict != 0;
	return true;
}

enum ledger_status ledger_request_find(struct ledger *l, const uint8_t boot_id[16],
				       uint64_t number, struct ledger_request *r)
{
	enum ledger_status status = LEDGER_OK;
	struct statement *stmt;
	bool failed = true;
	char boot[33];

	memset(r, 0, sizeof(*r));
	memcpy(r->boot_id, boot_id, 16);
	r->number = number;
	stmt = db_prepare(l, SELECT_REQUEST, "ti", hex_encode(boot_id, 16, boot), (int64_t)number);
	if (!stmt)
		return LEDGER_FAILED;
	if (!db_next(l, stmt, &failed))
		status = failed ? LEDGER_FAILED : db_refused(l, "request not known");
	else if (!fill(stmt, r))
		status = db_refused(l, "request %lld is damaged in the database",
				    (long long)db_number(stmt, 0));
	db_finalize(stmt);
	return status;
}

static enum ledger_status insert(struct ledger *l, struct ledger_request *r)
{
	char station[33], boot[33], opened[20];
	time_t now = time(NULL);
	struct tm tm;

	strftime(opened, sizeof(opened), "%Y-%m-%d %H:%M:%S", gmtime_r(&now, &tm));
	return db_insert(l, &r->id,
			 "INSERT INTO request(station, boot_id, number, coupler, presence_gen,"
			 " application, reference, encryption, atr, state, opened)"
			 " VALUES(?,?,?,?,?,?,?,?,?,'open',?) RETURNING id",
			 "ttiiitttbt", hex_encode(r->station, 16, station),
			 hex_encode(r->boot_id, 16, boot), (int64_t)r->number, (int64_t)r->coupler,
			 (int64_t)r->presence_gen, r->application, r->reference,
			 *r->encryption ? r->encryption : "none", r->atr, r->atr_len,
			 opened) ? LEDGER_OK : LEDGER_FAILED;
}

enum ledger_status ledger_request_open(struct ledger *l, struct ledger_request *r, bool *known)
{
	enum ledger_status status;
	struct ledger_request old;
	char station[33];

	*known = false;
	if (r->number > INT64_MAX)
		return db_refused(l, "request number out of range");
	if (!db_begin(l))
		return LEDGER_FAILED;
	status = lease_hold(l, hex_encode(r->station, 16, station));
	if (status != LEDGER_OK)
		return db_end(l, status);
	status = ledger_request_find(l, r->boot_id, r->number, &old);
	if (status == LEDGER_OK) {
		*known = true;
		*r = old;
	} else if (status == LEDGER_REFUSED) {
		status = insert(l, r);
	}
	return db_end(l, status);
}

static cJSON *result_body(const struct ledger_request *r)
{
	static const char *const verdicts[] = { "", "good", "reject", "retry", "hold" };
	cJSON *body = cJSON_CreateObject();

	cJSON_AddNumberToObject(body, "request", (double)r->id);
	chain_hex(body, "station", r->station, 16);
	cJSON_AddNumberToObject(body, "coupler", r->coupler);
	cJSON_AddStringToObject(body, "reference", r->reference);
	cJSON_AddStringToObject(body, "application", r->application);
	cJSON_AddStringToObject(body, "verdict", verdicts[r->verdict]);
	if (*r->reason)
		cJSON_AddStringToObject(body, "reason", r->reason);
	return body;
}

/* Compare and set: a request is decided once. One that ended can only be rejected. */
static enum ledger_status set_result(struct ledger *l, const struct ledger_request *r,
				     const char *evidence)
{
	int n;

	if (!db_run(l, &n,
		    "UPDATE request SET state = 'decided', verdict = ?, bin = nullif(?, -1),"
		    " information = ?, reason = ?, evidence = ?"
		    " WHERE id = ? AND (state = 'open' OR (state = 'ended' AND verdict IS NULL AND ? = 1))",
		    "iibttii", (int64_t)r->verdict, r->has_bin ? (int64_t)r->bin : (int64_t)-1,
		    r->information, r->information_len, r->reason, evidence, r->id,
		    (int64_t)(r->verdict == REJECT)))
		return LEDGER_FAILED;
	if (n != 1)
		return db_refused(l, "request %lld is over", (long long)r->id);
	return LEDGER_OK;
}

static enum ledger_status decide(struct ledger *l, const struct ledger_request *r)
{
	enum ledger_status status = lease_hold_of(l, r->id);
	struct statement *stmt;
	bool failed, claimed;

	if (status != LEDGER_OK)
		return status;
	if (r->verdict == 1) {
		stmt = db_prepare(l,
				  "SELECT 1 FROM request WHERE id = ? AND record IS NOT NULL",
				  "i", r->id);
		if (!stmt)
			return LEDGER_FAILED;
		claimed = db_next(l, stmt, &failed);
		db_finalize(stmt);
		if (failed)
			return LEDGER_FAILED;
		if (claimed)
			return db_refused(l, "a claimed record needs evidence to be good");
	}
	status = set_result(l, r, NULL);
	if (status == LEDGER_OK && !chain_append(l, "result", result_body(r)))
		status = LEDGER_FAILED;
	return status;
}

enum ledger_status ledger_decide(struct ledger *l, const struct ledger_request *r)
{
	if (r->verdict < 1 || r->verdict > 4)
		return db_refused(l, "no such verdict");
	if (!db_begin(l))
		return LEDGER_FAILED;
	return db_end(l, decide(l, r));
}

static enum ledger_status issue(struct ledger *l, const struct ledger_request *r,
				const struct ledger_record *record, const char *evidence)
{
	enum ledger_status status = lease_hold_of(l, r->id);
	cJSON *body;
	int n;

	if (status == LEDGER_OK)
		status = set_result(l, r, evidence);

	if (status != LEDGER_OK)
		return status;
	if (!db_run(l, &n,
		    "UPDATE record SET state = 'ISSUED' WHERE id = ? AND state = 'INTENT'"
		    " AND attempt = ? AND request = ?",
		    "iii", record->id, record->attempt, r->id))
		return LEDGER_FAILED;
	if (n != 1)
		return db_refused(l, "record %lld is no longer meant for this card",
				  (long long)record->id);
	body = result_body(r);
	cJSON_AddNumberToObject(body, "record", (double)record->id);
	cJSON_AddNumberToObject(body, "attempt", (double)record->attempt);
	cJSON_AddStringToObject(body, "iccid", record->iccid);
	cJSON_AddStringToObject(body, "evidence", evidence);
	return chain_append(l, "issued", body) ? LEDGER_OK : LEDGER_FAILED;
}

enum ledger_status ledger_issue(struct ledger *l, const struct ledger_request *r,
				const struct ledger_record *record, const char *evidence)
{
	if (r->verdict != 1 || !*evidence)
		return db_refused(l, "only a good result with evidence issues a record");
	if (!db_begin(l))
		return LEDGER_FAILED;
	return db_end(l, issue(l, r, record, evidence));
}

enum ledger_status ledger_ended(struct ledger *l, int64_t request, const char *reason)
{
	enum ledger_status status;
	cJSON *body;
	int n = 0;

	if (!db_begin(l))
		return LEDGER_FAILED;
	status = lease_hold_of(l, request);
	if (status == LEDGER_OK &&
	    !db_run(l, &n,
		    "UPDATE request SET state = 'ended', reason = ? WHERE id = ? AND state = 'open'",
		    "ti", reason, request))
		status = LEDGER_FAILED;
	if (status == LEDGER_OK && n) {
		body = cJSON_CreateObject();
		cJSON_AddNumberToObject(body, "request", (double)request);
		cJSON_AddStringToObject(body, "reason", reason);
		if (!chain_append(l, "ended", body))
			status = LEDGER_FAILED;
	}
	return db_end(l, status);
}
