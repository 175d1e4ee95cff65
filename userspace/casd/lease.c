// SPDX-License-Identifier: GPL-2.0-only
/* Leases: taken with a station's HELLO, renewed in time, given back when it stays away. */
#include "lease.h"

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

const char *lease_take(struct station *st)
{
	struct casd *casd = st->casd;
	int64_t asked = now_ms();
	enum ledger_status status;
	uint64_t epoch;

	/* Before anything else: leases that have run out are not to be mistaken for good ones. */
	if (lease_over(casd) && casd->leases)
		return "the leases have run out";
	status = ledger_lease(casd->ledger, st->uuid, &epoch);
	if (status != LEDGER_OK) {
		log_warn("lease", "station=%s reason=\"%s\"", st->name, ledger_error(casd->ledger));
		return status == LEDGER_LEASED ? "another CAS serves the station" :
						 "the station's lease cannot be recorded";
	}
	/* Its requests have ended in the database: nothing of them may go on here. */
	if (epoch != st->lease_epoch)
		session_end_all(st, "the station was leased anew");
	st->lease_epoch = epoch;
	if (!st->leased) {
		st->leased = true;
		if (!casd->leases++)
			casd->lease_until = asked + casd->lease * 1000LL;
	}
	return NULL;
}

/* A station that this daemon does not reach may be one that another one reaches. */
static void let_go(struct station *st)
{
	struct casd *casd = st->casd;

	if (ledger_let_go(casd->ledger, st->uuid) != LEDGER_OK)
		log_warn("lease", "station=%s reason=\"%s\"", st->name, ledger_error(casd->ledger));
	log_info("let-go", "station=%s", st->name);
	st->leased = false;
	casd->leases--;
	session_end_all(st, "the station stayed away");
}

static void lapse(struct casd *casd, const char *why)
{
	struct station *st;

	log_error("lease", "reason=\"%s\"", why);
	LIST_FOREACH(st, &casd->stations, entry)
		if (st->leased)
			drop(st, why);
	casd->leases = 0;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct casd *casd = arg;
	int64_t asked = now_ms();
	struct station *st;
	unsigned int held;

	(void)fd;
	(void)what;
	if (!casd->leases)
		return;
	if (lease_over(casd)) {
		lapse(casd, "the leases have run out: this process was stopped, or its database");
		return;
	}
	LIST_FOREACH(st, &casd->stations, entry) {
		if (!st->leased)
			continue;
		if (st->greeted)
			st->away_since = 0;
		else if (!st->away_since)
			st->away_since = asked;
		else if (asked - st->away_since >= casd->lease * 1000LL)
			let_go(st);
	}
	if (!casd->leases)
		return;
	if (ledger_renew(casd->ledger, &held) != LEDGER_OK)
		log_error("lease", "reason=\"%s\"", ledger_error(casd->ledger));
	else if (held != casd->leases)
		lapse(casd, "another process has taken stations over");
	else
		casd->lease_until = asked + casd->lease * 1000LL;
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
