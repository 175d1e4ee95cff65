// SPDX-License-Identifier: GPL-2.0-only
/*
 * The register model against the data sheet of the PC16550D: frames, FIFO, interrupts and their
 * priorities, times, modem lines, loopback.
 */
#include <linux/serial_reg.h>

#include "../check.h"
#include "sim/uart16550.h"

#define CLK		1843200
#define BIT_NS		104166ULL	/* at divisor 12, rounded down */
#define T0		1000000ULL

#define LCR_8E2		(UART_LCR_WLEN8 | UART_LCR_STOP | UART_LCR_PARITY | UART_LCR_EPAR)

static struct sim_line line;
static struct sim_faults faults;
static struct sim_uart u;
static const struct sim_uart_config cfg = { .clk = CLK, .echo = true };
static const struct sim_format even8 = { .bits = 8, .parity = true, .even = true };

static void out(unsigned int reg, u8 value, u64 now)
{
	sim_uart_write(&u, reg, value, now);
}

static u8 in(unsigned int reg, u64 now)
{
	return sim_uart_read(&u, reg, now);
}

static void begin(void)
{
	sim_line_init(&line);
	memset(&faults, 0, sizeof(faults));
	sim_uart_init(&u, &line, &faults, &cfg, 0);
	out(UART_LCR, LCR_8E2 | UART_LCR_DLAB, T0);
	out(UART_DLL, 12, T0);
	out(UART_DLM, 0, T0);
	out(UART_LCR, LCR_8E2, T0);
	out(UART_MCR, UART_MCR_OUT2, T0);
}

/* Events up to @t; returns the time of the last one, 0 if there was none. */
static u64 run(u64 t)
{
	u64 last = 0;

	while (sim_uart_due(&u) <= t) {
		last = sim_uart_due(&u);
		sim_uart_advance(&u, last);
	}
	return last;
}

static void from_card(u64 start, u8 data, bool wrong)
{
	sim_line_char(&line, SIM_CARD, start, 104166666, sim_frame(&even8, data, wrong), 10);
}

TEST(test_registers)
{
	begin();
	assert_int_equal(in(UART_LCR, T0), LCR_8E2);
	out(UART_LCR, LCR_8E2 | UART_LCR_DLAB, T0);
	assert_int_equal(in(UART_DLL, T0), 12);
	assert_int_equal(in(UART_DLM, T0), 0);
	out(UART_LCR, LCR_8E2, T0);
	out(UART_SCR, 0xa5, T0);
	assert_int_equal(in(UART_SCR, T0), 0xa5);
	out(UART_IER, 0xff, T0);
	assert_int_equal(in(UART_IER, T0), 0x0f);
	assert_int_equal(in(UART_LSR, T0), UART_LSR_THRE | UART_LSR_TEMT);
	assert_int_equal(in(UART_IIR, T0) & 0x0f, UART_IIR_THRI);
	assert_int_equal(in(UART_IIR, T0), UART_IIR_NO_INT);
	out(UART_FCR, UART_FCR_ENABLE_FIFO, T0);
	assert_int_equal(in(UART_IIR, T0), UART_IIR_NO_INT | 0xc0);
}

/* The start bit comes 8 to 24 clocks of the baud rate generator after the write. */
TEST(test_transmit_delay)
{
	u64 t, start;

	begin();
	for (t = 0; t < 40; t++) {
		u64 now = T0 + 50 * BIT_NS + t * 14 * BIT_NS + t * BIT_NS / 20;

		out(UART_TX, 0x55, now);
		start = sim_line_fall(&line, 1 << SIM_UART, now);
		assert_true(start >= now + BIT_NS / 2);
		assert_true(start <= now + BIT_NS * 3 / 2 + 1);
		assert_int_equal(in(UART_LSR, start - 1), 0);
		assert_int_equal(in(UART_LSR, start), UART_LSR_THRE);
		assert_int_equal(in(UART_LSR, start + 12 * BIT_NS - 1), UART_LSR_THRE);
		assert_int_equal(in(UART_LSR, start + 12 * BIT_NS + 12),
				 UART_LSR_THRE | UART_LSR_TEMT);
	}
}

/* Two characters in a row are 12 bits apart in 8E2 and 11 in 8E1. */
TEST(test_back_to_back)
{
	unsigned int stop;

	begin();
	for (stop = 1; stop <= 2; stop++) {
		u64 now = T0 + stop * 100 * BIT_NS, first, second;

		out(UART_LCR, stop == 2 ? LCR_8E2 : LCR_8E2 & ~UART_LCR_STOP, now);
		out(UART_TX, 0xff, now);
		first = sim_line_fall(&line, 1 << SIM_UART, now);
		out(UART_TX, 0xff, first);
		second = sim_line_fall(&line, 1 << SIM_UART, first + 10 * BIT_NS);
		assert_in_range(second - first, (10 + stop) * BIT_NS, (10 + stop) * BIT_NS + 12);
	}
}

/* The receiver's interrupt is 1/16 bit after the sample of the stop bit, 3/16 with the FIFO on. */
TEST(test_receive)
{
	u64 t;

	begin();
	out(UART_IER, UART_IER_RDI, T0);
	from_card(T0 + 1000, 0x3b, false);
	t = run(T0 + 20 * BIT_NS);
	assert_in_range(t - (T0 + 1000), BIT_NS * 169 / 16, BIT_NS * 169 / 16 + 12);
	assert_true(sim_uart_irq(&u));
	assert_int_equal(in(UART_IIR, t), UART_IIR_RDI);
	assert_int_equal(in(UART_LSR, t) & (UART_LSR_DR | UART_LSR_PE | UART_LSR_FE), UART_LSR_DR);
	assert_int_equal(in(UART_RX, t), 0x3b);
	assert_false(sim_uart_irq(&u));

	out(UART_FCR, UART_FCR_ENABLE_FIFO, T0 + 30 * BIT_NS);
	from_card(T0 + 40 * BIT_NS, 0x3b, false);
	t = run(T0 + 60 * BIT_NS);
	/* The last event is the FIFO's timeout if the trigger is above 1; it is 1. */
	assert_in_range(t - (T0 + 40 * BIT_NS), BIT_NS * 171 / 16, BIT_NS * 171 / 16 + 12);
}

TEST(test_errors)
{
	u64 t;

	begin();
	out(UART_IER, UART_IER_RDI | UART_IER_RLSI, T0);
	from_card(T0, 0x3b, true);
	t = run(T0 + 20 * BIT_NS);
	assert_int_equal(in(UART_IIR, t), UART_IIR_RLSI);
	assert_int_equal(in(UART_LSR, t) & 0x1f, UART_LSR_DR | UART_LSR_PE);
	assert_int_equal(in(UART_LSR, t) & 0x1f, UART_LSR_DR);
	assert_int_equal(in(UART_IIR, t), UART_IIR_RDI);

	/* It is not read: the next one writes over it. */
	from_card(T0 + 20 * BIT_NS, 0x11, false);
	t = run(T0 + 40 * BIT_NS);
	assert_int_equal(in(UART_LSR, t) & 0x1f, UART_LSR_DR | UART_LSR_OE);
	assert_int_equal(in(UART_RX, t), 0x11);

	sim_line_low(&line, SIM_CARD, T0 + 50 * BIT_NS, true);
	t = run(T0 + 100 * BIT_NS);
	assert_int_equal(in(UART_LSR, t) & 0x1f, UART_LSR_DR | UART_LSR_BI | UART_LSR_FE);
	assert_int_equal(in(UART_RX, t), 0);
	sim_line_low(&line, SIM_CARD, T0 + 100 * BIT_NS, false);
	assert_int_equal(run(T0 + 200 * BIT_NS), 0);
}

TEST(test_fifo)
{
	unsigned int i;
	u64 t = T0;

	begin();
	out(UART_IER, UART_IER_RDI, t);
	out(UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_TRIGGER_8, t);
	for (i = 0; i < 8; i++) {
		assert_false(sim_uart_irq(&u));
		from_card(t, i, i == 3);
		t += 12 * BIT_NS + 20;
		run(t);
	}
	assert_true(sim_uart_irq(&u));
	/* The error belongs to the fourth and shows when that is the oldest. */
	for (i = 0; i < 8; i++) {
		u8 lsr = in(UART_LSR, t);

		assert_int_equal(!!(lsr & UART_LSR_PE), i == 3);
		assert_int_equal(!!(lsr & UART_LSR_FIFOE), i <= 3);
		assert_int_equal(in(UART_RX, t), i);
	}
	assert_false(in(UART_LSR, t) & UART_LSR_DR);

	/* Fewer than the trigger: after four character times. */
	from_card(t, 0x77, false);
	run(t + 11 * BIT_NS);
	assert_false(sim_uart_irq(&u));
	t = run(t + 100 * BIT_NS);
	assert_int_equal(in(UART_IIR, t), UART_IIR_RX_TIMEOUT | 0xc0);
	assert_int_equal(in(UART_RX, t), 0x77);
	assert_false(sim_uart_irq(&u));

	/* Sixteen fit, the seventeenth is lost and the others stay. */
	for (i = 0; i < 17; i++) {
		from_card(t, i, false);
		t += 12 * BIT_NS + 20;
		run(t);
	}
	assert_true(in(UART_LSR, t) & UART_LSR_OE);
	for (i = 0; i < 16; i++)
		assert_int_equal(in(UART_RX, t), i);
	assert_false(in(UART_LSR, t) & UART_LSR_DR);
}

TEST(test_transmit_fifo)
{
	unsigned int i;
	u64 now = T0 + BIT_NS / 3, t;

	begin();
	out(UART_FCR, UART_FCR_ENABLE_FIFO, now);
	out(UART_IER, UART_IER_THRI, now);
	assert_true(sim_uart_irq(&u));
	for (i = 0; i < 16; i++)
		out(UART_TX, i, now);
	assert_false(sim_uart_irq(&u));
	/* Full: lost. */
	out(UART_TX, 0xff, now);
	t = run(now + 1000 * BIT_NS);
	assert_true(sim_uart_irq(&u));
	/* The echo has filled the receiver in the meantime. */
	for (i = 0; i < 16; i++)
		assert_int_equal(in(UART_RX, t), i);
	assert_false(in(UART_LSR, t) & UART_LSR_DR);
}

TEST(test_modem)
{
	begin();
	out(UART_IER, UART_IER_MSI, T0);
	sim_uart_inputs(&u, UART_MSR_CTS);
	assert_true(sim_uart_irq(&u));
	assert_int_equal(in(UART_IIR, T0), UART_IIR_MSI);
	assert_int_equal(in(UART_MSR, T0), UART_MSR_CTS | UART_MSR_DCTS);
	assert_false(sim_uart_irq(&u));
	/* There and back between two reads: the change stays to be seen. */
	sim_uart_inputs(&u, 0);
	sim_uart_inputs(&u, UART_MSR_CTS);
	assert_int_equal(in(UART_MSR, T0), UART_MSR_CTS | UART_MSR_DCTS);
	sim_uart_inputs(&u, UART_MSR_CTS | UART_MSR_RI);
	assert_int_equal(in(UART_MSR, T0) & 0x0f, 0);
	sim_uart_inputs(&u, UART_MSR_CTS);
	assert_int_equal(in(UART_MSR, T0) & 0x0f, UART_MSR_TERI);

	/* Without OUT2 the interrupt does not leave the card. */
	sim_uart_inputs(&u, 0);
	out(UART_MCR, 0, T0);
	assert_false(sim_uart_irq(&u));
}

TEST(test_loopback)
{
	u64 t;

	begin();
	out(UART_MCR, UART_MCR_LOOP | UART_MCR_RTS | UART_MCR_OUT1, T0);
	assert_int_equal(in(UART_MSR, T0) & 0xf0, UART_MSR_CTS | UART_MSR_RI);
	out(UART_TX, 0x42, T0);
	assert_true(sim_line_fall(&line, 1 << SIM_UART, 0) == SIM_NEVER);
	t = run(T0 + 20 * BIT_NS);
	assert_int_equal(in(UART_RX, t), 0x42);
}

TEST(test_break)
{
	u64 now = T0 + BIT_NS, t;

	begin();
	out(UART_LCR, LCR_8E2 | UART_LCR_SBC, now);
	assert_int_equal(sim_line_fall(&line, 1 << SIM_UART, now), now);
	t = run(now + 30 * BIT_NS);
	assert_true(in(UART_LSR, t) & UART_LSR_BI);
	out(UART_LCR, LCR_8E2, now + 30 * BIT_NS);
	assert_true(sim_line_level(&line, 1 << SIM_UART, now + 30 * BIT_NS));
}

/* Divisor 0 runs through the whole counter; nothing divides by it. */
TEST(test_divisor_zero)
{
	begin();
	out(UART_LCR, LCR_8E2 | UART_LCR_DLAB, T0);
	out(UART_DLL, 0, T0);
	out(UART_LCR, LCR_8E2, T0);
	out(UART_TX, 0, T0);
	assert_true(sim_uart_due(&u) > T0);
	assert_int_equal(u.bit_ps, 16ULL * 65536 * 1000000000000ULL / CLK);
}

static TEST_CASE cases[] = {
	RUN(test_registers),
	RUN(test_transmit_delay),
	RUN(test_back_to_back),
	RUN(test_receive),
	RUN(test_errors),
	RUN(test_fifo),
	RUN(test_transmit_fifo),
	RUN(test_modem),
	RUN(test_loopback),
	RUN(test_break),
	RUN(test_divisor_zero),
	{}
};

TEST_SUITE("sim_uart");
