// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels that share the control connection of a station. Each is a pair of buffers: one end is
 * the channel's, as a socket's would be; the other is emptied into CARRY frames, as far as the
 * station has given credit, and filled from them.
 */
#include "mux.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define CREDIT_STEP	(CK_CREDIT_FIRST / 2)	/* is given back at a time */
#define CREDIT_MAX	(1U << 30)

/**
 * struct wire - one channel
 * @mux: its mux; NULL once it is over, and only the channel's end is left
 * @bev: our end; NULL likewise
 * @number: of the link
 * @credit: bytes that may be carried to the station
 * @window: bytes that the station may carry to us
 */
struct wire {
	struct mux *mux;
	struct bufferevent *bev;
	uint32_t number;
	uint32_t credit;
	uint32_t window;

	LIST_ENTRY(wire) entry;
};

struct mux {
	struct event_base *base;
	struct link *control;
	uint32_t last;

	LIST_HEAD(wire_list, wire) wires;
};

/* A frame without fields, or with this one. */
static bool tell(struct wire *w, enum ck_type type, enum ck_tag tag, uint32_t value)
{
	struct ck_builder b;

	ck_begin(&b, type, w->number);
	if (tag)
		ck_put_u32(&b, tag, value);
	return link_send(w->mux->control, &b);
}

/* From the channel to the station. */
static void pump(struct wire *w)
{
	struct evbuffer *in = bufferevent_get_input(w->bev);
	size_t n;

	while (w->credit && (n = evbuffer_get_length(in))) {
		struct ck_builder b;
		uint8_t *p;

		if (n > w->credit)
			n = w->credit;
		if (n > CK_CARRIED_MAX)
			n = CK_CARRIED_MAX;
		p = evbuffer_pullup(in, (ev_ssize_t)n);
		if (!p)
			return;
		ck_begin(&b, CK_CARRY, w->number);
		ck_put(&b, CK_T_CARRIED, p, n);
		if (!link_send(w->mux->control, &b))
			return;
		/* A command's bytes may be secret. */
		explicit_bzero(p, n);
		evbuffer_drain(in, n);
		w->credit -= (uint32_t)n;
	}
}

static void on_read(struct bufferevent *bev, void *arg)
{
	(void)bev;
	pump(arg);
}

/* The channel has taken all that came: the station may carry more. */
static void on_taken(struct bufferevent *bev, void *arg)
{
	struct wire *w = arg;
	uint32_t more = CK_CREDIT_FIRST - w->window;

	(void)bev;
	if (more >= CREDIT_STEP && tell(w, CK_CREDIT, CK_T_CREDIT, more))
		w->window += more;
}

/* Nothing goes either way any more. The channel reads what it has, and then the end. */
static void cut(struct wire *w)
{
	LIST_REMOVE(w, entry);
	w->mux = NULL;
	bufferevent_flush(w->bev, EV_WRITE, BEV_FINISHED);
	bufferevent_free(w->bev);
	w->bev = NULL;
}

/* The channel's end goes. */
static void on_closing(void *arg)
{
	struct wire *w = arg;

	if (w->mux) {
		pump(w);
		tell(w, CK_UNLINK, 0, 0);
		cut(w);
	}
	free(w);
}

struct mux *mux_new(struct event_base *base, struct link *control)
{
	struct mux *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->base = base;
	m->control = control;
	LIST_INIT(&m->wires);
	return m;
}

void mux_free(struct mux *m)
{
	struct wire *w;

	if (!m)
		return;
	while ((w = LIST_FIRST(&m->wires)))
		cut(w);
	free(m);
}

struct link *mux_open(struct mux *m, uint32_t coupler, uint32_t max, const struct link_ops *ops,
		      void *arg)
{
	struct wire *w = calloc(1, sizeof(*w));
	struct bufferevent *pair[2];
	struct link *l;

	if (!w || bufferevent_pair_new(m->base, BEV_OPT_DEFER_CALLBACKS, pair)) {
		free(w);
		return NULL;
	}
	l = link_over(pair[0], max, ops, arg, on_closing, w);
	if (!l) {
		bufferevent_free(pair[1]);
		free(w);
		return NULL;
	}
	w->mux = m;
	w->bev = pair[1];
	w->number = ++m->last;
	w->credit = CK_CREDIT_FIRST;
	w->window = CK_CREDIT_FIRST;
	LIST_INSERT_HEAD(&m->wires, w, entry);
	bufferevent_setcb(w->bev, on_read, on_taken, NULL, w);
	bufferevent_enable(w->bev, EV_READ | EV_WRITE);
	if (tell(w, CK_LINK, CK_T_COUPLER, coupler))
		return l;
	link_close(l);
	return NULL;
}

static struct wire *find(struct mux *m, uint32_t number)
{
	struct wire *w;

	LIST_FOREACH(w, &m->wires, entry)
		if (w->number == number)
			return w;
	return NULL;
}

static const char *carry(struct wire *w, const struct ck_field *f)
{
	if (f->len > w->window)
		return "more was carried than the credit";
	w->window -= f->len;
	/* Without memory for it the channel is cut. */
	if (bufferevent_write(w->bev, f->data, f->len)) {
		tell(w, CK_UNLINK, 0, 0);
		cut(w);
	}
	return NULL;
}

const char *mux_frame(struct mux *m, const struct ck_frame *f)
{
	struct wire *w = find(m, f->number);
	uint64_t credit = ck_u(f, CK_T_CREDIT);

	if (!f->number || f->number > m->last)
		return "a link that never was";
	if (!w)		/* given up here before */
		return NULL;
	switch (f->type) {
	case CK_CARRY:
		return carry(w, &f->field[CK_T_CARRIED]);
	case CK_CREDIT:
		if (w->credit + credit > CREDIT_MAX)
			return "too much credit";
		w->credit += (uint32_t)credit;
		pump(w);
		return NULL;
	default:
		tell(w, CK_UNLINK, 0, 0);
		cut(w);
		return NULL;
	}
}
