// SPDX-License-Identifier: GPL-2.0-only
/*
 * The UART driver's divisors, computed with the kernel's division and types: against the table
 * that the test in userspace reads too, and at the limits of the arithmetic.
 */
#include <kunit/test.h>
#include <linux/module.h>

#include "uart/family.h"
#include "vectors/uart_divisors.h"

/* ISO/IEC 7816-3:2006 tables 7 and 8, the codes of the table of divisors. */
static void decode(u8 ta1, u16 *ret_f, u8 *ret_d)
{
	static const u8 di[16] = { 0, 1, 2, 4, 8, 16, 32, 64, 12, 20 };

	*ret_f = ta1 >> 4 == 9 ? 512 : 372;
	*ret_d = di[ta1 & 15];
}

static void table_of_divisors(struct kunit *test)
{
	struct cks_uart_rate r;
	int i, same = 0;
	u16 f;
	u8 d;

	for (i = 0; i < ARRAY_SIZE(uart_divisors); i++) {
		int err;

		decode(uart_divisors[i].ta1, &f, &d);
		err = cks_uart_16550.find_rate(&r, uart_divisors[i].uart_clk,
					       uart_divisors[i].card_clk, f, d);
		if (!uart_divisors[i].div) {
			KUNIT_EXPECT_EQ(test, err, -ERANGE);
			continue;
		}
		/* The table rounds the divisor; another one has to be nearer in rate. */
		if (r.div != uart_divisors[i].div) {
			KUNIT_EXPECT_LT(test, abs(r.error_ppm),
					100 * abs(uart_divisors[i].error) + 50);
			continue;
		}
		KUNIT_EXPECT_LE(test, abs(r.error_ppm - 100 * uart_divisors[i].error), 51);
		same++;
	}
	KUNIT_EXPECT_GT(test, same, 120);
}

/* The fractions of the XR17V35x at 125 MHz. */
static void table_of_fractions(struct kunit *test)
{
	struct cks_uart_rate r;
	int i;
	u16 f;
	u8 d;

	for (i = 0; i < ARRAY_SIZE(uart_fractions); i++) {
		int off;

		decode(uart_fractions[i].ta1, &f, &d);
		KUNIT_EXPECT_EQ(test, cks_uart_xr17v35x.find_rate(&r, 125000000,
								  uart_fractions[i].card_clk, f, d),
				0);
		off = abs(r.error_ppm) - 10 * abs(uart_fractions[i].xr_error);
		KUNIT_EXPECT_LE(test, abs(off), 6);
		KUNIT_EXPECT_LE(test, cks_uart_rate_off(&r), 2000);
	}
}

/*
 * The largest and the least operands that are accepted, through every family: a divisor from 1 to
 * 65,535, and a length of the bit that is the setting's.
 */
static void limits_of_the_arithmetic(struct kunit *test)
{
	static const struct cks_uart_family_ops *const families[] = {
		&cks_uart_16550, &cks_uart_ox950, &cks_uart_xr17v35x,
	};
	static const struct {
		u32 uart_clk, card_clk;
		u16 f;
		u8 d;
		int err;
	} cases[] = {
		{ CKS_UART_CLK_MAX, CKS_UART_CARD_CLK_MIN, 2048, 1, -ERANGE },
		{ CKS_UART_CLK_MIN, CKS_UART_CARD_CLK_MAX, 372, 64, -ERANGE },
		{ CKS_UART_CLK_MAX, CKS_UART_CARD_CLK_MAX, 372, 64, 0 },
		{ CKS_UART_CLK_MAX + 1, 1000000, 372, 1, -EINVAL },
		{ CKS_UART_CLK_MIN - 1, 1000000, 372, 1, -EINVAL },
		{ 1843200, CKS_UART_CARD_CLK_MAX + 1, 372, 1, -EINVAL },
		{ 1843200, CKS_UART_CARD_CLK_MIN - 1, 372, 1, -EINVAL },
	};
	struct cks_uart_rate r;
	int i, k;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		for (k = 0; k < ARRAY_SIZE(cases); k++) {
			int err = families[i]->find_rate(&r, cases[k].uart_clk, cases[k].card_clk,
							 cases[k].f, cases[k].d);

			KUNIT_EXPECT_EQ(test, err, cases[k].err);
			if (err == -EINVAL)
				continue;
			KUNIT_EXPECT_GE(test, r.div, 1);
			KUNIT_EXPECT_EQ(test, cks_uart_rate_off(&r) > 20000, err == -ERANGE);
			KUNIT_EXPECT_GT(test, r.bit_ps, 0ULL);
		}
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(table_of_divisors),
	KUNIT_CASE(table_of_fractions),
	KUNIT_CASE(limits_of_the_arithmetic),
	{}
};

static struct kunit_suite suite = {
	.name = "cks_rate",
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit suite of the divisors of kernel/uart");
MODULE_LICENSE("GPL");
