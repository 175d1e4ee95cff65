// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control unit as a whole: identity, start, dispositions on their way to the CAS, and the end.
 */
#include "station.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CAS_MS		120000	/* how long a run that is to end waits for a CAS */
#define ACK_MS		60000	/* and for the last acknowledgments */
#define DRAIN_ACK_MS	5000	/* the same when the operator wants it to end */

void report(const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* Text of a card, a machine or a CAS must not steer the terminal. */
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	fprintf(stderr, "stationd: %s\n", text);
}

uint64_t station_now(const struct station *st)
{
	return st->clock->now_ms(st->clock_arg);
}

/* ------------------------------------------------------------------------- the dispositions */

static int send_disposition(struct station *st, const struct record *rec)
{
	struct cksnl_session d = {
		.has = CKSNL_HAS(CKS_A_SESSION_REQUEST) | CKSNL_HAS(CKS_A_SESSION_BOOT_ID) |
		       CKSNL_HAS(CKS_A_SESSION_COUPLER) | CKSNL_HAS(CKS_A_SESSION_PRESENCE_GEN) |
		       CKSNL_HAS(CKS_A_SESSION_RESULT_ID) |
		       CKSNL_HAS(CKS_A_SESSION_DISPOSITION) |
		       CKSNL_HAS(CKS_A_SESSION_DISPOSITION_NUMBER) |
		       CKSNL_HAS(CKS_A_SESSION_EVIDENCE),
		.request = rec->request,
		.coupler = rec->coupler,
		.presence_gen = rec->presence_gen,
		.result_id = rec->result_id,
		.disposition = rec->disposition,
		.disposition_number = rec->number,
	};

	memcpy(d.boot_id, rec->boot_id, sizeof(d.boot_id));
	snprintf(d.evidence, sizeof(d.evidence), "%s", rec->text);
	return st->router->disposition_new(st->router_arg, &d);
}

void station_flush(struct station *st)
{
	const struct journal_entry *e;

	if (!st->set_up)
		return;
	TAILQ_FOREACH(e, &st->journal->pending, link) {
		if (e->rec.number <= st->sent)
			continue;
		if (send_disposition(st, &e->rec)) {
			/* The tick tries again; a lane waits until it is taken. */
			report("disposition %llu: %s", (unsigned long long)e->rec.number,
			       st->router->error(st->router_arg));
			break;
		}
		st->sent = e->rec.number;
	}
	for (unsigned int i = 0; i < st->nlanes; i++)
		lane_sent(&st->lanes[i], st->sent);
}

/* A lost ACKED is no harm: the disposition is sent again, and acknowledged again. */
static void acked(struct station *st, uint64_t number)
{
	struct record rec = { .type = RECORD_ACKED, .number = number };
	int err;

	if (number <= st->journal->acked || number > st->journal->last)
		return;
	err = journal_append(st->journal, &rec);
	if (err)
		report("acknowledgment %llu is not in the journal: %s", (unsigned long long)number,
		       strerror(-err));
}

/*
 * The router knows the highest lease epoch only until it is loaded anew, when a CAS whose lease has
 * passed could come back. No card is fed for a CAS whose epoch is not in the journal.
 */
static bool lease_kept(struct station *st, uint64_t epoch)
{
	struct record rec = { .type = RECORD_LEASE, .number = epoch };
	int err;

	if (epoch <= st->journal->lease)
		return true;
	err = journal_append(st->journal, &rec);
	if (err)
		report("the lease epoch of the CAS is not in the journal: %s", strerror(-err));
	return !err;
}

/* ------------------------------------------------------------------------------ the router */

/*
 * Tells a new load of the router who we are, and gives it what the CAS has not acknowledged. It
 * does not listen before the lanes are empty: the CAS would see requests that nobody serves.
 */
static int set_up(struct station *st)
{
	const struct settings *set = st->settings;
	struct cksnl_station change = {
		.has = CKSNL_HAS(CKS_A_STATION_LISTEN),
		.listen = 0,
	};
	struct cksnl_station state;
	int err;

	st->set_up = false;
	err = st->router->station_set(st->router_arg, &change);
	if (err)
		return err;
	change.has = CKSNL_HAS(CKS_A_STATION_UUID) | CKSNL_HAS(CKS_A_STATION_JOURNAL_EPOCH) |
		     CKSNL_HAS(CKS_A_STATION_LAST_DISPOSITION) |
		     CKSNL_HAS(CKS_A_STATION_ACKED_DISPOSITION) |
		     CKSNL_HAS(CKS_A_STATION_LEASE_EPOCH);
	memcpy(change.uuid, st->uuid, sizeof(change.uuid));
	change.journal_epoch = st->journal->epoch;
	change.last_disposition = st->journal->last;
	change.acked_disposition = st->journal->acked;
	change.lease_epoch = st->journal->lease;
	if (set->address[0]) {
		change.has |= CKSNL_HAS(CKS_A_STATION_ADDRESS);
		memcpy(change.address, set->address, sizeof(change.address));
	}
	if (set->control_port) {
		change.has |= CKSNL_HAS(CKS_A_STATION_CONTROL_PORT);
		change.control_port = set->control_port;
	}
	if (set->channel_port) {
		change.has |= CKSNL_HAS(CKS_A_STATION_CHANNEL_PORT);
		change.channel_port = set->channel_port;
	}
	if (set->plaintext_ok) {
		change.has |= CKSNL_HAS(CKS_A_STATION_PLAINTEXT_OK);
		change.plaintext_ok = 1;
	}
	err = st->router->station_set(st->router_arg, &change);
	if (!err)
		err = st->router->station_get(st->router_arg, &state);
	if (err)
		return err;
	/* It would take our next numbers for repeated ones, and what they say would be lost. */
	if (state.last_disposition > st->journal->last) {
		report("the journal ends at disposition %llu, but %llu was given: it was cut back",
		       (unsigned long long)st->journal->last,
		       (unsigned long long)state.last_disposition);
		report("put it back whole; without it the CAS has doubts about its records");
		return -EBADMSG;
	}
	memcpy(st->boot_id, state.boot_id, sizeof(st->boot_id));
	st->sent = st->journal->acked;
	st->set_up = true;
	station_flush(st);
	return 0;
}

static int start_listening(struct station *st)
{
	const struct cksnl_station change = {
		.has = CKSNL_HAS(CKS_A_STATION_LISTEN),
		.listen = 1,
	};

	return st->router->station_set(st->router_arg, &change);
}

struct stray {
	const struct station *st;
	uint32_t coupler;
	struct cksnl_session *ret;
	bool found;
};

static int each_session(const void *obj, void *arg)
{
	const struct cksnl_session *s = obj;
	struct stray *stray = arg;
	struct record rec = { .request = s->request };

	memcpy(rec.boot_id, s->boot_id, sizeof(rec.boot_id));
	if (s->coupler != stray->coupler || s->state == CKS_SESSION_STATE_DISPOSED ||
	    journal_find(stray->st->journal, &rec))
		return 0;
	*stray->ret = *s;
	stray->found = true;
	return 0;
}

bool station_stray_session(struct station *st, uint32_t coupler, struct cksnl_session *ret)
{
	struct stray stray = { .st = st, .coupler = coupler, .ret = ret };

	st->router->session_dump(st->router_arg, each_session, &stray);
	return stray.found;
}

/* -------------------------------------------------------------------------------- start */

/* What the journal has open on lanes that this machine does not have any more. */
static void close_lost_lanes(struct station *st)
{
	struct journal_entry *e, *after;

	for (e = TAILQ_FIRST(&st->journal->open); e; e = after) {
		struct record rec = e->rec;

		after = TAILQ_NEXT(e, link);
		if (rec.lane < st->nlanes)
			continue;
		rec.disposition = rec.type == RECORD_GOOD_INTENT ? CKS_DISPOSITION_UNKNOWN :
								   CKS_DISPOSITION_REJECTED;
		rec.type = RECORD_DISPOSED;
		snprintf(rec.text, sizeof(rec.text), "the machine has no lane %u any more",
			 rec.lane);
		if (journal_append(st->journal, &rec))
			st->failed = true;
	}
}

static void on_stock(const struct transport_answer *answer, void *arg)
{
	struct station *st = arg;

	if (answer->result == TRANSPORT_DONE) {
		st->stock = answer->count;
		st->stock_known = true;
	}
	/* The first lane was busy with this question. */
	lane_begin(&st->lanes[0]);
}

int station_begin(struct station *st)
{
	int err;

	st->purging = true;
	err = set_up(st);
	if (err) {
		report("cannot set the station up: %s", st->router->error(st->router_arg));
		return err;
	}
	close_lost_lanes(st);
	station_flush(st);
	st->transport->stock(st->machine, 0, on_stock, st);
	for (unsigned int i = 1; i < st->nlanes; i++)
		lane_begin(&st->lanes[i]);
	return 0;
}

void station_lane_purged(struct station *st)
{
	if (!st->purging)
		return;
	for (unsigned int i = 0; i < st->nlanes; i++)
		if (!st->lanes[i].purged && st->lanes[i].state != LANE_STOPPED)
			return;
	if (start_listening(st)) {
		report("cannot listen: %s", st->router->error(st->router_arg));
		st->failed = true;
		st->draining = true;
	}
	st->purging = false;
	st->begun_ms = station_now(st);
	station_tick(st);
}

static bool stopped(const struct station *st, uint32_t coupler)
{
	return coupler / 8 < st->stopped.len &&
	       st->stopped.data[coupler / 8] >> coupler % 8 & 1;
}

bool station_may_feed(const struct station *st, uint32_t coupler)
{
	/* While one lane cannot write the journal no other one begins what it could not end. */
	for (unsigned int i = 0; i < st->nlanes; i++)
		if (st->lanes[i].state == LANE_RECORDING)
			return false;
	return st->set_up && !st->purging && !st->draining && st->connected && !st->held &&
	       !stopped(st, coupler) &&
	       !st->journal->broken && st->journal->npending < PENDING_MAX;
}

/* ---------------------------------------------------------------------------------- work */

void station_poke(struct station *st)
{
	for (unsigned int i = 0; i < st->nlanes; i++)
		lane_poke(&st->lanes[i]);
}

void station_tick(struct station *st)
{
	struct cksnl_station state;
	bool connected;

	if (st->router->station_get(st->router_arg, &state)) {
		if (st->set_up)
			report("the router is gone: %s", st->router->error(st->router_arg));
		st->set_up = false;
		st->connected = false;
		return;
	}
	/* A module that was loaded anew knows nothing of us. */
	if (!st->set_up || memcmp(state.boot_id, st->boot_id, sizeof(st->boot_id))) {
		report("the router was loaded anew");
		if (set_up(st) || (!st->purging && start_listening(st))) {
			report("cannot set the station up: %s", st->router->error(st->router_arg));
			return;
		}
	}
	acked(st, state.acked_disposition);
	station_flush(st);
	if (state.hold && !st->held)
		report("held: %s", state.hold_reason);
	st->held = state.hold;
	st->stopped = state.lanes_stopped;
	connected = state.state == CKS_STATION_STATE_CONNECTED &&
		    lease_kept(st, state.lease_epoch);
	if (connected == st->connected)
		return;
	st->connected = connected;
	if (connected && !st->purging)
		station_poke(st);
}

void station_event(struct station *st, const struct cksnl_event *event)
{
	switch (event->cmd) {
	case CKS_CMD_DISPOSITION_NTF:
		acked(st, event->session.disposition_number);
		break;
	case CKS_CMD_RESULT_NTF:
	case CKS_CMD_CARD_NTF:
		for (unsigned int i = 0; i < st->nlanes; i++) {
			uint32_t coupler = event->cmd == CKS_CMD_CARD_NTF ? event->coupler.index :
									    event->session.coupler;

			if (st->lanes[i].coupler == coupler)
				lane_poke(&st->lanes[i]);
		}
		break;
	case CKS_CMD_STATION_NTF:
		station_tick(st);
		break;
	}
}

/* ----------------------------------------------------------------------------------- end */

static bool exhausted(const struct station *st)
{
	for (unsigned int i = 0; i < st->nlanes; i++)
		if (st->lanes[i].state != LANE_EMPTY && st->lanes[i].state != LANE_STOPPED)
			return false;
	return true;
}

bool station_over(struct station *st)
{
	uint64_t now = station_now(st);

	for (unsigned int i = 0; i < st->nlanes; i++) {
		if (!lane_idle(&st->lanes[i])) {
			st->idle_since_ms = 0;
			return false;
		}
	}
	if (!st->idle_since_ms)
		st->idle_since_ms = now;
	if (!st->draining && !(st->settings->once && exhausted(st))) {
		if (!st->settings->once || st->connected || now - st->idle_since_ms < CAS_MS)
			return false;
		report("no CAS has connected for %d s", CAS_MS / 1000);
		st->failed = true;
		return true;
	}
	if (!st->journal->npending)
		return true;
	if (now - st->idle_since_ms < (st->draining ? DRAIN_ACK_MS : ACK_MS))
		return false;
	report("%u dispositions are not acknowledged by the CAS; the next start sends them again",
	       st->journal->npending);
	if (!st->draining)
		st->failed = true;
	return true;
}
