// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads characters and error signals out of the edges of both sides; see wire.h.
 *
 * An edge of a side that has a character under way is one of its bits. Otherwise a falling edge
 * begins a character, or an error signal where the other side's last character could be refused at
 * that time.
 */
#include <stdlib.h>
#include <string.h>

#include "wire.h"

#define NS		1000000000ULL
#define TICKS_PER_CLK	960

/* Start bit, data, parity. */
#define BITS		10

/* Sixteenths of an etu from the leading edge in which a signal could begin, right or wrong. */
#define SIGNAL_FIRST	(9 * 16 + 8)
#define SIGNAL_LAST	(11 * 16 + 8)

/* A character in THR, and what the bench had spent. */
struct written {
	uint64_t time;
	uint32_t cost;
};

/**
 * struct reader - while it reads
 * @w: what it fills
 * @plan: how
 * @size: of @w->c
 * @level: of each side
 * @now: character under way, or -1
 * @next_bit: its bits before this one are known
 * @ones: of them
 * @last: last character of each side, or -1
 * @signals: refused character of the other side whose signal each side gives, or -1
 * @written: characters of THR that are not on the line yet
 * @writes: how many
 */
struct reader {
	struct wire *w;
	const struct wire_plan *plan;
	size_t size;
	bool level[2];
	long now[2];
	unsigned int next_bit[2];
	unsigned int ones[2];
	long last[2];
	long signals[2];
	struct written written[1024];
	size_t writes;
};

uint64_t wire_ticks(const struct wire *w, uint64_t ns)
{
	return (uint64_t)((__uint128_t)ns * w->tick_hz / NS);
}

uint64_t wire_ns(const struct wire *w, uint64_t ticks)
{
	return (uint64_t)((__uint128_t)ticks * NS / w->tick_hz);
}

/* The bits of the character up to @bit, not including it, are as the level was. */
static void bits_until(struct reader *r, int side, unsigned int bit)
{
	struct wire_char *c = &r->w->c[r->now[side]];

	for (; r->next_bit[side] < bit && r->next_bit[side] < BITS; r->next_bit[side]++) {
		if (!r->level[side] || !r->next_bit[side])
			continue;
		r->ones[side]++;
		if (r->next_bit[side] <= 8)
			c->byte |= (uint8_t)(1 << (r->next_bit[side] - 1));
	}
}

static void complete(struct reader *r, int side)
{
	if (r->now[side] < 0)
		return;
	bits_until(r, side, BITS);
	r->w->c[r->now[side]].odd = r->ones[side] & 1;
	r->now[side] = -1;
}

/* Distance to the nearest place of an edge, and which that is. */
static unsigned int place(const struct wire *w, const struct wire_char *c, uint64_t time,
			  uint64_t *ret_off)
{
	uint64_t since = time - c->start;
	uint64_t bit = (wire_ticks(w, since) + c->etu / 2) / c->etu;
	uint64_t at = wire_ns(w, bit * c->etu);

	*ret_off = since > at ? since - at : at - since;
	return (unsigned int)(bit > 1000 ? 1000 : bit);
}

static bool grow(struct reader *r)
{
	struct wire_char *more;

	if (r->w->n < r->size)
		return true;
	r->size = r->size ? 2 * r->size : 1024;
	more = realloc(r->w->c, r->size * sizeof(*more));
	if (!more)
		return false;
	r->w->c = more;
	return true;
}

static bool begin(struct reader *r, int side, uint64_t time)
{
	struct wire_char *c;

	if (!grow(r))
		return false;
	c = &r->w->c[r->w->n];
	memset(c, 0, sizeof(*c));
	c->side = side;
	c->start = time;
	c->etu = r->w->n < r->plan->first ? r->plan->etu0 : r->plan->etu;
	if (side == WIRE_COUPLER && r->writes) {
		c->written = r->written[0].time;
		c->cost = r->written[0].cost;
		memmove(r->written, r->written + 1, --r->writes * sizeof(r->written[0]));
	}
	r->now[side] = (long)r->w->n;
	r->last[side] = r->now[side];
	r->next_bit[side] = 0;
	r->ones[side] = 0;
	r->w->n++;
	return true;
}

/* Could this be an error signal for the last character, which was the other side's? */
static bool is_signal(const struct reader *r, int side, uint64_t time)
{
	long last = r->last[!side];
	const struct wire_char *c;
	uint64_t ticks;

	if (!r->plan->signals || last < 0 || (size_t)last < r->plan->first ||
	    (size_t)last + 1 != r->w->n)
		return false;
	c = &r->w->c[last];
	ticks = wire_ticks(r->w, time - c->start);
	return !c->refused && ticks >= (uint64_t)c->etu * SIGNAL_FIRST / 16 &&
	       ticks < (uint64_t)c->etu * SIGNAL_LAST / 16;
}

static bool edge(struct reader *r, int side, bool level, uint64_t time)
{
	struct wire_char *c = r->now[side] < 0 ? NULL : &r->w->c[r->now[side]];
	unsigned int bit;
	uint64_t off;

	if (level == r->level[side])
		return true;
	if (c) {
		bit = place(r->w, c, time, &off);
		if (bit < BITS || (bit == BITS && level)) {
			bits_until(r, side, bit);
			r->level[side] = level;
			if (off > c->off)
				c->off = off;
			return true;
		}
		complete(r, side);
	}
	r->level[side] = level;
	if (level) {
		if (r->signals[side] >= 0)
			r->w->c[r->signals[side]].signal_to = time;
		r->signals[side] = -1;
		return true;
	}
	if (is_signal(r, side, time)) {
		r->signals[side] = r->last[!side];
		r->w->c[r->signals[side]].refused = true;
		r->w->c[r->signals[side]].signal_from = time;
		return true;
	}
	return begin(r, side, time);
}

static void rst(struct reader *r, bool level, uint64_t time)
{
	struct wire *w = r->w;

	if (level) {
		w->rst_high = time;
		w->rst_low = 0;
		w->n = 0;
		r->writes = 0;
		for (int side = 0; side < 2; side++) {
			r->now[side] = -1;
			r->last[side] = -1;
			r->signals[side] = -1;
		}
	} else if (w->rst_high) {
		complete(r, WIRE_COUPLER);
		complete(r, WIRE_CARD);
		w->rst_low = time;
	}
}

static void vcc(struct reader *r, bool level, bool rst_level, uint64_t time)
{
	struct wire *w = r->w;

	if (level) {
		w->vcc_on = time;
		w->rst_at_vcc = rst_level;
		w->io_at_vcc = r->level[WIRE_COUPLER];
		w->io_high = 0;
		w->rst_high = 0;
		w->rst_low = 0;
		w->io_low = 0;
		w->vcc_off = 0;
	} else if (w->vcc_on) {
		w->vcc_off = time;
	}
}

/* The interrupt that comes for a character comes when the receiver is done with it. */
static void interrupt(struct reader *r, const struct cks_sim_edge *e)
{
	struct wire_char *c;

	if (!e->value || !r->w->n)
		return;
	c = &r->w->c[r->w->n - 1];
	if (!c->due) {
		c->due = e->time;
		c->due_cost = e->cost;
	}
}

static bool record(struct reader *r, const struct cks_sim_edge *e, bool *rst_level)
{
	struct wire *w = r->w;

	switch (e->signal) {
	case CKS_SIM_SIGNAL_UART:
	case CKS_SIM_SIGNAL_CARD:
		if (w->rst_high && !w->rst_low)
			return edge(r, e->signal == CKS_SIM_SIGNAL_CARD, e->value, e->time);
		if (w->vcc_on && !w->io_high && e->value && e->signal == CKS_SIM_SIGNAL_UART)
			w->io_high = e->time;
		if (w->rst_low && !w->io_low && !e->value && e->signal == CKS_SIM_SIGNAL_UART)
			w->io_low = e->time;
		r->level[e->signal == CKS_SIM_SIGNAL_CARD] = e->value;
		break;
	case CKS_SIM_SIGNAL_RST:
		if (e->value != *rst_level)
			rst(r, e->value, e->time);
		*rst_level = e->value;
		break;
	case CKS_SIM_SIGNAL_VCC:
		if (e->value != (w->vcc_on && !w->vcc_off))
			vcc(r, e->value, *rst_level, e->time);
		break;
	case CKS_SIM_SIGNAL_IRQ:
		interrupt(r, e);
		break;
	case CKS_SIM_SIGNAL_THR:
		if (r->writes == sizeof(r->written) / sizeof(r->written[0]))
			break;
		r->written[r->writes].time = e->time;
		r->written[r->writes++].cost = e->cost;
		break;
	case CKS_SIM_SIGNAL_LOST:
		w->lost = true;
		break;
	default:
		break;
	}
	return true;
}

bool wire_read(struct wire *w, const struct simtrace *t, const struct wire_plan *plan)
{
	struct reader *r = calloc(1, sizeof(*r));
	bool rst_level = false, ok = r;

	memset(w, 0, sizeof(*w));
	w->tick_hz = (uint64_t)plan->clk_hz * TICKS_PER_CLK;
	if (!r)
		return false;
	r->w = w;
	r->plan = plan;
	for (int side = 0; side < 2; side++) {
		r->level[side] = true;
		r->now[side] = -1;
		r->last[side] = -1;
		r->signals[side] = -1;
	}
	for (size_t i = 0; i < t->n && ok; i++)
		ok = record(r, &t->rec[i], &rst_level);
	complete(r, WIRE_COUPLER);
	complete(r, WIRE_CARD);
	free(r);
	return ok;
}

void wire_free(struct wire *w)
{
	free(w->c);
	w->c = NULL;
	w->n = 0;
}
