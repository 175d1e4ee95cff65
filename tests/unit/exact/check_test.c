// SPDX-License-Identifier: GPL-2.0-only
/*
 * The checker of tests/exact, on traces that are made up: one in which everything is at its bound
 * is accepted, and refused, with the name of the rule, when it is one clock cycle beyond.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exact/check.h"

#define CLK_HZ		1000000
#define CLK		1000		/* ns */
#define ETU		372		/* clock cycles; F = 372, D = 1 */
#define N		2
#define GT		((12 + N) * ETU)
#define WT		(10 * 960 * 372)
#define BWT		(11 * ETU + 16 * 960 * 372)
#define CWT		((11 + 32) * ETU)	/* CWI 5 */
#define RECORDS		4096

/* All in clock cycles. */
struct script {
	int t;
	int lost;
	int rst_at_vcc;
	int io_at_vcc;
	long io;		/* from VCC on to I/O in reception */
	long rst;		/* from VCC on */
	long ts;		/* from RST */
	long atr;		/* between its characters */
	long first;		/* from ATR to the first character of the coupler */
	long guard;		/* between two of its characters */
	long late;		/* and it is so much later */
	long given;		/* a command: before the end of its guard time; 0 for none */
	long next;		/* its first character is so much later */
	long answer;		/* to the first character of the card */
	long card;		/* between two of its characters */
	long turn;		/* from there to the coupler's next one */
	long signal;		/* error signal of the card, 0 for none */
	long low;		/* its length */
	long again;		/* repetition */
	int other;		/* which is another character */
	long our_signal;	/* of the coupler */
	long our_low;
	long card_again;
	long skew;		/* of an edge */
	int parity;		/* of a character of the card is wrong */
	long io_low;		/* from RST low */
	long off;		/* from there to VCC off */
};

static const struct script t0 = {
	.t = 0, .io = 200, .rst = 400, .ts = 400, .atr = 12 * ETU, .first = GT, .guard = GT,
	.answer = 12 * ETU, .card = 12 * ETU, .turn = GT, .signal = 3906, .low = ETU,
	.again = 13 * ETU, .our_signal = 3906, .our_low = ETU, .card_again = 13 * ETU,
};

static const struct script t1 = {
	.t = 1, .io = 200, .rst = 400, .ts = 400, .atr = 12 * ETU, .first = 22 * ETU,
	.guard = GT, .answer = 22 * ETU, .card = 12 * ETU, .turn = 22 * ETU, .again = GT,
	.card_again = 12 * ETU,
};

static struct cks_sim_edge rec[RECORDS];
static size_t count;
static uint64_t given;

static void put(uint64_t clk, enum cks_sim_signal signal, unsigned int value)
{
	assert_true(count < RECORDS);
	rec[count] = (struct cks_sim_edge){
		.time = clk * CLK, .signal = signal, .value = (uint16_t)value,
		.cost = (uint32_t)count,
	};
	count++;
}

/* At the same time: in the order in which they were put, which @cost has. */
static int by_time(const void *a, const void *b)
{
	const struct cks_sim_edge *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->cost < y->cost ? -1 : x->cost > y->cost;
}

/* A character, its last edge off its place by @skew. */
static void put_char(enum cks_sim_signal side, uint64_t at, uint8_t byte, bool wrong, long skew)
{
	bool level = true, odd = false;
	unsigned int i, levels = (unsigned int)byte << 1;
	size_t last = count;

	for (i = 0; i < 8; i++)
		odd ^= byte >> i & 1;
	levels |= (odd != wrong ? 1U : 0) << 9 | 1U << 10;
	for (i = 0; i <= 10; i++) {
		if (level == (levels >> i & 1))
			continue;
		level = levels >> i & 1;
		last = count;
		put(at + i * ETU, side, level);
	}
	rec[last].time += (uint64_t)(skew * CLK);
}

static void coupler_char(uint64_t at, uint8_t byte)
{
	put(at, CKS_SIM_SIGNAL_THR, byte);
	put_char(CKS_SIM_SIGNAL_UART, at, byte, false, 0);
}

static void pulse(enum cks_sim_signal side, uint64_t from, long len)
{
	put(from, side, 0);
	put(from + (uint64_t)len, side, 1);
}

static void card_chars(const struct script *s, uint64_t *at)
{
	put_char(CKS_SIM_SIGNAL_CARD, *at += (uint64_t)s->answer, 0x55, s->parity, s->skew);
	put_char(CKS_SIM_SIGNAL_CARD, *at += (uint64_t)s->card, 0x60, s->our_signal, 0);
	if (s->our_signal)
		pulse(CKS_SIM_SIGNAL_UART, *at + (uint64_t)s->our_signal, s->our_low);
	put_char(CKS_SIM_SIGNAL_CARD, *at += (uint64_t)s->card_again, 0x60, false, 0);
}

static void build(const struct script *s)
{
	uint64_t at = 1000;

	count = 0;
	put(0, CKS_SIM_SIGNAL_UART, s->io_at_vcc);
	put(0, CKS_SIM_SIGNAL_CARD, 1);
	put(0, CKS_SIM_SIGNAL_RST, s->rst_at_vcc);
	put(0, CKS_SIM_SIGNAL_VCC, 0);
	put(at, CKS_SIM_SIGNAL_VCC, 1);
	put(at + (uint64_t)s->io, CKS_SIM_SIGNAL_UART, 1);
	put(at + 1, CKS_SIM_SIGNAL_RST, 0);
	put(at += (uint64_t)s->rst, CKS_SIM_SIGNAL_RST, 1);
	put_char(CKS_SIM_SIGNAL_CARD, at += (uint64_t)s->ts, 0x3b, false, 0);
	put_char(CKS_SIM_SIGNAL_CARD, at += (uint64_t)s->atr, 0x00, false, 0);

	coupler_char(at += (uint64_t)s->first, 0x12);
	coupler_char(at += (uint64_t)(s->guard + s->late), 0x34);
	card_chars(s, &at);
	given = (at + (uint64_t)s->turn - (uint64_t)s->given) * CLK;
	coupler_char(at += (uint64_t)(s->turn + s->next), 0x56);
	if (s->signal)
		pulse(CKS_SIM_SIGNAL_CARD, at + (uint64_t)s->signal, s->low);
	coupler_char(at += (uint64_t)s->again, s->other ? 0x57 : 0x56);
	if (s->lost)
		put(at, CKS_SIM_SIGNAL_LOST, 0);

	put(at += 100 * ETU, CKS_SIM_SIGNAL_RST, 0);
	put(at += (uint64_t)s->io_low, CKS_SIM_SIGNAL_UART, 0);
	put(at + (uint64_t)s->off, CKS_SIM_SIGNAL_VCC, 0);
	qsort(rec, count, sizeof(rec[0]), by_time);
}

static const char *broken(const struct script *s)
{
	static struct exact_report r;
	const struct exact_session e = {
		.clk_hz = CLK_HZ, .atr_len = 2, .f = 372, .d = 1, .t = (uint8_t)s->t, .n = N,
		.cwi = 5, .bwi = 4, .wi = 10, .given = &given, .commands = s->given ? 1 : 0,
	};
	struct simtrace trace = { .rec = rec };
	struct wire_plan plan;
	struct wire w;
	bool ok;

	build(s);
	trace.n = count;
	exact_plan(&plan, &e);
	assert_true(wire_read(&w, &trace, &plan));
	ok = exact_check(&w, &e, &r);
	wire_free(&w);
	assert_true(ok == !r.rule);
	return r.rule;
}

#define FIELD(f)	offsetof(struct script, f)

/* Where a long of the script may still be, and where not any more. */
static const struct spoil {
	const char *rule;
	const struct script *base;
	size_t field;
	long good;
	long bad;
} spoils[] = {
	{ "reset time", &t0, FIELD(rst), 400, 399 },
	{ "ATR window", &t0, FIELD(ts), 400, 399 },
	{ "ATR window", &t0, FIELD(ts), 40000, 40001 },
	{ "card's guard time", &t0, FIELD(atr), 12 * ETU, 12 * ETU - 1 },
	{ "initial waiting time", &t0, FIELD(atr), 9600 * ETU, 9600 * ETU + 1 },
	{ "turn time", &t0, FIELD(first), GT, GT - 1 },
	{ "guard time", &t0, FIELD(guard), GT, GT - 1 },
	{ "next character", &t0, FIELD(late), 5, 6 },
	{ "card's guard time", &t0, FIELD(answer), 12 * ETU, 12 * ETU - 1 },
	{ "waiting time", &t0, FIELD(answer), WT, WT + 1 },
	{ "card's guard time", &t0, FIELD(card), 12 * ETU, 12 * ETU - 1 },
	{ "waiting time", &t0, FIELD(card), WT, WT + 1 },
	{ "turn time", &t0, FIELD(turn), GT, GT - 1 },
	{ "error signal begin", &t0, FIELD(signal), 3832, 3831 },
	{ "error signal begin", &t0, FIELD(signal), 3980, 3981 },
	{ "error signal length", &t0, FIELD(low), ETU, ETU - 1 },
	{ "error signal length", &t0, FIELD(low), 2 * ETU, 2 * ETU + 1 },
	{ "repetition", &t0, FIELD(again), 13 * ETU, 13 * ETU - 1 },
	{ "error signal begin", &t0, FIELD(our_signal), 3832, 3831 },
	{ "error signal begin", &t0, FIELD(our_signal), 3980, 3981 },
	{ "error signal length", &t0, FIELD(our_low), ETU, ETU - 1 },
	{ "error signal length", &t0, FIELD(our_low), 2 * ETU, 2 * ETU + 1 },
	{ "repetition", &t0, FIELD(card_again), 13 * ETU, 13 * ETU - 1 },
	{ "bits", &t0, FIELD(skew), 74, 75 },
	{ "bits", &t0, FIELD(skew), -74, -75 },
	{ "deactivation order", &t0, FIELD(io_low), 0, -1 },
	{ "deactivation order", &t0, FIELD(off), 0, -1 },
	{ "block guard time", &t1, FIELD(first), 22 * ETU, 22 * ETU - 1 },
	{ "guard time", &t1, FIELD(guard), GT, GT - 1 },
	{ "character waiting time", &t1, FIELD(again), CWT, CWT + 1 },
	{ "card's guard time", &t1, FIELD(answer), 22 * ETU, 22 * ETU - 1 },
	{ "waiting time", &t1, FIELD(answer), BWT, BWT + 1 },
	{ "card's guard time", &t1, FIELD(card), 12 * ETU, 12 * ETU - 1 },
	{ "waiting time", &t1, FIELD(card), CWT, CWT + 1 },
	{ "block guard time", &t1, FIELD(turn), 22 * ETU, 22 * ETU - 1 },
};

static bool is_refused(const struct spoil *p, long value, const char **ret_rule)
{
	struct script s = *p->base;

	*(long *)((char *)&s + p->field) = value;
	/* The end of a signal has to be over before the repetition. */
	if (p->field == FIELD(signal) || p->field == FIELD(low))
		s.again = 14 * ETU;
	if (p->field == FIELD(our_signal) || p->field == FIELD(our_low))
		s.card_again = 14 * ETU;
	*ret_rule = broken(&s);
	return *ret_rule;
}

static void test_bounds(void **state)
{
	const char *rule;

	(void)state;
	assert_null(broken(&t0));
	assert_null(broken(&t1));
	for (size_t i = 0; i < sizeof(spoils) / sizeof(spoils[0]); i++) {
		const struct spoil *p = &spoils[i];

		if (p->field == FIELD(again) && p->base == &t1) {
			/* Within CWT, but late: the first is for the other rule. */
			assert_true(is_refused(p, p->bad, &rule));
			assert_string_equal(rule, p->rule);
			continue;
		}
		if (is_refused(p, p->good, &rule))
			fail_msg("%zu: %s: %ld is refused: %s", i, p->rule, p->good, rule);
		if (!is_refused(p, p->bad, &rule))
			fail_msg("%zu: %s: %ld is accepted", i, p->rule, p->bad);
		assert_string_equal(rule, p->rule);
	}
}

/* A command that was handed over in time is not late; one that was not is its owner's matter. */
static void test_next_command(void **state)
{
	struct script s = t0;

	(void)state;
	s.given = 60;
	s.next = 5;
	assert_null(broken(&s));
	s.next = 6;
	assert_string_equal(broken(&s), "next character");
	s.given = 20;
	assert_null(broken(&s));
}

static void test_others(void **state)
{
	struct script s;

	(void)state;
	s = t0;
	s.lost = 1;
	assert_string_equal(broken(&s), "nothing lost");
	s = t0;
	s.rst_at_vcc = 1;
	assert_string_equal(broken(&s), "activation order");
	s = t0;
	s.io_at_vcc = 1;
	assert_string_equal(broken(&s), "activation order");
	s = t0;
	s.io = 500;	/* never, before RST */
	assert_string_equal(broken(&s), "activation order");
	s = t0;
	s.io = 201;
	assert_string_equal(broken(&s), "reception");
	s = t0;
	s.parity = 1;
	assert_string_equal(broken(&s), "parity");
	s = t0;
	s.other = 1;
	assert_string_equal(broken(&s), "repetition");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_next_command),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
