/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The calls of sockets that the suite's own transport_tcp.o makes, each of which can be made to
 * fail: it is compiled with this file before it (Kbuild).
 */
#ifndef KUNIT_ROUTER_FAILING_H
#define KUNIT_ROUTER_FAILING_H

#include <linux/net.h>

enum socket_call { CALL_CREATE, CALL_BIND, CALL_LISTEN, CALL_ACCEPT, CALL_CONNECT, CALL_RECV,
	CALL_SEND, CALLS };

/* Return: the error that this call is to end with, or 0. */
int failing(enum socket_call call);

#define sock_create_kern(...)	(failing(CALL_CREATE) ?: sock_create_kern(__VA_ARGS__))
#define kernel_bind(...)	(failing(CALL_BIND) ?: kernel_bind(__VA_ARGS__))
#define kernel_listen(...)	(failing(CALL_LISTEN) ?: kernel_listen(__VA_ARGS__))
#define kernel_accept(...)	(failing(CALL_ACCEPT) ?: kernel_accept(__VA_ARGS__))
#define kernel_connect(...)	(failing(CALL_CONNECT) ?: kernel_connect(__VA_ARGS__))
#define kernel_recvmsg(...)	(failing(CALL_RECV) ?: kernel_recvmsg(__VA_ARGS__))
#define kernel_sendmsg(...)	(failing(CALL_SEND) ?: kernel_sendmsg(__VA_ARGS__))

/* The file has one of its own, as if it were the first. */
#undef pr_fmt

#endif
