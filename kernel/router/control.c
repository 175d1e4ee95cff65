// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control socket: hello, requests out and results in, dispositions until they are
 * acknowledged, and the keep-alive (docs/protocol.md section 2).
 *
 * What is to be sent is state of the station and its sessions, not a queue: cks_control_pump()
 * makes frames of it while there is room. A CAS that reads slowly, or reconnects, loses nothing
 * and costs no memory.
 *
 * Contexts: all process context. A connection (struct cks_control) belongs to its stream, which
 * frees it when it closes; station.control points to the one that said HELLO, under station.lock.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/slab.h>
#include <linux/string.h>

#include "router.h"

#define TX_PAUSE	(64 * 1024)
#define LEASE_STEP	(1ULL << 32)	/* of a lease epoch above the highest */

/**
 * struct cks_control - a connection to the control socket
 * @station: whose
 * @stream: its stream
 * @greeted: HELLO was accepted
 * @journal_epoch: that it was told
 * @silent: PINGs since something came
 * @links: channels that come over it, or NULL
 * @name: of the CAS
 */
struct cks_control {
	struct cks_station *station;
	struct cks_stream *stream;
	bool greeted;
	u64 journal_epoch;
	unsigned int silent;
	struct cks_links *links;
	char name[CKS_NAME_MAX + 1];
};

const char *cks_control_name(const struct cks_control *c)
{
	return c->name;
}

/* Begin a frame. Without memory the connection is given up, and the next one resumes. */
static struct cks_txbuf *frame_begin(struct cks_control *c, struct cks_build *b, u32 size,
				     enum cks_type type, u32 number)
{
	struct cks_txbuf *tx = cks_txbuf_alloc(size);

	if (!tx) {
		cks_stream_close(c->stream);
		return NULL;
	}
	cks_build_begin(b, tx->data, tx->size, type, number);
	return tx;
}

/* Return: false where the connection is being closed already; nobody has been told then. */
static bool frame_end(struct cks_control *c, struct cks_build *b, struct cks_txbuf *tx)
{
	tx->len = cks_build_end(b);
	WARN_ON_ONCE(!tx->len);
	return cks_stream_send(c->stream, tx);
}

static void put_couplers(struct cks_station *st, struct cks_build *b)
{
	unsigned int n = 0;
	u32 i, start = b->len;
	u8 *field;

	field = cks_put_room(b, CKS_F_COUPLERS, 8 * CKS_LANES_MAX);
	if (!field)
		return;
	for (i = 0; i < CKS_LANES_MAX; i++) {
		struct cks_coupler_status status;
		struct cks_coupler *coupler;

		if (!st->lanes[i].present)
			continue;
		coupler = cks_coupler_get(i);
		if (!coupler)
			continue;
		cks_coupler_status(coupler, &status);
		cks_coupler_put(coupler);
		cks_be32(field + 8 * n, i);
		cks_be32(field + 8 * n + 4, status.presence_gen);
		n++;
	}
	b->len = start;
	cks_put_room(b, CKS_F_COUPLERS, 8 * n);
}

static void send_hello(struct cks_control *c)
{
	struct cks_station *st = c->station;
	struct cks_txbuf *tx;
	struct cks_build b;

	tx = frame_begin(c, &b, CKS_FRAME_HEADER + CKS_BODY_CONTROL, CKS_T_HELLO, 0);
	if (!tx)
		return;
	cks_put(&b, CKS_F_STATION, st->uuid, CKS_ID_LEN);
	cks_put(&b, CKS_F_BOOT_ID, st->boot_id, CKS_ID_LEN);
	c->journal_epoch = st->journal_epoch;
	cks_put_u64(&b, CKS_F_JOURNAL_EPOCH, c->journal_epoch);
	cks_put_u64(&b, CKS_F_LAST_DISPOSITION, st->last_disposition);
	put_couplers(st, &b);
	frame_end(c, &b, tx);
}

/* -------------------------------------------------------------------------- what is due */

static bool send_disposed(struct cks_control *c, const struct cks_dispo *d)
{
	struct cks_txbuf *tx;
	struct cks_build b;

	tx = frame_begin(c, &b, 512, CKS_T_DISPOSED, 0);
	if (!tx)
		return false;
	cks_put_u64(&b, CKS_F_NUMBER, d->number);
	cks_put_u64(&b, CKS_F_JOURNAL_EPOCH, c->station->journal_epoch);
	cks_put(&b, CKS_F_BOOT_ID, d->boot_id, CKS_ID_LEN);
	cks_put_u64(&b, CKS_F_REQUEST, d->request);
	cks_put_u64(&b, CKS_F_RESULT_ID, d->result_id);
	cks_put_u32(&b, CKS_F_COUPLER, d->coupler);
	cks_put_u32(&b, CKS_F_PRESENCE_GEN, d->presence_gen);
	cks_put_u8(&b, CKS_F_DISPOSITION, d->disposition);
	if (d->evidence_len)
		cks_put(&b, CKS_F_EVIDENCE, d->evidence, d->evidence_len);
	return frame_end(c, &b, tx);
}

static bool send_ended(struct cks_control *c, const struct cks_session *s)
{
	struct cks_txbuf *tx;
	struct cks_build b;

	tx = frame_begin(c, &b, 256, CKS_T_ENDED, 0);
	if (!tx)
		return false;
	cks_put_u64(&b, CKS_F_REQUEST, s->request);
	cks_put_text(&b, CKS_F_REASON, s->reason);
	return frame_end(c, &b, tx);
}

static bool send_request(struct cks_control *c, struct cks_session *s)
{
	struct cks_txbuf *tx;
	struct cks_build b;

	tx = frame_begin(c, &b, 2048, CKS_T_REQUEST, 0);
	if (!tx)
		return false;
	cks_session_new_token(s);
	cks_put_u64(&b, CKS_F_REQUEST, s->request);
	cks_put_u32(&b, CKS_F_COUPLER, s->index);
	cks_put_u32(&b, CKS_F_PRESENCE_GEN, s->presence_gen);
	cks_put_u32(&b, CKS_F_POWER_GEN, s->power_gen);
	cks_put_text(&b, CKS_F_APPLICATION, s->application);
	cks_put_text(&b, CKS_F_PROTOCOL, "cks");
	cks_put_text(&b, CKS_F_ENCRYPTION, "none");
	cks_put_u16(&b, CKS_F_PORT, c->station->channel_port + s->index);
	cks_put(&b, CKS_F_TOKEN, s->token, CKS_ID_LEN);
	cks_put(&b, CKS_F_ATR, s->atr.raw, s->atr.len);
	cks_put_u8(&b, CKS_F_CARD_PROTOCOL, s->card_protocol);
	cks_put_u8(&b, CKS_F_REPEAT, s->offered);
	if (s->parameters_len)
		cks_put(&b, CKS_F_PARAMETERS, s->parameters, s->parameters_len);
	if (s->card_reference[0])
		cks_put_text(&b, CKS_F_CARD_REFERENCE, s->card_reference);
	if (!frame_end(c, &b, tx))
		return false;
	cks_session_offer_sent(s);
	return true;
}

static bool send_rechannel(struct cks_control *c, struct cks_session *s)
{
	struct cks_txbuf *tx;
	struct cks_build b;

	tx = frame_begin(c, &b, 256, CKS_T_RECHANNEL, 0);
	if (!tx)
		return false;
	cks_session_new_token(s);
	cks_put_u64(&b, CKS_F_REQUEST, s->request);
	cks_put_u16(&b, CKS_F_PORT, c->station->channel_port + s->index);
	cks_put(&b, CKS_F_TOKEN, s->token, CKS_ID_LEN);
	cks_put_u32(&b, CKS_F_PRESENCE_GEN, s->presence_gen);
	cks_put_u32(&b, CKS_F_POWER_GEN, s->power_gen);
	return frame_end(c, &b, tx);
}

static bool send_entry(struct cks_control *c, struct cks_session *s)
{
	struct cks_txbuf *tx;
	struct cks_build b;

	tx = frame_begin(c, &b, 256, CKS_T_ENTRY, 0);
	if (!tx)
		return false;
	cks_put_u64(&b, CKS_F_REQUEST, s->request);
	cks_put_u32(&b, CKS_F_PROMPT, s->entry_prompt);
	cks_put_u8(&b, CKS_F_ANSWER, s->entry_answer);
	if (s->entry_len)
		cks_put(&b, CKS_F_ENTRY, s->entry, s->entry_len);
	if (!frame_end(c, &b, tx))
		return false;
	cks_prompt_entry_sent(s);
	return true;
}

static bool room(struct cks_control *c)
{
	return cks_stream_backlog(c->stream) < TX_PAUSE;
}

void cks_control_pump(struct cks_station *st)
{
	struct cks_control *c = st->control;
	struct cks_session *s;
	struct cks_dispo *d;

	lockdep_assert_held(&st->lock);
	if (!c)
		return;
	list_for_each_entry(d, &st->dispositions, node) {
		if (d->sent)
			continue;
		if (!room(c) || !send_disposed(c, d))
			return;
		d->sent = true;
	}
	list_for_each_entry(s, &st->sessions, node) {
		if (!s->want_ended && !s->want_request && !s->want_rechannel && !s->want_entry)
			continue;
		if (!room(c))
			return;
		if (s->want_entry && !send_entry(c, s))
			return;
		if (s->want_ended) {
			if (!send_ended(c, s))
				return;
			s->want_ended = false;
		} else if (s->want_request) {
			if (!send_request(c, s))
				return;
			s->want_request = false;
			s->want_rechannel = false;
		} else if (s->want_rechannel) {
			if (!send_rechannel(c, s))
				return;
			s->want_rechannel = false;
		}
	}
}

/* ------------------------------------------------------------------------------- frames */

static void hello(struct cks_control *c, const struct cks_msg *m)
{
	u64 lease = cks_msg_u64(m, CKS_F_LEASE_EPOCH);
	struct cks_station *st = c->station;
	struct cks_session *s;
	struct cks_dispo *d;

	if (c->journal_epoch != st->journal_epoch) {
		cks_stream_error(c->stream, CKS_CODE_OPERATOR, CKS_NEW_JOURNAL);
		return;
	}
	if (lease < st->lease_epoch) {
		st->leases_refused++;
		cks_stream_error(c->stream, CKS_CODE_LEASE, "lease_epoch below the highest");
		return;
	}
	if (lease - st->lease_epoch > LEASE_STEP) {
		st->leases_refused++;
		cks_stream_error(c->stream, CKS_CODE_LIMIT, "lease_epoch far above the highest");
		return;
	}
	if (lease > st->lease_epoch) {
		cks_control_drop(st, CKS_CODE_LEASE, "another node has taken this station over");
		/* Whoever has no lease any more sends no command either. */
		list_for_each_entry(s, &st->sessions, node)
			cks_channel_fence(s);
	} else {
		cks_control_drop(st, CKS_CODE_STATE, "another connection has taken its place");
	}
	st->lease_epoch = lease;
	memcpy(c->name, m->f[CKS_F_NAME].p, m->f[CKS_F_NAME].len);
	c->greeted = true;
	st->control = c;
	cks_stream_limit(c->stream, CKS_BODY_CONTROL);

	list_for_each_entry(d, &st->dispositions, node)
		d->sent = false;
	list_for_each_entry(s, &st->sessions, node) {
		s->want_request = s->phase >= CKS_P_WAITING && !cks_session_decided(s);
		s->want_ended = cks_session_decided(s) && s->own_verdict && s->offered;
	}
	cks_control_pump(st);
	cks_notify_station(st);
}

static void result(struct cks_control *c, const struct cks_msg *m)
{
	u64 request = cks_msg_u64(m, CKS_F_REQUEST);
	struct cks_session *s = cks_session_find(c->station, request);
	struct cks_txbuf *tx;
	struct cks_build b;

	tx = frame_begin(c, &b, 64, CKS_T_RESULT_ACK, 0);
	if (!tx)
		return;
	cks_put_u64(&b, CKS_F_REQUEST, request);
	cks_put_u64(&b, CKS_F_RESULT_ID, cks_msg_u64(m, CKS_F_RESULT_ID));
	frame_end(c, &b, tx);
	if (s)
		cks_session_result(s, m);
	else
		c->station->results_ignored++;
}

/* Every request that is not disposed of, in as many frames as it takes. */
static void send_inventory(struct cks_control *c, u32 number)
{
	const u32 max = CKS_BODY_CONTROL / 2 / CKS_INVENTORY_ITEM;
	struct cks_station *st = c->station;
	unsigned int left = st->nr_sessions;
	struct cks_session *s;

	s = list_first_entry(&st->sessions, struct cks_session, node);
	do {
		u32 i, n = min(left, max);
		struct cks_txbuf *tx;
		struct cks_build b;
		u8 *p;

		tx = frame_begin(c, &b, 128 + n * CKS_INVENTORY_ITEM, CKS_T_INVENTORY, number);
		if (!tx)
			return;
		left -= n;
		cks_put_u8(&b, CKS_F_MORE, left > 0);
		p = cks_put_room(&b, CKS_F_INVENTORY, n * CKS_INVENTORY_ITEM);
		for (i = 0; p && i < n; i++, p += CKS_INVENTORY_ITEM) {
			cks_be32(p, s->request >> 32);
			cks_be32(p + 4, s->request);
			cks_be32(p + 8, s->index);
			cks_be32(p + 12, s->presence_gen);
			p[16] = s->own_verdict ? CKS_INVENTORY_ENDED : cks_session_state(s);
			s = list_next_entry(s, node);
		}
		frame_end(c, &b, tx);
	} while (left);
}

static void order(struct cks_control *c, const struct cks_msg *m)
{
	const struct cks_field *f = &m->f[CKS_F_REASON];
	u8 what = cks_msg_u8(m, CKS_F_ORDER);
	struct cks_station *st = c->station;
	char reason[CKS_REASON_MAX + 1] = "";
	struct cks_txbuf *tx;
	struct cks_build b;
	bool ok = true;

	if (f->len)
		memcpy(reason, f->p, f->len);
	switch (what) {
	case CKS_ORDER_HOLD:
	case CKS_ORDER_GO_ON:
		cks_station_hold(st, what == CKS_ORDER_HOLD, reason);
		break;
	case CKS_ORDER_STOP_LANE:
	case CKS_ORDER_START_LANE:
		ok = cks_station_stop(st, cks_msg_u32(m, CKS_F_COUPLER),
				      what == CKS_ORDER_STOP_LANE, reason);
		break;
	default:
		send_inventory(c, m->h.number);
		return;
	}
	tx = frame_begin(c, &b, 64, CKS_T_ORDER_ACK, m->h.number);
	if (!tx)
		return;
	cks_put_u8(&b, CKS_F_ORDER, what);
	cks_put_u16(&b, CKS_F_STATUS, ok ? CKS_STATUS_DONE : CKS_STATUS_COUPLER);
	frame_end(c, &b, tx);
}

static void prompt(struct cks_control *c, const struct cks_msg *m)
{
	struct cks_session *s = cks_session_find(c->station, cks_msg_u64(m, CKS_F_REQUEST));

	/* Nobody is asked for a card that is decided; ENDED or the RESULT tell. */
	if (s && s->offered && !cks_session_decided(s))
		cks_prompt_show(s, m);
}

static void disposed_ack(struct cks_control *c, const struct cks_msg *m)
{
	u64 number = cks_msg_u64(m, CKS_F_NUMBER);
	struct cks_station *st = c->station;
	const struct cks_dispo *first;

	/* One of a journal that is lost, or one that came before, changes nothing. */
	if (cks_msg_u64(m, CKS_F_JOURNAL_EPOCH) != st->journal_epoch || number <= st->acked)
		return;
	first = list_first_entry_or_null(&st->dispositions, struct cks_dispo, node);
	if (!first || number != first->number || !first->sent) {
		cks_stream_refuse(c->stream, CKS_CODE_STATE,
				  "DISPOSED_ACK of a number that is not the next");
		return;
	}
	cks_station_acked(st, number);
}

static void ping(struct cks_control *c, enum cks_type type, u32 number)
{
	struct cks_txbuf *tx;
	struct cks_build b;

	tx = frame_begin(c, &b, 32, type, number);
	if (tx)
		frame_end(c, &b, tx);
}

/* Channels that share the connection. */
static void links_frame(struct cks_control *c, const struct cks_msg *m)
{
	const char *why;

	if (!c->links)
		c->links = cks_links_new(c->stream);
	if (!c->links) {
		cks_stream_error(c->stream, CKS_CODE_LIMIT, "the station is out of memory");
		return;
	}
	why = cks_links_frame(c->links, c->station, m);
	if (why)
		cks_stream_refuse(c->stream, CKS_CODE_STATE, why);
}

static void control_frame(struct cks_stream *stream, const struct cks_msg *m)
{
	struct cks_control *c = stream->priv;
	struct cks_station *st = c->station;

	mutex_lock(&st->lock);
	if (c->greeted && st->control != c) {
		/* Its place was taken; what is still in its pipe is void. */
	} else if (m->h.type == CKS_T_ERROR) {
		cks_stream_close(stream);
	} else if (m->h.type == CKS_T_HELLO && !c->greeted) {
		hello(c, m);
	} else if (m->h.type == CKS_T_PING) {
		ping(c, CKS_T_PONG, m->h.number);
	} else if (m->h.type == CKS_T_PONG) {
		/* Something came: that is all it says. */
	} else if (m->h.type == CKS_T_RESULT && c->greeted) {
		result(c, m);
	} else if (m->h.type == CKS_T_DISPOSED_ACK && c->greeted) {
		disposed_ack(c, m);
	} else if (m->h.type == CKS_T_ORDER && c->greeted) {
		order(c, m);
	} else if (m->h.type == CKS_T_PROMPT && c->greeted) {
		prompt(c, m);
	} else if (m->h.type >= CKS_T_LINK && m->h.type <= CKS_T_UNLINK && c->greeted) {
		links_frame(c, m);
	} else {
		cks_stream_refuse(stream, CKS_CODE_STATE,
				  c->greeted ? "not a frame of the control socket now" :
					       "HELLO comes first");
	}
	if (c->greeted) {
		c->silent = 0;
		cks_stream_deadline(stream, st->limit[CKS_L_PING]);
	}
	mutex_unlock(&st->lock);
}

/* ------------------------------------------------------------------------------- stream */

static void control_opened(struct cks_stream *stream)
{
	struct cks_control *c = stream->priv;

	c->stream = stream;
	cks_stream_deadline(stream, c->station->limit[CKS_L_GREETING]);
	mutex_lock(&c->station->lock);
	send_hello(c);
	mutex_unlock(&c->station->lock);
}

static void control_refused(struct cks_stream *stream)
{
	struct cks_control *c = stream->priv;

	atomic64_inc(&c->station->frames_refused);
}

static void control_timeout(struct cks_stream *stream)
{
	struct cks_control *c = stream->priv;

	if (!c->greeted) {
		atomic64_inc(&c->station->connections_refused);
		cks_stream_error(stream, CKS_CODE_TIMEOUT, "no HELLO in time");
		return;
	}
	if (++c->silent >= CKS_PINGS) {
		cks_stream_error(stream, CKS_CODE_TIMEOUT, "nothing came for three PINGs");
		return;
	}
	ping(c, CKS_T_PING, c->silent);
	cks_stream_deadline(stream, c->station->limit[CKS_L_PING]);
}

static void control_writable(struct cks_stream *stream)
{
	struct cks_control *c = stream->priv;

	mutex_lock(&c->station->lock);
	if (c->station->control == c)
		cks_control_pump(c->station);
	if (c->links)
		cks_links_wake(c->links);
	mutex_unlock(&c->station->lock);
}

/* The connection that said HELLO is no longer the station's. station.lock held. */
static void control_gone(struct cks_station *st)
{
	struct cks_session *s;

	st->control = NULL;
	list_for_each_entry(s, &st->sessions, node)
		cks_session_happen(s, CKS_H_UNTOLD);
}

void cks_control_drop(struct cks_station *st, enum cks_code code, const char *reason)
{
	struct cks_control *c = st->control;

	lockdep_assert_held(&st->lock);
	if (!c)
		return;
	control_gone(st);
	cks_stream_error(c->stream, code, reason);
}

static void control_closed(struct cks_stream *stream)
{
	struct cks_control *c = stream->priv;
	struct cks_station *st = c->station;

	mutex_lock(&st->lock);
	if (st->control == c) {
		control_gone(st);
		cks_notify_station(st);
	}
	mutex_unlock(&st->lock);
	if (c->links)
		cks_links_put(c->links);
	kfree(c);
}

static const struct cks_stream_ops control_ops = {
	.opened = control_opened,
	.frame = control_frame,
	.refused = control_refused,
	.timeout = control_timeout,
	.writable = control_writable,
	.closed = control_closed,
};

void cks_control_accept(void *ctx, struct cks_transport *tp)
{
	struct cks_station *st = ctx;
	struct cks_control *c = kzalloc(sizeof(*c), GFP_KERNEL);

	if (!c) {
		tp->ops->release(tp);
		return;
	}
	c->station = st;
	if (cks_stream_start(&st->streams, tp, &control_ops, c, TX_PAUSE)) {
		atomic64_inc(&st->connections_refused);
		kfree(c);
	}
}
