// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames over a transport: one work that sends what is queued, receives frame by frame, keeps the
 * deadline and closes.
 *
 * Contexts. stream_wake() may be called anywhere, also in softirq (socket callbacks, the timer);
 * all else is process context. s->lock is the innermost lock and is taken for moments. The work
 * is the only one that touches the transport, so no lock is held while bytes are moved.
 *
 * Life. The stream holds itself until it has closed; a queued work holds it too. Closing stops
 * the timer, then the transport's callbacks, and only then drops the stream's own reference.
 */
#include <linux/jiffies.h>
#include <linux/kcov.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "stream.h"

#define WORK_BUDGET	32	/* rounds of sending and receiving before others have their turn */
#define LINGER_MS	2000	/* for the peer to take what is queued, and to close */
#define DISCARD_MAX	(256 * 1024)

struct cks_txbuf *cks_txbuf_alloc(u32 size)
{
	struct cks_txbuf *tx = kvmalloc(struct_size(tx, data, size), GFP_KERNEL);

	if (!tx)
		return NULL;
	refcount_set(&tx->ref, 1);
	INIT_LIST_HEAD(&tx->node);
	tx->size = size;
	tx->len = 0;
	return tx;
}

void cks_txbuf_put(struct cks_txbuf *tx)
{
	if (tx && refcount_dec_and_test(&tx->ref))
		kvfree_sensitive(tx, struct_size(tx, data, tx->size));
}

static void stream_free(struct kref *ref)
{
	kfree(container_of(ref, struct cks_stream, ref));
}

void cks_stream_get(struct cks_stream *s)
{
	kref_get(&s->ref);
}

void cks_stream_put(struct cks_stream *s)
{
	kref_put(&s->ref, stream_free);
}

static void stream_wake(void *ctx)
{
	struct cks_stream *s = ctx;

	cks_stream_get(s);
	if (!queue_work(s->set->wq, &s->work))
		cks_stream_put(s);
}

static void stream_timer(struct timer_list *t)
{
	struct cks_stream *s = from_timer(s, t, timer);

	stream_wake(s);
}

static void stream_purge(struct cks_stream *s)
{
	struct cks_txbuf *tx, *next;
	LIST_HEAD(purged);

	spin_lock(&s->lock);
	list_splice_init(&s->tx, &purged);
	s->tx_bytes = 0;
	spin_unlock(&s->lock);

	list_for_each_entry_safe(tx, next, &purged, node) {
		list_del_init(&tx->node);
		cks_txbuf_put(tx);
	}
}

static void stream_free_body(struct cks_stream *s)
{
	kvfree_sensitive(s->body, s->msg.h.len);
	s->body = NULL;
	s->body_have = 0;
	s->have = 0;
}

static void stream_die(struct cks_stream *s)
{
	struct cks_streams *set = s->set;

	timer_shutdown_sync(&s->timer);
	s->tp->ops->release(s->tp);
	s->tp = NULL;

	spin_lock(&s->lock);
	s->closing = true;
	spin_unlock(&s->lock);
	s->dead = true;
	stream_purge(s);
	stream_free_body(s);
	s->ops->closed(s);

	spin_lock(&set->lock);
	list_del(&s->node);
	if (!--set->nr)
		wake_up_all(&set->empty);
	spin_unlock(&set->lock);
	cks_stream_put(s);
}

/* Return: 1 something was sent, 0 nothing more can be, or an error. */
static int stream_tx(struct cks_stream *s)
{
	struct cks_txbuf *tx;
	bool writable = false;
	int n;

	spin_lock(&s->lock);
	tx = list_first_entry_or_null(&s->tx, struct cks_txbuf, node);
	spin_unlock(&s->lock);
	if (!tx)
		return 0;

	n = s->tp->ops->send(s->tp, tx->data + s->tx_sent, tx->len - s->tx_sent);
	if (n == -EAGAIN)
		return 0;
	if (n <= 0)
		return n ? n : -EPIPE;

	s->tx_sent += n;
	spin_lock(&s->lock);
	s->tx_bytes -= n;
	if (s->tx_sent == tx->len)
		list_del_init(&tx->node);
	else
		tx = NULL;
	if (s->tx_full && s->tx_bytes <= s->tx_pause / 2) {
		s->tx_full = false;
		writable = !s->closing;
	}
	spin_unlock(&s->lock);

	if (tx) {
		s->tx_sent = 0;
		cks_txbuf_put(tx);
	}
	if (writable && s->ops->writable)
		s->ops->writable(s);
	return 1;
}

static void stream_frame(struct cks_stream *s)
{
	unsigned int code;
	const char *why;

	code = cks_frame_fields(&s->msg, s->body, &why);
	if (code)
		cks_stream_refuse(s, code, why);
	else
		s->ops->frame(s, &s->msg);
	stream_free_body(s);
}

/* Return: 1 something was received, 0 nothing more is there, or an error; -EPIPE at the end. */
static int stream_rx(struct cks_stream *s)
{
	unsigned int code;
	const char *why;
	int n;

	if (s->have < CKS_FRAME_HEADER) {
		n = s->tp->ops->recv(s->tp, s->header + s->have, CKS_FRAME_HEADER - s->have);
		if (n <= 0)
			goto end;
		s->have += n;
		if (s->have < CKS_FRAME_HEADER)
			return 1;
		code = cks_frame_header(&s->msg.h, s->header, s->max_body, &why);
		if (code) {
			s->msg.h.len = 0;
			cks_stream_refuse(s, code, why);
			return 1;
		}
		if (s->msg.h.len) {
			s->body = kvmalloc(s->msg.h.len, GFP_KERNEL);
			if (!s->body) {
				cks_stream_error(s, CKS_CODE_LIMIT, "the station is out of memory");
				return 1;
			}
		}
	} else {
		n = s->tp->ops->recv(s->tp, s->body + s->body_have,
				     s->msg.h.len - s->body_have);
		if (n <= 0)
			goto end;
		s->body_have += n;
	}
	if (s->body_have == s->msg.h.len)
		stream_frame(s);
	return 1;

end:
	if (n == -EAGAIN)
		return 0;
	return n ? n : -EPIPE;
}

/*
 * What the peer still sends is read and thrown away until it closes: a socket closed over unread
 * data is reset, and the peer would lose the ERROR that was on its way.
 */
static int stream_drain(struct cks_stream *s)
{
	u8 sink[256];
	int n;

	if (!s->shut) {
		s->shut = true;
		s->tp->ops->shutdown(s->tp);
	}
	n = s->tp->ops->recv(s->tp, sink, sizeof(sink));
	memzero_explicit(sink, sizeof(sink));
	if (n == -EAGAIN)
		return 0;
	if (n <= 0)
		return -EPIPE;
	s->discarded += n;
	return s->discarded > DISCARD_MAX ? -EPIPE : 1;
}

static void stream_work(struct work_struct *work)
{
	struct cks_stream *s = container_of(work, struct cks_stream, work);
	unsigned int budget = WORK_BUDGET;
	bool closing, aborted, expired;
	int sent, got = 0;
	u32 backlog;

	kcov_remote_start_common(READ_ONCE(s->set->kcov));
	if (s->dead)
		goto out;
	if (!s->opened) {
		s->opened = true;
		s->ops->opened(s);
	}

	do {
		spin_lock(&s->lock);
		aborted = s->aborted && !s->tx_bytes;
		closing = s->closing;
		expired = s->armed && time_after_eq(jiffies, s->deadline);
		if (expired)
			s->armed = false;
		spin_unlock(&s->lock);

		if (aborted || (expired && closing)) {
			stream_die(s);
			goto out;
		}
		if (expired) {
			s->ops->timeout(s);
			closing = true;	/* maybe; look again before receiving */
		}

		sent = stream_tx(s);
		if (sent < 0) {
			stream_die(s);
			goto out;
		}
		backlog = cks_stream_backlog(s);
		got = 0;
		if (expired)
			got = 1;
		else if (closing)
			got = backlog ? 0 : stream_drain(s);
		else if (backlog <= s->tx_pause)
			got = stream_rx(s);
		if (got < 0) {
			stream_die(s);
			goto out;
		}
	} while ((sent || got) && --budget);

	if (sent || got)
		stream_wake(s);
out:
	kcov_remote_stop();
	cks_stream_put(s);
}

static void stream_deadline_locked(struct cks_stream *s, unsigned int ms)
{
	s->armed = ms;
	if (!ms)
		return;
	s->deadline = jiffies + msecs_to_jiffies(ms);
	mod_timer(&s->timer, s->deadline);
}

void cks_streams_init(struct cks_streams *set, struct workqueue_struct *wq, unsigned int max)
{
	spin_lock_init(&set->lock);
	INIT_LIST_HEAD(&set->list);
	set->nr = 0;
	set->max = max;
	init_waitqueue_head(&set->empty);
	set->wq = wq;
	set->kcov = 0;
}

void cks_streams_limit(struct cks_streams *set, unsigned int max)
{
	spin_lock(&set->lock);
	set->max = max;
	spin_unlock(&set->lock);
}

void cks_streams_close(struct cks_streams *set)
{
	struct cks_stream *s;

	spin_lock(&set->lock);
	list_for_each_entry(s, &set->list, node) {
		spin_lock(&s->lock);
		s->aborted = true;
		s->closing = true;
		stream_deadline_locked(s, LINGER_MS);
		spin_unlock(&s->lock);
		stream_wake(s);
	}
	spin_unlock(&set->lock);
	wait_event(set->empty, !READ_ONCE(set->nr));
}

int cks_stream_start(struct cks_streams *set, struct cks_transport *tp,
		     const struct cks_stream_ops *ops, void *priv, u32 tx_pause)
{
	struct cks_stream *s;
	int err;

	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s) {
		tp->ops->release(tp);
		return -ENOMEM;
	}
	kref_init(&s->ref);
	s->set = set;
	s->tp = tp;
	s->ops = ops;
	s->priv = priv;
	INIT_WORK(&s->work, stream_work);
	timer_setup(&s->timer, stream_timer, 0);
	spin_lock_init(&s->lock);
	INIT_LIST_HEAD(&s->tx);
	s->tx_pause = tx_pause;
	s->max_body = CKS_BODY_GREETING;
	tp->wake = stream_wake;
	tp->ctx = s;

	spin_lock(&set->lock);
	err = set->nr < set->max ? 0 : -EMFILE;
	if (!err) {
		set->nr++;
		list_add_tail(&s->node, &set->list);
	}
	spin_unlock(&set->lock);
	if (err) {
		tp->ops->release(tp);
		kfree(s);
		return err;
	}

	/* From here on the work may run, and even end the stream before this returns. */
	tp->ops->start(tp);
	return 0;
}

void cks_stream_limit(struct cks_stream *s, u32 max_body)
{
	s->max_body = max_body;
}

u8 *cks_stream_take_body(struct cks_stream *s)
{
	u8 *body = s->body;

	s->body = NULL;
	return body;
}

bool cks_stream_send(struct cks_stream *s, struct cks_txbuf *tx)
{
	bool queued = false;

	spin_lock(&s->lock);
	if (!s->closing && tx->len) {
		list_add_tail(&tx->node, &s->tx);
		s->tx_bytes += tx->len;
		/* So that whoever finds no room hears of it when there is. */
		if (s->tx_bytes >= s->tx_pause)
			s->tx_full = true;
		queued = true;
	}
	spin_unlock(&s->lock);
	if (queued)
		stream_wake(s);
	else
		cks_txbuf_put(tx);
	return queued;
}

u32 cks_stream_backlog(struct cks_stream *s)
{
	u32 n;

	spin_lock(&s->lock);
	n = s->tx_bytes;
	spin_unlock(&s->lock);
	return n;
}

void cks_stream_deadline(struct cks_stream *s, unsigned int ms)
{
	spin_lock(&s->lock);
	if (!s->closing)
		stream_deadline_locked(s, ms);
	spin_unlock(&s->lock);
}

void cks_stream_close(struct cks_stream *s)
{
	spin_lock(&s->lock);
	if (!s->closing) {
		s->closing = true;
		stream_deadline_locked(s, LINGER_MS);
	}
	spin_unlock(&s->lock);
	stream_wake(s);
}

void cks_stream_error(struct cks_stream *s, enum cks_code code, const char *reason)
{
	struct cks_txbuf *tx = cks_txbuf_alloc(256);
	struct cks_build b;

	if (tx) {
		cks_build_begin(&b, tx->data, tx->size, CKS_T_ERROR, 0);
		cks_put_u16(&b, CKS_F_CODE, code);
		cks_put_text(&b, CKS_F_REASON, reason);
		tx->len = cks_build_end(&b);
		cks_stream_send(s, tx);
	}
	cks_stream_close(s);
}

void cks_stream_refuse(struct cks_stream *s, enum cks_code code, const char *reason)
{
	cks_stream_error(s, code, reason);
	if (s->ops->refused)
		s->ops->refused(s);
}
