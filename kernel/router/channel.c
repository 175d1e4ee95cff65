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
#include <linux/slab.h>
#include <linux/string.h>

#include "router.h"

void cks_channel_reply(struct cks_session *s)
{
	cks_stream_send(s->channel->stream, cks_txbuf_get(s->run->reply));
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
		cks_stream_refuse(ch->stream, CKS_CODE_STATE,
				  "resume_from names a command that never came");
		return;
	}
	cks_session_void_token(s);
	s->want_rechannel = false;
	if (s->channel) {
		cks_channel_detach(s, CKS_CODE_STATE, "channel opened again");
		cks_exchange_channel_lost(s);
	}
	s->channel = ch;
	ch->session = s;
	cks_stream_limit(ch->stream, CKS_BODY_CHANNEL);
	cks_stream_deadline(ch->stream, 0);

	if (resumed)
		outcome = cks_exchange_outcome(s, from);
	send_opened(ch, resumed, outcome);
	if (outcome == CKS_OUTCOME_KEPT)
		cks_exchange_resend(s, from);

	if (s->phase == CKS_P_ADRIFT) {
		cks_session_happen(s, CKS_H_OPENED);
		cks_session_arm(s, s->run->cmd.timeout_ms + CKS_COUPLER_MS);
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
		cks_stream_refuse(ch->stream, CKS_CODE_STATE, "a command is in progress");
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
	cks_exchange_channel_lost(s);
	s->want_rechannel = true;
}

void cks_channel_fence(struct cks_session *s)
{
	/* One that was given out and not used yet: its successor may have to wait for room. */
	cks_session_void_token(s);
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
		cks_exchange_command(ch->session, m);
	else if (m->h.type == CKS_T_RESET && ch->session)
		cks_exchange_reset(ch->session, m);
	else if (m->h.type == CKS_T_BATCH && ch->session)
		cks_exchange_batch(ch->session, m);
	else if (m->h.type == CKS_T_CANCEL && ch->session)
		cks_exchange_cancel(ch->session, m->h.number);
	else if (m->h.type == CKS_T_CLOSE && ch->session)
		close(ch);
	else
		cks_stream_refuse(stream, CKS_CODE_STATE, ch->session ?
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
