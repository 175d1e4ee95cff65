// SPDX-License-Identifier: GPL-2.0-only
/*
 * Error recovery of T=1 by script, ISO/IEC 7816-3 11.6.3: what is broken, invalid or lost is asked
 * for again, so often and no more; then S(RESYNCH), and the end.
 */
#include "t1_script.h"

/* EDC wrong, then right: R(N(R), 1) after the line has been silent for CWT. */
TEST(broken_answer)
{
	struct script *s = ready();
	u64 cwt = (11 + 8192) * ETU0;

	begin(s, "00440000");
	block_sends(s, "000004 00440000");
	gives(s, "000002 9000 93");
	nothing(s);
	expires(s, cwt + (1 + 12) * ETU0);
	block_sends(s, "008100");
	block_gives(s, "000002 9000");
	responds(s, "9000");
	/* parity: the same, also if the LRC fits */
	begin(s, "00440000");
	block_sends(s, "004004 00440000");
	gives(s, "00 40 02 90");
	rx_after(s, 12 * ETU0, 0x00, ISO7816_RX_PARITY);
	gives_after(s, 12, "D2");
	expires(s, cwt + (1 + 12) * ETU0);
	block_sends(s, "009100");
	block_gives(s, "004002 9000");
	responds(s, "9000");
	/* cut off: R(N(R), 2) */
	begin(s, "00440000");
	block_sends(s, "000004 00440000");
	gives(s, "00 00 02 90");
	expires(s, cwt + (1 + 12) * ETU0);
	block_sends(s, "008200");
	block_gives(s, "000002 9000");
	responds(s, "9000");
	/* longer than it said: everything is ignored until it ends */
	begin(s, "00440000");
	block_sends(s, "004004 00440000");
	gives(s, "00 40 01 90 00 D2 11 22 33");
	nothing(s);
	expires(s, cwt + (1 + 12) * ETU0);
	block_sends(s, "009100");
	block_gives(s, "004002 9000");
	responds(s, "9000");
	free(s);
}

/*
 * A doubled character pushes out the LRC, which has the same value: the block is sound, but not
 * over. This is seen up to the tick before the block is taken.
 */
TEST(doubled_character)
{
	static const u64 after[] = { 12 * ETU0, 24 * ETU0 - 1 };
	u64 cwt = (11 + 8192) * ETU0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(after); i++) {
		struct script *s = ready();

		begin(s, "00440000");
		block_sends(s, "000004 00440000");
		/* sent is 00 00 03 93 42 90 42; the first 42 comes twice */
		gives(s, "00 00 03 93 42 42 90");
		nothing(s);
		iso7816_coupler_timer(&s->c, s->t + 24 * ETU0 - 1);
		nothing(s);
		rx_after(s, after[i], 0x42, 0);
		nothing(s);
		expires(s, cwt + (1 + 12) * ETU0);
		block_sends(s, "008200");
		block_gives(s, "000002 9000");
		responds(s, "9000");
		free(s);
	}
}

/* Blocks that are sound but not valid here: R(N(R), 2) at once. */
TEST(invalid_answer)
{
	static const char *const bad[] = {
		"010002 9000",		/* NAD */
		"000102 9000",		/* PCB of an I-block, b1 */
		"004002 9000",		/* N(S) */
		"008300", "008400", "00A000", "008001 00",		/* R-blocks */
		"009000",		/* acknowledges a chain that is none */
		"00C000",		/* only the coupler may */
		"00C200",		/* no chain to abort */
		"00C300", "00C30100", "00C302 0101", "00C10100", "00C101FF", "00C400", "00D000",
		"00E10120", "00E000", "00E200", "00E30101", "00F000",
	};
	char text[64], long_block[2 * 36 + 1];
	struct script *s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		s = ready();
		begin(s, "00440000");
		block_sends(s, "000004 00440000");
		block_gives(s, bad[i]);
		if (iso7816_coupler_deadline(&s->c) < ISO7816_NEVER &&
		    iso7816_coupler_deadline(&s->c) <= s->t + 8216 * ETU0) {
			s->t = iso7816_coupler_deadline(&s->c);
			iso7816_coupler_timer(&s->c, s->t);
		}
		sends(s, with_lrc(text, "008200"));
		block_gives(s, "000002 9000");
		responds(s, "9000");
		free(s);
	}
	/* LEN FF: no block to follow */
	s = ready();
	begin(s, "00440000");
	block_sends(s, "000004 00440000");
	gives(s, "0000FF");
	gives_after(s, 12, "0102030405");
	expires(s, (8203 + 1 + 12) * ETU0);
	sends(s, with_lrc(text, "008200"));
	free(s);
	/* longer than IFSD */
	s = ready();
	begin(s, "00440000");
	block_sends(s, "000004 00440000");
	memset(long_block, '0', sizeof(long_block) - 1);	/* an INF of 33 times 00 */
	long_block[sizeof(long_block) - 1] = 0;
	memcpy(long_block, "000021", 6);
	block_gives(s, long_block);
	sends(s, with_lrc(text, "008200"));
	free(s);
}

/* R-blocks of the card that ask for the last I-block: the very same one again. */
TEST(card_asks_again)
{
	struct script *s = ready_with(ISO7816_STRICT, "3B80811105 15", 0);

	begin(s, "00D6000001 AA");
	block_sends(s, "002005 00D6000001");
	block_gives(s, "008100");
	block_sends(s, "002005 00D6000001");
	block_gives(s, "009000");
	block_sends(s, "004001 AA");
	block_gives(s, "009200");
	block_sends(s, "004001 AA");
	block_gives(s, "000002 9000");
	responds(s, "9000");
	free(s);
}

/* The R-block that acknowledges a part of the card's chain gets lost. */
TEST(lost_acknowledgement)
{
	struct script *s = ready();

	begin(s, "00B0000006");
	block_sends(s, "000005 00B0000006");
	block_gives(s, "002003 010203");
	block_sends(s, "009000");
	block_gives(s, "009100");		/* what was that? */
	block_sends(s, "009000");
	block_gives(s, "002003 010203");	/* the card repeats its block */
	block_sends(s, "009000");
	block_gives(s, "004002 9000");
	responds(s, "010203 9000");
	free(s);
}

/*
 * A lost block costs two: R asks for it, and the card's R for the I-block, which is a valid block
 * and no failed attempt (7.4.2). So an I-block may get lost twice.
 */
TEST(lost_twice)
{
	u64 bwt = 11 * ETU0 + CLK(16 * 960 * 372) + (1 + 12) * ETU0;
	struct script *s = ready();
	int lost;

	heard(s);
	for (lost = 2; lost <= 3; lost++) {
		int i;

		begin(s, "00440000");
		for (i = 0; i < lost; i++) {
			block_sends(s, lost == 2 ? "004004 00440000" : "000004 00440000");
			expires(s, bwt);
			block_sends(s, lost == 2 ? "009200" : "008200");
			block_gives(s, lost == 2 ? "009000" : "008000");
		}
		if (lost == 3)
			break;
		block_sends(s, "004004 00440000");
		block_gives(s, "004002 9000");
		responds(s, "9000");
	}
	/* but not three times */
	block_sends(s, "00C000");
	block_gives(s, "00E000");
	done(s, ISO7816_E_BLOCK);
	free(s);
}

/* Progress makes the count of attempts begin anew. */
TEST(attempts_begin_anew)
{
	struct script *s = ready();
	const char *const acks[] = { "009000", "008000", "009000", "008000" };
	char part[32];
	int i, k;

	begin(s, "00B0000004");
	block_sends(s, "000005 00B0000004");
	for (i = 0; i < 4; i++) {
		for (k = 0; k < 2; k++) {
			block_gives(s, "00E000");
			if (i)
				block_sends(s, acks[i - 1]);
			else
				block_sends(s, "008200");
		}
		snprintf(part, sizeof(part), "00%s01 0%d", i % 2 ? "60" : "20", i);
		block_gives(s, part);
		block_sends(s, acks[i]);
	}
	block_gives(s, "000002 9000");
	responds(s, "00010203 9000");
	free(s);
}

/* Three attempts, three S(RESYNCH requests), and the end. */
TEST(gives_up)
{
	struct script *s = ready();
	u64 bwt = 11 * ETU0 + CLK(16 * 960 * 372) + (1 + 12) * ETU0;

	heard(s);
	begin(s, "00440000");
	block_sends(s, "004004 00440000");
	expires(s, bwt);
	block_sends(s, "009200");
	expires(s, bwt);
	block_sends(s, "009200");
	expires(s, bwt);
	block_sends(s, "00C000");
	expires(s, bwt);
	block_sends(s, "00C000");
	expires(s, bwt);
	block_sends(s, "00C000");
	expires(s, bwt);
	done(s, ISO7816_E_BWT);
	assert_false(iso7816_coupler_ready(&s->c));
	free(s);

	/* the very first block: no RESYNCH */
	s = ready();
	begin(s, "00440000");
	block_sends(s, "000004 00440000");
	expires(s, bwt);
	block_sends(s, "008200");
	expires(s, bwt);
	block_sends(s, "008200");
	expires(s, bwt);
	done(s, ISO7816_E_BWT);
	free(s);
}

/* A command that the card may have executed is not sent again after RESYNCH. */
TEST(resynch_after_the_last_block)
{
	struct script *s = ready();
	int i;

	heard(s);
	begin(s, "00440000");
	block_sends(s, "004004 00440000");
	for (i = 0; i < 2; i++) {
		block_gives(s, "000002 9000");	/* wrong N(S) */
		block_sends(s, "009200");
	}
	block_gives(s, "000002 9000");
	block_sends(s, "00C000");
	block_gives(s, "00E000");
	done(s, ISO7816_E_BLOCK);
	/* in step again: the next one begins with 0 on both sides */
	assert_true(iso7816_coupler_ready(&s->c));
	heard(s);
	free(s);
}

/* One of which the card lacks the last block is. */
TEST(resynch_within_a_chain)
{
	struct script *s = ready_with(ISO7816_STRICT, "3B80811105 15", 0);
	int i;

	heard(s);
	begin(s, "00D6000001 AA");
	block_sends(s, "006005 00D6000001");
	for (i = 0; i < 2; i++) {
		block_gives(s, "009100");
		block_sends(s, "006005 00D6000001");
	}
	block_gives(s, "009100");
	block_sends(s, "00C000");
	block_gives(s, "00E000");
	block_sends(s, "002005 00D6000001");
	block_gives(s, "009000");
	block_sends(s, "004001 AA");
	block_gives(s, "000002 9000");
	responds(s, "9000");
	free(s);
}

/* A card that talks without an end is heard for a bounded time. */
TEST(babble)
{
	struct iso7816_action act;
	struct script *s = ready();
	unsigned int n = 0;

	begin(s, "00440000");
	block_sends(s, "000004 00440000");
	for (;;) {
		rx_after(s, (n ? 12 : 22) * ETU0, 0xff, 0);
		if (iso7816_coupler_next(&s->c, &act))
			break;
		assert_true(++n < 2000);
	}
	assert_int_equal(act.op, ISO7816_DO_DONE);
	assert_int_equal(act.err, ISO7816_E_BLOCK);
	free(s);
}

/* A wrong echo is the card's to judge; a card that never answers makes it the reason. */
TEST(echo)
{
	struct iso7816_action act;
	struct script *s = ready();
	int i;

	begin(s, "00440000");
	take(s, ISO7816_DO_SEND, &act);
	/* A line that stalls for longer cuts the block short, before the card hears another. */
	assert_int_equal(act.send.limit, (11 + (1 << iso7816_coupler_atr(&s->c)->cwi)) * s->etu);
	s->t = act.send.at + 7 * act.send.gap;
	iso7816_coupler_sent(&s->c, s->t, ISO7816_TX_ECHO);
	block_gives(s, "008100");
	block_sends(s, "000004 00440000");
	block_gives(s, "000002 9000");
	responds(s, "9000");
	free(s);

	s = ready();
	begin(s, "00440000");
	for (i = 0; i < 3; i++) {
		take(s, ISO7816_DO_SEND, &act);
		s->t = act.send.at + 7 * act.send.gap;
		iso7816_coupler_sent(&s->c, s->t, ISO7816_TX_ECHO);
		s->t = iso7816_coupler_deadline(&s->c);
		iso7816_coupler_timer(&s->c, s->t);
	}
	done(s, ISO7816_E_LINE);
	free(s);
}

static TEST_CASE cases[] = {
	RUN(broken_answer),
	RUN(doubled_character),
	RUN(invalid_answer),
	RUN(card_asks_again),
	RUN(lost_acknowledgement),
	RUN(lost_twice),
	RUN(attempts_begin_anew),
	RUN(gives_up),
	RUN(resynch_after_the_last_block),
	RUN(resynch_within_a_chain),
	RUN(babble),
	RUN(echo),
	{}
};

TEST_SUITE("iso7816_t1_recovery");
