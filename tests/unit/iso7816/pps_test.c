// SPDX-License-Identifier: GPL-2.0-only
/*
 * From activation to the first exchange by script: reset times, the ATR's characters, PPS and
 * its fallback, ISO/IEC 7816-3 clauses 6, 8.1 and 9.
 */
#include "script.h"
#include "iso7816/internal.h"
#include "../../vectors/iso7816_pps.h"

/* ---------------------------------------------------------------------------- reset */

TEST(rst_times)
{
	static const u32 clks[] = { 400, 401, 40000, 45000 };
	struct iso7816_action act;
	struct script *s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(clks); i++) {
		s = script_new(ISO7816_STRICT);
		s->cfg.reset_clks = clks[i];
		script_rst(s);		/* checks the last tick of RST low */
		free(s);
	}
	/* less than 400 is not to be had */
	s = script_new(ISO7816_STRICT);
	s->cfg.reset_clks = 10;
	script_rst(s);
	free(s);
	/* warm reset: a card that never answered cannot have one */
	s = script_new(ISO7816_STRICT);
	iso7816_coupler_init(&s->c, &s->cfg);
	assert_int_equal(iso7816_coupler_reset(&s->c, 0, ISO7816_WARM), ISO7816_E_STATE);
	script_ready(s, "3B00", 0);
	assert_int_equal(iso7816_coupler_reset(&s->c, s->t, ISO7816_WARM), ISO7816_OK);
	take(s, ISO7816_DO_RST_LOW, &act);
	line_is(s, 372, 1, 0);
	expires(s, CLK(400));
	take(s, ISO7816_DO_RST_HIGH, &act);
	nothing(s);
	/* cold reset of an active card: off, 10 ms at 5 MHz, on */
	assert_int_equal(iso7816_coupler_reset(&s->c, s->t, ISO7816_COLD), ISO7816_OK);
	take(s, ISO7816_DO_DEACTIVATE, &act);
	nothing(s);
	expires(s, CLK(50000));
	take(s, ISO7816_DO_ACTIVATE, &act);
	line_is(s, 372, 1, 0);
	nothing(s);
	free(s);
}

/* 10 ms without VCC are more cycles of a faster clock; fewer than 50,000 are not to be had. */
TEST(off_times)
{
	static const struct { u32 asked, is; } clks[] = { { 0, 50000 }, { 200000, 200000 } };
	struct iso7816_action act;
	struct script *s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(clks); i++) {
		s = script_new(ISO7816_STRICT);
		s->cfg.off_clks = clks[i].asked;
		script_ready(s, "3B00", 0);
		assert_int_equal(iso7816_coupler_reset(&s->c, s->t, ISO7816_COLD), ISO7816_OK);
		take(s, ISO7816_DO_DEACTIVATE, &act);
		s->t += CLK(7);
		iso7816_coupler_switched(&s->c, s->t);
		nothing(s);
		expires(s, CLK(clks[i].is));
		take(s, ISO7816_DO_ACTIVATE, &act);
		free(s);
	}
}

/* The times count from when the contacts were switched, however late that was. */
TEST(late_contacts)
{
	struct script *s = script_new(ISO7816_STRICT);
	struct iso7816_action act;

	iso7816_coupler_init(&s->c, &s->cfg);
	assert_int_equal(iso7816_coupler_reset(&s->c, s->t, ISO7816_COLD), ISO7816_OK);
	take(s, ISO7816_DO_ACTIVATE, &act);
	s->t += CLK(10000);
	iso7816_coupler_switched(&s->c, s->t);
	line_is(s, 372, 1, 0);
	nothing(s);
	expires(s, CLK(400));
	take(s, ISO7816_DO_RST_HIGH, &act);
	rx_after(s, CLK(400), 0x3b, 0);
	gives_after(s, 12, "00");
	line_is(s, 372, 1, 0);
	done(s, ISO7816_OK);
	assert_int_equal(iso7816_coupler_reset(&s->c, s->t, ISO7816_WARM), ISO7816_OK);
	take(s, ISO7816_DO_RST_LOW, &act);
	s->t += CLK(10000);
	iso7816_coupler_switched(&s->c, s->t);
	line_is(s, 372, 1, 0);
	expires(s, CLK(400));
	take(s, ISO7816_DO_RST_HIGH, &act);
	/* off on the way to on, and off for some time */
	assert_int_equal(iso7816_coupler_reset(&s->c, s->t, ISO7816_COLD), ISO7816_OK);
	take(s, ISO7816_DO_DEACTIVATE, &act);
	s->t += CLK(40000);
	iso7816_coupler_switched(&s->c, s->t);
	expires(s, CLK(50000));
	take(s, ISO7816_DO_ACTIVATE, &act);
	iso7816_coupler_deactivate(&s->c, s->t, ISO7816_E_CANCELED);
	take(s, ISO7816_DO_DEACTIVATE, &act);
	s->t += CLK(40000);
	iso7816_coupler_switched(&s->c, s->t);
	assert_int_equal(iso7816_coupler_reset(&s->c, s->t, ISO7816_COLD), ISO7816_OK);
	expires(s, CLK(50000));
	take(s, ISO7816_DO_ACTIVATE, &act);
	free(s);
}

/* Who has just switched it off says so, and the first activation is late enough too. */
TEST(off_before_the_first)
{
	struct script *s = script_new(ISO7816_STRICT);
	struct iso7816_action act;

	iso7816_coupler_init(&s->c, &s->cfg);
	s->t += CLK(10000);
	iso7816_coupler_switched(&s->c, s->t);
	nothing(s);
	assert_int_equal(iso7816_coupler_reset(&s->c, s->t + CLK(20000), ISO7816_COLD), ISO7816_OK);
	nothing(s);
	expires(s, CLK(50000));
	take(s, ISO7816_DO_ACTIVATE, &act);
	free(s);
}

static void ts_window_of(enum iso7816_policy policy, u64 limit)
{
	struct iso7816_action act;
	struct script *s;
	int i;

	for (i = 0; i < 3; i++) {
		s = script_new(policy);
		script_rst(s);
		if (i == 0) {
			rx_after(s, limit, 0x3b, 0);
			nothing(s);
		} else if (i == 1) {
			rx_after(s, limit + 1, 0x3b, 0);
			take(s, ISO7816_DO_DEACTIVATE, &act);
			done(s, ISO7816_E_NO_ATR);
		} else {
			expires(s, limit + 12 * ETU0);
			take(s, ISO7816_DO_DEACTIVATE, &act);
			done(s, ISO7816_E_NO_ATR);
			assert_false(iso7816_coupler_active(&s->c));
			assert_null(iso7816_coupler_atr(&s->c));
		}
		free(s);
	}
}

/* What comes before the window opens is no answer: the tick before, and the first one. */
static void ts_too_early(enum iso7816_policy policy, u64 earliest)
{
	struct script *s = script_new(policy);

	script_rst(s);
	if (earliest) {
		iso7816_coupler_rx(&s->c, s->t + earliest - 1, 0x00, 0);
		nothing(s);
	}
	rx_after(s, earliest, 0x00, 0);
	take(s, policy == ISO7816_STRICT ? ISO7816_DO_DEACTIVATE : ISO7816_DO_RST_LOW,
	     &(struct iso7816_action){ 0 });
	free(s);
}

TEST(ts_window)
{
	ts_window_of(ISO7816_STRICT, CLK(40000) + ETU0);
	ts_window_of(ISO7816_TOLERANT, CLK(42000));
	ts_window_of(ISO7816_EMV, CLK(42000));
	ts_too_early(ISO7816_STRICT, CLK(400));
	ts_too_early(ISO7816_EMV, CLK(380));
	ts_too_early(ISO7816_TOLERANT, 0);
}

TEST(ts_values)
{
	struct iso7816_action act;
	unsigned int b, flags;

	for (b = 0; b < 256; b++) {
		for (flags = 0; flags < 8; flags++) {
			struct script *s = script_new(ISO7816_STRICT);

			script_rst(s);
			rx_after(s, CLK(400), (u8)b, (u8)flags);
			if (b == 0x3b && !flags) {
				nothing(s);
			} else if (b == 0x03 && flags <= ISO7816_RX_PARITY) {
				take(s, ISO7816_DO_LINE, &act);
				assert_true(act.line.odd);
				nothing(s);
			} else {
				take(s, ISO7816_DO_DEACTIVATE, &act);
				done(s, ISO7816_E_ATR_TS);
			}
			free(s);
		}
	}
}

/* Inverse convention: 3F 00 on the line, and a command, all as a UART with LSB first has it. */
TEST(inverse)
{
	struct script *s = script_new(ISO7816_STRICT);
	struct iso7816_action act;

	script_rst(s);
	rx_after(s, CLK(400), 0x03, ISO7816_RX_PARITY);
	take(s, ISO7816_DO_LINE, &act);
	assert_true(act.line.odd);
	rx_after(s, 12 * ETU0, 0xff, 0);		/* T0 00 */
	take(s, ISO7816_DO_LINE, &act);
	assert_true(act.line.odd);
	done(s, ISO7816_OK);
	assert_true(iso7816_coupler_atr(&s->c)->inverse);
	assert_int_equal(iso7816_coupler_atr(&s->c)->raw[0], 0x3f);
	begin(s, "00B0000001");
	sends(s, "FF F2 FF FF 7F");
	gives(s, "F2 77 F6 FF");		/* B0 11 90 00 */
	responds(s, "11 9000");
	free(s);
}

TEST(stale_characters)
{
	struct script *s = script_new(ISO7816_STRICT);
	struct iso7816_action act;

	iso7816_coupler_init(&s->c, &s->cfg);
	iso7816_coupler_rx(&s->c, 0, 0x3b, 0);
	assert_int_equal(iso7816_coupler_reset(&s->c, s->t, ISO7816_COLD), ISO7816_OK);
	take(s, ISO7816_DO_ACTIVATE, &act);
	line_is(s, 372, 1, 0);
	iso7816_coupler_rx(&s->c, s->t + 5, 0x00, ISO7816_RX_FRAMING);
	expires(s, CLK(400));
	take(s, ISO7816_DO_RST_HIGH, &act);
	iso7816_coupler_rx(&s->c, s->t - 1, 0x55, 0);	/* reported late, from before */
	nothing(s);
	rx_after(s, CLK(400), 0x3b, 0);
	gives(s, "00");
	line_is(s, 372, 1, 0);
	done(s, ISO7816_OK);
	free(s);
}

static void atr_intervals_of(enum iso7816_policy policy, u64 limit)
{
	struct iso7816_action act;
	int i;

	for (i = 0; i < 3; i++) {
		struct script *s = script_new(policy);

		script_rst(s);
		rx_after(s, CLK(400), 0x3b, 0);
		if (i == 0) {
			rx_after(s, limit, 0x01, 0);
			rx_after(s, limit, 0x55, 0);
			if (policy == ISO7816_TOLERANT)
				expires(s, 28 * ETU0);
			line_is(s, 372, 1, 0);
			done(s, ISO7816_OK);
			free(s);
			continue;
		}
		if (i == 1)
			rx_after(s, limit + 1, 0x01, 0);
		else
			expires(s, limit + 12 * ETU0);
		if (policy == ISO7816_STRICT) {
			take(s, ISO7816_DO_DEACTIVATE, &act);
			done(s, ISO7816_E_ATR_TIMEOUT);
		} else {
			take(s, ISO7816_DO_RST_LOW, &act);
		}
		free(s);
	}
}

TEST(atr_intervals)
{
	struct iso7816_action act;
	struct script *s;
	int i;

	atr_intervals_of(ISO7816_STRICT, 9601 * ETU0);
	atr_intervals_of(ISO7816_TOLERANT, 10080 * ETU0);
	/* EMV: 10,080 etu between two, 20,160 in all */
	s = script_new(ISO7816_EMV);
	script_rst(s);
	rx_after(s, CLK(400), 0x3b, 0);
	rx_after(s, 10080 * ETU0, 0x02, 0);
	rx_after(s, 10000 * ETU0, 0x55, 0);
	expires(s, (80 + 12) * ETU0);
	take(s, ISO7816_DO_RST_LOW, &act);
	free(s);
	/* the last tick that is in time, and the first that is not */
	for (i = 0; i < 2; i++) {
		s = script_new(ISO7816_EMV);
		script_rst(s);
		rx_after(s, CLK(400), 0x3b, 0);
		rx_after(s, 10080 * ETU0, 0x20, 0);
		rx_after(s, 10080 * ETU0 + i, 0x00, 0);
		if (i)
			take(s, ISO7816_DO_RST_LOW, &act);
		else
			line_is(s, 372, 1, 0);
		free(s);
	}
}

/* How often each policy tries, and that the reason of the last attempt is told. */
TEST(attempts)
{
	static const int resets[] = {
		[ISO7816_STRICT] = 1, [ISO7816_TOLERANT] = 3, [ISO7816_EMV] = 2,
	};
	struct iso7816_action act;
	int policy, i;

	for (policy = 0; policy < 3; policy++) {
		struct script *s = script_new(policy);

		script_rst(s);
		for (i = 1; i <= resets[policy]; i++) {
			rx_after(s, CLK(400), 0x3b, 0);
			rx_after(s, 12 * ETU0, 0x00, ISO7816_RX_PARITY);
			if (i == resets[policy])
				break;
			take(s, ISO7816_DO_RST_LOW, &act);
			line_is(s, 372, 1, 0);
			expires(s, CLK(400));
			take(s, ISO7816_DO_RST_HIGH, &act);
		}
		take(s, ISO7816_DO_DEACTIVATE, &act);
		done(s, ISO7816_E_ATR_PARITY);
		free(s);
	}
}

/* TCK too many, and TCK missing, as they come over the line. */
TEST(tck_on_the_line)
{
	struct script *s = script_new(ISO7816_TOLERANT);

	script_atr(s, "3B0214 50");
	gives(s, "46");
	line_is(s, 372, 1, 0);
	done(s, ISO7816_OK);
	assert_true(iso7816_coupler_atr(&s->c)->has_tck);
	free(s);

	s = script_new(ISO7816_TOLERANT);
	script_atr(s, "3B8001");
	expires(s, (10080 + 12) * ETU0);
	line_is(s, 372, 1, 1);
	done(s, ISO7816_OK);
	assert_false(iso7816_coupler_atr(&s->c)->has_tck);
	free(s);
}

TEST(specific_mode)
{
	struct iso7816_action act;
	struct script *s = script_new(ISO7816_STRICT);

	/* TA1 95, TD1 10, TA2 80: at once in 512/16, T=0 */
	iso7816_config_allow(&s->cfg, 0x95);
	script_atr(s, "3B90 95 10 80");
	line_is(s, 512, 16, 0);
	done(s, ISO7816_OK);
	begin(s, "00B0000001");
	/* the guard time of the last character is still that of its own etu */
	{
		u64 before = s->t;

		sends(s, "00B0000001");
		assert_int_equal(s->at - before, 12 * ETU0);
		assert_int_equal(s->gap, 12 * CLK(32));
	}
	free(s);

	/* a rate that the line cannot do */
	s = script_new(ISO7816_STRICT);
	script_atr(s, "3B90 95 10 80");
	take(s, ISO7816_DO_DEACTIVATE, &act);
	done(s, ISO7816_E_ATR_RATE);
	assert_non_null(iso7816_coupler_atr(&s->c));
	free(s);

	/* ... may be changed by a warm reset, where TA2 says so (b8) */
	s = script_new(ISO7816_TOLERANT);
	script_atr(s, "3B90 95 10 00");
	expires(s, 28 * ETU0);
	take(s, ISO7816_DO_RST_LOW, &act);
	free(s);
	s = script_new(ISO7816_TOLERANT);
	script_atr(s, "3B90 95 10 80");
	expires(s, 28 * ETU0);
	take(s, ISO7816_DO_DEACTIVATE, &act);
	done(s, ISO7816_E_ATR_RATE);
	free(s);

	/* F and D that the ATR does not tell; a protocol that is not wanted */
	s = script_new(ISO7816_STRICT);
	script_atr(s, "3B80 10 90");
	take(s, ISO7816_DO_DEACTIVATE, &act);
	done(s, ISO7816_E_ATR_RATE);
	free(s);
	s = script_new(ISO7816_STRICT);
	s->cfg.t = 1;
	script_atr(s, "3B80 10 80");
	take(s, ISO7816_DO_DEACTIVATE, &act);
	done(s, ISO7816_E_ATR_PROTOCOL);
	free(s);
}

TEST(protocols)
{
	struct iso7816_action act;
	struct script *s = script_new(ISO7816_STRICT);

	s->cfg.t = 1;
	script_atr(s, "3B00");
	take(s, ISO7816_DO_DEACTIVATE, &act);
	done(s, ISO7816_E_ATR_PROTOCOL);
	free(s);
	/* only T=14 */
	s = script_new(ISO7816_STRICT);
	script_atr(s, "3B800E 8E");
	take(s, ISO7816_DO_DEACTIVATE, &act);
	done(s, ISO7816_E_ATR_PROTOCOL);
	free(s);
	/* the second protocol without PPS is not to be had */
	s = script_new(ISO7816_STRICT);
	s->cfg.t = 1;
	s->cfg.no_pps = true;
	script_atr(s, "3B808001 01");
	take(s, ISO7816_DO_DEACTIVATE, &act);
	done(s, ISO7816_E_ATR_PROTOCOL);
	free(s);
}

/* ------------------------------------------------------------------------------ PPS */

TEST(requests)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pps_vectors); i++) {
		const struct pps_vector *v = &pps_vectors[i];
		u8 want[8], buf[ISO7816_PPS_MAX];
		u32 n = script_hex(want, v->request);
		u8 ta1;

		assert_int_equal(iso7816_pps_size(want, 2), n);
		assert_true(iso7816_pps_valid(want, (u8)n));
		if (v->pps1 >= 0) {
			assert_int_equal(iso7816_pps_build(buf, (u8)v->t, (u8)v->pps1), n);
			assert_memory_equal(buf, want, n);
		}
		/* The response is usually the request; without PPS1 it means Fd and Dd. */
		assert_true(iso7816_pps_accept(want, (u8)n, (u8)v->t,
					       v->pps1 < 0 ? 0x96 : (u8)v->pps1, &ta1));
		assert_int_equal(ta1, v->pps1 < 0 ? 0x11 : v->pps1);
	}
}

TEST(best)
{
	static const struct {
		u8 ta1;
		const char *allowed;
		u8 want;
	} cases[] = {
		{ 0x11, "12 13 96", 0x11 },	/* never faster than the card says */
		{ 0x96, "", 0x11 },
		{ 0x96, "96", 0x96 },
		{ 0x96, "95", 0x95 },		/* a lower D */
		{ 0x96, "94 95", 0x95 },
		{ 0x95, "96", 0x11 },
		{ 0x96, "13 12", 0x13 },	/* Fd with a D up to Di */
		{ 0x96, "13 94 16", 0x94 },	/* 372/32 would be shorter than 512/32 */
		{ 0x95, "15 94", 0x94 },	/* so would 372/16 */
		{ 0x95, "15", 0x11 },
		{ 0x18, "18 13", 0x18 },
		{ 0x13, "13 18", 0x13 },
		{ 0x94, "94 A5", 0x94 },
		{ 0xd6, "D5 94", 0x94 },	/* an F between Fd and Fi, and the same etu */
		{ 0xd6, "D5 95", 0xd5 },
	};
	struct iso7816_config cfg;
	u8 list[16];
	size_t i, k, n;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		iso7816_config_init(&cfg);
		n = script_hex(list, cases[i].allowed);
		for (k = 0; k < n; k++)
			iso7816_config_allow(&cfg, list[k]);
		assert_int_equal(iso7816_pps_best(&cfg, cases[i].ta1), cases[i].want);
	}
}

static struct script *fast(enum iso7816_policy policy, const char *atr)
{
	struct script *s = script_new(policy);

	iso7816_config_allow(&s->cfg, 0x96);
	iso7816_config_allow(&s->cfg, 0x95);
	script_atr(s, atr);
	return s;
}

TEST(accepted)
{
	struct script *s = fast(ISO7816_STRICT, "3B1096");
	u64 before;

	sends_after(s, 12, "FF109679");
	assert_int_equal(s->gap, 12 * ETU0);
	gives(s, "FF1096");
	nothing(s);
	gives(s, "79");
	line_is(s, 512, 32, 0);
	done(s, ISO7816_OK);
	begin(s, "00B0000001");
	before = s->t;
	sends(s, "00B0000001");
	assert_int_equal(s->at - before, 12 * ETU0);
	assert_int_equal(s->gap, 12 * CLK(16));
	free(s);

	/* without PPS1: 372/1 */
	s = fast(ISO7816_STRICT, "3B1096");
	sends(s, "FF109679");
	gives(s, "FF00FF");
	line_is(s, 372, 1, 0);
	done(s, ISO7816_OK);
	free(s);

	/* N counts, 255 means 12 */
	s = fast(ISO7816_STRICT, "3B509605");
	sends_after(s, 17, "FF109679");
	assert_int_equal(s->gap, 17 * ETU0);
	free(s);
	s = fast(ISO7816_STRICT, "3B5096FF");
	sends_after(s, 12, "FF109679");
	assert_int_equal(s->gap, 12 * ETU0);
	free(s);

	/* The second protocol, at 372/1; then T=1 starts with its own rules. */
	s = script_new(ISO7816_STRICT);
	s->cfg.t = 1;
	script_atr(s, "3B808001 01");
	sends(s, "FF1111FF");
	gives(s, "FF1111FF");
	line_is(s, 372, 1, 1);
	done(s, ISO7816_OK);
	free(s);
}

/* Whatever is not a right answer: warm reset, and then without. */
TEST(refused)
{
	static const char *const wrong[] = {
		"FF109678",	/* PCK */
		"FF119678",	/* another protocol */
		"FF10957A",	/* another rate */
		"FF30960059",	/* PPS2, which was not asked for */
		"FF50960039",	/* PPS3 */
		"FF9096F9",	/* b8 of PPS0 */
		"FE",
		"3B",
	};
	struct iso7816_action act;
	size_t i;

	for (i = 0; i <= ARRAY_SIZE(wrong) + 1; i++) {
		struct script *s = fast(ISO7816_STRICT, "3B1096");

		sends(s, "FF109679");
		if (i < ARRAY_SIZE(wrong))
			gives(s, wrong[i]);
		else if (i == ARRAY_SIZE(wrong))
			expires(s, (9601 + 12) * ETU0);
		else
			rx_after(s, 12 * ETU0, 0xff, ISO7816_RX_PARITY);
		take(s, ISO7816_DO_RST_LOW, &act);
		line_is(s, 372, 1, 0);
		expires(s, CLK(400));
		take(s, ISO7816_DO_RST_HIGH, &act);
		rx_after(s, CLK(400), 0x3b, 0);
		gives(s, "1096");
		line_is(s, 372, 1, 0);
		done(s, ISO7816_OK);
		free(s);
	}
}

TEST(refused_for_good)
{
	struct script *s = script_new(ISO7816_STRICT);
	struct iso7816_action act;

	/* T=1 is wanted and not the first: the second attempt asks for it at 372/1 */
	s->cfg.t = 1;
	iso7816_config_allow(&s->cfg, 0x95);
	script_atr(s, "3B90958001 84");
	sends(s, "FF11957B");
	gives(s, "FF10957A");
	take(s, ISO7816_DO_RST_LOW, &act);
	line_is(s, 372, 1, 0);
	expires(s, CLK(400));
	take(s, ISO7816_DO_RST_HIGH, &act);
	rx_after(s, CLK(400), 0x3b, 0);
	gives(s, "90958001 84");
	sends(s, "FF1111FF");
	gives(s, "FF00FF");
	take(s, ISO7816_DO_DEACTIVATE, &act);
	done(s, ISO7816_E_PPS);
	free(s);
}

TEST(pps_intervals)
{
	struct iso7816_action act;
	struct script *s = fast(ISO7816_STRICT, "3B1096");

	sends(s, "FF109679");
	rx_after(s, 9601 * ETU0, 0xff, 0);
	rx_after(s, 9601 * ETU0, 0x10, 0);
	rx_after(s, 9601 * ETU0, 0x96, 0);
	rx_after(s, 9601 * ETU0, 0x79, 0);
	line_is(s, 512, 32, 0);
	done(s, ISO7816_OK);
	free(s);
	s = fast(ISO7816_STRICT, "3B1096");
	sends(s, "FF109679");
	rx_after(s, 9601 * ETU0, 0xff, 0);
	rx_after(s, 9601 * ETU0 + 1, 0x10, 0);
	take(s, ISO7816_DO_RST_LOW, &act);
	free(s);
}

TEST(not_wanted)
{
	struct script *s = script_new(ISO7816_STRICT);

	s->cfg.no_pps = true;
	iso7816_config_allow(&s->cfg, 0x96);
	script_atr(s, "3B1096");
	line_is(s, 372, 1, 0);
	done(s, ISO7816_OK);
	free(s);
	s = fast(ISO7816_EMV, "3B309600");
	line_is(s, 372, 1, 0);
	done(s, ISO7816_OK);
	free(s);
}

TEST(codes)
{
	static const u16 fi[16] = {
		372, 372, 558, 744, 1116, 1488, 1860, 0, 0, 512, 768, 1024, 1536, 2048, 0, 0,
	};
	static const u8 di[16] = { 0, 1, 2, 4, 8, 16, 32, 64, 12, 20 };
	unsigned int v;

	for (v = 0; v < 256; v++) {
		assert_int_equal(iso7816_fi((u8)v), fi[v >> 4]);
		assert_int_equal(iso7816_di((u8)v), di[v & 15]);
		/* 960 is divisible by every D: no etu is ever rounded */
		if (fi[v >> 4] && di[v & 15])
			assert_int_equal((u64)iso7816_etu(fi[v >> 4], di[v & 15]) * di[v & 15],
					 fi[v >> 4] * 960ULL);
	}
}

static TEST_CASE cases[] = {
	RUN(rst_times),
	RUN(off_times),
	RUN(late_contacts),
	RUN(off_before_the_first),
	RUN(ts_window),
	RUN(ts_values),
	RUN(inverse),
	RUN(stale_characters),
	RUN(atr_intervals),
	RUN(attempts),
	RUN(tck_on_the_line),
	RUN(specific_mode),
	RUN(protocols),
	RUN(requests),
	RUN(best),
	RUN(accepted),
	RUN(refused),
	RUN(refused_for_good),
	RUN(pps_intervals),
	RUN(not_wanted),
	RUN(codes),
	{}
};

TEST_SUITE("iso7816_pps");
