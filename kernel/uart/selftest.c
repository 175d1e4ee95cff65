// SPDX-License-Identifier: GPL-2.0-only
/*
 * Before a UART is used: does it work, how deep is its FIFO, does its interrupt come? The first two
 * in loopback, where nothing of it reaches the line but that RTS and DTR are inactive for the time;
 * no card is used then.
 *
 * Process context. Until there is an interrupt handler nobody else has the UART, so that no lock is
 * needed. All waiting is bounded.
 */
#include <linux/iopoll.h>

#include "state.h"

/* What a machine that is busy, or simulated, may take beyond the time of the characters. */
#define PATIENCE_US	500000

/* Fast, and with no parity; how many bits differs. */
static void begin(struct cks_uart *u, u8 lcr)
{
	const struct cks_uart_rate fast = { .div = 1, .clocks = 16, .prescaler = 8 };

	cks_uart_out(u, UART_IER, 0);
	cks_uart_out(u, UART_MCR, UART_MCR_LOOP | u->family->mcr);
	u->family->set_rate(&u->io, &fast, lcr);
	u->family->set_fifo(&u->io, 1, 0);
	cks_uart_flush(u);
}

/* Microseconds of n characters of at most 10 bits. */
static u64 chars_us(const struct cks_uart *u, unsigned int n)
{
	return div_u64(n * 10 * 16 * 1000000ULL, u->pd.uartclk ?: 1843200);
}

/* Whatever clock it is said to have; of one that a card can be used with it is long enough. */
static u64 patience_us(const struct cks_uart *u, unsigned int chars)
{
	return min(2 * chars_us(u, chars), 5000000ULL) + PATIENCE_US;
}

static bool await(struct cks_uart *u, u8 bits, unsigned int chars)
{
	unsigned long step = clamp_val(chars_us(u, 1) / 2, 10, 1000);
	u8 lsr;

	return !read_poll_timeout(cks_uart_in, lsr, (lsr & bits) == bits, step,
				  patience_us(u, chars), false, u, UART_LSR);
}

/* RTS comes back as CTS, DTR as DSR, OUT1 as RI and OUT2 as DCD. */
static bool modem_lines_work(struct cks_uart *u)
{
	static const struct {
		u8 mcr, msr;
	} t[] = {
		{ UART_MCR_RTS | UART_MCR_OUT2, UART_MSR_CTS | UART_MSR_DCD },
		{ UART_MCR_DTR | UART_MCR_OUT1, UART_MSR_DSR | UART_MSR_RI },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		cks_uart_out(u, UART_MCR, UART_MCR_LOOP | u->family->mcr | t[i].mcr);
		if ((cks_uart_in(u, UART_MSR) & 0xf0) != t[i].msr)
			return false;
	}
	cks_uart_out(u, UART_MCR, UART_MCR_LOOP | u->family->mcr);
	return true;
}

static bool characters_work(struct cks_uart *u)
{
	static const u8 chars[] = { 0x55, 0xaa, 0x00, 0xff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(chars); i++) {
		cks_uart_out(u, UART_TX, chars[i]);
		if (!await(u, UART_LSR_DR, 2) || cks_uart_in(u, UART_RX) != chars[i])
			return false;
	}
	return true;
}

/**
 * cks_uart_self_test() - whether it sends, receives and switches its modem lines
 * @u: UART that its family has started
 * @extack: says what is wrong
 * Context: process, may sleep; some milliseconds
 * Return: 0 or -ENODEV
 */
int cks_uart_self_test(struct cks_uart *u, struct netlink_ext_ack *extack)
{
	begin(u, UART_LCR_WLEN8);
	if (!modem_lines_work(u)) {
		NL_SET_ERR_MSG(extack, "self-test: modem lines do not come back in loopback");
		return -ENODEV;
	}
	if (!characters_work(u)) {
		NL_SET_ERR_MSG(extack, "self-test: characters do not come back in loopback");
		return -ENODEV;
	}
	return 0;
}

/* FIFOs are made of 16 characters and twice as many each time; what is less is none. */
static u16 depth_of(unsigned int chars)
{
	return chars < 16 ? 1 : rounddown_pow_of_two(chars);
}

/**
 * cks_uart_measure() - how many characters the receiver holds when more are sent
 * @u: UART that has passed its self-test
 *
 * Short characters, as there may be 256 of them.
 *
 * Context: process, may sleep; at 1.8432 MHz a millisecond for 16 characters
 * Return: depth of the FIFO, 1 if there is none
 */
u16 cks_uart_measure(struct cks_uart *u)
{
	unsigned int n;
	bool on;

	begin(u, UART_LCR_WLEN5);
	u->family->set_fifo(&u->io, 1, 1);
	on = (cks_uart_in(u, UART_IIR) & UART_IIR_FIFO_ENABLED_16550A) ==
	     UART_IIR_FIFO_ENABLED_16550A;
	for (n = 0; n < CKS_UART_FIFO_MAX; n++)
		cks_uart_out(u, UART_TX, n);
	if (!await(u, UART_LSR_TEMT, CKS_UART_FIFO_MAX))
		on = false;
	for (n = 0; n < CKS_UART_FIFO_MAX && (cks_uart_in(u, UART_LSR) & UART_LSR_DR); n++)
		cks_uart_in(u, UART_RX);
	u->family->set_fifo(&u->io, 1, 0);
	return on ? depth_of(n) : 1;
}

/**
 * cks_uart_test_interrupt() - whether the interrupt that was named is the UART's
 * @u: UART with its handler, card off
 * @extack: says what is wrong
 *
 * A transmitter that is empty says so when it is asked; nothing is sent.
 *
 * Context: process, may sleep
 * Return: 0 or -ENODEV
 */
int cks_uart_test_interrupt(struct cks_uart *u, struct netlink_ext_ack *extack)
{
	bool heard;

	raw_spin_lock_irq(u->lock);
	u->heard = false;
	cks_uart_out(u, UART_IER, UART_IER_THRI);
	raw_spin_unlock_irq(u->lock);

	read_poll_timeout(READ_ONCE, heard, heard, 50, PATIENCE_US, false, u->heard);

	raw_spin_lock_irq(u->lock);
	cks_uart_out(u, UART_IER, 0);
	heard = u->heard;
	raw_spin_unlock_irq(u->lock);
	if (heard)
		return 0;
	NL_SET_ERR_MSG_FMT(extack, "interrupt %d does not come from this UART", u->irq);
	return -ENODEV;
}
