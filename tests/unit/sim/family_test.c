// SPDX-License-Identifier: GPL-2.0-only
/*
 * Families of UARTs: rates against the divisors that were computed for real parts, depths of the
 * FIFOs as a driver finds them out, and where the registers are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <linux/serial_reg.h>

#include <cmocka.h>

#include "sim/uart16550.h"

#define T0		1000000ULL
#define LCR_EFR		0xbf
#define SECOND		1000000000ULL

static struct sim_line line;
static struct sim_faults faults;
static struct sim_uart u;
static u64 now;

static void begin(const struct sim_uart_family *family, u16 fifo, u32 clk)
{
	const struct sim_uart_config cfg = {
		.family = family, .fifo = fifo, .clk = clk, .echo = true,
	};

	memset(&faults, 0, sizeof(faults));
	sim_line_init(&line);
	sim_uart_init(&u, &line, &faults, &cfg, 0);
	now = T0;
	sim_uart_write(&u, UART_LCR, UART_LCR_WLEN8, now);
	sim_uart_write(&u, UART_MCR, UART_MCR_OUT2, now);
}

static void out(unsigned int reg, u8 value)
{
	sim_uart_write(&u, reg, value, now);
}

static u8 in(unsigned int reg)
{
	return sim_uart_read(&u, reg, now);
}

static void run(u64 t)
{
	while (sim_uart_due(&u) <= t)
		sim_uart_advance(&u, sim_uart_due(&u));
	now = t;
}

static void divisor(unsigned int div)
{
	out(UART_LCR, UART_LCR_WLEN8 | UART_LCR_DLAB);
	out(UART_DLL, div & 0xff);
	out(UART_DLM, div >> 8);
	out(UART_LCR, UART_LCR_WLEN8);
}

static void indexed(u8 index, u8 value)
{
	out(UART_SCR, index);
	out(UART_ICR, value);
}

static u8 read_indexed(u8 index)
{
	u8 value;

	indexed(UART_ACR, UART_ACR_ICRRD);
	out(UART_SCR, index);
	value = in(UART_ICR);
	indexed(UART_ACR, 0);
	return value;
}

static void enhance_ox950(void)
{
	out(UART_LCR, LCR_EFR);
	out(UART_EFR, UART_EFR_ECB);
	out(UART_LCR, UART_LCR_WLEN8);
}

/* The rate is @wanted within @ppm, positive when it is too fast. */
static void expect_rate(double wanted, double ppm)
{
	double rate = 1e12 / (double)u.bit_ps, error = (rate / wanted - 1) * 1e6;

	if (error < ppm - 6 || error > ppm + 6)
		fail_msg("rate %f instead of %f: %f ppm", rate, wanted, error);
}

/* Wanted rates, settings and errors (to 10 ppm) of an OXPCIe95x at 62.5 MHz. */
static void test_ox950_rates(void **state)
{
	static const struct {
		double clk;
		unsigned int f, d, tcr, cpr, div;
		double ppm;
	} t[] = {
		{ 3571200, 372, 1, 9, 9, 643, 10 },
		{ 3571200, 512, 64, 16, 10, 7, 60 },
		{ 3579545, 372, 12, 10, 433, 1, 40 },
		{ 3579545, 512, 64, 13, 43, 2, -480 },
		{ 4000000, 512, 64, 10, 10, 10, 0 },
		{ 5000000, 372, 1, 16, 15, 155, 0 },
		{ 5000000, 512, 64, 16, 10, 5, 0 },
	};
	unsigned int i;

	(void)state;
	begin(&sim_uart_ox950, 0, 62500000);
	enhance_ox950();
	out(UART_MCR, UART_MCR_CLKSEL | UART_MCR_OUT2);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		divisor(t[i].div);
		indexed(UART_TCR, t[i].tcr & 0x0f);
		indexed(UART_CPR, t[i].cpr & 0xff);
		indexed(UART_CKS, t[i].cpr >> 8);
		expect_rate(t[i].clk * t[i].d / t[i].f, t[i].ppm);
		assert_int_equal(u.samples, t[i].tcr);
	}
	/* Without the prescaler: 8/8. */
	out(UART_MCR, UART_MCR_OUT2);
	expect_rate(62500000.0 / 16 / 5, 0);
}

/* The same of an XR17V35x at 125 MHz, in sixteenths of a divisor. */
static void test_xr17v35x_rates(void **state)
{
	static const struct {
		double clk;
		unsigned int f, d, sixteenths;
		double ppm;
	} t[] = {
		{ 3571200, 372, 1, 13021, -10 },
		{ 3571200, 512, 64, 280, 60 },
		{ 4000000, 512, 64, 250, 0 },
		{ 5000000, 372, 1, 9300, 0 },
		{ 5000000, 512, 64, 200, 0 },
	};
	unsigned int i;

	(void)state;
	begin(&sim_uart_xr17v35x, 0, 125000000);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		divisor(t[i].sixteenths / 16);
		out(UART_LCR, UART_LCR_WLEN8 | UART_LCR_DLAB);
		out(2, t[i].sixteenths % 16);
		assert_int_equal(in(2), t[i].sixteenths % 16);
		out(UART_LCR, UART_LCR_WLEN8);
		expect_rate(t[i].clk * t[i].d / t[i].f, t[i].ppm);
	}
	/* 8 clocks a bit, 4, and a clock that is divided by 4. */
	out(0x88, 1);
	expect_rate(1250000, 0);
	out(0x89, 1);
	expect_rate(2500000, 0);
	out(0x88, 0);
	out(0x89, 0);
	out(UART_MCR, UART_MCR_CLKSEL | UART_MCR_OUT2);
	expect_rate(625000, 0);
	out(9, UART_EFR_ECB);
	out(UART_MCR, UART_MCR_CLKSEL | UART_MCR_OUT2);
	expect_rate(625000.0 / 4, 0);
	assert_int_equal(in(UART_MCR), UART_MCR_CLKSEL | UART_MCR_OUT2);
}

/* As drivers find it out: characters sent in loopback until no more come back. */
static unsigned int filled(void)
{
	unsigned int i, n = 0;

	out(UART_MCR, UART_MCR_LOOP);
	for (i = 0; i < 300; i++)
		out(UART_TX, i & 0xff);
	run(now + SECOND);
	while (in(UART_LSR) & UART_LSR_DR) {
		u8 data = in(UART_RX);

		/* A single register is written over. */
		if (u.depth > 1)
			assert_int_equal(data, n & 0xff);
		n++;
	}
	return n;
}

static void test_depths_of_16550s(void **state)
{
	static const struct {
		u16 fifo;
		unsigned int depth;
		u8 trigger[4];
	} t[] = {
		{ 1, 1, { 1, 1, 1, 1 } },
		{ 0, 16, { 1, 4, 8, 14 } },
		{ 32, 32, { 8, 16, 24, 28 } },
		{ 64, 16, { 1, 4, 8, 14 } },
		{ 128, 128, { 1, 32, 64, 112 } },
		{ 256, 256, { 1, 64, 128, 224 } },
	};
	unsigned int i, k, n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		begin(NULL, t[i].fifo, 1843200);
		out(UART_FCR, UART_FCR_ENABLE_FIFO);
		assert_int_equal(in(UART_IIR) & 0xf0, t[i].depth > 1 ? 0xc0 : 0);
		assert_int_equal(filled(), t[i].depth);
		for (k = 0; k < 4; k++) {
			begin(NULL, t[i].fifo, 1843200);
			out(UART_IER, UART_IER_RDI);
			out(UART_FCR, UART_FCR_ENABLE_FIFO | k << 6);
			for (n = 0; !sim_uart_irq(&u); n++) {
				out(UART_TX, 0);
				/* Before the timeout of four characters. */
				run(u.shift_end + 4000);
			}
			assert_int_equal(n, t[i].trigger[k]);
		}
	}
}

/* TL16C750: bit 5 of FCR is written with DLAB only, shows in IIR, and makes 64 of 16. */
static void test_16750(void **state)
{
	(void)state;
	begin(NULL, 64, 1843200);
	out(UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR7_64BYTE);
	assert_int_equal(in(UART_IIR) & 0xf0, 0xc0);
	out(UART_LCR, UART_LCR_WLEN8 | UART_LCR_DLAB);
	out(UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR7_64BYTE);
	out(UART_LCR, UART_LCR_WLEN8);
	assert_int_equal(in(UART_IIR) & 0xf0, 0xe0);
	/* Kept by a write without DLAB. */
	out(UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR);
	assert_int_equal(in(UART_IIR) & 0xf0, 0xe0);
	assert_int_equal(filled(), 64);
}

static void test_ox950_registers(void **state)
{
	(void)state;
	begin(&sim_uart_ox950, 0, 14745600);
	/* MCR has its upper bits in enhanced mode only. */
	out(UART_MCR, 0xe0);
	assert_int_equal(in(UART_MCR), 0);
	out(UART_FCR, UART_FCR_ENABLE_FIFO);
	assert_int_equal(filled(), 16);
	begin(&sim_uart_ox950, 0, 14745600);
	enhance_ox950();
	assert_int_equal(in(UART_MCR), UART_MCR_OUT2);
	out(UART_MCR, 0xe0);
	assert_int_equal(in(UART_MCR), 0xe0);
	assert_int_equal(read_indexed(UART_ID1), 0x16);
	assert_int_equal(read_indexed(UART_ID2), 0xc9);
	assert_int_equal(read_indexed(UART_ID3) & 0xf0, 0x50);
	indexed(UART_RTL, 100);
	assert_int_equal(read_indexed(UART_RTL), 100);
	/* LSR is itself again. */
	assert_true(in(UART_LSR) & UART_LSR_TEMT);
	out(UART_FCR, UART_FCR_ENABLE_FIFO);
	assert_int_equal(filled(), 128);

	/* The reset of the channel: all as after power on. */
	indexed(UART_TCR, 4);
	indexed(UART_CSR, 0);
	assert_int_equal(in(UART_MCR), 0);
	assert_int_equal(read_indexed(UART_TCR), 0);
	assert_int_equal(read_indexed(UART_CPR), 0x20);
	assert_int_equal(read_indexed(UART_ID1), 0x16);
}

/* The transmitter reports when fewer than its level are left, before the FIFO has run dry. */
static void test_ox950_levels(void **state)
{
	unsigned int i;

	(void)state;
	begin(&sim_uart_ox950, 0, 14745600);
	enhance_ox950();
	divisor(96);
	indexed(UART_ACR, UART_ACR_TLENB);
	indexed(UART_TTL, 50);
	indexed(UART_RTL, 70);
	out(UART_FCR, UART_FCR_ENABLE_FIFO);
	for (i = 0; i < 120; i++)
		out(UART_TX, i);
	out(UART_IER, UART_IER_THRI);
	assert_false(sim_uart_irq(&u));
	while (!sim_uart_irq(&u)) {
		assert_true(sim_uart_due(&u) != SIM_NEVER);
		run(sim_uart_due(&u));
	}
	assert_int_equal(sim_uart_tx_count(&u, now), 49);
	assert_int_equal(in(UART_IIR) & 0x0f, UART_IIR_THRI);
	assert_false(in(UART_LSR) & UART_LSR_THRE);

	/* 70 had come back by then, the 71st is on the line. */
	out(UART_IER, UART_IER_RDI);
	assert_int_equal(u.count, 70);
	assert_true(sim_uart_irq(&u));
	/* RFL and TFL in place of LCR and MCR. */
	indexed(UART_ACR, UART_ACR_TLENB | 0x80);
	assert_int_equal(in(3), 70);
	assert_int_equal(in(4), 49);
	/* All of them come. */
	run(now + SECOND);
	for (i = 0; i < 120; i++)
		assert_int_equal(in(UART_RX), i);
	assert_int_equal(u.count, 0);
}

static void test_xr17v35x_registers(void **state)
{
	(void)state;
	begin(&sim_uart_xr17v35x, 0, 125000000);
	assert_int_equal(in(0x8d) & 0xf0, 0x80);
	/* Table D: the levels as they stand in the registers behind the counts. */
	out(8, 0xc0);
	out(0x0b, 20);
	out(0x0a, 5);
	out(UART_FCR, UART_FCR_ENABLE_FIFO);
	assert_int_equal(filled(), 256);
}

/* What the FIFO holds beyond what is on the line goes out without a gap. */
static void test_long_fifo_has_no_gap(void **state)
{
	unsigned int i;
	u64 t, last;

	(void)state;
	begin(NULL, 256, 1843200);
	divisor(12);
	out(UART_FCR, UART_FCR_ENABLE_FIFO);
	for (i = 0; i < 256; i++)
		out(UART_TX, 0xff);
	last = sim_line_fall(&line, 1 << SIM_UART, T0);
	for (i = 1; i < 256; i++, last = t) {
		run(last + 10 * 104166);
		t = sim_line_fall(&line, 1 << SIM_UART, last + 1);
		assert_in_range(t - last, 10 * 104166, 10 * 104167);
	}
	assert_true(sim_line_fall(&line, 1 << SIM_UART, last + 1) == SIM_NEVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ox950_rates),
		cmocka_unit_test(test_xr17v35x_rates),
		cmocka_unit_test(test_depths_of_16550s),
		cmocka_unit_test(test_16750),
		cmocka_unit_test(test_ox950_registers),
		cmocka_unit_test(test_ox950_levels),
		cmocka_unit_test(test_xr17v35x_registers),
		cmocka_unit_test(test_long_fifo_has_no_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
