// SPDX-License-Identifier: GPL-2.0-only
/*
 * A UART and a card on one line, and what can go wrong between them: the error signal of T=0
 * (ISO/IEC 7816-3 7.3) in both directions, with the times at which a PC16550D sees it, and the
 * faults.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <linux/serial_reg.h>

#include <cmocka.h>

#include "sim/card.h"
#include "sim/uart16550.h"

/* 3.5712 MHz and 1.8432 MHz at divisor 12: both have 9600 bit/s exactly. */
#define CLK		3571200
#define UART_CLK	1843200
#define DIV		12
#define TICKS		((u64)CKS_SIM_TICKS_PER_CLK)
#define ETU		(372 * TICKS)
#define T0		1000000ULL
#define LCR		(UART_LCR_WLEN8 | UART_LCR_STOP | UART_LCR_PARITY | UART_LCR_EPAR)
#define LSR_ERRORS	(UART_LSR_BI | UART_LSR_FE | UART_LSR_PE | UART_LSR_OE)

static struct sim_line line;
static struct sim_faults faults;
static struct sim_uart u;
static struct sim_card card;

/* n sixteenths of an etu, in nanoseconds. */
static u64 sixteenths(unsigned int n)
{
	return n * 1000000000ULL / 9600 / 16;
}

static void set_divisor(unsigned int div, u8 lcr, u64 now)
{
	sim_uart_write(&u, UART_LCR, lcr | UART_LCR_DLAB, now);
	sim_uart_write(&u, UART_DLL, div, now);
	sim_uart_write(&u, UART_LCR, lcr, now);
}

static void write_line(u8 flags, u8 value, u64 now)
{
	const struct cks_sim_event e = {
		.type = CKS_SIM_LINE, .etu = ETU, .flags = flags, .value = value,
	};

	assert_int_equal(sim_card_check(&card, &e, now), 0);
	sim_card_write(&card, &e, now);
}

static void write_char(u64 time, u8 value, u8 flags, u64 now)
{
	const struct cks_sim_event e = {
		.type = CKS_SIM_CHAR, .time = time, .value = value, .flags = flags,
	};

	assert_int_equal(sim_card_check(&card, &e, now), 0);
	sim_card_write(&card, &e, now);
}

static u64 due(void)
{
	u64 a = sim_uart_due(&u), b = sim_card_due(&card);

	return a < b ? a : b;
}

static void advance(u64 t)
{
	if (sim_card_due(&card) <= t)
		sim_card_advance(&card, t);
	if (sim_uart_due(&u) <= t)
		sim_uart_advance(&u, t);
}

static void run(u64 t)
{
	while (due() <= t)
		advance(due());
}

/* Until the UART has a character; returns when. */
static u64 run_until_received(void)
{
	u64 t = 0;

	while (!u.count) {
		t = due();
		assert_true(t != SIM_NEVER);
		advance(t);
	}
	return t;
}

static u8 receive(u8 *ret_errors, u64 now)
{
	*ret_errors = sim_uart_read(&u, UART_LSR, now) & LSR_ERRORS;
	return sim_uart_read(&u, UART_RX, now);
}

static void skip_events(void)
{
	while (sim_card_peek(&card, 0))
		sim_card_consume(&card, 1);
}

static void expect(enum cks_sim_type type, u8 value, u8 flags)
{
	const struct cks_sim_event *e = sim_card_peek(&card, 0);

	assert_non_null(e);
	assert_int_equal(e->type, type);
	assert_int_equal(e->value, value);
	assert_int_equal(e->flags, flags);
	sim_card_consume(&card, 1);
}

static void set_fault(enum cks_sim_fault_type type, u32 nth, u32 every, int value)
{
	const struct cks_sim_fault f = {
		.type = type, .nth = nth, .every = every, .value = value,
	};

	assert_int_equal(sim_fault_check(&f), 0);
	sim_fault_set(&faults, &f, T0);
}

static int setup(void **state)
{
	static const struct sim_uart_config cfg = { .clk = UART_CLK, .echo = true };
	struct cks_sim_event *out = calloc(SIM_RING, sizeof(*out));
	struct cks_sim_event *in = calloc(SIM_RING, sizeof(*in));

	(void)state;
	memset(&faults, 0, sizeof(faults));
	sim_line_init(&line);
	sim_uart_init(&u, &line, &faults, &cfg, 0);
	sim_card_init(&card, &line, &faults, CLK, out, in);
	sim_uart_write(&u, UART_MCR, UART_MCR_OUT2, 0);
	set_divisor(DIV, LCR, 0);
	sim_card_contacts(&card, true, true, false, T0 - 500000);
	sim_card_contacts(&card, true, true, true, T0 - 100000);
	skip_events();
	write_line(CKS_SIM_ERROR_SIGNAL, 0, T0);
	return out && in ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free(card.out.rec);
	free(card.in.rec);
	return 0;
}

/* What the card does not want: low from 10 9/16 to 11 9/16 etu; the echo itself is right. */
static void test_card_refuses(void **state)
{
	u64 start, t, fall;
	u8 errors;

	(void)state;
	set_fault(CKS_SIM_FAULT_UART_PARITY, 1, 0, 0);
	sim_uart_write(&u, UART_TX, 0xa4, T0);
	start = sim_line_fall(&line, 1 << SIM_UART, T0);
	t = run_until_received();
	assert_in_range(t - start, sixteenths(169) - 2, sixteenths(169) + 2);
	assert_int_equal(receive(&errors, t), 0xa4);
	assert_int_equal(errors, 0);
	expect(CKS_SIM_CHAR, 0xa4, CKS_SIM_PARITY);

	fall = sim_line_fall(&line, 1 << SIM_CARD, start);
	assert_in_range(fall - start, sixteenths(169) - 2, sixteenths(169) + 2);
	assert_in_range(sim_line_edge(&line, 1 << SIM_CARD, fall + 1) - fall, sixteenths(16) - 2,
			sixteenths(16) + 2);
	/* The signal came behind the sample: for the UART a start bit, all ones, parity wrong. */
	t = run_until_received();
	assert_in_range(t - start, sixteenths(21 * 16), sixteenths(21 * 16 + 4));
	assert_int_equal(receive(&errors, t), 0xff);
	/* The card takes its own signal for nothing, and hears the repetition. */
	sim_uart_write(&u, UART_TX, 0xa4, t);
	run(t + sixteenths(13 * 16));
	expect(CKS_SIM_CHAR, 0xa4, 0);
	assert_null(sim_card_peek(&card, 0));
}

/* A card that is quicker: the signal is there when the UART samples the stop bit. */
static void test_card_refuses_early(void **state)
{
	u64 start, t, fall;
	u8 errors;

	(void)state;
	write_line(CKS_SIM_ERROR_SIGNAL, 0x88, T0);
	set_fault(CKS_SIM_FAULT_UART_PARITY, 1, 0, 0);
	sim_uart_write(&u, UART_TX, 0xa4, T0);
	start = sim_line_fall(&line, 1 << SIM_UART, T0);
	t = run_until_received();
	assert_int_equal(receive(&errors, t), 0xa4);
	assert_int_equal(errors, UART_LSR_FE);
	fall = sim_line_fall(&line, 1 << SIM_CARD, start);
	assert_in_range(fall - start, sixteenths(168) - 2, sixteenths(168) + 2);
	assert_in_range(sim_line_edge(&line, 1 << SIM_CARD, fall + 1) - fall, sixteenths(24) - 2,
			sixteenths(24) + 2);
}

/* 8.3: a break at the parity interrupt alone; the UART hears itself and misses the repetition. */
static void test_naive_break_loses_the_repetition(void **state)
{
	u64 start = T0 + 1000000, t;
	u8 errors;

	(void)state;
	set_fault(CKS_SIM_FAULT_CARD_PARITY, 1, 0, 0);
	write_char(0, 0x3b, 0, start);
	start = sim_line_fall(&line, 1 << SIM_CARD, T0);
	t = run_until_received();
	assert_int_equal(receive(&errors, t), 0x3b);
	assert_int_equal(errors, UART_LSR_PE);
	sim_uart_write(&u, UART_LCR, LCR | UART_LCR_SBC, t);
	run(start + sixteenths(12 * 16));
	sim_uart_write(&u, UART_LCR, LCR, start + sixteenths(12 * 16));
	/* It comes, 13 etu after the first, but not as what it is. */
	assert_in_range(sim_line_fall(&line, 1 << SIM_CARD, start + sixteenths(170)) - start,
			sixteenths(13 * 16) - 2, sixteenths(13 * 16) + 2);
	t = run_until_received();
	assert_true(t - start > sixteenths(21 * 16));
	assert_true(receive(&errors, t) != 0x3b || errors);
}

/* The break together with divisor 1: the phantom ends as a break within the low time. */
static void test_break_with_divisor_1(void **state)
{
	u64 start, t, phantom;
	u8 errors;

	(void)state;
	set_fault(CKS_SIM_FAULT_CARD_PARITY, 1, 0, 0);
	write_char(0, 0x3b, 0, T0 + 1000000);
	start = sim_line_fall(&line, 1 << SIM_CARD, T0);
	t = run_until_received();
	assert_int_equal(receive(&errors, t), 0x3b);
	assert_int_equal(errors, UART_LSR_PE);
	sim_uart_write(&u, UART_LCR, LCR | UART_LCR_SBC, t);
	set_divisor(1, LCR | UART_LCR_SBC, t + 100);
	phantom = run_until_received();
	assert_true(phantom - start < sixteenths(12 * 16));
	assert_int_equal(receive(&errors, phantom), 0);
	assert_true(errors & UART_LSR_BI);
	t = start + sixteenths(12 * 16);
	run(t);
	assert_int_equal(u.count, 0);
	sim_uart_write(&u, UART_LCR, LCR, t);
	set_divisor(DIV, LCR, t + 100);
	t = run_until_received();
	assert_in_range(t - start, sixteenths(13 * 16 + 169) - 4, sixteenths(13 * 16 + 169) + 4);
	assert_int_equal(receive(&errors, t), 0x3b);
	assert_int_equal(errors, 0);
	run(t + sixteenths(16 * 16));
	expect(CKS_SIM_SENT, 0, 0);
	assert_null(sim_card_peek(&card, 0));
}

/* The card looks at 11 etu: a break that begins later is not seen. */
static void test_card_looks_at_11_etu(void **state)
{
	static const struct {
		unsigned int at;
		bool seen;
	} t[] = { { 11 * 16 - 1, true }, { 11 * 16 + 1, false } };
	u64 start, now = T0;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		now += 1000000;
		write_char(0, 0x3b, 0, now);
		start = sim_line_fall(&line, 1 << SIM_CARD, now);
		run(start + sixteenths(t[i].at));
		sim_uart_write(&u, UART_LCR, LCR | UART_LCR_SBC, start + sixteenths(t[i].at));
		run(start + sixteenths(12 * 16));
		sim_uart_write(&u, UART_LCR, LCR, start + sixteenths(12 * 16));
		assert_int_equal(sim_line_ahead(&line, SIM_CARD, start + sixteenths(12 * 16)),
				 t[i].seen);
		now = start + sixteenths(60 * 16);
		run(now);
		skip_events();
	}
}

/* Refused again and again: told, and the rest is not sent. */
static void test_refused_for_good(void **state)
{
	u64 start, now = T0;
	unsigned int i;

	(void)state;
	write_char(0, 0x3b, 0, now);
	write_char(0, 0x3c, 0, now);
	start = sim_line_fall(&line, 1 << SIM_CARD, now);
	for (i = 0; i < 4; i++, start += sixteenths(13 * 16)) {
		run(start + sixteenths(10 * 16));
		sim_uart_write(&u, UART_LCR, LCR | UART_LCR_SBC, start + sixteenths(170));
		run(start + sixteenths(12 * 16));
		sim_uart_write(&u, UART_LCR, LCR, start + sixteenths(12 * 16));
	}
	run(start + sixteenths(100 * 16));
	expect(CKS_SIM_CHAR, 0x3b, CKS_SIM_REFUSED);
	expect(CKS_SIM_SENT, 0, 0);
	assert_int_equal(sim_line_ahead(&line, SIM_CARD, start - sixteenths(13 * 16)), 0);
}

/* T=1, and the answer to reset, know no error signal. */
static void test_no_signal(void **state)
{
	u64 start;

	(void)state;
	write_line(0, 0, T0);
	set_fault(CKS_SIM_FAULT_UART_PARITY, 1, 0, 0);
	sim_uart_write(&u, UART_TX, 0xa4, T0);
	start = sim_line_fall(&line, 1 << SIM_UART, T0);
	run(start + sixteenths(20 * 16));
	expect(CKS_SIM_CHAR, 0xa4, CKS_SIM_PARITY);
	assert_true(sim_line_fall(&line, 1 << SIM_CARD, start) == SIM_NEVER);
}

/* Characters of both sides count; the third one's leading edge is the time. */
static void test_pull(void **state)
{
	u64 second;

	(void)state;
	set_fault(CKS_SIM_FAULT_PULL, 3, 2, 0);
	assert_true(sim_fault_due(&faults, &line) == SIM_NEVER);
	sim_uart_write(&u, UART_TX, 0xa4, T0);
	run(T0 + sixteenths(20 * 16));
	sim_fault_count(&faults, &line, T0 + sixteenths(20 * 16));
	write_char(0, 0x3b, 0, T0 + sixteenths(30 * 16));
	write_char(0, 0x3c, 0, T0 + sixteenths(30 * 16));
	second = sim_line_fall(&line, 1 << SIM_CARD, T0 + sixteenths(30 * 16));
	assert_true(sim_fault_due(&faults, &line) == SIM_NEVER);
	run(second + sixteenths(11 * 16));
	assert_in_range(sim_fault_due(&faults, &line), second + sixteenths(12 * 16) - 2,
			second + sixteenths(12 * 16) + 2);
	assert_false(sim_fault_advance(&faults, &line, second + sixteenths(11 * 16)));
	assert_true(sim_fault_advance(&faults, &line, sim_fault_due(&faults, &line)));
	assert_int_equal(faults.type[CKS_SIM_FAULT_PULL].left, 2);
}

static void test_bounce(void **state)
{
	unsigned int n = 0;

	(void)state;
	set_fault(CKS_SIM_FAULT_BOUNCE, 1, 0, 2);
	sim_fault_moved(&faults, true, T0);
	assert_true(faults.contact);
	while (sim_fault_timed(&faults)) {
		n++;
		assert_int_equal(sim_fault_due(&faults, &line), T0 + n * SIM_BOUNCE_NS);
		assert_false(sim_fault_advance(&faults, &line, T0 + n * SIM_BOUNCE_NS));
		assert_int_equal(faults.contact, !(n & 1));
	}
	assert_int_equal(n, 4);
	/* Once only. */
	sim_fault_moved(&faults, false, T0);
	assert_false(faults.contact || sim_fault_timed(&faults));
}

static void test_stuck(void **state)
{
	u8 errors;
	u64 t;

	(void)state;
	sim_line_pulse(&line, SIM_SHORT, T0, SIM_NEVER);
	t = run_until_received();
	assert_int_equal(receive(&errors, t), 0);
	assert_true(errors & UART_LSR_BI);
	write_char(0, 0x3b, 0, t);
	run(t + sixteenths(40 * 16));
	assert_int_equal(u.count, 0);
	sim_line_cut(&line, SIM_SHORT, t + sixteenths(40 * 16));
	assert_true(sim_line_level(&line, SIM_ALL, t + sixteenths(40 * 16)));
}

/* 1 % slow: bit 9 of the character begins 1 % later. */
static void test_ppm(void **state)
{
	u64 start;

	(void)state;
	set_fault(CKS_SIM_FAULT_PPM, 0, 0, 10000);
	sim_card_ppm(&card, T0);
	write_char(0, 0xff, 0, T0);
	start = sim_line_fall(&line, 1 << SIM_CARD, T0);
	assert_in_range(sim_line_fall(&line, 1 << SIM_CARD, start + 1) - start,
			sixteenths(9 * 16) * 101 / 100 - 2, sixteenths(9 * 16) * 101 / 100 + 2);
}

/* Set in the middle of a character: the card does not hear what it says. */
static void test_ppm_while_sending(void **state)
{
	(void)state;
	skip_events();
	write_char(0, 0xff, 0, T0);
	run(T0 + sixteenths(5 * 16));
	set_fault(CKS_SIM_FAULT_PPM, 0, 0, 50000);
	sim_card_ppm(&card, T0 + sixteenths(5 * 16));
	run(T0 + sixteenths(30 * 16));
	expect(CKS_SIM_SENT, 0, 0);
	assert_null(sim_card_peek(&card, 0));
	assert_true(card.bit_ps > sixteenths(16) * 1040);
}

static void test_overrun_and_stall(void **state)
{
	u64 start, t;
	u8 errors;

	(void)state;
	set_fault(CKS_SIM_FAULT_OVERRUN, 2, 0, 0);
	set_fault(CKS_SIM_FAULT_STALL, 1, 0, 1000000);
	sim_uart_write(&u, UART_TX, 0x11, T0);
	start = sim_line_fall(&line, 1 << SIM_UART, T0);
	assert_true(start >= T0 + 1000000 && start < T0 + 1000000 + sixteenths(32));
	t = run_until_received();
	assert_int_equal(receive(&errors, t), 0x11);
	assert_int_equal(errors, 0);
	sim_uart_write(&u, UART_TX, 0x22, t);
	run(t + sixteenths(20 * 16));
	assert_int_equal(u.count, 0);
	assert_int_equal(sim_uart_read(&u, UART_LSR, t) & LSR_ERRORS, UART_LSR_OE);
}

static void test_counting(void **state)
{
	static const bool hits[] = { 0, 0, 1, 0, 1, 0, 1 };
	unsigned int i;

	(void)state;
	set_fault(CKS_SIM_FAULT_IRQ_LOST, 3, 2, 0);
	for (i = 0; i < ARRAY_SIZE(hits); i++)
		assert_int_equal(sim_fault_hit(&faults, CKS_SIM_FAULT_IRQ_LOST), hits[i]);
	set_fault(CKS_SIM_FAULT_IRQ_LOST, 1, 0, 0);
	assert_true(sim_fault_hit(&faults, CKS_SIM_FAULT_IRQ_LOST));
	assert_false(sim_fault_hit(&faults, CKS_SIM_FAULT_IRQ_LOST));
	set_fault(CKS_SIM_FAULT_IRQ_LOST, 1, 1, 0);
	set_fault(CKS_SIM_FAULT_NONE, 0, 0, 0);
	assert_false(sim_fault_hit(&faults, CKS_SIM_FAULT_IRQ_LOST));
}

static void test_check(void **state)
{
	static const struct cks_sim_fault bad[] = {
		{ .type = CKS_SIM_FAULT_PPM + 1 },
		{ .type = CKS_SIM_FAULT_NONE, .nth = 1 },
		{ .type = CKS_SIM_FAULT_PULL },
		{ .type = CKS_SIM_FAULT_PULL, .nth = 1, .value = 1 },
		{ .type = CKS_SIM_FAULT_PULL, .nth = 1, .reserved = { 0, 0, 0, 1 } },
		{ .type = CKS_SIM_FAULT_STALL, .nth = 1 },
		{ .type = CKS_SIM_FAULT_STALL, .nth = 1, .value = -1 },
		{ .type = CKS_SIM_FAULT_BOUNCE, .nth = 1, .value = 1001 },
		{ .type = CKS_SIM_FAULT_STUCK, .value = -1 },
		{ .type = CKS_SIM_FAULT_STUCK, .every = 1 },
		{ .type = CKS_SIM_FAULT_PPM, .value = 50001 },
		{ .type = CKS_SIM_FAULT_PPM, .value = INT32_MIN },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(sim_fault_check(&bad[i]), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_card_refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_card_refuses_early, setup, teardown),
		cmocka_unit_test_setup_teardown(test_naive_break_loses_the_repetition, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_break_with_divisor_1, setup, teardown),
		cmocka_unit_test_setup_teardown(test_card_looks_at_11_etu, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused_for_good, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_signal, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pull, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounce, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stuck, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ppm, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ppm_while_sending, setup, teardown),
		cmocka_unit_test_setup_teardown(test_overrun_and_stall, setup, teardown),
		cmocka_unit_test_setup_teardown(test_counting, setup, teardown),
		cmocka_unit_test_setup_teardown(test_check, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
