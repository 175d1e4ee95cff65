// SPDX-License-Identifier: GPL-2.0-only
/*
 * Divisors of the UART driver against a table computed elsewhere, and the limits of the tolerance.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "uart/rate.h"
#include "vectors/uart_divisors.h"

/* ISO/IEC 7816-3:2006 tables 7 and 8, the codes of the table of divisors. */
static void decode(unsigned char ta1, u16 *ret_f, u8 *ret_d)
{
	static const u8 di[16] = { 0, 1, 2, 4, 8, 16, 32, 64, 12, 20 };

	*ret_f = ta1 >> 4 == 9 ? 512 : 372;
	*ret_d = di[ta1 & 15];
}

static void test_table(void **state)
{
	unsigned int same = 0;
	struct cks_uart_rate r;
	size_t i;
	u16 f;
	u8 d;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(uart_divisors); i++) {
		int err, off;

		decode(uart_divisors[i].ta1, &f, &d);
		err = cks_uart_rate(&r, uart_divisors[i].uart_clk, uart_divisors[i].card_clk, f, d);
		if (!uart_divisors[i].div) {
			assert_int_equal(err, -ERANGE);
			continue;
		}
		/* The table rounds the divisor; another one has to be nearer in rate. */
		if (r.div != uart_divisors[i].div) {
			assert_true(abs(r.error_ppm) < 100 * abs(uart_divisors[i].error) + 50);
			assert_int_equal(err, abs(r.error_ppm) > 20000 ? -ERANGE : 0);
			continue;
		}
		off = r.error_ppm - 100 * uart_divisors[i].error;
		/* The table is rounded to the nearest hundredth of a per cent. */
		assert_in_range(off + 51, 0, 102);
		/* The table's entries are never that near to the limit. */
		assert_int_equal(err, abs(uart_divisors[i].error) > 200 ? -ERANGE : 0);
		same++;
	}
	assert_true(same > 120);
}

static void test_exact(void **state)
{
	struct cks_uart_rate r;

	(void)state;
	assert_int_equal(cks_uart_rate(&r, 1843200, 3571200, 372, 1), 0);
	assert_int_equal(r.div, 12);
	assert_int_equal(r.error_ppm, 0);
	assert_int_equal(r.wanted, 9600);
	assert_int_equal(r.rate, 9600);
	assert_int_equal(r.bit_ps, 104166666);
}

/* A UART clock of 16 times the card clock, F = D * divisor: every ppm of it can be chosen. */
static void test_tolerance(void **state)
{
	struct cks_uart_rate r;

	(void)state;
	assert_int_equal(cks_uart_rate(&r, 16 * 1020000, 1000000, 1, 1), 0);
	assert_int_equal(r.error_ppm, 20000);
	assert_int_equal(cks_uart_rate(&r, 16 * 1020001, 1000000, 1, 1), -ERANGE);
	assert_int_equal(r.error_ppm, 20001);
	assert_int_equal(cks_uart_rate(&r, 16 * 980000, 1000000, 1, 1), 0);
	assert_int_equal(r.error_ppm, -20000);
	assert_int_equal(cks_uart_rate(&r, 16 * 979999, 1000000, 1, 1), -ERANGE);
	assert_int_equal(r.error_ppm, -20001);
}

static void test_bounds(void **state)
{
	struct cks_uart_rate r;

	(void)state;
	assert_int_equal(cks_uart_rate(&r, 0, 1000000, 372, 1), -EINVAL);
	assert_int_equal(cks_uart_rate(&r, 1843200, 0, 372, 1), -EINVAL);
	assert_int_equal(cks_uart_rate(&r, 1843200, 1000000, 0, 1), -EINVAL);
	assert_int_equal(cks_uart_rate(&r, 1843200, 1000000, 372, 0), -EINVAL);
	assert_int_equal(cks_uart_rate(&r, 1843200, 1000000, 2049, 1), -EINVAL);
	assert_int_equal(cks_uart_rate(&r, 1843200, 1000000, 372, 65), -EINVAL);
	assert_int_equal(cks_uart_rate(&r, 1000000001, 1000000, 372, 1), -EINVAL);
	assert_int_equal(cks_uart_rate(&r, 1843200, 100000001, 372, 1), -EINVAL);

	/* Too slow for any divisor, and too fast. */
	assert_int_equal(cks_uart_rate(&r, 1000000000, 1000, 2048, 1), -ERANGE);
	assert_int_equal(r.div, 65535);
	assert_true(r.error_ppm > 0);
	assert_int_equal(cks_uart_rate(&r, 16, 100000000, 1, 64), -ERANGE);
	assert_int_equal(r.div, 1);
	assert_true(r.error_ppm < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_tolerance),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
