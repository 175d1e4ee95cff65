// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may do what: an operator prepares, an officer lets go, and nobody is both. Where no person
 * has a role, it still takes two of them.
 */
#include <string.h>

#include "database.h"

static enum ledger_status role_of(struct ledger *l, const char *person, char role[16])
{
	struct statement *stmt = db_prepare(l, "SELECT role FROM role WHERE person = ?", "t",
					    person);
	bool failed = true;

	*role = '\0';
	if (stmt && db_next(l, stmt, &failed) && !db_text(stmt, 0, role, 16))
		failed = true;
	db_finalize(stmt);
	return failed ? LEDGER_FAILED : LEDGER_OK;
}

static enum ledger_status count(struct ledger *l, const char *role, int64_t *n)
{
	struct statement *stmt = db_prepare(l, "SELECT count(*) FROM role WHERE role LIKE ?", "t",
					    role);
	bool failed = true;

	if (stmt && db_next(l, stmt, &failed))
		*n = db_number(stmt, 0);
	db_finalize(stmt);
	return failed ? LEDGER_FAILED : LEDGER_OK;
}

enum ledger_status role_check(struct ledger *l, const char *person, const char *role)
{
	enum ledger_status status;
	char have[16];
	int64_t n = 0;

	status = count(l, "%", &n);
	if (status != LEDGER_OK || !n)
		return status;
	status = role_of(l, person, have);
	if (status == LEDGER_OK && strcmp(have, role))
		status = db_refused(l, "%s is no %s", person, role);
	return status;
}

static enum ledger_status set(struct ledger *l, const char *person, const char *role,
			      const char *by)
{
	enum ledger_status status;
	int64_t officers = 0;
	cJSON *body;

	/* One after the other: two officers must not end each other's role at once. */
	if (!chain_lock(l))
		return LEDGER_FAILED;
	status = count(l, "officer", &officers);
	if (status == LEDGER_OK && officers)
		status = role_check(l, by, "officer");
	if (status == LEDGER_OK && officers && !strcmp(person, by))
		status = db_refused(l, "nobody changes the own role");
	if (status != LEDGER_OK)
		return status;
	if (!(role ? db_run(l, NULL,
			    "INSERT INTO role(person, role) VALUES(?, ?)"
			    " ON CONFLICT(person) DO UPDATE SET role = excluded.role", "tt", person,
			    role) :
		     db_run(l, NULL, "DELETE FROM role WHERE person = ?", "t", person)))
		return LEDGER_FAILED;
	body = cJSON_CreateObject();
	cJSON_AddStringToObject(body, "person", person);
	cJSON_AddStringToObject(body, "role", role ? role : "none");
	cJSON_AddStringToObject(body, "by", by);
	return chain_append(l, "role", body) ? LEDGER_OK : LEDGER_FAILED;
}

enum ledger_status ledger_role_set(struct ledger *l, const char *person, const char *role,
				   const char *by)
{
	if (role && strcmp(role, "operator") && strcmp(role, "officer"))
		return db_refused(l, "a role is operator or officer");
	if (!*person || strlen(person) > 63)
		return db_refused(l, "a person's name has 1 to 63 characters");
	if (!db_begin(l))
		return LEDGER_FAILED;
	return db_end(l, set(l, person, role, by));
}
