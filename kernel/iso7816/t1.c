// SPDX-License-Identifier: GPL-2.0-only
/*
 * T=1, the coupler's half: chaining, S requests, error recovery, ISO/IEC 7816-3 clause 11.
 *
 * Recovery in short: what is not a valid answer to the block just sent is answered by an
 * R-block, or by the same S request again. After three attempts in a row that brought no
 * valid block, or when an I-block has gone out three times, the coupler asks for S(RESYNCH),
 * again three times. A command of which the card may have had the last block is never
 * repeated after RESYNCH: only its issuer knows whether that is safe. See 11.6.3.2.
 *
 * A chain ends early by S(ABORT), rule 9 of 11.6.2.3: when the response does not fit, when the
 * exchange's own time is over, or when the card wants it. EMV has no S(ABORT).
 *
 * A block of the card's chain that adds nothing to the response is legal, and gives the card
 * another BWT: it counts as one of the S requests in a row.
 */
#include "internal.h"

#define ATTEMPTS	3	/* for one valid block: the first and two more */
#define SENDINGS	3	/* of one I-block that the card asks for again */
#define MAX_DRAINED	(4 * ISO7816_BLOCK_MAX)

enum {				/* iso7816_t1.sent */
	SENT_I,
	SENT_R,
	SENT_REQUEST,
	SENT_RESPONSE,
};

/* Both sides as after the ATR or S(RESYNCH). */
static void initial(struct iso7816_coupler *c)
{
	c->t1.ns = 0;
	c->t1.nr = 0;
	c->t1.ifsc = c->atr.ifsc;
	c->t1.ifsd = T1_IFS_DEFAULT;
}

/**
 * iso7816_t1_reset() - the card has just answered to reset with T=1
 * @c: coupler
 */
void iso7816_t1_reset(struct iso7816_coupler *c)
{
	memset(&c->t1, 0, sizeof(c->t1));
	initial(c);
}

static u64 tolerance(const struct iso7816_coupler *c, u32 emv_etu)
{
	return (u64)(c->cfg.policy == ISO7816_STRICT ? ISO7816_STAMP_ETU : emv_etu) *
	       c->timing.etu;
}

static u64 bwt_limit(const struct iso7816_coupler *c)
{
	return c->timing.bwt * c->t1.wtx + tolerance(c, ISO7816_EMV_BWT_ETU * c->line.d);
}

static u64 cwt_limit(const struct iso7816_coupler *c)
{
	return c->timing.cwt + tolerance(c, ISO7816_EMV_CWT_ETU);
}

static void send_block(struct iso7816_coupler *c, u8 sent, u8 pcb, const u8 *inf, u8 len)
{
	u16 n = iso7816_t1_build(c->tx, c->atr.crc, c->cfg.nad, pcb, inf, len);
	u64 gap = iso7816_max(c->timing.gap, c->timing.bgt);

	c->t1.sent = sent;
	c->t1.sent_pcb = pcb;
	c->t1.sent_inf = len == 1 ? inf[0] : 0;
	c->t1.wtx = 1;
	c->phase = PH_T1_WAIT;
	iso7816_send(c, n, iso7816_add(c->last, gap));
}

static void send_s(struct iso7816_coupler *c, u8 pcb, u8 inf)
{
	u8 type = pcb & (u8)~T1_RESPONSE;

	send_block(c, pcb & T1_RESPONSE ? SENT_RESPONSE : SENT_REQUEST, pcb, &inf,
		   type == T1_IFS || type == T1_WTX);
}

static void send_r(struct iso7816_coupler *c, u8 why)
{
	send_block(c, SENT_R, (u8)(T1_R | (c->t1.nr ? T1_R_SEQ : 0) | why), NULL, 0);
}

static bool chaining(const struct iso7816_coupler *c)
{
	return !c->t1.acked && c->t1.pos + c->t1.chunk < c->x->cmd_len;
}

/* No more blocks of this chain, the coupler's or the card's. It is our turn to send. */
static void abort_chain(struct iso7816_coupler *c, enum iso7816_err why)
{
	c->t1.abort = (u8)why;
	c->t1.acked = true;
	send_s(c, T1_ABORT, 0);
}

/* Why the chain at hand cannot go on, or 0. */
static enum iso7816_err unwanted(const struct iso7816_coupler *c)
{
	if (c->overflow && c->cfg.policy != ISO7816_EMV)
		return ISO7816_E_OVERFLOW;
	return c->t1.expired ? ISO7816_E_TIMEOUT : ISO7816_OK;
}

/* The I-block at @pos, for the first time or again: always the same. */
static void send_i(struct iso7816_coupler *c)
{
	struct iso7816_t1 *t1 = &c->t1;
	u8 pcb = t1->ns ? T1_I_SEQ : 0;

	if (chaining(c))
		pcb |= T1_I_MORE;
	else
		t1->complete = true;
	send_block(c, SENT_I, pcb, c->x->cmd + t1->pos, (u8)t1->chunk);
}

static void next_i(struct iso7816_coupler *c)
{
	struct iso7816_t1 *t1 = &c->t1;

	t1->acked = false;
	t1->sendings = 1;
	t1->chunk = (u16)iso7816_min(c->x->cmd_len - t1->pos, t1->ifsc);
	send_i(c);
}

static void begin(struct iso7816_coupler *c)
{
	struct iso7816_t1 *t1 = &c->t1;

	t1->pos = 0;
	t1->attempts = 0;
	t1->more = false;
	c->x->rsp_len = 0;
	c->overflow = false;
	if (!t1->no_ifs && c->cfg.ifsd && c->cfg.ifsd != 0xff && c->cfg.ifsd != t1->ifsd)
		send_s(c, T1_IFS, c->cfg.ifsd);
	else
		next_i(c);
}

/**
 * iso7816_t1_start() - begin the exchange @c->x
 * @c: coupler
 */
enum iso7816_err iso7816_t1_start(struct iso7816_coupler *c)
{
	struct iso7816_t1 *t1 = &c->t1;
	struct iso7816_apdu a;

	if (c->x->mode == ISO7816_APDU && !iso7816_apdu_decode(&a, c->x->cmd, c->x->cmd_len))
		return ISO7816_E_APDU;
	t1->acked = true;
	t1->complete = false;
	t1->resynch = false;
	t1->restarted = false;
	t1->expired = false;
	t1->abort = ISO7816_OK;
	t1->aborted = false;
	t1->bad_echo = false;
	t1->requests = 0;
	t1->err = ISO7816_OK;
	begin(c);
	return ISO7816_OK;
}

/**
 * iso7816_t1_expire() - the exchange's own time is over
 * @c: coupler
 *
 * In the middle of a chain the card is where S(ABORT) keeps it in step; that is sent when the
 * next block of the card has come.
 *
 * Return: whether it is so; otherwise the exchange has to fail now
 */
bool iso7816_t1_expire(struct iso7816_coupler *c)
{
	struct iso7816_t1 *t1 = &c->t1;

	if (c->cfg.policy == ISO7816_EMV || t1->expired || t1->resynch ||
	    !(chaining(c) || t1->more || t1->aborted))
		return false;
	t1->expired = true;
	return true;
}

/* What the exchange ends with when it is not a success. */
static enum iso7816_err reason(const struct iso7816_coupler *c)
{
	if (c->t1.abort)
		return (enum iso7816_err)c->t1.abort;
	if (c->t1.aborted)
		return ISO7816_E_ABORTED;
	return c->t1.expired ? ISO7816_E_TIMEOUT : (enum iso7816_err)c->t1.err;
}

/* Three attempts brought nothing. */
static void give_up(struct iso7816_coupler *c)
{
	struct iso7816_t1 *t1 = &c->t1;

	if (t1->bad_echo)
		t1->err = ISO7816_E_LINE;
	/* Some old cards do not know S(IFS request), and 32 bytes are enough to go on with. */
	if (t1->sent == SENT_REQUEST && t1->sent_pcb == T1_IFS && t1->heard &&
	    c->cfg.policy == ISO7816_TOLERANT) {
		t1->no_ifs = true;
		t1->attempts = 0;
		next_i(c);
		return;
	}
	/* 11.6.3.2: not for the very first block. EMV 4.3 Book 1, 9.2.5: never. */
	if (t1->resynch || !t1->heard || c->cfg.policy == ISO7816_EMV) {
		iso7816_fail(c, reason(c));
		return;
	}
	t1->resynch = true;
	t1->attempts = 0;
	send_s(c, T1_RESYNCH, 0);
}

/* Nothing valid came in answer to the block sent last: ask again (rules 7.1 to 7.4). */
static void ask_again(struct iso7816_coupler *c, u8 why)
{
	struct iso7816_t1 *t1 = &c->t1;

	if (++t1->attempts >= ATTEMPTS) {
		give_up(c);
		return;
	}
	if (t1->sent == SENT_REQUEST)
		send_s(c, t1->sent_pcb, t1->sent_inf);
	else if (t1->sent == SENT_R)
		send_block(c, SENT_R, t1->sent_pcb, NULL, 0);
	else
		send_r(c, why);
}

static void invalid(struct iso7816_coupler *c, u8 why)
{
	c->t1.err = ISO7816_E_BLOCK;
	ask_again(c, why);
}

static void understood(struct iso7816_coupler *c)
{
	c->t1.attempts = 0;
	c->t1.bad_echo = false;
}

static void progress(struct iso7816_coupler *c)
{
	understood(c);
	c->t1.requests = 0;
}

/* The card wants more time, by whatever: so often in a row, and no more. */
static bool may_take_longer(struct iso7816_coupler *c)
{
	if (c->t1.requests++ < c->cfg.max_wtx)
		return true;
	iso7816_fail(c, ISO7816_E_LOOP);
	return false;
}

/* Return: whether the response has grown */
static bool append(struct iso7816_coupler *c, const u8 *inf, u8 len)
{
	struct iso7816_exchange *x = c->x;

	if (len > x->rsp_size - x->rsp_len) {
		c->overflow = true;
		return false;
	}
	memcpy(x->rsp + x->rsp_len, inf, len);
	x->rsp_len += len;
	return len;
}

static void got_i(struct iso7816_coupler *c, u8 pcb, const u8 *inf, u8 len)
{
	struct iso7816_t1 *t1 = &c->t1;
	enum iso7816_err why;
	bool grown;

	if (t1->sent == SENT_REQUEST || chaining(c) || t1->aborted ||
	    !!(pcb & T1_I_SEQ) != t1->nr ||
	    (len > t1->ifsd && c->cfg.policy != ISO7816_TOLERANT)) {
		invalid(c, T1_OTHER);
		return;
	}
	understood(c);
	if (!t1->acked) {
		t1->acked = true;
		t1->ns ^= 1;
	}
	t1->nr ^= 1;
	grown = append(c, inf, len);
	if (grown)
		t1->requests = 0;
	t1->more = pcb & T1_I_MORE;
	why = unwanted(c);
	if (t1->more && why) {
		abort_chain(c, why);
	} else if (t1->more) {
		if (grown || may_take_longer(c))
			send_r(c, 0);
	} else if (c->x->rsp_len < 2 && !c->overflow) {
		iso7816_fail(c, ISO7816_E_BLOCK);
	} else {
		iso7816_done(c, ISO7816_OK);
	}
}

static void got_r(struct iso7816_coupler *c, u8 pcb)
{
	struct iso7816_t1 *t1 = &c->t1;

	if (t1->aborted && t1->sent != SENT_REQUEST) {
		/* Our turn again. N(R) is what the card takes for the next block. */
		t1->ns = !!(pcb & T1_R_SEQ);
		iso7816_done(c, ISO7816_E_ABORTED);
		return;
	}
	if (t1->sent == SENT_REQUEST || t1->acked) {
		invalid(c, T1_OTHER);
		return;
	}
	if (!!(pcb & T1_R_SEQ) == t1->ns) {
		/* A valid block that asks for ours: not a failed attempt, but it has an end too. */
		t1->err = ISO7816_E_BLOCK;
		t1->attempts = 0;
		if (++t1->sendings > SENDINGS)
			give_up(c);
		else
			send_i(c);
		return;
	}
	if (!chaining(c)) {
		invalid(c, T1_OTHER);
		return;
	}
	progress(c);
	t1->ns ^= 1;
	t1->pos += t1->chunk;
	if (t1->expired)
		abort_chain(c, ISO7816_E_TIMEOUT);
	else
		next_i(c);
}

static void resynched(struct iso7816_coupler *c)
{
	struct iso7816_t1 *t1 = &c->t1;

	initial(c);
	t1->resynch = false;
	t1->acked = true;
	if (!t1->complete && !t1->restarted && !t1->abort && !t1->aborted && !t1->expired) {
		t1->restarted = true;
		begin(c);
		return;
	}
	/* In step again, but whether the card executed the command nobody here knows. */
	iso7816_done(c, reason(c));
}

static void got_s(struct iso7816_coupler *c, u8 pcb, u8 inf)
{
	struct iso7816_t1 *t1 = &c->t1;

	if (t1->sent == SENT_REQUEST) {
		if (pcb != (t1->sent_pcb | T1_RESPONSE) || inf != t1->sent_inf) {
			invalid(c, T1_OTHER);
			return;
		}
		progress(c);
		if (pcb == (T1_RESYNCH | T1_RESPONSE)) {
			resynched(c);
		} else if (pcb == (T1_ABORT | T1_RESPONSE)) {
			iso7816_done(c, reason(c));
		} else {
			t1->ifsd = inf;
			next_i(c);
		}
		return;
	}
	if (pcb & T1_RESPONSE || pcb == T1_RESYNCH ||
	    (pcb == T1_ABORT && !chaining(c) && !t1->more && !t1->aborted)) {
		invalid(c, T1_OTHER);
		return;
	}
	/* EMV 4.3 Book 1, 9.2.5: the session is over. */
	if (pcb == T1_ABORT && c->cfg.policy == ISO7816_EMV) {
		iso7816_fail(c, ISO7816_E_ABORTED);
		return;
	}
	/*
	 * Our response may not have arrived, or the card may want still more: a request that comes
	 * again looks the same, so all of them count.
	 */
	if (!may_take_longer(c))
		return;
	t1->attempts = 0;
	if (pcb == T1_IFS) {
		t1->ifsc = inf;
	} else if (pcb == T1_ABORT) {
		t1->aborted = true;
		t1->acked = true;
		t1->more = false;
	}
	send_s(c, pcb | T1_RESPONSE, inf);
	if (pcb == T1_WTX) {
		c->extensions++;
		t1->wtx = inf;
	}
}

static void got_block(struct iso7816_coupler *c)
{
	const u8 *b = c->t1.rx.buf;

	c->t1.heard = true;
	if (t1_is_i(b[1]))
		got_i(c, b[1], b + 3, b[2]);
	else if (t1_is_r(b[1]))
		got_r(c, b[1]);
	else
		got_s(c, b[1], b[2] ? b[3] : 0);
}

/* A broken block may be longer than it seems: answer only when the card is silent. */
static void await_silence(struct iso7816_coupler *c, u8 why)
{
	c->t1.rx.flaw = why;
	c->phase = PH_T1_SILENCE;
	iso7816_wait(c, iso7816_max(cwt_limit(c), (u64)c->timing.bgt));
}

/**
 * iso7816_t1_rx() - a character from the card
 * @c: coupler
 * @t: leading edge
 * @byte: in logical values
 * @flags: ISO7816_RX_*
 */
void iso7816_t1_rx(struct iso7816_coupler *c, u64 t, u8 byte, u8 flags)
{
	struct iso7816_t1 *t1 = &c->t1;
	bool late = iso7816_late(c, t, c->phase == PH_T1_WAIT ? bwt_limit(c) : cwt_limit(c));
	bool over;

	c->last = iso7816_max(c->last, t);
	c->last_was_rx = true;
	if (c->phase == PH_T1_SILENCE) {
		if (++t1->drained > MAX_DRAINED)
			iso7816_fail(c, ISO7816_E_BLOCK);
		else
			await_silence(c, t1->rx.flaw);
		return;
	}
	if (c->phase == PH_T1_OVER) {
		await_silence(c, T1_OTHER);
		return;
	}
	if (c->phase == PH_T1_WAIT)
		iso7816_t1_rx_start(&t1->rx);
	c->phase = PH_T1_BLOCK;
	over = iso7816_t1_rx_push(&t1->rx, c->atr.crc, byte);
	if (flags)
		t1->rx.flaw = T1_EDC;
	else if (late && !t1->rx.flaw)
		t1->rx.flaw = T1_OTHER;
	if (!over) {
		iso7816_wait(c, cwt_limit(c));
		return;
	}
	t1->drained = 0;
	t1->rx.flaw = iso7816_t1_rx_check(&t1->rx, c->atr.crc, t1_nad_swap(c->cfg.nad));
	if (t1->rx.flaw) {
		await_silence(c, t1->rx.flaw);
		return;
	}
	if (!c->cfg.settle) {
		got_block(c);
		return;
	}
	/*
	 * An LRC does not see a doubled character if the one that it pushes out of the block has
	 * the same value. But then that one still follows.
	 */
	c->phase = PH_T1_OVER;
	iso7816_wait(c, c->timing.card_gap);
}

/**
 * iso7816_t1_sent() - the block is out
 * @c: coupler
 * @flags: ISO7816_TX_*
 */
void iso7816_t1_sent(struct iso7816_coupler *c, u8 flags)
{
	/* What the card got is its to judge; but if it never answers, this is why. */
	if (flags)
		c->t1.bad_echo = true;
	iso7816_wait(c, bwt_limit(c));
}

/**
 * iso7816_t1_timer() - no character came in time
 * @c: coupler
 * @now: ticks
 */
void iso7816_t1_timer(struct iso7816_coupler *c, u64 now)
{
	struct iso7816_t1 *t1 = &c->t1;

	if (c->phase == PH_T1_OVER) {
		got_block(c);
		return;
	}
	/* The next block must not start in the past. */
	c->not_before = now;
	switch (c->phase) {
	case PH_T1_WAIT:
		t1->err = ISO7816_E_BWT;
		ask_again(c, T1_OTHER);
		break;
	case PH_T1_BLOCK:	/* CWT: the block is cut off */
		invalid(c, t1->rx.flaw ? t1->rx.flaw : T1_OTHER);
		break;
	default:
		invalid(c, t1->rx.flaw);
		break;
	}
}
