// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exar XR17V352, 354 and 358, the first of their UARTs: a divisor with a fraction of 1/16 (DLD),
 * 16, 8 or 4 clocks a bit, FIFOs of 256 characters with four tables of trigger levels. Pure
 * computation.
 *
 * DLD is in the place of FCR and ISR with DLAB. Eight registers of the UART and those of the
 * device, of which the rate and the identity are here, follow at 8 and 80. Bits 5 to 7 of MCR, and
 * the transmitter's trigger in FCR, are there with bit 4 of EFR only; bit 7 of MCR divides the
 * clock by 4.
 *
 * Left out: flow control, RS-485, infrared, timer, MPIO, sleep. With both 8XMODE and 4XMODE there
 * are 4 clocks a bit.
 */
#include <linux/serial_reg.h>

#include "uart16550.h"

#define DLD		0x02
#define FCTR		0x08
#define EFR		0x09
#define TX_COUNT	0x0a	/* written: trigger level */
#define RX_COUNT	0x0b	/* likewise */
#define INT0		0x80
#define MODE_8X		0x88
#define MODE_4X		0x89
#define RESET		0x8a
#define DREV		0x8c
#define DVID		0x8d

#define DVID_XR17V352	0x82

static bool enhanced(const struct sim_uart *u)
{
	return u->own.xr17v35x.efr & UART_EFR_ECB;
}

static void reset(struct sim_uart *u)
{
	memset(&u->own.xr17v35x, 0, sizeof(u->own.xr17v35x));
}

static void rate(const struct sim_uart *u, struct sim_uart_rate *ret_rate)
{
	const struct sim_xr17v35x *x = &u->own.xr17v35x;
	u64 div = 16ULL * u->div + (x->dld & 0x0f);

	ret_rate->samples = x->mode_4x & 1 ? 4 : x->mode_8x & 1 ? 8 : 16;
	if (!div)
		div = 16 * 65536;
	if (u->mcr & UART_MCR_CLKSEL)
		div *= 4;
	ret_rate->steps = div * ret_rate->samples;
	ret_rate->per = 16;
}

/* The transmitter reports when it falls below its level, the others count what is left then. */
static void fifo(const struct sim_uart *u, struct sim_uart_fifo *ret_fifo)
{
	static const u8 rx_level[3][4] = { { 1, 4, 8, 14 }, { 8, 16, 24, 28 }, { 8, 16, 56, 60 } };
	static const u8 tx_level[3][4] = { { 1, 1, 1, 1 }, { 16, 8, 24, 30 }, { 8, 16, 32, 56 } };
	const struct sim_xr17v35x *x = &u->own.xr17v35x;
	unsigned int table = x->fctr >> 6;
	u8 rx = x->rx_trigger, tx = x->tx_trigger;

	if (table < 3) {
		rx = rx_level[table][u->fcr >> 6];
		tx = tx_level[table][u->fcr >> 4 & 3];
	}
	ret_fifo->depth = u->depth;
	ret_fifo->rx = rx ? rx : 1;
	ret_fifo->tx = tx ? tx - 1 : 0;
}

static u8 count(unsigned int n)
{
	return n < 255 ? n : 255;
}

static bool read(struct sim_uart *u, unsigned int reg, u64 now, u8 *ret_value)
{
	const struct sim_xr17v35x *x = &u->own.xr17v35x;

	if (reg < 8) {
		*ret_value = x->dld;
		return reg == DLD && (u->lcr & UART_LCR_DLAB);
	}
	switch (reg) {
	case FCTR:
		*ret_value = x->fctr;
		break;
	case EFR:
		*ret_value = x->efr;
		break;
	case TX_COUNT:
		*ret_value = count(sim_uart_tx_count(u, now));
		break;
	case RX_COUNT:
		*ret_value = count(u->count);
		break;
	case INT0:
		*ret_value = sim_uart_irq(u);
		break;
	case MODE_8X:
		*ret_value = x->mode_8x;
		break;
	case MODE_4X:
		*ret_value = x->mode_4x;
		break;
	case DREV:
		*ret_value = 1;
		break;
	case DVID:
		*ret_value = DVID_XR17V352;
		break;
	default:
		*ret_value = 0;
		break;
	}
	return true;
}

/* Registers of a 16550 that have more bits here. */
static bool write_low(struct sim_uart *u, unsigned int reg, u8 value, u64 now)
{
	if (reg == DLD && (u->lcr & UART_LCR_DLAB)) {
		u->own.xr17v35x.dld = value;
		sim_uart_rate_changed(u, now);
		return true;
	}
	if (reg == UART_MCR) {
		sim_uart_write_mcr(u, value & (enhanced(u) ? 0xff : 0x1f), now);
		sim_uart_rate_changed(u, now);
		return true;
	}
	return false;
}

static bool write(struct sim_uart *u, unsigned int reg, u8 value, u64 now)
{
	struct sim_xr17v35x *x = &u->own.xr17v35x;

	if (reg < 8)
		return write_low(u, reg, value, now);
	switch (reg) {
	case FCTR:
		x->fctr = value;
		break;
	case EFR:
		x->efr = value;
		break;
	case TX_COUNT:
		x->tx_trigger = value;
		break;
	case RX_COUNT:
		x->rx_trigger = value;
		break;
	case MODE_8X:
		x->mode_8x = value;
		sim_uart_rate_changed(u, now);
		break;
	case MODE_4X:
		x->mode_4x = value;
		sim_uart_rate_changed(u, now);
		break;
	case RESET:
		if (value & 1)
			sim_uart_reset(u, now);
		break;
	default:
		break;
	}
	return true;
}

const struct sim_uart_family sim_uart_xr17v35x = {
	.depth = 256,
	.reset = reset,
	.rate = rate,
	.fifo = fifo,
	.read = read,
	.write = write,
};
