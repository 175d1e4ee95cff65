/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Divisors of a 16550 for the rates of ISO/IEC 7816-3.
 */
#ifndef CKS_UART_RATE_H
#define CKS_UART_RATE_H

#include "iso7816/port.h"

/*
 * An edge of a character may lie 0.2 etu off its place, the last one is 10 etu after the first: a
 * rate that is wrong by more than 2 % uses up all of it.
 */
#define CKS_UART_TOLERANCE_PPM	20000

/**
 * struct cks_uart_rate - a divisor and what it gives
 * @div: divisor, 1...65535
 * @bit_ps: length of a bit, picoseconds
 * @wanted: bits per second wanted, rounded
 * @rate: bits per second given by @div, rounded
 * @error_ppm: how much @rate is off, in millionths of the rate wanted; positive when too fast
 */
struct cks_uart_rate {
	u16 div;
	u64 bit_ps;
	u32 wanted;
	u32 rate;
	int error_ppm;
};

/**
 * cks_uart_rate() - the divisor that comes nearest to an etu
 * @ret_rate: filled in any case but -EINVAL
 * @uart_clk: clock of the UART, Hz, at most 1 GHz
 * @card_clk: clock of the card, Hz, at most 100 MHz
 * @f: F, clock rate conversion integer, at most 2048
 * @d: D, baud rate adjustment integer, at most 64
 *
 * Pure computation, any context.
 *
 * Return: 0; -ERANGE if even the best divisor is off by more than %CKS_UART_TOLERANCE_PPM; -EINVAL
 * if an argument is out of its range
 */
int cks_uart_rate(struct cks_uart_rate *ret_rate, u32 uart_clk, u32 card_clk, u16 f, u8 d);

#endif
