// SPDX-License-Identifier: GPL-2.0-only
/* A PostgreSQL server, and what chaos does to it. */
#include "database.h"

#include "../database/pgserver.h"

#define NAME "chaos"
#define WITNESS "witness"	/* a database that no backup is put back of */
#define SIZE "96m"

const struct chaos_database chaos_database = {
	.twins = 2, .lease = "1", .lease_ms = 2200, .between = 200, .crashes = true,
};

static bool made, full;
static char witness[128];

bool database_begin(const char *dir, char *where, size_t cap)
{
	(void)dir;
	if (!pgserver_small(SIZE) || !pgserver_start())
		return false;
	pgserver_where(NAME, where, cap);
	pgserver_where(WITNESS, witness, sizeof(witness));
	return pgserver_make(WITNESS, NULL);
}

void database_end(void)
{
	pgserver_stop();
}

void database_remove(void)
{
	made = made ? pgserver_empty(NAME) : pgserver_make(NAME, NULL);
	database_forget();
}

const char *database_witness(void)
{
	return witness;
}

void database_forget(void)
{
	pgserver_run(WITNESS, "DROP TABLE IF EXISTS witness");
}

void database_fill(pid_t daemon)
{
	(void)daemon;
	full = pgserver_fill(true);
}

/* A server that could not write its log ended. */
bool database_free(pid_t daemon)
{
	(void)daemon;
	if (!full)
		return true;
	full = false;
	return pgserver_fill(false) && pgserver_mend();
}

bool database_crash(void)
{
	pgserver_kill();
	return pgserver_again(NULL);
}

void database_drop(void)
{
	pgserver_drop();
}

bool database_copy(void)
{
	return pgserver_backup(NAME);
}

bool database_put_back(void)
{
	/* What a daemon that was killed began may be under way. */
	pgserver_drop();
	return pgserver_restore(NAME);
}

int database_had_no_space(void)
{
	return pgserver_count("No space left on device");
}
