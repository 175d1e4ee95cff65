// SPDX-License-Identifier: GPL-2.0-only
/*
 * The router's calls over netlink.
 */
#include "router.h"

static int coupler_get(void *router, uint32_t index, struct cksnl_coupler *ret_coupler)
{
	return cksnl_coupler_get(router, index, ret_coupler);
}

static int station_get(void *router, struct cksnl_station *ret_station)
{
	return cksnl_station_get(router, ret_station);
}

static int station_set(void *router, const struct cksnl_station *station)
{
	return cksnl_station_change(router, station);
}

static int session_get(void *router, uint64_t request, struct cksnl_session *ret_session)
{
	return cksnl_session_get(router, request, ret_session);
}

static int session_dump(void *router, cksnl_each_fn each, void *arg)
{
	return cksnl_session_dump(router, each, arg);
}

static int request_new(void *router, const struct cksnl_session *request, uint64_t *ret_number,
		       uint8_t ret_boot_id[static CKSNL_ID_LEN])
{
	return cksnl_request_new(router, request, ret_number, ret_boot_id);
}

static int request_cancel(void *router, uint64_t request, const char *reason)
{
	return cksnl_request_cancel(router, request, reason);
}

static int disposition_new(void *router, const struct cksnl_session *disposition)
{
	return cksnl_disposition_new(router, disposition);
}

static const char *error(void *router)
{
	return cksnl_error(router);
}

const struct router_ops router_netlink = {
	.coupler_get = coupler_get,
	.station_get = station_get,
	.station_set = station_set,
	.session_get = session_get,
	.session_dump = session_dump,
	.request_new = request_new,
	.request_cancel = request_cancel,
	.disposition_new = disposition_new,
	.error = error,
};
