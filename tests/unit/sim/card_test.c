// SPDX-License-Identifier: GPL-2.0-only
/*
 * The card's end of a slot: times in ticks of its clock, power, reset, what is dropped, what is
 * lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hooks.h"
#include "sim/card.h"

/* 4 MHz: a tick is 0.26 ns, 372 clock cycles are exactly 93,000 ns. */
#define CLK		4000000
#define TICKS		((u64)CKS_SIM_TICKS_PER_CLK)
#define ETU		(372 * TICKS)
#define ETU_NS		93000ULL
#define T0		5000000ULL

static struct sim_line line;
static struct sim_faults faults;
static struct sim_card card;
static const struct sim_format even8 = { .bits = 8, .parity = true, .even = true };

static int setup(void **state)
{
	struct cks_sim_event *out = calloc(SIM_RING, sizeof(*out));
	struct cks_sim_event *in = calloc(SIM_RING, sizeof(*in));

	(void)state;
	sim_line_init(&line);
	memset(&faults, 0, sizeof(faults));
	sim_card_init(&card, &line, &faults, CLK, out, in);
	return out && in ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free(card.out.rec);
	free(card.in.rec);
	return 0;
}

static void run(u64 t)
{
	while (sim_card_due(&card) <= t)
		sim_card_advance(&card, sim_card_due(&card));
}

static void expect(enum cks_sim_type type, u64 time, u8 value, u8 flags)
{
	const struct cks_sim_event *e = sim_card_peek(&card, 0);

	assert_non_null(e);
	assert_int_equal(e->type, type);
	assert_int_equal(e->time, time);
	assert_int_equal(e->value, value);
	assert_int_equal(e->flags, flags);
	sim_card_consume(&card, 1);
}

static void expect_nothing(void)
{
	assert_null(sim_card_peek(&card, 0));
}

/* Card in, power, RST high 400 clock cycles later; all of it read. */
static void activate(void)
{
	sim_card_contacts(&card, true, false, false, T0 - 1000);
	expect_nothing();
	sim_card_contacts(&card, true, true, false, T0);
	expect(CKS_SIM_VCC, 0, 1, 0);
	sim_card_contacts(&card, true, true, true, T0 + 100000);
	expect(CKS_SIM_RST, 400 * TICKS, 1, 0);
	expect_nothing();
}

static void write_char(u64 time, u8 value, u8 flags, u64 now)
{
	const struct cks_sim_event e = {
		.type = CKS_SIM_CHAR, .time = time, .value = value, .flags = flags,
	};

	assert_int_equal(sim_card_check(&card, &e, now), 0);
	sim_card_write(&card, &e, now);
}

static void write_line(u32 etu, u32 gap, u8 flags, u64 now)
{
	const struct cks_sim_event e = {
		.type = CKS_SIM_LINE, .etu = etu, .gap = gap, .flags = flags,
	};

	assert_int_equal(sim_card_check(&card, &e, now), 0);
	sim_card_write(&card, &e, now);
}

static void test_send(void **state)
{
	u64 first = T0 + 200000, second;

	(void)state;
	activate();
	write_char(800 * TICKS, 0x3b, 0, T0 + 100001);
	write_char(0, 0x00, CKS_SIM_PARITY, T0 + 100001);
	assert_int_equal(sim_line_fall(&line, 1 << SIM_CARD, 0), first);
	run(T0 + 100 * ETU_NS);
	second = first + 12 * ETU_NS;
	assert_int_equal(sim_line_fall(&line, 1 << SIM_CARD, first + 10 * ETU_NS), second);
	/* Parity of 00 is 0, made wrong it is 1. */
	assert_true(sim_line_level(&line, 1 << SIM_CARD, second + 19 * ETU_NS / 2));
	/* It does not hear itself. */
	expect(CKS_SIM_SENT, 800 * TICKS + 12 * ETU, 0, 0);
	expect_nothing();
}

static void test_line_in_order(void **state)
{
	u64 now = T0 + 100001, first = T0 + 200000;

	(void)state;
	activate();
	write_char(800 * TICKS, 0xff, 0, now);
	write_line(ETU / 4, 11 * ETU / 4, CKS_SIM_ODD, now);
	write_char(0, 0xff, 0, now);
	write_char(0, 0xff, 0, now);
	run(T0 + 100 * ETU_NS);
	assert_true(sim_line_level(&line, 1 << SIM_CARD, first + ETU_NS));
	/* Odd parity of FF is 1, so that only start bits fall. */
	assert_int_equal(sim_line_fall(&line, 1 << SIM_CARD, first + 10 * ETU_NS),
			 first + 12 * ETU_NS);
	assert_int_equal(sim_line_fall(&line, 1 << SIM_CARD, first + 12 * ETU_NS + 1),
			 first + 12 * ETU_NS + 11 * ETU_NS / 4);
}

static void test_receive(void **state)
{
	(void)state;
	activate();
	sim_line_char(&line, SIM_UART, T0 + 300000, 93000000, sim_frame(&even8, 0xa4, false), 10);
	run(T0 + 300000 + 21 * ETU_NS / 2 - 1);
	expect_nothing();
	run(T0 + 300000 + 21 * ETU_NS / 2);
	expect(CKS_SIM_CHAR, 1200 * TICKS, 0xa4, 0);
	sim_line_char(&line, SIM_UART, T0 + 3000000, 93000000, sim_frame(&even8, 0xa4, true), 10);
	run(T0 + 100 * ETU_NS);
	expect(CKS_SIM_CHAR, 12000 * TICKS, 0xa4, CKS_SIM_PARITY);
}

/* A reset ends what the card sends; what its program writes before it has read of it is dropped. */
static void test_reset(void **state)
{
	u64 now = T0 + 200000;

	(void)state;
	activate();
	write_char(0, 0x00, 0, now);
	write_char(0, 0x00, 0, now);
	sim_card_contacts(&card, true, true, false, now + ETU_NS);
	assert_true(sim_line_level(&line, 1 << SIM_CARD, now + ETU_NS));
	assert_true(sim_line_fall(&line, 1 << SIM_CARD, now + 1) == SIM_NEVER);
	sim_card_contacts(&card, true, true, true, now + 10 * ETU_NS);
	write_char(0, 0x00, 0, now + 11 * ETU_NS);
	assert_true(sim_line_fall(&line, 1 << SIM_CARD, now + 1) == SIM_NEVER);
	expect(CKS_SIM_RST, 800 * TICKS + ETU, 0, 0);
	write_char(0, 0x00, 0, now + 11 * ETU_NS);
	assert_true(sim_line_fall(&line, 1 << SIM_CARD, now + 1) == SIM_NEVER);
	expect(CKS_SIM_RST, 800 * TICKS + 10 * ETU, 1, 0);
	write_char(0, 0x00, 0, now + 12 * ETU_NS);
	assert_int_equal(sim_line_fall(&line, 1 << SIM_CARD, now + 1), now + 12 * ETU_NS);
}

/* What is kept for a reset is carried out at each one, whatever the program does. */
static void test_on_reset(void **state)
{
	struct cks_sim_event e = { .type = CKS_SIM_LINE, .etu = ETU, .flags = CKS_SIM_ON_RESET };
	unsigned int i;

	(void)state;
	assert_int_equal(sim_card_check(&card, &e, T0), 0);
	sim_card_write(&card, &e, T0);
	e = (struct cks_sim_event){
		.type = CKS_SIM_CHAR, .value = 0x3b, .flags = CKS_SIM_ON_RESET,
		.time = 400 * TICKS,
	};
	assert_int_equal(sim_card_check(&card, &e, T0), 0);
	sim_card_write(&card, &e, T0);
	activate();
	assert_int_equal(sim_line_fall(&line, 1 << SIM_CARD, 0), T0 + 200000);
	run(T0 + 50 * ETU_NS);
	expect(CKS_SIM_SENT, 800 * TICKS, 0, 0);

	/* A warm reset, of which nothing is read. */
	sim_card_contacts(&card, true, true, false, T0 + 50 * ETU_NS);
	sim_card_contacts(&card, true, true, true, T0 + 60 * ETU_NS);
	assert_int_equal(sim_line_fall(&line, 1 << SIM_CARD, T0 + 50 * ETU_NS),
			 T0 + 60 * ETU_NS + 100000);

	for (i = 2; i < CKS_SIM_MAX_ON_RESET; i++)
		sim_card_write(&card, &e, T0);
	assert_int_equal(sim_card_check(&card, &e, T0), -ENOSPC);
	e.flags = 0;
	assert_int_equal(sim_card_check(&card, &e, T0 + 60 * ETU_NS), 0);

	/* Another card has another ATR. */
	sim_card_contacts(&card, false, false, false, T0 + 70 * ETU_NS);
	sim_card_contacts(&card, true, true, false, T0 + 80 * ETU_NS);
	sim_card_contacts(&card, true, true, true, T0 + 90 * ETU_NS);
	assert_true(sim_line_fall(&line, 1 << SIM_CARD, T0 + 71 * ETU_NS) == SIM_NEVER);
}

static void test_power(void **state)
{
	(void)state;
	activate();
	/* Taken out: power goes, in whatever state RST is. */
	sim_card_contacts(&card, false, true, true, T0 + 1000000);
	expect(CKS_SIM_VCC, 4000 * TICKS, 0, 0);
	write_char(0, 0x00, 0, T0 + 1000001);
	assert_true(sim_line_fall(&line, 1 << SIM_CARD, 0) == SIM_NEVER);
	assert_true(sim_card_due(&card) == SIM_NEVER);
	/* Put in while VCC is switched on: the clock starts anew. */
	sim_card_contacts(&card, true, true, false, T0 + 2000000);
	expect(CKS_SIM_VCC, 0, 1, 0);
}

static void test_lost(void **state)
{
	unsigned int i, n = SIM_RING + 10;
	const struct cks_sim_event *e;
	u64 t = T0 + 300000;

	(void)state;
	activate();
	for (i = 0; i < n; i++, t += 12 * ETU_NS) {
		sim_line_char(&line, SIM_UART, t, 93000000, sim_frame(&even8, i & 255, false), 10);
		run(t + 11 * ETU_NS);
	}
	for (i = 0; i < SIM_RING; i++) {
		e = sim_card_peek(&card, 0);
		assert_int_equal(e->type, CKS_SIM_CHAR);
		assert_int_equal(e->value, i & 255);
		sim_card_consume(&card, 1);
	}
	expect(CKS_SIM_LOST, 0, 0, 0);
	expect_nothing();
}

/* As when a card is in for weeks: the counters of the ring come around. */
static void test_long_without_reset(void **state)
{
	u64 t = T0 + 300000;
	unsigned int i;

	(void)state;
	activate();
	card.out.head += 0x7ffffff0;
	sim_card_consume(&card, 0x7ffffff0);
	for (i = 0; i < 40; i++, t += 20 * ETU_NS) {
		write_char(0, 0xff, 0, t);
		run(t + 15 * ETU_NS);
		assert_non_null(sim_card_peek(&card, 0));
		sim_card_consume(&card, 1);
	}
}

static unsigned int rates;

void __wrap_sim_receiver_set(struct sim_receiver *r, const struct sim_line *l,
			     const struct sim_format *format, u64 bit_ps, u64 now)
{
	rates++;
	__real_sim_receiver_set(r, l, format, bit_ps, now);
}

/* All that a program can write at once, behind a character: one event has it all to do. */
static void test_many_lines(void **state)
{
	u64 now = T0 + 200000;
	unsigned int i;

	(void)state;
	activate();
	write_char(0, 0xff, 0, now);
	for (i = 1; i < SIM_RING; i++)
		write_line(ETU / 4 + i % 2 * ETU, 0, 0, now);
	rates = 0;
	run(now + 20 * ETU_NS);
	assert_in_range(rates, 1, 3);
	assert_int_equal(card.etu, ETU / 4 + ETU);
}

static void test_check(void **state)
{
	struct cks_sim_event e = { .type = CKS_SIM_CHAR };

	(void)state;
	activate();
	/* A time that would block the queue for ever, or overflow. */
	e.time = U64_MAX;
	assert_int_equal(sim_card_check(&card, &e, T0), -EINVAL);
	e.time = 3601ULL * CLK * TICKS;
	assert_int_equal(sim_card_check(&card, &e, T0), -EINVAL);
	e.time = 3599ULL * CLK * TICKS;
	assert_int_equal(sim_card_check(&card, &e, T0), 0);
	e.type = CKS_SIM_SENT;
	assert_int_equal(sim_card_check(&card, &e, T0), -EINVAL);
	e = (struct cks_sim_event){ .type = CKS_SIM_LINE, .etu = 1 };
	assert_int_equal(sim_card_check(&card, &e, T0), -EINVAL);
	e.etu = UINT32_MAX;
	assert_int_equal(sim_card_check(&card, &e, T0), -EINVAL);
	e.etu = ETU;
	e.gap = 11 * ETU - 1;
	assert_int_equal(sim_card_check(&card, &e, T0), -EINVAL);
	e.gap = 11 * ETU;
	assert_int_equal(sim_card_check(&card, &e, T0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_send, setup, teardown),
		cmocka_unit_test_setup_teardown(test_line_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_receive, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reset, setup, teardown),
		cmocka_unit_test_setup_teardown(test_on_reset, setup, teardown),
		cmocka_unit_test_setup_teardown(test_power, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_without_reset, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_check, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
