// SPDX-License-Identifier: GPL-2.0-only
/*
 * T=0 by script, ISO/IEC 7816-3 clauses 10 and 12.2: procedure bytes, APDU cases, guard and waiting
 * times to the tick.
 */
#include "script.h"

static struct script *ready(enum iso7816_policy policy)
{
	struct script *s = script_new(policy);

	script_ready(s, policy == ISO7816_EMV ? "3B2000" : "3B00", 0);
	return s;
}

TEST(case_1)
{
	struct script *s = ready(ISO7816_STRICT);

	begin(s, "00440000");
	sends_after(s, 12, "0044000000");
	assert_int_equal(s->gap, 12 * ETU0);
	gives(s, "9000");
	responds(s, "9000");
	free(s);
}

TEST(case_2)
{
	struct script *s = ready(ISO7816_STRICT);

	begin(s, "00B0000004");
	sends_after(s, 12, "00B0000004");
	gives(s, "B0 01020304 9000");
	responds(s, "01020304 9000");
	/* INS XOR FF: one byte; NULL: wait; then all the rest */
	begin(s, "00B0000004");
	sends_after(s, 12, "00B0000004");
	gives(s, "60 4F01 60 60 4F02 B0 0304 6282");
	responds(s, "01020304 6282");
	/* the card may end it without data, or before they are all there */
	begin(s, "00B0000004");
	sends(s, "00B0000004");
	gives(s, "6A82");
	responds(s, "6A82");
	begin(s, "00B0000004");
	sends(s, "00B0000004");
	gives(s, "4F01 6581");
	responds(s, "01 6581");
	free(s);
}

/* A byte lost: the card calls it a success, and yet not all that it promised has come. */
TEST(case_2_incomplete)
{
	static const char *const ends[] = { "9000", "6104" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		struct script *s = ready(ISO7816_STRICT);

		begin(s, "00B0000003");
		sends(s, "00B0000003");
		gives(s, "4F01 4F02");
		gives(s, ends[i]);
		done(s, ISO7816_E_PROCEDURE);
		assert_false(iso7816_coupler_ready(&s->c));
		free(s);
	}
}

/*
 * A byte doubled: two of data pass for SW1 SW2, and the last one still comes. It is seen up to
 * the tick before the exchange is over.
 */
TEST(surplus)
{
	static const u64 after[] = { 12 * ETU0, 24 * ETU0 - 1 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(after); i++) {
		struct script *s = ready(ISO7816_STRICT);

		begin(s, "00B0000003");
		sends(s, "00B0000003");
		gives(s, "B0 0101 02 9090");
		nothing(s);
		iso7816_coupler_timer(&s->c, s->t + 24 * ETU0 - 1);
		nothing(s);
		rx_after(s, after[i], 0x00, 0);
		done(s, ISO7816_E_PROCEDURE);
		assert_false(iso7816_coupler_ready(&s->c));
		free(s);
	}
}

/* Without @settle the last SW2 ends it at once. */
TEST(unsettled)
{
	struct script *s = script_new(ISO7816_STRICT);

	s->cfg.settle = false;
	script_ready(s, "3B00", 0);
	begin(s, "00B0000003");
	sends(s, "00B0000003");
	gives(s, "B0 010203 9000");
	assert_true(iso7816_coupler_ready(&s->c));
	assert_int_equal(iso7816_coupler_deadline(&s->c), ISO7816_NEVER);
	responds(s, "010203 9000");
	free(s);
}

TEST(case_2_wrong_le)
{
	struct script *s = ready(ISO7816_STRICT);

	begin(s, "00B0000010");
	sends(s, "00B0000010");
	gives(s, "6C03");
	sends_after(s, 12, "00B0000003");
	gives(s, "B0 010203 9000");
	responds(s, "010203 9000");
	/* with data it is no question but an answer */
	begin(s, "00B0000002");
	sends(s, "00B0000002");
	gives(s, "4F01 6C05");
	responds(s, "01 6C05");
	/* more is there than was asked for: only Le bytes are handed out, 12.2.1 */
	begin(s, "00B0000002");
	sends(s, "00B0000002");
	gives(s, "6C04");
	sends(s, "00B0000004");
	gives(s, "B0 01020304 9000");
	responds(s, "0102 9000");
	free(s);
}

TEST(case_2_all)
{
	struct script *s = ready(ISO7816_STRICT);
	unsigned int i;

	begin(s, "00B0000000");
	sends(s, "00B0000000");
	gives(s, "B0");
	for (i = 0; i < 256; i++)
		rx_after(s, 12 * ETU0, (u8)i, 0);
	gives(s, "9000");
	done(s, ISO7816_OK);
	assert_int_equal(s->x.rsp_len, 258);
	for (i = 0; i < 256; i++)
		assert_int_equal(s->rsp[i], i);
	free(s);
}

TEST(case_3)
{
	struct script *s = ready(ISO7816_STRICT);

	begin(s, "00D6000003 A1A2A3");
	sends(s, "00D6000003");
	gives(s, "D6");
	sends_after(s, 12, "A1A2A3");
	assert_int_equal(s->gap, 12 * ETU0);
	gives(s, "9000");
	responds(s, "9000");
	/* byte by byte, then all the rest */
	begin(s, "00D6000003 A1A2A3");
	sends(s, "00D6000003");
	gives(s, "29");
	sends_after(s, 12, "A1");
	gives(s, "60 29");
	sends_after(s, 12, "A2");
	gives(s, "D6");
	sends_after(s, 12, "A3");
	gives(s, "6400");
	responds(s, "6400");
	/* refused before all data were asked for; 61xx belongs to whoever asked nothing */
	begin(s, "00D6000003 A1A2A3");
	sends(s, "00D6000003");
	gives(s, "29");
	sends(s, "A1");
	gives(s, "6105");
	responds(s, "6105");
	free(s);
}

TEST(case_4)
{
	struct script *s = ready(ISO7816_STRICT);

	begin(s, "00A4000002 3F00 08");
	sends(s, "00A4000002");
	gives(s, "A4");
	sends(s, "3F00");
	gives(s, "6104");
	sends_after(s, 12, "00C0000004");
	gives(s, "C0 01020304 9000");
	responds(s, "01020304 9000");
	/* more than Le is there: take Le, and pass on what the card says then */
	begin(s, "00A4000002 3F00 02");
	sends(s, "00A4000002");
	gives(s, "A4");
	sends(s, "3F00");
	gives(s, "6104");
	sends(s, "00C0000002");
	gives(s, "C0 0102 6102");
	responds(s, "0102 6102");
	/* in several parts, with a 6Cxx on the way */
	begin(s, "00A4000002 3F00 08");
	sends(s, "00A4000002");
	gives(s, "A4");
	sends(s, "3F00");
	gives(s, "6102");
	sends(s, "00C0000002");
	gives(s, "C0 0102 6106");
	sends(s, "00C0000006");
	gives(s, "6C01");
	sends(s, "00C0000001");
	gives(s, "C0 03 9000");
	responds(s, "010203 9000");
	/* 6100: 256 or more */
	begin(s, "00A4000002 3F00 00");
	sends(s, "00A4000002");
	gives(s, "A4");
	sends(s, "3F00");
	gives(s, "6100");
	sends(s, "00C0000000");
	gives(s, "6A82");
	responds(s, "6A82");
	free(s);
}

/* 9000 to a case 4 command: GET RESPONSE with Le follows by the letter, nothing in the field */
TEST(case_4_without_61)
{
	struct script *s = ready(ISO7816_STRICT);

	begin(s, "00A4000002 3F00 03");
	sends(s, "00A4000002");
	gives(s, "A4");
	sends(s, "3F00");
	gives(s, "9000");
	sends(s, "00C0000003");
	gives(s, "C0 010203 9000");
	responds(s, "010203 9000");
	free(s);

	s = script_new(ISO7816_TOLERANT);
	script_atr(s, "3B00");
	expires(s, 28 * ETU0);
	line_is(s, 372, 1, 0);
	done(s, ISO7816_OK);
	begin(s, "00A4000002 3F00 03");
	sends(s, "00A4000002");
	gives(s, "A4");
	sends(s, "3F00");
	gives(s, "9000");
	responds(s, "9000");
	free(s);

	s = ready(ISO7816_EMV);
	begin(s, "00A4000002 3F00 03");
	sends_after(s, 16, "00A4000002");
	gives(s, "A4");
	sends_after(s, 16, "3F00");
	gives(s, "6283");
	sends_after(s, 16, "00C0000000");
	gives(s, "6C02");
	sends(s, "00C0000002");
	gives(s, "C0 0102 9000");
	responds(s, "0102 6283");
	free(s);
}

/* GET RESPONSE goes to the same logical channel, without secure messaging. */
TEST(class_of_get_response)
{
	static const char *const cla[][2] = {
		{ "00", "00" }, { "0C", "00" }, { "03", "03" }, { "0D", "01" }, { "80", "80" },
		{ "84", "80" }, { "85", "81" }, { "A0", "A0" }, { "90", "90" }, { "45", "45" },
		{ "65", "45" }, { "10", "00" },
	};
	struct script *s = ready(ISO7816_STRICT);
	char text[32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cla); i++) {
		snprintf(text, sizeof(text), "%sA400000211AA00", cla[i][0]);
		begin(s, text);
		snprintf(text, sizeof(text), "%sA4000002", cla[i][0]);
		sends(s, text);
		gives(s, "A4");
		sends(s, "11AA");
		gives(s, "6101");
		snprintf(text, sizeof(text), "%sC0000001", cla[i][1]);
		sends(s, text);
		gives(s, "C0 77 9000");
		responds(s, "77 9000");
	}
	free(s);
}

/* Le > 256 and Lc > 255, 12.2.2 and 12.2.3. */
TEST(extended)
{
	struct script *s = ready(ISO7816_STRICT);
	u8 *cmd = s->cmd;
	char hex[600];
	unsigned int i;

	begin(s, "00B00000 00 0100");
	sends(s, "00B0000000");
	gives(s, "6C02");
	sends(s, "00B0000002");
	gives(s, "B0 0102 9000");
	responds(s, "0102 9000");
	begin(s, "00B00000 00 0102");
	sends(s, "00B0000000");
	gives(s, "B0");
	for (i = 0; i < 256; i++)
		rx_after(s, 12 * ETU0, 0x5a, 0);
	gives(s, "6105");
	sends(s, "00C0000002");
	gives(s, "C0 0102 6103");
	done(s, ISO7816_OK);
	assert_int_equal(s->x.rsp_len, 260);
	assert_int_equal(s->rsp[257], 2);
	assert_int_equal(s->rsp[259], 3);
	begin(s, "00D60000 00 0002 A1A2");
	sends(s, "00D6000002");
	gives(s, "D6");
	sends(s, "A1A2");
	gives(s, "9000");
	responds(s, "9000");
	/* Lc 256: 263 bytes of APDU in ENVELOPEs of 255 and 8 */
	memset(cmd, 0x33, 263);
	memcpy(cmd, "\x04\xd6\x00\x00\x00\x01\x00", 7);
	s->x.cmd = cmd;
	s->x.cmd_len = 263;
	assert_int_equal(iso7816_coupler_exchange(&s->c, s->t, &s->x), ISO7816_OK);
	sends(s, "00C20000FF");
	gives(s, "C2");
	strcpy(hex, "04D60000000100");
	for (i = 7; i < 255; i++)
		strcpy(hex + 2 * i, "33");
	sends(s, hex);
	gives(s, "9000");
	sends(s, "00C2000008");
	gives(s, "C2");
	sends(s, "3333333333333333");
	gives(s, "9001");
	responds(s, "9001");
	/* 510 bytes: the last ENVELOPE is empty; a refused one ends it all */
	cmd[5] = 0x01;
	cmd[6] = 0xf7;
	memset(cmd + 263, 0x33, 250);
	s->x.cmd_len = 510;
	assert_int_equal(iso7816_coupler_exchange(&s->c, s->t, &s->x), ISO7816_OK);
	sends(s, "00C20000FF");
	gives(s, "C2");
	take(s, ISO7816_DO_SEND, &(struct iso7816_action){ 0 });
	s->t += 255 * 12 * ETU0;
	iso7816_coupler_sent(&s->c, s->t, 0);
	gives(s, "9000");
	sends(s, "00C20000FF");
	gives(s, "C2");
	take(s, ISO7816_DO_SEND, &(struct iso7816_action){ 0 });
	s->t += 255 * 12 * ETU0;
	iso7816_coupler_sent(&s->c, s->t, 0);
	gives(s, "9000");
	sends(s, "00C2000000");
	gives(s, "9000");
	responds(s, "9000");
	assert_int_equal(iso7816_coupler_exchange(&s->c, s->t, &s->x), ISO7816_OK);
	sends(s, "00C20000FF");
	gives(s, "6D00");
	responds(s, "6D00");
	free(s);
}

TEST(raw_tpdu)
{
	struct script *s = ready(ISO7816_STRICT);

	assert_int_equal(begin_mode(s, "00A4000002 3F00", ISO7816_TPDU), ISO7816_OK);
	sends(s, "00A4000002");
	gives(s, "A4");
	sends(s, "3F00");
	gives(s, "6110");
	responds(s, "6110");
	assert_int_equal(begin_mode(s, "00C0000010", ISO7816_TPDU), ISO7816_OK);
	sends(s, "00C0000010");
	gives(s, "6C02");
	responds(s, "6C02");
	assert_int_equal(begin_mode(s, "00C0000002", ISO7816_TPDU), ISO7816_OK);
	sends(s, "00C0000002");
	gives(s, "C00102 9000");
	responds(s, "0102 9000");
	assert_int_equal(begin_mode(s, "00A40000", ISO7816_TPDU), ISO7816_OK);
	sends(s, "00A4000000");
	gives(s, "9000");
	responds(s, "9000");
	assert_int_equal(begin_mode(s, "00A4000002 3F", ISO7816_TPDU), ISO7816_E_APDU);
	assert_int_equal(begin_mode(s, "00A4000002 3F0001", ISO7816_TPDU), ISO7816_E_APDU);
	free(s);
}

TEST(malformed)
{
	static const char *const bad[] = {
		"00A400", "FFA40000", "00640000", "009F0000", "00A4000002 3F",
		"00A4000002 3F000000",
		"00A40000 0001", "00A40000 00 0002 3F", "00A40000 00 0000 00",
		"00A40000 00 0001 3F 00",
	};
	struct script *s = ready(ISO7816_STRICT);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(begin_mode(s, bad[i], ISO7816_APDU), ISO7816_E_APDU);
		nothing(s);
		assert_true(iso7816_coupler_ready(&s->c));
	}
	/* and busy is busy */
	begin(s, "00A40000");
	assert_int_equal(iso7816_coupler_exchange(&s->c, s->t, &s->x), ISO7816_E_STATE);
	free(s);
}

/* Every first procedure byte there is. */
TEST(procedure_bytes)
{
	unsigned int b;

	for (b = 0; b < 256; b++) {
		struct script *s = ready(ISO7816_STRICT);
		bool sw1 = (b & 0xf0) == 0x90 || ((b & 0xf0) == 0x60 && b != 0x60);

		begin(s, "00B0000002");
		sends(s, "00B0000002");
		rx_after(s, 12 * ETU0, (u8)b, 0);
		if (b == 0x60 || b == 0xb0 || b == 0x4f || sw1) {
			nothing(s);
			assert_true(iso7816_coupler_deadline(&s->c) != ISO7816_NEVER);
		} else {
			done(s, ISO7816_E_PROCEDURE);
			assert_false(iso7816_coupler_ready(&s->c));
			assert_int_equal(begin_mode(s, "00B0000002", ISO7816_APDU),
					 ISO7816_E_STATE);
		}
		free(s);
	}
}

TEST(bounded)
{
	struct script *s = script_new(ISO7816_STRICT);
	unsigned int i;

	s->cfg.max_null = 5;
	script_ready(s, "3B00", 0);
	begin(s, "00B0000002");
	sends(s, "00B0000002");
	for (i = 0; i < 5; i++) {
		gives(s, "60");
		nothing(s);
	}
	gives(s, "60");
	done(s, ISO7816_E_LOOP);
	free(s);

	s = ready(ISO7816_STRICT);
	begin(s, "00B0000002");
	sends(s, "00B0000002");
	for (i = 0; i < 3; i++) {
		gives(s, "6C05");
		sends(s, "00B0000005");
	}
	gives(s, "6C05");
	done(s, ISO7816_E_LOOP);
	free(s);

	s = ready(ISO7816_STRICT);
	begin(s, "00A4000002 3F00 08");
	sends(s, "00A4000002");
	gives(s, "A4");
	sends(s, "3F00");
	for (i = 0; i < 3; i++) {
		gives(s, "6108");
		sends(s, "00C0000008");
	}
	gives(s, "6108");
	done(s, ISO7816_E_LOOP);
	free(s);
}

TEST(too_small_buffer)
{
	struct script *s = ready(ISO7816_STRICT);

	script_hex(s->cmd, "00B0000004");
	memset(s->rsp, 0xee, 8);
	s->x = (struct iso7816_exchange){
		.cmd = s->cmd, .cmd_len = 5, .rsp = s->rsp, .rsp_size = 5,
	};
	assert_int_equal(iso7816_coupler_exchange(&s->c, s->t, &s->x), ISO7816_OK);
	sends(s, "00B0000004");
	gives(s, "B0 01020304 9000");
	done(s, ISO7816_E_OVERFLOW);
	assert_int_equal(s->rsp[5], 0xee);
	/* the line is not in doubt: the next one works */
	begin(s, "00B0000004");
	sends(s, "00B0000004");
	gives(s, "B0 01020304 9000");
	responds(s, "01020304 9000");
	free(s);
}

/* GT: 12 etu + N, N = 255 means 12; with T=15 N counts in units of Fi/Di (7.2). */
TEST(guard_times)
{
	struct script *s = script_new(ISO7816_STRICT);

	script_ready(s, "3B4005", 0);
	begin(s, "00B0000001");
	sends_after(s, 17, "00B0000001");
	assert_int_equal(s->gap, 17 * ETU0);
	gives(s, "6C03");
	sends_after(s, 17, "00B0000003");
	free(s);

	s = script_new(ISO7816_STRICT);
	script_ready(s, "3B40FF", 0);
	begin(s, "00B0000001");
	sends_after(s, 12, "00B0000001");
	assert_int_equal(s->gap, 12 * ETU0);
	free(s);

	s = script_new(ISO7816_STRICT);
	script_ready(s, "3B40FE", 0);
	begin(s, "00B0000001");
	sends_after(s, 266, "00B0000001");
	assert_int_equal(s->gap, 266 * ETU0);
	free(s);

	/* TA1 95: 512/16; at 372/1 N of 10 is 10 * 32 clock cycles */
	s = script_new(ISO7816_STRICT);
	s->cfg.no_pps = true;
	script_ready(s, "3BD0950A 80 1F 01 D1", 0);
	begin(s, "00B0000001");
	sends(s, "00B0000001");
	assert_int_equal(s->gap, 12 * ETU0 + CLK(320));
	free(s);
}

/*
 * WT = WI * 960 * Fi clock cycles, from leading edge to leading edge. The last tick at which a
 * character is accepted, the first at which it is not, and the moment at which its absence
 * counts; in each policy's tolerance.
 */
static void waiting_time_of(enum iso7816_policy policy, const char *atr, u64 wt, u64 tolerance,
			    u32 late_clks)
{
	const u64 report = 12 * ETU0;
	u64 limit = wt + tolerance + CLK(late_clks);
	int i;

	for (i = 0; i < 4; i++) {
		struct script *s = script_new(policy);

		s->cfg.late_clks = late_clks;
		s->cfg.no_pps = true;
		script_atr(s, atr);
		if (policy == ISO7816_TOLERANT)
			iso7816_coupler_timer(&s->c, iso7816_coupler_deadline(&s->c));
		line_is(s, 372, 1, 0);
		done(s, ISO7816_OK);
		assert_int_equal(iso7816_coupler_deadline(&s->c), ISO7816_NEVER);
		begin(s, "00B0000001");
		sends(s, "00B0000001");
		switch (i) {
		case 0:
			rx_after(s, limit, 0x60, 0);
			rx_after(s, limit, 0xb0, 0);
			rx_after(s, limit, 0x11, 0);
			rx_after(s, limit, 0x90, 0);
			rx_after(s, limit, 0x00, 0);
			/* and nothing may follow */
			expires(s, 12 * ETU0 + CLK(late_clks) + report);
			responds(s, "11 9000");
			break;
		case 1:
			rx_after(s, limit + 1, 0x60, 0);
			done(s, ISO7816_E_WT);
			break;
		case 2:
			rx_after(s, limit, 0x60, 0);
			rx_after(s, limit + 1, 0xb0, 0);
			done(s, ISO7816_E_WT);
			break;
		default:
			expires(s, limit + report);
			done(s, ISO7816_E_WT);
			break;
		}
		free(s);
	}
}

TEST(waiting_time)
{
	/* WI 10, Fi 372: 9600 etu */
	waiting_time_of(ISO7816_STRICT, "3B00", 9600 * ETU0, ETU0, 0);
	waiting_time_of(ISO7816_STRICT, "3B00", 9600 * ETU0, ETU0, 1000);
	waiting_time_of(ISO7816_EMV, "3B2000", 9600 * ETU0, 480 * ETU0, 0);
	waiting_time_of(ISO7816_TOLERANT, "3B00", 9600 * ETU0, 480 * ETU0, 0);
	/* TC2: WI 255 and 1 */
	waiting_time_of(ISO7816_STRICT, "3B8040FF", 255 * 960 * ETU0, ETU0, 0);
	waiting_time_of(ISO7816_STRICT, "3B804001", 960 * ETU0, ETU0, 0);
	/* TA1 96 left at 372/1: Fi is 512 all the same */
	waiting_time_of(ISO7816_STRICT, "3B1096", CLK(10 * 960 * 512), ETU0, 0);
}

TEST(own_timeout)
{
	struct script *s = ready(ISO7816_STRICT);
	u64 from = s->t;

	script_hex(s->cmd, "00B0000001");
	s->x = (struct iso7816_exchange){
		.cmd = s->cmd, .cmd_len = 5, .rsp = s->rsp, .rsp_size = 10,
		.timeout = 1000 * ETU0,
	};
	assert_int_equal(iso7816_coupler_exchange(&s->c, s->t, &s->x), ISO7816_OK);
	sends(s, "00B0000001");
	gives(s, "60");
	assert_int_equal(iso7816_coupler_deadline(&s->c), from + 1000 * ETU0);
	iso7816_coupler_timer(&s->c, from + 1000 * ETU0 - 1);
	nothing(s);
	iso7816_coupler_timer(&s->c, from + 1000 * ETU0);
	done(s, ISO7816_E_TIMEOUT);
	free(s);
}

TEST(line_faults)
{
	static const struct {
		u8 sent, rx;
		enum iso7816_err err;
	} faults[] = {
		{ ISO7816_TX_REFUSED, 0, ISO7816_E_PARITY },
		{ ISO7816_TX_ECHO, 0, ISO7816_E_LINE },
		{ 0, ISO7816_RX_PARITY, ISO7816_E_PARITY },
		{ 0, ISO7816_RX_FRAMING, ISO7816_E_PARITY },
		{ 0, ISO7816_RX_OVERRUN, ISO7816_E_PARITY },
	};
	struct iso7816_action act;
	struct script *s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		s = ready(ISO7816_STRICT);
		begin(s, "00B0000001");
		take(s, ISO7816_DO_SEND, &act);
		s->t = act.send.at + 4 * act.send.gap;
		iso7816_coupler_sent(&s->c, s->t, faults[i].sent);
		if (faults[i].rx)
			rx_after(s, 12 * ETU0, 0xb0, faults[i].rx);
		done(s, faults[i].err);
		assert_true(iso7816_coupler_active(&s->c));
		assert_false(iso7816_coupler_ready(&s->c));
		free(s);
	}
	/* A line that never says that it has sent is not waited for without an end. */
	s = ready(ISO7816_STRICT);
	begin(s, "00B0000001");
	take(s, ISO7816_DO_SEND, &act);
	assert_true(iso7816_coupler_deadline(&s->c) != ISO7816_NEVER);
	/* ... and what comes meanwhile is not for us */
	iso7816_coupler_rx(&s->c, s->t + ETU0, 0x90, 0);
	nothing(s);
	iso7816_coupler_timer(&s->c, iso7816_coupler_deadline(&s->c));
	done(s, ISO7816_E_LINE);
	free(s);
}

/* Removal in every state of an exchange: one DO_DONE, with the reason given. */
TEST(deactivated)
{
	struct iso7816_action act;
	int step;

	for (step = 0; step < 5; step++) {
		struct script *s = ready(ISO7816_STRICT);

		if (step) {
			begin(s, "00D6000002 0102");
			if (step > 1)
				sends(s, "00D6000002");
			if (step > 2)
				gives(s, "D6");
			if (step > 3) {
				sends(s, "0102");
				gives(s, "9000");
				/* finished, but not taken yet */
				iso7816_coupler_timer(&s->c, iso7816_coupler_deadline(&s->c));
			}
		}
		iso7816_coupler_deactivate(&s->c, s->t, ISO7816_E_REMOVED);
		take(s, ISO7816_DO_DEACTIVATE, &act);
		if (step)
			done(s, step == 4 ? ISO7816_OK : ISO7816_E_REMOVED);
		nothing(s);
		assert_false(iso7816_coupler_active(&s->c));
		assert_int_equal(iso7816_coupler_deadline(&s->c), ISO7816_NEVER);
		iso7816_coupler_deactivate(&s->c, s->t, ISO7816_E_REMOVED);
		nothing(s);
		free(s);
	}
}

TEST(reasons)
{
	int err;

	assert_int_equal(iso7816_errno(ISO7816_OK), 0);
	for (err = ISO7816_OK + 1; err <= ISO7816_E_REMOVED; err++) {
		assert_true(iso7816_errno(err) < 0);
		assert_string_not_equal(iso7816_strerror(err), "unknown error");
	}
	assert_string_equal(iso7816_strerror(ISO7816_E_REMOVED + 1), "unknown error");
	assert_true(iso7816_errno(-1) < 0);
	assert_int_equal(iso7816_errno(ISO7816_E_OVERFLOW), -EMSGSIZE);
	assert_int_equal(iso7816_errno(ISO7816_E_REMOVED), -ENOMEDIUM);
	assert_int_equal(iso7816_errno(ISO7816_E_WT), -ETIMEDOUT);
}

/* GSM 11.11: 9Fxx where others say 61xx, but in class A0 alone. */
TEST(gsm_response_waits)
{
	struct script *s = ready(ISO7816_STRICT);

	begin(s, "A0A40000023F0000");
	sends(s, "A0A4000002");
	gives(s, "A4");
	sends(s, "3F00");
	gives(s, "9F03");
	sends(s, "A0C0000003");
	gives(s, "C0 112233 9000");
	responds(s, "1122339000");

	begin(s, "A0A40000023F00");	/* without Le it is the caller's to fetch */
	sends(s, "A0A4000002");
	gives(s, "A4");
	sends(s, "3F00");
	gives(s, "9F03");
	responds(s, "9F03");

	begin(s, "00A40000023F0000");
	sends(s, "00A4000002");
	gives(s, "A4");
	sends(s, "3F00");
	gives(s, "9F03");
	responds(s, "9F03");
	free(s);
}

/* Between two commands there is no limit: the owner's time to send begins with the command. */
TEST(idle_before_command)
{
	static const u64 idle[] = { 0, 9600, 9700, 1000000, 1000000000 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(idle); i++) {
		struct script *s = ready(ISO7816_STRICT);

		s->t += idle[i] * ETU0;
		begin(s, "00440000");
		assert_true(iso7816_coupler_deadline(&s->c) > s->t);
		iso7816_coupler_timer(&s->c, s->t + 9600 * ETU0 - 1);
		sends(s, "0044000000");
		gives(s, "9000");
		responds(s, "9000");
		free(s);
	}
}

static TEST_CASE cases[] = {
	RUN(gsm_response_waits),
	RUN(case_1),
	RUN(case_2),
	RUN(case_2_wrong_le),
	RUN(case_2_all),
	RUN(case_2_incomplete),
	RUN(surplus),
	RUN(unsettled),
	RUN(case_3),
	RUN(case_4),
	RUN(case_4_without_61),
	RUN(class_of_get_response),
	RUN(extended),
	RUN(raw_tpdu),
	RUN(malformed),
	RUN(procedure_bytes),
	RUN(bounded),
	RUN(too_small_buffer),
	RUN(guard_times),
	RUN(idle_before_command),
	RUN(waiting_time),
	RUN(own_timeout),
	RUN(line_faults),
	RUN(deactivated),
	RUN(reasons),
	{}
};

TEST_SUITE("iso7816_t0");
