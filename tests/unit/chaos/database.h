/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What chaos/sqlite_test does to a database: SQLite's file in sqlite.c, a PostgreSQL server in
 * postgres.c.
 */
#ifndef TESTS_CHAOS_DATABASE_H
#define TESTS_CHAOS_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct chaos_database - how the CAS works with it
 * @twins: daemons at a time
 * @lease: that they are told, seconds
 * @lease_ms: after so long another one may have a station: of whole seconds
 * @between: ms, from fault to fault at most
 * @crashes: whether it is a process of its own, which may be killed
 */
struct chaos_database {
	int twins;
	const char *lease;
	unsigned int lease_ms;
	uint32_t between;
	bool crashes;
};

extern const struct chaos_database chaos_database;

/* database_begin() - @where receives what --db is; false if there is none */
bool database_begin(const char *dir, char *where, size_t cap);
void database_end(void);

/* database_remove() - as nobody had ever used it, and without a witness; no daemon runs */
void database_remove(void);

/* database_witness() - what --witness is */
const char *database_witness(void);

/* database_forget() - the witness is gone */
void database_forget(void);

/* database_fill() - no space is left for it, nor for what @daemon writes */
void database_fill(pid_t daemon);

/* database_free() - there is space again; false if that helped nothing */
bool database_free(pid_t daemon);

/* database_crash() - it is killed and comes back, and has to recover; false if it does not */
bool database_crash(void);

/* database_drop() - all connections end */
void database_drop(void);

/* database_copy() - a backup while it is used; false if it could not be made */
bool database_copy(void);

/* database_put_back() - the backup takes its place; no daemon runs. False if it failed */
bool database_put_back(void);

/* database_had_no_space() - how often it was seen to write nothing for want of it, -1: not known */
int database_had_no_space(void);

#endif
