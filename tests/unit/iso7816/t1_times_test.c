// SPDX-License-Identifier: GPL-2.0-only
/*
 * Times of T=1 by script, ISO/IEC 7816-3 11.4: character, block and guard times to the tick, and
 * their extension by the card.
 */
#include "t1_script.h"

/* CWT: (11 + 2^CWI) etu; BWT: 11 etu + 2^BWI * 960 * 372 clock cycles. 11.4 */
static void times(enum iso7816_policy policy, const char *atr, u64 bwt, u64 bwt_tolerance,
		  u64 cwt, u64 cwt_tolerance)
{
	u64 b = bwt + bwt_tolerance, w = cwt + cwt_tolerance;
	char text[64];
	struct script *s;
	int i;

	for (i = 0; i < 5; i++) {
		s = ready_with(policy, atr, 0);
		begin(s, "00440000");
		sends(s, with_lrc(text, "000004 00440000"));
		if (i == 0) {
			expires(s, b + 12 * ETU0);
			sends(s, with_lrc(text, "008200"));
			free(s);
			continue;
		}
		rx_after(s, i == 1 ? b + 1 : b, 0x00, 0);
		if (i == 2) {
			expires(s, w + 12 * ETU0);
			sends(s, with_lrc(text, "008200"));
			free(s);
			continue;
		}
		rx_after(s, w, 0x00, 0);
		rx_after(s, i == 3 ? w + 1 : w, 0x02, 0);
		rx_after(s, w, 0x90, 0);
		rx_after(s, w, 0x00, 0);
		rx_after(s, w, 0x92, 0);
		if (i == 4) {
			responds(s, "9000");
		} else {
			nothing(s);
			expires(s, (w > 22 * ETU0 ? w : 22 * ETU0) + 12 * ETU0);
			sends(s, with_lrc(text, "008200"));
		}
		free(s);
	}
}

TEST(waiting_times)
{
	times(ISO7816_STRICT, "3B800181", 15371 * ETU0, ETU0, 8203 * ETU0, ETU0);
	/* TB3 00: BWI 0, CWI 0; TB3 9F: BWI 9, CWI 15 */
	times(ISO7816_STRICT, "3B80812100 20", 971 * ETU0, ETU0, 12 * ETU0, ETU0);
	times(ISO7816_STRICT, "3B8081219F BF", (11 + 512 * 960ULL) * ETU0, ETU0,
	      (11 + 32768) * ETU0, ETU0);
	times(ISO7816_EMV, "3BA000812143 43", (11 + 16 * 960) * ETU0, 960 * ETU0, 19 * ETU0,
	      4 * ETU0);
	times(ISO7816_TOLERANT, "3B800181", 15371 * ETU0, 960 * ETU0, 8203 * ETU0, 4 * ETU0);
}

/* CGT is GT; N = 255 means 11 etu both ways. BGT is 22, unless GT is more. */
TEST(guard_times)
{
	struct script *s = ready_with(ISO7816_STRICT, "3BC0FF01 3E", 0);
	u64 before = s->t;

	assert_true(iso7816_coupler_line(&s->c)->guard11);
	begin(s, "00440000");
	block_sends(s, "000004 00440000");
	assert_int_equal(s->at - before, 22 * ETU0);
	assert_int_equal(s->gap, 11 * ETU0);
	free(s);

	s = ready_with(ISO7816_STRICT, "3BC00501 C4", 0);
	assert_false(iso7816_coupler_line(&s->c)->guard11);
	before = s->t;
	begin(s, "00440000");
	block_sends(s, "000004 00440000");
	assert_int_equal(s->at - before, 22 * ETU0);
	assert_int_equal(s->gap, 17 * ETU0);
	free(s);

	/* 254 is the longest, 0 the same as none */
	s = ready_with(ISO7816_STRICT, "3BC0FE01 3F", 0);
	begin(s, "00440000");
	block_sends(s, "000004 00440000");
	assert_int_equal(s->gap, 266 * ETU0);
	free(s);
	s = ready_with(ISO7816_STRICT, "3BC00001 C1", 0);
	begin(s, "00440000");
	block_sends(s, "000004 00440000");
	assert_int_equal(s->gap, 12 * ETU0);
	free(s);

	/* T=15: N counts in units of the card's own Fi and Di, 512/16, also at 372/1; not 255 */
	s = script_new(ISO7816_STRICT);
	s->cfg.ifsd = 0;
	s->cfg.no_pps = true;
	script_ready(s, "3BD0950A 81 1F 01 D0", 1);
	begin(s, "00440000");
	block_sends(s, "000004 00440000");
	assert_int_equal(s->gap, 12 * ETU0 + CLK(320));
	free(s);
	s = script_new(ISO7816_STRICT);
	s->cfg.ifsd = 0;
	s->cfg.no_pps = true;
	script_ready(s, "3BD095FF 81 1F 01 25", 1);
	begin(s, "00440000");
	block_sends(s, "000004 00440000");
	assert_int_equal(s->gap, 11 * ETU0);
	free(s);

	s = ready_with(ISO7816_STRICT, "3BC06401 A5", 0);
	before = s->t;
	begin(s, "00440000");
	block_sends(s, "000004 00440000");
	assert_int_equal(s->at - before, 112 * ETU0);
	assert_int_equal(s->gap, 112 * ETU0);
	block_gives(s, "000002 9000");
	responds(s, "9000");
	before = s->t;
	begin(s, "00440000");
	block_sends(s, "004004 00440000");
	assert_int_equal(s->at - before, 112 * ETU0);
	free(s);
}

TEST(wtx)
{
	struct script *s = script_new(ISO7816_STRICT);
	u64 bwt = 11 * ETU0 + CLK(16 * 960 * 372);
	int i;

	s->cfg.ifsd = 0;
	s->cfg.max_wtx = 3;
	script_ready(s, "3B800181", 1);
	begin(s, "00440000");
	block_sends(s, "000004 00440000");
	block_gives(s, "00C30105");
	block_sends(s, "00E30105");
	/* five times BWT now, and for that block only */
	assert_int_equal(iso7816_coupler_deadline(&s->c) - s->t, 5 * bwt + (1 + 12) * ETU0);
	block_gives(s, "000002 9000");
	responds(s, "9000");
	begin(s, "00440000");
	block_sends(s, "004004 00440000");
	assert_int_equal(iso7816_coupler_deadline(&s->c) - s->t, bwt + (1 + 12) * ETU0);
	for (i = 0; i < 3; i++) {
		block_gives(s, "00C30101");
		block_sends(s, "00E30101");
	}
	block_gives(s, "00C30101");
	done(s, ISO7816_E_LOOP);
	free(s);

	/* the last tick of the longer BWT, and the first behind it */
	for (i = 0; i < 2; i++) {
		s = ready();
		begin(s, "00440000");
		block_sends(s, "000004 00440000");
		block_gives(s, "00C30103");
		block_sends(s, "00E30103");
		rx_after(s, 3 * bwt + ETU0 + i, 0x00, 0);
		gives_after(s, 12, "00029000 92");
		if (!i) {
			responds(s, "9000");
		} else {
			nothing(s);
			s->t = iso7816_coupler_deadline(&s->c);
			iso7816_coupler_timer(&s->c, s->t);
			block_sends(s, "008200");
		}
		free(s);
	}
}

/* Between two commands there is no limit: the owner's time to send begins with the command. */
TEST(idle_before_command)
{
	static const u64 idle[] = { 9600, 9700, 1000000, 1000000000 };
	struct script *s = ready();
	unsigned int i;

	heard(s);
	for (i = 0; i < ARRAY_SIZE(idle); i++) {
		s->t += idle[i] * ETU0;
		begin(s, "00440000");
		assert_true(iso7816_coupler_deadline(&s->c) > s->t);
		iso7816_coupler_timer(&s->c, s->t + 9600 * ETU0 - 1);
		block_sends(s, i & 1 ? "000004 00440000" : "004004 00440000");
		block_gives(s, i & 1 ? "000002 9000" : "004002 9000");
		responds(s, "9000");
	}
	free(s);
}

static TEST_CASE cases[] = {
	RUN(waiting_times),
	RUN(guard_times),
	RUN(wtx),
	RUN(idle_before_command),
	{}
};

TEST_SUITE("iso7816_t1_times");
