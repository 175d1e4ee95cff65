// SPDX-License-Identifier: GPL-2.0-only
/*
 * The FIFOs, in T=1 alone: how many characters an interrupt brings, and when they came.
 *
 * The trigger level follows what is expected, so that the last character of a block, or of an
 * echo, causes an interrupt of its own; the timeout of the FIFO, four frames later, is for blocks
 * that stop. In T=0 the FIFOs are off: the error signal leaves no time for them (signal.c).
 *
 * All is called with the coupler's raw spinlock held, mostly in hard interrupt. At most @fifo
 * characters are taken out at a time.
 */
#include <linux/bitrev.h>

#include "state.h"

#define PROLOGUE	3	/* NAD PCB LEN */

/**
 * cks_uart_fifo() - FIFOs on or off; both are empty then
 * @u: UART
 * @on: on, if there are any whose trigger can be one character
 */
void cks_uart_fifo(struct cks_uart *u, bool on)
{
	u->block = 0;
	u->left = 0;
	u->family->set_fifo(&u->io, u->fifo, 0);
	u->level = on && u->fifo > 1 && u->family->level_of(u->fifo, 1) == 1;
	if (u->level)
		u->family->set_fifo(&u->io, u->fifo, u->level);
}

/**
 * cks_uart_expect() - have an interrupt for the last of so many characters, or for one before it
 * @u: UART
 * @n: how many
 */
void cks_uart_expect(struct cks_uart *u, unsigned int n)
{
	u16 level;

	if (!u->level)
		return;
	level = u->family->level_of(u->fifo, n ?: 1);
	if (level == u->level)
		return;
	u->level = level;
	u->family->set_fifo(&u->io, u->fifo, level);
}

/*
 * Four frames after a character the FIFO tells of what it has, so that no more than five lie
 * between two characters of a burst. As long as so many times the level are within CWT, no gap that
 * exceeds it can hide in one.
 */
static unsigned int deepest(const struct cks_uart *u)
{
	return min_t(u64, div64_u64(u->limit_ns, 5 * cks_uart_frame_ns(u)), u->fifo);
}

/**
 * cks_uart_follow() - a character of the card's block has come; LEN says how many follow
 * @u: UART
 * @byte: as received
 */
void cks_uart_follow(struct cks_uart *u, u8 byte)
{
	if (!u->level)
		return;
	if (u->block < PROLOGUE) {
		/* Inverse convention: the engine has not converted it yet. */
		if (++u->block == PROLOGUE)
			u->left = (u->lcr & UART_LCR_EPAR ? byte : (u8)~bitrev8(byte)) + 1;
	} else if (u->left) {
		u->left--;
	}
}

/*
 * The prologue comes character by character. After its timeout the FIFO tells of the next one at
 * once, which says how long the gap was.
 */
static void expect_block(struct cks_uart *u, enum cks_uart_drain why)
{
	if (u->block < PROLOGUE || why != CKS_UART_DRAIN_TRIGGER)
		cks_uart_expect(u, 1);
	else
		cks_uart_expect(u, min_t(unsigned int, u->left, deepest(u)));
}

static unsigned int take(struct cks_uart *u)
{
	unsigned int n;
	u8 lsr;

	for (n = 0; n < u->fifo; n++) {
		lsr = cks_uart_in(u, UART_LSR);
		if (!(lsr & UART_LSR_DR) || lsr == CKS_UART_OPEN_BUS)
			break;
		u->burst[n].flags = cks_uart_rx_flags(lsr);
		u->burst[n].byte = cks_uart_in(u, UART_RX);
	}
	return n;
}

/* The leading edge of the last one, as well as it is known. */
static ktime_t last_edge(struct cks_uart *u, ktime_t now, enum cks_uart_drain why)
{
	if (u->pd.rx_time)
		return ktime_sub_ns(u->pd.rx_time(u->pd.ctx), cks_uart_rx_delay_ns(u));
	now = ktime_sub_ns(now, cks_uart_rx_delay_ns(u));
	if (why == CKS_UART_DRAIN_TIMEOUT)
		return ktime_sub_ns(now, 4 * cks_uart_frame_ns(u));
	/* At the engine's deadline, 12 etu after CWT. It came within CWT, or 1.4 etu beyond. */
	if (why == CKS_UART_DRAIN_POLL && u->block)
		now = min_t(ktime_t, now, ktime_add_ns(u->edge, u->limit_ns));
	return now;
}

/*
 * When the first of the awaited echoes began, where the card's answer is behind them in the FIFO:
 * its last character then tells nothing of them.
 */
static ktime_t first_echo(const struct cks_uart *u)
{
	return max(ktime_add_ns(u->written, cks_uart_sixteenths(u, 16)),
		   ktime_add_ns(u->edge, cks_uart_frame_ns(u)));
}

/**
 * cks_uart_drain() - take characters out of the FIFO and report them
 * @u: UART, FIFOs on
 * @now: time
 * @why: what tells when the last of them came
 *
 * Return: whether there were any
 */
bool cks_uart_drain(struct cks_uart *u, ktime_t now, enum cks_uart_drain why)
{
	unsigned int echoes = u->tx == CKS_UART_TX_ECHO ? u->queued - u->pos : 0;
	ktime_t edge = first_echo(u), last;
	u64 step = cks_uart_frame_ns(u);
	unsigned int n = take(u), i;
	s64 ns;

	if (!n)
		return false;
	/*
	 * Between two edges that are known the others are taken to be evenly spaced; the first ones
	 * of a block or of an echo to be as close as can be.
	 */
	last = last_edge(u, now, why);
	ns = ktime_to_ns(ktime_sub(last, u->edge));
	if (n <= echoes)
		echoes = 0;
	if (!echoes && ns > 0 && (u->tx == CKS_UART_TX_IDLE ? u->block : u->pos))
		step = div_u64(ns, n);

	/* The engine may end all this with any of them. */
	for (i = 0; i < n && u->active && u->level; i++) {
		if (i >= echoes)
			edge = ktime_sub_ns(last, (n - 1 - i) * step);
		cks_uart_deliver(u, edge, u->burst[i]);
		edge = ktime_add_ns(edge, step);
	}
	if (!u->active || !u->level)
		return true;
	if (u->tx == CKS_UART_TX_IDLE)
		expect_block(u, why);
	else
		cks_uart_tx_refill(u);
	return true;
}
