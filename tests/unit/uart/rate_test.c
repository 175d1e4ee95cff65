// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rate generators of the UART driver's families against tables computed elsewhere, and the limits
 * of the tolerance.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "uart/family.h"
#include "vectors/uart_divisors.h"

#define OX_CLK	62500000
#define XR_CLK	125000000

/* ISO/IEC 7816-3:2006 tables 7 and 8, the codes of the table of divisors. */
static void decode(unsigned char ta1, u16 *ret_f, u8 *ret_d)
{
	static const u8 di[16] = { 0, 1, 2, 4, 8, 16, 32, 64, 12, 20 };

	*ret_f = ta1 >> 4 == 9 ? 512 : 372;
	*ret_d = di[ta1 & 15];
}

/* How much too fast in millionths, by other arithmetic than the driver's. */
static double error(const struct cks_uart_rate *r, unsigned int uart_clk, unsigned int card_clk,
		    unsigned char ta1)
{
	double clks = (r->div + r->sixteenths / 16.0) * r->clocks * (r->prescaler / 8.0);
	u16 f;
	u8 d;

	decode(ta1, &f, &d);
	return (uart_clk / clks / ((double)card_clk * d / f) - 1) * 1000000;
}

static void assert_near(double got, double want, double by)
{
	if (got - want > by || want - got > by)
		fail_msg("%.2f is not %.2f", got, want);
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
		err = cks_uart_16550.find_rate(&r, uart_divisors[i].uart_clk,
					       uart_divisors[i].card_clk, f, d);
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

static void test_xr17v35x(void **state)
{
	struct cks_uart_rate r;
	size_t i;
	u16 f;
	u8 d;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(uart_fractions); i++) {
		unsigned int card_clk = uart_fractions[i].card_clk;
		unsigned char ta1 = uart_fractions[i].ta1;

		decode(ta1, &f, &d);
		assert_int_equal(cks_uart_xr17v35x.find_rate(&r, XR_CLK, card_clk, f, d), 0);
		assert_int_equal(r.clocks, 16);
		assert_int_equal(r.prescaler, 8);
		/* 363.28125 lies in the middle. */
		if (uart_fractions[i].sixteenths != 16 * 363 + 4)
			assert_int_equal(16 * r.div + r.sixteenths, uart_fractions[i].sixteenths);
		assert_near(r.error_ppm, error(&r, XR_CLK, card_clk, ta1), 1);
		assert_near(abs(r.error_ppm), 10 * abs(uart_fractions[i].xr_error), 6);
		assert_true(cks_uart_rate_off(&r) <= 2000);
	}
}

/* Where 16 clocks a bit are too coarse, 8 or 4 are nearer. */
static void test_xr17v35x_clocks(void **state)
{
	struct cks_uart_rate r;

	(void)state;
	/* 24 MHz for 446,400 bit/s: 3 + 6/16 with 16 clocks is off by 0.44 %, 6 + 12/16 no less. */
	assert_int_equal(cks_uart_xr17v35x.find_rate(&r, 24000000, 3571200, 512, 64), 0);
	assert_int_equal(r.clocks, 4);
	assert_near(r.error_ppm, error(&r, 24000000, 3571200, 0x97), 1);
	assert_true(cks_uart_rate_off(&r) <= 2000);
	/* 14.7456 MHz, 625,000 bit/s: with 16 clocks 1 + 8/16, off by 1.7 %; with 8, 2 + 15/16. */
	assert_int_equal(cks_uart_xr17v35x.find_rate(&r, 14745600, 5000000, 512, 64), 0);
	assert_true(r.clocks < 16);
	assert_true(cks_uart_rate_off(&r) < 5000);
}

/* Not always the nearest: the receiver has to look at the line often, too. */
static void test_ox950(void **state)
{
	struct cks_uart_rate r;
	size_t i;
	u16 f;
	u8 d;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(uart_fractions); i++) {
		unsigned int card_clk = uart_fractions[i].card_clk;
		unsigned char ta1 = uart_fractions[i].ta1;
		u32 best = 10 * abs(uart_fractions[i].ox_error);

		decode(ta1, &f, &d);
		assert_int_equal(cks_uart_ox950.find_rate(&r, OX_CLK, card_clk, f, d), 0);
		assert_in_range(r.clocks, 4, 16);
		assert_in_range(r.prescaler, 8, 255);
		assert_int_equal(r.sixteenths, 0);
		assert_near(r.error_ppm, error(&r, OX_CLK, card_clk, ta1), 1);
		assert_true(cks_uart_rate_off(&r) <= 2000);
		/* Nothing is nearer than the table's best; the table is rounded. */
		assert_true(cks_uart_rate_off(&r) + 6 >= best);
		/* What is given up in nearness must be won by more looks at the line. */
		assert_true(10.5 * cks_uart_rate_off(&r) + 1000000.0 / r.clocks <
			    10.5 * best + 1000000 / 4);
		/* What the error signal needs is there at TA1 11 to 13. */
		if (ta1 <= 0x13) {
			assert_true(r.clocks >= 14);
			assert_true(r.div >= 8);
		}
	}
}

static void test_exact(void **state)
{
	struct cks_uart_rate r;

	(void)state;
	assert_int_equal(cks_uart_16550.find_rate(&r, 1843200, 3571200, 372, 1), 0);
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
	assert_int_equal(cks_uart_16550.find_rate(&r, 16 * 1020000, 1000000, 1, 1), 0);
	assert_int_equal(r.error_ppm, 20000);
	assert_int_equal(cks_uart_16550.find_rate(&r, 16 * 1020001, 1000000, 1, 1), -ERANGE);
	assert_int_equal(r.error_ppm, 20001);
	assert_int_equal(cks_uart_16550.find_rate(&r, 16 * 980000, 1000000, 1, 1), 0);
	assert_int_equal(r.error_ppm, -20000);
	assert_int_equal(cks_uart_16550.find_rate(&r, 16 * 979999, 1000000, 1, 1), -ERANGE);
	assert_int_equal(r.error_ppm, -20001);
}

static void bounds(const struct cks_uart_family_ops *family)
{
	struct cks_uart_rate r;

	assert_int_equal(family->find_rate(&r, 0, 1000000, 372, 1), -EINVAL);
	assert_int_equal(family->find_rate(&r, 1843200, 0, 372, 1), -EINVAL);
	assert_int_equal(family->find_rate(&r, 1843200, 1000000, 0, 1), -EINVAL);
	assert_int_equal(family->find_rate(&r, 1843200, 1000000, 372, 0), -EINVAL);
	assert_int_equal(family->find_rate(&r, 1843200, 1000000, 2049, 1), -EINVAL);
	assert_int_equal(family->find_rate(&r, 1843200, 1000000, 372, 65), -EINVAL);
	assert_int_equal(family->find_rate(&r, 1000000001, 1000000, 372, 1), -EINVAL);
	assert_int_equal(family->find_rate(&r, 1843200, 20000001, 372, 1), -EINVAL);

	/* Too fast for any setting, and too slow. */
	assert_int_equal(family->find_rate(&r, 16, 20000000, 1, 64), -ERANGE);
	assert_int_equal(r.div, 1);
	assert_true(r.error_ppm < 0);
	assert_int_equal(family->find_rate(&r, 1000000000, 1000, 2048, 1), -ERANGE);
	assert_int_equal(r.div, 65535);
	assert_true(r.error_ppm > 0);
}

static void test_bounds(void **state)
{
	(void)state;
	bounds(&cks_uart_16550);
	bounds(&cks_uart_ox950);
	bounds(&cks_uart_xr17v35x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_xr17v35x),
		cmocka_unit_test(test_xr17v35x_clocks),
		cmocka_unit_test(test_ox950),
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_tolerance),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
