// SPDX-License-Identifier: GPL-2.0-only
/*
 * Oxford OX16C950 and OXPCIe95x: 4 to 16 clocks a bit (TCR), a prescaler in eighths (CPR), FIFOs of
 * 128 characters with any trigger level. Source: the data sheets of OX16C950B and OXPCIe954.
 *
 * These registers are reached by an index in SPR and a value at the address of LSR. Of CPR eight
 * bits are used; the ninth of the OXPCIe95x lies where an OX16C950 selects its clock.
 */
#include <linux/serial_reg.h>

#include "family.h"

#define CPR_MIN		8
#define CPR_MAX		255
#define TCR_MIN		4
#define TCR_MAX		16

#define FIFO		128
#define RTL_MAX		127

/* Selects EFR in place of FCR. */
#define LCR_EFR		0xbf

static void write_indexed(const struct cks_uart_io *io, u8 index, u8 value)
{
	io->out(io->ctx, UART_SCR, index);
	io->out(io->ctx, UART_ICR, value);
}

/* Only while ACR lets it: LSR cannot be read then. */
static u8 read_indexed(const struct cks_uart_io *io, u8 index)
{
	u8 value;

	write_indexed(io, UART_ACR, UART_ACR_ICRRD);
	io->out(io->ctx, UART_SCR, index);
	value = io->in(io->ctx, UART_ICR);
	write_indexed(io, UART_ACR, 0);
	return value;
}

/* How long a bit is with the divisor that comes nearest, in steps; 0 if there is none. */
static u64 nearest(u64 steps, u64 unit, u16 *ret_div)
{
	u64 div = cks_uart_div(steps + unit / 2, unit);

	if (!div || div > 65535)
		return 0;
	*ret_div = div;
	return div * unit;
}

/*
 * What a setting costs, in millionths of a bit: how far off the sample of the stop bit may be,
 * since the receiver sees the start bit up to one of its clocks late, and the error of the rate has
 * added up over 10.5 bits. An error of more than 0.2 % is taken only where there is nothing better.
 * The error signal of T=0 shortens a character by DLL, for which the divisor has to be 8 or more.
 */
static u64 cost(u64 steps, u64 given, unsigned int clocks, u16 div)
{
	u64 off = given > steps ? given - steps : steps - given;
	u64 sum = 1000000 / clocks + cks_uart_div(off * 10500000, steps);

	if (off * 500 > steps)
		sum += 1000000;
	if (div < 8)
		sum += 5000;
	return sum;
}

/* A setting has to be better by this to be preferred to an earlier one, of a higher divisor. */
#define MERIT	1000

/* 13 by 248 settings at most; those that cannot be better than what was found are left out. */
static int find_rate(struct cks_uart_rate *ret_rate, u32 uart_clk, u32 card_clk, u16 f, u8 d)
{
	u64 steps, given, best = U64_MAX;
	unsigned int clocks, cpr;
	u16 div;
	int err;

	err = cks_uart_steps(&steps, uart_clk, card_clk, f, d);
	if (err)
		return err;
	/* Out of reach of all of them: the end of the range. */
	*ret_rate = (struct cks_uart_rate){ .div = 1, .clocks = TCR_MIN, .prescaler = CPR_MIN };
	if (steps > 16ULL * 65535 * TCR_MAX * CPR_MAX)
		*ret_rate = (struct cks_uart_rate){ .div = 65535, .clocks = TCR_MAX,
						    .prescaler = CPR_MAX };

	for (clocks = TCR_MAX; clocks >= TCR_MIN; clocks--) {
		for (cpr = CPR_MIN; cpr <= CPR_MAX; cpr++) {
			u64 sum;

			if (best <= 1000000 / clocks + MERIT)
				break;
			given = nearest(steps, 16ULL * clocks * cpr, &div);
			if (!given)
				continue;
			sum = cost(steps, given, clocks, div);
			if (sum + MERIT >= best)
				continue;
			best = sum;
			ret_rate->div = div;
			ret_rate->clocks = clocks;
			ret_rate->prescaler = cpr;
		}
	}
	return cks_uart_rate_judge(ret_rate, uart_clk, card_clk, f, d);
}

/*
 * EFR must be in enhanced mode for the identity to be read and for MCR to take the prescaler in;
 * the reset of the UART (CSR) leaves it, and clears what an earlier owner has set.
 */
static int start(const struct cks_uart_io *io)
{
	u8 id3;

	io->out(io->ctx, UART_LCR, LCR_EFR);
	io->out(io->ctx, UART_EFR, UART_EFR_ECB);
	io->out(io->ctx, UART_LCR, 0);
	if (read_indexed(io, UART_ID1) != 0x16 || read_indexed(io, UART_ID2) != 0xc9)
		return -ENODEV;
	id3 = read_indexed(io, UART_ID3);
	if ((id3 & 0xf0) != 0x50)
		return -ENODEV;

	write_indexed(io, UART_CSR, 0);
	io->out(io->ctx, UART_LCR, LCR_EFR);
	io->out(io->ctx, UART_EFR, UART_EFR_ECB);
	io->out(io->ctx, UART_LCR, UART_LCR_WLEN8);
	io->out(io->ctx, UART_FCR, 0);
	write_indexed(io, UART_CKS, 0);
	write_indexed(io, UART_ACR, UART_ACR_TLENB);
	return 0;
}

static void set_rate(const struct cks_uart_io *io, const struct cks_uart_rate *rate, u8 lcr)
{
	io->out(io->ctx, UART_LCR, lcr | UART_LCR_DLAB);
	io->out(io->ctx, UART_DLL, rate->div & 0xff);
	io->out(io->ctx, UART_DLM, rate->div >> 8);
	io->out(io->ctx, UART_LCR, lcr);
	/* 0 means 16. */
	write_indexed(io, UART_TCR, rate->clocks & 0x0f);
	write_indexed(io, UART_CPR, rate->prescaler);
}

static u16 level_of(u16 fifo, u16 chars)
{
	u16 level = chars < fifo ? chars : fifo;

	if (level > RTL_MAX)
		level = RTL_MAX;
	return level ? level : 1;
}

static void set_fifo(const struct cks_uart_io *io, u16 fifo, u16 level)
{
	(void)fifo;
	if (level)
		write_indexed(io, UART_RTL, level);
	io->out(io->ctx, UART_FCR, level ? UART_FCR_ENABLE_FIFO : 0);
}

const struct cks_uart_family_ops cks_uart_ox950 = {
	.name = "16950",
	.span = 8,
	.fifo = FIFO,
	.mcr = UART_MCR_CLKSEL,
	.find_rate = find_rate,
	.start = start,
	.set_rate = set_rate,
	.set_fifo = set_fifo,
	.level_of = level_of,
};
