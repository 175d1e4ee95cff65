// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens to one card, from the feeder to its bin. The order of journal, gate and netlink in
 * this file is durable point 3 of docs/handover.md: whoever changes it changes that page.
 */
#include "lane.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "station.h"

#define POLL_MS		500	/* for what an event should have told */
#define AGAIN_MS	1000	/* before an order or record is tried again */
#define CONTACT_MS	10000	/* for the coupler to see a card that was fed */
#define TRIES		5	/* of an order that the machine does not carry out */

static void next(struct lane *lane);
static void request(struct lane *lane);
static void sort(struct lane *lane);
static void purge(struct lane *lane);
static void settle(struct lane *lane);

static void enter(struct lane *lane, enum lane_state state, unsigned int ms)
{
	const struct station *st = lane->st;

	lane->state = state;
	st->clock->arm(st->clock_arg, lane, ms);
}

static void stop(struct lane *lane, const char *why)
{
	report("lane %u stopped: %s", lane->index, why);
	lane->st->failed = true;
	enter(lane, LANE_STOPPED, 0);
	station_lane_purged(lane->st);
}

/* ---------------------------------------------------------------------------- the journal */

static void record(struct lane *lane, const struct record *rec, void (*then)(struct lane *lane))
{
	bool again = lane->state == LANE_RECORDING;
	int err;

	lane->rec = *rec;
	lane->then = then;
	err = journal_append(lane->st->journal, &lane->rec);
	if (!err) {
		then(lane);
		return;
	}
	if (err == -EIO || err == -EINVAL) {
		stop(lane, "the journal is damaged; its card stays until the next start");
		return;
	}
	if (!again)
		report("lane %u waits: the journal cannot be written: %s", lane->index,
		       strerror(-err));
	enter(lane, LANE_RECORDING, AGAIN_MS);
}

static struct record job_record(const struct lane *lane, enum record_type type, const char *text)
{
	struct record rec = lane->job;

	rec.type = type;
	rec.number = 0;
	rec.disposition = CKS_DISPOSITION_NONE;
	snprintf(rec.text, sizeof(rec.text), "%s", text);
	return rec;
}

/* ---------------------------------------------------------------------------- the end */

static void count(struct lane *lane, bool good)
{
	struct lane_stats *stats = &lane->stats;
	uint64_t now = station_now(lane->st);

	stats->times_ms[stats->cards % LANE_TIMES] = now - lane->fed_ms;
	stats->cards++;
	stats->ended_ms = now;
	if (good)
		stats->good++;
	else
		stats->rejected++;
	lane->failures = good ? 0 : lane->failures + 1;
}

/* The card has left the lane and, if it had a request, the router has its disposition. */
static void finish(struct lane *lane)
{
	char why[80];
	bool good = lane->requested && lane->job.disposition == CKS_DISPOSITION_GOOD;

	lane->requested = false;
	if (lane->stopping) {
		stop(lane, lane->reason);
		return;
	}
	if (!lane->purged) {
		purge(lane);
		return;
	}
	if (lane->again) {
		request(lane);
		return;
	}
	count(lane, good);
	if (!good)
		report("lane %u: card %s (%s) not good: %s", lane->index, lane->job.card,
		       lane->reference, lane->reason);
	if (lane->failures >= lane->st->settings->max_failures) {
		snprintf(why, sizeof(why), "%u cards in a row were not good", lane->failures);
		stop(lane, why);
		return;
	}
	next(lane);
}

static void disposed(struct lane *lane)
{
	lane->job.number = lane->rec.number;
	lane->job.disposition = lane->rec.disposition;
	enter(lane, LANE_DISPOSING, 0);
	station_flush(lane->st);
}

void lane_sent(struct lane *lane, uint64_t number)
{
	if (lane->state == LANE_DISPOSING && lane->job.number <= number)
		finish(lane);
}

static void dispose(struct lane *lane, enum cks_disposition what, const char *evidence)
{
	struct record rec;

	if (!lane->requested) {
		finish(lane);
		return;
	}
	rec = job_record(lane, RECORD_DISPOSED, evidence);
	rec.disposition = what;
	record(lane, &rec, disposed);
}

/* ------------------------------------------------------------------------- to the reject bin */

/* The lane of a card that was being rejected is empty: it must not have gone out by the gate. */
static void on_missed(const struct transport_answer *answer, void *arg)
{
	struct lane *lane = arg;

	lane->busy = false;
	if (answer->result == TRANSPORT_DONE && !answer->present) {
		dispose(lane, CKS_DISPOSITION_REJECTED, "was being rejected; lane empty");
		return;
	}
	if (answer->result == TRANSPORT_DONE) {
		lane->stopping = true;
		snprintf(lane->reason, sizeof(lane->reason),
			 "a rejected card is in the good bin: take card %s out", lane->job.card);
	}
	dispose(lane, CKS_DISPOSITION_UNKNOWN, answer->result == TRANSPORT_DONE ?
		"was being rejected; seen in the good bin" :
		"was being rejected; lane empty, no word of the good bin");
}

static void on_sorted(const struct transport_answer *answer, void *arg)
{
	struct lane *lane = arg;

	lane->busy = false;
	switch (answer->result) {
	case TRANSPORT_DONE:
		if (lane->requested && strcmp(answer->card, lane->job.card)) {
			lane->stopping = true;
			snprintf(lane->reason, sizeof(lane->reason),
				 "the machine rejected card %s in place of card %s", answer->card,
				 lane->job.card);
			dispose(lane, CKS_DISPOSITION_UNKNOWN, lane->reason);
			return;
		}
		if (answer->bin == BIN_REJECT) {
			dispose(lane, CKS_DISPOSITION_REJECTED, answer->text);
			return;
		}
		lane->stopping = true;
		snprintf(lane->reason, sizeof(lane->reason),
			 "a rejected card dropped into the good bin: take card %s out",
			 answer->card);
		dispose(lane, CKS_DISPOSITION_UNKNOWN, answer->text);
		return;
	case TRANSPORT_LANE_EMPTY:
		dispose(lane, CKS_DISPOSITION_REMOVED, answer->text);
		return;
	default:
		if (++lane->tries < TRIES) {
			enter(lane, LANE_SORTING, AGAIN_MS);
			return;
		}
		/* It cannot leave as good any more; the next start purges the lane. */
		lane->stopping = true;
		snprintf(lane->reason, sizeof(lane->reason), "card %s cannot be moved: %.60s",
			 lane->job.card, answer->text);
		dispose(lane, CKS_DISPOSITION_REJECTED, "still in the lane, which was stopped");
	}
}

static void sort(struct lane *lane)
{
	const struct station *st = lane->st;

	enter(lane, LANE_SORTING, 0);
	lane->busy = true;
	st->transport->eject(st->machine, lane->index, BIN_REJECT, on_sorted, lane);
}

static void reject(struct lane *lane, const char *reason)
{
	struct record rec;

	snprintf(lane->reason, sizeof(lane->reason), "%s", reason);
	lane->tries = 0;
	lane->again = false;
	if (!lane->requested) {
		sort(lane);
		return;
	}
	rec = job_record(lane, RECORD_REJECTED, reason);
	record(lane, &rec, sort);
}

/* --------------------------------------------------------------------------- to the good bin */

/* Whether the card that the result is about is still the one in the coupler. */
static bool same_card(const struct lane *lane)
{
	const uint64_t needed = CKSNL_HAS(CKS_A_COUPLER_PRESENT) |
				CKSNL_HAS(CKS_A_COUPLER_PRESENCE_GEN);
	const struct station *st = lane->st;
	struct cksnl_station station;
	struct cksnl_coupler coupler;

	if (st->router->station_get(st->router_arg, &station) ||
	    st->router->coupler_get(st->router_arg, lane->coupler, &coupler))
		return false;
	return (station.has & CKSNL_HAS(CKS_A_STATION_BOOT_ID)) &&
	       !memcmp(station.boot_id, lane->job.boot_id, CKSNL_ID_LEN) &&
	       (coupler.has & needed) == needed && coupler.present &&
	       coupler.presence_gen == lane->job.presence_gen;
}

static void on_dropped(const struct transport_answer *answer, void *arg)
{
	struct lane *lane = arg;

	lane->busy = false;
	if (answer->result == TRANSPORT_DONE && answer->present) {
		dispose(lane, CKS_DISPOSITION_GOOD, "lane empty, drop sensor of the good bin");
		return;
	}
	if (answer->result == TRANSPORT_LOST && ++lane->tries < TRIES) {
		enter(lane, LANE_SENSING, AGAIN_MS);
		return;
	}
	snprintf(lane->reason, sizeof(lane->reason), "gate was opened, no sensor saw the card");
	dispose(lane, CKS_DISPOSITION_UNKNOWN, "lane empty, no drop sensor saw the card");
}

static void on_settled(const struct transport_answer *answer, void *arg)
{
	struct lane *lane = arg;
	const struct station *st = lane->st;

	lane->busy = false;
	if (answer->result != TRANSPORT_DONE) {
		if (++lane->tries < TRIES)
			enter(lane, LANE_SENSING, AGAIN_MS);
		else
			stop(lane, "no word of the card at its gate; the next start settles it");
		return;
	}
	if (answer->present && !strcmp(answer->card, lane->job.card)) {
		reject(lane, "gate failed");
		return;
	}
	/* Empty, or already another card in it: ours has left. */
	lane->busy = true;
	st->transport->dropped(st->machine, lane->index, lane->job.card, on_dropped, lane);
}

/* GOOD_INTENT is synced and it is not known what the card did: only sensors can tell. */
static void settle(struct lane *lane)
{
	const struct station *st = lane->st;

	enter(lane, LANE_SENSING, 0);
	lane->busy = true;
	st->transport->sense(st->machine, lane->index, on_settled, lane);
}

static void on_gate(const struct transport_answer *answer, void *arg)
{
	struct lane *lane = arg;

	lane->busy = false;
	lane->tries = 0;
	if (answer->result != TRANSPORT_DONE) {
		settle(lane);
		return;
	}
	if (strcmp(answer->card, lane->job.card)) {
		lane->stopping = true;
		snprintf(lane->reason, sizeof(lane->reason),
			 "the machine dropped card %s in place of card %s", answer->card,
			 lane->job.card);
		dispose(lane, CKS_DISPOSITION_UNKNOWN, lane->reason);
		return;
	}
	if (answer->bin != BIN_GOOD) {
		snprintf(lane->reason, sizeof(lane->reason), "%s", answer->text);
		dispose(lane, CKS_DISPOSITION_REJECTED, answer->text);
		return;
	}
	dispose(lane, CKS_DISPOSITION_GOOD, answer->text);
}

static void good(struct lane *lane)
{
	const struct station *st = lane->st;
	struct record rec = job_record(lane, RECORD_GOOD_INTENT, lane->reference);
	int err;

	if (!same_card(lane)) {
		reject(lane, "card or station changed before its result");
		return;
	}
	err = journal_append(st->journal, &rec);
	if (err) {
		report("lane %u: the journal cannot be written: %s", lane->index, strerror(-err));
		reject(lane, "journal cannot be written");
		return;
	}
	/* The sync may have taken long. */
	if (!same_card(lane)) {
		reject(lane, "card or station changed before its gate");
		return;
	}
	enter(lane, LANE_GATE, 0);
	lane->busy = true;
	st->transport->eject(st->machine, lane->index, BIN_GOOD, on_gate, lane);
}

/* ------------------------------------------------------------------------------ the result */

static bool may_retry(const struct lane *lane)
{
	return lane->attempts <= lane->st->settings->retries;
}

static void retry(struct lane *lane, const char *reason)
{
	if (!may_retry(lane)) {
		reject(lane, reason);
		return;
	}
	/* The request is over, the card stays: for the CAS it is taken out and presented anew. */
	lane->again = true;
	dispose(lane, CKS_DISPOSITION_REMOVED, "stays in the lane, to be tried again");
}

static void result(struct lane *lane, const struct cksnl_session *s)
{
	lane->job.result_id = s->result_id;
	switch (s->verdict) {
	case CKS_VERDICT_GOOD:
		if (s->presence_gen == lane->job.presence_gen && s->result_id)
			good(lane);
		else
			reject(lane, "result is about another presentation");
		return;
	case CKS_VERDICT_RETRY:
		retry(lane, "still to be retried after all attempts");
		return;
	case CKS_VERDICT_HOLD:
		/* Nothing but another result ends a hold, and the session takes no second one. */
		reject(lane, "held by the CAS");
		return;
	default:
		break;
	}
	if (!s->reason[0])
		reject(lane, "rejected without a reason");
	/* The station's own verdict, and no command has reached the card: it was not contacted. */
	else if (!s->result_id && !s->commands && !lane->tries)
		retry(lane, s->reason);
	else
		reject(lane, s->reason);
}

static void running(struct lane *lane)
{
	const struct station *st = lane->st;
	struct cksnl_session s;
	int err = st->router->session_get(st->router_arg, lane->job.request, &s);

	if (!err && (!(s.has & CKSNL_HAS(CKS_A_SESSION_BOOT_ID)) ||
		     memcmp(s.boot_id, lane->job.boot_id, CKSNL_ID_LEN)))
		err = -ENOENT;
	if (err == -ENOENT || err == -ENODEV) {
		reject(lane, "the router does not know the request any more");
		return;
	}
	if (!err && s.state == CKS_SESSION_STATE_RESULT) {
		result(lane, &s);
		return;
	}
	if (station_now(st) >= lane->deadline_ms) {
		/* A result that came in between counts: it is there before the next look. */
		if (lane->tries++) {
			reject(lane, "no result by the deadline");
			return;
		}
		st->router->request_cancel(st->router_arg, lane->job.request,
					   "no result by the deadline");
	}
	enter(lane, LANE_RUNNING, POLL_MS);
}

static void request(struct lane *lane)
{
	const struct settings *set = lane->st->settings;
	const struct station *st = lane->st;
	struct cksnl_session req = {
		.has = CKSNL_HAS(CKS_A_SESSION_COUPLER) | CKSNL_HAS(CKS_A_SESSION_PRESENCE_GEN) |
		       CKSNL_HAS(CKS_A_SESSION_APPLICATION),
		.coupler = lane->coupler,
		.presence_gen = lane->job.presence_gen,
	};
	char why[RECORD_TEXT_MAX + 1];
	int err;

	memcpy(req.application, set->application, sizeof(req.application));
	if (set->parameters.len) {
		req.has |= CKSNL_HAS(CKS_A_SESSION_PARAMETERS);
		req.parameters = set->parameters;
	}
	if (lane->reference[0]) {
		req.has |= CKSNL_HAS(CKS_A_SESSION_CARD_REFERENCE);
		memcpy(req.card_reference, lane->reference, sizeof(req.card_reference));
	}
	lane->again = false;
	lane->attempts++;
	lane->tries = 0;
	lane->job.result_id = 0;
	lane->job.number = 0;
	lane->job.disposition = CKS_DISPOSITION_NONE;
	err = st->router->request_new(st->router_arg, &req, &lane->job.request,
				      lane->job.boot_id);
	/* Held since it was fed: it waits for as long as that lasts. */
	if (err == -EAGAIN && !st->draining) {
		lane->attempts--;
		lane->deadline_ms = station_now(st) + CONTACT_MS;
		enter(lane, LANE_CONTACT, POLL_MS);
		return;
	}
	/* The router was loaded anew, or somebody has the coupler: not the card's fault. */
	if ((err == -EHOSTDOWN || err == -EBUSY || err == -ETIMEDOUT) &&
	    station_now(st) < lane->deadline_ms) {
		lane->attempts--;
		enter(lane, LANE_CONTACT, POLL_MS);
		return;
	}
	if (err) {
		snprintf(why, sizeof(why), "request refused: %.100s",
			 st->router->error(st->router_arg));
		reject(lane, why);
		return;
	}
	lane->requested = true;
	lane->deadline_ms = station_now(st) + set->deadline_ms;
	enter(lane, LANE_RUNNING, POLL_MS);
}

/* ------------------------------------------------------------------------------ the card */

static void contact(struct lane *lane)
{
	const struct station *st = lane->st;
	struct cksnl_coupler coupler;

	/* The generation of the last card means that its way out has not been noticed yet. */
	if (!st->router->coupler_get(st->router_arg, lane->coupler, &coupler) && coupler.present &&
	    !(lane->had_card && coupler.presence_gen == lane->last_gen)) {
		lane->seen = true;
		lane->job.presence_gen = coupler.presence_gen;
		request(lane);
		return;
	}
	if (station_now(st) >= lane->deadline_ms) {
		reject(lane, "the coupler does not see the card");
		return;
	}
	enter(lane, LANE_CONTACT, POLL_MS);
}

static void on_fed(const struct transport_answer *answer, void *arg)
{
	struct lane *lane = arg;

	lane->busy = false;
	switch (answer->result) {
	case TRANSPORT_DONE:
		memcpy(lane->job.card, answer->card, sizeof(lane->job.card));
		memcpy(lane->reference, answer->reference, sizeof(lane->reference));
		lane->deadline_ms = station_now(lane->st) + CONTACT_MS;
		contact(lane);
		return;
	case TRANSPORT_FEEDER_EMPTY:
		enter(lane, LANE_EMPTY, lane->st->settings->once ? 0 : AGAIN_MS);
		return;
	case TRANSPORT_OCCUPIED:
	case TRANSPORT_LOST:
		/* There may be a card in it that nobody asked for. */
		if (++lane->failures < lane->st->settings->max_failures) {
			lane->purged = false;
			lane->tries = 0;
			purge(lane);
			return;
		}
		stop(lane, answer->text);
		return;
	default:
		if (++lane->failures < lane->st->settings->max_failures)
			enter(lane, LANE_WAITING, AGAIN_MS);
		else
			stop(lane, answer->text);
	}
}

static void next(struct lane *lane)
{
	const struct station *st = lane->st;

	if (!station_may_feed(st, lane->coupler)) {
		enter(lane, LANE_WAITING, POLL_MS);
		return;
	}
	if (lane->seen) {
		lane->had_card = true;
		lane->last_gen = lane->job.presence_gen;
		lane->seen = false;
	}
	memset(&lane->job, 0, sizeof(lane->job));
	lane->job.lane = lane->index;
	lane->job.coupler = lane->coupler;
	lane->reference[0] = 0;
	lane->reason[0] = 0;
	lane->attempts = 0;
	lane->fed_ms = station_now(st);
	if (!lane->stats.begun_ms)
		lane->stats.begun_ms = lane->fed_ms;
	enter(lane, LANE_FEEDING, 0);
	lane->busy = true;
	st->transport->feed(st->machine, lane->index, on_fed, lane);
}

/* ------------------------------------------------------------------------------ purging */

/* Whether the coupler still has the presentation that the request was about. */
static bool still_presented(const struct lane *lane)
{
	const struct station *st = lane->st;
	struct cksnl_coupler coupler;

	return !st->router->coupler_get(st->router_arg, lane->coupler, &coupler) &&
	       coupler.present && coupler.presence_gen == lane->job.presence_gen;
}

/* What the last run left behind on this lane: in the journal, or with the router alone. */
static bool left_behind(struct lane *lane, enum record_type *ret_type)
{
	const struct journal_entry *e;
	struct cksnl_session s;

	TAILQ_FOREACH(e, &lane->st->journal->open, link) {
		if (e->rec.lane == lane->index) {
			lane->job = e->rec;
			*ret_type = e->rec.type;
			return true;
		}
	}
	if (!station_stray_session(lane->st, lane->coupler, &s))
		return false;
	memset(&lane->job, 0, sizeof(lane->job));
	lane->job.lane = lane->index;
	lane->job.coupler = lane->coupler;
	lane->job.presence_gen = s.presence_gen;
	lane->job.request = s.request;
	lane->job.result_id = s.result_id;
	memcpy(lane->job.boot_id, s.boot_id, CKSNL_ID_LEN);
	*ret_type = RECORD_EPOCH;
	return true;
}

static void on_purge(const struct transport_answer *answer, void *arg)
{
	const char *const found = "found in the lane at the start";
	struct lane *lane = arg;
	const struct station *st = lane->st;
	enum record_type type;

	lane->busy = false;
	if (answer->result != TRANSPORT_DONE) {
		if (++lane->tries < TRIES)
			enter(lane, LANE_PURGING, AGAIN_MS);
		else
			stop(lane, answer->text);
		return;
	}
	lane->tries = 0;
	lane->requested = left_behind(lane, &type);
	if (answer->present) {
		if (!lane->requested)
			memset(&lane->job, 0, sizeof(lane->job));
		/* Not the card of the record: that one has left, and only the bin knows where. */
		if (lane->requested && type == RECORD_GOOD_INTENT &&
		    strcmp(lane->job.card, answer->card)) {
			lane->busy = true;
			st->transport->dropped(st->machine, lane->index, lane->job.card,
					       on_dropped, lane);
			return;
		}
		/* A session that only the router knows: is this the card that it worked on? */
		if (lane->requested && type == RECORD_EPOCH && !still_presented(lane)) {
			dispose(lane, CKS_DISPOSITION_REMOVED,
				"another card is in the lane at the start");
			return;
		}
		memcpy(lane->job.card, answer->card, sizeof(lane->job.card));
		report("lane %u: card %s %s goes to reject", lane->index, answer->card, found);
		reject(lane, found);
		return;
	}
	if (!lane->requested) {
		lane->purged = true;
		enter(lane, LANE_WAITING, POLL_MS);
		station_lane_purged(lane->st);
	} else if (type == RECORD_GOOD_INTENT) {
		lane->busy = true;
		enter(lane, LANE_SENSING, 0);
		st->transport->dropped(st->machine, lane->index, lane->job.card, on_dropped, lane);
	} else if (type == RECORD_REJECTED) {
		lane->busy = true;
		st->transport->dropped(st->machine, lane->index, lane->job.card, on_missed, lane);
	} else {
		dispose(lane, CKS_DISPOSITION_REMOVED, "lane empty at the start");
	}
}

static void purge(struct lane *lane)
{
	const struct station *st = lane->st;

	enter(lane, LANE_PURGING, 0);
	lane->busy = true;
	st->transport->sense(st->machine, lane->index, on_purge, lane);
}

/* --------------------------------------------------------------------------- from outside */

void lane_begin(struct lane *lane)
{
	lane->tries = 0;
	purge(lane);
}

void lane_timer(struct lane *lane)
{
	struct record rec = lane->rec;

	if (lane->busy)
		return;
	switch (lane->state) {
	case LANE_PURGING:
		purge(lane);
		break;
	case LANE_WAITING:
	case LANE_EMPTY:
		next(lane);
		break;
	case LANE_CONTACT:
		contact(lane);
		break;
	case LANE_RUNNING:
		running(lane);
		break;
	case LANE_SENSING:
		settle(lane);
		break;
	case LANE_SORTING:
		sort(lane);
		break;
	case LANE_RECORDING:
		record(lane, &rec, lane->then);
		break;
	default:
		break;
	}
}

void lane_poke(struct lane *lane)
{
	if (lane->state == LANE_CONTACT || lane->state == LANE_RUNNING ||
	    (lane->state == LANE_WAITING && lane->purged))
		lane_timer(lane);
}

bool lane_idle(const struct lane *lane)
{
	return lane->state == LANE_WAITING || lane->state == LANE_EMPTY ||
	       lane->state == LANE_STOPPED;
}
