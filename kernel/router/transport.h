/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A transport carries bytes both ways; a listener makes transports. The stream above knows
 * nothing of what is below, so that an encrypting transport takes this one's place.
 */
#ifndef CKS_ROUTER_TRANSPORT_H
#define CKS_ROUTER_TRANSPORT_H

#include <linux/socket.h>
#include <linux/types.h>

struct cks_transport;
struct net;
struct workqueue_struct;

/**
 * struct cks_transport_ops - what a transport can do
 * @start: from now on call @wake when there may be something to receive or room to send, and once
 *	at once, since data may be there already
 * @recv: at most @len bytes without waiting: their number, 0 at the end, -EAGAIN, or an error
 * @send: same for sending
 * @shutdown: say that no more will be sent; receiving goes on
 * @release: stop calling @wake, close, free
 *
 * All in process context; @recv, @send, @shutdown, @release by one caller at a time.
 */
struct cks_transport_ops {
	int (*start)(struct cks_transport *tp);
	int (*recv)(struct cks_transport *tp, void *buf, size_t len);
	int (*send)(struct cks_transport *tp, const void *buf, size_t len);
	void (*shutdown)(struct cks_transport *tp);
	void (*release)(struct cks_transport *tp);
};

/**
 * struct cks_transport - base of a transport
 * @ops: what it can do
 * @wake: set by the stream before @start; softirq context, must not sleep
 * @ctx: for @wake
 */
struct cks_transport {
	const struct cks_transport_ops *ops;
	void (*wake)(void *ctx);
	void *ctx;
};

struct cks_listener;

/**
 * cks_tcp_listen() - open a listening TCP socket
 * @net: namespace
 * @wq: runs the accepting
 * @addr: address and port
 * @backlog: connections that may wait to be accepted
 * @accept: called for each connection in process context; it owns the transport then
 * @ctx: for @accept
 * Context: process, may sleep
 * Return: the listener, or ERR_PTR()
 */
struct cks_listener *cks_tcp_listen(struct net *net, struct workqueue_struct *wq,
				    const struct sockaddr_storage *addr, int backlog,
				    void (*accept)(void *ctx, struct cks_transport *tp), void *ctx);

/**
 * cks_tcp_unlisten() - close it; @accept has returned and is not called again
 * Context: process, may sleep; the caller holds no lock that @accept takes
 */
void cks_tcp_unlisten(struct cks_listener *l);

/**
 * cks_tcp_connect() - begin to connect
 * @net: namespace
 * @addr: address and port
 *
 * Until the connection is there, @recv and @send of the transport have nothing and no room; if it
 * cannot be, they tell the error.
 *
 * Context: process, does not wait
 * Return: a transport that is not yet started, or ERR_PTR()
 */
struct cks_transport *cks_tcp_connect(struct net *net, const struct sockaddr_storage *addr);

#endif
