// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rates of ttys with a known clock against a table of divisors computed elsewhere, and the limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tty/rate.h"
#include "vectors/uart_divisors.h"

static void test_table(void **state)
{
	/* ISO/IEC 7816-3:2006 table 8. */
	static const u8 di[16] = { 0, 1, 2, 4, 8, 16, 32, 64, 12, 20 };
	unsigned int same = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(uart_divisors); i++) {
		u8 ta1 = uart_divisors[i].ta1;
		u32 wanted = cks_tty_wanted(uart_divisors[i].card_clk, ta1 >> 4 == 9 ? 512 : 372,
					    di[ta1 & 15]);
		u32 got = cks_tty_divided(uart_divisors[i].uart_clk, wanted);
		u32 off = cks_tty_off_ppm(wanted, got);

		if (!uart_divisors[i].div) {
			assert_true(off > CKS_TTY_TOLERANCE_PPM);
			continue;
		}
		/* The table's entries are never that near to the limit. */
		assert_int_equal(off > CKS_TTY_TOLERANCE_PPM, abs(uart_divisors[i].error) > 200);
		/* Both divisors around the exact one may be as good as the other. */
		if (abs((int)off - 100 * abs(uart_divisors[i].error)) > 200) {
			assert_true((int)off < 100 * abs(uart_divisors[i].error));
			continue;
		}
		same++;
	}
	assert_true(same > 120);
}

static void test_limits(void **state)
{
	(void)state;
	assert_int_equal(cks_tty_wanted(3571200, 372, 1), 9600);
	assert_int_equal(cks_tty_wanted(100000000, 372, 64), 17204301);
	assert_int_equal(cks_tty_wanted(10000, 2048, 1), 5);
	/* Beyond what the divisor can do, in both directions. */
	assert_int_equal(cks_tty_divided(1843200, 4000000), 115200);
	assert_int_equal(cks_tty_divided(1843200, 1), 2);
	assert_int_equal(cks_tty_divided(1843200, UINT32_MAX), 115200);
	assert_int_equal(cks_tty_divided(16, 9600), 1);

	assert_int_equal(cks_tty_off_ppm(9600, 9600), 0);
	assert_int_equal(cks_tty_off_ppm(10000, 10200), CKS_TTY_TOLERANCE_PPM);
	assert_int_equal(cks_tty_off_ppm(10000, 9800), CKS_TTY_TOLERANCE_PPM);
	assert_true(cks_tty_off_ppm(10000, 10201) > CKS_TTY_TOLERANCE_PPM);
	assert_int_equal(cks_tty_off_ppm(9600, 0), 1000000);
	assert_int_equal(cks_tty_off_ppm(1, UINT32_MAX), 1000000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests_name("tty_rate", tests, NULL, NULL);
}
