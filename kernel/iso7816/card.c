// SPDX-License-Identifier: GPL-2.0-only
/*
 * The card's half: answer to reset, PPS from the card's end, dispatch to T=0 and T=1.
 *
 * No locks and no contexts of its own: the owner serialises all calls on one object.
 */
#include "internal.h"

struct iso7816_card_action *iso7816_card_push(struct iso7816_card *c, enum iso7816_card_op op)
{
	struct iso7816_card_action *act = &c->queue[iso7816_ring_put(&c->pending)];

	memset(act, 0, sizeof(*act));
	act->op = op;
	return act;
}

bool iso7816_card_next(struct iso7816_card *c, struct iso7816_card_action *act)
{
	if (!c->pending.len)
		return false;
	*act = c->queue[iso7816_ring_take(&c->pending)];
	return true;
}

static void push_line(struct iso7816_card *c)
{
	iso7816_card_push(c, ISO7816_CARD_LINE)->line = c->line;
}

/**
 * iso7816_card_send() - ask for what is in @c->tx to be sent
 * @c: card
 * @len: characters, at least 1
 * @at: earliest leading edge
 */
void iso7816_card_send(struct iso7816_card *c, u16 len, u64 at)
{
	struct iso7816_card_action *act = iso7816_card_push(c, ISO7816_CARD_SEND);
	u16 i;

	if (c->inverse)
		for (i = 0; i < len; i++)
			c->tx[i] = iso7816_convert(c->tx[i]);
	act->send.data = c->tx;
	act->send.len = len;
	act->send.at = at;
	act->send.gap = c->timing.card_gap;
	c->sending = true;
	c->deadline = ISO7816_NEVER;
}

/**
 * iso7816_card_answer_at() - the earliest leading edge of an answer
 * @c: card
 * @now: ticks; not before
 *
 * Guard time and BGT of 7.2 and 11.4.3, and what the owner wants on top.
 */
u64 iso7816_card_answer_at(const struct iso7816_card *c, u64 now)
{
	u64 slot = 12 * (u64)c->timing.etu + (u64)c->cfg.answer_etu * c->timing.etu;

	if (c->phase == CARD_T1)
		slot = iso7816_max(slot, (u64)c->timing.bgt);
	return iso7816_max(now, c->last + slot);
}

/**
 * iso7816_card_deliver() - hand a command to the owner
 * @c: card
 * @data: command
 * @len: characters, at least 1
 */
void iso7816_card_deliver(struct iso7816_card *c, const u8 *data, u32 len)
{
	struct iso7816_card_action *act = iso7816_card_push(c, ISO7816_CARD_COMMAND);

	act->command.data = data;
	act->command.len = len;
	c->busy = true;
	c->answered = false;
	c->deadline = ISO7816_NEVER;
}

enum iso7816_err iso7816_card_init(struct iso7816_card *c, const struct iso7816_card_config *cfg,
				   u8 *apdu, u32 apdu_size, u8 *rsp, u32 rsp_size)
{
	enum iso7816_err err;

	memset(c, 0, sizeof(*c));
	if (apdu_size < 260 || rsp_size < 2)
		return ISO7816_E_OVERFLOW;
	if (cfg->atr_len > sizeof(cfg->atr))
		return ISO7816_E_ATR_LENGTH;
	err = iso7816_atr_parse(&c->atr, cfg->atr, cfg->atr_len, ISO7816_TOLERANT);
	if (err)
		return err;
	c->cfg = *cfg;
	c->inverse = c->atr.inverse;
	c->apdu = apdu;
	c->apdu_size = apdu_size;
	c->rsp = rsp;
	c->rsp_size = rsp_size;
	c->phase = CARD_OFF;
	c->deadline = ISO7816_NEVER;
	return ISO7816_OK;
}

static void set_line(struct iso7816_card *c, u16 f, u8 d, u8 t)
{
	memset(&c->line, 0, sizeof(c->line));
	c->line.f = f;
	c->line.d = d;
	c->line.odd = c->inverse;
	iso7816_timing_set(&c->timing, &c->atr, f, d, t);
}

void iso7816_card_rst(struct iso7816_card *c, u64 now, bool high)
{
	c->pending.len = 0;
	c->sending = false;
	c->busy = false;
	c->held = false;
	c->deadline = ISO7816_NEVER;
	c->last = now;
	if (!high) {
		c->phase = CARD_OFF;
		return;
	}
	c->phase = CARD_ATR;
	set_line(c, ISO7816_FD, 1, 0);
	push_line(c);
	memcpy(c->tx, c->cfg.atr, c->cfg.atr_len);
	iso7816_card_send(c, c->cfg.atr_len, now + ISO7816_CLK(c->cfg.reset_clks));
}

static void protocol_line(const struct iso7816_card *c, struct iso7816_line *ret_line, u8 t, u16 f,
			  u8 d)
{
	memset(ret_line, 0, sizeof(*ret_line));
	ret_line->f = f;
	ret_line->d = d;
	ret_line->odd = c->inverse;
	ret_line->guard11 = t == 1 && c->atr.n == 255;
	ret_line->error_signal = t == 0;
	ret_line->t = t;
}

bool iso7816_card_next_line(const struct iso7816_card *c, struct iso7816_line *ret_line)
{
	if (c->phase == CARD_PPS_SENT) {
		protocol_line(c, ret_line, c->next_line.t, c->next_line.f, c->next_line.d);
		return true;
	}
	if (c->phase == CARD_ATR && c->atr.specific && (c->atr.ta2 & 0xf) <= 1 &&
	    !(c->atr.ta2 & 0x10)) {
		protocol_line(c, ret_line, c->atr.ta2 & 0xf, iso7816_fi(c->atr.ta1),
			      iso7816_di(c->atr.ta1));
		return true;
	}
	return false;
}

static void start_protocol(struct iso7816_card *c, u8 t, u16 f, u8 d)
{
	set_line(c, f, d, t);
	protocol_line(c, &c->line, t, f, d);
	c->t = t;
	push_line(c);
	if (t == 1) {
		c->phase = CARD_T1;
		iso7816_card_t1_start(c);
	} else {
		c->phase = CARD_T0;
		iso7816_card_t0_start(c);
	}
}

static void pps(struct iso7816_card *c)
{
	u8 t = c->pps[1] & 0xf;
	u8 pps1 = 0x11;
	u8 len = 0;

	/* 9.3: to a request that is wrong or that it cannot follow, the card does not answer. */
	if (!iso7816_pps_valid(c->pps, c->pps_len) || !(c->atr.protocols >> t & 1) || t > 1) {
		c->phase = CARD_MUTE;
		return;
	}
	c->tx[len++] = 0xff;
	c->tx[len++] = t;
	if (c->pps[1] & 0x10 && iso7816_pps_in_range(c->pps[2], c->atr.ta1)) {
		pps1 = c->pps[2];
		c->tx[1] |= 0x10;
		c->tx[len++] = pps1;
	}
	c->tx[len] = iso7816_lrc(c->tx, len);
	len++;
	c->next_line.f = iso7816_fi(pps1);
	c->next_line.d = iso7816_di(pps1);
	c->next_line.t = t;
	c->phase = CARD_PPS_SENT;
	iso7816_card_send(c, len, iso7816_card_answer_at(c, c->last));
}

static void pps_rx(struct iso7816_card *c, u8 byte, u8 flags)
{
	if (flags) {
		c->phase = CARD_MUTE;
		return;
	}
	c->pps[c->pps_len++] = byte;
	if (c->pps_len == iso7816_pps_size(c->pps, c->pps_len))
		pps(c);
}

void iso7816_card_rx(struct iso7816_card *c, u64 t, u8 byte, u8 flags)
{
	if (c->sending || c->phase <= CARD_ATR)
		return;
	if (c->inverse)
		byte = iso7816_convert(byte);
	if (c->phase == CARD_FIRST) {
		if (flags)
			return;		/* 7.3: it will be repeated, or nothing can be said */
		if (byte == 0xff) {
			c->phase = CARD_PPS;
			c->pps_len = 0;
		} else {
			start_protocol(c, c->atr.first == 1, ISO7816_FD, 1);
		}
	}
	switch (c->phase) {
	case CARD_PPS:
		c->last = t;
		pps_rx(c, byte, flags);
		break;
	case CARD_T0:
		iso7816_card_t0_rx(c, t, byte, flags);
		break;
	case CARD_T1:
		iso7816_card_t1_rx(c, t, byte, flags);
		break;
	default:
		break;
	}
}

void iso7816_card_sent(struct iso7816_card *c, u64 t, u8 flags)
{
	if (!c->sending)
		return;
	c->sending = false;
	c->last = t;
	switch (c->phase) {
	case CARD_ATR:
		if (!c->atr.specific)
			c->phase = CARD_FIRST;
		else if ((c->atr.ta2 & 0xf) > 1)
			c->phase = CARD_MUTE;
		else if (c->atr.ta2 & 0x10)	/* its F and D are nobody's business: Fd, Dd */
			start_protocol(c, c->atr.ta2 & 0xf, ISO7816_FD, 1);
		else
			start_protocol(c, c->atr.ta2 & 0xf, iso7816_fi(c->atr.ta1),
				       iso7816_di(c->atr.ta1));
		break;
	case CARD_PPS_SENT:
		start_protocol(c, c->next_line.t, c->next_line.f, c->next_line.d);
		break;
	case CARD_T0:
		iso7816_card_t0_sent(c, flags);
		break;
	case CARD_T1:
		iso7816_card_t1_sent(c);
		break;
	default:
		break;
	}
}

void iso7816_card_timer(struct iso7816_card *c, u64 now)
{
	if (now < c->deadline)
		return;
	c->deadline = ISO7816_NEVER;
	if (c->phase == CARD_T1)
		iso7816_card_t1_timer(c, now);
}

u64 iso7816_card_deadline(const struct iso7816_card *c)
{
	return c->deadline;
}

enum iso7816_err iso7816_card_respond(struct iso7816_card *c, u64 now, const u8 *rsp, u32 len)
{
	if (!c->busy || c->answered)
		return ISO7816_E_STATE;
	if (len < 2)
		return ISO7816_E_APDU;
	if (len > c->rsp_size)
		return ISO7816_E_OVERFLOW;
	if (rsp != c->rsp)
		memcpy(c->rsp, rsp, len);
	c->rsp_len = len;
	c->rsp_pos = 0;
	c->answered = true;
	if (c->phase == CARD_T0)
		return iso7816_card_t0_respond(c, now);
	return iso7816_card_t1_respond(c, now);
}

enum iso7816_err iso7816_card_busy(struct iso7816_card *c, u64 now, u8 multiplier)
{
	if (!c->busy || c->answered || c->sending)
		return ISO7816_E_STATE;
	if (c->phase == CARD_T0)
		return iso7816_card_t0_busy(c, now);
	return iso7816_card_t1_busy(c, now, multiplier);
}
