// SPDX-License-Identifier: GPL-2.0-only
/*
 * PC16550D and its descendants: a divisor of 16 bits, 16 clocks a bit, FIFOs of 16 characters or
 * more. Sources: the data sheets of PC16550D, TL16C750 (64 characters) and ST16C650 (32).
 */
#include <linux/serial_reg.h>

#include "family.h"

#define CLOCKS		16
#define PRESCALER	8

/* TL16C750: FIFOs of 64 characters; written while DLAB is set. */
#define FCR_64		0x20

static int find_rate(struct cks_uart_rate *ret_rate, u32 uart_clk, u32 card_clk, u16 f, u8 d)
{
	struct cks_uart_rate slower;
	u64 steps, div;
	int err;

	err = cks_uart_steps(&steps, uart_clk, card_clk, f, d);
	if (err)
		return err;
	/* The exact divisor lies between div, which is too fast, and div + 1, which is too slow. */
	div = cks_uart_div(steps, 16 * CLOCKS * PRESCALER);
	if (div > 65535)
		div = 65535;
	*ret_rate = (struct cks_uart_rate){
		.div = div ? div : 1,
		.clocks = CLOCKS,
		.prescaler = PRESCALER,
	};
	err = cks_uart_rate_judge(ret_rate, uart_clk, card_clk, f, d);
	if (!div || div == 65535)
		return err;
	slower = *ret_rate;
	slower.div++;
	cks_uart_rate_judge(&slower, uart_clk, card_clk, f, d);
	if (-slower.error_ppm < ret_rate->error_ppm) {
		*ret_rate = slower;
		err = cks_uart_rate_judge(ret_rate, uart_clk, card_clk, f, d);
	}
	return err;
}

/*
 * The scratch register of anything from the 16450 on keeps what is written; open air does not. FCR
 * is written with DLAB set as well, which a 16750 wants and the others do not mind.
 */
static int start(const struct cks_uart_io *io)
{
	io->out(io->ctx, UART_SCR, 0x55);
	if (io->in(io->ctx, UART_SCR) != 0x55)
		return -ENODEV;
	io->out(io->ctx, UART_SCR, 0xaa);
	if (io->in(io->ctx, UART_SCR) != 0xaa)
		return -ENODEV;
	io->out(io->ctx, UART_LCR, UART_LCR_WLEN8 | UART_LCR_DLAB);
	io->out(io->ctx, UART_FCR, UART_FCR_ENABLE_FIFO | FCR_64);
	io->out(io->ctx, UART_LCR, UART_LCR_WLEN8);
	io->out(io->ctx, UART_FCR, 0);
	return 0;
}

static void set_rate(const struct cks_uart_io *io, const struct cks_uart_rate *rate, u8 lcr)
{
	io->out(io->ctx, UART_LCR, lcr | UART_LCR_DLAB);
	io->out(io->ctx, UART_DLL, rate->div & 0xff);
	io->out(io->ctx, UART_DLM, rate->div >> 8);
	io->out(io->ctx, UART_LCR, lcr);
}

/* What the two upper bits of FCR stand for. Of a FIFO that is not known only the first is used. */
static const u16 *levels(u16 fifo)
{
	static const u16 of_16[] = { 1, 4, 8, 14 };
	static const u16 of_32[] = { 8, 16, 24, 28 };
	static const u16 of_64[] = { 1, 16, 32, 56 };

	switch (fifo) {
	case 16:
		return of_16;
	case 32:
		return of_32;
	case 64:
		return of_64;
	default:
		return NULL;
	}
}

static u16 level_of(u16 fifo, u16 chars)
{
	const u16 *level = levels(fifo);
	int i;

	if (!level)
		return 1;
	for (i = 3; i > 0; i--) {
		if (level[i] <= chars)
			break;
	}
	return level[i];
}

static void set_fifo(const struct cks_uart_io *io, u16 fifo, u16 level)
{
	const u16 *all = levels(fifo);
	u8 code = 0;

	if (!level) {
		io->out(io->ctx, UART_FCR, 0);
		return;
	}
	while (all && code < 3 && all[code] < level)
		code++;
	io->out(io->ctx, UART_FCR, UART_FCR_ENABLE_FIFO | code << 6);
}

const struct cks_uart_family_ops cks_uart_16550 = {
	.name = "16550",
	.span = 8,
	.find_rate = find_rate,
	.start = start,
	.set_rate = set_rate,
	.set_fifo = set_fifo,
	.level_of = level_of,
};
