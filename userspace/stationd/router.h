/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The seam to the router in the kernel: what the control unit asks of it. The functions are short
 * calls that return 0 or a negative errno.
 */
#ifndef STATIOND_ROUTER_H
#define STATIOND_ROUTER_H

#include "libcksnl/cksnl.h"

/**
 * struct router_ops - calls of the netlink family; see docs/netlink/cks.yaml
 * @error: text of the last failed call
 */
struct router_ops {
	int (*coupler_get)(void *router, uint32_t index, struct cksnl_coupler *ret_coupler);
	int (*station_get)(void *router, struct cksnl_station *ret_station);
	int (*station_set)(void *router, const struct cksnl_station *station);
	int (*session_get)(void *router, uint64_t request, struct cksnl_session *ret_session);
	int (*session_dump)(void *router, cksnl_each_fn each, void *arg);
	int (*request_new)(void *router, const struct cksnl_session *request, uint64_t *ret_number,
			   uint8_t ret_boot_id[static CKSNL_ID_LEN]);
	int (*request_cancel)(void *router, uint64_t request, const char *reason);
	int (*disposition_new)(void *router, const struct cksnl_session *disposition);
	const char *(*error)(void *router);
};

/* The real one; @router is a struct cksnl. */
extern const struct router_ops router_netlink;

#endif
