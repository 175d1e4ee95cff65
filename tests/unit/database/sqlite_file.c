// SPDX-License-Identifier: GPL-2.0-only
/* Copies and removes a database of SQLite. */
#include "sqlite_file.h"

#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

bool sqlite_file_copy(const char *from, const char *to)
{
	sqlite3 *source = NULL, *target = NULL;
	sqlite3_backup *b = NULL;
	bool copied = false;

	if (sqlite3_open_v2(from, &source, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
	    sqlite3_open(to, &target) == SQLITE_OK)
		b = sqlite3_backup_init(target, "main", source, "main");
	if (b)
		copied = sqlite3_backup_step(b, -1) == SQLITE_DONE;
	sqlite3_backup_finish(b);
	sqlite3_close(target);
	sqlite3_close(source);
	return copied;
}

void sqlite_file_remove(const char *path)
{
	static const char *const tails[] = { "", "-wal", "-shm" };
	char name[256];

	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%s%s", path, tails[i]);
		unlink(name);
	}
}
