// SPDX-License-Identifier: GPL-2.0-only
/* A file of SQLite, and what chaos does to it. */
#include "database.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../database/sqlite_file.h"

const struct chaos_database chaos_database = {
	.twins = 1, .lease = "30", .between = 100,
};

static char file[96], copy[96], witness[96];

bool database_begin(const char *dir, char *where, size_t cap)
{
	snprintf(file, sizeof(file), "%s/cas.db", dir);
	snprintf(copy, sizeof(copy), "%s/copy.db", dir);
	snprintf(witness, sizeof(witness), "%s/witness", dir);
	snprintf(where, cap, "%s", file);
	return true;
}

void database_end(void)
{
}

void database_remove(void)
{
	sqlite_file_remove(file);
	unlink(copy);
	unlink(witness);
}

const char *database_witness(void)
{
	return witness;
}

void database_forget(void)
{
	unlink(witness);
}

static void limit_files(pid_t daemon, rlim_t limit)
{
	struct rlimit r = { limit, RLIM_INFINITY };

	if (daemon > 0)
		prlimit(daemon, RLIMIT_FSIZE, &r, NULL);
}

/* Its journal grows no further. */
void database_fill(pid_t daemon)
{
	char name[112];
	struct stat st;

	snprintf(name, sizeof(name), "%s-wal", file);
	limit_files(daemon, stat(name, &st) ? 0 : (rlim_t)st.st_size);
}

bool database_free(pid_t daemon)
{
	limit_files(daemon, RLIM_INFINITY);
	return true;
}

/* It is within the daemon, and has no connections. */
bool database_crash(void)
{
	return true;
}

void database_drop(void)
{
}

bool database_copy(void)
{
	return sqlite_file_copy(file, copy);
}

bool database_put_back(void)
{
	sqlite_file_remove(file);
	return !rename(copy, file);
}

int database_had_no_space(void)
{
	return -1;
}
