// SPDX-License-Identifier: GPL-2.0-only
/*
 * Durable point 4: what physically became of a card decides its record. The station's row is
 * locked, so that its dispositions follow one another; then the card, which the record goes with.
 */
#include <string.h>

#include "libgp/hex.h"
#include "limits.h"

#define GOOD	1	/* verdict */
#define RETRY	3

enum disposed {
	DISPOSED_GOOD = 1,
	DISPOSED_REJECTED,
	DISPOSED_REMOVED,
	DISPOSED_UNKNOWN,
};

/**
 * struct affected - what a disposition meets
 * @request: its id, 0 if the request is not known
 * @record: bound to it, 0 for none
 * @state: of @record
 * @spoiled: state of records whose cards are spoiled, as the order says
 * @owner: request that claimed @record; an earlier one of the same presentation, if that was
 *	to be tried again
 * @card: identity, "" for none
 * @good: the result of @request was good
 * @verdict: of @owner, 0 for none
 */
struct affected {
	int64_t request;
	int64_t owner;
	int64_t record;
	char state[16];
	char spoiled[16];
	char card[64];
	bool good;
	int verdict;
};

/* Reads the row of either query below. */
static enum ledger_status fill(struct ledger *l, struct statement *stmt, struct affected *a)
{
	bool failed = true, fits = true;

	if (stmt && db_next(l, stmt, &failed)) {
		a->owner = db_number(stmt, 0);
		a->record = db_number(stmt, 1);
		a->verdict = (int)db_number(stmt, 5);
		fits = db_text(stmt, 2, a->state, sizeof(a->state)) &&
		       db_text(stmt, 3, a->spoiled, sizeof(a->spoiled)) &&
		       db_text(stmt, 4, a->card, sizeof(a->card));
	}
	db_finalize(stmt);
	if (!fits)
		return db_refused(l, "request %lld is damaged in the database",
				  (long long)a->owner);
	return failed ? LEDGER_FAILED : LEDGER_OK;
}

static enum ledger_status find(struct ledger *l, const struct ledger_disposition *d,
			       struct affected *a)
{
	enum ledger_status status;
	char boot[33], station[33];

	hex_encode(d->boot_id, 16, boot);
	hex_encode(d->station, 16, station);
	memset(a, 0, sizeof(*a));
	status = fill(l, db_prepare(l,
				    "SELECT q.id, r.id, r.state, o.spoiled, q.card, q.verdict"
				    " FROM request q"
				    " LEFT JOIN record r ON r.id = q.record AND r.request = q.id"
				    " LEFT JOIN orders o ON o.id = r.orders"
				    " WHERE q.boot_id = ? AND q.number = ? AND q.station = ?",
				    "tit", boot, (int64_t)d->request, station), a);
	a->request = a->owner;
	a->good = a->verdict == GOOD;
	if (status != LEDGER_OK || a->record)
		return status;
	/*
	 * A card that was to be tried again may come to its end in a later request that claimed
	 * nothing, or that we never saw. It is the same card if it was not out of the coupler.
	 */
	return fill(l, db_prepare(l,
				  "SELECT q.id, r.id, r.state, o.spoiled, q.card, q.verdict"
				  " FROM request q"
				  " JOIN record r ON r.id = q.record AND r.request = q.id"
				  " JOIN orders o ON o.id = r.orders"
				  " WHERE q.boot_id = ? AND q.number < ? AND q.station = ?"
				  " AND q.coupler = ? AND q.presence_gen = ? AND q.verdict = 3"
				  " AND r.state = 'INTENT' ORDER BY q.number DESC LIMIT 1",
				  "titii", boot, (int64_t)d->request, station,
				  (int64_t)d->coupler, (int64_t)d->presence_gen), a);
}

/* The record's next state, or NULL if it stays. */
static const char *next_state(const struct affected *a, const struct ledger_disposition *d)
{
	bool issued = !strcmp(a->state, "ISSUED");
	bool intent = !strcmp(a->state, "INTENT");

	if (!issued && !intent)
		return NULL;
	switch (d->disposition) {
	case DISPOSED_GOOD:
		/* A card may leave as good on the result of this very request alone. */
		return issued && d->result_id == (uint64_t)a->request ? "DELIVERED" : "DOUBT";
	case DISPOSED_REJECTED:
		return a->spoiled;
	case DISPOSED_REMOVED:
		/* To be tried again: the record waits for this very card. */
		if (intent && a->verdict == RETRY)
			return NULL;
		return issued ? "DOUBT" : a->spoiled;
	default:
		return "DOUBT";
	}
}

static enum ledger_status apply(struct ledger *l, const struct affected *a, const char *next)
{
	bool good = !strcmp(next, "DELIVERED");
	int n;

	if (*a->card &&
	    !db_run(l, NULL, "UPDATE card SET state = ? WHERE identity = ? AND request = ?", "tti",
		    good ? "good" : "spoiled", a->card, a->owner))
		return LEDGER_FAILED;
	/* A record that is free again belongs to no card. */
	if (!db_run(l, &n,
		    "UPDATE record SET state = ?1,"
		    " card = CASE WHEN ?1 = 'FREE' THEN NULL ELSE card END,"
		    " request = CASE WHEN ?1 = 'FREE' THEN NULL ELSE request END"
		    " WHERE id = ?2 AND state = ?3 AND request = ?4",
		    "titi", next, a->record, a->state, a->owner))
		return LEDGER_FAILED;
	if (n == 1)
		return LEDGER_OK;
	db_refused(l, "record %lld was changed meanwhile", (long long)a->record);
	return LEDGER_FAILED;
}

static enum ledger_status log_disposition(struct ledger *l, const struct ledger_disposition *d,
					  const struct affected *a, const char *next)
{
	static const char *const names[] = { "", "good", "rejected", "removed", "unknown" };
	cJSON *body = cJSON_CreateObject();

	chain_hex(body, "station", d->station, 16);
	cJSON_AddNumberToObject(body, "number", (double)d->number);
	cJSON_AddStringToObject(body, "disposition", names[d->disposition]);
	cJSON_AddNumberToObject(body, "request", (double)a->request);
	if (a->record) {
		cJSON_AddNumberToObject(body, "record", (double)a->record);
		cJSON_AddStringToObject(body, "state", next ? next : a->state);
	}
	cJSON_AddStringToObject(body, "evidence", d->evidence);
	return chain_append(l, "disposition", body) ? LEDGER_OK : LEDGER_FAILED;
}

/* Whether the number was committed before. LEDGER_GAP: it is neither that nor the next. */
static enum ledger_status position(struct ledger *l, const char *station, const char *epoch,
				   uint64_t number, bool *repeated)
{
	struct statement *stmt = db_prepare(l,
					    "SELECT count(*), coalesce(max(number), 0),"
					    " coalesce(min(number), 0) FROM disposition"
					    " WHERE station = ? AND journal_epoch = ?",
					    "tt", station, epoch);
	uint64_t count = 0, last = 0, first = 0;
	bool failed = true;

	*repeated = false;
	if (stmt && db_next(l, stmt, &failed)) {
		count = (uint64_t)db_number(stmt, 0);
		last = (uint64_t)db_number(stmt, 1);
		first = (uint64_t)db_number(stmt, 2);
	}
	db_finalize(stmt);
	if (failed)
		return LEDGER_FAILED;
	if (count && number >= first && number <= last) {
		*repeated = true;
		return LEDGER_OK;
	}
	if (number == last + 1)
		return LEDGER_OK;
	db_refused(l, "disposition %llu follows %llu: some are missing here",
		   (unsigned long long)number, (unsigned long long)last);
	return LEDGER_GAP;
}

/* Whether the station acted on a result that this database knows of, or on none. */
static bool given(const struct ledger_disposition *d, const struct affected *a)
{
	if (!d->result_id)
		return true;
	if (!a->request)
		return false;
	if (a->record)
		return true;
	/*
	 * A good result is committed before it is sent; a rejection is sent even if it cannot be.
	 * Of a card that nobody saw leave, it is not known which of them it was.
	 */
	if (d->disposition == DISPOSED_GOOD)
		return a->good;
	return d->disposition != DISPOSED_UNKNOWN || a->verdict;
}

/*
 * What is repeated must be what was committed, and a result that a station acted on must be one
 * that was given: else this database, or that journal, is an old copy, and nothing is acknowledged.
 * Where a record is bound to the request, it is in doubt then, and that is all that can be said.
 */
static enum ledger_status plausible(struct ledger *l, const struct ledger_disposition *d,
				    const struct affected *a, const char *station,
				    const char *epoch, bool repeated)
{
	struct statement *stmt;
	bool failed, same;

	if (!repeated) {
		if (given(d, a))
			return LEDGER_OK;
		db_refused(l, "disposition %llu is of result %llu, which was not given here",
			   (unsigned long long)d->number, (unsigned long long)d->result_id);
		return LEDGER_GAP;
	}
	stmt = db_prepare(l,
			  "SELECT 1 FROM disposition WHERE station = ? AND journal_epoch = ?"
			  " AND number = ? AND request = ? AND disposition = ?",
			  "ttiii", station, epoch, (int64_t)d->number, a->request,
			  (int64_t)d->disposition);
	if (!stmt)
		return LEDGER_FAILED;
	same = db_next(l, stmt, &failed);
	db_finalize(stmt);
	if (failed)
		return LEDGER_FAILED;
	if (same)
		return LEDGER_OK;
	db_refused(l, "disposition %llu was committed before, and was another one",
		   (unsigned long long)d->number);
	return LEDGER_GAP;
}

static enum ledger_status dispose(struct ledger *l, const struct ledger_disposition *d)
{
	enum ledger_status status;
	char station[33], epoch[24];
	const char *next = NULL;
	struct affected a = { 0 };
	bool repeated = false;

	hex_encode(d->station, 16, station);
	snprintf(epoch, sizeof(epoch), "%016llX", (unsigned long long)d->journal_epoch);
	status = lease_hold(l, station);
	if (status == LEDGER_OK)
		status = position(l, station, epoch, d->number, &repeated);
	if (status == LEDGER_OK)
		status = find(l, d, &a);
	if (status == LEDGER_OK && *a.card) {
		status = card_lock(l, a.card);
		if (status == LEDGER_OK)
			status = find(l, d, &a);
	}
	if (status == LEDGER_OK)
		status = plausible(l, d, &a, station, epoch, repeated);
	if (status != LEDGER_OK || repeated)
		return status;
	if (!db_run(l, NULL, "INSERT INTO disposition VALUES(?,?,?,?,?,?)", "ttiiit", station,
		    epoch, (int64_t)d->number, a.request, (int64_t)d->disposition, d->evidence))
		return LEDGER_FAILED;
	if (a.request &&
	    !db_run(l, NULL,
		    "UPDATE request SET state = 'disposed', disposition = ? WHERE id = ?",
		    "ii", (int64_t)d->disposition, a.request))
		return LEDGER_FAILED;
	if (a.record)
		next = next_state(&a, d);
	if (next)
		status = apply(l, &a, next);
	/* One that somebody took out is no failure. */
	if (next && status == LEDGER_OK && d->disposition != DISPOSED_REMOVED)
		status = limits_ended(l, a.record, !strcmp(next, "DELIVERED"));
	return status == LEDGER_OK ? log_disposition(l, d, &a, next) : status;
}

enum ledger_status ledger_dispose(struct ledger *l, const struct ledger_disposition *d)
{
	if (d->disposition < DISPOSED_GOOD || d->disposition > DISPOSED_UNKNOWN || !d->number ||
	    d->number > INT64_MAX || d->request > INT64_MAX)
		return db_refused(l, "no such disposition");
	if (!db_begin(l))
		return LEDGER_FAILED;
	return db_end(l, dispose(l, d));
}
