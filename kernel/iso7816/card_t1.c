// SPDX-License-Identifier: GPL-2.0-only
/*
 * T=1, the card's half: chaining, S requests, and its share of error recovery, ISO/IEC 7816-3
 * clause 11.
 *
 * The card has no clock for missing blocks: the coupler asks again. An S request of the card's is
 * open until it is answered, and whatever else comes meanwhile makes the card send it once more.
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
	c->ifsd = T1_IFS_DEFAULT;
	c->errors = 0;
	c->request = 0;
	c->ifs_told = false;
	c->unacked = false;
	c->chained = false;
	c->aborting = false;
	c->too_long = false;
	c->busy = false;
	c->answered = false;
	c->apdu_len = 0;
}

void iso7816_card_t1_start(struct iso7816_card *c)
{
	initial(c);
	c->nad = 0;
	c->heard = false;
	c->state = T1_WAIT;
	c->deadline = ISO7816_NEVER;
	iso7816_t1_rx_start(&c->rx);
}

static void send_block(struct iso7816_card *c, u64 now, u8 pcb, const u8 *inf, u8 len)
{
	u16 n = iso7816_t1_build(c->tx, c->atr.crc, t1_nad_swap(c->nad), pcb, inf, len);

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

static void send_request(struct iso7816_card *c, u64 now)
{
	send_block(c, now, c->request, &c->request_inf, c->request != T1_ABORT);
}

static void request(struct iso7816_card *c, u64 now, u8 pcb, u8 inf)
{
	c->request = pcb;
	c->request_inf = inf;
	send_request(c, now);
}

static void answer(struct iso7816_card *c, u64 now)
{
	if (c->cfg.ifsc && !c->ifs_told) {
		request(c, now, T1_IFS, c->cfg.ifsc);
		return;
	}
	c->busy = false;
	c->answered = false;
	next_i(c, now);
}

/* Nothing is left of the chain, whose ever it was; its last block counts as acknowledged. */
static void drop_chain(struct iso7816_card *c)
{
	if (c->unacked)
		c->ns ^= 1;
	c->unacked = false;
	c->chained = false;
	c->aborting = false;
	c->too_long = false;
	c->apdu_len = 0;
	c->rsp_pos = c->rsp_len;
}

static void invalid(struct iso7816_card *c, u64 now, u8 why)
{
	c->state = T1_WAIT;
	if (c->request) {
		send_request(c, now);
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
	c->chained = pcb & T1_I_MORE;
	if (len > c->apdu_size - c->apdu_len) {
		c->too_long = true;
	} else if (len) {
		memcpy(c->apdu + c->apdu_len, inf, len);
		c->apdu_len += len;
	}
	if (c->chained) {
		if (c->aborting || (c->too_long && c->cfg.abort))
			request(c, c->last, T1_ABORT, 0);
		else
			send_r(c, c->last, 0);
		return;
	}
	c->aborting = false;
	if (c->too_long) {
		c->too_long = false;
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
		if (c->aborting) {
			c->unacked = false;
			request(c, c->last, T1_ABORT, 0);
		} else {
			next_i(c, c->last);
		}
		return;
	}
	send_r(c, c->last, 0);
}

/* The coupler's response to our request. */
static void granted(struct iso7816_card *c)
{
	u8 pcb = c->request;

	c->request = 0;
	c->errors = 0;
	if (pcb == T1_ABORT) {
		drop_chain(c);
		send_r(c, c->last, 0);	/* it is the coupler's turn again */
		return;
	}
	if (pcb == T1_IFS)
		c->ifs_told = true;
	if (c->answered)
		answer(c, c->last);
}

static void got_s(struct iso7816_card *c, u8 pcb, u8 inf)
{
	if (c->request && pcb == (c->request | T1_RESPONSE) && inf == c->request_inf) {
		granted(c);
		return;
	}
	if (pcb == T1_RESYNCH) {
		if (c->busy && !c->answered)
			iso7816_card_push(c, ISO7816_CARD_CANCEL);
		initial(c);
	} else if (c->request || c->busy) {
		invalid(c, c->last, T1_OTHER);
		return;
	} else if (pcb == T1_IFS) {
		c->ifsd = inf;
	} else if (pcb == T1_ABORT) {
		drop_chain(c);
	} else {
		invalid(c, c->last, T1_OTHER);
		return;
	}
	c->errors = 0;
	send_block(c, c->last, pcb | T1_RESPONSE, &inf, pcb == T1_IFS);
}

static void got_block(struct iso7816_card *c)
{
	const u8 *b = c->rx.buf;

	if (!c->heard) {
		c->heard = true;
		c->nad = t1_nad(b[0]);
	}
	if (c->request && !t1_is_s(b[1]))
		invalid(c, c->last, T1_OTHER);
	else if (t1_is_i(b[1]))
		got_i(c, b[1], b + 3, b[2]);
	else if (t1_is_r(b[1]))
		got_r(c, b[1]);
	else
		got_s(c, b[1], b[2] ? b[3] : 0);
}

/* A response that came while the line was not the card's goes out now. */
static void resume(struct iso7816_card *c, u64 now)
{
	if (c->answered && !c->sending && !c->request && c->state == T1_WAIT)
		answer(c, now);
}

static void await(struct iso7816_card *c, u8 state)
{
	u64 limit = state == T1_OVER ? c->timing.gap : c->timing.cwt;

	c->state = state;
	c->deadline = c->last + limit + (u64)ISO7816_REPORT_ETU * c->timing.etu;
}

/* The first block that is right shows the addresses in use; SAD and DAD alike are none. */
static u8 expected_nad(const struct iso7816_card *c)
{
	u8 nad = t1_nad(c->rx.buf[0]);

	return c->heard || nad == t1_nad_swap(nad) ? c->nad : nad;
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
	c->rx.flaw = iso7816_t1_rx_check(&c->rx, c->atr.crc, expected_nad(c));
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
	if (c->request || !multiplier || c->state != T1_WAIT)
		return ISO7816_E_STATE;
	request(c, now, T1_WTX, multiplier);
	return ISO7816_OK;
}

enum iso7816_err iso7816_card_abort(struct iso7816_card *c)
{
	if (c->phase != CARD_T1 || c->busy || !(c->chained || (c->unacked && more(c))))
		return ISO7816_E_STATE;
	c->aborting = true;
	return ISO7816_OK;
}
