/* SPDX-License-Identifier: GPL-2.0-only */
/* A database of SQLite as what it is outside: a file and those beside it. */
#ifndef TESTS_SQLITE_FILE_H
#define TESTS_SQLITE_FILE_H

#include <stdbool.h>

/* sqlite_file_copy() - as it is now, whoever has it open; false if it cannot be done */
bool sqlite_file_copy(const char *from, const char *to);

/* sqlite_file_remove() - with its journals, which a later file of that name would be given */
void sqlite_file_remove(const char *path);

#endif
