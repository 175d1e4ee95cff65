// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engine's two halves over a bad line, which flips, loses, doubles and delays characters of
 * both: a response that is reported is the right one, to a command that the card got once and
 * whole; or an error is reported; and every exchange ends.
 *
 * That much can be promised as far as the protocols can tell. Parity sees a flipped bit, and the
 * waiting times a character that is late, so of these there are any number. What neither sees are
 * slips: a character lost, doubled, or changed in two bits.
 *
 *  - T=1 with a CRC: any number of slips. A block of which the CRC misses them is one in 65,536
 *    with four changed bits or more.
 *  - T=1 with an LRC: one slip a block. Of the blocks with two, the LRC passes about one in 256,
 *    and nothing else in the protocol can tell.
 *  - T=0 has no check but parity, and tells data from procedure bytes by their number alone. One
 *    character of an exchange may get lost. When one is doubled, the last byte of the data comes
 *    where a procedure byte is expected; if it is 60, one of 256, it is NULL, and what follows
 *    looks right. The same holds for a byte lost from a card that acknowledges each one, whose
 *    next byte may read as the acknowledgment; and two slips may make up for each other.
 *
 * The kinds that are "beyond" go past these limits, count the wrong ones among what was
 * delivered, and ask that they are no more than that reckoning explains.
 */
#ifndef __KERNEL__
#include <getopt.h>
#endif

#include "app.h"
#include "line.h"

static unsigned int rounds = 1000 / SLOWER;
static unsigned int stride = 797;
static u32 first_seed = 0x20261124;
static const u32 longest = SLOWER > 1 ? 600 : ISO7816_APDU_MAX;

enum slips {			/* how many may be there */
	ONE_AN_EXCHANGE,
	ONE_A_BLOCK,
	ANY_NUMBER,
};

struct kind {
	const char *name;
	const char *atr;
	const char *rates;
	enum iso7816_policy policy;
	u8 t;
	u8 ifsd;
	bool ack_each;
	u32 answer_etu;
	enum slips slips;
	unsigned int blind;		/* of so many slips "beyond" one passes; 0: none */
	unsigned int errors;		/* of 10,000 characters */
	unsigned int least_good;	/* of 100 exchanges */
};

static const struct kind kinds[] = {
	{ .name = "t0", .atr = "3B00", .rates = "", .errors = 100, .least_good = 5 },
	{ .name = "t0 one by one", .atr = "3B10 96", .rates = "96", .ack_each = true,
	  .answer_etu = 40, .policy = ISO7816_STRICT, .errors = 100, .least_good = 5 },
	{ .name = "t0 inverse, emv", .atr = "3F60 00 00", .rates = "", .policy = ISO7816_EMV,
	  .errors = 100, .least_good = 5 },
	{ .name = "t0 beyond", .atr = "3B00", .rates = "", .blind = 256, .errors = 100,
	  .least_good = 5 },
	{ .name = "t0 one by one, beyond", .atr = "3B10 96", .rates = "96", .ack_each = true,
	  .blind = 256, .errors = 100, .least_good = 5 },
	{ .name = "t1 ifs 32", .atr = "3B8001 81", .rates = "", .t = 1, .slips = ONE_A_BLOCK,
	  .errors = 100, .least_good = 20 },
	/* TC1 255, IFSC 16, BWI 1, CWI 3, CRC */
	{ .name = "t1 ifs 16, crc, inverse", .atr = "3FC0FF8171101301CD", .rates = "", .t = 1,
	  .ifsd = 16, .policy = ISO7816_STRICT, .slips = ANY_NUMBER, .errors = 100,
	  .least_good = 20 },
	/* F 512, D 32, IFSC 32, BWI 4, CWI 3 */
	{ .name = "t1 ifs 32, fast", .atr = "3B909681312043D5", .rates = "96", .t = 1,
	  .ifsd = 32, .answer_etu = 100, .slips = ONE_A_BLOCK, .errors = 100, .least_good = 20 },
	{ .name = "t1 ifs 32, beyond", .atr = "3B8001 81", .rates = "", .t = 1,
	  .slips = ANY_NUMBER, .blind = 256, .errors = 100, .least_good = 20 },
	/* F 512, D 32, IFSC 254, BWI 4, CWI 3 */
	{ .name = "t1 ifs 254", .atr = "3B90968131FE430B", .rates = "96", .t = 1, .ifsd = 254,
	  .slips = ONE_A_BLOCK, .errors = 5, .least_good = 40 },
};

struct bench {
	const struct kind *kind;
	struct line *line;
	struct apdu apdu;
	u8 rsp[LINE_BUF];
	u8 sent[LINE_BUF], got[LINE_BUF];
	u32 got_len;
	bool slipped;			/* in this exchange */
	unsigned int good;
	unsigned int wrong;		/* among the good ones */
	unsigned int beyond;		/* exchanges, or blocks, with slips that may not be seen */
};

static bool one_in(struct line *l, u32 n)
{
	return line_random(l) % n == 0;
}

/* May this character slip in that way? Counts it, if so. */
static bool slip(struct bench *b, struct sender *s, enum spoil how, bool from_card)
{
	const struct kind *k = b->kind;

	if (how == SPOIL_SILENT && k->slips != ANY_NUMBER)
		return false;
	switch (k->slips) {
	case ONE_AN_EXCHANGE:
		if (b->slipped)
			return false;
		if (!k->blind && (how == SPOIL_REPEAT || (from_card && k->ack_each)))
			return false;
		b->beyond += !!k->blind;
		break;
	case ONE_A_BLOCK:
		if (s->slips)
			return false;
		break;
	case ANY_NUMBER:
		if (s->slips == 1)
			b->beyond += !!k->blind;
		break;
	}
	b->slipped = true;
	if (s->slips < 2)
		s->slips++;
	return true;
}

static enum spoil noise(struct line *l, bool from_card)
{
	static const enum spoil how[] = {
		SPOIL_PARITY, SPOIL_PARITY, SPOIL_DROP, SPOIL_REPEAT, SPOIL_SILENT, SPOIL_DELAY,
	};
	struct bench *b = l->ctx;
	enum spoil choice;

	if (line_random(l) % 10000 >= b->kind->errors)
		return SPOIL_NOT;
	choice = how[line_random(l) % ARRAY_SIZE(how)];
	if (choice == SPOIL_PARITY || choice == SPOIL_DELAY ||
	    slip(b, from_card ? &l->from_card : &l->from_coupler, choice, from_card))
		return choice;
	return SPOIL_PARITY;
}

/* Uniform in the logarithm, from 1 to @max. */
static u32 log_uniform(struct line *l, u32 max)
{
	unsigned int bits = 0;
	u32 n;

	while (max >> (bits + 1))
		bits++;
	n = 1U << line_random(l) % (bits + 1);
	n += line_random(l) & (n - 1);
	return n < max ? n : max;
}

/* A command of @len bytes, of any case that has this length, that is answered by about @n. */
static void make_command(struct line *l, struct apdu *a, u32 len, u32 n)
{
	bool ext = len > 261 || (len >= 10 && one_in(l, 4)), in = len < 6, out = len > 5;
	u32 lc, le, i;

	if (len == 7 && one_in(l, 2)) {
		ext = true;
		in = true;
		out = false;
	} else if (len == 261 || len > 65542 || len == 7 || (len > 7 && one_in(l, 2))) {
		in = true;
	}
	if (len == 4)
		in = false;
	lc = out ? len - (ext ? 7 : 5) - (in ? ext ? 2 : 1 : 0) : 0;
	le = ext ? 65536 : 256;
	a->n = !in ? 0 : n < le ? n : le;
	if (a->n > 65535)
		a->n = 65535;
	if (one_in(l, 2) && a->n)
		le = a->n;
	a->cmd[0] = 0;
	a->cmd[1] = out ? INS_OUT : INS_IN;
	a->cmd[2] = (u8)(a->n >> 8);
	a->cmd[3] = (u8)a->n;
	a->len = 4;
	if (ext)
		a->cmd[a->len++] = 0;
	if (out) {
		if (ext)
			a->cmd[a->len++] = (u8)(lc >> 8);
		a->cmd[a->len++] = (u8)lc;
	}
	for (i = 0; i < lc; i++)
		a->cmd[a->len++] = (u8)(line_random(l) >> 7);
	if (in && ext)
		a->cmd[a->len++] = (u8)(le >> 8);
	if (in)
		a->cmd[a->len++] = (u8)le;
	assert_int_equal(a->len, len);
}

static u32 remember(struct line *l, const u8 *cmd, u32 len, u8 *rsp)
{
	struct bench *b = l->ctx;

	if (cmd[1] != 0xc0)
		b->got_len = flatten(b->got, cmd, len);
	return app(l, cmd, len, rsp);
}

static struct bench *bench_new(const struct kind *k)
{
	struct iso7816_card_config card = {
		.reset_clks = 400, .incoming = incoming, .get_response = true, .envelope = true,
		.ack_each = k->ack_each, .answer_etu = k->answer_etu, .settle = true,
	};
	struct bench *b = calloc(1, sizeof(*b));
	struct iso7816_config cfg;
	u8 rates[16], n, i;

	assert_non_null(b);
	card.atr_len = line_hex(card.atr, k->atr);
	iso7816_config_init(&cfg);
	cfg.policy = k->policy;
	cfg.t = k->t;
	cfg.ifsd = k->ifsd;
	cfg.settle = true;	/* the line repeats characters */
	n = line_hex(rates, k->rates);
	for (i = 0; i < n; i++)
		iso7816_config_allow(&cfg, rates[i]);
	b->kind = k;
	b->line = line_new(&cfg, &card);
	b->line->app = remember;
	b->line->ctx = b;
	assert_int_equal(line_reset(b->line, ISO7816_COLD), ISO7816_OK);
	return b;
}

static void bench_free(struct bench *b)
{
	free(b->line);
	free(b);
}

/* One exchange, its command in b->apdu. */
static void exchange(struct bench *b, bool noisy)
{
	struct line *l = b->line;
	struct iso7816_exchange x = {
		.cmd = b->apdu.cmd, .cmd_len = b->apdu.len, .rsp = b->rsp, .rsp_size = LINE_BUF,
	};
	unsigned int before = l->commands;
	enum iso7816_err err;
	u32 len;

	b->slipped = false;
	l->spoil = noisy ? noise : NULL;
	err = line_exchange(l, &x);
	l->spoil = NULL;
	if (err) {
		assert_true(noisy);
		if (!iso7816_coupler_ready(&l->coupler))
			assert_int_equal(line_reset(l, ISO7816_WARM), ISO7816_OK);
		return;
	}
	b->good++;
	len = flatten(b->sent, b->apdu.cmd, b->apdu.len);
	if (l->commands == before + 1 && b->got_len == len && !memcmp(b->got, b->sent, len) &&
	    response_is_right(&b->apdu, &x))
		return;
	b->wrong++;
	assert_true(b->kind->blind);
	/* The sides do not agree on where they are. */
	assert_int_equal(line_reset(l, ISO7816_WARM), ISO7816_OK);
}

static void bad_line(const struct kind *k)
{
	struct bench *b = bench_new(k);
	unsigned int i, n = rounds / ARRAY_SIZE(kinds) + 1;
	struct line *l = b->line;

	for (i = 0; i < n; i++) {
		/* Each round by itself, so that one alone can be repeated. */
		l->seed = (first_seed + i * 2654435761U + (u32)(k - kinds) * 40503U) | 1;
		line_random(l);
		line_random(l);
		l->busy = one_in(l, 4);
		make_command(l, &b->apdu, 3 + log_uniform(l, longest - 3), log_uniform(l, longest));
		exchange(b, true);
	}
	printf("# %s: %u of %u delivered, the others reported\n", k->name, b->good, n);
	if (k->blind) {
		printf("# ... %u of the delivered ones wrong; one in %u of %u can be\n", b->wrong,
		       k->blind, b->beyond);
		assert_in_range(b->wrong, 0, 2 + 2 * b->beyond / k->blind);
	}
	/* A line that does nothing, or lets nothing through, would show nothing. */
	if (n >= 100) {
		assert_true(b->good * 100 >= n * k->least_good);
		assert_true(b->good < n);
	}
	bench_free(b);
}

/* Every length of a command, and with it every length of a response. */
static void every_length(const struct kind *k)
{
	struct bench *b = bench_new(k);
	u32 len;

	b->line->seed = first_seed | 1;
	for (len = 4; len <= longest; len++) {
		u32 n = longest - len;

		if (stride > 1 && len > 600 && n > 600 && len % stride)
			continue;
		make_command(b->line, &b->apdu, len, n);
		exchange(b, false);
	}
	bench_free(b);
}

#define BAD(name, kind) TEST(name) { bad_line(&kinds[kind]); }
#define ALL(name, kind) TEST(name) { every_length(&kinds[kind]); }

BAD(noise_t0, 0)
BAD(noise_t0_one_by_one, 1)
BAD(noise_t0_inverse_emv, 2)
BAD(noise_t0_beyond, 3)
BAD(noise_t0_one_by_one_beyond, 4)
BAD(noise_t1_ifs_32, 5)
BAD(noise_t1_crc_inverse, 6)
BAD(noise_t1_fast, 7)
BAD(noise_t1_beyond, 8)
BAD(noise_t1_ifs_254, 9)
ALL(lengths_t0, 0)
ALL(lengths_t1, 9)

static TEST_CASE cases[] = {
	RUN(noise_t0),
	RUN(noise_t0_one_by_one),
	RUN(noise_t0_inverse_emv),
	RUN(noise_t0_beyond),
	RUN(noise_t0_one_by_one_beyond),
	RUN(noise_t1_ifs_32),
	RUN(noise_t1_crc_inverse),
	RUN(noise_t1_fast),
	RUN(noise_t1_beyond),
	RUN(noise_t1_ifs_254),
	RUN(lengths_t0),
	RUN(lengths_t1),
	{}
};

#ifdef __KERNEL__

TEST_SUITE("iso7816_noise");

#else

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "rounds", required_argument, NULL, 'r' },
		{ "every-length", no_argument, NULL, 'e' },
		{ "seed", required_argument, NULL, 's' },
		{ "only", required_argument, NULL, 'o' },
		{ }
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'r':
			rounds = (unsigned int)strtoul(optarg, NULL, 0);
			break;
		case 'e':
			stride = 1;
			break;
		case 's':
			first_seed = (u32)strtoul(optarg, NULL, 0);
			break;
		case 'o':
			cmocka_set_test_filter(optarg);
			break;
		default:
			fprintf(stderr, "Usage: %s [--rounds=N] [--every-length] [--seed=N] %s\n",
				argv[0], "[--only=PATTERN]");
			return 2;
		}
	}
	printf("# seed %#x, %u rounds\n", first_seed, rounds);
	return cmocka_run_group_tests_name("iso7816_noise", cases, NULL, NULL);
}

#endif
