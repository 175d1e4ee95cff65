/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The card of the tests on a model line: an application whose answers depend on every byte that
 * it got, and the commands for it.
 */
#ifndef ISO7816_APP_H
#define ISO7816_APP_H

#include "line.h"

/*
 * The card of these tests: P1 P2 are the number of bytes that it answers, which depend on all it
 * got; INS with b5 set means that data come with the command.
 */
#define INS_OUT 0x12		/* case 3 and 4 */
#define INS_IN 0x02		/* case 1 and 2 */

static inline u8 answer_byte(u32 i, u32 sum)
{
	return (u8)(i * 7 + sum + (i >> 8));
}

static inline u32 sum_of(u32 sum, const u8 *data, u32 len)
{
	while (len--)
		sum = sum * 31 + *data++;
	return sum;
}

static inline bool incoming(void *ctx, const u8 header[5])
{
	(void)ctx;
	return header[1] & 0x10;
}

/* What a command means: Le and P3 are the protocol's matter, header and data are not. */
static inline const u8 *data_of(const u8 *cmd, u32 len, u32 *ret_lc)
{
	*ret_lc = 0;
	if (!(cmd[1] & 0x10) || len <= 5)
		return NULL;
	*ret_lc = cmd[4] ? cmd[4] : (u32)cmd[5] << 8 | cmd[6];
	return cmd + (cmd[4] ? 5 : 7);
}

static inline u32 flatten(u8 *flat, const u8 *cmd, u32 len)
{
	u32 lc;
	const u8 *data = data_of(cmd, len, &lc);

	memcpy(flat, cmd, 4);
	if (lc)
		memcpy(flat + 4, data, lc);
	return 4 + lc;
}

static inline u32 command_sum(const u8 *cmd, u32 len)
{
	u32 lc;
	const u8 *data = data_of(cmd, len, &lc);

	return sum_of(sum_of(0x55, cmd, 4), data, lc);
}

static inline u32 app(struct line *l, const u8 *cmd, u32 len, u8 *rsp)
{
	u32 n = (u32)cmd[2] << 8 | cmd[3];
	u32 sum = command_sum(cmd, len);
	u32 i;

	/* 12.2.1: by the letter, 9000 after a case 4 command is followed by a GET RESPONSE. */
	if (cmd[1] == 0xc0) {
		l->commands--;
		rsp[0] = 0x90;
		rsp[1] = 0x00;
		return 2;
	}
	for (i = 0; i < n; i++)
		rsp[i] = answer_byte(i, sum);
	rsp[n] = 0x90;
	rsp[n + 1] = (u8)(sum % 3 ? 0 : 1);
	return n + 2;
}

struct apdu {
	u8 cmd[LINE_BUF];
	u32 len;
	u32 n;
};

static inline void make_apdu(struct line *l, struct apdu *a, u32 max_lc, u32 max_le)
{
	u32 kind = line_random(l) % 4 + 1;
	bool out = kind >= 3, in = kind == 2 || kind == 4, ext;
	u32 lc = out ? line_random(l) % max_lc + 1 : 0;
	u32 le = in ? line_random(l) % max_le + 1 : 0;
	u32 i;

	/* Border values come up more often than by chance. */
	if (out && line_random(l) % 4 == 0)
		lc = max_lc - line_random(l) % 2;
	if (in && line_random(l) % 4 == 0)
		le = line_random(l) % 2 ? max_le : 1;
	if (out && line_random(l) % 8 == 0 && max_lc >= 256)
		lc = 253 + line_random(l) % 4;
	ext = lc > 255 || le > 256;
	a->n = in ? line_random(l) % (le + 1) : 0;
	if (in && line_random(l) % 2)
		a->n = le;
	if (a->n > 65535)
		a->n = 65535;
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
		for (i = 0; i < lc; i++)
			a->cmd[a->len++] = (u8)line_random(l);
	}
	if (in) {
		if (ext)
			a->cmd[a->len++] = (u8)(le >> 8);
		a->cmd[a->len++] = (u8)le;
	}
}

static inline bool response_is_right(const struct apdu *a, const struct iso7816_exchange *x)
{
	u32 sum = command_sum(a->cmd, a->len);
	u32 i;

	if (x->rsp_len != a->n + 2)
		return false;
	for (i = 0; i < a->n; i++)
		if (x->rsp[i] != answer_byte(i, sum))
			return false;
	return x->rsp[a->n] == 0x90 && x->rsp[a->n + 1] == (sum % 3 ? 0 : 1);
}

static inline struct iso7816_card_config card_config(const char *atr)
{
	struct iso7816_card_config cfg = {
		.reset_clks = 400, .incoming = incoming, .get_response = true, .envelope = true,
	};

	cfg.atr_len = line_hex(cfg.atr, atr);
	return cfg;
}

#endif
