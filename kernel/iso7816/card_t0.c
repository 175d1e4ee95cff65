// SPDX-License-Identifier: GPL-2.0-only
/*
 * T=0, the card's half: procedure bytes, and responses held for GET RESPONSE, ISO/IEC 7816-3 10.
 */
#include "internal.h"

#define INS_GET_RESPONSE	0xc0
#define INS_ENVELOPE		0xc2
#define NULL_BYTE		0x60

enum {				/* iso7816_card.state */
	T0_HEADER,		/* being received */
	T0_ACK,			/* procedure byte going out, data will follow */
	T0_DATA,
	T0_COMMAND,		/* the owner has it */
	T0_ANSWER,		/* going out; then the next header */
};

void iso7816_card_t0_start(struct iso7816_card *c)
{
	c->state = T0_HEADER;
	c->hdr_len = 0;
	c->held = false;
	c->enveloping = false;
	c->deadline = ISO7816_NEVER;
}

static u32 length_of(u8 p3)
{
	return p3 ? p3 : 256;
}

static u8 code_of(u32 n)
{
	return n < 256 ? (u8)n : 0;
}

static void send_sw(struct iso7816_card *c, u64 now, u8 sw1, u8 sw2)
{
	c->state = T0_ANSWER;
	c->tx[0] = sw1;
	c->tx[1] = sw2;
	iso7816_card_send(c, 2, iso7816_card_answer_at(c, now));
}

static u8 ack_byte(const struct iso7816_card *c)
{
	return c->cfg.ack_each ? c->hdr[1] ^ 0xff : c->hdr[1];
}

/* @n bytes of the response, then 61xx if there are more, else its own SW1 SW2. */
static void send_data(struct iso7816_card *c, u64 now, u32 n)
{
	const u8 *sw = c->rsp + c->rsp_len - 2;
	u16 len = 0;
	u32 i, left;

	for (i = 0; i < n; i++) {
		if (!i || c->cfg.ack_each)
			c->tx[len++] = ack_byte(c);
		c->tx[len++] = c->rsp[c->rsp_pos++];
	}
	left = c->rsp_len - 2 - c->rsp_pos;
	c->held = left && c->cfg.get_response;
	c->held_same = false;
	if (c->held) {
		c->tx[len++] = 0x61;
		c->tx[len++] = code_of(left);
	} else {
		c->tx[len++] = sw[0];
		c->tx[len++] = sw[1];
	}
	c->state = T0_ANSWER;
	iso7816_card_send(c, len, iso7816_card_answer_at(c, now));
}

/* The coupler wants P3 bytes of what is left, with the header just received. */
static void fetch(struct iso7816_card *c, u64 now)
{
	u32 left = c->rsp_len - 2 - c->rsp_pos;
	u32 le = length_of(c->hdr[4]);

	if (le <= left && (!c->held_same || le == 256 || le == left))
		send_data(c, now, le);
	else
		send_sw(c, now, 0x6c, code_of(left));
}

/* A command without data, of whose response P3 bytes were wanted. */
static void answer_case_2(struct iso7816_card *c, u64 now)
{
	u32 n = c->rsp_len - 2;
	u32 le = length_of(c->hdr[4]);

	if (!n || n == le || (n > le && (le == 256 || !c->cfg.get_response))) {
		send_data(c, now, iso7816_min(n, le));
		return;
	}
	if (!c->cfg.get_response) {
		send_sw(c, now, 0x67, 0x00);
		return;
	}
	c->held = true;
	c->held_same = true;
	memcpy(c->held_hdr, c->hdr, sizeof(c->held_hdr));
	send_sw(c, now, 0x6c, code_of(n));
}

static void answer(struct iso7816_card *c, u64 now)
{
	u32 n = c->rsp_len - 2;

	c->busy = false;
	c->answered = false;
	if (!c->data_in) {
		answer_case_2(c, now);
		return;
	}
	c->held = n != 0;
	c->held_same = false;
	if (n && c->cfg.get_response)
		send_sw(c, now, 0x61, code_of(n));
	else
		send_sw(c, now, c->rsp[n], c->rsp[n + 1]);
}

static void send_ack(struct iso7816_card *c)
{
	c->state = T0_ACK;
	c->tx[0] = ack_byte(c);
	iso7816_card_send(c, 1, iso7816_card_answer_at(c, c->last));
}

static void command(struct iso7816_card *c)
{
	c->state = T0_COMMAND;
	iso7816_card_deliver(c, c->apdu, c->apdu_len);
}

static void data_complete(struct iso7816_card *c)
{
	if (c->cfg.envelope && c->hdr[1] == INS_ENVELOPE) {
		c->enveloping = c->hdr[4] == 255;
		if (c->enveloping) {
			send_sw(c, c->last, 0x90, 0x00);
			return;
		}
	}
	command(c);
}

static void header(struct iso7816_card *c)
{
	const u8 *hdr = c->hdr;
	bool envelope = c->cfg.envelope && hdr[1] == INS_ENVELOPE;

	c->hdr_len = 0;
	if (c->held && c->held_same && !memcmp(c->held_hdr, hdr, sizeof(c->held_hdr))) {
		fetch(c, c->last);
		return;
	}
	if (c->held && !c->held_same && hdr[1] == INS_GET_RESPONSE && !hdr[2] && !hdr[3]) {
		fetch(c, c->last);
		return;
	}
	c->held = false;
	if (envelope) {
		if (!c->enveloping)
			c->apdu_len = 0;
	} else {
		c->enveloping = false;
		memcpy(c->apdu, hdr, 5);
		c->apdu_len = 5;
	}
	c->data_in = envelope || (hdr[4] && c->cfg.incoming && c->cfg.incoming(c->cfg.ctx, hdr));
	if (!c->data_in) {
		command(c);
		return;
	}
	c->data_end = c->apdu_len + hdr[4];
	if (c->data_end > c->apdu_size) {
		c->enveloping = false;
		send_sw(c, c->last, 0x67, 0x00);
	} else if (hdr[4]) {
		send_ack(c);
	} else {
		data_complete(c);
	}
}

void iso7816_card_t0_rx(struct iso7816_card *c, u64 t, u8 byte, u8 flags)
{
	/* A header that stopped for longer than WT is a header no more. */
	if (c->state == T0_HEADER && c->hdr_len && t > c->last + c->timing.wt)
		c->hdr_len = 0;
	c->last = t;
	if (flags)
		return;		/* refused where the line can, and then it comes again */
	switch (c->state) {
	case T0_HEADER:
		c->hdr[c->hdr_len++] = byte;
		if (c->hdr_len == sizeof(c->hdr))
			header(c);
		break;
	case T0_DATA:
		c->apdu[c->apdu_len++] = byte;
		if (c->apdu_len == c->data_end)
			data_complete(c);
		else if (c->cfg.ack_each)
			send_ack(c);
		break;
	default:
		break;
	}
}

void iso7816_card_t0_sent(struct iso7816_card *c, u8 flags)
{
	switch (c->state) {
	case T0_ACK:
		c->state = T0_DATA;
		break;
	case T0_COMMAND:		/* that was NULL */
		if (c->answered)
			answer(c, c->last);
		break;
	default:
		c->state = T0_HEADER;
		c->hdr_len = 0;
		break;
	}
	if (flags)			/* refused for good: nothing to add to what was said */
		iso7816_card_t0_start(c);
}

enum iso7816_err iso7816_card_t0_respond(struct iso7816_card *c, u64 now)
{
	if (!c->sending)
		answer(c, now);
	return ISO7816_OK;
}

enum iso7816_err iso7816_card_t0_busy(struct iso7816_card *c, u64 now)
{
	c->tx[0] = NULL_BYTE;
	iso7816_card_send(c, 1, iso7816_card_answer_at(c, now));
	return ISO7816_OK;
}
