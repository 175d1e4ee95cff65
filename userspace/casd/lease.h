/* SPDX-License-Identifier: GPL-2.0-only */
/* Keeps the leases of the stations that this daemon serves, and stops when they have run out. */
#ifndef CASD_LEASE_H
#define CASD_LEASE_H

#include "casd.h"

struct station;

/* lease_open() - begin to renew them; false if there is no memory */
bool lease_open(struct casd *casd);
void lease_close(struct casd *casd);

/*
 * lease_take() - have the station, whose HELLO has come
 *
 * Return: NULL, or why not: no session may go on with it, and it gets no HELLO.
 */
const char *lease_take(struct station *st);

/*
 * lease_over() - the time is over for which this process can be sure of its stations
 *
 * It was stopped, or the database was away for too long: another daemon may serve them, and nothing
 * more is said to their cards. The database says the same of whatever is to be recorded.
 */
bool lease_over(const struct casd *casd);

#endif
