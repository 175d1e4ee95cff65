// SPDX-License-Identifier: GPL-2.0-only
/*
 * T=1 by script, ISO/IEC 7816-3 clause 11: blocks, exchanges without a chain, IFS and node
 * addresses. Chains, error recovery and times have suites of their own, iso7816_t1_*_test.c.
 */
#include "t1_script.h"
#include "iso7816/internal.h"
#include "../../vectors/iso7816_block.h"

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

TEST(crc_card)
{
	struct script *s = ready_with(ISO7816_STRICT, "3B80814101 41", 0);

	begin(s, "00A4000C 02 3F00");
	sends(s, "000007 00A4000C023F00 FE78");
	gives(s, "000002 9000 9263");
	responds(s, "9000");
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
	RUN(ifs),
	RUN(ifs_unknown),
	RUN(node_addresses),
	RUN(crc_card),
	RUN(short_response),
	RUN(nothing_is_kept_of_what_was_exchanged),
	{}
};

TEST_SUITE("iso7816_t1");
