// SPDX-License-Identifier: GPL-2.0-only
/*
 * The card's half by script: what a coupler sees of it, byte by byte and tick by tick.
 */
#include "../check.h"
#include "iso7816/iso7816.h"

#define ETU0	(372ULL * 960)
#define CLK(n)	((u64)(n) * 960)

struct bench {
	struct iso7816_card c;
	struct iso7816_card_config cfg;
	u64 t;
	u64 etu;
	u64 at;
	u64 gap;
	u8 apdu[700];
	u8 rsp[700];
};

static u32 hex(u8 *buf, const char *text)
{
	u32 n = 0;

	for (; *text; text++) {
		unsigned int byte;

		if (*text == ' ')
			continue;
		if (sscanf(text, "%2x", &byte) != 1)
			fail_msg("not hexadecimal: %s", text);
		buf[n++] = (u8)byte;
		text++;
	}
	return n;
}

static bool incoming(void *ctx, const u8 header[5])
{
	(void)ctx;
	return header[1] == 0xd6 || header[1] == 0xa4;
}

/* With @settle a T=1 block is over when nothing has followed: 12 etu, and 12 to report it. */
static void take(struct bench *b, enum iso7816_card_op op, struct iso7816_card_action *act)
{
	if (!iso7816_card_next(&b->c, act)) {
		u64 deadline = iso7816_card_deadline(&b->c);

		assert_true(deadline <= b->t + 24 * b->etu);
		iso7816_card_timer(&b->c, deadline);
		assert_true(iso7816_card_next(&b->c, act));
	}
	assert_int_equal(act->op, op);
}

static void nothing(struct bench *b)
{
	struct iso7816_card_action act;

	assert_false(iso7816_card_next(&b->c, &act));
}

static void line_is(struct bench *b, u16 f, u8 d, u8 t)
{
	struct iso7816_card_action act;

	take(b, ISO7816_CARD_LINE, &act);
	assert_int_equal(act.line.f, f);
	assert_int_equal(act.line.d, d);
	assert_int_equal(act.line.t, t);
	b->etu = CLK(f) / d;
}

/* The card sends that, beginning @after ticks behind the last leading edge. */
static void says(struct bench *b, u64 after, const char *text)
{
	struct iso7816_card_action act;
	u8 buf[600];
	u32 n = hex(buf, text);

	take(b, ISO7816_CARD_SEND, &act);
	assert_int_equal(act.send.len, n);
	assert_memory_equal(act.send.data, buf, n);
	assert_int_equal(act.send.at - b->t, after);
	b->gap = act.send.gap;
	b->t = act.send.at + (n - 1) * b->gap;
	iso7816_card_sent(&b->c, b->t, 0);
}

static void hears(struct bench *b, u64 first_etu, const char *text)
{
	u8 buf[300];
	u32 n = hex(buf, text), i;

	for (i = 0; i < n; i++) {
		b->t += (i ? 12 : first_etu) * b->etu;
		iso7816_card_rx(&b->c, b->t, buf[i], 0);
	}
}

static void asks(struct bench *b, const char *text)
{
	struct iso7816_card_action act;
	u8 buf[300];
	u32 n = hex(buf, text);

	take(b, ISO7816_CARD_COMMAND, &act);
	assert_int_equal(act.command.len, n);
	assert_memory_equal(act.command.data, buf, n);
	nothing(b);
}

static void respond(struct bench *b, const char *text)
{
	u8 buf[600];
	u32 n = hex(buf, text);

	assert_int_equal(iso7816_card_respond(&b->c, b->t, buf, n), ISO7816_OK);
}

static struct bench *powered(const char *atr, bool get_response, bool ack_each)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->cfg.atr_len = (u8)hex(b->cfg.atr, atr);
	b->cfg.reset_clks = 500;
	b->cfg.incoming = incoming;
	b->cfg.get_response = get_response;
	b->cfg.ack_each = ack_each;
	b->t = 777;
	assert_int_equal(iso7816_card_init(&b->c, &b->cfg, b->apdu, sizeof(b->apdu), b->rsp,
					   sizeof(b->rsp)), ISO7816_OK);
	iso7816_card_rst(&b->c, b->t, true);
	line_is(b, 372, 1, 0);
	says(b, CLK(500), atr);
	assert_int_equal(b->gap, 12 * ETU0);
	return b;
}

TEST(unusable)
{
	struct bench *b = calloc(1, sizeof(*b));

	b->cfg.atr_len = (u8)hex(b->cfg.atr, "3B05");
	assert_int_equal(iso7816_card_init(&b->c, &b->cfg, b->apdu, 700, b->rsp, 700),
			 ISO7816_E_ATR_LENGTH);
	b->cfg.atr_len = (u8)hex(b->cfg.atr, "3B00");
	assert_int_equal(iso7816_card_init(&b->c, &b->cfg, b->apdu, 100, b->rsp, 700),
			 ISO7816_E_OVERFLOW);
	free(b);
}

TEST(pps)
{
	struct bench *b = powered("3B1096", true, false);

	hears(b, 12, "FF109679");
	says(b, 12 * ETU0, "FF109679");
	line_is(b, 512, 32, 0);
	hears(b, 30, "0044000000");
	asks(b, "0044000000");
	respond(b, "9000");
	says(b, 12 * CLK(16), "9000");
	free(b);

	/* more than it can: Fd and Dd; PPS2 and PPS3: not echoed */
	b = powered("3B1095", true, false);
	hears(b, 12, "FF109679");
	says(b, 12 * ETU0, "FF00FF");
	line_is(b, 372, 1, 0);
	free(b);
	b = powered("3B1095", true, false);
	hears(b, 12, "FF70950000 1A");
	says(b, 12 * ETU0, "FF10957A");
	free(b);

	/* a protocol that it has not, a wrong PCK: silence until reset */
	b = powered("3B1095", true, false);
	hears(b, 12, "FF11957B");
	nothing(b);
	hears(b, 9600, "0044000000");
	nothing(b);
	iso7816_card_rst(&b->c, b->t, false);
	iso7816_card_rst(&b->c, b->t, true);
	line_is(b, 372, 1, 0);
	says(b, CLK(500), "3B1095");
	hears(b, 12, "FF10957B");
	nothing(b);
	free(b);
}

TEST(t0)
{
	struct bench *b = powered("3B00", true, false);

	hears(b, 12, "00B0000003");
	line_is(b, 372, 1, 0);
	asks(b, "00B0000003");
	assert_int_equal(iso7816_card_busy(&b->c, b->t, 1), ISO7816_OK);
	says(b, 12 * ETU0, "60");
	respond(b, "010203 9000");
	says(b, 12 * ETU0, "B0010203 9000");
	/* the wrong Le: held for the command with the right one */
	hears(b, 12, "00B0000005");
	asks(b, "00B0000005");
	respond(b, "010203 9000");
	says(b, 12 * ETU0, "6C03");
	hears(b, 12, "00B0000003");
	says(b, 12 * ETU0, "B0010203 9000");
	/* case 3 and 4 */
	hears(b, 12, "00D6000002");
	says(b, 12 * ETU0, "D6");
	hears(b, 12, "AABB");
	asks(b, "00D6000002 AABB");
	respond(b, "9000");
	says(b, 12 * ETU0, "9000");
	hears(b, 12, "00A4000001");
	says(b, 12 * ETU0, "A4");
	hears(b, 12, "AA");
	asks(b, "00A4000001 AA");
	respond(b, "010203 9000");
	says(b, 12 * ETU0, "6103");
	hears(b, 12, "00C0000001");
	says(b, 12 * ETU0, "C001 6102");
	hears(b, 12, "00C0000004");
	says(b, 12 * ETU0, "6C02");
	hears(b, 12, "00C0000002");
	says(b, 12 * ETU0, "C00203 9000");
	/* nothing is held any more: GET RESPONSE is a command like any other */
	hears(b, 12, "00C0000002");
	asks(b, "00C0000002");
	respond(b, "6985");
	says(b, 12 * ETU0, "6985");
	/* a header that broke off is forgotten after WT, and not a tick before */
	hears(b, 12, "00B0");
	hears(b, 9600, "000000");
	asks(b, "00B0000000");
	respond(b, "6D00");
	says(b, 12 * ETU0, "6D00");
	hears(b, 12, "00B0");
	b->t++;
	hears(b, 9600, "0044000000");
	asks(b, "0044000000");
	free(b);
}

TEST(t0_one_by_one)
{
	struct bench *b = powered("3B00", true, true);

	hears(b, 12, "00D6000002");
	line_is(b, 372, 1, 0);
	says(b, 12 * ETU0, "29");
	hears(b, 12, "AA");
	says(b, 12 * ETU0, "29");
	hears(b, 12, "BB");
	asks(b, "00D6000002 AABB");
	respond(b, "9000");
	says(b, 12 * ETU0, "9000");
	hears(b, 12, "00B0000002");
	asks(b, "00B0000002");
	respond(b, "0102 9000");
	says(b, 12 * ETU0, "4F01 4F02 9000");
	free(b);
}

TEST(t1)
{
	struct bench *b = powered("3B800181", true, false);
	u64 cwt = (11 + 8192) * ETU0;

	hears(b, 22, "00C101FE3E");
	line_is(b, 372, 1, 1);
	says(b, 22 * ETU0, "00E101FE1E");
	hears(b, 22, "0000040044000040");
	asks(b, "00440000");
	assert_int_equal(iso7816_card_busy(&b->c, b->t, 3), ISO7816_OK);
	says(b, 22 * ETU0, "00C30103C1");
	respond(b, "9000");
	nothing(b);
	hears(b, 22, "00E30103E1");
	says(b, 22 * ETU0, "000002900092");
	/* asked again for what was sent: the same */
	hears(b, 22, "00820082");
	says(b, 22 * ETU0, "000002900092");
	/* asked for more where no more is: the card waits for the next command */
	hears(b, 22, "00900090");
	says(b, 22 * ETU0, "00900090");
	/* chain in, a wrong LRC in between */
	hears(b, 22, "006002 0102 61");
	says(b, 22 * ETU0, "00800080");
	hears(b, 22, "000002 0304 06");
	nothing(b);
	assert_int_equal(iso7816_card_deadline(&b->c) - b->t, cwt + 12 * ETU0);
	b->t = iso7816_card_deadline(&b->c);
	iso7816_card_timer(&b->c, b->t - 1);
	nothing(b);
	iso7816_card_timer(&b->c, b->t);
	says(b, 0, "00810081");
	hears(b, 22, "000002 0304 05");
	asks(b, "01020304");
	respond(b, "9000");
	says(b, 22 * ETU0, "004002 9000 D2");
	/* RESYNCH: from the start */
	hears(b, 22, "00C000C0");
	says(b, 22 * ETU0, "00E000E0");
	hears(b, 22, "0000040044000040");
	asks(b, "00440000");
	respond(b, "9000");
	says(b, 22 * ETU0, "000002900092");
	free(b);
}

static void t1_waits(struct bench *b, u64 ticks)
{
	assert_int_equal(iso7816_card_deadline(&b->c) - b->t, ticks);
	iso7816_card_timer(&b->c, b->t + ticks - 1);
	nothing(b);
	b->t += ticks;
	iso7816_card_timer(&b->c, b->t);
}

/* The errors of a coupler, and what the card makes of them. */
TEST(t1_errors)
{
	struct bench *b = powered("3B800181", true, false);
	u64 cwt = (11 + 8192) * ETU0;
	unsigned int i;

	b->c.cfg.settle = true;
	/* a doubled character: the block is sound, but one more follows */
	hears(b, 22, "000003 93 42 42 90");
	line_is(b, 372, 1, 1);
	iso7816_card_timer(&b->c, b->t + 24 * ETU0 - 1);
	nothing(b);
	hears(b, 12, "42");
	t1_waits(b, cwt + 12 * ETU0);
	says(b, 0, "00820082");
	/* a wrong N(S) */
	hears(b, 22, "0040040044000000");
	says(b, 22 * ETU0, "00820082");
	/* an S response that nobody asked for, and WTX asked of a card */
	hears(b, 22, "00E30101E3");
	says(b, 22 * ETU0, "00820082");
	/* three in a row were answered; the fourth only makes it listen */
	hears(b, 22, "00C30101C3");
	t1_waits(b, 24 * ETU0);
	nothing(b);
	/* no room for WTX of 0, nor before there is a command */
	assert_int_equal(iso7816_card_busy(&b->c, b->t, 1), ISO7816_E_STATE);
	hears(b, 22, "0000040044000040");
	asks(b, "00440000");
	assert_int_equal(iso7816_card_busy(&b->c, b->t, 0), ISO7816_E_STATE);
	/* what comes while the card works is left for its response to answer */
	for (i = 0; i < 2; i++) {
		hears(b, 22, i ? "00800080" : "0040040044000000");
		t1_waits(b, 24 * ETU0);
		nothing(b);
	}
	assert_int_equal(iso7816_card_busy(&b->c, b->t, 2), ISO7816_OK);
	says(b, 0, "00C30102C0");
	assert_int_equal(iso7816_card_busy(&b->c, b->t, 2), ISO7816_E_STATE);
	/* S(WTX response) with another multiplier: asked again */
	hears(b, 22, "00E30103E1");
	says(b, 22 * ETU0, "00C30102C0");
	hears(b, 22, "00E30102E0");
	t1_waits(b, 24 * ETU0);
	respond(b, "9000");
	says(b, 0, "000002900092");
	free(b);
}

/* In the middle of its own chain a card takes R-blocks, and S(ABORT request) ends it. */
TEST(t1_chain)
{
	struct bench *b = powered("3B800181", true, false);
	char text[600], part[600];
	u8 lrc = 0x20 ^ 0x20;
	int i;

	for (i = 0; i < 40; i++) {
		sprintf(text + 2 * i, "%02X", i);
		if (i < 32)
			lrc ^= i;
	}
	strcpy(text + 80, "9000");
	hears(b, 22, "0000040044000040");
	line_is(b, 372, 1, 1);
	asks(b, "00440000");
	respond(b, text);
	snprintf(part, sizeof(part), "002020%.64s%02X", text, lrc);
	says(b, 22 * ETU0, part);
	hears(b, 22, "0040040044000000");
	says(b, 22 * ETU0, "00920092");
	hears(b, 22, "00C200C2");
	says(b, 22 * ETU0, "00E200E2");
	/* aborted: nothing is left to acknowledge */
	hears(b, 22, "00900090");
	says(b, 22 * ETU0, "00900090");
	free(b);
}

/* S(ABORT request), by either side, of the card's chain. */
TEST(t1_abort)
{
	struct bench *b = powered("3B800181", true, false);
	char text[600], part[600];
	int i, by_card;

	for (i = 0; i < 40; i++)
		sprintf(text + 2 * i, "%02X", 0);
	strcpy(text + 80, "9000");
	snprintf(part, sizeof(part), "002020%.64s00", text);
	assert_int_equal(iso7816_card_abort(&b->c), ISO7816_E_STATE);
	for (by_card = 0; by_card < 2; by_card++) {
		hears(b, 22, "000004 00440000 40");
		if (!by_card)
			line_is(b, 372, 1, 1);
		asks(b, "00440000");
		assert_int_equal(iso7816_card_abort(&b->c), ISO7816_E_STATE);
		respond(b, text);
		says(b, 22 * ETU0, part);
		if (by_card) {
			assert_int_equal(iso7816_card_abort(&b->c), ISO7816_OK);
			hears(b, 22, "009000 90");
			says(b, 22 * ETU0, "00C200 C2");
			/* anything but the response: the same again */
			hears(b, 22, "009000 90");
			says(b, 22 * ETU0, "00C200 C2");
			hears(b, 22, "00C200 C2");
			says(b, 22 * ETU0, "00C200 C2");
			hears(b, 22, "00E200 E2");
			says(b, 22 * ETU0, "009000 90");
		} else {
			hears(b, 22, "00C200 C2");
			says(b, 22 * ETU0, "00E200 E2");
			hears(b, 22, "00C200 C2");
			says(b, 22 * ETU0, "00E200 E2");
			/* of that block nothing is left */
			hears(b, 22, "008000 80");
			says(b, 22 * ETU0, "009000 90");
		}
		hears(b, 22, "004004 00440000 00");
		asks(b, "00440000");
		respond(b, "9000");
		says(b, 22 * ETU0, "004002 9000 D2");
		assert_int_equal(iso7816_card_abort(&b->c), ISO7816_E_STATE);
	}
	free(b);

	/* a chain that ends before the card's turn comes is not aborted, nor is the next one */
	b = powered("3B800181", true, false);
	hears(b, 22, "002002 0044 66");
	line_is(b, 372, 1, 1);
	says(b, 22 * ETU0, "009000 90");
	assert_int_equal(iso7816_card_abort(&b->c), ISO7816_OK);
	hears(b, 22, "004002 0000 42");
	asks(b, "00440000");
	respond(b, "9000");
	says(b, 22 * ETU0, "000002 9000 92");
	hears(b, 22, "002002 0044 66");
	says(b, 22 * ETU0, "009000 90");
	/* of the coupler's chain */
	assert_int_equal(iso7816_card_abort(&b->c), ISO7816_OK);
	hears(b, 22, "006002 0000 62");
	says(b, 22 * ETU0, "00C200 C2");
	hears(b, 22, "00E200 E2");
	says(b, 22 * ETU0, "008000 80");
	hears(b, 22, "000004 00440000 40");
	asks(b, "00440000");
	free(b);
}

/* S(IFS request) of the card: before the first response, and again after RESYNCH. */
TEST(t1_ifs)
{
	struct bench *b = powered("3B800181", true, false);
	int i;

	b->c.cfg.ifsc = 0x80;
	for (i = 0; i < 2; i++) {
		hears(b, 22, "000004 00440000 40");
		if (!i)
			line_is(b, 372, 1, 1);
		asks(b, "00440000");
		respond(b, "9000");
		says(b, 22 * ETU0, "00C10180 40");
		hears(b, 22, "00E10120 C0");
		says(b, 22 * ETU0, "00C10180 40");
		hears(b, 22, "00E10180 60");
		says(b, 22 * ETU0, "000002 9000 92");
		hears(b, 22, "004004 00440000 00");
		asks(b, "00440000");
		respond(b, "9000");
		says(b, 22 * ETU0, "004002 9000 D2");
		hears(b, 22, "00C000 C0");
		says(b, 22 * ETU0, "00E000 E0");
	}
	free(b);
}

/* RESYNCH while the owner works: it is told, and its answer to that command is not taken. */
TEST(t1_cancel)
{
	struct bench *b = powered("3B800181", true, false);
	struct iso7816_card_action act;
	u8 sw[2] = { 0x90, 0 };

	hears(b, 22, "000004 00440000 40");
	line_is(b, 372, 1, 1);
	asks(b, "00440000");
	hears(b, 22, "00C000 C0");
	take(b, ISO7816_CARD_CANCEL, &act);
	says(b, 22 * ETU0, "00E000 E0");
	assert_int_equal(iso7816_card_respond(&b->c, b->t, sw, 2), ISO7816_E_STATE);
	/* one that was answered already needs no word */
	hears(b, 22, "000004 00440000 40");
	asks(b, "00440000");
	assert_int_equal(iso7816_card_busy(&b->c, b->t, 1), ISO7816_OK);
	says(b, 22 * ETU0, "00C30101 C3");
	respond(b, "9000");
	hears(b, 22, "00C000 C0");
	says(b, 22 * ETU0, "00E000 E0");
	nothing(b);
	free(b);
}

/* 11.3.2.1: the first right block sets the addresses, SAD and DAD alike are none. */
TEST(t1_addresses)
{
	struct bench *b = powered("3B800181", true, false);

	hears(b, 22, "330004 00440000 73");
	line_is(b, 372, 1, 1);
	b->t = iso7816_card_deadline(&b->c);
	iso7816_card_timer(&b->c, b->t);
	says(b, 0, "008200 82");
	hears(b, 22, "210004 00440000 61");
	asks(b, "00440000");
	respond(b, "9000");
	says(b, 22 * ETU0, "120002 9000 80");
	hears(b, 22, "120004 00440000 52");
	b->t = iso7816_card_deadline(&b->c);
	iso7816_card_timer(&b->c, b->t);
	says(b, 0, "129200 80");
	free(b);
}

/* A command longer than the owner has room for: 6700, and the next one works. */
TEST(t1_too_long)
{
	struct bench *b = powered("3B800181", true, false);
	struct iso7816_card_action act;
	u8 big[800] = { 0 };
	char text[100];
	unsigned int n;

	/* 23 times 32 bytes, all 0: 700 would fit */
	for (n = 0; n < 23; n++) {
		u8 pcb = (n % 2 ? 0x40 : 0x00) | (n < 22 ? 0x20 : 0x00);

		sprintf(text, "00%02X20%064d%02X", pcb, 0, pcb ^ 0x20);
		hears(b, 22, text);
		if (!n)
			line_is(b, 372, 1, 1);
		if (n < 22)
			says(b, 22 * ETU0, n % 2 ? "00800080" : "00900090");
	}
	says(b, 22 * ETU0, "000002670065");
	hears(b, 22, "0040040044000000");
	take(b, ISO7816_CARD_COMMAND, &act);
	assert_int_equal(act.command.len, 4);
	/* neither may an answer be longer than the room for it, or shorter than SW1 SW2 */
	assert_int_equal(iso7816_card_respond(&b->c, b->t, big, 1), ISO7816_E_APDU);
	assert_int_equal(iso7816_card_respond(&b->c, b->t, big, sizeof(b->rsp) + 1),
			 ISO7816_E_OVERFLOW);
	respond(b, "9000");
	assert_int_equal(iso7816_card_respond(&b->c, b->t, big, 2), ISO7816_E_STATE);
	assert_int_equal(iso7816_card_busy(&b->c, b->t, 1), ISO7816_E_STATE);
	says(b, 22 * ETU0, "004002 9000 D2");
	/* or S(ABORT request), as soon as it is clear */
	b->c.cfg.abort = true;
	for (n = 0; n < 22; n++) {
		u8 pcb = n % 2 ? 0x60 : 0x20;

		sprintf(text, "00%02X20%064d%02X", pcb, 0, pcb ^ 0x20);
		hears(b, 22, text);
		if (n < 21)
			says(b, 22 * ETU0, n % 2 ? "00800080" : "00900090");
	}
	says(b, 22 * ETU0, "00C200C2");
	hears(b, 22, "00E200E2");
	says(b, 22 * ETU0, "00800080");
	hears(b, 22, "0000040044000040");
	take(b, ISO7816_CARD_COMMAND, &act);
	assert_int_equal(act.command.len, 4);
	free(b);
}

/* Specific mode: the protocol begins with the ATR's end, at the card's own rate or at 372/1. */
TEST(specific)
{
	static const struct {
		const char *atr;
		u16 f;
		u8 d, t;
		bool told;		/* before it happens */
	} cards[] = {
		{ "3B90961000", 512, 32, 0, true },
		{ "3B909611 01 17", 512, 32, 1, true },
		/* b5 of TA2: F and D are agreed upon elsewhere */
		{ "3B909610 10", 372, 1, 0, false },
		/* nobody's protocol */
		{ "3B909612 02 16", 0, 0, 0, false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cards); i++) {
		struct bench *b = calloc(1, sizeof(*b));
		struct iso7816_line next = { .f = 1 };

		assert_non_null(b);
		b->cfg.atr_len = (u8)hex(b->cfg.atr, cards[i].atr);
		b->cfg.reset_clks = 500;
		assert_int_equal(iso7816_card_init(&b->c, &b->cfg, b->apdu, sizeof(b->apdu), b->rsp,
						   sizeof(b->rsp)), ISO7816_OK);
		assert_false(iso7816_card_next_line(&b->c, &next));
		iso7816_card_rst(&b->c, b->t, true);
		line_is(b, 372, 1, 0);
		assert_int_equal(iso7816_card_next_line(&b->c, &next), cards[i].told);
		assert_int_equal(next.f, cards[i].told ? cards[i].f : 1);
		says(b, CLK(500), cards[i].atr);
		if (cards[i].f)
			line_is(b, cards[i].f, cards[i].d, cards[i].t);
		hears(b, 12, cards[i].t ? "0000040044000040" : "0044000000");
		if (cards[i].f)
			asks(b, cards[i].t ? "00440000" : "0044000000");
		nothing(b);
		free(b);
	}
}

/* The line after a PPS response is told before the response is out. */
TEST(pps_told)
{
	struct bench *b = powered("3B1096", true, false);
	struct iso7816_card_action act;
	struct iso7816_line next = { 0 };

	assert_false(iso7816_card_next_line(&b->c, &next));
	hears(b, 12, "FF109679");
	assert_true(iso7816_card_next_line(&b->c, &next));
	assert_int_equal(next.d, 32);
	says(b, 12 * ETU0, "FF109679");
	line_is(b, 512, 32, 0);
	assert_false(iso7816_card_next_line(&b->c, &next));
	/* no command: nothing to answer, nothing to be busy with; and nothing was sent */
	assert_int_equal(iso7816_card_busy(&b->c, b->t, 1), ISO7816_E_STATE);
	iso7816_card_sent(&b->c, b->t, 0);
	/* a refused answer: the next header is a header again */
	hears(b, 30, "0044000000");
	asks(b, "0044000000");
	respond(b, "9000");
	take(b, ISO7816_CARD_SEND, &act);
	b->t = act.send.at;
	iso7816_card_sent(&b->c, b->t, ISO7816_TX_REFUSED);
	hears(b, 30, "0045000000");
	asks(b, "0045000000");
	free(b);
}

/* What the owner wants on top of the guard time. */
TEST(slow)
{
	struct bench *b = powered("3B00", true, false);

	b->c.cfg.answer_etu = 50;
	hears(b, 12, "0044000000");
	line_is(b, 372, 1, 0);
	asks(b, "0044000000");
	respond(b, "9000");
	says(b, (12 + 50) * ETU0, "9000");
	free(b);
}

static TEST_CASE cases[] = {
	RUN(unusable),
	RUN(pps),
	RUN(t0),
	RUN(t0_one_by_one),
	RUN(t1),
	RUN(t1_errors),
	RUN(t1_chain),
	RUN(t1_abort),
	RUN(t1_ifs),
	RUN(t1_cancel),
	RUN(t1_addresses),
	RUN(t1_too_long),
	RUN(specific),
	RUN(pps_told),
	RUN(slow),
	{}
};

TEST_SUITE("iso7816_card");
