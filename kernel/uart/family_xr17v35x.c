// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exar (MaxLinear) XR17V352, 354 and 358: a divisor with a fraction of 1/16 (DLD), 16, 8 or 4
 * clocks a bit, FIFOs of 256 characters with any trigger level. Source: their data sheets.
 *
 * How many clocks a bit has stands in two registers of the chip, with a bit for each UART.
 */
#include <linux/serial_reg.h>

#include "family.h"

#define FIFO		256
#define TRIGGER_MAX	255

#define XR_DLD		0x02	/* with DLAB */
#define XR_FCTR		0x08
#define XR_FCTR_TABLE_D	0xc0	/* trigger levels as they stand in TXTRG and RXTRG */
#define XR_TXTRG	0x0a
#define XR_RXTRG	0x0b
#define XR_8XMODE	0x88
#define XR_4XMODE	0x89

#define PRESCALER	8

#define NEAR_PPM	2000

/*
 * With 16 clocks if that is near enough, since the receiver sees the start bit the better; with
 * fewer, a bit can be divided more finely.
 */
static const u8 clocks_tried[] = { 16, 8, 4 };

static int find_rate(struct cks_uart_rate *ret_rate, u32 uart_clk, u32 card_clk, u16 f, u8 d)
{
	struct cks_uart_rate rate = { .prescaler = PRESCALER };
	u64 steps, unit, div;
	size_t i;
	int err;

	err = cks_uart_steps(&steps, uart_clk, card_clk, f, d);
	if (err)
		return err;

	for (i = 0; i < ARRAY_SIZE(clocks_tried); i++) {
		rate.clocks = clocks_tried[i];
		unit = rate.clocks * PRESCALER;
		div = cks_uart_div(steps + unit / 2, unit);
		if (div < 16)
			div = 16;
		if (div > 16 * 65535 + 15)
			div = 16 * 65535 + 15;
		rate.div = div >> 4;
		rate.sixteenths = div & 0x0f;
		cks_uart_rate_judge(&rate, uart_clk, card_clk, f, d);
		if (!i || cks_uart_rate_off(&rate) < cks_uart_rate_off(ret_rate))
			*ret_rate = rate;
		if (cks_uart_rate_off(ret_rate) <= NEAR_PPM)
			break;
	}
	return cks_uart_rate_judge(ret_rate, uart_clk, card_clk, f, d);
}

/* A fraction that is kept, where a 16550 has IIR, tells the family. */
static bool keeps_fraction(const struct cks_uart_io *io, u8 value)
{
	io->out(io->ctx, XR_DLD, value);
	return (io->in(io->ctx, XR_DLD) & 0x0f) == value;
}

static int start(const struct cks_uart_io *io)
{
	bool kept;

	/* Enhanced functions on, hardware flow control off. */
	io->out(io->ctx, UART_LCR, UART_LCR_WLEN8);
	io->out(io->ctx, UART_XR_EFR, UART_EFR_ECB);
	io->out(io->ctx, UART_LCR, UART_LCR_WLEN8 | UART_LCR_DLAB);
	kept = keeps_fraction(io, 0x05) && keeps_fraction(io, 0x0a);
	io->out(io->ctx, UART_LCR, UART_LCR_WLEN8);
	if (!kept)
		return -ENODEV;
	io->out(io->ctx, XR_FCTR, XR_FCTR_TABLE_D);
	io->out(io->ctx, XR_TXTRG, 1);
	io->out(io->ctx, UART_FCR, 0);
	return 0;
}

static void set_clocks(const struct cks_uart_io *io, unsigned int reg, bool on)
{
	u8 mask = 1 << io->port, value;

	if (io->update) {
		io->update(io->ctx, reg, mask, on ? mask : 0);
		return;
	}
	value = io->in(io->ctx, reg) & ~mask;
	io->out(io->ctx, reg, on ? value | mask : value);
}

static void set_rate(const struct cks_uart_io *io, const struct cks_uart_rate *rate, u8 lcr)
{
	set_clocks(io, XR_8XMODE, rate->clocks == 8);
	set_clocks(io, XR_4XMODE, rate->clocks == 4);
	io->out(io->ctx, UART_LCR, lcr | UART_LCR_DLAB);
	io->out(io->ctx, UART_DLL, rate->div & 0xff);
	io->out(io->ctx, UART_DLM, rate->div >> 8);
	io->out(io->ctx, XR_DLD, rate->sixteenths);
	io->out(io->ctx, UART_LCR, lcr);
}

static u16 level_of(u16 fifo, u16 chars)
{
	u16 level = chars < fifo ? chars : fifo;

	if (level > TRIGGER_MAX)
		level = TRIGGER_MAX;
	return level ? level : 1;
}

static void set_fifo(const struct cks_uart_io *io, u16 fifo, u16 level)
{
	(void)fifo;
	if (level)
		io->out(io->ctx, XR_RXTRG, level);
	io->out(io->ctx, UART_FCR, level ? UART_FCR_ENABLE_FIFO : 0);
}

const struct cks_uart_family_ops cks_uart_xr17v35x = {
	.name = "xr17v35x",
	.span = XR_4XMODE + 1,
	.fifo = FIFO,
	.find_rate = find_rate,
	.start = start,
	.set_rate = set_rate,
	.set_fifo = set_fifo,
	.level_of = level_of,
};
