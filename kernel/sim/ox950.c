// SPDX-License-Identifier: GPL-2.0-only
/*
 * Oxford OX16C950, and what the OXPCIe95x adds to it: 4 to 16 clocks a bit (TCR), a prescaler in
 * eighths (CPR, with a ninth bit in the PCIe parts), FIFOs of 128 characters with any trigger
 * level. Pure computation.
 *
 * EFR is in the place of FCR while LCR is BF. The others are reached by an index in SPR and a value
 * in the place of LSR, read only with bit 6 of ACR set. Bits 5 to 7 of MCR are there in enhanced
 * mode only (bit 4 of EFR); bit 7 switches the prescaler on. FIFOs are 16 deep before that, 128
 * then.
 *
 * Left out: flow control (its registers keep what is written), 9-bit frames, external clocks (CKS
 * has the ninth bit of CPR instead), infrared, RS-485. TCR 1 to 3, which are reserved, give 16
 * clocks, a CPR below 8 gives 1.
 */
#include <linux/serial_reg.h>

#include "uart16550.h"

#define LCR_EFR		0xbf
#define ACR_STATUS	0x80	/* ASR, RFL and TFL in place of IER, LCR and MCR */
#define ASR		1
#define RFL		3
#define TFL		4
#define CPR_MIN		8
#define CPR_INITIAL	0x20

static bool enhanced(const struct sim_uart *u)
{
	return u->own.ox950.efr & UART_EFR_ECB;
}

static void reset(struct sim_uart *u)
{
	struct sim_ox950 *o = &u->own.ox950;

	memset(o, 0, sizeof(*o));
	o->indexed[UART_CPR] = CPR_INITIAL;
	o->indexed[UART_ID1] = 0x16;
	o->indexed[UART_ID2] = 0xc9;
	o->indexed[UART_ID3] = 0x50;
	o->indexed[UART_REV] = 0x03;
}

static void rate(const struct sim_uart *u, struct sim_uart_rate *ret_rate)
{
	const u8 *indexed = u->own.ox950.indexed;
	unsigned int clocks = indexed[UART_TCR] & 0x0f, eighths = 8;

	if (u->mcr & UART_MCR_CLKSEL)
		eighths = indexed[UART_CPR] | (indexed[UART_CKS] & 1) << 8;
	if (eighths < CPR_MIN)
		eighths = CPR_MIN;
	if (clocks < 4)
		clocks = 16;
	ret_rate->steps = (u64)clocks * eighths * (u->div ? u->div : 65536);
	ret_rate->per = 8;
	ret_rate->samples = clocks;
}

/* The transmitter reports when it falls below its level, the others count what is left then. */
static void fifo(const struct sim_uart *u, struct sim_uart_fifo *ret_fifo)
{
	static const u8 rx_550[] = { 1, 4, 8, 14 }, rx_650[] = { 16, 32, 112, 120 };
	static const u8 tx_650[] = { 16, 32, 64, 112 };
	const u8 *indexed = u->own.ox950.indexed;
	u8 rx, tx = 1;

	ret_fifo->depth = enhanced(u) ? u->depth : 16;
	if (indexed[UART_ACR] & UART_ACR_TLENB) {
		rx = indexed[UART_RTL] & 0x7f;
		tx = indexed[UART_TTL] & 0x7f;
	} else if (enhanced(u)) {
		rx = rx_650[u->fcr >> 6];
		tx = tx_650[u->fcr >> 4 & 3];
	} else {
		rx = rx_550[u->fcr >> 6];
	}
	ret_fifo->rx = rx ? rx : 1;
	ret_fifo->tx = tx ? tx - 1 : 0;
}

static bool read(struct sim_uart *u, unsigned int reg, u64 now, u8 *ret_value)
{
	const struct sim_ox950 *o = &u->own.ox950;

	reg &= 7;
	if (u->lcr == LCR_EFR) {
		if (reg == UART_EFR)
			*ret_value = o->efr;
		else if (reg >= 4)
			*ret_value = o->xchar[reg - 4];
		return reg == UART_EFR || reg >= 4;
	}
	if (reg == UART_ICR && (o->indexed[UART_ACR] & UART_ACR_ICRRD)) {
		*ret_value = u->scr < sizeof(o->indexed) ? o->indexed[u->scr] : 0;
		return true;
	}
	if (!(o->indexed[UART_ACR] & ACR_STATUS))
		return false;
	switch (reg) {
	case ASR:
		*ret_value = sim_uart_tx_count(u, now) || u->shift_end > now ? 0 : 0x80;
		return true;
	case RFL:
		*ret_value = u->count;
		return true;
	case TFL:
		*ret_value = sim_uart_tx_count(u, now);
		return true;
	default:
		return false;
	}
}

static void write_indexed(struct sim_uart *u, u8 value, u64 now)
{
	switch (u->scr) {
	case UART_ACR:
	case UART_TTL:
	case UART_RTL:
	case UART_FCL:
	case UART_FCH:
		u->own.ox950.indexed[u->scr] = value;
		break;
	case UART_CPR:
	case UART_TCR:
	case UART_CKS:
		u->own.ox950.indexed[u->scr] = value;
		sim_uart_rate_changed(u, now);
		break;
	case UART_CSR:
		if (!value)
			sim_uart_reset(u, now);
		break;
	default:
		break;
	}
}

static bool write(struct sim_uart *u, unsigned int reg, u8 value, u64 now)
{
	struct sim_ox950 *o = &u->own.ox950;

	reg &= 7;
	if (u->lcr == LCR_EFR && reg == UART_EFR) {
		o->efr = value;
		return true;
	}
	if (u->lcr == LCR_EFR && reg >= 4) {
		o->xchar[reg - 4] = value;
		return true;
	}
	if (reg == UART_ICR) {
		write_indexed(u, value, now);
		return true;
	}
	if (reg == UART_MCR) {
		sim_uart_write_mcr(u, value & (enhanced(u) ? 0xff : 0x1f), now);
		sim_uart_rate_changed(u, now);
		return true;
	}
	return false;
}

const struct sim_uart_family sim_uart_ox950 = {
	.depth = 128,
	.reset = reset,
	.rate = rate,
	.fifo = fifo,
	.read = read,
	.write = write,
};
