// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engine's two halves over a bad line: whatever is flipped, lost, doubled or late, a response
 * that is reported is the right one, to a command that the card got once and whole.
 *
 * What the protocols can promise is bounded by their checks. A flip is of one bit, which parity
 * sees. An LRC misses one in 256 blocks with two errors that parity does not see, so of a T=1
 * block at most one character is lost, doubled or late. T=0 has no check but parity, and tells
 * data from procedure bytes by their number. So there one character of an exchange is lost or
 * late, nothing is spoilt after it, and those are repeated that were refused; from a card that
 * acknowledges byte by byte none is lost, for its next byte might read as the acknowledgment.
 */
#include <getopt.h>

#include "iso7816_app.h"
#include "iso7816_line.h"

static unsigned int rounds = 1000;
static unsigned int stride = 797;
static u32 first_seed = 0x20261124;

struct kind {
	const char *name;
	const char *atr;
	const char *rates;
	enum iso7816_policy policy;
	u8 t;
	u8 ifsd;
	bool ack_each;
	u32 answer_etu;
	unsigned int errors;		/* of 10,000 characters */
	unsigned int least_good;	/* of 100 exchanges */
};

static const struct kind kinds[] = {
	{ .name = "t0", .atr = "3B00", .rates = "", .errors = 100, .least_good = 5 },
	{ .name = "t0 one by one", .atr = "3B10 96", .rates = "96", .ack_each = true,
	  .answer_etu = 40, .policy = ISO7816_STRICT, .errors = 100, .least_good = 5 },
	{ .name = "t0 inverse, emv", .atr = "3F60 00 00", .rates = "", .policy = ISO7816_EMV,
	  .errors = 100, .least_good = 5 },
	{ .name = "t1 ifs 32", .atr = "3B8001 81", .rates = "", .t = 1, .errors = 100,
	  .least_good = 20 },
	/* TC1 255, IFSC 16, BWI 1, CWI 3, CRC */
	{ .name = "t1 ifs 16, crc, inverse", .atr = "3FC0FF8171101301CD", .rates = "", .t = 1,
	  .ifsd = 16, .policy = ISO7816_STRICT, .errors = 100, .least_good = 20 },
	/* F 512, D 32, IFSC 32, BWI 4, CWI 3 */
	{ .name = "t1 ifs 32, fast", .atr = "3B909681312043D5", .rates = "96", .t = 1,
	  .ifsd = 32, .answer_etu = 100, .errors = 100, .least_good = 20 },
	/* F 512, D 32, IFSC 254, BWI 4, CWI 3 */
	{ .name = "t1 ifs 254", .atr = "3B90968131FE430B", .rates = "96", .t = 1, .ifsd = 254,
	  .errors = 5, .least_good = 40 },
};

struct bench {
	const struct kind *kind;
	struct line *line;
	struct apdu apdu;
	u8 rsp[LINE_BUF];
	u8 sent[LINE_BUF], got[LINE_BUF];
	u32 got_len;
	bool shifted;			/* in this exchange a character was lost, doubled or late */
	unsigned int good;
};

static bool one_in(struct line *l, u32 n)
{
	return line_random(l) % n == 0;
}

static enum spoil noise(struct line *l, bool from_card)
{
	static const enum spoil how[] = {
		SPOIL_PARITY, SPOIL_PARITY, SPOIL_PARITY, SPOIL_DROP, SPOIL_REPEAT, SPOIL_DELAY,
	};
	struct bench *b = l->ctx;
	struct sender *s = from_card ? &l->from_card : &l->from_coupler;
	enum spoil choice;

	if (line_random(l) % 10000 >= b->kind->errors || (!b->kind->t && b->shifted))
		return SPOIL_NOT;
	choice = how[line_random(l) % ARRAY_SIZE(how)];
	if (choice == SPOIL_PARITY)
		return choice;
	if (b->kind->t && s->shifted)
		return SPOIL_PARITY;
	if (!b->kind->t && (choice == SPOIL_REPEAT ||
			    (choice == SPOIL_DROP && from_card && b->kind->ack_each)))
		return SPOIL_PARITY;
	s->shifted = true;
	b->shifted = true;
	return choice;
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

	b->shifted = false;
	l->spoil = noisy ? noise : NULL;
	err = line_exchange(l, &x);
	l->spoil = NULL;
	if (err) {
		assert_true(noisy);
		if (!iso7816_coupler_ready(&l->coupler))
			assert_int_equal(line_reset(l, ISO7816_WARM), ISO7816_OK);
		return;
	}
	assert_int_equal(l->commands, before + 1);
	len = flatten(b->sent, b->apdu.cmd, b->apdu.len);
	assert_int_equal(b->got_len, len);
	assert_memory_equal(b->got, b->sent, len);
	check_response(&b->apdu, &x);
	b->good++;
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
		make_command(l, &b->apdu, 3 + log_uniform(l, ISO7816_APDU_MAX - 3),
			     log_uniform(l, 65536));
		exchange(b, true);
	}
	printf("# %s: %u of %u delivered, the others reported\n", k->name, b->good, n);
	assert_true(b->good * 100 >= n * k->least_good);
	assert_true(b->good < n);
	bench_free(b);
}

/* Every length of a command, and with it every length of a response. */
static void every_length(const struct kind *k)
{
	struct bench *b = bench_new(k);
	u32 len;

	b->line->seed = first_seed | 1;
	for (len = 4; len <= ISO7816_APDU_MAX; len++) {
		u32 n = ISO7816_APDU_MAX - len;

		if (stride > 1 && len > 600 && n > 600 && len % stride)
			continue;
		make_command(b->line, &b->apdu, len, n);
		exchange(b, false);
	}
	bench_free(b);
}

#define BAD(name, kind) static void name(void **state) { (void)state; bad_line(&kinds[kind]); }
#define ALL(name, kind) static void name(void **state) { (void)state; every_length(&kinds[kind]); }

BAD(noise_t0, 0)
BAD(noise_t0_one_by_one, 1)
BAD(noise_t0_inverse_emv, 2)
BAD(noise_t1_ifs_32, 3)
BAD(noise_t1_crc_inverse, 4)
BAD(noise_t1_fast, 5)
BAD(noise_t1_ifs_254, 6)
ALL(lengths_t0, 0)
ALL(lengths_t1, 6)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(noise_t0),
		cmocka_unit_test(noise_t0_one_by_one),
		cmocka_unit_test(noise_t0_inverse_emv),
		cmocka_unit_test(noise_t1_ifs_32),
		cmocka_unit_test(noise_t1_crc_inverse),
		cmocka_unit_test(noise_t1_fast),
		cmocka_unit_test(noise_t1_ifs_254),
		cmocka_unit_test(lengths_t0),
		cmocka_unit_test(lengths_t1),
	};
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
	return cmocka_run_group_tests_name("iso7816_noise", tests, NULL, NULL);
}
