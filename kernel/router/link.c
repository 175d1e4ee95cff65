// SPDX-License-Identifier: GPL-2.0-only
/*
 * Links: channels that come over the control connection instead of sockets of their own
 * (docs/protocol.md section 3b). A link is a transport; above it is the same channel as above a
 * socket.
 *
 * Each direction of a link has a credit of bytes, so that a channel that nobody reads stops alone:
 * what the CAS may send fits in the link's ring, and what the station may send was asked for.
 *
 * Contexts: all process context. Frames come under station.lock; a link's transport operations are
 * called by its stream's work, without it. links->lock protects the links of a connection, which
 * outlive it: it is taken below station.lock and is held while a stream is woken, not while one is
 * sent to.
 */
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "router.h"

#define WINDOW		65536	/* credit of a new link, both ways */
#define CREDIT_MAX	(1U << 30)
#define CHUNK		4096	/* bytes in one CARRY, so that others have their turn */
#define CARRIER_PAUSE	(64 * 1024)

/**
 * struct cks_links - the links of a control connection
 * @ref: one is the connection's, one of each link
 * @carrier: stream of the connection, with a reference
 * @lock: protects all links, and what follows
 * @list: links whose stream lives
 * @last: highest number so far
 * @broken: the connection is gone
 */
struct cks_links {
	struct kref ref;
	struct cks_stream *carrier;
	spinlock_t lock;	/* protects all links, and what follows */
	struct list_head list;
	u32 last;
	bool broken;
};

/**
 * struct cks_link - one link
 * @tp: for the channel's stream
 * @links: of the connection, with a reference
 * @node: there
 * @number: given by the CAS
 * @ring: what came and was not yet received, %WINDOW bytes
 * @first: of them
 * @have: how many
 * @eaten: received since the last CREDIT
 * @may_come: credit of the CAS
 * @may_go: credit of the station
 * @started: @tp may be woken
 * @ended: UNLINK came
 * @shut: UNLINK was sent
 */
struct cks_link {
	struct cks_transport tp;
	struct cks_links *links;
	struct list_head node;
	u32 number;
	u8 *ring;
	u32 first;
	u32 have;
	u32 eaten;
	u32 may_come;
	u32 may_go;
	bool started;
	bool ended;
	bool shut;
};

static void links_free(struct kref *ref)
{
	struct cks_links *links = container_of(ref, struct cks_links, ref);

	cks_stream_put(links->carrier);
	kfree(links);
}

static struct cks_link *to_link(struct cks_transport *tp)
{
	return container_of(tp, struct cks_link, tp);
}

/* links->lock held. */
static void link_wake(struct cks_link *l)
{
	if (l->started)
		l->tp.wake(l->tp.ctx);
}

/* A frame about a link. Without memory the connection is given up, as with any other. */
static bool send_about(struct cks_links *links, enum cks_type type, u32 number, enum cks_tag tag,
		       const void *data, u32 len)
{
	struct cks_txbuf *tx = cks_txbuf_alloc(CKS_FRAME_HEADER + CKS_FIELD_HEADER + len);
	struct cks_build b;

	if (!tx) {
		cks_stream_close(links->carrier);
		return false;
	}
	cks_build_begin(&b, tx->data, tx->size, type, number);
	if (len)
		cks_put(&b, tag, data, len);
	tx->len = cks_build_end(&b);
	cks_stream_send(links->carrier, tx);
	return true;
}

static void send_unlink(struct cks_links *links, u32 number)
{
	send_about(links, CKS_T_UNLINK, number, 0, NULL, 0);
}

/* ------------------------------------------------------------------------- as a transport */

static int link_start(struct cks_transport *tp)
{
	struct cks_link *l = to_link(tp);
	struct cks_links *links = l->links;

	/* The wake-up may end the stream, and the link, before this function does. */
	kref_get(&links->ref);
	spin_lock(&links->lock);
	l->started = true;
	link_wake(l);
	spin_unlock(&links->lock);
	kref_put(&links->ref, links_free);
	return 0;
}

/* @len bytes out of the ring. links->lock held. */
static void ring_take(struct cks_link *l, u8 *buf, u32 len)
{
	u32 n = min(len, WINDOW - l->first);

	memcpy(buf, l->ring + l->first, n);
	memzero_explicit(l->ring + l->first, n);
	memcpy(buf + n, l->ring, len - n);
	memzero_explicit(l->ring, len - n);
	l->first = (l->first + len) % WINDOW;
	l->have -= len;
}

static void ring_add(struct cks_link *l, const u8 *data, u32 len)
{
	u32 at = (l->first + l->have) % WINDOW;
	u32 n = min(len, WINDOW - at);

	memcpy(l->ring + at, data, n);
	memcpy(l->ring, data + n, len - n);
	l->have += len;
}

static int link_recv(struct cks_transport *tp, void *buf, size_t len)
{
	struct cks_link *l = to_link(tp);
	struct cks_links *links = l->links;
	u32 n, credit = 0;
	u8 p[4];

	spin_lock(&links->lock);
	n = min_t(size_t, len, l->have);
	if (!n) {
		bool ended = l->ended, broken = links->broken;

		spin_unlock(&links->lock);
		return ended ? 0 : broken ? -EPIPE : -EAGAIN;
	}
	ring_take(l, buf, n);
	l->eaten += n;
	if (l->eaten >= WINDOW / 2 && !l->ended) {
		credit = l->eaten;
		l->may_come += credit;
		l->eaten = 0;
	}
	spin_unlock(&links->lock);
	cks_be32(p, credit);
	if (credit)
		send_about(links, CKS_T_CREDIT, l->number, CKS_F_CREDIT, p, sizeof(p));
	return n;
}

static int link_send(struct cks_transport *tp, const void *buf, size_t len)
{
	struct cks_link *l = to_link(tp);
	struct cks_links *links = l->links;
	int err = 0;
	u32 n;

	/* Each of these wakes the link when it is over. */
	spin_lock(&links->lock);
	n = min_t(size_t, min_t(size_t, len, CHUNK), l->may_go);
	if (links->broken || l->shut)
		err = -EPIPE;
	else if (!n || cks_stream_backlog(links->carrier) >= CARRIER_PAUSE)
		err = -EAGAIN;
	else
		l->may_go -= n;
	spin_unlock(&links->lock);
	if (err)
		return err;
	if (!send_about(links, CKS_T_CARRY, l->number, CKS_F_CARRIED, buf, n))
		return -ENOMEM;
	return n;
}

static void link_shutdown(struct cks_transport *tp)
{
	struct cks_link *l = to_link(tp);
	bool was;

	spin_lock(&l->links->lock);
	was = l->shut;
	l->shut = true;
	spin_unlock(&l->links->lock);
	if (!was)
		send_unlink(l->links, l->number);
}

static void link_release(struct cks_transport *tp)
{
	struct cks_link *l = to_link(tp);
	struct cks_links *links = l->links;

	link_shutdown(tp);
	spin_lock(&links->lock);
	l->started = false;
	list_del(&l->node);
	spin_unlock(&links->lock);
	kvfree_sensitive(l->ring, WINDOW);
	kfree(l);
	kref_put(&links->ref, links_free);
}

static const struct cks_transport_ops link_ops = {
	.start = link_start,
	.recv = link_recv,
	.send = link_send,
	.shutdown = link_shutdown,
	.release = link_release,
};

/* -------------------------------------------------------------------- from the connection */

struct cks_links *cks_links_new(struct cks_stream *carrier)
{
	struct cks_links *links = kzalloc(sizeof(*links), GFP_KERNEL);

	if (!links)
		return NULL;
	kref_init(&links->ref);
	spin_lock_init(&links->lock);
	INIT_LIST_HEAD(&links->list);
	cks_stream_get(carrier);
	links->carrier = carrier;
	return links;
}

void cks_links_wake(struct cks_links *links)
{
	struct cks_link *l;

	spin_lock(&links->lock);
	list_for_each_entry(l, &links->list, node)
		link_wake(l);
	spin_unlock(&links->lock);
}

void cks_links_put(struct cks_links *links)
{
	spin_lock(&links->lock);
	links->broken = true;
	spin_unlock(&links->lock);
	cks_links_wake(links);
	kref_put(&links->ref, links_free);
}

static const char too_much[] = "more credit than a link can have";

static const char *link_new(struct cks_links *links, struct cks_station *st,
			    const struct cks_msg *m)
{
	u32 index = cks_msg_u32(m, CKS_F_COUPLER);
	u32 credit = cks_msg_has(m, CKS_F_CREDIT) ? cks_msg_u32(m, CKS_F_CREDIT) : WINDOW;
	struct cks_link *l;

	if (m->h.number <= links->last)
		return "links are numbered in rising order";
	if (credit > CREDIT_MAX)
		return too_much;
	links->last = m->h.number;
	/* One that has just gone, as the CAS could not know. */
	if (index >= CKS_LANES_MAX || !st->lanes[index].present) {
		send_unlink(links, m->h.number);
		return NULL;
	}
	l = kzalloc(sizeof(*l), GFP_KERNEL);
	if (l)
		l->ring = kvmalloc(WINDOW, GFP_KERNEL);
	if (!l || !l->ring) {
		kfree(l);
		send_unlink(links, m->h.number);
		return NULL;
	}
	l->tp.ops = &link_ops;
	l->number = m->h.number;
	l->may_come = WINDOW;
	l->may_go = credit;
	kref_get(&links->ref);
	l->links = links;
	spin_lock(&links->lock);
	list_add_tail(&l->node, &links->list);
	spin_unlock(&links->lock);
	cks_channel_accept(&st->lanes[index], &l->tp);
	return NULL;
}

/* links->lock held. */
static struct cks_link *link_find(struct cks_links *links, u32 number)
{
	struct cks_link *l;

	list_for_each_entry(l, &links->list, node)
		if (l->number == number)
			return l;
	return NULL;
}

/* Of a link that lives. links->lock held. Return: what is wrong, or NULL. */
static const char *link_frame(struct cks_link *l, const struct cks_msg *m)
{
	const struct cks_field *f = &m->f[CKS_F_CARRIED];
	u32 credit = cks_msg_u32(m, CKS_F_CREDIT);

	if (m->h.type == CKS_T_CREDIT) {
		if (credit > CREDIT_MAX - l->may_go)
			return too_much;
		l->may_go += credit;
	} else if (l->ended) {
		return "nothing follows UNLINK";
	} else if (m->h.type == CKS_T_UNLINK) {
		l->ended = true;
	} else {
		if (f->len > l->may_come)
			return "more than the link's credit";
		l->may_come -= f->len;
		ring_add(l, f->p, f->len);
	}
	link_wake(l);
	return NULL;
}

const char *cks_links_frame(struct cks_links *links, struct cks_station *st,
			    const struct cks_msg *m)
{
	const char *why = NULL;
	struct cks_link *l;

	lockdep_assert_held(&st->lock);
	if (m->h.type == CKS_T_LINK)
		return link_new(links, st, m);
	if (m->h.number > links->last)
		return "no such link";
	spin_lock(&links->lock);
	l = link_find(links, m->h.number);
	/* The station may have closed it while this was on its way. */
	if (l)
		why = link_frame(l, m);
	spin_unlock(&links->lock);
	return why;
}
