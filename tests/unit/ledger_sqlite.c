// SPDX-License-Identifier: GPL-2.0-only
/* Files, for the cases of the ledger. */
#include "ledger_database.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static void remove_file(const char *path)
{
	static const char *const tails[] = { "", "-wal", "-shm" };
	char name[192];

	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%s%s", path, tails[i]);
		unlink(name);
	}
}

void database_remove(void)
{
	remove_file(file);
}

bool database_copy(char *where, size_t cap)
{
	sqlite3 *from = NULL, *to = NULL;
	sqlite3_backup *b = NULL;
	bool copied = false;

	snprintf(where, cap, "%s.old", file);
	if (sqlite3_open_v2(file, &from, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
	    sqlite3_open(where, &to) == SQLITE_OK)
		b = sqlite3_backup_init(to, "main", from, "main");
	if (b)
		copied = sqlite3_backup_step(b, -1) == SQLITE_DONE;
	sqlite3_backup_finish(b);
	sqlite3_close(to);
	sqlite3_close(from);
	return copied;
}

void database_remove_copy(const char *where)
{
	remove_file(where);
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
