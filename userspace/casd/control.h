/* SPDX-License-Identifier: GPL-2.0-only */
/* The control connection to one station: hello, requests, results, dispositions. */
#ifndef CASD_CONTROL_H
#define CASD_CONTROL_H

#include <sys/socket.h>

#include "casd.h"
#include "link.h"
#include "mux.h"

struct session;

/**
 * struct station - a station that this CAS serves
 * @casd: the daemon
 * @name: as on the command line
 * @addr: of its control socket
 * @addr_len: of @addr
 * @link: NULL while there is no connection
 * @one_connection: channels come over @link as well
 * @mux: they do so now; NULL while there is no connection
 * @tick: reconnects, keeps alive
 * @backoff: seconds until the next attempt
 * @greeted: both HELLOs were exchanged
 * @stuck: a disposition could not be committed: later ones must wait for it
 * @held: why no session may start, NULL if they may
 * @refused: why it stays so until the next HELLO, NULL if not
 * @behind: dispositions up to @last_disposition are still to come
 * @unsure: it is not known yet that all results at the station were given here
 * @asked: an INVENTORY is to come
 * @unknown: requests of this INVENTORY whose results were not given here
 * @leased: to this daemon, as far as it knows
 * @lease_epoch: of the lease
 * @away_since: it is leased, but not connected; ms, 0 if it is
 * @uuid: from HELLO
 * @boot_id: from HELLO
 * @journal_epoch: from HELLO
 * @last_disposition: from HELLO
 * @sessions: live ones
 */
struct station {
	struct casd *casd;
	char name[64];
	struct sockaddr_storage addr;
	socklen_t addr_len;
	struct link *link;
	bool one_connection;
	struct mux *mux;
	struct event *tick;
	unsigned int backoff;
	bool greeted;
	bool stuck;
	const char *held;
	const char *refused;
	bool behind;
	bool unsure;
	bool asked;
	unsigned int unknown;
	bool leased;
	uint64_t lease_epoch;
	int64_t away_since;
	uint8_t uuid[16];
	uint8_t boot_id[16];
	uint64_t journal_epoch;
	uint64_t last_disposition;
	LIST_HEAD(session_list, session) sessions;

	LIST_ENTRY(station) entry;
};

/*
 * control_add() - serve the station at HOST:PORT, a numeric address; with ,mux behind it its
 * channels share that connection. NULL, or what is wrong.
 */
const char *control_add(struct casd *casd, const char *address);

/* control_disconnect() - end the connection, if there is one, and try again later */
void control_disconnect(struct station *st, const char *why);

/* control_remove_all() - ends all sessions and connections */
void control_remove_all(struct casd *casd);

#endif
