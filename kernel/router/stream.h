/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stream sends and receives frames over a transport, within bounds: so much to send, one body
 * of a limited length received, an own deadline.
 */
#ifndef CKS_ROUTER_STREAM_H
#define CKS_ROUTER_STREAM_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "frame.h"
#include "transport.h"

/**
 * struct cks_txbuf - a frame to be sent, which may be kept to be sent again
 * @ref: users
 * @node: in the queue of the one stream that it is being sent on
 * @size: of @data
 * @len: of the frame, set before it is queued
 * @data: the frame; wiped when the last user is gone
 */
struct cks_txbuf {
	refcount_t ref;
	struct list_head node;
	u32 size;
	u32 len;
	u8 data[];
};

struct cks_txbuf *cks_txbuf_alloc(u32 size);
void cks_txbuf_put(struct cks_txbuf *tx);

static inline struct cks_txbuf *cks_txbuf_get(struct cks_txbuf *tx)
{
	refcount_inc(&tx->ref);
	return tx;
}

/**
 * struct cks_streams - all streams of a station
 * @lock: protects @list, @nr
 * @list: of the living
 * @nr: their number
 * @max: no more are accepted
 * @empty: woken when the last one is gone
 * @wq: runs them
 * @kcov: whom what the works do counts for, with KCOV: who had the sockets opened
 */
struct cks_streams {
	spinlock_t lock;	/* protects @list, @nr */
	struct list_head list;
	unsigned int nr;
	unsigned int max;
	wait_queue_head_t empty;
	struct workqueue_struct *wq;
	u64 kcov;
};

struct cks_stream;

/**
 * struct cks_stream_ops - what a stream reports
 * @opened: first of all
 * @frame: a well-formed frame; its fields are valid during the call, or see
 *	cks_stream_take_body()
 * @refused: a frame was refused; the stream has answered ERROR and closes itself
 * @timeout: the deadline passed
 * @writable: half of the queue's limit is free again
 * @closed: last of all; nothing of this stream is queued any more. Frees the owner's part
 *
 * All are called from the stream's own work, one after the other, with no lock held.
 */
struct cks_stream_ops {
	void (*opened)(struct cks_stream *s);
	void (*frame)(struct cks_stream *s, const struct cks_msg *m);
	void (*refused)(struct cks_stream *s);
	void (*timeout)(struct cks_stream *s);
	void (*writable)(struct cks_stream *s);
	void (*closed)(struct cks_stream *s);
};

/**
 * struct cks_stream - frames over a transport
 * @ref: one is the stream's own while it lives, one of each queued work
 * @set: where it is counted
 * @node: in @set
 * @tp: transport, until @dead
 * @ops: reports
 * @priv: the owner's
 * @work: receives and sends
 * @timer: wakes @work at @deadline
 * @lock: protects @tx, @tx_bytes, @tx_full, @closing, @aborted, @deadline, @armed
 * @tx: frames to be sent
 * @tx_bytes: their length, less what of the first is sent
 * @tx_pause: no frame is received while more than this is to be sent
 * @tx_full: more than that waits, and @writable is due when it is half
 * @closing: send what is queued, then close; nothing is received
 * @aborted: close as soon as it is sent, without waiting for the peer to close
 * @deadline: jiffies
 * @armed: @deadline is one
 *
 * The rest is @work's alone.
 */
struct cks_stream {
	struct kref ref;
	struct cks_streams *set;
	struct list_head node;
	struct cks_transport *tp;
	const struct cks_stream_ops *ops;
	void *priv;
	struct work_struct work;
	struct timer_list timer;

	spinlock_t lock;	/* innermost: what is to be sent, and how it ends */
	struct list_head tx;
	u32 tx_bytes;
	u32 tx_pause;
	bool tx_full;
	bool closing;
	bool aborted;
	unsigned long deadline;
	bool armed;

	u32 tx_sent;
	bool opened;
	bool shut;
	bool dead;
	u32 discarded;
	u32 max_body;
	u8 header[CKS_FRAME_HEADER];
	u32 have;
	u8 *body;
	u32 body_have;
	struct cks_msg msg;
};

void cks_streams_init(struct cks_streams *set, struct workqueue_struct *wq, unsigned int max);

/* No more than @max from now on; those that are there stay. */
void cks_streams_limit(struct cks_streams *set, unsigned int max);

/**
 * cks_streams_close() - send what is queued, close all streams, and wait until they are gone
 * Peers that do not read are waited for 2 s.
 * Context: process, may sleep; no lock held that the streams' reports take; no new stream may come
 */
void cks_streams_close(struct cks_streams *set);

/**
 * cks_stream_start() - make a stream of a transport; reports begin
 * @set: where it is counted
 * @tp: the stream's from now on, also on failure
 * @ops: reports
 * @priv: in @priv of the stream
 * @tx_pause: see struct cks_stream
 * Context: process
 * Return: 0, -ENOMEM, or -EMFILE when the station has too many
 */
int cks_stream_start(struct cks_streams *set, struct cks_transport *tp,
		     const struct cks_stream_ops *ops, void *priv, u32 tx_pause);

void cks_stream_get(struct cks_stream *s);
void cks_stream_put(struct cks_stream *s);

/* Longest body from the next frame on. From the stream's own reports only. */
void cks_stream_limit(struct cks_stream *s, u32 max_body);

/* The body of the frame that is being reported becomes the caller's: kvfree_sensitive() it. */
u8 *cks_stream_take_body(struct cks_stream *s);

/**
 * cks_stream_send() - queue a frame; the caller's reference goes to the stream
 * Context: process; any lock above the stream's may be held
 * Return: false if the stream is being closed, and the frame thrown away
 */
bool cks_stream_send(struct cks_stream *s, struct cks_txbuf *tx);

/* Bytes that wait to be sent. */
u32 cks_stream_backlog(struct cks_stream *s);

/* Report @timeout once, @ms from now, unless called again before; 0 never. */
void cks_stream_deadline(struct cks_stream *s, unsigned int ms);

/* Send what is queued, then close; bounded in time. @closed follows. Any process context. */
void cks_stream_close(struct cks_stream *s);

/* Queue ERROR, then close. */
void cks_stream_error(struct cks_stream *s, enum cks_code code, const char *reason);
/* The same for what the other side has sent: @refused counts it. */
void cks_stream_refuse(struct cks_stream *s, enum cks_code code, const char *reason);

#endif
