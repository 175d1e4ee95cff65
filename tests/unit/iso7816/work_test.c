// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engine is called in hard interrupt, so what one event sets off is bounded. It is counted in
 * basic blocks, at each of which code built with gcc's -fsanitize-coverage=trace-pc calls us: no
 * load of the machine changes that. What memcpy() does is not counted; it is at most a T=1 block
 * long, but for the card's whole response in iso7816_card_respond().
 */
#include "app.h"

#define BLOCKS_MAX 5000		/* as iso7816.h says */

/* The compiler does not know of the calls that it puts in last. */
static volatile unsigned long blocks;
static unsigned long most;

__attribute__((no_sanitize_coverage)) void __sanitizer_cov_trace_pc(void)
{
	blocks++;
}

/* Between two events. */
static void count(struct line *l)
{
	(void)l;
	if (blocks > most)
		most = blocks;
	blocks = 0;
}

/* The application is not the engine's work. */
static u32 uncounted(struct line *l, const u8 *cmd, u32 len, u8 *rsp)
{
	unsigned long before = blocks;
	u32 n = app(l, cmd, len, rsp);

	blocks = before;
	return n;
}

/* Everything that can go wrong with a character, at one in 200. */
static enum spoil now_and_then(struct line *l, bool from_card)
{
	(void)from_card;
	return line_random(l) % 200 ? SPOIL_NOT : SPOIL_PARITY + line_random(l) % 5;
}

static void work(const char *atr, u8 t, u32 max_lc, u32 max_le)
{
	struct iso7816_card_config card = card_config(atr);
	struct apdu *a = calloc(1, sizeof(*a));
	u8 *rsp = malloc(LINE_BUF);
	struct iso7816_config cfg;
	unsigned int i, ta1;
	struct line *l;

	assert_non_null(a);
	assert_non_null(rsp);
	most = 0;
	iso7816_config_init(&cfg);
	cfg.t = t;
	for (ta1 = 0; ta1 < 256; ta1++)
		if (iso7816_fi((u8)ta1) && iso7816_di((u8)ta1))
			iso7816_config_allow(&cfg, (u8)ta1);
	l = line_new(&cfg, &card);
	l->app = uncounted;
	l->watch = count;
	blocks = 0;
	assert_int_equal(line_reset(l, ISO7816_COLD), ISO7816_OK);
	for (i = 0; i < 60; i++) {
		struct iso7816_exchange x = { .rsp = rsp, .rsp_size = LINE_BUF };

		make_apdu(l, a, max_lc, max_le);
		x.cmd = a->cmd;
		x.cmd_len = a->len;
		blocks = 0;
		l->spoil = i % 2 ? now_and_then : NULL;
		line_exchange(l, &x);
		l->spoil = NULL;
		blocks = 0;
		if (!iso7816_coupler_ready(&l->coupler))
			assert_int_equal(line_reset(l, ISO7816_WARM), ISO7816_OK);
	}
	printf("# at most %lu basic blocks\n", most);
	assert_in_range(most, 100, BLOCKS_MAX);
	free(a);
	free(rsp);
	free(l);
}

/* Inverse convention: each byte is converted. Fi 2048 and Di 64: every rate is a candidate. */
TEST(t0)
{
	work("3F10 D7", 0, 255, 256);
	work("3F10 D7", 0, 3000, 3000);
}

/* IFSC 254, CRC */
TEST(t1)
{
	work("3F90 D7 81 71 FE 43 01 0B", 1, 3000, 3000);
}

static TEST_CASE cases[] = {
	RUN(t0),
	RUN(t1),
	{}
};

TEST_SUITE("iso7816_work");
