/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A PostgreSQL server of the test's own: in a temporary directory, on a Unix socket there, as an
 * unprivileged user, with the settings that commits need. It ends with the test.
 */
#ifndef TESTS_PGSERVER_H
#define TESTS_PGSERVER_H

#include <stdbool.h>
#include <stddef.h>

/* pgserver_start() - make it and wait until it answers; false with the reason printed */
bool pgserver_start(void);

/*
 * pgserver_small() - before it is started: it has so much space and no more, "96m"
 *
 * This process gets a mount namespace of its own. False with the reason printed.
 */
bool pgserver_small(const char *size);

/* pgserver_fill() - nothing is left of that, or it is again */
bool pgserver_fill(bool full);

/* pgserver_mend() - wait until it answers; one that has ended is started again */
bool pgserver_mend(void);

/* pgserver_count() - lines of its log with this text */
int pgserver_count(const char *text);

/* pgserver_stop() - and remove all that it had */
void pgserver_stop(void);

/* pgserver_kill() - as if its machine had lost power */
void pgserver_kill(void);

/* pgserver_again() - it comes back; @setting: such as "fsync=off", or NULL */
bool pgserver_again(const char *setting);

/* pgserver_hang() - none of its processes does anything more, or they go on; false on failure */
bool pgserver_hang(bool hang);

/* pgserver_drop() - all connections end */
void pgserver_drop(void);

/* pgserver_where() - the connection string of a database */
const char *pgserver_where(const char *name, char *where, size_t cap);

/* pgserver_environment() - postgresql:///NAME is a database of it, for this process and its children */
bool pgserver_environment(void);

/* pgserver_run() - SQL in a database; false if it failed */
bool pgserver_run(const char *name, const char *sql);

/* pgserver_make() - a new database, empty or a copy of @from, which nobody may be using;
 * none is removed before the end
 */
bool pgserver_make(const char *name, const char *from);

/* pgserver_empty() - a ledger's database as it was at first; much faster than another one */
bool pgserver_empty(const char *name);

/* pgserver_backup() - pg_dump, while others use the database; false if it failed */
bool pgserver_backup(const char *name);

/* pgserver_restore() - as it was at the last backup; nobody uses it */
bool pgserver_restore(const char *name);

#endif
