/* SPDX-License-Identifier: GPL-2.0-only */
/* The control connection to one station: hello, requests, results, dispositions. */
#ifndef CASD_CONTROL_H
#define CASD_CONTROL_H

#include <sys/socket.h>

#include "casd.h"
#include "link.h"
#include "mux.h"
#include "pool.h"

struct session;

/**
 * struct station - a station that this CAS serves; the event loop's, but for @casd and @name
 * @casd: the daemon
 * @name: as on the command line; never changes
 * @addr: of its control socket
 * @addr_len: of @addr
 * @link: NULL while there is no connection
 * @one_connection: channels come over @link as well
 * @mux: they do so now; NULL while there is no connection
 * @tick: reconnects, keeps alive
 * @backoff: seconds until the next attempt
 * @connection: counts them, so that what belongs to an earlier one is known
 * @jobs: that workers have for it, or will have
 * @greeting: its HELLO is being recorded: nothing is read meanwhile
 * @greeted: both HELLOs were exchanged
 * @stuck: a disposition could not be committed: later ones must wait for it
 * @held: why no session may start, NULL if they may
 * @refused: why it stays so until the next HELLO, NULL if not
 * @behind: dispositions up to @last_disposition are still to come
 * @unsure: it is not known yet that all results at the station were given here
 * @asked: an INVENTORY is to come
 * @unknown: requests of this INVENTORY whose results were not given here
 * @leased: to this daemon, as far as it knows
 * @asking: HELLOs with which a lease is being taken, also those of earlier connections
 * @lease_of: whose it is, or is to be: @uuid may be another one since
 * @letting_go: no longer, as soon as that is recorded
 * @lease_epoch: of the lease
 * @away_since: it is leased, but said no HELLO; ms, 0 if it did
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
	unsigned int connection;
	unsigned int jobs;
	bool greeting;
	bool greeted;
	bool stuck;
	const char *held;
	const char *refused;
	bool behind;
	bool unsure;
	bool asked;
	unsigned int unknown;
	bool leased;
	unsigned int asking;
	uint8_t lease_of[16];
	bool letting_go;
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

/* control_end_all() - ends all sessions and connections; what workers do goes on */
void control_end_all(struct casd *casd);

/* control_remove_all() - and the stations, once the workers have ended */
void control_remove_all(struct casd *casd);

/* control_text() - a field's bytes as text, cut to @cap - 1 */
void control_text(char *out, size_t cap, const struct ck_field *f);

/* ---- what the ledger's worker does for a station, in the order of its frames ---- */

/**
 * struct station_job - a job of a station; the first member of what it needs
 * @job: for the pool
 * @casd: of the station: its ledger
 * @name: of the station
 * @station: the event loop's
 * @connection: that the frame came on
 */
struct station_job {
	struct job job;
	struct casd *casd;
	const char *name;
	struct station *station;
	unsigned int connection;
};

/* control_job() - zeroed, of @size bytes; @done frees it. NULL: no memory */
void *control_job(struct station *st, size_t size, void (*run)(struct job *job),
		  void (*done)(struct job *job));
void control_submit(struct station_job *j);

/* control_job_done() - first in @done; whether the connection is still the one */
bool control_job_done(struct station_job *j);

/*
 * control_job_begins(), control_job_over() - counts the jobs of a station
 *
 * With too many nothing more is read from it, so that what it can make this daemon keep is
 * limited; else all is read as it comes, and a PING is answered whatever the workers do.
 */
void control_job_begins(struct station *st);
void control_job_over(struct station *st);

/* control_mind() - read from the station, or do not, as it is now */
void control_mind(struct station *st);

#endif
