// SPDX-License-Identifier: GPL-2.0-only
/*
 * The UART driver's divisors, computed with the kernel's division and types: against the table
 * that the test in userspace reads too, and at the limits of the arithmetic.
 */
#include <kunit/test.h>
#include <linux/module.h>

#include "uart/rate.h"
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
		err = cks_uart_rate(&r, uart_divisors[i].uart_clk, uart_divisors[i].card_clk, f, d);
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

/* The largest operands, and those that leave no divisor between 1 and 65,535. */
static void limits_of_the_arithmetic(struct kunit *test)
{
	struct cks_uart_rate r;

	KUNIT_EXPECT_EQ(test, cks_uart_rate(&r, 1000000000, 1000, 2048, 1), -ERANGE);
	KUNIT_EXPECT_EQ(test, r.div, 65535);
	KUNIT_EXPECT_EQ(test, r.error_ppm, 1000000000);
	KUNIT_EXPECT_EQ(test, cks_uart_rate(&r, 16, 100000000, 1, 64), -ERANGE);
	KUNIT_EXPECT_EQ(test, r.div, 1);
	KUNIT_EXPECT_EQ(test, cks_uart_rate(&r, 1000000001, 1000000, 372, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, cks_uart_rate(&r, 1843200, 100000001, 372, 1), -EINVAL);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(table_of_divisors),
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
