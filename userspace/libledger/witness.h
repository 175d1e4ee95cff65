/* SPDX-License-Identifier: GPL-2.0-only */
/* The two kinds of a witness: a file of one daemon's (witness.c), a server's table for several. */
#ifndef LIBLEDGER_WITNESS_H
#define LIBLEDGER_WITNESS_H

#include "database.h"

/* witness_compare() - LEDGER_REFUSED if @chain lacks entry @seq with this hash */
enum ledger_status witness_compare(struct ledger *l, const char *chain, int64_t seq,
				   const uint8_t hash[CHAIN_HASH]);

/* witness_server_open() - @where: a connection string; compares */
enum ledger_status witness_server_open(struct ledger *l, const char *where);

/* witness_server_compare() - all that was given out by any daemon is in the database */
enum ledger_status witness_server_compare(struct ledger *l);

/* witness_server_note() - the last entry of this daemon's chain was a claim */
enum ledger_status witness_server_note(struct ledger *l, int64_t seq,
				       const uint8_t hash[CHAIN_HASH]);

#endif
