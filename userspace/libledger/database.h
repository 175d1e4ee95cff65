/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of libledger share: transactions, ledger entries. */
#ifndef LIBLEDGER_DATABASE_H
#define LIBLEDGER_DATABASE_H

#include <cjson/cJSON.h>

#include "libledger/ledger.h"
#include "libledger/statement.h"

#define CHAIN_HASH 32

/**
 * struct ledger - an open database
 * @backend: kind of it
 * @db: of that kind
 * @anew: connected again: it may be another database than before
 * @seq: last entry of the chain that was committed here, 0 for none
 * @hash: of it
 * @next_seq: one of the transaction that is under way, 0 for none
 * @next_hash: of it
 * @node: name of this daemon, or "casctl"
 * @chain: that its entries go to: one for all, "", if only one daemon can have the database
 * @process: number of this process of the daemon; it is an epoch of leases
 * @lease: for how many seconds it has a station
 * @witness: descriptor, -1 for none
 * @witnesses: server with the witness of several daemons, or NULL
 * @error: what failed or was refused last
 */
struct ledger {
	const struct backend *backend;
	void *db;
	bool anew;
	int64_t seq;
	uint8_t hash[CHAIN_HASH];
	int64_t next_seq;
	uint8_t next_hash[CHAIN_HASH];
	char node[LEDGER_NODE];
	char chain[LEDGER_NODE];
	int64_t process;
	unsigned int lease;
	int witness;
	struct ledger *witnesses;
	char error[256];
};

/*
 * db_begin() - a transaction
 *
 * In SQLite nobody else changes anything until db_end(). In PostgreSQL others do, but for rows that
 * are locked here; locks are taken in this order: station, card, order, record, chain, counter.
 * A disposition has the order after the record, which by then no claim waits for.
 */
bool db_begin(struct ledger *l);

/* db_end() - commit if @status is LEDGER_OK, else roll back; returns what became of it */
enum ledger_status db_end(struct ledger *l, enum ledger_status status);

/* db_wipe() - what was written over can be found nowhere any more */
bool db_wipe(struct ledger *l);

enum ledger_status db_refused(struct ledger *l, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * chain_append() - one ledger entry, within the caller's transaction
 * @body: is freed; NULL counts as out of memory
 */
bool chain_append(struct ledger *l, const char *kind, cJSON *body);

/* chain_lock() - until the end of the transaction nobody else appends to this chain */
bool chain_lock(struct ledger *l);

/* chain_goes_on() - whether the chain still has what was committed here; false on failure too */
bool chain_goes_on(struct ledger *l);

/* chain_last() - number and hash of the last entry, 0 if there is none; false on failure */
bool chain_last(struct ledger *l, int64_t *seq, uint8_t hash[CHAIN_HASH]);

/* witness_note() - the last entry was a claim: sync it to the witness, if there is one */
enum ledger_status witness_note(struct ledger *l);

/*
 * lease_hold() - this process has the station, and nobody takes it over before the transaction's
 * end; LEDGER_LEASED if not. lease_hold_of() - the same for the station of a request
 */
enum ledger_status lease_hold(struct ledger *l, const char *station);
enum ledger_status lease_hold_of(struct ledger *l, int64_t request);

/*
 * card_lock() - nobody else changes the card, nor the record that it is bound to
 *
 * What was read of them before was perhaps changed since: read it again.
 */
enum ledger_status card_lock(struct ledger *l, const char *card);

/* role_check() - LEDGER_REFUSED if persons have roles, and this one not @role */
enum ledger_status role_check(struct ledger *l, const char *person, const char *role);

/* A field of bytes as hexadecimal text. */
void chain_hex(cJSON *body, const char *name, const uint8_t *data, size_t len);

#endif
