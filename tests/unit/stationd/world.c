// SPDX-License-Identifier: GPL-2.0-only
/*
 * The world of the control unit's tests. The machine and the router check what they are told
 * against the rules of docs/handover.md, at the moment at which a real card would move.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "world.h"

/* ------------------------------------------------------------------------------ the machine */

struct transport {
	struct world *w;
};

static struct transport the_machine;

static void answer(struct world *w, unsigned int lane, const struct transport_answer *a,
		   transport_fn fn, void *arg)
{
	for (unsigned int i = 0; i < 8; i++) {
		if (w->queue[i].active)
			continue;
		w->queue[i].active = true;
		w->queue[i].lane = lane;
		w->queue[i].answer = *a;
		w->queue[i].fn = fn;
		w->queue[i].arg = arg;
		return;
	}
	fail_msg("too many orders at once");
}

static void put_in(struct world *w, unsigned int lane, unsigned int card)
{
	w->card[card] = LANE0 + lane;
	w->in_lane[lane] = card;
}

static void take_out(struct world *w, unsigned int lane, enum place to)
{
	w->card[w->in_lane[lane]] = to;
	w->in_lane[lane] = 0;
	w->gen[lane]++;
}

static void feed(struct transport *t, unsigned int lane, transport_fn fn, void *arg)
{
	struct transport_answer a = { .result = TRANSPORT_FEEDER_EMPTY, .text = "feeder empty" };
	struct world *w = t->w;

	if (!w->first_feed)
		w->first_feed = w->now;
	if (w->in_lane[lane])
		a.result = TRANSPORT_OCCUPIED;
	for (unsigned int c = 1; c <= WORLD_CARDS && !w->in_lane[lane]; c++) {
		if (w->card[c] != FEEDER)
			continue;
		put_in(w, lane, c);
		a.result = TRANSPORT_DONE;
		snprintf(a.card, sizeof(a.card), "%u", c);
		snprintf(a.reference, sizeof(a.reference), "TRAY-%04u", c);
	}
	answer(w, lane, &a, fn, arg);
}

/* The journal as it is on the disk, read anew at the moment of the move. */
static bool journal_says(const struct world *w, unsigned int card, enum record_type type)
{
	char path[80], line[RECORD_LINE_MAX], name[16];
	enum record_type last = RECORD_EPOCH;
	FILE *in;

	snprintf(path, sizeof(path), "%s/journal", w->dir);
	snprintf(name, sizeof(name), "%u", card);
	in = fopen(path, "r");
	assert_non_null(in);
	while (fgets(line, sizeof(line), in)) {
		struct record rec;

		assert_true(record_parse(&rec, line, strlen(line) - 1));
		if (!strcmp(rec.card, name))
			last = rec.type;
	}
	fclose(in);
	return last == type;
}

static void eject(struct transport *t, unsigned int lane, enum bin bin, transport_fn fn,
		  void *arg)
{
	struct transport_answer a = { .result = TRANSPORT_DONE, .bin = bin };
	struct world *w = t->w;
	unsigned int card = w->in_lane[lane];
	enum fault fault = w->fault[card];

	snprintf(a.card, sizeof(a.card), "%u", card);
	snprintf(a.text, sizeof(a.text), "card %u", card);
	if (!card) {
		a.result = TRANSPORT_LANE_EMPTY;
		answer(w, lane, &a, fn, arg);
		return;
	}
	if (bin == BIN_GOOD && !journal_says(w, card, RECORD_GOOD_INTENT))
		w->gate_without_intent = true;
	if (bin == BIN_REJECT && w->session_open[lane] &&
	    !journal_says(w, card, RECORD_REJECTED))
		w->move_without_rejected = true;
	if (fault != FAULT_JAM && fault != FAULT_SILENT)
		w->fault[card] = FAULT_NONE;
	switch (fault) {
	case FAULT_NONE:
		take_out(w, lane, bin == BIN_GOOD ? GOOD : REJECT);
		break;
	case FAULT_WRONG_BIN:
		a.bin = BIN_REJECT;
		take_out(w, lane, REJECT);
		break;
	case FAULT_LOST_MOVED:
		a.result = TRANSPORT_LOST;
		take_out(w, lane, bin == BIN_GOOD ? GOOD : REJECT);
		break;
	case FAULT_LOST_VANISHED:
		a.result = TRANSPORT_LOST;
		take_out(w, lane, NOWHERE);
		break;
	case FAULT_OTHER_CARD:
		snprintf(a.card, sizeof(a.card), "%d", WORLD_CARDS + 1);
		take_out(w, lane, NOWHERE);
		break;
	case FAULT_JAM:
		a.result = TRANSPORT_REFUSED;
		break;
	case FAULT_LOST_STAYED:
	case FAULT_SILENT:
		a.result = TRANSPORT_LOST;
		break;
	}
	answer(w, lane, &a, fn, arg);
}

static void sense(struct transport *t, unsigned int lane, transport_fn fn, void *arg)
{
	struct transport_answer a = { .result = TRANSPORT_DONE };
	struct world *w = t->w;

	a.present = w->in_lane[lane];
	if (a.present)
		snprintf(a.card, sizeof(a.card), "%u", w->in_lane[lane]);
	if (w->fault[w->in_lane[lane]] == FAULT_SILENT)
		a.result = TRANSPORT_LOST;
	answer(w, lane, &a, fn, arg);
}

static void dropped(struct transport *t, unsigned int lane, const char *card, transport_fn fn,
		    void *arg)
{
	struct transport_answer a = { .result = TRANSPORT_DONE };

	a.present = t->w->card[atoi(card)] == GOOD;
	answer(t->w, lane, &a, fn, arg);
}

static void stock(struct transport *t, unsigned int lane, transport_fn fn, void *arg)
{
	struct transport_answer a = { .result = TRANSPORT_DONE };

	a.count = world_count(t->w, FEEDER);
	answer(t->w, lane, &a, fn, arg);
}

static const struct transport_ops machine_ops = {
	.kind = "world",
	.feed = feed,
	.eject = eject,
	.sense = sense,
	.dropped = dropped,
	.stock = stock,
};

/* ------------------------------------------------------------------------------ the router */

static int coupler_get(void *router, uint32_t index, struct cksnl_coupler *ret)
{
	struct world *w = router;

	memset(ret, 0, sizeof(*ret));
	ret->has = CKSNL_HAS(CKS_A_COUPLER_PRESENT) | CKSNL_HAS(CKS_A_COUPLER_PRESENCE_GEN);
	ret->present = w->in_lane[index] != 0;
	ret->presence_gen = w->gen[index];
	return 0;
}

static int station_get(void *router, struct cksnl_station *ret)
{
	struct world *w = router;

	memset(ret, 0, sizeof(*ret));
	ret->has = CKSNL_HAS(CKS_A_STATION_BOOT_ID);
	memcpy(ret->boot_id, w->boot_id, sizeof(ret->boot_id));
	ret->state = !w->listening ? CKS_STATION_STATE_DOWN :
		     w->cas ? CKS_STATION_STATE_CONNECTED : CKS_STATION_STATE_LISTENING;
	if (w->acks)
		w->acked = w->numbered;
	ret->acked_disposition = w->acked;
	ret->last_disposition = w->numbered;
	ret->lease_epoch = w->lease;
	ret->hold = w->now < w->held_until;
	strcpy(ret->hold_reason, "by the operator");
	ret->lanes_stopped.len = 1;
	for (unsigned int i = 0; i < WORLD_LANES; i++)
		if (w->lane_stopped[i])
			ret->lanes_stopped.data[0] |= 1 << i;
	return 0;
}

static int station_set(void *router, const struct cksnl_station *s)
{
	struct world *w = router;

	if (s->has & CKSNL_HAS(CKS_A_STATION_LISTEN))
		w->listening = s->listen;
	if ((s->has & CKSNL_HAS(CKS_A_STATION_LEASE_EPOCH)) && s->lease_epoch > w->lease)
		w->lease = s->lease_epoch;
	if (s->has & CKSNL_HAS(CKS_A_STATION_ACKED_DISPOSITION)) {
		if (w->acked < s->acked_disposition)
			w->acked = s->acked_disposition;
		if (w->numbered < w->acked)
			w->numbered = w->acked;
	}
	return 0;
}

static int session_get(void *router, uint64_t request, struct cksnl_session *ret)
{
	struct world *w = router;

	for (unsigned int i = 0; i < WORLD_LANES; i++) {
		if (!w->session_open[i] || w->session[i].request != request)
			continue;
		*ret = w->session[i];
		if (ret->state == CKS_SESSION_STATE_RESULT && w->before_gate)
			w->before_gate(w, i);
		return 0;
	}
	return -ENOENT;
}

static int session_dump(void *router, cksnl_each_fn each, void *arg)
{
	struct world *w = router;

	for (unsigned int i = 0; i < WORLD_LANES; i++)
		if (w->session_open[i])
			each(&w->session[i], arg);
	return 0;
}

static int request_new(void *router, const struct cksnl_session *req, uint64_t *ret_number,
		       uint8_t ret_boot_id[static CKSNL_ID_LEN])
{
	struct world *w = router;
	struct cksnl_session *s = &w->session[req->coupler];
	unsigned int card = w->in_lane[req->coupler];

	if (!w->listening)
		return -EHOSTDOWN;
	if (card == w->hold_at && !w->held_until)
		w->held_until = w->now + 60000;
	if (w->now < w->held_until || w->lane_stopped[req->coupler])
		return -EAGAIN;
	if (w->session_open[req->coupler])
		return -EBUSY;
	if (!card || req->presence_gen != w->gen[req->coupler])
		return -ESTALE;
	memset(s, 0, sizeof(*s));
	s->has = CKSNL_HAS(CKS_A_SESSION_BOOT_ID);
	s->request = ++w->last_request;
	s->coupler = req->coupler;
	s->presence_gen = req->presence_gen;
	memcpy(s->boot_id, w->boot_id, sizeof(s->boot_id));
	assert_true(w->answers[card] < 4);
	s->verdict = w->verdict[card][w->answers[card]++];
	s->state = s->verdict ? CKS_SESSION_STATE_RESULT : CKS_SESSION_STATE_RUNNING;
	s->result_id = s->verdict ? 5000 + s->request : 0;
	if (s->verdict == CKS_VERDICT_REJECT)
		strcpy(s->reason, "wrong card cryptogram");
	if (s->verdict == WORLD_NO_ATR) {
		s->verdict = CKS_VERDICT_REJECT;
		s->result_id = 0;
		strcpy(s->reason, "no answer to reset");
	}
	w->session_open[req->coupler] = true;
	*ret_number = s->request;
	memcpy(ret_boot_id, w->boot_id, CKSNL_ID_LEN);
	return 0;
}

static int request_cancel(void *router, uint64_t request, const char *reason)
{
	struct world *w = router;

	(void)reason;
	for (unsigned int i = 0; i < WORLD_LANES; i++) {
		if (!w->session_open[i] || w->session[i].request != request ||
		    w->session[i].verdict)
			continue;
		w->session[i].verdict = CKS_VERDICT_REJECT;
		w->session[i].state = CKS_SESSION_STATE_RESULT;
		w->cancelled++;
	}
	return 0;
}

static int disposition_new(void *router, const struct cksnl_session *d)
{
	struct world *w = router;
	char path[80], line[RECORD_LINE_MAX];
	FILE *in;

	if (d->disposition_number > w->numbered + 1)
		return -EINVAL;
	if (d->disposition_number <= w->numbered)
		return 0;
	w->numbered++;
	w->dispositions++;
	for (unsigned int i = 0; i < WORLD_LANES; i++)
		if (w->session_open[i] && w->session[i].request == d->request &&
		    !memcmp(d->boot_id, w->session[i].boot_id, CKSNL_ID_LEN))
			w->session_open[i] = false;
	/* Which card it was stands in the journal, which has the record before we are told. */
	snprintf(path, sizeof(path), "%s/journal", w->dir);
	in = fopen(path, "r");
	while (fgets(line, sizeof(line), in)) {
		struct record rec;

		assert_true(record_parse(&rec, line, strlen(line) - 1));
		if (rec.type != RECORD_DISPOSED || rec.number != d->disposition_number)
			continue;
		assert_int_equal(rec.disposition, d->disposition);
		w->disposed[atoi(rec.card)] = d->disposition;
		w->disposed_result[atoi(rec.card)] = d->result_id;
		fclose(in);
		return 0;
	}
	fail_msg("disposition %u is not in the journal", (unsigned int)d->disposition_number);
	return -EINVAL;
}

static const char *error(void *router)
{
	(void)router;
	return "refused by the world";
}

static const struct router_ops world_router = {
	.coupler_get = coupler_get,
	.station_get = station_get,
	.station_set = station_set,
	.session_get = session_get,
	.session_dump = session_dump,
	.request_new = request_new,
	.request_cancel = request_cancel,
	.disposition_new = disposition_new,
	.error = error,
};

/* ------------------------------------------------------------------------------- the clock */

static uint64_t now_ms(void *clock)
{
	return ((struct world *)clock)->now;
}

static void arm(void *clock, struct lane *lane, unsigned int ms)
{
	struct world *w = clock;

	w->timers[lane->index] = ms ? w->now + ms : 0;
}

static const struct clock_ops world_clock = { .now_ms = now_ms, .arm = arm };

/* ------------------------------------------------------------------------------- the world */

unsigned int world_count(const struct world *w, enum place place)
{
	unsigned int n = 0;

	for (unsigned int c = 1; c <= WORLD_CARDS; c++)
		n += w->card[c] == place;
	return n;
}

static void start(struct world *w)
{
	char why[512];

	memset(&w->st, 0, sizeof(w->st));
	memset(w->lanes, 0, sizeof(w->lanes));
	memset(w->queue, 0, sizeof(w->queue));
	memset(w->timers, 0, sizeof(w->timers));
	if (journal_open(&w->journal, w->dir, why, sizeof(why)))
		fail_msg("%s", why);
	for (unsigned int i = 0; i < WORLD_LANES; i++)
		w->lanes[i] = (struct lane){ .st = &w->st, .index = i, .coupler = i };
	the_machine.w = w;
	w->st.settings = &w->settings;
	w->st.journal = w->journal;
	w->st.router = &world_router;
	w->st.router_arg = w;
	w->st.transport = &machine_ops;
	w->st.machine = &the_machine;
	w->st.clock = &world_clock;
	w->st.clock_arg = w;
	w->st.lanes = w->lanes;
	w->st.nlanes = WORLD_LANES;
}

void world_begin(struct world *w, unsigned int cards)
{
	memset(w, 0, sizeof(*w));
	strcpy(w->dir, "/tmp/cks-stationd.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	w->now = 1000;
	w->cas = true;
	w->acks = true;
	w->boot_id[0] = 1;
	strcpy(w->settings.application, "personalize");
	w->settings.once = true;
	w->settings.deadline_ms = 60000;
	w->settings.retries = 1;
	w->settings.max_failures = 5;
	for (unsigned int c = 1; c <= cards; c++)
		w->card[c] = FEEDER;
	for (unsigned int c = 1; c <= WORLD_CARDS; c++)
		for (int n = 0; n < 4; n++)
			w->verdict[c][n] = CKS_VERDICT_GOOD;
	start(w);
}

void world_restart(struct world *w)
{
	journal_close(w->journal);
	start(w);
}

void world_end(struct world *w)
{
	char path[80];

	journal_close(w->journal);
	snprintf(path, sizeof(path), "%s/journal", w->dir);
	unlink(path);
	assert_int_equal(rmdir(w->dir), 0);
	assert_false(w->gate_without_intent);
	assert_false(w->move_without_rejected);
}

/* One thing that is due, or a second of time. */
static void step(struct world *w)
{
	for (unsigned int i = 0; i < 8; i++) {
		if (!w->queue[i].active)
			continue;
		w->queue[i].active = false;
		w->queue[i].fn(&w->queue[i].answer, w->queue[i].arg);
		return;
	}
	for (unsigned int i = 0; i < WORLD_LANES; i++) {
		if (!w->timers[i] || w->timers[i] > w->now)
			continue;
		w->timers[i] = 0;
		lane_timer(&w->lanes[i]);
		return;
	}
	w->now += 100;
	if (!(w->now % 1000))
		station_tick(&w->st);
}

void world_run(struct world *w)
{
	uint64_t end = w->now + 3600000;

	assert_int_equal(station_begin(&w->st), 0);
	while (!station_over(&w->st)) {
		step(w);
		if (w->now > end)
			fail_msg("not over after an hour");
	}
}

void world_steps(struct world *w, uint64_t ms)
{
	uint64_t end = w->now + ms;

	while (w->now < end)
		step(w);
}
