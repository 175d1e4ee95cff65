// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a setting of a rate generator gives, and how far that is off an etu. No I/O, no state; it
 * compiles in userspace for its test.
 */
#ifdef __KERNEL__
#include <linux/math64.h>
#endif

#include "rate.h"

#define MILLION		1000000ULL
#define PS_PER_S	1000000000000ULL

#ifdef __KERNEL__
u64 cks_uart_div(u64 a, u64 b)
{
	return div64_u64(a, b);
}

u64 cks_uart_muldiv(u64 a, u64 b, u64 c)
{
	return mul_u64_u64_div_u64(a, b, c);
}
#else
u64 cks_uart_div(u64 a, u64 b)
{
	return a / b;
}

u64 cks_uart_muldiv(u64 a, u64 b, u64 c)
{
	return (__uint128_t)a * b / c;
}
#endif

int cks_uart_steps(u64 *ret_steps, u32 uart_clk, u32 card_clk, u16 f, u8 d)
{
	if (uart_clk < CKS_UART_CLK_MIN || uart_clk > CKS_UART_CLK_MAX ||
	    card_clk < CKS_UART_CARD_CLK_MIN || card_clk > CKS_UART_CARD_CLK_MAX ||
	    !f || f > 2048 || !d || d > 64)
		return -EINVAL;
	*ret_steps = cks_uart_div((u64)uart_clk * CKS_UART_STEPS_PER_CLK * f, (u64)card_clk * d);
	return 0;
}

int cks_uart_rate_judge(struct cks_uart_rate *rate, u32 uart_clk, u32 card_clk, u16 f, u8 d)
{
	/* At most 4.3e9: a divisor of 2^16, 16 clocks a bit, a prescaler of 255 eighths. */
	u64 steps = (16ULL * rate->div + rate->sixteenths) * rate->clocks * rate->prescaler;
	u64 per_s = (u64)uart_clk * CKS_UART_STEPS_PER_CLK;
	u64 ppm;

	/* Rate given over rate wanted, in millionths: (per_s / steps) / (card_clk D / F). */
	ppm = cks_uart_muldiv(per_s * f, MILLION, steps * d * card_clk);
	if (ppm > 1000 * MILLION)
		ppm = 1000 * MILLION;
	rate->error_ppm = (int)ppm - (int)MILLION;
	rate->bit_ps = cks_uart_muldiv(steps, PS_PER_S, per_s);
	rate->wanted = cks_uart_div((u64)card_clk * d + f / 2, f);
	rate->rate = cks_uart_div(per_s + steps / 2, steps);
	return cks_uart_rate_off(rate) > CKS_UART_TOLERANCE_PPM ? -ERANGE : 0;
}
