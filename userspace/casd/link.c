// SPDX-License-Identifier: GPL-2.0-only
/* A connection to a station that carries frames. */
#include "link.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct link {
	struct bufferevent *bev;
	struct event *drain;	/* ends what is refused */
	const struct link_ops *ops;
	void *arg;
	void (*closing)(void *arg);
	void *closing_arg;
	uint32_t max;
	int64_t heard;		/* ms */
	unsigned int busy;	/* calls that still use the struct */
	bool closed;
	bool held;		/* link_hold() */
	bool draining;		/* an ERROR goes out, what comes in is discarded */
};

#define DRAIN 2		/* seconds */

static int64_t monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void release(struct link *l)
{
	if (!--l->busy && l->closed)
		free(l);
}

void link_close(struct link *l)
{
	if (!l || l->closed)
		return;
	l->busy++;
	l->closed = true;
	if (l->closing)
		l->closing(l->closing_arg);
	bufferevent_free(l->bev);
	l->bev = NULL;
	if (l->drain)
		event_free(l->drain);
	l->drain = NULL;
	release(l);
}

/* The other side or an error ended it. */
static void end(struct link *l, const char *why)
{
	if (l->closed)
		return;
	l->busy++;
	link_close(l);
	l->ops->closed(l->arg, why);
	release(l);
}

static void on_drained(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	end(arg, "refused");
}

void link_refuse(struct link *l, enum ck_code code, const char *reason)
{
	struct timeval wait = { .tv_sec = DRAIN };
	struct ck_builder b;

	if (l->closed || l->draining)
		return;
	l->draining = true;
	ck_begin(&b, CK_ERROR, 0);
	ck_put_u16(&b, CK_T_CODE, code);
	ck_put_text(&b, CK_T_REASON, reason);
	if (ck_end(&b))
		bufferevent_write(l->bev, b.data, b.len);
	ck_free(&b);
	l->drain = evtimer_new(bufferevent_get_base(l->bev), on_drained, l);
	/* Without memory for the timer the connection is at the station's mercy: cut it at once. */
	if (!l->drain || event_add(l->drain, &wait))
		bufferevent_trigger_event(l->bev, BEV_EVENT_EOF, BEV_OPT_DEFER_CALLBACKS);
}

/* Takes one frame out of the buffer. False if it is not complete yet or the link is done. */
static bool take_frame(struct link *l)
{
	struct evbuffer *in = bufferevent_get_input(l->bev);
	struct ck_problem problem;
	struct ck_header header;
	struct ck_frame frame;
	uint8_t *p;

	if (evbuffer_get_length(in) < CK_HEADER)
		return false;
	p = evbuffer_pullup(in, CK_HEADER);
	if (!p)
		return false;
	if (!ck_header_parse(p, l->max, &header, &problem)) {
		link_refuse(l, problem.code, problem.text);
		return false;
	}
	if (evbuffer_get_length(in) < CK_HEADER + header.length)
		return false;
	p = evbuffer_pullup(in, CK_HEADER + (ev_ssize_t)header.length);
	if (!p || !ck_body_parse(&header, p + CK_HEADER, false, &frame, &problem)) {
		link_refuse(l, p ? problem.code : CK_E_LIMIT, p ? problem.text : "out of memory");
		return false;
	}
	l->ops->frame(l->arg, &frame);
	if (l->closed)
		return false;
	/* Responses of a card are wiped before the buffer goes back to the heap. */
	explicit_bzero(p, CK_HEADER + header.length);
	evbuffer_drain(in, CK_HEADER + header.length);
	return !l->draining;
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct link *l = arg;

	l->heard = monotonic();
	l->busy++;
	while (!l->closed && !l->held && !l->draining && take_frame(l))
		;
	if (!l->closed && l->draining)
		evbuffer_drain(bufferevent_get_input(bev),
			       evbuffer_get_length(bufferevent_get_input(bev)));
	release(l);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	int fd = bufferevent_getfd(bev), one = 1;
	struct link *l = arg;

	if (what & BEV_EVENT_CONNECTED) {
		/* Commands are small and each waits for its response. */
		if (fd >= 0)
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		l->heard = monotonic();
		l->busy++;
		l->ops->connected(l->arg);
		release(l);
	} else if (what & BEV_EVENT_EOF) {
		end(l, "closed by the station");
	} else if (what & BEV_EVENT_ERROR) {
		end(l, strerror(errno));
	}
}

static struct link *make(struct bufferevent *bev, uint32_t max, const struct link_ops *ops,
			 void *arg)
{
	struct link *l = bev ? calloc(1, sizeof(*l)) : NULL;

	if (!l) {
		if (bev)
			bufferevent_free(bev);
		return NULL;
	}
	l->bev = bev;
	l->ops = ops;
	l->arg = arg;
	l->max = max;
	l->heard = monotonic();
	bufferevent_setcb(l->bev, on_read, NULL, on_event, l);
	/* A batch's responses come in one frame. */
	bufferevent_setwatermark(l->bev, EV_READ, 0,
				 CK_HEADER + (max == CK_CHANNEL_MAX ? CK_BATCH_MAX : max));
	bufferevent_enable(l->bev, EV_READ | EV_WRITE);
	return l;
}

struct link *link_connect(struct event_base *base, const struct sockaddr *addr, socklen_t len,
			  uint32_t max, const struct link_ops *ops, void *arg)
{
	/* Deferred: an immediate failure must not call back before this function returned. */
	struct link *l = make(bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE |
						     BEV_OPT_DEFER_CALLBACKS), max, ops, arg);

	if (l && bufferevent_socket_connect(l->bev, addr, (int)len)) {
		bufferevent_free(l->bev);
		free(l);
		return NULL;
	}
	return l;
}

struct link *link_over(struct bufferevent *bev, uint32_t max, const struct link_ops *ops, void *arg,
		       void (*closing)(void *arg), void *closing_arg)
{
	struct link *l = make(bev, max, ops, arg);

	if (!l)
		return NULL;
	l->closing = closing;
	l->closing_arg = closing_arg;
	bufferevent_trigger_event(bev, BEV_EVENT_CONNECTED, BEV_OPT_DEFER_CALLBACKS);
	return l;
}

bool link_send(struct link *l, struct ck_builder *b)
{
	bool ok = ck_end(b) && !l->closed && !l->draining &&
		  !bufferevent_write(l->bev, b->data, b->len);

	ck_free(b);
	return ok;
}

void link_hold(struct link *l, bool hold)
{
	if (l->closed || l->held == hold)
		return;
	l->held = hold;
	if (hold) {
		bufferevent_disable(l->bev, EV_READ);
		return;
	}
	l->heard = monotonic();
	bufferevent_enable(l->bev, EV_READ);
	bufferevent_trigger(l->bev, EV_READ, BEV_OPT_DEFER_CALLBACKS);
}

int64_t link_quiet(const struct link *l)
{
	if (l->held)
		return 0;
	return monotonic() - l->heard;
}
