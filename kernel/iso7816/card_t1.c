// SPDX-License-Identifier: GPL-2.0-only
/*
 * T=1, the card's half: chaining, WTX, and its share of error recovery, ISO/IEC 7816-3 clause 11.
 */
#include "internal.h"

#define MAX_ERRORS	3	/* error R-blocks in a row; then the card only listens */

enum {				/* iso7816_card.state */
	T1_WAIT,
	T1_BLOCK,
	T1_OVER,		/* a block is complete, if nothing follows it */
	T1_SILENCE,
};

static void initial(struct iso7816_card *c)
{
	c->ns = 0;
	c->nr = 0;
	c->ifsc = c->atr.ifsc;
	c->ifsd = T1_IFS_DEFAULT;
	c->errors = 0;
	c->unacked = false;
	c->wtx_open = false;
	c->too_long = false;
	c->busy = false;
	c->answered = false;
	c->apdu_len = 0;
}

void iso7816_card_t1_start(struct iso7816_card *c)
{
	initial(c);
	c->state = T1_WAIT;
	c->deadline = ISO7816_NEVER;
	iso7816_t1_rx_start(&c->rx);
}

static void send_block(struct iso7816_card *c, u64 now, u8 pcb, const u8 *inf, u8 len)
{
	u16 n = iso7816_t1_build(c->tx, c->atr.crc, pcb, inf, len);

	c->state = T1_WAIT;
	iso7816_card_send(c, n, iso7816_card_answer_at(c, now));
}

static void send_r(struct iso7816_card *c, u64 now, u8 why)
{
	send_block(c, now, (u8)(T1_R | (c->nr ? T1_R_SEQ : 0) | why), NULL, 0);
}

static bool more(const struct iso7816_card *c)
{
	return c->rsp_pos + c->chunk < c->rsp_len;
}

static void send_i(struct iso7816_card *c, u64 now)
{
	u8 pcb = (u8)((c->ns ? T1_I_SEQ : 0) | (more(c) ? T1_I_MORE : 0));

	c->unacked = true;
	send_block(c, now, pcb, c->rsp + c->rsp_pos, (u8)c->chunk);
}

static void next_i(struct iso7816_card *c, u64 now)
{
	c->chunk = (u16)iso7816_min(c->rsp_len - c->rsp_pos, c->ifsd);
	send_i(c, now);
}

static void answer(struct iso7816_card *c, u64 now)
{
	c->busy = false;
	c->answered = false;
	next_i(c, now);
}

static void send_wtx(struct iso7816_card *c, u64 now)
{
	c->wtx_open = true;
	send_block(c, now, T1_WTX, &c->wtx, 1);
}

static void invalid(struct iso7816_card *c, u64 now, u8 why)
{
	c->state = T1_WAIT;
	if (c->wtx_open) {
		send_wtx(c, now);
		return;
	}
	if (c->busy)
		return;			/* the response will tell the coupler all it wants */
	if (c->errors++ < MAX_ERRORS)
		send_r(c, now, why);
	else
		c->errors = MAX_ERRORS;
}

static void got_i(struct iso7816_card *c, u8 pcb, const u8 *inf, u8 len)
{
	bool first = !c->apdu_len;

	if (c->busy || !!(pcb & T1_I_SEQ) != c->nr) {
		invalid(c, c->last, T1_OTHER);
		return;
	}
	/* In the middle of the card's own chain the coupler has nothing to send but R. */
	if (c->unacked && more(c)) {
		invalid(c, c->last, T1_OTHER);
		return;
	}
	if (c->unacked) {
		c->unacked = false;
		c->ns ^= 1;
	}
	c->errors = 0;
	c->nr ^= 1;
	if (first)
		c->too_long = false;
	if (len > c->apdu_size - c->apdu_len) {
		c->too_long = true;
	} else if (len) {
		memcpy(c->apdu + c->apdu_len, inf, len);
		c->apdu_len += len;
	}
	if (pcb & T1_I_MORE) {
		send_r(c, c->last, 0);
		return;
	}
	if (c->too_long) {
		c->apdu_len = 0;
		c->rsp[0] = 0x67;
		c->rsp[1] = 0x00;
		c->rsp_len = 2;
		c->rsp_pos = 0;
		next_i(c, c->last);
		return;
	}
	iso7816_card_deliver(c, c->apdu, c->apdu_len);
	c->apdu_len = 0;
}

static void got_r(struct iso7816_card *c, u8 pcb)
{
	if (c->busy) {
		invalid(c, c->last, T1_OTHER);
		return;
	}
	c->errors = 0;
	if (c->unacked && !!(pcb & T1_R_SEQ) == c->ns) {
		send_i(c, c->last);
		return;
	}
	if (c->unacked && more(c)) {
		c->ns ^= 1;
		c->rsp_pos += c->chunk;
		next_i(c, c->last);
		return;
	}
	send_r(c, c->last, 0);
}

static void got_s(struct iso7816_card *c, u8 pcb, u8 inf)
{
	switch (pcb) {
	case T1_RESYNCH:
		initial(c);
		break;
	case T1_IFS:
		c->ifsd = inf;
		break;
	case T1_ABORT:
		c->apdu_len = 0;
		c->rsp_pos = c->rsp_len;
		break;
	case T1_WTX | T1_RESPONSE:
		if (!c->wtx_open || inf != c->wtx) {
			invalid(c, c->last, T1_OTHER);
			return;
		}
		c->wtx_open = false;
		if (c->answered)
			answer(c, c->last);
		return;
	default:
		invalid(c, c->last, T1_OTHER);
		return;
	}
	c->errors = 0;
	send_block(c, c->last, pcb | T1_RESPONSE, &inf, pcb == T1_IFS);
}

static void got_block(struct iso7816_card *c)
{
	const u8 *b = c->rx.buf;

	if (t1_is_i(b[1]))
		got_i(c, b[1], b + 3, b[2]);
	else if (t1_is_r(b[1]))
		got_r(c, b[1]);
	else
		got_s(c, b[1], b[2] ? b[3] : 0);
}

/* A response that came while the line was not the card's goes out now. */
static void resume(struct iso7816_card *c, u64 now)
{
	if (c->answered && !c->sending && !c->wtx_open && c->state == T1_WAIT)
		answer(c, now);
}

static void await(struct iso7816_card *c, u8 state)
{
	u64 limit = state == T1_OVER ? c->timing.gap : c->timing.cwt;

	c->state = state;
	c->deadline = c->last + limit + (u64)ISO7816_REPORT_ETU * c->timing.etu;
}

void iso7816_card_t1_rx(struct iso7816_card *c, u64 t, u8 byte, u8 flags)
{
	bool over;

	c->last = t;
	if (c->state == T1_OVER)
		c->rx.flaw = T1_OTHER;
	if (c->state >= T1_OVER) {
		await(c, T1_SILENCE);
		return;
	}
	if (c->state == T1_WAIT)
		iso7816_t1_rx_start(&c->rx);
	over = iso7816_t1_rx_push(&c->rx, c->atr.crc, byte);
	if (flags)
		c->rx.flaw = T1_EDC;
	if (!over) {
		await(c, T1_BLOCK);
		return;
	}
	c->deadline = ISO7816_NEVER;
	c->state = T1_WAIT;
	c->rx.flaw = iso7816_t1_rx_check(&c->rx, c->atr.crc);
	if (c->rx.flaw) {
		await(c, T1_SILENCE);
	} else if (c->cfg.settle) {
		await(c, T1_OVER);
	} else {
		got_block(c);
		resume(c, c->last);
	}
}

void iso7816_card_t1_sent(struct iso7816_card *c)
{
	c->state = T1_WAIT;
}

void iso7816_card_t1_timer(struct iso7816_card *c, u64 now)
{
	if (c->state == T1_OVER) {
		c->state = T1_WAIT;
		got_block(c);
	} else {
		invalid(c, now, c->rx.flaw ? c->rx.flaw : T1_OTHER);
	}
	resume(c, now);
}

enum iso7816_err iso7816_card_t1_respond(struct iso7816_card *c, u64 now)
{
	/* While S(WTX request) is open, or something comes in, the line is not the card's. */
	resume(c, now);
	return ISO7816_OK;
}

enum iso7816_err iso7816_card_t1_busy(struct iso7816_card *c, u64 now, u8 multiplier)
{
	if (c->wtx_open || !multiplier || c->state != T1_WAIT)
		return ISO7816_E_STATE;
	c->wtx = multiplier;
	send_wtx(c, now);
	return ISO7816_OK;
}
