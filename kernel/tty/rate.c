// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rates as a tty counts them. No I/O, no state; it compiles in userspace for its test.
 */
#ifdef __KERNEL__
#include <linux/math64.h>
#endif

#include "rate.h"

#ifndef __KERNEL__
static inline u64 div_u64(u64 a, u32 b)
{
	return a / b;
}
#endif

u32 cks_tty_wanted(u32 clk, u16 f, u8 d)
{
	return div_u64((u64)clk * d + f / 2, f);
}

u32 cks_tty_divided(u32 uart_clk, u32 wanted)
{
	u32 base = uart_clk / 16;
	u32 div = div_u64((u64)base + wanted / 2, wanted);

	if (!div)
		div = 1;
	if (div > 65535)
		div = 65535;
	return div_u64((u64)base + div / 2, div);
}

u32 cks_tty_off_ppm(u32 wanted, u32 got)
{
	u64 off = got > wanted ? got - wanted : wanted - got;

	off = div_u64(off * 1000000, wanted);
	return off > 1000000000 ? 1000000000 : off;
}
