// SPDX-License-Identifier: GPL-2.0-only
/*
 * T=1 by script, ISO/IEC 7816-3 clause 11: blocks, chaining, S requests, error recovery, and
 * the character, block and guard times to the tick.
 */
#include "iso7816_script.h"
#include "iso7816/internal.h"
#include "../vectors/iso7816_block.h"

static const char *with_lrc(char *text, const char *body)
{
	u8 buf[300], x = 0;
	u32 n = script_hex(buf, body), i;

	for (i = 0; i < n; i++)
		x ^= buf[i];
	sprintf(text, "%s%02X", body, x);
	return text;
}

static void block_gives(struct script *s, const char *body)
{
	char text[700];

	gives(s, with_lrc(text, body));
}

/* Sent at BGT after the card's last character. */
static void block_sends(struct script *s, const char *body)
{
	char text[700];
	u64 before = s->edge;

	sends(s, with_lrc(text, body));
	assert_in_range(s->at - before, 22 * s->etu, U64_MAX);
}

static struct script *ready_with(enum iso7816_policy policy, const char *atr, u8 ifsd)
{
	struct script *s = script_new(policy);

	s->cfg.ifsd = ifsd;
	script_ready(s, atr, 1);
	return s;
}

/* IFSC 32, BWI 4, CWI 13, LRC: all by default; no S(IFS request) */
static struct script *ready(void)
{
	return ready_with(ISO7816_STRICT, "3B800181", 0);
}

/* One exchange that works, so that the card has been heard. */
static void heard(struct script *s)
{
	begin(s, "00440000");
	block_sends(s, "000004 00440000");
	block_gives(s, "000002 9000");
	responds(s, "9000");
}

TEST(block_vectors_all)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(block_vectors); i++) {
		const struct block_vector *v = &block_vectors[i];
		u8 body[300], want[300], built[300];
		u32 n = script_hex(body, v->body), len;
		int crc;

		for (crc = 0; crc < 2; crc++) {
			const char *text = crc ? v->crc : v->lrc;
			struct iso7816_t1_rx rx;
			u32 k;

			if (!text)
				continue;
			len = script_hex(want, text);
			if (crc) {
				u16 fcs = iso7816_crc(body, n);

				assert_int_equal(want[n], fcs & 0xff);
				assert_int_equal(want[n + 1], fcs >> 8);
				assert_int_equal(iso7816_crc(want, len), 0x0f47);
			} else {
				assert_int_equal(iso7816_lrc(body, n), want[n]);
			}
			assert_int_equal(iso7816_t1_build(built, crc, body[0], body[1], body + 3,
							  body[2]), len);
			assert_memory_equal(built, want, len);
			if (body[1] == 0xcf)
				continue;	/* a PCB of somebody's own */
			iso7816_t1_rx_start(&rx);
			for (k = 0; k < len; k++)
				assert_int_equal(iso7816_t1_rx_push(&rx, crc, want[k]),
						 k + 1 == len);
			assert_int_equal(iso7816_t1_rx_check(&rx, crc, t1_nad(body[0])), 0);
			assert_int_equal(iso7816_t1_rx_check(&rx, crc, t1_nad(body[0]) ^ 1),
					 T1_OTHER);
			for (k = 0; k < 8 * len; k++) {
				rx.buf[k / 8] ^= 1 << k % 8;
				if (k / 8 != 2)
					assert_int_equal(iso7816_t1_rx_check(&rx, crc, body[0]),
							 T1_EDC);
				rx.buf[k / 8] ^= 1 << k % 8;
			}
		}
	}
	assert_int_equal(iso7816_crc((const u8 *)"123456789", 9), 0x906e);
}

TEST(simple)
{
	struct script *s = ready();
	u64 before;

	before = s->t;
	begin(s, "00A4000C 02 3F00");
	block_sends(s, "000007 00A4000C023F00");
	assert_int_equal(s->at - before, 22 * ETU0);
	assert_int_equal(s->gap, 12 * ETU0);
	block_gives(s, "000002 9000");
	responds(s, "9000");
	/* both counters go on */
	before = s->t;
	begin(s, "0084000008");
	block_sends(s, "004005 0084000008");
	assert_int_equal(s->at - before, 22 * ETU0);
	block_gives(s, "00400A 0102030405060708 9000");
	responds(s, "0102030405060708 9000");
	begin(s, "00440000");
	block_sends(s, "000004 00440000");
	block_gives(s, "000002 6A82");
	responds(s, "6A82");
	free(s);
}

/* The coupler's chain, IFSC of 5. */
TEST(chain_out)
{
	struct script *s = ready_with(ISO7816_STRICT, "3B80811105 15", 0);

	begin(s, "00D6000007 01020304050607");
	block_sends(s, "002005 00D6000007");
	block_gives(s, "009000");
	block_sends(s, "006005 0102030405");
	block_gives(s, "008000");
	block_sends(s, "000002 0607");
	block_gives(s, "000002 9000");
	responds(s, "9000");
	begin(s, "00B0000001");
	block_sends(s, "004005 00B0000001");
	block_gives(s, "004003 AA9000");
	responds(s, "AA9000");
	free(s);
}

TEST(chain_in)
{
	struct script *s = ready();

	begin(s, "00B0000006");
	block_sends(s, "000005 00B0000006");
	block_gives(s, "002003 010203");
	block_sends(s, "009000");
	block_gives(s, "006003 040506");
	block_sends(s, "008000");
	block_gives(s, "002000");		/* empty I-blocks are legal */
	block_sends(s, "009000");
	block_gives(s, "004002 9000");
	responds(s, "010203040506 9000");
	free(s);
}

TEST(ifs)
{
	struct script *s = ready_with(ISO7816_STRICT, "3B800181", 254);
	char big[600];
	int i;

	begin(s, "00B00000FE");
	block_sends(s, "00C101FE");
	block_gives(s, "00E101FE");
	block_sends(s, "000005 00B00000FE");
	strcpy(big, "0000FE");
	for (i = 0; i < 254; i++)
		strcat(big, i == 252 ? "90" : "00");
	block_gives(s, big);
	done(s, ISO7816_OK);
	assert_int_equal(s->x.rsp_len, 254);
	/* once is enough */
	begin(s, "00440000");
	block_sends(s, "004004 00440000");
	/* the card changes its own IFSC, in the middle of it all */
	block_gives(s, "00C10103");
	block_sends(s, "00E10103");
	block_gives(s, "004002 9000");
	responds(s, "9000");
	begin(s, "00440000");
	block_sends(s, "002003 004400");
	block_gives(s, "009000");
	block_sends(s, "004001 00");
	block_gives(s, "000002 9000");
	responds(s, "9000");
	free(s);

	/* a wrong answer to S(IFS request): the same request again, three times in all */
	s = ready_with(ISO7816_STRICT, "3B800181", 254);
	begin(s, "00440000");
	block_sends(s, "00C101FE");
	block_gives(s, "00E10120");
	block_sends(s, "00C101FE");
	block_gives(s, "008000");
	block_sends(s, "00C101FE");
	block_gives(s, "00E101FE");
	block_sends(s, "000004 00440000");
	block_gives(s, "000002 9000");
	responds(s, "9000");
	free(s);
}

/* A card that does not know S(IFS request): 32 it is, once and for all, unless by the letter. */
TEST(ifs_unknown)
{
	struct script *s = script_new(ISO7816_TOLERANT);
	int i;

	script_ready(s, "3B800181", 1);
	begin(s, "00440000");
	for (i = 0; i < 3; i++) {
		block_sends(s, "00C101FE");
		block_gives(s, "008200");
	}
	block_sends(s, "000004 00440000");
	block_gives(s, "000002 9000");
	responds(s, "9000");
	begin(s, "00440000");
	block_sends(s, "004004 00440000");
	free(s);

	s = ready_with(ISO7816_STRICT, "3B800181", 254);
	begin(s, "00440000");
	for (i = 0; i < 3; i++) {
		block_sends(s, "00C101FE");
		block_gives(s, "008200");
	}
	block_sends(s, "00C000");
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

/*
 * S(ABORT), rule 9 of 11.6.2.3. The card ends the coupler's chain, or its own; then an R-block
 * gives the turn back, and its N(R) is the number of the next command's first block.
 */
TEST(abort_by_card)
{
	struct script *s = ready_with(ISO7816_STRICT, "3B80811105 15", 0);
	u64 bwt = 11 * ETU0 + CLK(16 * 960 * 372) + (1 + 12) * ETU0;
	int i;

	begin(s, "00D6000001 AA");
	block_sends(s, "002005 00D6000001");
	block_gives(s, "00C200");
	block_sends(s, "00E200");
	block_gives(s, "009000");
	done(s, ISO7816_E_ABORTED);
	assert_true(iso7816_coupler_ready(&s->c));
	begin(s, "00440000");
	block_sends(s, "004004 00440000");
	block_gives(s, "000002 9000");
	responds(s, "9000");
	/* the card did not take the first block, and says so */
	begin(s, "00D6000001 AA");
	block_sends(s, "002005 00D6000001");
	block_gives(s, "00C200");
	block_sends(s, "00E200");
	block_gives(s, "008000");
	done(s, ISO7816_E_ABORTED);
	begin(s, "00440000");
	block_sends(s, "000004 00440000");
	block_gives(s, "004002 9000");
	responds(s, "9000");
	free(s);

	/* in the middle of its own chain; the response gets lost, and the R-block */
	s = ready();
	begin(s, "00B0000006");
	block_sends(s, "000005 00B0000006");
	block_gives(s, "002003 010203");
	block_sends(s, "009000");
	block_gives(s, "00C200");
	block_sends(s, "00E200");
	block_gives(s, "00C200");
	block_sends(s, "00E200");
	expires(s, bwt);
	block_sends(s, "009200");
	block_gives(s, "009000");
	done(s, ISO7816_E_ABORTED);
	begin(s, "00440000");
	block_sends(s, "004004 00440000");
	block_gives(s, "004002 9000");
	responds(s, "9000");
	free(s);

	/* a card that goes on all the same, or aborts without an end */
	s = ready();
	begin(s, "00B0000006");
	block_sends(s, "000005 00B0000006");
	block_gives(s, "002003 010203");
	block_sends(s, "009000");
	block_gives(s, "00C200");
	block_sends(s, "00E200");
	block_gives(s, "004002 9000");
	block_sends(s, "009200");
	block_gives(s, "004002 9000");
	block_sends(s, "009200");
	block_gives(s, "004002 9000");
	block_sends(s, "00C000");
	block_gives(s, "00E000");
	done(s, ISO7816_E_ABORTED);
	assert_true(iso7816_coupler_ready(&s->c));
	/* ... an R-block that comes in answer to S(RESYNCH request) gives nothing back */
	begin(s, "00B0000006");
	block_sends(s, "000005 00B0000006");
	block_gives(s, "002003 010203");
	block_sends(s, "009000");
	block_gives(s, "00C200");
	block_sends(s, "00E200");
	for (i = 0; i < 2; i++) {
		block_gives(s, "004002 9000");
		block_sends(s, "009200");
	}
	block_gives(s, "004002 9000");
	block_sends(s, "00C000");
	block_gives(s, "008000");
	block_sends(s, "00C000");
	block_gives(s, "00E000");
	done(s, ISO7816_E_ABORTED);
	heard(s);
	free(s);
	s = script_new(ISO7816_STRICT);
	s->cfg.ifsd = 0;
	s->cfg.max_wtx = 2;
	script_ready(s, "3B80811105 15", 1);
	begin(s, "00D6000001 AA");
	block_sends(s, "002005 00D6000001");
	block_gives(s, "00C200");
	block_sends(s, "00E200");
	block_gives(s, "00C200");
	block_sends(s, "00E200");
	block_gives(s, "00C200");
	done(s, ISO7816_E_LOOP);
	free(s);

	/* EMV: the end */
	s = ready_with(ISO7816_EMV, "3BE00000813110 45 05", 0);
	begin(s, "00D600000D 0102030405060708090A0B0C0D");
	block_sends(s, "002010 00D600000D 0102030405060708090A0B");
	block_gives(s, "00C200");
	done(s, ISO7816_E_ABORTED);
	assert_false(iso7816_coupler_ready(&s->c));
	free(s);
}

static void begin_sized(struct script *s, const char *cmd, u32 rsp_size, u64 timeout)
{
	s->x = (struct iso7816_exchange){
		.cmd_len = script_hex(s->cmd, cmd), .cmd = s->cmd, .rsp = s->rsp,
		.rsp_size = rsp_size, .timeout = timeout,
	};
	assert_int_equal(iso7816_coupler_exchange(&s->c, s->t, &s->x), ISO7816_OK);
}

/* The coupler ends the card's chain when the response does not fit. EMV takes it to its end. */
TEST(abort_of_a_long_response)
{
	struct script *s = ready();
	int i;

	begin_sized(s, "00B0000000", 4, 0);
	block_sends(s, "000005 00B0000000");
	block_gives(s, "002003 010203");
	block_sends(s, "009000");
	block_gives(s, "006003 040506");
	block_sends(s, "00C200");
	block_gives(s, "00E200");
	done(s, ISO7816_E_OVERFLOW);
	assert_true(iso7816_coupler_ready(&s->c));
	begin(s, "00440000");
	block_sends(s, "004004 00440000");
	block_gives(s, "000002 9000");
	responds(s, "9000");
	/* asked again, three times in all; then RESYNCH, and never is the command repeated */
	begin_sized(s, "00B0000000", 2, 0);
	block_sends(s, "000005 00B0000000");
	block_gives(s, "006003 040506");
	for (i = 0; i < 3; i++) {
		block_sends(s, "00C200");
		block_gives(s, "008200");
	}
	block_sends(s, "00C000");
	block_gives(s, "00E000");
	done(s, ISO7816_E_OVERFLOW);
	assert_true(iso7816_coupler_ready(&s->c));
	heard(s);
	free(s);

	s = ready_with(ISO7816_EMV, "3BE00000813110 45 05", 0);
	begin_sized(s, "00B0000000", 4, 0);
	block_sends(s, "000005 00B0000000");
	block_gives(s, "002003 010203");
	block_sends(s, "009000");
	block_gives(s, "006003 040506");
	block_sends(s, "008000");
	block_gives(s, "000002 9000");
	done(s, ISO7816_E_OVERFLOW);
	assert_true(iso7816_coupler_ready(&s->c));
	free(s);
}

/* The exchange's own time ends: a chain by S(ABORT), and that again by a time of its own. */
TEST(abort_in_time)
{
	u64 grace = 11 * ETU0 + CLK(16 * 960 * 372) + 3 * 259 * 12 * ETU0;
	struct script *s = ready_with(ISO7816_STRICT, "3B80811105 15", 0);
	u64 from = s->t;

	/* the coupler's chain */
	begin_sized(s, "00D6000001 AA", 100, 1000 * ETU0);
	block_sends(s, "002005 00D6000001");
	iso7816_coupler_timer(&s->c, from + 1000 * ETU0 - 1);
	assert_int_equal(iso7816_coupler_deadline(&s->c), from + 1000 * ETU0);
	s->t = from + 1000 * ETU0;
	iso7816_coupler_timer(&s->c, s->t);
	nothing(s);
	block_gives(s, "009000");
	block_sends(s, "00C200");
	block_gives(s, "00E200");
	done(s, ISO7816_E_TIMEOUT);
	assert_true(iso7816_coupler_ready(&s->c));
	/* the last block is out: there is no chain to end */
	from = s->t;
	begin_sized(s, "00440000", 100, 1000 * ETU0);
	block_sends(s, "004004 00440000");
	s->t = from + 1000 * ETU0;
	iso7816_coupler_timer(&s->c, s->t);
	done(s, ISO7816_E_TIMEOUT);
	assert_false(iso7816_coupler_ready(&s->c));
	free(s);

	/* the card's chain; and a card that finishes it in spite of all has finished it */
	s = ready();
	from = s->t;
	begin_sized(s, "00B0000006", 100, 1000 * ETU0);
	block_sends(s, "000005 00B0000006");
	block_gives(s, "002003 010203");
	block_sends(s, "009000");
	s->t = from + 1000 * ETU0;
	iso7816_coupler_timer(&s->c, s->t);
	nothing(s);
	block_gives(s, "006003 040506");
	block_sends(s, "00C200");
	block_gives(s, "00E200");
	done(s, ISO7816_E_TIMEOUT);
	from = s->t;
	begin_sized(s, "00B0000006", 100, 1000 * ETU0);
	block_sends(s, "004005 00B0000006");
	block_gives(s, "002003 010203");
	block_sends(s, "009000");
	s->t = from + 1000 * ETU0;
	iso7816_coupler_timer(&s->c, s->t);
	nothing(s);
	block_gives(s, "004002 9000");
	responds(s, "010203 9000");
	/* a card that is silent: not a tick longer than S(ABORT) may take */
	from = s->t;
	begin_sized(s, "00B0000006", 100, 1000 * ETU0);
	block_sends(s, "000005 00B0000006");
	block_gives(s, "002003 010203");
	block_sends(s, "009000");
	s->t = from + 1000 * ETU0;
	iso7816_coupler_timer(&s->c, s->t);
	while (iso7816_coupler_deadline(&s->c) < s->t + grace) {
		struct iso7816_action act;

		iso7816_coupler_timer(&s->c, iso7816_coupler_deadline(&s->c));
		take(s, ISO7816_DO_SEND, &act);
		iso7816_coupler_sent(&s->c, act.send.at + (act.send.len - 1) * act.send.gap, 0);
	}
	expires(s, grace);
	done(s, ISO7816_E_TIMEOUT);
	assert_false(iso7816_coupler_ready(&s->c));
	free(s);

	/* RESYNCH in that time: in step again, and the reason is still the time */
	s = ready_with(ISO7816_STRICT, "3B80811105 15", 0);
	from = s->t;
	begin_sized(s, "00D6000001 AA", 100, 1000 * ETU0);
	block_sends(s, "002005 00D6000001");
	s->t = from + 1000 * ETU0;
	iso7816_coupler_timer(&s->c, s->t);
	block_gives(s, "00E000");
	block_sends(s, "008200");
	block_gives(s, "00E000");
	block_sends(s, "008200");
	block_gives(s, "00E000");
	block_sends(s, "00C000");
	block_gives(s, "00E000");
	done(s, ISO7816_E_TIMEOUT);
	assert_true(iso7816_coupler_ready(&s->c));
	free(s);

	/* EMV knows no S(ABORT) */
	s = ready_with(ISO7816_EMV, "3BE00000813110 45 05", 0);
	from = s->t;
	begin_sized(s, "00B0000006", 100, 1000 * ETU0);
	block_sends(s, "000005 00B0000006");
	block_gives(s, "002003 010203");
	block_sends(s, "009000");
	s->t = from + 1000 * ETU0;
	iso7816_coupler_timer(&s->c, s->t);
	done(s, ISO7816_E_TIMEOUT);
	free(s);
}

/* 11.3.2.1: DAD and SAD, exchanged in the card's blocks; b8 and b4 are not looked at. */
TEST(node_addresses)
{
	struct script *s = script_new(ISO7816_STRICT);

	s->cfg.ifsd = 0;
	s->cfg.nad = 0xa9;		/* DAD 2, SAD 1 */
	script_ready(s, "3B800181", 1);
	begin(s, "00440000");
	block_sends(s, "210004 00440000");
	block_gives(s, "000002 9000");
	expires(s, (8203 + 1 + 12) * ETU0);
	block_sends(s, "218200");
	block_gives(s, "210002 9000");
	expires(s, (8203 + 1 + 12) * ETU0);
	block_sends(s, "218200");
	block_gives(s, "9A0002 9000");
	responds(s, "9000");
	free(s);
}

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

TEST(crc_card)
{
	struct script *s = ready_with(ISO7816_STRICT, "3B80814101 41", 0);

	begin(s, "00A4000C 02 3F00");
	sends(s, "000007 00A4000C023F00 FE78");
	gives(s, "000002 9000 9263");
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

TEST(short_response)
{
	struct script *s = ready();

	begin(s, "00440000");
	block_sends(s, "000004 00440000");
	block_gives(s, "000001 90");
	done(s, ISO7816_E_BLOCK);
	free(s);
}

TEST(too_small_buffer)
{
	struct script *s = ready();

	script_hex(s->cmd, "00B0000004");
	s->x = (struct iso7816_exchange){
		.cmd = s->cmd, .cmd_len = 5, .rsp = s->rsp, .rsp_size = 5,
	};
	memset(s->rsp, 0xee, 8);
	assert_int_equal(iso7816_coupler_exchange(&s->c, s->t, &s->x), ISO7816_OK);
	block_sends(s, "000005 00B0000004");
	block_gives(s, "002003 010203");
	block_sends(s, "009000");
	block_gives(s, "004003 049000");
	done(s, ISO7816_E_OVERFLOW);
	assert_int_equal(s->rsp[5], 0xee);
	assert_true(iso7816_coupler_ready(&s->c));
	begin(s, "00440000");
	block_sends(s, "004004 00440000");
	block_gives(s, "000002 9000");
	responds(s, "9000");
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

/* Nothing of a command or a response outlives the session in the engine's own memory. */
TEST(nothing_is_kept_of_what_was_exchanged)
{
	static const u8 secret[] = { 0xde, 0xad, 0xbe, 0xef };
	struct script *s = ready();
	unsigned int found[2] = { 0, 0 }, i, off;

	begin(s, "0010000004 DEADBEEF 00");
	block_sends(s, "00000A 0010000004 DEADBEEF 00");
	block_gives(s, "000006 DEADBEEF 9000");
	responds(s, "DEADBEEF 9000");
	for (off = 0; off < 2; off++) {
		for (i = 0; i + sizeof(secret) <= sizeof(s->c); i++)
			found[off] += !memcmp((u8 *)&s->c + i, secret, sizeof(secret));
		iso7816_coupler_deactivate(&s->c, s->t, ISO7816_E_CANCELED);
	}
	assert_true(found[0] > 0);
	assert_int_equal(found[1], 0);
	free(s);
}

static TEST_CASE cases[] = {
	RUN(block_vectors_all),
	RUN(simple),
	RUN(chain_out),
	RUN(chain_in),
	RUN(ifs),
	RUN(ifs_unknown),
	RUN(wtx),
	RUN(abort_by_card),
	RUN(abort_of_a_long_response),
	RUN(abort_in_time),
	RUN(node_addresses),
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
	RUN(waiting_times),
	RUN(guard_times),
	RUN(idle_before_command),
	RUN(nothing_is_kept_of_what_was_exchanged),
	RUN(crc_card),
	RUN(babble),
	RUN(short_response),
	RUN(too_small_buffer),
	RUN(echo),
	{}
};

TEST_SUITE("iso7816_t1");
