// SPDX-License-Identifier: GPL-2.0-only
/* What an operator does to the database by hand: takes an INTENT back, adopts a station. */
#include <string.h>

#include "database.h"

/**
 * struct intent - a record that is to be taken back
 * @record: its id
 * @request: that claimed it
 * @card: identity
 * @spoiled: state of records whose cards are spoiled, as the order says
 */
struct intent {
	int64_t record;
	int64_t request;
	char card[64];
	char spoiled[8];
};

static enum ledger_status find(struct ledger *l, const char *iccid, struct intent *i)
{
	struct statement *stmt = db_prepare(l,
					    "SELECT r.id, r.request, r.card, o.spoiled, r.state, q.state"
					    " FROM record r JOIN orders o ON o.id = r.orders"
					    " LEFT JOIN request q ON q.id = r.request WHERE r.iccid = ?",
					    "t", iccid);
	enum ledger_status status = LEDGER_OK;
	char state[16], session[16];
	bool failed = true;

	if (!stmt)
		return LEDGER_FAILED;
	if (!db_next(l, stmt, &failed))
		status = failed ? LEDGER_FAILED : db_refused(l, "no record has this ICCID");
	else if (!db_text(stmt, 2, i->card, sizeof(i->card)) ||
		 !db_text(stmt, 3, i->spoiled, sizeof(i->spoiled)) ||
		 !db_text(stmt, 4, state, sizeof(state)) ||
		 !db_text(stmt, 5, session, sizeof(session)))
		status = db_refused(l, "the record is damaged in the database");
	else if (strcmp(state, "INTENT"))
		status = db_refused(l, "the record is %s: only an INTENT can be taken back", state);
	else if (!strcmp(session, "open"))
		status = db_refused(l, "a session works with the record: wait for its end");
	i->record = db_number(stmt, 0);
	i->request = db_number(stmt, 1);
	db_finalize(stmt);
	return status;
}

static enum ledger_status release(struct ledger *l, const char *iccid, struct intent *i)
{
	enum ledger_status status = find(l, iccid, i);
	cJSON *body;
	int n;

	/* The card may come again just now: its next session waits, or was waited for. */
	if (status == LEDGER_OK)
		status = card_lock(l, i->card);
	if (status == LEDGER_OK)
		status = find(l, iccid, i);
	if (status != LEDGER_OK)
		return status;
	if (!db_run(l, &n,
		    "UPDATE record SET state = ?1,"
		    " card = CASE WHEN ?1 = 'FREE' THEN NULL ELSE card END,"
		    " request = CASE WHEN ?1 = 'FREE' THEN NULL ELSE request END"
		    " WHERE id = ?2 AND state = 'INTENT' AND request = ?3",
		    "tii", i->spoiled, i->record, i->request))
		return LEDGER_FAILED;
	if (n != 1)
		return db_refused(l, "the record is no longer in INTENT");
	if (!db_run(l, NULL,
		    "UPDATE card SET state = 'spoiled' WHERE identity = ? AND request = ?"
		    " AND state = 'open'",
		    "ti", i->card, i->request))
		return LEDGER_FAILED;
	body = cJSON_CreateObject();
	cJSON_AddNumberToObject(body, "record", (double)i->record);
	cJSON_AddNumberToObject(body, "request", (double)i->request);
	cJSON_AddStringToObject(body, "iccid", iccid);
	cJSON_AddStringToObject(body, "card", i->card);
	cJSON_AddStringToObject(body, "state", i->spoiled);
	return chain_append(l, "released", body) ? LEDGER_OK : LEDGER_FAILED;
}

enum ledger_status ledger_release(struct ledger *l, const char *iccid, char state[8])
{
	struct intent i = { 0 };
	enum ledger_status status;

	if (!db_begin(l))
		return LEDGER_FAILED;
	status = db_end(l, release(l, iccid, &i));
	if (status == LEDGER_OK)
		memcpy(state, i.spoiled, sizeof(i.spoiled));
	return status;
}

static enum ledger_status adopt(struct ledger *l, const char *station, const char *epoch,
				uint64_t number, uint64_t lease_epoch)
{
	cJSON *body;
	int n;

	/* Disposition 0 is none: nothing is said of any card. */
	if (!db_run(l, &n,
		    "INSERT INTO disposition SELECT ?1, ?2, ?3, 0, 0, 'adopted' WHERE NOT EXISTS"
		    " (SELECT 1 FROM disposition WHERE station = ?1 AND journal_epoch = ?2)",
		    "tti", station, epoch, (int64_t)number))
		return LEDGER_FAILED;
	if (n != 1)
		return db_refused(l, "dispositions of this journal are known here already");
	if (!db_run(l, NULL,
		    "INSERT INTO meta(name, value) VALUES('lease_epoch', ?)"
		    " ON CONFLICT(name) DO UPDATE SET value = CASE WHEN meta.value > excluded.value"
		    " THEN meta.value ELSE excluded.value END",
		    "i", (int64_t)lease_epoch))
		return LEDGER_FAILED;
	body = cJSON_CreateObject();
	cJSON_AddStringToObject(body, "station", station);
	cJSON_AddStringToObject(body, "journal_epoch", epoch);
	cJSON_AddNumberToObject(body, "number", (double)number);
	cJSON_AddNumberToObject(body, "lease_epoch", (double)lease_epoch);
	return chain_append(l, "adopted", body) ? LEDGER_OK : LEDGER_FAILED;
}

enum ledger_status ledger_adopt(struct ledger *l, const char *station, const char *journal_epoch,
				uint64_t number, uint64_t lease_epoch)
{
	static const char digits[] = "0123456789ABCDEF";

	if (strlen(station) != 32 || strspn(station, digits) != 32 ||
	    strlen(journal_epoch) != 16 || strspn(journal_epoch, digits) != 16)
		return db_refused(l, "a station is 32 hexadecimal capitals, a journal 16");
	if (!number || number > INT64_MAX || lease_epoch > INT32_MAX)
		return db_refused(l, "the number or the lease epoch is out of range");
	if (!db_begin(l))
		return LEDGER_FAILED;
	return db_end(l, adopt(l, station, journal_epoch, number, lease_epoch));
}
