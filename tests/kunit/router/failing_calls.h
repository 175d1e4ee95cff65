/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suite's own objects of kernel/router call, and what can be made to fail: they are
 * compiled with this file before them (Kbuild).
 */
#ifndef KUNIT_ROUTER_FAILING_CALLS_H
#define KUNIT_ROUTER_FAILING_CALLS_H

#include <linux/mm.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "failing.h"

#define sock_create_kern(...)	(failing(CALL_CREATE) ?: sock_create_kern(__VA_ARGS__))
#define kernel_bind(...)	(failing(CALL_BIND) ?: kernel_bind(__VA_ARGS__))
#define kernel_listen(...)	(failing(CALL_LISTEN) ?: kernel_listen(__VA_ARGS__))
#define kernel_accept(...)	(failing(CALL_ACCEPT) ?: kernel_accept(__VA_ARGS__))
#define kernel_connect(...)	(failing(CALL_CONNECT) ?: kernel_connect(__VA_ARGS__))
#define kernel_recvmsg(...)	(failing(CALL_RECV) ?: kernel_recvmsg(__VA_ARGS__))
#define kernel_sendmsg(...)	(failing(CALL_SEND) ?: kernel_sendmsg(__VA_ARGS__))

#define alloc_workqueue(...)	(failing(CALL_ALLOC) ? NULL : alloc_workqueue(__VA_ARGS__))

/* These are macros themselves. */
static inline void *failing_kzalloc(size_t size, gfp_t flags)
{
	return failing(CALL_ALLOC) ? NULL : kzalloc(size, flags);
}

static inline void *failing_kvmalloc(size_t size, gfp_t flags)
{
	return failing(CALL_ALLOC) ? NULL : kvmalloc(size, flags);
}

static inline void *failing_kvzalloc(size_t size, gfp_t flags)
{
	return failing(CALL_ALLOC) ? NULL : kvzalloc(size, flags);
}

#undef kzalloc
#undef kvmalloc
#undef kvzalloc
#define kzalloc		failing_kzalloc
#define kvmalloc	failing_kvmalloc
#define kvzalloc	failing_kvzalloc

/* As the files that have one have it. */
#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#endif
