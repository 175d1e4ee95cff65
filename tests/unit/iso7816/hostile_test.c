// SPDX-License-Identifier: GPL-2.0-only
/*
 * Both halves against anything at all: random characters, flags and times. Every command ends,
 * with one DO_DONE, after a bounded number of deadlines.
 */
#include "script.h"

static u32 seed;

static u32 dice(u32 sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % sides;
}

/* Often what means something, so that the states behind are reached. */
static u8 likely_byte(u8 ins)
{
	static const u8 liked[] = {
		0x00, 0x3b, 0x03, 0x60, 0x61, 0x6c, 0x90, 0x00, 0x02, 0x80, 0x81, 0x92, 0xe1, 0xc3,
		0xc1, 0xc2, 0xe0, 0xff, 0x10, 0x01, 0x40, 0x20,
	};

	switch (dice(4)) {
	case 0:
		return (u8)dice(256);
	case 1:
		return dice(2) ? ins : (u8)~ins;
	default:
		return liked[dice(ARRAY_SIZE(liked))];
	}
}

/* The rest of a valid block, so that T=1 gets further than to its EDC. */
static void feed_block(struct script *s)
{
	static const u8 pcbs[] = {
		0x00, 0x40, 0x20, 0x60, 0x80, 0x90, 0x81, 0x92, 0xc0, 0xc1, 0xc2, 0xc3, 0xe0, 0xe1,
		0xe2, 0xe3,
	};
	u8 pcb = pcbs[dice(ARRAY_SIZE(pcbs))];
	u8 len = pcb < 0x80 ? (u8)dice(40) : (pcb & 0xc1) == 0xc1 ? 1 : 0;
	u8 lrc = pcb ^ len, i;
	const struct iso7816_line *p = iso7816_coupler_line(&s->c);
	u64 etu = iso7816_etu(p->f, p->d);

	iso7816_coupler_rx(&s->c, s->t += 22 * etu, 0, 0);
	iso7816_coupler_rx(&s->c, s->t += 12 * etu, pcb, 0);
	iso7816_coupler_rx(&s->c, s->t += 12 * etu, len, 0);
	for (i = 0; i < len; i++) {
		u8 byte = pcb == 0xe1 ? 254 : (u8)dice(256);

		lrc ^= byte;
		iso7816_coupler_rx(&s->c, s->t += 12 * etu, byte, 0);
	}
	iso7816_coupler_rx(&s->c, s->t += 12 * etu, lrc, 0);
}

/* Carry out what the engine asks for; true when the command is done. */
static bool serve(struct script *s, bool *ret_sending, u64 *ret_end)
{
	struct iso7816_action act;
	bool over = false;
	int n = 0;

	while (iso7816_coupler_next(&s->c, &act)) {
		assert_true(++n <= 4);
		assert_false(over);
		if (act.op == ISO7816_DO_SEND) {
			assert_in_range(act.send.len, 1, ISO7816_BLOCK_MAX);
			assert_false(*ret_sending);
			*ret_sending = true;
			*ret_end = (act.send.at > s->t ? act.send.at : s->t) +
				   (u64)(act.send.len - 1) * act.send.gap;
		} else if (act.op == ISO7816_DO_DONE) {
			over = true;
		}
		if (act.op != ISO7816_DO_SEND && act.op != ISO7816_DO_LINE)
			*ret_sending = false;
	}
	return over;
}

/* One command to its end, whatever comes over the line. */
static void suffer(struct script *s, u8 ins)
{
	bool sending = false;
	unsigned int steps;
	u64 end = 0;

	for (steps = 0; steps < 200000; steps++) {
		u64 deadline;

		if (serve(s, &sending, &end))
			return;
		deadline = iso7816_coupler_deadline(&s->c);
		assert_true(deadline != ISO7816_NEVER);
		if (sending && dice(50)) {
			s->t = end;
			sending = false;
			iso7816_coupler_sent(&s->c, s->t, dice(30) ? 0 : 1 << (3 + dice(2)));
			continue;
		}
		if (!dice(12)) {
			if (deadline > s->t)
				s->t = deadline;
			sending = false;
			iso7816_coupler_timer(&s->c, s->t);
		} else if (iso7816_coupler_line(&s->c)->t == 1 && dice(3)) {
			feed_block(s);
		} else {
			s->t += (u64)dice(14) * ETU0;
			iso7816_coupler_rx(&s->c, s->t, likely_byte(ins),
					   dice(40) ? 0 : (u8)dice(8));
		}
	}
	fail_msg("a command did not end");
}

TEST(coupler)
{
	static const char *const atrs[] = { "3B00", "3B800181", "3B1096", "3B8001", "3B2000",
		"3BA000812143 43",
	};
	unsigned int i, k;

	seed = 0xc0ffee;
	for (i = 0; i < 3000 / SLOWER; i++) {
		struct script *s = script_new(i % 3);
		u8 raw[40];
		u32 n = script_hex(raw, atrs[dice(ARRAY_SIZE(atrs))]);

		s->cfg.max_null = 20;
		s->cfg.max_wtx = 10;
		s->cfg.ifsd = (u8)dice(256);
		iso7816_config_allow(&s->cfg, 0x96);
		script_rst(s);
		s->t += CLK(400);
		for (k = 0; k < n; k++, s->t += 12 * ETU0)
			iso7816_coupler_rx(&s->c, s->t, raw[k], 0);
		suffer(s, 0xb0);
		for (k = 0; k < 20 && iso7816_coupler_ready(&s->c); k++) {
			static const char *const cmds[] = {
				"00B0000000", "00D6000003 010203", "00A4000002 010200", "00440000",
				"00B00000 00 0000", "00B00000 00 0200",
			};
			u32 len = script_hex(s->cmd, cmds[dice(ARRAY_SIZE(cmds))]);

			s->x = (struct iso7816_exchange){
				.cmd = s->cmd, .cmd_len = len, .rsp = s->rsp,
				.rsp_size = 2 + dice(300), .mode = dice(8) == 0,
			};
			if (iso7816_coupler_exchange(&s->c, s->t, &s->x))
				break;
			suffer(s, s->cmd[1]);
			assert_in_range(s->x.rsp_len, 0, s->x.rsp_size);
		}
		free(s);
	}
}

TEST(any_reset)
{
	unsigned int i;

	seed = 0xbadc0de;
	for (i = 0; i < 5000 / SLOWER; i++) {
		struct script *s = script_new(i % 3);

		iso7816_config_allow(&s->cfg, 0x96);
		script_rst(s);
		if (dice(8)) {
			s->t += CLK(400);
			iso7816_coupler_rx(&s->c, s->t, dice(2) ? 0x3b : 0x03, 0);
			s->t += 12 * ETU0;
		}
		suffer(s, (u8)dice(256));
		free(s);
	}
}

TEST(card)
{
	static const char *const atrs[] = { "3B00", "3B800181", "3B1096" };
	unsigned int i, k;

	seed = 0xfeedbeef;
	for (i = 0; i < 2000 / SLOWER; i++) {
		struct iso7816_card_config cfg = { .reset_clks = 400, .get_response = dice(2),
						   .envelope = dice(2), .ack_each = dice(2) };
		struct iso7816_card *c = calloc(1, sizeof(*c));
		u8 *apdu = malloc(300), *rsp = malloc(300), answer[300];
		struct iso7816_card_action act;
		u64 t = 0;

		assert_non_null(c);
		memset(answer, 0x90, sizeof(answer));
		cfg.atr_len = (u8)script_hex(cfg.atr, atrs[dice(3)]);
		assert_int_equal(iso7816_card_init(c, &cfg, apdu, 300, rsp, 300), ISO7816_OK);
		iso7816_card_rst(c, t, true);
		for (k = 0; k < 2000; k++) {
			while (iso7816_card_next(c, &act)) {
				if (act.op == ISO7816_CARD_SEND) {
					assert_in_range(act.send.len, 1, ISO7816_CARD_TX);
					t = act.send.at + (act.send.len - 1) * act.send.gap;
					if (dice(50))
						iso7816_card_sent(c, t, 0);
				} else if (act.op == ISO7816_CARD_COMMAND) {
					assert_in_range(act.command.len, 0, 300);
					if (dice(3) == 0)
						iso7816_card_busy(c, t, (u8)dice(256));
				}
			}
			t += (u64)dice(30) * ETU0;
			if (dice(20) == 0)
				iso7816_card_respond(c, t, answer, 2 + dice(298));
			else if (dice(20) == 0)
				iso7816_card_timer(c, iso7816_card_deadline(c));
			else if (dice(400) == 0)
				iso7816_card_rst(c, t, dice(2));
			else
				iso7816_card_rx(c, t, likely_byte(0xc2), dice(30) ? 0 : 1);
		}
		free(apdu);
		free(rsp);
		free(c);
	}
}

static TEST_CASE cases[] = {
	RUN(coupler),
	RUN(any_reset),
	RUN(card),
	{}
};

TEST_SUITE("iso7816_hostile");
