// SPDX-License-Identifier: GPL-2.0-only
/* Files, for the cases of the ledger. */
#include "database.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../database/sqlite_file.h"

const struct ledger_database ledger_database = {
	.chain = "",
	.cannot_write = "PRAGMA query_only = ON",
	.can_write = "PRAGMA query_only = OFF",
	.older = "PRAGMA user_version = 0",
	.unlock = { "DROP TRIGGER ledger_no_update", "DROP TRIGGER ledger_no_delete" },
};

static char file[32];

bool database_begin(void)
{
	return true;
}

void database_end(void)
{
}

bool database_make(char *where, size_t cap)
{
	int fd;

	strcpy(file, "/tmp/ledger-test-XXXXXX");
	fd = mkstemp(file);
	if (fd < 0)
		return false;
	close(fd);
	snprintf(where, cap, "%s", file);
	return true;
}

/* Each has a file of its own. */
void database_damaged(void)
{
}

void database_remove(void)
{
	sqlite_file_remove(file);
}

bool database_copy(char *where, size_t cap)
{
	snprintf(where, cap, "%s.old", file);
	return sqlite_file_copy(file, where);
}

void database_remove_copy(const char *where)
{
	sqlite_file_remove(where);
}

static bool in_file(const char *tail, const void *bytes, size_t len)
{
	char name[48], *buf;
	bool found;
	size_t size;
	FILE *f;

	snprintf(name, sizeof(name), "%s%s", file, tail);
	f = fopen(name, "r");
	if (!f)
		return false;
	fseek(f, 0, SEEK_END);
	size = (size_t)ftell(f);
	rewind(f);
	buf = malloc(size + 1);
	assert_non_null(buf);
	assert_int_equal(fread(buf, 1, size, f), size);
	found = memmem(buf, size, bytes, len);
	free(buf);
	fclose(f);
	return found;
}

/* In the file, or in the log beside it. */
bool database_has(struct ledger *l, const void *bytes, size_t len)
{
	(void)l;
	return in_file("", bytes, len) || in_file("-wal", bytes, len);
}
