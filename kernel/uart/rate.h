/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Settings of a rate generator for the rates of ISO/IEC 7816-3, and how far off they are.
 */
#ifndef CKS_UART_RATE_H
#define CKS_UART_RATE_H

#include "iso7816/port.h"

/*
 * An edge of a character may lie 0.2 etu off its place, the last one is 10 etu after the first: a
 * rate that is wrong by more than 2 % uses up all of it.
 */
#define CKS_UART_TOLERANCE_PPM	20000

#define CKS_UART_CLK_MIN	16
#define CKS_UART_CLK_MAX	1000000000
#define CKS_UART_CARD_CLK_MIN	1000
#define CKS_UART_CARD_CLK_MAX	20000000

/**
 * struct cks_uart_rate - a setting and what it gives
 * @div: divisor latch, 1...65535
 * @sixteenths: added to @div, where the family has a fraction, else 0
 * @clocks: of the rate generator in a bit, which is how often the receiver looks at the line: 16,
 *	or another number where the family has a choice
 * @prescaler: clocks of the UART for one that enters the divider, in eighths; 8 where there is none
 * @bit_ps: length of a bit, picoseconds
 * @wanted: bits per second wanted, rounded
 * @rate: bits per second given, rounded
 * @error_ppm: how much @rate is off, in millionths of the rate wanted; positive when too fast
 */
struct cks_uart_rate {
	u16 div;
	u8 sixteenths;
	u8 clocks;
	u16 prescaler;
	u64 bit_ps;
	u32 wanted;
	u32 rate;
	int error_ppm;
};

/* How far off it is, either way, in millionths. */
static inline u32 cks_uart_rate_off(const struct cks_uart_rate *rate)
{
	return rate->error_ppm < 0 ? -rate->error_ppm : rate->error_ppm;
}

/*
 * The length of a bit is counted in steps, 1/128 of a clock of the UART: all that a family can
 * divide by is a whole number of them.
 */
#define CKS_UART_STEPS_PER_CLK	128

/**
 * cks_uart_steps() - the length of a bit that is wanted
 * @ret_steps: rounded down
 * @uart_clk: clock of the UART, Hz, %CKS_UART_CLK_MIN to %CKS_UART_CLK_MAX
 * @card_clk: clock of the card, Hz, %CKS_UART_CARD_CLK_MIN to %CKS_UART_CARD_CLK_MAX
 * @f: F, clock rate conversion integer, at most 2048
 * @d: D, baud rate adjustment integer, at most 64
 *
 * Return: 0, or -EINVAL if an argument is out of its range
 */
int cks_uart_steps(u64 *ret_steps, u32 uart_clk, u32 card_clk, u16 f, u8 d);

/**
 * cks_uart_rate_judge() - what a setting gives
 * @rate: div, sixteenths, clocks and prescaler are given, the rest is filled in
 * @uart_clk: as of cks_uart_steps(), which has accepted them; the others too
 * @card_clk: same
 * @f: same
 * @d: same
 *
 * Pure computation, any context.
 *
 * Return: 0; -ERANGE if it is off by more than %CKS_UART_TOLERANCE_PPM
 */
int cks_uart_rate_judge(struct cks_uart_rate *rate, u32 uart_clk, u32 card_clk, u16 f, u8 d);

/* a / b and a * b / c in 64 and 128 bits; the quotient must fit. */
u64 cks_uart_div(u64 a, u64 b);
u64 cks_uart_muldiv(u64 a, u64 b, u64 c);

#endif
