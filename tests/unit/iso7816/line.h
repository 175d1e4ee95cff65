/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model line: both halves of the engine, virtual time, characters that may be spoilt on their
 * way, and a monitor that knows the guard times of ISO/IEC 7816-3 by itself.
 */
#ifndef ISO7816_LINE_H
#define ISO7816_LINE_H

#include "../check.h"
#include "iso7816/iso7816.h"

#define LINE_BUF 66000

struct sender {
	const u8 *data;
	u16 len;
	u16 pos;
	u64 edge;		/* of the next character */
	u64 before;		/* edge of the one before it */
	u64 limit;		/* from one edge to the next */
	u32 gap;
	u8 refused;		/* times in a row */
	bool settled;		/* the next character comes as it is, its spoiling is done */
	bool collided;		/* with a character of the other side */
	u8 slips;		/* characters of these that were lost, doubled or changed unseen */
};

enum spoil {
	SPOIL_NOT,
	SPOIL_PARITY,		/* one bit flipped: seen by its parity */
	SPOIL_SILENT,		/* two bits flipped: not seen */
	SPOIL_DROP,
	SPOIL_REPEAT,		/* sent twice */
	SPOIL_DELAY,		/* late by a random time of up to 32,768 etu */
};

/* 7.3: a character that is refused so often in a row is given up. */
#define LINE_REFUSALS 4

struct line {
	struct iso7816_coupler coupler;
	struct iso7816_card card;
	u64 now;
	struct sender from_coupler;
	struct sender from_card;
	struct iso7816_line coupler_line;
	struct iso7816_line card_line;
	bool done;
	enum iso7816_err result;
	unsigned int rst_lows;
	unsigned int deactivations;

	/* The owner of the card: what it was told, what it says. */
	u32 (*app)(struct line *l, const u8 *cmd, u32 len, u8 *rsp);
	void *ctx;
	unsigned int busy;	/* card_busy() once per command so many commands long */
	u8 multiplier;
	unsigned int commands;
	u8 command[LINE_BUF];
	u32 command_len;

	enum spoil (*spoil)(struct line *l, bool from_card);
	u32 seed;

	void (*watch)(struct line *l);	/* called between two events, if there */

	/* The monitor. */
	u32 n;			/* N of TC1 */
	bool t1;
	u64 last_edge;
	bool last_from_card;
	bool any;
	bool lost;		/* a character, since both were silent */
	unsigned int chars;
	u64 rst_at;

	u8 apdu[LINE_BUF];
	u8 rsp[LINE_BUF];
	u8 scratch[LINE_BUF];
};

static inline u32 line_random(struct line *l)
{
	/* xorshift32: the same numbers everywhere */
	l->seed ^= l->seed << 13;
	l->seed ^= l->seed >> 17;
	l->seed ^= l->seed << 5;
	return l->seed;
}

static inline u32 etu_of(const struct iso7816_line *p)
{
	return iso7816_etu(p->f, p->d);
}

/* Every leading edge passes here. */
static inline void monitor(struct line *l, u64 edge, bool from_card)
{
	const struct iso7816_line *p = from_card ? &l->card_line : &l->coupler_line;
	u32 etu = etu_of(p), least;

	assert_int_equal(l->coupler_line.f, l->card_line.f);
	assert_int_equal(l->coupler_line.d, l->card_line.d);
	if (from_card && l->chars)
		assert_int_equal(l->coupler_line.odd, l->card_line.odd);
	/* Whoever missed characters may speak too early, until both have been silent. */
	if (l->lost && edge > l->last_edge + 60ULL * etu)
		l->lost = false;
	if (l->any && !l->lost) {
		if (l->last_from_card != from_card && p->t == 1)
			least = 22 * etu;
		else if (l->n == 255)
			least = (p->t == 1 ? 11 : 12) * etu;
		else
			least = (12 + (from_card ? 0 : l->n)) * etu;
		assert_true(edge >= l->last_edge + least);
	}
	l->any = true;
	l->last_edge = edge;
	l->last_from_card = from_card;
	l->chars++;
}

static inline void card_actions(struct line *l)
{
	struct iso7816_card_action act;

	while (iso7816_card_next(&l->card, &act)) {
		u32 n;

		switch (act.op) {
		case ISO7816_CARD_LINE:
			l->card_line = act.line;
			break;
		case ISO7816_CARD_SEND:
			assert_null(l->from_card.data);
			l->from_card = (struct sender){
				.data = act.send.data, .len = act.send.len, .gap = act.send.gap,
				.edge = act.send.at > l->now ? act.send.at : l->now,
				.limit = ISO7816_NEVER,
			};
			break;
		case ISO7816_CARD_COMMAND:
			l->commands++;
			l->command_len = act.command.len;
			memcpy(l->command, act.command.data, act.command.len);
			if (l->busy) {
				l->busy--;
				assert_int_equal(iso7816_card_busy(&l->card, l->now,
								   l->multiplier), ISO7816_OK);
			}
			n = l->app(l, act.command.data, act.command.len, l->scratch);
			if (n)
				assert_int_equal(iso7816_card_respond(&l->card, l->now, l->scratch,
								      n), ISO7816_OK);
			break;
		case ISO7816_CARD_CANCEL:
			break;
		}
	}
}

static inline void coupler_actions(struct line *l)
{
	struct iso7816_action act;

	while (iso7816_coupler_next(&l->coupler, &act)) {
		assert_false(l->done);
		switch (act.op) {
		case ISO7816_DO_ACTIVATE:
			l->any = false;
			break;
		case ISO7816_DO_DEACTIVATE:
			l->deactivations++;
			fallthrough;
		case ISO7816_DO_RST_LOW:
			l->rst_lows++;
			memset(&l->from_coupler, 0, sizeof(l->from_coupler));
			memset(&l->from_card, 0, sizeof(l->from_card));
			iso7816_card_rst(&l->card, l->now, false);
			l->any = false;
			break;
		case ISO7816_DO_RST_HIGH:
			l->rst_at = l->now;
			l->chars = 0;
			iso7816_card_rst(&l->card, l->now, true);
			card_actions(l);
			break;
		case ISO7816_DO_LINE:
			l->coupler_line = act.line;
			break;
		case ISO7816_DO_SEND:
			assert_null(l->from_coupler.data);
			l->from_coupler = (struct sender){
				.data = act.send.data, .len = act.send.len, .gap = act.send.gap,
				.edge = act.send.at > l->now ? act.send.at : l->now,
				.limit = act.send.limit,
			};
			break;
		case ISO7816_DO_DONE:
			l->done = true;
			l->result = act.err;
			break;
		}
	}
}

/* When a UART reports the character: 10.6 etu after its leading edge. */
static inline u64 report_time(const struct sender *s, const struct iso7816_line *p)
{
	if (!s->data)
		return ISO7816_NEVER;
	return s->edge + (u64)etu_of(p) * 106 / 10;
}

/* Two characters at the same time are none; what the coupler reads back is neither. */
static inline void collide(struct line *l, struct sender *s, struct sender *other)
{
	u64 slot = 10ULL * etu_of(&l->coupler_line);

	if (!other->data || other->edge > s->edge + slot || s->edge > other->edge + slot)
		return;
	s->collided = true;
	other->collided = true;
	l->lost = true;
}

/* The error signal of 7.3: true if the sender has to repeat the character. */
static inline bool refuse(struct line *l, struct sender *s, u8 flags)
{
	if (!flags || !l->coupler_line.error_signal || s->collided)
		return false;
	if (++s->refused >= LINE_REFUSALS)
		return false;
	s->edge += 13ULL * etu_of(&l->coupler_line);
	return true;
}

static inline void sent(struct line *l, bool from_card, u64 edge, u8 flags)
{
	struct sender *s = from_card ? &l->from_card : &l->from_coupler;

	if (s->collided)
		flags |= ISO7816_TX_ECHO;
	memset(s, 0, sizeof(*s));
	if (from_card)
		iso7816_card_sent(&l->card, edge, flags & ISO7816_TX_REFUSED);
	else
		iso7816_coupler_sent(&l->coupler, edge, flags);
}

static inline void carry(struct line *l, bool from_card)
{
	struct sender *s = from_card ? &l->from_card : &l->from_coupler;
	enum spoil how = l->spoil && !s->settled ? l->spoil(l, from_card) : SPOIL_NOT;
	u64 edge = s->edge;
	u8 byte = s->data[s->pos], flags = 0;
	u8 bit = line_random(l) % 8;
	bool gone = how == SPOIL_DROP, collided, given_up;

	/* Others may have spoken before a late one. */
	if (s->settled)
		l->lost = true;
	s->settled = false;
	if (how == SPOIL_DELAY) {
		s->settled = true;
		s->edge += ((u64)etu_of(&l->coupler_line) << line_random(l) % 16);
		l->lost = true;
		return;
	}
	if (s->pos && edge - s->before > s->limit) {
		l->lost = true;
		sent(l, from_card, s->before, ISO7816_TX_ECHO);
		return;
	}
	collide(l, s, from_card ? &l->from_coupler : &l->from_card);
	monitor(l, edge, from_card);
	if (how == SPOIL_PARITY) {
		byte ^= 1 << bit;
		flags = ISO7816_RX_PARITY;
	} else if (how == SPOIL_SILENT) {
		byte ^= 1 << bit | 1 << (bit + 3) % 8;
	}
	/* The inverse convention's TS, read with even parity. */
	if (from_card && l->chars == 1 && l->card_line.odd)
		flags = ISO7816_RX_PARITY;
	if (refuse(l, s, flags))
		return;
	given_up = s->refused >= LINE_REFUSALS;
	collided = s->collided;
	s->refused = 0;
	s->before = edge;
	if (how == SPOIL_REPEAT) {
		s->settled = true;
		s->edge += s->gap;
		l->lost = true;
	} else if (++s->pos == s->len || given_up) {
		sent(l, from_card, edge, given_up ? ISO7816_TX_REFUSED : 0);
	} else {
		s->edge += s->gap;
	}
	if (gone) {
		l->lost = true;
		return;
	}
	if (collided)
		flags |= ISO7816_RX_PARITY;
	if (from_card)
		iso7816_coupler_rx(&l->coupler, edge, byte, flags);
	else
		iso7816_card_rx(&l->card, edge, byte, flags);
}

/* Run until the coupler's command is done. */
static inline enum iso7816_err line_run(struct line *l)
{
	unsigned int steps = 0;

	l->done = false;
	for (;;) {
		u64 by_coupler, by_card, timer_coupler, timer_card, next;

		card_actions(l);
		coupler_actions(l);
		card_actions(l);
		if (l->done)
			return l->result;
		if (l->watch)
			l->watch(l);
		by_coupler = report_time(&l->from_coupler, &l->coupler_line);
		by_card = report_time(&l->from_card, &l->card_line);
		timer_coupler = iso7816_coupler_deadline(&l->coupler);
		timer_card = iso7816_card_deadline(&l->card);
		next = by_coupler < by_card ? by_coupler : by_card;
		next = next < timer_coupler ? next : timer_coupler;
		next = next < timer_card ? next : timer_card;
		assert_true(next != ISO7816_NEVER);
		assert_true(++steps < 5000000);
		if (next > l->now)
			l->now = next;
		if (next == by_coupler)
			carry(l, false);
		else if (next == by_card)
			carry(l, true);
		else if (next == timer_card)
			iso7816_card_timer(&l->card, l->now);
		else
			iso7816_coupler_timer(&l->coupler, l->now);
	}
}

static inline struct line *line_new(const struct iso7816_config *cfg,
				    const struct iso7816_card_config *card)
{
	struct line *l = calloc(1, sizeof(*l));
	struct iso7816_atr atr;

	assert_non_null(l);
	iso7816_coupler_init(&l->coupler, cfg);
	assert_int_equal(iso7816_card_init(&l->card, card, l->apdu, sizeof(l->apdu), l->rsp,
					   sizeof(l->rsp)), ISO7816_OK);
	assert_int_equal(iso7816_atr_parse(&atr, card->atr, card->atr_len, ISO7816_TOLERANT),
			 ISO7816_OK);
	l->n = atr.n;
	l->seed = 1;
	l->multiplier = 1;
	l->now = 1000;
	return l;
}

static inline enum iso7816_err line_reset(struct line *l, enum iso7816_reset how)
{
	enum iso7816_err err = iso7816_coupler_reset(&l->coupler, l->now, how);

	return err ? err : line_run(l);
}

static inline enum iso7816_err line_exchange(struct line *l, struct iso7816_exchange *x)
{
	enum iso7816_err err = iso7816_coupler_exchange(&l->coupler, l->now, x);

	return err ? err : line_run(l);
}

static inline u8 line_hex(u8 *buf, const char *hex)
{
	u8 n = 0;

	while (*hex) {
		unsigned int byte;

		if (*hex == ' ') {
			hex++;
			continue;
		}
		if (sscanf(hex, "%2x", &byte) != 1)
			fail_msg("not hexadecimal: %s", hex);
		buf[n++] = (u8)byte;
		hex += 2;
	}
	return n;
}

#endif
