// SPDX-License-Identifier: GPL-2.0-only
/*
 * What becomes of an order: imported -> checked -> released -> running <-> held -> closed -> wiped.
 * Records are given out of released and running ones. A step locks the order's row: a claim is
 * before it, or finds the order in its new state.
 */
#include <stdlib.h>
#include <string.h>

#include "database.h"

/**
 * struct order - one as it is
 * @id: in the database
 * @state: its state
 * @imported_by: who imported it to be released by another one, "" if nobody has to
 * @key: name of its key
 */
struct order {
	int64_t id;
	char state[16];
	char imported_by[64];
	char key[64];
};

/**
 * struct step - what a step takes and makes
 * @name: in the ledger
 * @from: states, each with a blank after it
 * @to: state
 * @role: of who may take it, NULL for both
 */
static const struct step {
	const char *name;
	const char *from;
	const char *to;
	const char *role;
} steps[] = {
	[ORDER_CHECK] = { "check", "imported ", "checked", "operator" },
	[ORDER_RELEASE] = { "release", "checked ", "released", "officer" },
	[ORDER_HOLD] = { "hold", "released running ", "held", NULL },
	[ORDER_GO_ON] = { "go-on", "held ", "running", NULL },
	[ORDER_CLOSE] = { "close", "imported checked released running held ", "closed", NULL },
	[ORDER_WIPE] = { "wipe", "closed ", "wiped", "officer" },
};

static enum ledger_status find(struct ledger *l, const char *name, struct order *o)
{
	struct statement *stmt = db_prepare(l,
					    "SELECT id, state, imported_by, key FROM orders"
					    " WHERE name = ? FOR UPDATE",
					    "t", name);
	enum ledger_status status = LEDGER_OK;
	bool failed = true;

	if (!stmt)
		return LEDGER_FAILED;
	if (!db_next(l, stmt, &failed))
		status = failed ? LEDGER_FAILED : db_refused(l, "there is no order %s", name);
	else if (!db_text(stmt, 1, o->state, sizeof(o->state)) ||
		 !db_text(stmt, 2, o->imported_by, sizeof(o->imported_by)) ||
		 !db_text(stmt, 3, o->key, sizeof(o->key)))
		status = db_refused(l, "order %s is damaged in the database", name);
	o->id = db_number(stmt, 0);
	db_finalize(stmt);
	return status;
}

static bool is_from(const struct step *s, const char *state)
{
	const char *p = strstr(s->from, state);

	return p && p[strlen(state)] == ' ';
}

/*
 * Without the key no copy of the database says anything; here not even what was sealed is left.
 * What is open still needs it.
 */
static enum ledger_status wipe(struct ledger *l, const struct order *o,
			       bool (*destroy)(void *arg, const char *key), void *arg)
{
	struct statement *stmt = db_prepare(l,
					    "SELECT count(*) FROM record WHERE orders = ?"
					    " AND state IN('INTENT','ISSUED')", "i", o->id);
	bool failed = true;
	int64_t open = 0;

	if (stmt && db_next(l, stmt, &failed))
		open = db_number(stmt, 0);
	db_finalize(stmt);
	if (failed)
		return LEDGER_FAILED;
	if (open)
		return db_refused(l, "%lld records are open: their cards come first",
				  (long long)open);
	if (!destroy(arg, o->key))
		return db_refused(l, "the order's key could not be destroyed");
	return db_run(l, NULL, "UPDATE record SET sealed = ? WHERE orders = ?", "bi",
		      (const void *)NULL, (size_t)0, o->id) ? LEDGER_OK : LEDGER_FAILED;
}

static enum ledger_status enter(struct ledger *l, const struct order *o, const char *name,
				const struct step *s, const char *by)
{
	cJSON *body;

	if (!db_run(l, NULL, "UPDATE orders SET state = ?, failures = 0 WHERE id = ?", "ti", s->to,
		    o->id))
		return LEDGER_FAILED;
	body = cJSON_CreateObject();
	cJSON_AddStringToObject(body, "order", name);
	cJSON_AddStringToObject(body, "step", s->name);
	cJSON_AddStringToObject(body, "state", s->to);
	cJSON_AddStringToObject(body, "by", by);
	return chain_append(l, "order", body) ? LEDGER_OK : LEDGER_FAILED;
}

/* Whether the order is where the step is from. */
static enum ledger_status check(struct ledger *l, const char *name, const struct step *s,
				const char *by, struct order *o)
{
	enum ledger_status status = find(l, name, o);

	if (status == LEDGER_OK && s->role)
		status = role_check(l, by, s->role);
	if (status != LEDGER_OK)
		return status;
	if (!is_from(s, o->state))
		return db_refused(l, "order %s is %s", name, o->state);
	if (s == &steps[ORDER_RELEASE] && !strcmp(o->imported_by, by))
		return db_refused(l, "%s imported order %s: another one releases it", by, name);
	return LEDGER_OK;
}

enum ledger_status ledger_order_step(struct ledger *l, const char *order, enum order_step step,
				     const char *by)
{
	enum ledger_status status;
	struct order o = { 0 };

	if (step == ORDER_WIPE || step == ORDER_CHECK)
		return db_refused(l, "an order is checked and wiped together with its key");
	if (!db_begin(l))
		return LEDGER_FAILED;
	status = check(l, order, &steps[step], by, &o);
	if (status == LEDGER_OK)
		status = enter(l, &o, order, &steps[step], by);
	return db_end(l, status);
}

static enum ledger_status check_records(struct ledger *l, const struct order *o,
					bool (*each)(void *arg, struct ledger_record *record,
						     const char **wrong), void *arg)
{
	struct statement *stmt = db_prepare(l,
					    "SELECT line, iccid, kvn, sealed FROM record"
					    " WHERE orders = ? ORDER BY line", "i", o->id);
	struct ledger_record *r = calloc(1, sizeof(*r));
	enum ledger_status status = LEDGER_OK;
	const char *wrong = "damaged in the database";
	bool failed = true;

	if (stmt && r)
		memcpy(r->key, o->key, sizeof(r->key));
	while (stmt && r && status == LEDGER_OK && db_next(l, stmt, &failed)) {
		r->kvn = (uint8_t)db_number(stmt, 2);
		if (!db_text(stmt, 1, r->iccid, sizeof(r->iccid)) ||
		    !db_blob(stmt, 3, r->sealed, sizeof(r->sealed), &r->sealed_len) ||
		    !each(arg, r, &wrong))
			status = db_refused(l, "the record of line %lld: %s",
					    (long long)db_number(stmt, 0), wrong);
	}
	db_finalize(stmt);
	if (r)
		explicit_bzero(r, sizeof(*r));
	free(r);
	return failed ? LEDGER_FAILED : status;
}

enum ledger_status ledger_order_check(struct ledger *l, const char *order, const char *by,
				      bool (*each)(void *arg, struct ledger_record *record,
						   const char **wrong), void *arg)
{
	enum ledger_status status;
	struct order o = { 0 };

	if (!db_begin(l))
		return LEDGER_FAILED;
	status = check(l, order, &steps[ORDER_CHECK], by, &o);
	if (status == LEDGER_OK)
		status = check_records(l, &o, each, arg);
	if (status == LEDGER_OK)
		status = enter(l, &o, order, &steps[ORDER_CHECK], by);
	return db_end(l, status);
}

enum ledger_status ledger_order_wipe(struct ledger *l, const char *order, const char *by,
				     bool (*destroy)(void *arg, const char *key), void *arg)
{
	enum ledger_status status;
	struct order o = { 0 };

	if (!db_begin(l))
		return LEDGER_FAILED;
	status = check(l, order, &steps[ORDER_WIPE], by, &o);
	if (status == LEDGER_OK)
		status = wipe(l, &o, destroy, arg);
	if (status == LEDGER_OK)
		status = enter(l, &o, order, &steps[ORDER_WIPE], by);
	status = db_end(l, status);
	if (status == LEDGER_OK && !db_wipe(l))
		return LEDGER_FAILED;
	return status;
}
