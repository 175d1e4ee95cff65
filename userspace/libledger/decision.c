// SPDX-License-Identifier: GPL-2.0-only
/*
 * What no station can settle, two people decide: a record in doubt, and one that is to be on
 * another card since its own is lost. One asks, another one grants.
 */
#include <string.h>

#include "database.h"

/**
 * struct outcome - what can be decided
 * @name: of it
 * @from: state of the record
 * @to: state afterwards
 * @card: state of its card afterwards
 */
static const struct outcome {
	const char *name;
	const char *from;
	const char *to;
	const char *card;
} outcomes[] = {
	{ "good", "DOUBT", "DELIVERED", "good" },
	{ "void", "DOUBT", "VOID", "spoiled" },
	{ "free", "DOUBT", "FREE", "spoiled" },
	{ "reprint", "DELIVERED", "FREE", "spoiled" },
};

/**
 * struct subject - what is decided about
 * @record: its id
 * @state: of the record
 * @card: that it is bound to, "" for none
 * @decision: that was asked for, 0 for none
 * @outcome: of it
 * @asked_by: who asked
 */
struct subject {
	int64_t record;
	char state[16];
	char card[64];
	int64_t decision;
	char outcome[16];
	char asked_by[64];
};

static enum ledger_status find(struct ledger *l, const char *iccid, struct subject *s)
{
	struct statement *stmt = db_prepare(l,
					    "SELECT r.id, r.state, r.card, d.id, d.outcome, d.asked_by"
					    " FROM record r LEFT JOIN decision d ON d.record = r.id"
					    " AND d.state = 'asked' WHERE r.iccid = ?", "t", iccid);
	enum ledger_status status = LEDGER_OK;
	bool failed = true;

	if (!stmt)
		return LEDGER_FAILED;
	if (!db_next(l, stmt, &failed))
		status = failed ? LEDGER_FAILED : db_refused(l, "no record has this ICCID");
	else if (!db_text(stmt, 1, s->state, sizeof(s->state)) ||
		 !db_text(stmt, 2, s->card, sizeof(s->card)) ||
		 !db_text(stmt, 4, s->outcome, sizeof(s->outcome)) ||
		 !db_text(stmt, 5, s->asked_by, sizeof(s->asked_by)))
		status = db_refused(l, "the record is damaged in the database");
	s->record = db_number(stmt, 0);
	s->decision = db_number(stmt, 3);
	db_finalize(stmt);
	return status;
}

static const struct outcome *find_outcome(const char *name)
{
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
		if (!strcmp(outcomes[i].name, name))
			return &outcomes[i];
	return NULL;
}

static enum ledger_status note(struct ledger *l, const char *kind, const char *iccid,
			       const struct subject *s, const char *outcome, const char *by)
{
	cJSON *body = cJSON_CreateObject();

	cJSON_AddNumberToObject(body, "record", (double)s->record);
	cJSON_AddStringToObject(body, "iccid", iccid);
	if (*s->card)
		cJSON_AddStringToObject(body, "card", s->card);
	cJSON_AddStringToObject(body, "outcome", outcome);
	cJSON_AddStringToObject(body, "by", by);
	return chain_append(l, kind, body) ? LEDGER_OK : LEDGER_FAILED;
}

static enum ledger_status ask(struct ledger *l, const char *iccid, const struct outcome *o,
			      const char *by)
{
	struct subject s = { 0 };
	enum ledger_status status = role_check(l, by, "operator");

	if (status == LEDGER_OK)
		status = find(l, iccid, &s);
	if (status != LEDGER_OK)
		return status;
	if (strcmp(s.state, o->from))
		return db_refused(l, "the record is %s: %s is for one that is %s", s.state, o->name,
				  o->from);
	if (s.decision)
		return db_refused(l, "%s has asked for %s already", s.asked_by, s.outcome);
	if (!db_run(l, NULL,
		    "INSERT INTO decision(record, outcome, asked_by, state) VALUES(?,?,?,'asked')",
		    "itt", s.record, o->name, by))
		return LEDGER_FAILED;
	return note(l, "asked", iccid, &s, o->name, by);
}

enum ledger_status ledger_decision_ask(struct ledger *l, const char *iccid, const char *outcome,
				       const char *by)
{
	const struct outcome *o = find_outcome(outcome);

	if (!o)
		return db_refused(l, "a decision is good, void, free or reprint");
	if (!db_begin(l))
		return LEDGER_FAILED;
	return db_end(l, ask(l, iccid, o, by));
}

static enum ledger_status apply(struct ledger *l, const struct subject *s, const struct outcome *o)
{
	int n;

	/* A record that is free again belongs to no card. */
	if (!db_run(l, &n,
		    "UPDATE record SET state = ?1,"
		    " card = CASE WHEN ?1 = 'FREE' THEN NULL ELSE card END,"
		    " request = CASE WHEN ?1 = 'FREE' THEN NULL ELSE request END WHERE id = ?2 AND state = ?3",
		    "tit", o->to, s->record, o->from))
		return LEDGER_FAILED;
	if (n != 1)
		return db_refused(l, "the record is no longer %s", o->from);
	if (*s->card && !db_run(l, NULL, "UPDATE card SET state = ? WHERE identity = ?", "tt",
				o->card, s->card))
		return LEDGER_FAILED;
	return LEDGER_OK;
}

static enum ledger_status grant(struct ledger *l, const char *iccid, bool yes, const char *by)
{
	struct subject s = { 0 };
	enum ledger_status status = find(l, iccid, &s);
	const struct outcome *o;
	int n;

	/* Another one may grant or refuse it just now. */
	if (status == LEDGER_OK && *s.card)
		status = card_lock(l, s.card);
	if (status == LEDGER_OK)
		status = find(l, iccid, &s);
	if (status != LEDGER_OK)
		return status;
	if (!s.decision)
		return db_refused(l, "nobody asked for a decision about this record");
	o = find_outcome(s.outcome);
	if (!o)
		return db_refused(l, "the decision is damaged in the database");
	/* Who asked may take it back. */
	if (yes && !strcmp(s.asked_by, by))
		return db_refused(l, "%s asked for it: another one grants it", by);
	if (yes || strcmp(s.asked_by, by))
		status = role_check(l, by, "officer");
	if (status == LEDGER_OK && yes)
		status = apply(l, &s, o);
	if (status != LEDGER_OK)
		return status;
	if (!db_run(l, &n, "UPDATE decision SET state = ? WHERE id = ? AND state = 'asked'", "ti",
		    yes ? "granted" : "refused", s.decision))
		return LEDGER_FAILED;
	if (n != 1)
		return db_refused(l, "another one has decided meanwhile");
	return note(l, yes ? "granted" : "refused", iccid, &s, o->name, by);
}

enum ledger_status ledger_decision_grant(struct ledger *l, const char *iccid, bool yes,
					 const char *by)
{
	if (!db_begin(l))
		return LEDGER_FAILED;
	return db_end(l, grant(l, iccid, yes, by));
}
