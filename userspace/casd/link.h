/* SPDX-License-Identifier: GPL-2.0-only */
/* A connection to a station that carries frames. */
#ifndef CASD_LINK_H
#define CASD_LINK_H

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "libframe/frame.h"

struct link;

/**
 * struct link_ops - what a connection tells
 * @connected: the connection is there
 * @frame: a frame that was checked; its fields are valid during the call
 * @closed: the connection is gone, and so is the link; @why is for the log
 *
 * A link may be closed from within any of them.
 */
struct link_ops {
	void (*connected)(void *arg);
	void (*frame)(void *arg, const struct ck_frame *frame);
	void (*closed)(void *arg, const char *why);
};

/*
 * link_connect() - connect
 * @max: longest body that is accepted
 *
 * Return: NULL if memory or descriptors ran out; no operation is called then.
 */
struct link *link_connect(struct event_base *base, const struct sockaddr *addr, socklen_t len,
			  uint32_t max, const struct link_ops *ops, void *arg);

/*
 * link_over() - the same over something else than a socket of its own
 * @bev: becomes the link's, also if there is no memory for it; its callbacks are deferred
 * @closing: called when the link goes, whoever ends it
 */
struct link *link_over(struct bufferevent *bev, uint32_t max, const struct link_ops *ops, void *arg,
		       void (*closing)(void *arg), void *closing_arg);

/* link_send() - send a frame and free the builder. False if it could not be built. */
bool link_send(struct link *l, struct ck_builder *b);

/*
 * link_refuse() - send ERROR; @closed is called from the event loop
 *
 * What comes in is discarded until the station closes or 2 s have passed, so that the ERROR is not
 * lost to a reset of the connection.
 */
void link_refuse(struct link *l, enum ck_code code, const char *reason);

/* link_close() - without a call to @closed. NULL is ignored. */
void link_close(struct link *l);

/*
 * link_hold() - call @frame for nothing more, and read nothing, until it is called without @hold
 *
 * Frames that came already are taken afterwards.
 */
void link_hold(struct link *l, bool hold);

/* link_quiet() - how long nothing was received, ms; 0 while it is held */
int64_t link_quiet(const struct link *l);

#endif
