// SPDX-License-Identifier: GPL-2.0-only
/*
 * A key that nobody knows comes in components, each of another person. Until all are there they are
 * kept sealed; then they are put together by who can unseal them, and are gone here.
 */
#include <stdio.h>
#include <string.h>

#include "database.h"

#define PARTS_MAX 9
#define NAME_MAX_LEN 48

/* How many components the key has, if they are of the same ceremony. */
static enum ledger_status count(struct ledger *l, const struct ledger_component *c,
				unsigned int *have)
{
	struct statement *stmt = db_prepare(l,
					    "SELECT count(*),"
					    " coalesce(sum(CASE WHEN person = ? THEN 1 ELSE 0 END), 0),"
					    " coalesce(sum(CASE WHEN parts = ? AND purpose = ? THEN 0"
					    " ELSE 1 END), 0) FROM component WHERE name = ?",
					    "titt", c->by, (int64_t)c->parts, c->use, c->name);
	enum ledger_status status = LEDGER_OK;
	bool failed = true;

	if (!stmt || !db_next(l, stmt, &failed))
		status = LEDGER_FAILED;
	else if (db_number(stmt, 1))
		status = db_refused(l, "%s has entered a component of %s already", c->by, c->name);
	else if (db_number(stmt, 2))
		status = db_refused(l, "the key %s was begun with another use or number of"
				    " components", c->name);
	else
		*have = (unsigned int)db_number(stmt, 0);
	db_finalize(stmt);
	return status;
}

/* Everybody has a role, once there are roles, and in the end both are there. */
static enum ledger_status check_roles(struct ledger *l, const struct ledger_component *c, bool last)
{
	struct statement *stmt = db_prepare(l,
					    "SELECT count(*),"
					    " coalesce(sum(CASE WHEN person = ?1 THEN 1 ELSE 0 END), 0),"
					    " count(DISTINCT CASE WHEN person = ?1 OR person IN"
					    " (SELECT person FROM component WHERE name = ?2)"
					    " THEN role END) FROM role", "tt", c->by, c->name);
	enum ledger_status status = LEDGER_OK;
	bool failed = true;

	if (!stmt || !db_next(l, stmt, &failed))
		status = LEDGER_FAILED;
	else if (db_number(stmt, 0) && !db_number(stmt, 1))
		status = db_refused(l, "%s is neither operator nor officer", c->by);
	else if (db_number(stmt, 0) && last && db_number(stmt, 2) < 2)
		status = db_refused(l, "one of the people must be an operator and one an officer");
	db_finalize(stmt);
	return status;
}

static enum ledger_status put(struct ledger *l, const struct ledger_component *c,
			      unsigned int part)
{
	cJSON *body;

	if (!db_run(l, NULL,
		    "INSERT INTO component(name, part, parts, purpose, person, sealed)"
		    " VALUES(?,?,?,?,?,?)", "tiittb", c->name, (int64_t)part, (int64_t)c->parts,
		    c->use, c->by, c->sealed, c->len))
		return LEDGER_FAILED;
	body = cJSON_CreateObject();
	cJSON_AddStringToObject(body, "key", c->name);
	cJSON_AddStringToObject(body, "use", c->use);
	cJSON_AddNumberToObject(body, "component", part);
	cJSON_AddNumberToObject(body, "of", c->parts);
	cJSON_AddStringToObject(body, "kcv", c->kcv);
	cJSON_AddStringToObject(body, "by", c->by);
	return chain_append(l, "component", body) ? LEDGER_OK : LEDGER_FAILED;
}

static enum ledger_status join(struct ledger *l, const struct ledger_component *c,
			       const struct ledger_join *join)
{
	struct statement *stmt = db_prepare(l,
					    "SELECT sealed FROM component WHERE name = ?"
					    " ORDER BY part", "t", c->name);
	uint8_t sealed[LEDGER_COMPONENT_MAX];
	bool failed = true, ok = stmt;
	char kcv[7] = "";
	cJSON *body;
	size_t len;

	while (ok && db_next(l, stmt, &failed))
		ok = db_blob(stmt, 0, sealed, sizeof(sealed), &len) &&
		     join->add(join->arg, sealed, len);
	db_finalize(stmt);
	if (failed)
		return LEDGER_FAILED;
	if (!ok || !join->make(join->arg, kcv))
		return db_refused(l, "key %s: %s", c->name, join->error(join->arg));
	if (!db_run(l, NULL, "DELETE FROM component WHERE name = ?", "t", c->name))
		return LEDGER_FAILED;
	body = cJSON_CreateObject();
	cJSON_AddStringToObject(body, "key", c->name);
	cJSON_AddStringToObject(body, "use", c->use);
	cJSON_AddStringToObject(body, "kcv", kcv);
	return chain_append(l, "key", body) ? LEDGER_OK : LEDGER_FAILED;
}

enum ledger_status ledger_component(struct ledger *l, const struct ledger_component *c,
				    const struct ledger_join *how, bool *complete)
{
	enum ledger_status status;
	unsigned int have = 0;

	*complete = false;
	if (c->parts < 2 || c->parts > PARTS_MAX || !*c->name || strlen(c->name) > NAME_MAX_LEN ||
	    c->len > LEDGER_COMPONENT_MAX)
		return db_refused(l, "a key comes in 2 to 9 components, its name has 1 to 48"
				  " characters");
	if (!db_begin(l))
		return LEDGER_FAILED;
	/* One component after the other, as they are counted. */
	status = chain_lock(l) ? count(l, c, &have) : LEDGER_FAILED;
	if (status == LEDGER_OK)
		status = check_roles(l, c, have + 1 == c->parts);
	if (status == LEDGER_OK)
		status = put(l, c, have + 1);
	if (status == LEDGER_OK && have + 1 == c->parts)
		status = join(l, c, how);
	status = db_end(l, status);
	*complete = status == LEDGER_OK && have + 1 == c->parts;
	return status;
}

enum ledger_status ledger_component_drop(struct ledger *l, const char *name, const char *by)
{
	enum ledger_status status = LEDGER_OK;
	cJSON *body;
	int n;

	if (!db_begin(l))
		return LEDGER_FAILED;
	if (!db_run(l, &n, "DELETE FROM component WHERE name = ?", "t", name)) {
		status = LEDGER_FAILED;
	} else if (!n) {
		status = db_refused(l, "no component of a key %s is here", name);
	} else {
		body = cJSON_CreateObject();
		cJSON_AddStringToObject(body, "key", name);
		cJSON_AddNumberToObject(body, "dropped", n);
		cJSON_AddStringToObject(body, "by", by);
		if (!chain_append(l, "component", body))
			status = LEDGER_FAILED;
	}
	return db_end(l, status);
}
