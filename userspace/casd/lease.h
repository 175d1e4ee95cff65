/* SPDX-License-Identifier: GPL-2.0-only */
/* Keeps the leases of the stations that this daemon serves, and stops when they have run out. */
#ifndef CASD_LEASE_H
#define CASD_LEASE_H

#include "casd.h"

struct station;

/* lease_open() - begin to renew them; false if there is no memory */
bool lease_open(struct casd *casd);
void lease_close(struct casd *casd);

/**
 * struct lease_asked - a lease that is being taken, for a station whose HELLO has come
 * @at: when the worker asked for it, ms
 * @lapses: how often all leases had run out when HELLO came
 * @status: of the ledger
 * @epoch: of the lease
 */
struct lease_asked {
	int64_t at;
	unsigned int lapses;
	enum ledger_status status;
	uint64_t epoch;
};

/*
 * lease_may_take() - NULL, or why the station at @st must not be leased now
 *
 * A lease is of one address, and an address has one lease: one that is another station's now gives
 * that up first.
 */
const char *lease_may_take(struct station *st, const uint8_t uuid[16]);

/* lease_ask() - begin; lease_taken() follows */
void lease_ask(struct station *st, const uint8_t uuid[16], struct lease_asked *asked);

/* lease_run() - take it; in the ledger's worker. @name: of the station, for the log */
void lease_run(struct ledger *l, const char *name, const uint8_t station[16],
	       struct lease_asked *asked);

/*
 * lease_taken() - the worker is done
 *
 * Return: NULL, or why not: no session may go on with the station, and it gets no HELLO.
 */
const char *lease_taken(struct station *st, const struct lease_asked *asked);

/*
 * lease_over() - the time is over for which this process can be sure of its stations
 *
 * It was stopped, or the database was away for too long: another daemon may serve them, and nothing
 * more is said to their cards. The database says the same of whatever is to be recorded.
 */
bool lease_over(const struct casd *casd);

#endif
