// SPDX-License-Identifier: GPL-2.0-only
/*
 * The family's multicast events, on a socket of their own that never blocks.
 */
#include <errno.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdlib.h>

#include "internal.h"

struct cksnl_events {
	struct nl_sock *sock;
	cksnl_event_fn fn;
	void *arg;
};

/* Room for a burst of all couplers of a station; what does not fit is reported as lost. */
#define EVENT_BUFFER	(256 * 1024)

static const struct {
	const char *name;
	const struct cksnl_set *set;
} event_types[] = {
	[CKS_CMD_COUPLER_NTF] = { "coupler", &cksnl_coupler_set },
	[CKS_CMD_CARD_NTF] = { "card", &cksnl_coupler_set },
	[CKS_CMD_REQUEST_NTF] = { "request", &cksnl_session_set },
	[CKS_CMD_RESULT_NTF] = { "result", &cksnl_session_set },
	[CKS_CMD_DISPOSITION_NTF] = { "disposition", &cksnl_session_set },
	[CKS_CMD_FAULT_NTF] = { "fault", &cksnl_coupler_set },
	[CKS_CMD_PROMPT_NTF] = { "prompt", &cksnl_session_set },
	[CKS_CMD_STATION_NTF] = { "station", &cksnl_station_set },
};

static bool known(uint8_t cmd)
{
	return cmd < ARRAY_SIZE(event_types) && event_types[cmd].name;
}

const char *cksnl_event_name(uint8_t cmd)
{
	return known(cmd) ? event_types[cmd].name : "?";
}

static int on_event(struct nl_msg *msg, void *arg)
{
	struct cksnl_events *events = arg;
	struct genlmsghdr *hdr = nlmsg_data(nlmsg_hdr(msg));
	struct cksnl_event event;

	if (nlmsg_datalen(nlmsg_hdr(msg)) < (int)sizeof(*hdr) || !known(hdr->cmd))
		return NL_SKIP;
	event.cmd = hdr->cmd;
	event.set = event_types[hdr->cmd].set;
	if (cksnl_parse(nlmsg_hdr(msg), event.set, &event.coupler))
		return NL_SKIP;
	events->fn(&event, events->arg);
	return NL_OK;
}

int cksnl_events_open(struct cksnl_events **ret_events, unsigned int groups)
{
	static const char *const names[] = {
		CKS_MCGRP_CARD, CKS_MCGRP_REQUEST, CKS_MCGRP_RESULT, CKS_MCGRP_FAULT,
	};
	struct cksnl_events *events = calloc(1, sizeof(*events));
	int err = -ENOTCONN;

	if (!events)
		return -ENOMEM;
	events->sock = nl_socket_alloc();
	if (!events->sock) {
		err = -ENOMEM;
		goto fail;
	}
	if (genl_connect(events->sock))
		goto fail;
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		int group;

		if (!(groups & 1U << i))
			continue;
		group = genl_ctrl_resolve_grp(events->sock, CKS_FAMILY_NAME, names[i]);
		if (group < 0 || nl_socket_add_membership(events->sock, group))
			goto fail;
	}
	nl_socket_disable_seq_check(events->sock);
	nl_socket_set_buffer_size(events->sock, EVENT_BUFFER, 0);
	nl_socket_modify_cb(events->sock, NL_CB_VALID, NL_CB_CUSTOM, on_event, events);
	if (nl_socket_set_nonblocking(events->sock))
		goto fail;
	*ret_events = events;
	return 0;
fail:
	cksnl_events_close(events);
	return err;
}

void cksnl_events_close(struct cksnl_events *events)
{
	if (!events)
		return;
	nl_socket_free(events->sock);
	free(events);
}

int cksnl_events_fd(const struct cksnl_events *events)
{
	return nl_socket_get_fd(events->sock);
}

int cksnl_events_read(struct cksnl_events *events, cksnl_event_fn fn, void *arg)
{
	int rc;

	events->fn = fn;
	events->arg = arg;
	do {
		rc = nl_recvmsgs_default(events->sock);
	} while (!rc);
	switch (-rc) {
	case NLE_AGAIN:
		return 0;
	case NLE_NOMEM:		/* libnl's word for ENOBUFS of a full socket */
		return -ENOBUFS;
	case NLE_DUMP_INTR:
		return 0;
	}
	return -EIO;
}
