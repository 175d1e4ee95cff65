// SPDX-License-Identifier: GPL-2.0-only
/* Databases of a PostgreSQL server, for the cases of the ledger. */
#include "database.h"
#include "postgres.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "libledger/statement.h"
#include "../database/pgserver.h"

const struct ledger_database ledger_database = {
	.chain = "cas1",
	.cannot_write = "SET default_transaction_read_only = on",
	.can_write = "SET default_transaction_read_only = off",
	.older = "UPDATE meta SET value = 0 WHERE name = 'schema'",
	.unlock = { "DROP TRIGGER ledger_grows ON ledger" },
};

static char name[16], copy[16];
static bool damaged = true;	/* there is none yet */

const char *postgres_name(void)
{
	return name;
}

const char *postgres_copy(void)
{
	return copy;
}

bool database_begin(void)
{
	return pgserver_start();
}

void database_end(void)
{
	pgserver_stop();
}

/* The same one, emptied, as long as that makes it an empty one. */
bool database_make(char *where, size_t cap)
{
	static unsigned int count;

	if (damaged) {
		snprintf(name, sizeof(name), "ledger%u", count++);
		if (!pgserver_make(name, NULL))
			return false;
		damaged = false;
	} else if (!pgserver_empty(name)) {
		return false;
	}
	pgserver_where(name, where, cap);
	return true;
}

void database_damaged(void)
{
	damaged = true;
}

/* They all go with the server. */
void database_remove(void)
{
}

bool database_copy(char *where, size_t cap)
{
	static unsigned int count;

	snprintf(copy, sizeof(copy), "copy%u", count++);
	pgserver_where(copy, where, cap);
	return pgserver_make(copy, name);
}

void database_remove_copy(const char *where)
{
	(void)where;
}

/* What statements can see: old versions of a row are the server's. */
bool database_has(struct ledger *l, const void *bytes, size_t len)
{
	struct statement *s = db_prepare(l, "SELECT 1 FROM record WHERE position(? IN sealed) > 0",
					 "b", bytes, len);
	bool failed, found;

	assert_non_null(s);
	found = db_next(l, s, &failed);
	assert_false(failed);
	db_finalize(s);
	return found;
}
