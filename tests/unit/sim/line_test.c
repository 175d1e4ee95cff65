// SPDX-License-Identifier: GPL-2.0-only
/*
 * The simulated line: levels, edges, and what a receiver makes of a sender whose rate is not its
 * own.
 */
#include "../check.h"
#include "sim/line.h"

#define BIT_NS		100000ULL
#define BIT_PS		(BIT_NS * 1000)
#define BOTH		(1 << SIM_UART | 1 << SIM_CARD)

static const struct sim_format even8 = { .bits = 8, .parity = true, .even = true };
static const struct sim_format odd8 = { .bits = 8, .parity = true };

static struct sim_line line;

static void begin(void)
{
	sim_line_init(&line);
}

static void receiver_init(struct sim_receiver *r, const struct sim_format *format, u64 bit_ps)
{
	memset(r, 0, sizeof(*r));
	r->mask = BOTH;
	sim_receiver_reset(r, 0);
	sim_receiver_set(r, &line, format, bit_ps, 0);
}

static void send(enum sim_party party, u64 start, u64 bit_ps, const struct sim_format *f, u8 data)
{
	sim_line_char(&line, party, start, bit_ps, sim_frame(f, data, false), sim_format_bits(f));
}

/* ISO/IEC 7816-3 8.1: TS is (H) LHHLHHHLLH in direct, (H) LHHLLLLLLH in inverse convention. */
TEST(test_frame)
{
	static const char direct[] = "LHHLHHHLLH", inverse[] = "LHHLLLLLLH";
	unsigned int i;

	begin();
	for (i = 0; i < 10; i++) {
		assert_int_equal(sim_frame(&even8, 0x3b, false) >> i & 1, direct[i] == 'H');
		assert_int_equal(sim_frame(&odd8, 0x03, false) >> i & 1, inverse[i] == 'H');
	}
	assert_int_equal(sim_frame(&even8, 0x3b, true), sim_frame(&even8, 0x3b, false) ^ 0x200);
}

TEST(test_levels)
{
	begin();
	send(SIM_CARD, 1000, BIT_PS, &even8, 0xff);
	assert_true(sim_line_level(&line, BOTH, 999));
	assert_false(sim_line_level(&line, BOTH, 1000));
	assert_false(sim_line_level(&line, BOTH, 1000 + BIT_NS - 1));
	assert_true(sim_line_level(&line, BOTH, 1000 + BIT_NS));
	assert_true(sim_line_level(&line, 1 << SIM_UART, 1000));
	/* Even parity of eight ones is 0. */
	assert_false(sim_line_level(&line, BOTH, 1000 + 9 * BIT_NS));
	assert_true(sim_line_level(&line, BOTH, 1000 + 10 * BIT_NS));

	assert_int_equal(sim_line_fall(&line, BOTH, 0), 1000);
	assert_int_equal(sim_line_fall(&line, BOTH, 1001), 1000 + 9 * BIT_NS);
	assert_true(sim_line_fall(&line, BOTH, 1001 + 9 * BIT_NS) == SIM_NEVER);
}

TEST(test_wired_and)
{
	struct sim_receiver r;
	struct sim_char c;

	begin();
	receiver_init(&r, &even8, BIT_PS);
	send(SIM_CARD, 1000, BIT_PS, &even8, 0xf0);
	send(SIM_UART, 1000, BIT_PS, &even8, 0x3c);
	assert_true(sim_receiver_take(&r, &line, &c));
	assert_int_equal(c.data, 0xf0 & 0x3c);

	/* An edge that falls into the other party's low is none. */
	begin();
	send(SIM_CARD, 1000, BIT_PS, &even8, 0x00);
	send(SIM_UART, 1000 + 2 * BIT_NS, BIT_PS, &even8, 0x01);
	assert_true(sim_line_fall(&line, BOTH, 1001) == SIM_NEVER);
}

TEST(test_receive)
{
	struct sim_receiver r;
	struct sim_char c;
	unsigned int data;

	begin();
	receiver_init(&r, &even8, BIT_PS);
	for (data = 0; data < 256; data++) {
		u64 start = 1000 + data * 12 * BIT_NS;

		send(SIM_CARD, start, BIT_PS, &even8, data);
		assert_int_equal(sim_receiver_due(&r, &line), start + 21 * BIT_NS / 2);
		assert_true(sim_receiver_take(&r, &line, &c));
		assert_int_equal(c.data, data);
		assert_int_equal(c.start, start);
		assert_false(c.parity || c.framing || c.brk);
		assert_true(sim_receiver_due(&r, &line) == SIM_NEVER);
	}

	/* TS of the inverse convention, as a receiver of even parity reads it. */
	send(SIM_CARD, 1000000000, BIT_PS, &odd8, 0x03);
	assert_true(sim_receiver_take(&r, &line, &c));
	assert_int_equal(c.data, 0x03);
	assert_true(c.parity);
	assert_false(c.framing);
}

/*
 * The last sample is in the middle of bit 10, the edge before it is at 10 bits of the sender: the
 * limit for a stop bit that is read right is 10.5 / 10; and 9.5 / 10 for the parity bit.
 */
TEST(test_rates)
{
	static const struct {
		unsigned int permille;
		bool good;
	} rate[] = {
		{ 1049, true }, { 1051, false },	/* slow: bit 9 where the stop should be */
		{ 951, true }, { 949, false },		/* fast: the stop where bit 9 should be */
	};
	struct sim_receiver r;
	struct sim_char c;
	unsigned int i;

	begin();
	for (i = 0; i < ARRAY_SIZE(rate); i++) {
		begin();
		receiver_init(&r, &even8, BIT_PS);
		/* 0xff has parity 0, and ends in an edge. */
		send(SIM_CARD, 1000, BIT_PS * rate[i].permille / 1000, &even8, 0xff);
		assert_true(sim_receiver_take(&r, &line, &c));
		assert_int_equal(!c.parity && !c.framing, rate[i].good);
	}
}

TEST(test_false_start)
{
	struct sim_receiver r;
	struct sim_char c;

	begin();
	receiver_init(&r, &even8, BIT_PS);
	sim_line_low(&line, SIM_CARD, 1000, true);
	sim_line_low(&line, SIM_CARD, 1000 + BIT_NS * 2 / 5, false);
	send(SIM_UART, 1000 + 2 * BIT_NS, BIT_PS, &even8, 0x55);
	assert_false(sim_receiver_take(&r, &line, &c));
	assert_true(sim_receiver_take(&r, &line, &c));
	assert_int_equal(c.start, 1000 + 2 * BIT_NS);
	assert_int_equal(c.data, 0x55);
}

TEST(test_break)
{
	struct sim_receiver r;
	struct sim_char c;

	begin();
	receiver_init(&r, &even8, BIT_PS);
	sim_line_low(&line, SIM_CARD, 1000, true);
	assert_int_equal(sim_receiver_due(&r, &line), 1000 + 21 * BIT_NS / 2);
	assert_true(sim_receiver_take(&r, &line, &c));
	assert_true(c.brk && c.framing);
	assert_int_equal(c.data, 0);
	/* It is one character, however long it lasts. */
	assert_true(sim_receiver_due(&r, &line) == SIM_NEVER);
	sim_line_low(&line, SIM_CARD, 1000 + 50 * BIT_NS, false);
	assert_true(sim_receiver_due(&r, &line) == SIM_NEVER);
}

/* What a receiver has sampled stays, what is left of the character goes at the new rate. */
TEST(test_rate_change)
{
	struct sim_receiver r;
	struct sim_char c;

	begin();
	receiver_init(&r, &even8, BIT_PS);
	send(SIM_CARD, 1000, BIT_PS, &even8, 0xf5);
	sim_receiver_set(&r, &line, &even8, BIT_PS / 10, 1000 + 5 * BIT_NS);
	/* Five bits are over, five and a half are left. */
	assert_int_equal(sim_receiver_due(&r, &line), 1000 + 5 * BIT_NS + 11 * BIT_NS / 20);
	assert_true(sim_receiver_take(&r, &line, &c));
	assert_int_equal(c.data & 0x0f, 0x05);
}

/* A timer that is two milliseconds late, and bits that are 65,536 times as long, 5 s after boot. */
TEST(test_rate_change_when_late)
{
	const u64 start = 5000000000ULL, now = start + 2000000;
	struct sim_receiver r;

	begin();
	receiver_init(&r, &even8, 64000);
	send(SIM_CARD, start, 64000, &even8, 0xf5);
	assert_in_range(sim_receiver_due(&r, &line), start, now);
	sim_receiver_set(&r, &line, &even8, 64000ULL * 65536, now);
	assert_in_range(sim_receiver_due(&r, &line), 0, now);
}

TEST(test_cut)
{
	begin();
	send(SIM_CARD, 1000, BIT_PS, &even8, 0x00);
	send(SIM_CARD, 1000 + 12 * BIT_NS, BIT_PS, &even8, 0x00);
	assert_int_equal(sim_line_ahead(&line, SIM_CARD, 1000), 1);
	sim_line_cut(&line, SIM_CARD, 1000 + 3 * BIT_NS);
	assert_false(sim_line_level(&line, BOTH, 1000 + 3 * BIT_NS - 1));
	assert_true(sim_line_level(&line, BOTH, 1000 + 3 * BIT_NS));
	assert_true(sim_line_level(&line, BOTH, 1000 + 12 * BIT_NS));
	assert_true(sim_line_fall(&line, BOTH, 1001) == SIM_NEVER);
}

static u32 seed;

static u32 draw(u32 below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

/*
 * A character that is alone on the line is read as a whole; it must be what its samples are. Both
 * sides send, with rates that differ, cut short, and beneath breaks; what the line is asked for is
 * asked for again after each change.
 */
TEST(test_samples)
{
	unsigned int round, i, k, plain = 0;
	struct sim_receiver r;
	struct sim_char ch;

	begin();
	for (round = 0; round < 20000; round++) {
		u64 bit = BIT_PS / 100 * (95 + draw(11)), start = 1000 + draw(1000), due, fall;
		u16 levels = 0;

		seed = round;
		sim_line_init(&line);
		receiver_init(&r, &even8, BIT_PS);
		assert_true(sim_receiver_due(&r, &line) == SIM_NEVER);
		for (i = 0; i < 3; i++) {
			send(SIM_CARD, start, bit, draw(8) ? &even8 : &odd8, (u8)draw(256));
			start += (11 + draw(3)) * BIT_NS + draw(BIT_NS);
			sim_receiver_due(&r, &line);
		}
		if (!draw(4))
			send(SIM_UART, 1000 + draw(30 * BIT_NS), BIT_PS, &even8, (u8)draw(256));
		if (!draw(4))
			sim_line_pulse(&line, SIM_UART, 1000 + draw(30 * BIT_NS), 40 * BIT_NS);
		if (!draw(4))
			sim_line_cut(&line, SIM_CARD, 1000 + draw(30 * BIT_NS));
		for (k = 0; k < 3; k++) {
			fall = r.busy ? r.start : sim_line_fall(&line, BOTH, r.from);
			due = sim_receiver_due(&r, &line);
			if (due == SIM_NEVER)
				break;
			levels = 0;
			for (i = 0; i <= 10; i++)
				if (sim_line_level(&line, BOTH,
						   fall + sim_sixteenths(BIT_PS, 16 * i + 8)))
					levels |= (u16)(1 << i);
			if (!sim_receiver_take(&r, &line, &ch)) {
				assert_true(levels & 1);
				continue;
			}
			assert_int_equal(ch.start, fall);
			assert_int_equal(ch.data, levels >> 1 & 0xff);
			assert_int_equal(ch.framing, !(levels >> 10 & 1));
			assert_int_equal(ch.brk, !levels);
			assert_int_equal(ch.parity,
					 (sim_frame(&even8, ch.data, false) ^ levels) >> 9 & 1);
			plain += !ch.framing && !ch.parity;
		}
	}
	assert_true(plain > 20000);
}

static TEST_CASE cases[] = {
	RUN(test_frame),
	RUN(test_levels),
	RUN(test_wired_and),
	RUN(test_receive),
	RUN(test_rates),
	RUN(test_false_start),
	RUN(test_break),
	RUN(test_rate_change),
	RUN(test_rate_change_when_late),
	RUN(test_cut),
	RUN(test_samples),
	{}
};

TEST_SUITE("sim_line");
