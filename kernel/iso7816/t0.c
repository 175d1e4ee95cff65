// SPDX-License-Identifier: GPL-2.0-only
/*
 * T=0, the coupler's half: TPDUs, and the TPDUs that an APDU takes, ISO/IEC 7816-3 10 and 12.2.
 */
#include "internal.h"

#define INS_GET_RESPONSE	0xc0
#define INS_ENVELOPE		0xc2
#define NULL_BYTE		0x60

#define MAX_REPEATS		3	/* 6Cxx in a row */
#define MAX_FRUITLESS		3	/* 61xx in a row that brought nothing */

#define EMV_TURN_ETU		16	/* EMV 4.3 Book 1, 9.2.2.1: opposite directions */

enum {				/* iso7816_t0.state */
	T0_HEADER,		/* going out */
	T0_PROCEDURE,		/* a procedure byte is expected */
	T0_OUT_ALL,		/* data going out, the rest of them */
	T0_OUT_ONE,		/* data going out, one byte */
	T0_IN_ALL,
	T0_IN_ONE,
	T0_SW2,
	T0_OVER,		/* the exchange is complete, if nothing follows */
};

enum {				/* iso7816_t0.stage */
	T0_TPDU,		/* raw: nothing follows */
	T0_COMMAND,		/* the command of an APDU, data or not */
	T0_FETCH,		/* GET RESPONSE */
	T0_ENVELOPE,		/* ENVELOPE with another one to follow */
};

u64 iso7816_t0_limit(const struct iso7816_coupler *c)
{
	u64 etu = c->cfg.policy == ISO7816_STRICT ? ISO7816_STAMP_ETU :
						    ISO7816_EMV_WT_ETU * c->line.d;

	return c->timing.wt + etu * c->timing.etu;
}

static u64 next_at(const struct iso7816_coupler *c)
{
	u64 gap = c->timing.gap;

	if (c->last_was_rx && c->cfg.policy == ISO7816_EMV)
		gap = iso7816_max(gap, (u64)EMV_TURN_ETU * c->timing.etu);
	return iso7816_add(c->last, gap);
}

static void expect(struct iso7816_coupler *c, u8 state)
{
	c->t0.state = state;
	iso7816_wait(c, iso7816_t0_limit(c));
}

static void send_header(struct iso7816_coupler *c)
{
	struct iso7816_t0 *t0 = &c->t0;

	t0->pos = 0;
	t0->nulls = 0;
	t0->state = T0_HEADER;
	memcpy(c->tx, t0->hdr, sizeof(t0->hdr));
	iso7816_send(c, sizeof(t0->hdr), next_at(c));
}

/* A TPDU that brings data to the card, or neither data nor a wish for them. */
static void send_out(struct iso7816_coupler *c, const u8 *data, u8 len)
{
	c->t0.out = data;
	c->t0.out_len = len;
	c->t0.in_len = 0;
	c->t0.keep = 0;
	c->t0.hdr[4] = len;
	send_header(c);
}

/* A TPDU that fetches @p3 bytes (0 for 256), of which the APDU takes at most what it wants. */
static void send_in(struct iso7816_coupler *c, u8 p3)
{
	c->t0.out = NULL;
	c->t0.out_len = 0;
	c->t0.in_len = p3 ? p3 : 256;
	c->t0.keep = (u16)iso7816_min(c->t0.le, c->t0.in_len);
	c->t0.hdr[4] = p3;
	send_header(c);
}

static u8 p3_of(u32 n)
{
	return n < 256 ? (u8)n : 0;
}

static void get_response(struct iso7816_coupler *c, u32 available)
{
	struct iso7816_t0 *t0 = &c->t0;

	t0->stage = T0_FETCH;
	t0->repeats = 0;
	t0->hdr[0] = iso7816_get_response_cla(c->x->cmd[0]);
	t0->hdr[1] = INS_GET_RESPONSE;
	t0->hdr[2] = 0;
	t0->hdr[3] = 0;
	send_in(c, p3_of(iso7816_min(available, t0->le)));
}

/*
 * The next part of an APDU with more than 255 bytes of data, 12.2.3. The last part is shorter
 * than 255 bytes, if need be empty: that is how the card knows it for the last.
 */
static void envelope(struct iso7816_coupler *c)
{
	struct iso7816_t0 *t0 = &c->t0;
	const u8 *data = c->x->cmd + t0->envelope;
	u32 len = iso7816_min(c->x->cmd_len - t0->envelope, 255U);

	t0->stage = len == 255 ? T0_ENVELOPE : T0_COMMAND;
	t0->hdr[0] = iso7816_get_response_cla(c->x->cmd[0]);
	t0->hdr[1] = INS_ENVELOPE;
	t0->hdr[2] = 0;
	t0->hdr[3] = 0;
	t0->envelope += len;
	send_out(c, data, (u8)len);
}

static enum iso7816_err start_tpdu(struct iso7816_coupler *c)
{
	const struct iso7816_exchange *x = c->x;
	struct iso7816_t0 *t0 = &c->t0;
	u8 p3 = x->cmd_len > 4 ? x->cmd[4] : 0;

	t0->stage = T0_TPDU;
	t0->le = 256;
	if (x->cmd_len <= 5)
		send_in(c, p3);
	else if (x->cmd_len == 5U + p3)
		send_out(c, x->cmd + 5, p3);
	else
		return ISO7816_E_APDU;
	return ISO7816_OK;
}

/**
 * iso7816_t0_start() - begin the exchange @c->x
 * @c: coupler
 */
enum iso7816_err iso7816_t0_start(struct iso7816_coupler *c)
{
	const struct iso7816_exchange *x = c->x;
	struct iso7816_t0 *t0 = &c->t0;
	struct iso7816_apdu a;

	/* 10.3.2: CLA FF is PPSS; INS 6X and 9X look like procedure bytes. */
	if (x->cmd[0] == 0xff || (x->cmd[1] & 0xf0) == 0x60 || (x->cmd[1] & 0xf0) == 0x90)
		return ISO7816_E_APDU;

	memset(t0, 0, sizeof(*t0));
	memcpy(t0->hdr, x->cmd, 4);
	if (x->mode == ISO7816_TPDU) {
		enum iso7816_err err = start_tpdu(c);

		if (err)
			return err;
		c->phase = PH_T0;
		return ISO7816_OK;
	}
	if (!iso7816_apdu_decode(&a, x->cmd, x->cmd_len))
		return ISO7816_E_APDU;
	c->phase = PH_T0;
	t0->stage = T0_COMMAND;
	t0->has_le = a.has_le;
	t0->le = a.has_le ? a.le : 0;
	if (a.lc > 255)
		envelope(c);
	else if (a.lc)
		send_out(c, a.data, (u8)a.lc);
	else if (a.has_le)
		send_in(c, p3_of(a.le));
	else
		send_out(c, NULL, 0);
	return ISO7816_OK;
}

static void put(struct iso7816_coupler *c, u8 byte)
{
	if (c->x->rsp_len < c->x->rsp_size)
		c->x->rsp[c->x->rsp_len++] = byte;
	else
		c->overflow = true;
}

static void finish(struct iso7816_coupler *c, u8 sw1, u8 sw2)
{
	if (c->t0.has_warning && sw1 == 0x90 && sw2 == 0x00) {
		sw1 = c->t0.warning[0];
		sw2 = c->t0.warning[1];
	}
	put(c, sw1);
	put(c, sw2);
	if (!c->cfg.settle) {
		iso7816_done(c, ISO7816_OK);
		return;
	}
	/*
	 * A character too many, because the card took noise for an error signal, shifts all that
	 * comes after it, and two bytes of data pass for SW1 SW2. The real ones then still follow.
	 */
	c->expiry = ISO7816_NEVER;
	c->t0.state = T0_OVER;
	iso7816_wait(c, c->timing.card_gap);
}

/* After a case 4 command that ended without 61xx: does data wait all the same? */
static bool fetch_unasked(struct iso7816_coupler *c, u8 sw1, u8 sw2)
{
	struct iso7816_t0 *t0 = &c->t0;

	if (t0->stage != T0_COMMAND || !t0->has_le || t0->in_len)
		return false;
	if (c->cfg.policy == ISO7816_STRICT && sw1 == 0x90 && !sw2) {
		get_response(c, t0->le);	/* 12.2.1, case 4 */
		return true;
	}
	if (c->cfg.policy == ISO7816_EMV && (sw1 == 0x62 || sw1 == 0x63)) {
		t0->has_warning = true;		/* EMV 4.3 Book 1, 9.3.1.1.4 */
		t0->warning[0] = sw1;
		t0->warning[1] = sw2;
		t0->le = 256;
		get_response(c, 256);
		return true;
	}
	return false;
}

/* SW2 bytes can be fetched by GET RESPONSE. 9F is GSM 11.11's, 9.4.1, of its class A0. */
static bool data_waits(const struct iso7816_coupler *c, u8 sw1)
{
	return sw1 == 0x61 || (sw1 == 0x9f && c->x->cmd[0] == 0xa0);
}

/* SW1 SW2 ended a TPDU. */
static void tpdu_over(struct iso7816_coupler *c, u8 sw1, u8 sw2)
{
	struct iso7816_t0 *t0 = &c->t0;

	/*
	 * A card that ends before it has sent P3 bytes may have a reason (6282). But if it calls
	 * that a success, the two sides disagree on what was sent.
	 */
	if (t0->in_len && t0->pos && t0->pos < t0->in_len &&
	    (sw1 == 0x61 || (sw1 == 0x90 && !sw2))) {
		iso7816_fail(c, ISO7816_E_PROCEDURE);
		return;
	}
	if (t0->stage == T0_TPDU) {
		finish(c, sw1, sw2);
		return;
	}
	if (t0->stage == T0_ENVELOPE) {
		if (sw1 == 0x90 && sw2 == 0x00)
			envelope(c);
		else
			finish(c, sw1, sw2);
		return;
	}
	if (sw1 == 0x6c && t0->in_len && !t0->pos) {
		if (++t0->repeats > MAX_REPEATS)
			iso7816_fail(c, ISO7816_E_LOOP);
		else
			send_in(c, sw2);
		return;
	}
	if (data_waits(c, sw1) && t0->has_le && t0->le) {
		t0->fruitless = t0->pos && t0->in_len ? 0 : t0->fruitless + 1;
		if (t0->fruitless > MAX_FRUITLESS)
			iso7816_fail(c, ISO7816_E_LOOP);
		else
			get_response(c, sw2 ? sw2 : 256);
		return;
	}
	if (!fetch_unasked(c, sw1, sw2))
		finish(c, sw1, sw2);
}

static void procedure(struct iso7816_coupler *c, u8 byte)
{
	struct iso7816_t0 *t0 = &c->t0;
	u8 ins = t0->hdr[1];
	bool out = t0->out_len;
	u16 left = (u16)((out ? t0->out_len : t0->in_len) - t0->pos);
	bool one = (byte ^ ins) == 0xff;

	/*
	 * A TPDU without data has nothing to acknowledge, and an ACK means no more than NULL. When
	 * there were data, one after them says that the sides disagree on their number.
	 */
	if (byte == NULL_BYTE || ((byte == ins || one) && !out && !t0->in_len)) {
		c->extensions++;
		if (t0->nulls++ >= c->cfg.max_null)
			iso7816_fail(c, ISO7816_E_LOOP);
		else
			expect(c, T0_PROCEDURE);
		return;
	}
	if ((byte == ins || one) && left) {
		t0->nulls = 0;
		if (!out) {
			expect(c, one ? T0_IN_ONE : T0_IN_ALL);
			return;
		}
		if (one)
			left = 1;
		t0->state = one ? T0_OUT_ONE : T0_OUT_ALL;
		memcpy(c->tx, t0->out + t0->pos, left);
		t0->pos += left;
		iso7816_send(c, left, next_at(c));
		return;
	}
	if ((byte & 0xf0) == 0x60 || (byte & 0xf0) == 0x90) {
		t0->sw1 = byte;
		expect(c, T0_SW2);
		return;
	}
	iso7816_fail(c, ISO7816_E_PROCEDURE);
}

/**
 * iso7816_t0_rx() - a character from the card
 * @c: coupler, its @last already that of this character
 * @byte: in logical values
 * @late: it came after the waiting time
 * @flags: ISO7816_RX_*
 */
void iso7816_t0_rx(struct iso7816_coupler *c, u8 byte, bool late, u8 flags)
{
	struct iso7816_t0 *t0 = &c->t0;

	if (late) {
		iso7816_fail(c, ISO7816_E_WT);
		return;
	}
	if (flags) {
		/* The line's own repetition has failed or does not exist: no way to ask again. */
		iso7816_fail(c, ISO7816_E_PARITY);
		return;
	}
	switch (t0->state) {
	case T0_PROCEDURE:
		procedure(c, byte);
		break;
	case T0_IN_ALL:
	case T0_IN_ONE:
		if (t0->pos++ < t0->keep) {
			put(c, byte);
			if (t0->has_le)
				t0->le--;
		}
		if (t0->state == T0_IN_ONE || t0->pos == t0->in_len)
			expect(c, T0_PROCEDURE);
		else
			expect(c, T0_IN_ALL);
		break;
	case T0_SW2:
		tpdu_over(c, t0->sw1, byte);
		break;
	case T0_OVER:
		iso7816_fail(c, ISO7816_E_PROCEDURE);
		break;
	default:
		break;
	}
}

/**
 * iso7816_t0_sent() - header or data are out
 * @c: coupler
 * @flags: ISO7816_TX_*
 */
void iso7816_t0_sent(struct iso7816_coupler *c, u8 flags)
{
	if (flags & ISO7816_TX_REFUSED)
		iso7816_fail(c, ISO7816_E_PARITY);
	else if (flags)
		iso7816_fail(c, ISO7816_E_LINE);
	else
		expect(c, T0_PROCEDURE);
}

/**
 * iso7816_t0_timer() - no character came in time
 * @c: coupler
 */
void iso7816_t0_timer(struct iso7816_coupler *c)
{
	if (c->t0.state == T0_OVER)
		iso7816_done(c, ISO7816_OK);
	else
		iso7816_fail(c, ISO7816_E_WT);
}
