// SPDX-License-Identifier: GPL-2.0-only
/*
 * Durable point 1: a record is meant for a card before any field of it can be read.
 *
 * Locked, in this order: the station, so that nobody else serves it; the card, so that no other
 * station has it as well; the order; the record.
 */
#include <string.h>

#include "limits.h"

#define RETRY	3	/* verdict */
#define REMOVED	3	/* disposition: also of a card that a station presents anew */

enum ledger_status card_lock(struct ledger *l, const char *card)
{
	struct statement *stmt = db_prepare(l, "SELECT 1 FROM card WHERE identity = ? FOR UPDATE",
					    "t", card);
	bool failed = true;

	if (stmt)
		db_next(l, stmt, &failed);
	db_finalize(stmt);
	return failed ? LEDGER_FAILED : LEDGER_OK;
}

static enum ledger_status request_is_open(struct ledger *l, int64_t request)
{
	struct statement *stmt = db_prepare(l,
					    "SELECT record FROM request WHERE id = ? AND state = 'open'",
					    "i", request);
	bool failed = true, open = false, claimed = false;

	if (stmt && db_next(l, stmt, &failed)) {
		open = true;
		claimed = !db_null(stmt, 0);
	}
	db_finalize(stmt);
	if (failed)
		return LEDGER_FAILED;
	if (!open)
		return db_refused(l, "the request is over");
	if (claimed)
		return db_refused(l, "the request has a record already");
	return LEDGER_OK;
}

/*
 * A card that is not known is from now on, and only one station can say so first: another one that
 * has the same card waits here, and then knows it. One that is known is locked.
 */
static enum ledger_status meet_card(struct ledger *l, const char *card, int64_t request,
				    bool *known)
{
	int n;

	if (!db_run(l, &n,
		    "INSERT INTO card(identity, state, request) VALUES(?, 'open', ?)"
		    " ON CONFLICT(identity) DO NOTHING", "ti", card, request))
		return LEDGER_FAILED;
	*known = !n;
	return *known ? card_lock(l, card) : LEDGER_OK;
}

/* What is known of the card. @again receives the record that it is to get again, or 0. */
static enum ledger_status check_card(struct ledger *l, const char *card, int64_t *again)
{
	struct statement *stmt = db_prepare(l,
					    "SELECT c.state, q.verdict, q.state, r.id, q.disposition FROM card c"
					    " JOIN request q ON q.id = c.request"
					    " LEFT JOIN record r ON r.request = q.id AND r.card = c.identity"
					    " AND r.state = 'INTENT' WHERE c.identity = ?",
					    "t", card);
	enum ledger_status status = LEDGER_OK;
	bool failed = true;
	char state[16], session[16];

	*again = 0;
	if (stmt && db_next(l, stmt, &failed)) {
		if (!db_text(stmt, 0, state, sizeof(state)) ||
		    !db_text(stmt, 2, session, sizeof(session)))
			status = db_refused(l, "card %s is damaged in the database", card);
		else if (!strcmp(state, "good"))
			status = db_refused(l, "the card has left as good before");
		else if (!strcmp(state, "spoiled"))
			status = db_refused(l, "the card is known as spoiled");
		else if (db_number(stmt, 1) == RETRY &&
			 (!strcmp(session, "decided") || db_number(stmt, 4) == REMOVED))
			*again = db_number(stmt, 3);
		if (status == LEDGER_OK && !*again)
			status = db_refused(l, "the card is open in another request");
	}
	db_finalize(stmt);
	return failed ? LEDGER_FAILED : status;
}

static bool copy_record(struct statement *stmt, struct ledger_record *r)
{
	r->id = db_number(stmt, 0);
	r->attempt = db_number(stmt, 1) + 1;
	r->kvn = (uint8_t)db_number(stmt, 3);
	r->retries = (unsigned int)db_number(stmt, 7);
	return db_text(stmt, 2, r->iccid, sizeof(r->iccid)) &&
	       db_blob(stmt, 4, r->sealed, sizeof(r->sealed), &r->sealed_len) &&
	       db_text(stmt, 5, r->order, sizeof(r->order)) &&
	       db_text(stmt, 6, r->key, sizeof(r->key));
}

#define FIELDS "SELECT r.id, r.attempt, r.iccid, r.kvn, r.sealed, o.name, o.key, o.retries "	\
	"FROM record r JOIN orders o ON o.id = r.orders WHERE "
#define OPEN	"o.state IN('released','running') AND "
#define LIMITS	LIMITS_ALWAYS " AND " LIMITS_NEW

/* The one that this card had before; it goes on where it may have it. */
#define SELECT_AGAIN							\
	FIELDS "r.id = ?3 AND " LIMITS_ALWAYS " FOR UPDATE OF r"

/* The one that is meant for this card, or for what its body says: its order and itself. */
#define FIND_BOUND							\
	"SELECT o.id, r.id FROM record r JOIN orders o ON o.id = r.orders"	\
	" WHERE r.state = 'FREE' AND (?5 = '' OR o.name = ?5) AND " OPEN LIMITS			\
	" AND ((o.choose = 'chip' AND r.bound = ?6) OR (o.choose = 'reference' AND r.bound ="	\
	" (SELECT 'REF:' || reference FROM request WHERE id = ?1)))"	\
	" AND r.bound IN(?6, (SELECT 'REF:' || reference FROM request WHERE id = ?1))"	\
	" ORDER BY o.id LIMIT 1"

/* Order by order, so that a held one with many records costs nothing. ?6: after this one. */
#define FIND_FREE							\
	"SELECT o.id, 0 FROM orders o WHERE (?5 = '' OR o.name = ?5) AND " OPEN LIMITS	\
	" AND o.choose = 'next' AND o.id > ?6"				\
	" AND EXISTS(SELECT 1 FROM record r WHERE r.orders = o.id AND r.state = 'FREE')"	\
	" ORDER BY o.id LIMIT 1"

/* One that another claim is about to take is passed over. */
#define SELECT_BOUND							\
	FIELDS "r.id = ?5 AND r.state = 'FREE' AND " OPEN LIMITS " FOR UPDATE OF r SKIP LOCKED"
#define SELECT_FREE							\
	FIELDS "r.orders = ?5 AND r.state = 'FREE' AND " OPEN LIMITS	\
	" ORDER BY r.id LIMIT 1 FOR UPDATE OF r SKIP LOCKED"

/* Whether there would be one if its order permitted it. */
#define SELECT_ANY							\
	"SELECT count(*) FROM orders o WHERE o.state IN('released','running') AND o.test >= ?"	\
	" AND EXISTS(SELECT 1 FROM record r WHERE r.orders = o.id AND r.state = 'FREE')"

/**
 * struct asked - what a record is wanted for
 * @request: id
 * @order: name, "" for any
 * @test_only: of test orders alone
 * @master: name of the card's master key, "" if it showed none
 * @card: identity
 * @again: record that it had, 0 for none
 */
struct asked {
	int64_t request;
	const char *order;
	bool test_only;
	const char *master;
	const char *card;
	int64_t again;
};

/* The first row of a statement; LEDGER_REFUSED without a reason if there is none. */
static enum ledger_status take(struct ledger *l, struct statement *stmt,
			       struct ledger_record *record)
{
	enum ledger_status status = LEDGER_OK;
	bool failed = true;

	if (!stmt)
		return LEDGER_FAILED;
	if (!db_next(l, stmt, &failed))
		status = failed ? LEDGER_FAILED : db_refused(l, "no record is free");
	else if (!copy_record(stmt, record))
		status = db_refused(l, "record %lld is damaged in the database",
				    (long long)record->id);
	db_finalize(stmt);
	return status;
}

/* Why there is none. */
static enum ledger_status explain(struct ledger *l, const struct asked *a)
{
	struct statement *stmt = db_prepare(l, SELECT_ANY, "i", (int64_t)a->test_only);
	bool failed = true, any = false;

	if (stmt && db_next(l, stmt, &failed))
		any = db_number(stmt, 0) > 0;
	db_finalize(stmt);
	if (failed)
		return LEDGER_FAILED;
	if (a->again)
		return db_refused(l, "its order does not permit the card's record here");
	if (any)
		return db_refused(l, "no record is free that its order permits for this card here");
	return db_refused(l, a->test_only ?
			  "no record of a test order is free, and the card has public keys" :
			  "no record is free");
}

/* @stmt: FIND_BOUND or FIND_FREE. @order receives 0 if there is none. */
static enum ledger_status find(struct ledger *l, struct statement *stmt, int64_t *order,
			       int64_t *record)
{
	bool failed = true, found = stmt && db_next(l, stmt, &failed);

	*order = found ? db_number(stmt, 0) : 0;
	*record = found ? db_number(stmt, 1) : 0;
	db_finalize(stmt);
	return failed ? LEDGER_FAILED : LEDGER_OK;
}

/*
 * Claims of one order follow one another, as its cards are counted; and they follow what holds,
 * ends or wipes it. All that was found before the lock is asked again by the next statement.
 */
static enum ledger_status lock_order(struct ledger *l, int64_t order)
{
	struct statement *stmt = db_prepare(l, "SELECT 1 FROM orders WHERE id = ? FOR UPDATE", "i",
					    order);
	bool failed = true;

	if (stmt)
		db_next(l, stmt, &failed);
	db_finalize(stmt);
	return failed ? LEDGER_FAILED : LEDGER_OK;
}

static enum ledger_status choose_bound(struct ledger *l, const struct asked *a, const char *today,
				       struct ledger_record *record)
{
	enum ledger_status status;
	int64_t order, id;

	status = find(l, db_prepare(l, FIND_BOUND, "iitttt", a->request, (int64_t)a->test_only,
				    a->master, today, a->order, a->card), &order, &id);
	if (status != LEDGER_OK || !order)
		return status == LEDGER_OK ? LEDGER_REFUSED : status;
	status = lock_order(l, order);
	if (status != LEDGER_OK)
		return status;
	return take(l, db_prepare(l, SELECT_BOUND, "iitti", a->request, (int64_t)a->test_only,
				  a->master, today, id), record);
}

static enum ledger_status choose_free(struct ledger *l, const struct asked *a, const char *today,
				      struct ledger_record *record)
{
	enum ledger_status status;
	int64_t order = 0, none;

	do {
		status = find(l, db_prepare(l, FIND_FREE, "iittti", a->request,
					    (int64_t)a->test_only, a->master, today, a->order,
					    order), &order, &none);
		if (status != LEDGER_OK || !order)
			return status == LEDGER_OK ? LEDGER_REFUSED : status;
		status = lock_order(l, order);
		if (status == LEDGER_OK)
			status = take(l, db_prepare(l, SELECT_FREE, "iitti", a->request,
						    (int64_t)a->test_only, a->master, today, order),
				      record);
	} while (status == LEDGER_REFUSED && !record->id);
	return status;
}

static enum ledger_status choose(struct ledger *l, const struct asked *a,
				 struct ledger_record *record)
{
	enum ledger_status status;
	char today[11];

	if (a->again) {
		status = take(l, db_prepare(l, SELECT_AGAIN, "iii", a->request,
					    (int64_t)a->test_only, a->again), record);
	} else {
		limits_today(today);
		status = choose_bound(l, a, today, record);
		if (status == LEDGER_REFUSED && !record->id)
			status = choose_free(l, a, today, record);
	}
	return status == LEDGER_REFUSED && !record->id ? explain(l, a) : status;
}

static enum ledger_status bind_record(struct ledger *l, int64_t request, const char *card,
				      const struct ledger_record *record)
{
	cJSON *body;
	int n;

	if (!db_run(l, &n,
		    "UPDATE record SET state = 'INTENT', attempt = ?, card = ?, request = ?"
		    " WHERE id = ? AND attempt = ? AND state IN('FREE','INTENT')",
		    "itiii", record->attempt, card, request, record->id, record->attempt - 1))
		return LEDGER_FAILED;
	if (n != 1)
		return db_refused(l, "record %lld was taken", (long long)record->id);
	if (!db_run(l, NULL,
		    "UPDATE orders SET state = 'running' WHERE name = ? AND state = 'released'",
		    "t", record->order))
		return LEDGER_FAILED;
	if (!db_run(l, NULL, "UPDATE card SET state = 'open', request = ? WHERE identity = ?", "it",
		    request, card) ||
	    !db_run(l, NULL, "UPDATE request SET card = ?, record = ? WHERE id = ?", "tii", card,
		    record->id, request))
		return LEDGER_FAILED;
	body = cJSON_CreateObject();
	cJSON_AddNumberToObject(body, "request", (double)request);
	cJSON_AddNumberToObject(body, "record", (double)record->id);
	cJSON_AddNumberToObject(body, "attempt", (double)record->attempt);
	cJSON_AddStringToObject(body, "iccid", record->iccid);
	cJSON_AddStringToObject(body, "card", card);
	return chain_append(l, "claim", body) ? LEDGER_OK : LEDGER_FAILED;
}

enum ledger_status ledger_claim(struct ledger *l, int64_t request, const char *order,
				const struct ledger_master *master, const char *card,
				struct ledger_record *record)
{
	struct asked a = {
		.request = request,
		.order = order ? order : "",
		.test_only = master && master->is_public,
		.master = master && master->name ? master->name : "",
		.card = card,
	};
	enum ledger_status status;
	bool known;

	memset(record, 0, sizeof(*record));
	if (!db_begin(l))
		return LEDGER_FAILED;
	status = lease_hold_of(l, request);
	if (status == LEDGER_OK)
		status = request_is_open(l, request);
	if (status == LEDGER_OK)
		status = meet_card(l, card, request, &known);
	if (status == LEDGER_OK && known)
		status = check_card(l, card, &a.again);
	if (status == LEDGER_OK)
		status = choose(l, &a, record);
	if (status == LEDGER_OK && !a.again)
		status = limits_count(l, record->order);
	if (status == LEDGER_OK)
		status = bind_record(l, request, card, record);
	status = db_end(l, status);
	if (status == LEDGER_OK)
		status = witness_note(l);
	if (status != LEDGER_OK)
		explicit_bzero(record, sizeof(*record));
	return status;
}
