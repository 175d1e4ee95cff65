// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channel sockets: a CAS opens the channel of its request by the token, and its commands pass to
 * the card and back unchanged (docs/protocol.md section 3 and 5).
 *
 * Contexts: all process context. A connection (struct cks_channel) belongs to its stream, which
 * frees it when it closes; what binds it to a session is under station.lock. The accepting must
 * not take that lock: listeners are closed with it held.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <crypto/utils.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "router.h"

/* What stands before the data in a RESPONSE: header, status, power_gen, the field's own header. */
#define RESPONSE_DATA	(CKS_FRAME_HEADER + (CKS_FIELD_HEADER + 2) + (CKS_FIELD_HEADER + 4) + \
			 CKS_FIELD_HEADER)

/**
 * struct cks_channel - a connection to a channel socket
 * @lane: whose socket
 * @stream: its stream
 * @session: that it carries, after OPEN; NULL again when the session has left it
 */
struct cks_channel {
	struct cks_lane *lane;
	struct cks_stream *stream;
	struct cks_session *session;
};

/* ---------------------------------------------------------------------------- responses */

static enum cks_status status_of(enum iso7816_err err)
{
	switch (err) {
	case ISO7816_OK:
		return CKS_STATUS_DONE;
	case ISO7816_E_NO_ATR:
	case ISO7816_E_ATR_TIMEOUT:
	case ISO7816_E_WT:
	case ISO7816_E_BWT:
		return CKS_STATUS_MUTE;
	case ISO7816_E_TIMEOUT:
		return CKS_STATUS_TIMEOUT;
	case ISO7816_E_REMOVED:
		return CKS_STATUS_REMOVED;
	case ISO7816_E_APDU:
		return CKS_STATUS_MALFORMED;
	case ISO7816_E_STATE:
	case ISO7816_E_CANCELED:
		return CKS_STATUS_OFF;
	case ISO7816_E_LINE:
		return CKS_STATUS_COUPLER;
	default:
		return CKS_STATUS_CARD;
	}
}

/* Of a command that the core refused to begin. */
static enum iso7816_err refusal_of(int err)
{
	switch (err) {
	case -EINVAL:
		return ISO7816_E_APDU;
	case -EHOSTDOWN:
		return ISO7816_E_STATE;
	case -ENOMEDIUM:
		return ISO7816_E_REMOVED;
	default:
		return ISO7816_E_LINE;
	}
}

/*
 * The buffer of the last response may still be on its way on a connection that is being closed.
 * Then it is left there and another one taken.
 */
static bool reply_own(struct cks_session *s, bool keep)
{
	struct cks_txbuf *tx;

	if (refcount_read(&s->reply->ref) == 1)
		return true;
	tx = cks_txbuf_alloc(s->reply->size);
	if (!tx)
		return false;
	if (keep) {
		memcpy(tx->data, s->reply->data, s->reply->len);
		tx->len = s->reply->len;
	}
	cks_txbuf_put(s->reply);
	s->reply = tx;
	return true;
}

static void reply_response(struct cks_session *s, enum iso7816_err err, u32 rsp_len)
{
	struct cks_txbuf *tx = s->reply;
	enum cks_status status = status_of(err);
	struct cks_build b;

	if (err == ISO7816_OK && (rsp_len < 2 || rsp_len > CKS_RESPONSE_MAX))
		status = CKS_STATUS_CARD;
	cks_build_begin(&b, tx->data, tx->size, CKS_T_RESPONSE, s->cmd_number);
	cks_put_u16(&b, CKS_F_STATUS, status);
	cks_put_u32(&b, CKS_F_POWER_GEN, s->power_gen);
	if (status == CKS_STATUS_DONE)
		cks_put_room(&b, CKS_F_DATA, rsp_len);	/* the core has written them there */
	else
		cks_put_text(&b, CKS_F_REASON, err == ISO7816_OK ? "response too short" :
								   iso7816_strerror(err));
	tx->len = cks_build_end(&b);
}

static void reply_atr(struct cks_session *s, enum iso7816_err err, const struct iso7816_atr *atr)
{
	struct cks_txbuf *tx = s->reply;
	struct cks_build b;

	cks_build_begin(&b, tx->data, tx->size, CKS_T_ATR, s->cmd_number);
	cks_put_u16(&b, CKS_F_STATUS, status_of(err));
	cks_put_u32(&b, CKS_F_PRESENCE_GEN, s->presence_gen);
	cks_put_u32(&b, CKS_F_POWER_GEN, s->power_gen);
	if (atr->len)
		cks_put(&b, CKS_F_ATR, atr->raw, atr->len);
	if (err == ISO7816_OK)
		cks_put_u8(&b, CKS_F_CARD_PROTOCOL, s->card_protocol);
	else
		cks_put_text(&b, CKS_F_REASON, iso7816_strerror(err));
	tx->len = cks_build_end(&b);
}

/* Make the response of the command in progress and send it, if there is a channel. */
static void finish(struct cks_session *s, enum iso7816_err err)
{
	static const struct iso7816_atr none;
	enum cks_status status = status_of(err);
	struct cks_coupler_status now;
	bool ran = s->cmd_number && !s->replied;

	if (!ran)
		return;
	if (status != CKS_STATUS_DONE && status != CKS_STATUS_MALFORMED)
		cks_coupler_power_off(s->coupler, &s->owner);
	cks_coupler_status(s->coupler, &now);
	s->power_gen = now.power_gen;
	if (s->cmd_reset) {
		if (err == ISO7816_OK)
			s->card_protocol = now.line.t;
		reply_atr(s, err, err == ISO7816_E_REMOVED ? &none : &s->cmd.atr);
	} else {
		reply_response(s, err, s->cmd.x.rsp_len);
	}
	s->replied = true;
	if (s->channel)
		cks_channel_reply(s);
}

void cks_channel_reply(struct cks_session *s)
{
	cks_stream_send(s->channel->stream, cks_txbuf_get(s->reply));
}

void cks_channel_done(struct cks_session *s)
{
	finish(s, s->cmd.err);
	cks_session_happen(s, CKS_H_DONE);
}

void cks_channel_card_removed(struct cks_session *s)
{
	struct cks_txbuf *tx;

	if (!s->cmd_busy || !s->channel)
		return;
	/* s->reply is the core's until it is done: this one goes in a frame of its own. */
	tx = cks_txbuf_alloc(256);
	if (!tx)
		return;
	swap(tx, s->reply);
	finish(s, ISO7816_E_REMOVED);
	swap(tx, s->reply);
	cks_txbuf_put(tx);
}

/* ----------------------------------------------------------------------------- commands */

static bool begin(struct cks_channel *ch, const struct cks_msg *m)
{
	struct cks_session *s = ch->session;

	if (s->phase != CKS_P_OPEN) {
		cks_stream_error(ch->stream, CKS_CODE_STATE, "a command is in progress");
		return false;
	}
	if (m->h.number != s->cmd_number + 1) {
		cks_stream_error(ch->stream, CKS_CODE_STATE,
				 "commands are numbered from 1 without gaps");
		return false;
	}
	if (!reply_own(s, false)) {
		cks_stream_error(ch->stream, CKS_CODE_LIMIT, "the station is out of memory");
		return false;
	}
	memzero_explicit(s->reply->data, s->reply->len);
	s->reply->len = 0;
	s->cmd_number = m->h.number;
	s->replied = false;
	s->commands++;
	memset(&s->cmd.x, 0, sizeof(s->cmd.x));
	memset(&s->cmd.atr, 0, sizeof(s->cmd.atr));
	return true;
}

static void started(struct cks_session *s, int err, u32 timeout)
{
	if (err) {
		finish(s, refusal_of(err));
		/* As after any response. */
		cks_session_happen(s, CKS_H_COMMAND);
		cks_session_happen(s, CKS_H_DONE);
		return;
	}
	s->cmd_busy = true;
	cks_session_happen(s, CKS_H_COMMAND);
	cks_session_arm(s, timeout + CKS_COUPLER_MS);
}

static void command(struct cks_channel *ch, const struct cks_msg *m)
{
	struct cks_session *s = ch->session;
	u32 timeout = cks_msg_u32(m, CKS_F_TIMEOUT);
	struct cks_command *cmd = &s->cmd;
	int err;

	if (!begin(ch, m))
		return;
	timeout = timeout ? min(timeout, CKS_TIMEOUT_MAX_MS) : s->station->limit[CKS_L_COMMAND];
	cmd->x.cmd = m->f[CKS_F_DATA].p;
	cmd->x.cmd_len = m->f[CKS_F_DATA].len;
	cmd->x.rsp = s->reply->data + RESPONSE_DATA;
	cmd->x.rsp_size = CKS_RESPONSE_MAX;
	cmd->x.mode = cks_msg_u8(m, CKS_F_MODE) ? ISO7816_TPDU : ISO7816_APDU;
	cmd->timeout_ms = timeout;
	s->cmd_reset = false;
	s->cmd_body_len = m->h.len;
	s->cmd_body = cks_stream_take_body(ch->stream);
	err = cks_coupler_exchange(s->coupler, &s->owner, cmd);
	if (err) {
		kvfree_sensitive(s->cmd_body, s->cmd_body_len);
		s->cmd_body = NULL;
	}
	started(s, err, timeout);
}

static void reset(struct cks_channel *ch, const struct cks_msg *m)
{
	struct cks_session *s = ch->session;
	int err;

	if (!begin(ch, m))
		return;
	s->cmd_reset = true;
	s->cmd.timeout_ms = 0;
	err = cks_coupler_reset(s->coupler, &s->owner, &s->cmd,
				cks_msg_u8(m, CKS_F_RESET) ? ISO7816_WARM : ISO7816_COLD);
	/* What is malformed about a reset is that the card is not active. */
	started(s, err == -EINVAL ? -EHOSTDOWN : err, 0);
}

/* -------------------------------------------------------------------------- open, close */

static void send_opened(struct cks_channel *ch, bool resumed, enum cks_outcome outcome)
{
	struct cks_session *s = ch->session;
	struct cks_txbuf *tx = cks_txbuf_alloc(256);
	struct cks_build b;

	if (!tx) {
		cks_stream_error(ch->stream, CKS_CODE_LIMIT, "the station is out of memory");
		return;
	}
	cks_build_begin(&b, tx->data, tx->size, CKS_T_OPENED, 0);
	cks_put_u64(&b, CKS_F_REQUEST, s->request);
	cks_put_u32(&b, CKS_F_PRESENCE_GEN, s->presence_gen);
	cks_put_u32(&b, CKS_F_POWER_GEN, s->power_gen);
	if (resumed)
		cks_put_u8(&b, CKS_F_OUTCOME, outcome);
	tx->len = cks_build_end(&b);
	cks_stream_send(ch->stream, tx);
}

/* What became of the command after number @from, the last one whose response the CAS has. */
static enum cks_outcome outcome_after(struct cks_session *s, u32 from)
{
	if (from == s->cmd_number)
		return CKS_OUTCOME_NONE;
	if (from + 1 != s->cmd_number)
		return CKS_OUTCOME_LOST;
	if (!s->replied)
		return CKS_OUTCOME_RUNNING;
	return reply_own(s, true) ? CKS_OUTCOME_KEPT : CKS_OUTCOME_LOST;
}

static struct cks_session *session_by_token(struct cks_lane *lane, const u8 *token)
{
	struct cks_session *s = cks_session_on(lane->station, lane->index);
	enum cks_phase next;

	if (!s || !s->token_valid || crypto_memneq(s->token, token, CKS_ID_LEN))
		return NULL;
	return cks_phase_after(s->phase, CKS_H_OPENED, &next) ? s : NULL;
}

static void open(struct cks_channel *ch, const struct cks_msg *m)
{
	bool resumed = cks_msg_has(m, CKS_F_RESUME_FROM);
	u32 from = cks_msg_u32(m, CKS_F_RESUME_FROM);
	enum cks_outcome outcome = CKS_OUTCOME_NONE;
	struct cks_session *s;

	s = session_by_token(ch->lane, m->f[CKS_F_TOKEN].p);
	if (!s) {
		atomic64_inc(&ch->lane->station->channels_refused);
		cks_stream_error(ch->stream, CKS_CODE_TOKEN, "token unknown");
		return;
	}
	if (resumed && from > s->cmd_number) {
		cks_stream_error(ch->stream, CKS_CODE_STATE,
				 "resume_from names a command that never came");
		return;
	}
	s->token_valid = false;
	memzero_explicit(s->token, sizeof(s->token));
	s->want_rechannel = false;
	if (s->channel)
		cks_channel_detach(s, CKS_CODE_STATE, "channel opened again");
	s->channel = ch;
	ch->session = s;
	cks_stream_limit(ch->stream, CKS_BODY_CHANNEL);
	cks_stream_deadline(ch->stream, 0);

	if (resumed)
		outcome = outcome_after(s, from);
	send_opened(ch, resumed, outcome);
	if (outcome == CKS_OUTCOME_KEPT)
		cks_channel_reply(s);

	if (s->phase == CKS_P_ADRIFT) {
		cks_session_happen(s, CKS_H_OPENED);
		cks_session_arm(s, s->cmd.timeout_ms + CKS_COUPLER_MS);
	} else {
		cks_session_happen(s, CKS_H_OPENED);
	}
}

static void close(struct cks_channel *ch)
{
	struct cks_session *s = ch->session;
	struct cks_txbuf *tx;
	struct cks_build b;

	if (s->phase != CKS_P_OPEN) {
		cks_stream_error(ch->stream, CKS_CODE_STATE, "a command is in progress");
		return;
	}
	cks_coupler_power_off(s->coupler, &s->owner);
	cks_session_happen(s, CKS_H_CLOSE);
	tx = cks_txbuf_alloc(64);
	if (tx) {
		cks_build_begin(&b, tx->data, tx->size, CKS_T_CLOSED, 0);
		tx->len = cks_build_end(&b);
		cks_stream_send(ch->stream, tx);
	}
	cks_channel_detach(s, 0, NULL);
}

/* Its connection is gone; the card stays on, and the channel can be opened again. */
static void channel_lost(struct cks_session *s)
{
	cks_session_happen(s, CKS_H_LOST);
	s->want_rechannel = true;
}

void cks_channel_fence(struct cks_session *s)
{
	if (!s->channel)
		return;
	cks_channel_detach(s, CKS_CODE_LEASE, "another node has taken this station over");
	channel_lost(s);
}

void cks_channel_detach(struct cks_session *s, enum cks_code code, const char *reason)
{
	struct cks_channel *ch = s->channel;

	lockdep_assert_held(&s->station->lock);
	if (!ch)
		return;
	s->channel = NULL;
	ch->session = NULL;
	if (code)
		cks_stream_error(ch->stream, code, reason);
	else
		cks_stream_close(ch->stream);
}

/* ------------------------------------------------------------------------------- stream */

static void channel_opened(struct cks_stream *stream)
{
	struct cks_channel *ch = stream->priv;

	ch->stream = stream;
	cks_stream_deadline(stream, ch->lane->station->limit[CKS_L_GREETING]);
}

static void channel_frame(struct cks_stream *stream, const struct cks_msg *m)
{
	struct cks_channel *ch = stream->priv;
	struct cks_station *st = ch->lane->station;

	mutex_lock(&st->lock);
	if (m->h.type == CKS_T_ERROR)
		cks_stream_close(stream);
	else if (m->h.type == CKS_T_OPEN && !ch->session)
		open(ch, m);
	else if (m->h.type == CKS_T_COMMAND && ch->session)
		command(ch, m);
	else if (m->h.type == CKS_T_RESET && ch->session)
		reset(ch, m);
	else if (m->h.type == CKS_T_CLOSE && ch->session)
		close(ch);
	else
		cks_stream_error(stream, CKS_CODE_STATE, ch->session ?
				 "not a frame of an open channel" : "OPEN comes first");
	mutex_unlock(&st->lock);
}

static void channel_refused(struct cks_stream *stream)
{
	struct cks_channel *ch = stream->priv;

	atomic64_inc(&ch->lane->station->frames_refused);
}

static void channel_timeout(struct cks_stream *stream)
{
	struct cks_channel *ch = stream->priv;

	atomic64_inc(&ch->lane->station->channels_refused);
	cks_stream_error(stream, CKS_CODE_TIMEOUT, "no OPEN in time");
}

static void channel_closed(struct cks_stream *stream)
{
	struct cks_channel *ch = stream->priv;
	struct cks_station *st = ch->lane->station;
	struct cks_session *s;

	mutex_lock(&st->lock);
	s = ch->session;
	if (s) {
		s->channel = NULL;
		channel_lost(s);
		cks_control_pump(st);
	}
	mutex_unlock(&st->lock);
	kfree(ch);
}

static const struct cks_stream_ops channel_ops = {
	.opened = channel_opened,
	.frame = channel_frame,
	.refused = channel_refused,
	.timeout = channel_timeout,
	.closed = channel_closed,
};

void cks_channel_accept(void *ctx, struct cks_transport *tp)
{
	struct cks_lane *lane = ctx;
	struct cks_channel *ch = kzalloc(sizeof(*ch), GFP_KERNEL);

	if (!ch) {
		tp->ops->release(tp);
		return;
	}
	ch->lane = lane;
	/* No next frame is taken while a response waits to be sent. */
	if (cks_stream_start(&lane->station->streams, tp, &channel_ops, ch, 0)) {
		atomic64_inc(&lane->station->connections_refused);
		kfree(ch);
	}
}
