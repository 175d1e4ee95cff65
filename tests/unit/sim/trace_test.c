// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traces of a slot: each edge once, at its time and in order; what is taken back before its time is
 * not in it; a reader that is too slow is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/trace.h"

#define BIT_NS		100000ULL
#define BIT_PS		(BIT_NS * 1000)
#define T0		1000000ULL
#define RST		(1 << CKS_SIM_SIGNAL_RST)
#define VCC		(1 << CKS_SIM_SIGNAL_VCC)

static const struct sim_format even8 = { .bits = 8, .parity = true, .even = true };

static struct sim_line line;
static struct sim_tracer tracer;
static struct sim_trace trace;

static int setup(void **state)
{
	(void)state;
	sim_line_init(&line);
	sim_tracer_init(&tracer, &line);
	memset(&trace, 0, sizeof(trace));
	trace.rec = calloc(SIM_TRACE_LEN, sizeof(*trace.rec));
	return trace.rec ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free(trace.rec);
	return 0;
}

static void expect_of(struct sim_trace *t, u64 time, u16 signal, u16 value)
{
	struct cks_sim_edge e;

	assert_int_equal(sim_trace_peek(t, &e, 1), 1);
	assert_int_equal(e.time, time);
	assert_int_equal(e.signal, signal);
	assert_int_equal(e.value, value);
	assert_int_equal(e.cost, 0);
	sim_trace_consume(t, 1);
}

static void expect(u64 time, u16 signal, u16 value)
{
	expect_of(&trace, time, signal, value);
}

static void expect_nothing(void)
{
	struct cks_sim_edge e;

	assert_int_equal(sim_trace_peek(&trace, &e, 1), 0);
}

static void expect_levels(u64 time, bool card, u16 levels)
{
	expect(time, CKS_SIM_SIGNAL_UART, 1);
	expect(time, CKS_SIM_SIGNAL_CARD, card);
	for (u16 i = CKS_SIM_SIGNAL_RST; i <= CKS_SIM_SIGNAL_IRQ; i++)
		expect(time, i, levels >> i & 1);
}

static void begin(u16 levels)
{
	sim_trace_add(&tracer, &trace, levels, T0);
	expect_levels(T0, true, levels);
}

static void send(enum sim_party party, u64 start, u8 data)
{
	sim_line_char(&line, party, start, BIT_PS, sim_frame(&even8, data, false), 10);
}

static void test_levels_and_characters(void **state)
{
	(void)state;
	begin(VCC);
	sim_trace_levels(&tracer, VCC, T0 + 1, 0);
	expect_nothing();
	sim_trace_levels(&tracer, RST | VCC, T0 + 2, 0);
	expect(T0 + 2, CKS_SIM_SIGNAL_RST, 1);
	sim_trace_char(&tracer, CKS_SIM_SIGNAL_THR, 0xa4, T0 + 3, 0);
	expect(T0 + 3, CKS_SIM_SIGNAL_THR, 0xa4);
	expect_nothing();
}

/* 0x3b in even parity is L HH L HHH LL H: edges at 0, 1, 3, 4, 7 and 9 bits. */
static void test_character(void **state)
{
	static const u8 at[] = { 0, 1, 3, 4, 7, 9 };
	u64 start = T0 + 500;
	unsigned int i;

	(void)state;
	begin(0);
	send(SIM_CARD, start, 0x3b);
	sim_trace_until(&tracer, start);
	expect_nothing();
	sim_trace_until(&tracer, start + 1);
	expect(start, CKS_SIM_SIGNAL_CARD, 0);
	expect_nothing();
	sim_trace_until(&tracer, start + 20 * BIT_NS);
	for (i = 1; i < ARRAY_SIZE(at); i++)
		expect(start + at[i] * BIT_NS, CKS_SIM_SIGNAL_CARD, i & 1);
	expect_nothing();
	assert_true(sim_trace_due(&tracer) == SIM_NEVER);
}

/* Both sides at once, and both in order. */
static void test_both_sides(void **state)
{
	struct cks_sim_edge e;
	unsigned int n = 0;
	u64 last = 0;

	(void)state;
	begin(0);
	send(SIM_CARD, T0 + 100, 0x55);
	send(SIM_UART, T0 + 100 + BIT_NS / 3, 0xaa);
	sim_trace_until(&tracer, T0 + 20 * BIT_NS);
	while (sim_trace_peek(&trace, &e, 1)) {
		assert_true(e.time >= last);
		last = e.time;
		n++;
		sim_trace_consume(&trace, 1);
	}
	/* 55 is LHLHLHLHLL with its parity, AA is LLHLHLHLHL; then both are high. */
	assert_int_equal(n, 10 + 10);
}

/* What is cut or forgotten at a time has no edges after it. */
static void test_taken_back(void **state)
{
	u64 start = T0 + 500;

	(void)state;
	begin(0);
	send(SIM_CARD, start, 0x00);
	send(SIM_CARD, start + 12 * BIT_NS, 0x00);
	sim_trace_until(&tracer, start + 3 * BIT_NS);
	expect(start, CKS_SIM_SIGNAL_CARD, 0);
	sim_line_cut(&line, SIM_CARD, start + 3 * BIT_NS);
	sim_trace_until(&tracer, start + 50 * BIT_NS);
	expect(start + 3 * BIT_NS, CKS_SIM_SIGNAL_CARD, 1);
	expect_nothing();

	/* An edge that would come at the very time of the cut does not. */
	start = T0 + 60 * BIT_NS;
	send(SIM_CARD, start, 0x00);
	sim_trace_until(&tracer, start);
	sim_line_cut(&line, SIM_CARD, start);
	sim_trace_until(&tracer, start + 50 * BIT_NS);
	expect_nothing();
}

/* A break within a character is no edge; its end is one. */
static void test_break(void **state)
{
	u64 start = T0 + 500;

	(void)state;
	begin(0);
	send(SIM_UART, start, 0x00);
	sim_trace_until(&tracer, start + BIT_NS);
	expect(start, CKS_SIM_SIGNAL_UART, 0);
	sim_line_low(&line, SIM_UART, start + BIT_NS, true);
	sim_trace_until(&tracer, start + 20 * BIT_NS);
	expect_nothing();
	sim_line_low(&line, SIM_UART, start + 20 * BIT_NS, false);
	assert_true(sim_trace_due(&tracer) > start + 20 * BIT_NS);
	sim_trace_until(&tracer, sim_trace_due(&tracer));
	expect(start + 20 * BIT_NS, CKS_SIM_SIGNAL_UART, 1);
	/* Again at once: the line stays where it is. */
	sim_line_low(&line, SIM_UART, start + 21 * BIT_NS, true);
	sim_trace_until(&tracer, start + 22 * BIT_NS);
	expect(start + 21 * BIT_NS, CKS_SIM_SIGNAL_UART, 0);
	sim_line_low(&line, SIM_UART, start + 22 * BIT_NS, false);
	sim_line_low(&line, SIM_UART, start + 22 * BIT_NS, true);
	sim_trace_until(&tracer, start + 23 * BIT_NS);
	expect_nothing();
}

static void test_in_order(void **state)
{
	(void)state;
	begin(0);
	sim_trace_char(&tracer, CKS_SIM_SIGNAL_RBR, 1, T0 + 100, 0);
	/* An event of which the model hears late. */
	sim_trace_levels(&tracer, RST, T0 + 50, 0);
	expect(T0 + 100, CKS_SIM_SIGNAL_RBR, 1);
	expect(T0 + 100, CKS_SIM_SIGNAL_RST, 1);
}

static void test_two_readers(void **state)
{
	struct sim_trace other = { .rec = calloc(SIM_TRACE_LEN, sizeof(*other.rec)) };

	(void)state;
	assert_non_null(other.rec);
	begin(0);
	send(SIM_CARD, T0 + 100, 0xff);
	/* The second one comes in the start bit. */
	sim_trace_add(&tracer, &other, RST, T0 + 200);
	expect(T0 + 100, CKS_SIM_SIGNAL_CARD, 0);
	expect(T0 + 200, CKS_SIM_SIGNAL_RST, 1);
	expect_of(&other, T0 + 200, CKS_SIM_SIGNAL_UART, 1);
	expect_of(&other, T0 + 200, CKS_SIM_SIGNAL_CARD, 0);
	expect_of(&other, T0 + 200, CKS_SIM_SIGNAL_RST, 1);
	sim_trace_consume(&other, 3);
	sim_trace_until(&tracer, T0 + 2 * BIT_NS);
	expect(T0 + 100 + BIT_NS, CKS_SIM_SIGNAL_CARD, 1);
	expect_of(&other, T0 + 100 + BIT_NS, CKS_SIM_SIGNAL_CARD, 1);

	sim_trace_remove(&tracer, &trace);
	sim_trace_levels(&tracer, 0, T0 + 3 * BIT_NS, 0);
	expect_nothing();
	expect_of(&other, T0 + 3 * BIT_NS, CKS_SIM_SIGNAL_RST, 0);
	sim_trace_remove(&tracer, &other);
	assert_false(sim_tracing(&tracer));
	free(other.rec);
}

static void test_lost(void **state)
{
	unsigned int i;

	(void)state;
	begin(0);
	for (i = 0; i < SIM_TRACE_LEN + 10; i++)
		sim_trace_char(&tracer, CKS_SIM_SIGNAL_THR, i & 0xff, T0 + i, 0);
	sim_trace_levels(&tracer, RST, T0 + i, 0);
	for (i = 0; i < SIM_TRACE_LEN; i++)
		expect(T0 + i, CKS_SIM_SIGNAL_THR, i & 0xff);
	expect_nothing();
	sim_trace_char(&tracer, CKS_SIM_SIGNAL_THR, 0x42, T0 + SIM_TRACE_LEN + 20, 0);
	expect(T0 + SIM_TRACE_LEN + 20, CKS_SIM_SIGNAL_LOST, 0);
	expect_levels(T0 + SIM_TRACE_LEN + 20, true, RST);
	expect(T0 + SIM_TRACE_LEN + 20, CKS_SIM_SIGNAL_THR, 0x42);
	expect_nothing();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_levels_and_characters, setup, teardown),
		cmocka_unit_test_setup_teardown(test_character, setup, teardown),
		cmocka_unit_test_setup_teardown(test_both_sides, setup, teardown),
		cmocka_unit_test_setup_teardown(test_taken_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_break, setup, teardown),
		cmocka_unit_test_setup_teardown(test_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_readers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lost, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
