// SPDX-License-Identifier: GPL-2.0-only
/*
 * Computes the divisor of a 16550 for an etu, and how far off the result is. No I/O, no state; it
 * compiles in userspace for its test.
 */
#ifdef __KERNEL__
#include <linux/math64.h>
#endif

#include "rate.h"

#ifndef __KERNEL__
static inline u64 div64_u64(u64 a, u64 b)
{
	return a / b;
}
#endif

#define MILLION		1000000ULL
#define PS_PER_S	1000000000000ULL

/* Rate given over rate wanted, in millionths: (uart / 16 div) / (card D / F). */
static u64 ratio_ppm(u64 num, u64 den, u64 div)
{
	/* At most 1e9 * 2048 * 1e6, which 64 bits hold. */
	return div64_u64(num * MILLION, den * div);
}

int cks_uart_rate(struct cks_uart_rate *ret_rate, u32 uart_clk, u32 card_clk, u16 f, u8 d)
{
	u64 num, den, div, ppm;
	long long error;

	if (!uart_clk || uart_clk > 1000000000 || !card_clk || card_clk > 100000000 ||
	    !f || f > 2048 || !d || d > 64)
		return -EINVAL;

	num = (u64)uart_clk * f;
	den = 16ULL * d * card_clk;
	div = div64_u64(num, den);
	if (!div)
		div = 1;
	if (div > 65535)
		div = 65535;

	/* The exact divisor lies between div, which is too fast, and div + 1, which is too slow. */
	ppm = ratio_ppm(num, den, div);
	if (ppm > MILLION && div < 65535) {
		u64 slow = ratio_ppm(num, den, div + 1);

		if (slow <= MILLION && MILLION - slow < ppm - MILLION) {
			div++;
			ppm = slow;
		}
	}

	error = (long long)ppm - (long long)MILLION;
	if (error > 1000000000)
		error = 1000000000;
	ret_rate->div = div;
	ret_rate->bit_ps = div64_u64(16 * div * PS_PER_S, uart_clk);
	ret_rate->wanted = div64_u64((u64)card_clk * d + f / 2, f);
	ret_rate->rate = div64_u64(uart_clk + 8 * div, 16 * div);
	ret_rate->error_ppm = error;
	if (error > CKS_UART_TOLERANCE_PPM || error < -CKS_UART_TOLERANCE_PPM)
		return -ERANGE;
	return 0;
}
