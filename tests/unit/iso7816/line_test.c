// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engine's two halves against each other on a model line: random APDUs of all cases over
 * T=0 and T=1, with and without spoilt characters, the guard times watched throughout.
 */
#include "app.h"
#include "line.h"

struct setup {
	const char *atr;
	const char *rates;
	enum iso7816_policy policy;
	u8 t;
	bool ack_each;
	u8 ifsd;
	u32 max_lc, max_le;
	unsigned int rounds;
	u32 answer_etu;
	enum spoil (*spoil)(struct line *l, bool from_card);
	unsigned int least_good;	/* of 100 exchanges */
};

static const u32 longest = SLOWER > 1 ? 600 : 65536;

static void run(const struct setup *s, struct line **ret_line)
{
	struct iso7816_card_config card = card_config(s->atr);
	struct iso7816_config cfg;
	struct apdu *a = calloc(1, sizeof(*a));
	u8 *rsp = malloc(LINE_BUF);
	struct line *l;
	unsigned int i, good = 0, rounds = s->rounds / SLOWER + 1;
	u8 rates[16], n;

	iso7816_config_init(&cfg);
	cfg.policy = s->policy;
	cfg.t = s->t;
	cfg.ifsd = s->ifsd;
	n = line_hex(rates, s->rates);
	for (i = 0; i < n; i++)
		iso7816_config_allow(&cfg, rates[i]);
	card.ack_each = s->ack_each;
	card.answer_etu = s->answer_etu;
	l = line_new(&cfg, &card);
	l->app = app;
	assert_int_equal(line_reset(l, ISO7816_COLD), ISO7816_OK);
	l->seed = 0x12345678;
	for (i = 0; i < rounds; i++) {
		struct iso7816_exchange x = { .rsp = rsp, .rsp_size = LINE_BUF };
		unsigned int before = l->commands;
		enum iso7816_err err;

		make_apdu(l, a, s->max_lc < longest ? s->max_lc : longest,
			  s->max_le < longest ? s->max_le : longest);
		x.cmd = a->cmd;
		x.cmd_len = a->len;
		l->busy = line_random(l) % 4 == 0;
		l->spoil = s->spoil;
		err = line_exchange(l, &x);
		l->spoil = NULL;
		if (s->spoil && err) {
			/* An error is an error, never a wrong answer; then all begins anew. */
			assert_true(l->commands <= before + 1);
			if (!iso7816_coupler_ready(&l->coupler))
				assert_int_equal(line_reset(l, ISO7816_WARM), ISO7816_OK);
			continue;
		}
		assert_int_equal(err, ISO7816_OK);
		assert_int_equal(l->commands, before + 1);
		if (iso7816_coupler_line(&l->coupler)->t == 1) {
			assert_int_equal(l->command_len, a->len);
			assert_memory_equal(l->command, a->cmd, a->len);
		}
		assert_true(response_is_right(a, &x));
		good++;
	}
	assert_true(good * 100 >= rounds * (s->spoil ? s->least_good : 100));
	free(a);
	free(rsp);
	if (ret_line)
		*ret_line = l;
	else
		free(l);
}

/* EXCHANGES(where to leave the line or NULL, initialisers of struct setup) */
#define EXCHANGES(ret_line, ...) run(&(struct setup){ __VA_ARGS__ }, ret_line)

static u8 last_lrc(const char *hex)
{
	u8 buf[64], n = line_hex(buf, hex), x = 0, i;

	for (i = 1; i < n; i++)
		x ^= buf[i];
	return x;
}

TEST(t0_short)
{
	EXCHANGES(NULL, .atr = "3B00", .rates = "", .t = ISO7816_T_ANY, .max_lc = 255,
		  .max_le = 256, .rounds = 300);
}

TEST(t0_short_strict)
{
	EXCHANGES(NULL, .atr = "3B00", .rates = "", .t = 0, .max_lc = 255,
		  .policy = ISO7816_STRICT, .max_le = 256, .rounds = 200);
}

TEST(t0_one_by_one)
{
	EXCHANGES(NULL, .atr = "3B40 05", .rates = "", .t = 0, .max_lc = 255, .max_le = 256,
		  .rounds = 200, .ack_each = true);
}

TEST(t0_inverse)
{
	EXCHANGES(NULL, .atr = "3F00", .rates = "", .t = 0, .max_lc = 255,
		  .policy = ISO7816_STRICT, .max_le = 256, .rounds = 200);
}

TEST(t0_emv)
{
	EXCHANGES(NULL, .atr = "3B60 00 00", .rates = "", .t = 0, .max_lc = 255,
		  .policy = ISO7816_EMV, .max_le = 256, .rounds = 200);
}

TEST(t0_fast)
{
	struct line *l;

	EXCHANGES(&l, .atr = "3B10 96", .rates = "959611", .t = 0, .max_lc = 255,
		  .policy = ISO7816_STRICT, .max_le = 256, .rounds = 200);
	assert_int_equal(l->coupler_line.f, 512);
	assert_int_equal(l->coupler_line.d, 32);
	free(l);
}

TEST(t0_extended)
{
	EXCHANGES(NULL, .atr = "3B10 97", .rates = "97", .t = 0, .max_lc = 3000,
		  .max_le = 3000, .rounds = 60);
	EXCHANGES(NULL, .atr = "3B10 97", .rates = "97", .t = 0, .max_lc = 65535,
		  .max_le = 65536, .rounds = 6);
}

TEST(t1_plain)
{
	EXCHANGES(NULL, .atr = "3B8001 81", .rates = "", .t = 1, .max_lc = 255, .ifsd = 254,
		  .max_le = 256, .rounds = 300, .policy = ISO7816_STRICT);
}

TEST(t1_default_ifsd)
{
	EXCHANGES(NULL, .atr = "3B8001 81", .rates = "", .t = 1, .max_lc = 255, .ifsd = 0,
		  .max_le = 256, .rounds = 200);
}

TEST(t1_crc_inverse)
{
	char atr[64];

	/* TD1 81: T=1, TD2 71: TA3 TB3 TC3; IFSC 16, BWI 1, CWI 3, CRC; TC1 255 */
	snprintf(atr, sizeof(atr), "3FC0FF8171101301");
	snprintf(atr + 16, sizeof(atr) - 16, "%02X", last_lrc("3FC0FF8171101301"));
	EXCHANGES(NULL, .atr = atr, .rates = "", .t = 1, .max_lc = 255, .ifsd = 20,
		  .max_le = 256, .rounds = 200, .policy = ISO7816_STRICT);
}

TEST(t1_fast_extended)
{
	struct line *l;
	char atr[64];

	snprintf(atr, sizeof(atr), "3B90968131FE43");
	snprintf(atr + 14, sizeof(atr) - 14, "%02X", last_lrc("3B90968131FE43"));
	EXCHANGES(&l, .atr = atr, .rates = "9596", .t = 1, .max_lc = 5000, .ifsd = 254,
		  .max_le = 5000, .rounds = 60, .answer_etu = 50, .policy = ISO7816_STRICT);
	assert_int_equal(l->coupler_line.d, 32);
	free(l);
	EXCHANGES(NULL, .atr = atr, .rates = "9596", .t = 1, .max_lc = 65535, .ifsd = 254,
		  .max_le = 65536, .rounds = 6);
}

TEST(t1_by_pps)
{
	struct line *l;

	/* T=0 first, T=1 second; the coupler wants T=1, with an extra guard time of 3. */
	EXCHANGES(&l, .atr = "3BD0 13 03 80 01 41", .rates = "1213", .t = 1, .max_lc = 255,
		  .ifsd = 254, .max_le = 256, .rounds = 50, .policy = ISO7816_STRICT);
	assert_int_equal(l->coupler_line.t, 1);
	assert_int_equal(l->coupler_line.d, 4);
	assert_int_equal(l->n, 3);
	free(l);
}

/* Two bits flipped in two characters each may be the same two: only the CRC sees that. */
static enum spoil silent(struct line *l, bool from_card)
{
	u32 r = line_random(l) % 300;

	(void)from_card;
	return r < 3 ? SPOIL_PARITY + r : SPOIL_NOT;
}

static enum spoil rare(struct line *l, bool from_card)
{
	u32 r = line_random(l) % 400;

	(void)from_card;
	return r == 0 ? SPOIL_PARITY : r == 1 ? SPOIL_DROP : SPOIL_NOT;
}

static enum spoil often(struct line *l, bool from_card)
{
	u32 r = line_random(l) % 25;

	(void)from_card;
	return r < 2 ? (line_random(l) % 2 ? SPOIL_PARITY : SPOIL_DROP) : SPOIL_NOT;
}

TEST(t1_spoilt)
{
	EXCHANGES(NULL, .atr = "3B8001 81", .rates = "", .t = 1, .max_lc = 255, .ifsd = 64,
		  .max_le = 256, .rounds = 400, .spoil = rare, .least_good = 90);
}

TEST(t1_spoilt_silently)
{
	char atr[64];

	snprintf(atr, sizeof(atr), "3B808171FE4301");
	snprintf(atr + 14, sizeof(atr) - 14, "%02X", last_lrc("3B808171FE4301"));
	EXCHANGES(NULL, .atr = atr, .rates = "", .t = 1, .max_lc = 255, .ifsd = 64,
		  .max_le = 256, .rounds = 600, .spoil = silent, .least_good = 55);
}

TEST(t1_spoilt_often)
{
	EXCHANGES(NULL, .atr = "3B8001 81", .rates = "", .t = 1, .max_lc = 60, .ifsd = 32,
		  .max_le = 60, .rounds = 1000, .spoil = often, .least_good = 15);
}

/*
 * The longest command ends when the sum of its characters says so. With F 372 and D 20 or 12 an
 * etu is no whole number of clock cycles, and with F 558 and D 64 not even of eighths.
 */
TEST(exact_end)
{
	static const struct {
		u8 ta1;
		u32 f, d;
	} rates[] = {
		{ 0x19, 372, 20 }, { 0x18, 372, 12 }, { 0x27, 558, 64 }, { 0x96, 512, 32 },
		{ 0x11, 372, 1 },
	};
	unsigned int i, t;

	/* Where it takes long, one rate for each protocol. */
	for (i = 0; i < 2 * ARRAY_SIZE(rates); i += SLOWER > 1 ? 5 : 1) {
		struct iso7816_exchange x = { .cmd_len = ISO7816_APDU_MAX };
		struct iso7816_card_config card;
		struct iso7816_config cfg;
		u64 edges, begin;
		char atr[64];
		u8 ta1 = rates[i / 2].ta1, *cmd;
		struct line *l;

		t = i % 2;
		snprintf(atr, sizeof(atr), t ? "3B90%02X8131FE4D" : "3B10%02X", ta1);
		if (t)
			snprintf(atr + 14, sizeof(atr) - 14, "%02X", last_lrc(atr));
		card = card_config(atr);
		iso7816_config_init(&cfg);
		iso7816_config_allow(&cfg, ta1);
		cfg.ifsd = 0;
		l = line_new(&cfg, &card);
		l->app = app;
		assert_int_equal(line_reset(l, ISO7816_COLD), ISO7816_OK);
		assert_int_equal(iso7816_coupler_line(&l->coupler)->t, t);

		cmd = calloc(1, ISO7816_APDU_MAX);
		memcpy(cmd, "\x00\x12\x00\x00\x00\xff\xff", 7);
		x.cmd = cmd;
		x.rsp = cmd;		/* not read any more when the response comes */
		x.rsp_size = ISO7816_APDU_MAX;
		l->now += 1000ULL * ISO7816_TICKS_PER_CLK * 372;
		begin = l->now;
		assert_int_equal(line_exchange(l, &x), ISO7816_OK);
		assert_int_equal(l->command_len, ISO7816_APDU_MAX);

		/*
		 * In etu. T=0: 257 ENVELOPE with 255 bytes and one with 9, each a header, an
		 * acknowledgment and SW1 SW2, all 12 apart. T=1: 258 I-blocks of 254 and one of
		 * 12, an R-block 22 after each and the next one 22 after that; and the response.
		 * A UART reports the last character 10.6 after its leading edge.
		 */
		edges = 12 * (257 * (8 + 255ULL) + 8 + 9 - 1);
		if (t)
			edges = 258 * (12 * 257 + 22 + 36 + 22ULL) + 12 * 15 + 22 + 60;
		/* F and D of ISO/IEC 7816-3 tables 7 and 8, and one division, at the end */
		edges = (10 * edges + 106) * rates[i / 2].f * ISO7816_TICKS_PER_CLK /
			(10 * rates[i / 2].d);
		assert_in_range(l->now, begin + edges - ISO7816_TICKS_PER_CLK,
				begin + edges + ISO7816_TICKS_PER_CLK);
		free(cmd);
		free(l);
	}
}

static TEST_CASE cases[] = {
	RUN(t0_short),
	RUN(t0_short_strict),
	RUN(t0_one_by_one),
	RUN(t0_inverse),
	RUN(t0_emv),
	RUN(t0_fast),
	RUN(t0_extended),
	RUN(t1_plain),
	RUN(t1_default_ifsd),
	RUN(t1_crc_inverse),
	RUN(t1_fast_extended),
	RUN(t1_by_pps),
	RUN(t1_spoilt),
	RUN(t1_spoilt_silently),
	RUN(t1_spoilt_often),
	RUN(exact_end),
	{}
};

TEST_SUITE("iso7816_line");
