// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leases: taken with a station's HELLO, renewed in time, given back when it stays away.
 *
 * Context: run_*() and lease_run() the ledger's worker; lease_close() when there is none any more;
 * the rest the event loop. What is counted here follows what the worker has done.
 */
#include "lease.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control.h"
#include "log.h"
#include "session.h"

/* Counts on while the machine sleeps. */
static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/**
 * struct renewal - all leases, renewed
 * @job: of the ledger's worker
 * @casd: whose
 * @asked: when the worker did, ms
 * @lapses: how often they had run out when that was wanted
 * @status: of the ledger
 * @held: how many it renewed
 */
struct renewal {
	struct job job;
	struct casd *casd;
	int64_t asked;
	unsigned int lapses;
	enum ledger_status status;
	unsigned int held;
};

/**
 * struct let_go - a lease that ends before its time
 * @job: of the ledger's worker
 * @casd: whose
 * @station: NULL for all
 * @uuid: of it
 * @recorded: it has ended
 */
struct let_go {
	struct job job;
	struct casd *casd;
	struct station *station;
	uint8_t uuid[16];
	bool recorded;
};

bool lease_over(const struct casd *casd)
{
	return now_ms() >= casd->lease_until;
}

static void drop(struct station *st, const char *why)
{
	st->leased = false;
	session_end_all(st, why);
	control_disconnect(st, why);
}

static const char *run_out(const struct casd *casd)
{
	return lease_over(casd) && casd->leases ? "the leases have run out" : NULL;
}

void lease_ask(struct station *st, const uint8_t uuid[16], struct lease_asked *asked)
{
	st->asking++;
	memcpy(st->lease_of, uuid, sizeof(st->lease_of));
	asked->lapses = st->casd->lapses;
	asked->status = LEDGER_FAILED;
}

void lease_run(struct ledger *l, const char *name, const uint8_t station[16],
	       struct lease_asked *asked)
{
	asked->at = now_ms();
	asked->status = ledger_lease(l, station, &asked->epoch);
	if (asked->status != LEDGER_OK)
		log_warn("lease", "station=%s reason=\"%s\"", name, ledger_error(l));
}

const char *lease_taken(struct station *st, const struct lease_asked *asked)
{
	struct casd *casd = st->casd;

	st->asking--;
	if (asked->status != LEDGER_OK)
		return asked->status == LEDGER_LEASED ? "another CAS serves the station" :
							"the station's lease cannot be recorded";
	/* All were let go after it, in the database too. */
	if (asked->lapses != casd->lapses)
		return "the leases have run out";
	/* Its requests have ended in the database: nothing of them may go on here. */
	if (asked->epoch != st->lease_epoch)
		session_end_all(st, "the station was leased anew");
	st->lease_epoch = asked->epoch;
	st->away_since = 0;
	if (!st->leased) {
		st->leased = true;
		if (!casd->leases++)
			casd->lease_until = asked->at + casd->lease * 1000LL;
	}
	return run_out(casd);
}

/* ---- letting go ---- */

static void run_let_go(struct job *job)
{
	struct let_go *j = (struct let_go *)job;
	struct ledger *l = j->casd->ledger;

	j->recorded = ledger_let_go(l, j->station ? j->uuid : NULL) == LEDGER_OK;
	if (!j->recorded)
		log_warn("lease", "reason=\"%s\"", ledger_error(l));
}

static void gone(struct job *job)
{
	struct let_go *j = (struct let_go *)job;
	struct station *st = j->station;

	/* It may have been among all that were let go meanwhile. Without a record it counts. */
	if (st && j->recorded && st->leased) {
		st->leased = false;
		j->casd->leases--;
	}
	if (st)
		st->letting_go = false;
	free(j);
}

/* @st: NULL for all. Their sessions have ended: the next one to have them may be another CAS. */
static void let_go(struct casd *casd, struct station *st, const char *why)
{
	struct let_go *j = calloc(1, sizeof(*j));

	/* Then the database lets go when the time is over. */
	if (!j)
		return;
	j->job.run = run_let_go;
	j->job.done = gone;
	j->casd = casd;
	j->station = st;
	if (st) {
		memcpy(j->uuid, st->lease_of, sizeof(j->uuid));
		st->letting_go = true;
		log_info("let-go", "station=%s reason=\"%s\"", st->name, why);
		session_end_all(st, why);
	}
	pool_submit(casd->pool, POOL_LEDGER, &j->job);
}

static bool has_lease(const struct station *st)
{
	return st->leased || st->asking;
}

const char *lease_may_take(struct station *st, const uint8_t uuid[16])
{
	struct casd *casd = st->casd;
	struct station *other;

	/* Before anything else: leases that have run out are not to be mistaken for good ones. */
	if (run_out(casd))
		return run_out(casd);
	LIST_FOREACH(other, &casd->stations, entry)
		if (other != st && has_lease(other) && !memcmp(other->lease_of, uuid, 16))
			return "another address has the station";
	if (!has_lease(st) || !memcmp(st->lease_of, uuid, 16))
		return NULL;
	if (st->leased && !st->letting_go)
		let_go(casd, st, "another station is there now");
	return "the lease of the station that was there before is not over";
}

static void lapse(struct casd *casd, const char *why)
{
	struct station *st;

	log_error("lease", "reason=\"%s\"", why);
	LIST_FOREACH(st, &casd->stations, entry)
		if (st->leased)
			drop(st, why);
	casd->leases = 0;
	casd->lapses++;
	/* Some may last a little longer in the database: what is renewed is what is held here. */
	let_go(casd, NULL, why);
}

/* ---- renewing ---- */

static void run_renew(struct job *job)
{
	struct renewal *j = (struct renewal *)job;
	struct ledger *l = j->casd->ledger;

	j->asked = now_ms();
	j->status = ledger_renew(l, &j->held);
	if (j->status != LEDGER_OK)
		log_error("lease", "reason=\"%s\"", ledger_error(l));
}

/*
 * What the worker did before is known here by now, and nothing of what it does afterwards: so both
 * count the same leases.
 */
static void renewed(struct job *job)
{
	struct renewal *j = (struct renewal *)job;
	struct casd *casd = j->casd;

	casd->renewing = false;
	if (j->status == LEDGER_OK && j->lapses == casd->lapses) {
		if (j->held != casd->leases)
			lapse(casd, "another process has taken stations over");
		else
			casd->lease_until = j->asked + casd->lease * 1000LL;
	}
	free(j);
}

static void renew(struct casd *casd)
{
	struct renewal *j = casd->renewing ? NULL : calloc(1, sizeof(*j));

	if (!j)
		return;
	j->job.run = run_renew;
	j->job.done = renewed;
	j->casd = casd;
	j->lapses = casd->lapses;
	j->status = LEDGER_FAILED;
	casd->renewing = true;
	/* However much stations want of the database: without leases none of it counts. */
	pool_submit_first(casd->pool, POOL_LEDGER, &j->job);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct casd *casd = arg;
	int64_t now = now_ms();
	struct station *st;

	(void)fd;
	(void)what;
	if (!casd->leases)
		return;
	if (lease_over(casd)) {
		lapse(casd, "the leases have run out: this process was stopped, or its database");
		return;
	}
	/* A station that this daemon does not reach may be one that another one reaches. */
	LIST_FOREACH(st, &casd->stations, entry) {
		if (!st->leased || st->letting_go)
			continue;
		if (st->greeted || st->greeting)
			st->away_since = 0;
		else if (!st->away_since)
			st->away_since = now;
		else if (now - st->away_since >= casd->lease * 1000LL)
			let_go(casd, st, "the station stayed away");
	}
	renew(casd);
}

bool lease_open(struct casd *casd)
{
	struct timeval every = {
		.tv_sec = casd->lease / 4, .tv_usec = casd->lease % 4 * 250000,
	};

	casd->renewal = event_new(casd->base, -1, EV_PERSIST, on_tick, casd);
	return casd->renewal && !event_add(casd->renewal, &every);
}

void lease_close(struct casd *casd)
{
	if (casd->leases && ledger_let_go(casd->ledger, NULL) != LEDGER_OK)
		log_warn("lease", "reason=\"%s\"", ledger_error(casd->ledger));
	if (casd->renewal)
		event_free(casd->renewal);
}
