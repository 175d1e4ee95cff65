/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the CAS daemon share.
 *
 * There is one event loop, and a few workers for what may block (pool.h). Everything is the loop's,
 * but for what is said to be a worker's; a file whose functions run in both says which do.
 */
#ifndef CASD_CASD_H
#define CASD_CASD_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "libledger/ledger.h"
#include "libtoken/token.h"

struct orders;
struct pool;
struct station;

/**
 * struct casd - the daemon
 * @base: the one event loop
 * @pool: its workers
 * @ledger: database; of POOL_LEDGER while there is a pool, else of the main thread
 * @token: keys; of POOL_TOKEN, likewise
 * @transport: label of the key in the token that the records' keys are wrapped under
 * @profiles: directory of the applications' scripts
 * @profile_key: whose signature they must have, NULL if they need none
 * @name: of this CAS, for HELLO
 * @order: that records are taken from, NULL for any
 * @ping_interval: ms of a station's silence before a PING; after three of them it is given up
 * @lease: for how many seconds a station is leased
 * @lease_until: when the leases run out, ms of the clock that also counts sleep
 * @leases: stations that are leased
 * @lapses: how often they have run out, or were taken
 * @renewing: that is under way
 * @renewal: timer
 * @orders: of the operator, NULL without --control
 * @stations: control connections
 */
struct casd {
	struct event_base *base;
	struct pool *pool;
	struct ledger *ledger;
	struct token *token;
	const char *transport;
	const char *profiles;
	struct evp_pkey_st *profile_key;
	const char *name;
	const char *order;
	unsigned int ping_interval;
	unsigned int lease;
	int64_t lease_until;
	unsigned int leases;
	unsigned int lapses;
	bool renewing;
	struct event *renewal;
	struct orders *orders;
	LIST_HEAD(station_list, station) stations;
};

#endif
