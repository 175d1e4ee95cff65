// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules; see check.h. Clauses are those of ISO/IEC 7816-3:2006.
 */
#include <string.h>

#include "check.h"

#define TICKS_PER_CLK	960ULL
#define ETU0		(372 * TICKS_PER_CLK)

/* So long before the end of the guard time a command has to be handed over, to count as in time. */
#define STAGED_NS	50000

/**
 * struct checker - while it checks
 * @w: session
 * @s: what was agreed upon
 * @r: result
 * @etu: after PPS, ticks
 * @command: of those given, the next one
 */
struct checker {
	const struct wire *w;
	const struct exact_session *s;
	struct exact_report *r;
	uint64_t etu;
	unsigned int command;
};

static uint64_t etu_of(uint16_t f, uint8_t d)
{
	return f * TICKS_PER_CLK / d;
}

static unsigned int first_of_protocol(const struct exact_session *s)
{
	return s->atr_len + 2 * s->pps_len;
}

void exact_plan(struct wire_plan *plan, const struct exact_session *s)
{
	*plan = (struct wire_plan){
		.clk_hz = s->clk_hz,
		.first = first_of_protocol(s),
		.etu0 = ETU0,
		.etu = (uint32_t)etu_of(s->f, s->d),
		.signals = s->t == 0,
	};
}

static bool fail(struct checker *k, const char *rule, size_t at, uint64_t is, uint64_t ticks)
{
	k->r->rule = rule;
	k->r->at = at;
	k->r->is = is;
	k->r->bound = wire_ns(k->w, ticks);
	return false;
}

static uint64_t resolution(const struct checker *k)
{
	return EXACT_RESOLUTION_NS + wire_ns(k->w, EXACT_RESOLUTION_TICKS);
}

/* @ns is at least so many ticks. */
static bool least(struct checker *k, const char *rule, size_t at, uint64_t ns, uint64_t ticks)
{
	if (ns + resolution(k) >= wire_ns(k->w, ticks))
		return true;
	return fail(k, rule, at, ns, ticks);
}

static bool most(struct checker *k, const char *rule, size_t at, uint64_t ns, uint64_t ticks)
{
	if (ns <= wire_ns(k->w, ticks) + resolution(k))
		return true;
	return fail(k, rule, at, ns, ticks);
}

static bool order(struct checker *k, const char *rule, uint64_t before, uint64_t after)
{
	return before && before <= after ? true : fail(k, rule, 0, after, 0);
}

/*
 * 6.2.1 and 6.2.2: RST low, VCC and CLK, I/O in reception not before VCC, and within 200 cycles of
 * CLK; RST high not before 400.
 */
static bool activation(struct checker *k)
{
	const struct wire *w = k->w;

	if (!w->vcc_on || w->rst_at_vcc || w->io_at_vcc || !w->rst_high)
		return fail(k, "activation order", 0, 0, 0);
	return order(k, "activation order", w->vcc_on, w->io_high) &&
	       order(k, "activation order", w->io_high, w->rst_high) &&
	       most(k, "reception", 0, w->io_high - w->vcc_on, 200 * TICKS_PER_CLK) &&
	       least(k, "reset time", 0, w->rst_high - w->vcc_on, 400 * TICKS_PER_CLK);
}

/* 6.4: RST low, CLK low, I/O low, VCC off. */
static bool deactivation(struct checker *k)
{
	const struct wire *w = k->w;

	if (!w->rst_low && !w->vcc_off)
		return true;
	return order(k, "deactivation order", w->rst_low, w->io_low) &&
	       order(k, "deactivation order", w->io_low, w->vcc_off);
}

/* 8.1: 400 to 40,000 cycles from RST high to TS. */
static bool first_char(struct checker *k)
{
	uint64_t ns = k->w->c[0].start - k->w->rst_high;

	return least(k, "ATR window", 0, ns, 400 * TICKS_PER_CLK) &&
	       most(k, "ATR window", 0, ns, 40000 * TICKS_PER_CLK);
}

/* 8.3: GT is 12 etu + R * N/f; R is that of the etu, or of the ATR's TA1 with T=15. */
static uint64_t guard(const struct checker *k, uint64_t etu, uint8_t t)
{
	const struct exact_session *s = k->s;

	if (s->n == 255)
		return (t == 1 ? 11 : 12) * etu;
	return 12 * etu + s->n * (s->t15 ? etu_of(s->ri, s->rd) : etu);
}

/* The shortest time that is allowed before a character of the coupler. */
static uint64_t coupler_gap(const struct checker *k, size_t i)
{
	const struct wire_char *was = &k->w->c[i - 1];
	const struct exact_session *s = k->s;
	unsigned int first = first_of_protocol(s);
	uint64_t gap;

	if (i < first)
		return guard(k, ETU0, 0);
	gap = guard(k, k->etu, s->t);
	if (was->side == WIRE_CARD && s->t == 1 && gap < 22 * k->etu)
		gap = 22 * k->etu;
	if (was->side == WIRE_CARD && s->t == 0 && gap < s->turn * k->etu)
		gap = s->turn * k->etu;
	/* The last character of the ATR or of PPS has the slot of its own etu. */
	if (i == first && gap < guard(k, ETU0, 0))
		gap = guard(k, ETU0, 0);
	return gap;
}

static const char *coupler_rule(const struct checker *k, size_t i)
{
	if (k->w->c[i - 1].side == WIRE_COUPLER || i < first_of_protocol(k->s))
		return "guard time";
	return k->s->t == 1 ? "block guard time" : "turn time";
}

/* 7.3: again, when the signal was over, and 2 etu after it was seen, which is at 11. */
static bool repeated(struct checker *k, size_t i)
{
	const struct wire_char *c = &k->w->c[i], *was = c - 1;

	if (c->side != was->side || c->byte != was->byte)
		return fail(k, "repetition", i, c->start, 0);
	return least(k, "repetition", i, c->start - was->start, 13 * was->etu) &&
	       order(k, "repetition", was->signal_to, c->start);
}

static bool is_next_command(struct checker *k, size_t i, uint64_t *ret_given)
{
	const struct exact_session *s = k->s;
	const struct wire_char *c = &k->w->c[i];
	bool is = false;

	while (k->command < s->commands && s->given[k->command] <= c->written) {
		*ret_given = s->given[k->command++];
		is = true;
	}
	return is;
}

/* Written to THR at most 5 us after the guard time. */
static bool in_time(struct checker *k, size_t i, uint64_t gap)
{
	const struct wire_char *c = &k->w->c[i], *was = c - 1;
	uint64_t over = was->start + wire_ns(k->w, gap), given = 0;
	struct exact_report *r = k->r;
	int64_t late, own;

	if (!c->written)
		return true;
	late = (int64_t)(c->written - over);
	/* Some cards that offer only T=0 send a TCK all the same: it is waited for. */
	if (i == k->s->atr_len)
		return true;
	if (is_next_command(k, i, &given)) {
		if (given + STAGED_NS > over) {
			if (was->due && c->written - was->due > r->reaction)
				r->reaction = c->written - was->due;
			return true;
		}
		if (late > r->late_next)
			r->late_next = late;
	}
	own = late;
	if (was->due && was->due < c->written)
		own -= (int64_t)(uint32_t)(c->cost - was->due_cost);
	if (late > r->late)
		r->late = late;
	if (own > r->late_own)
		r->late_own = own;
	r->due += wire_ns(k->w, gap);
	r->taken += c->start - was->start;
	if (own <= EXACT_LATE_NS + (k->s->blind ? (int64_t)wire_ns(k->w, k->etu) : 0))
		return true;
	return fail(k, "next character", i, c->written - was->start, gap);
}

static bool coupler_char(struct checker *k, size_t i)
{
	const struct wire_char *c = &k->w->c[i], *was = c - 1;
	uint64_t gap, ns = c->start - was->start;
	bool within = i >= first_of_protocol(k->s) && was->side == WIRE_COUPLER;

	if (was->refused)
		return repeated(k, i);
	gap = coupler_gap(k, i);
	if (!least(k, coupler_rule(k, i), i, ns, gap))
		return false;
	if (within && k->s->t == 1 &&
	    !most(k, "character waiting time", i, ns, (11 + (1ULL << k->s->cwi)) * c->etu))
		return false;
	return in_time(k, i, gap);
}

/* 10.2: WT. 11.4.3: BWT and CWT. 8.1: 9600 etu in ATR and PPS. All for the card. */
static uint64_t card_limit(const struct checker *k, size_t i)
{
	const struct exact_session *s = k->s;

	if (i < first_of_protocol(s))
		return 9600 * ETU0;
	if (s->t == 0)
		return s->wi * 960 * s->f * TICKS_PER_CLK;
	if (k->w->c[i - 1].side == WIRE_CARD)
		return (11 + (1ULL << s->cwi)) * k->etu;
	return 11 * k->etu + (960ULL * 372 << s->bwi) * TICKS_PER_CLK;
}

static bool card_char(struct checker *k, size_t i)
{
	const struct wire_char *c = &k->w->c[i], *was = c - 1;
	bool protocol = i >= first_of_protocol(k->s);
	uint64_t ns = c->start - was->start, gap = 12 * (uint64_t)c->etu;

	if (was->refused)
		return repeated(k, i);
	if (protocol && k->s->t == 1) {
		if (was->side == WIRE_COUPLER)
			gap = 22 * k->etu;
		else if (k->s->n == 255)
			gap = 11 * k->etu;
	}
	return least(k, "card's guard time", i, ns, gap) &&
	       most(k, protocol ? "waiting time" : "initial waiting time", i, ns,
		    card_limit(k, i));
}

/* 7.2: each edge within 0.2 etu of its place. 7.1: parity. */
static bool bits(struct checker *k, size_t i)
{
	const struct wire_char *c = &k->w->c[i];

	if (c->off > wire_ns(k->w, c->etu) / 5 + resolution(k))
		return fail(k, "bits", i, c->off, c->etu / 5);
	/* One with wrong parity has to be refused where it can be; else the EDC is there. */
	if (c->odd != k->s->odd && !c->refused && k->s->t == 0 && i >= first_of_protocol(k->s))
		return fail(k, "parity", i, 0, 0);
	return true;
}

/* 7.3: 10.5 etu, give or take 0.2, for one to two. */
static bool signal(struct checker *k, size_t i)
{
	const struct wire_char *c = &k->w->c[i];
	uint64_t from = c->signal_from - c->start, etu = c->etu;

	if (!c->refused)
		return true;
	if (c->side == WIRE_CARD && c->due && c->signal_from - c->due > k->r->signal)
		k->r->signal = c->signal_from - c->due;
	return least(k, "error signal begin", i, from, etu * 103 / 10) &&
	       most(k, "error signal begin", i, from, etu * 107 / 10) &&
	       order(k, "error signal length", c->signal_from, c->signal_to) &&
	       least(k, "error signal length", i, c->signal_to - c->signal_from, etu) &&
	       most(k, "error signal length", i, c->signal_to - c->signal_from, 2 * etu);
}

static bool character(struct checker *k, size_t i)
{
	const struct wire_char *c = &k->w->c[i];
	struct exact_report *r = k->r;

	if (c->side == WIRE_COUPLER) {
		r->sent++;
		r->repeated += c->refused;
	} else {
		r->received++;
		r->refused += c->refused;
	}
	if (!i)
		return c->side == WIRE_CARD ? first_char(k) && bits(k, 0) :
					      fail(k, "ATR window", 0, 0, 0);
	return (c->side == WIRE_COUPLER ? coupler_char(k, i) : card_char(k, i)) && bits(k, i) &&
	       signal(k, i);
}

bool exact_check(const struct wire *w, const struct exact_session *s, struct exact_report *r)
{
	struct checker k = { .w = w, .s = s, .r = r, .etu = etu_of(s->f, s->d) };

	memset(r, 0, sizeof(*r));
	r->late = INT64_MIN;
	r->late_own = INT64_MIN;
	r->late_next = INT64_MIN;
	if (w->lost)
		return fail(&k, "nothing lost", 0, 0, 0);
	if (!activation(&k))
		return false;
	if (w->n < first_of_protocol(s))
		return fail(&k, "ATR window", w->n, 0, 0);
	for (size_t i = 0; i < w->n; i++)
		if (!character(&k, i))
			return false;
	return deactivation(&k);
}
