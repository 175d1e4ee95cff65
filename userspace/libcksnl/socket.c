// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command socket: one request at a time, a bounded wait for its answer, and the kernel's own
 * words when it refuses.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "internal.h"

struct cksnl {
	struct nl_sock *sock;
	int family;
	unsigned int timeout_ms;
	char error[256];
};

static const char not_loaded[] = "netlink family \"cks\" is not there: load the module cks";

#define set_error(nl, ...) snprintf((nl)->error, sizeof((nl)->error), __VA_ARGS__)

const char *cksnl_error(const struct cksnl *nl)
{
	return nl->error;
}

static int connect_socket(struct cksnl *nl)
{
	struct timeval tv = {
		.tv_sec = nl->timeout_ms / 1000,
		.tv_usec = nl->timeout_ms % 1000 * 1000,
	};
	int one = 1, fd;

	nl->sock = nl_socket_alloc();
	if (!nl->sock) {
		set_error(nl, "out of memory");
		return -ENOMEM;
	}
	if (genl_connect(nl->sock)) {
		set_error(nl, "cannot open a generic netlink socket: %s", strerror(errno));
		goto fail;
	}
	fd = nl_socket_get_fd(nl->sock);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one))) {
		set_error(nl, "cannot set the netlink socket up: %s", strerror(errno));
		goto fail;
	}
	nl->family = genl_ctrl_resolve(nl->sock, CKS_FAMILY_NAME);
	if (nl->family < 0) {
		set_error(nl, "%s", not_loaded);
		goto fail;
	}
	return 0;
fail:
	nl_socket_free(nl->sock);
	nl->sock = NULL;
	return -ENOTCONN;
}

int cksnl_open(struct cksnl **ret_nl, unsigned int timeout_ms, char *why, size_t size)
{
	struct cksnl *nl = calloc(1, sizeof(*nl));
	int err;

	if (!nl) {
		if (why)
			snprintf(why, size, "out of memory");
		return -ENOMEM;
	}
	nl->timeout_ms = timeout_ms;
	err = connect_socket(nl);
	if (err) {
		if (why)
			snprintf(why, size, "%s", nl->error);
		cksnl_close(nl);
		return err;
	}
	*ret_nl = nl;
	return 0;
}

void cksnl_close(struct cksnl *nl)
{
	if (!nl)
		return;
	nl_socket_free(nl->sock);
	free(nl);
}

/**
 * struct answer - what became of one command so far
 */
struct answer {
	struct cksnl *nl;
	const struct cksnl_set *set;
	void *obj;
	cksnl_each_fn each;
	void *arg;
	bool done;
	bool replied;
	int err;
};

static int on_valid(struct nl_msg *msg, void *arg)
{
	struct answer *a = arg;

	if (!a->set || a->err)
		return NL_OK;
	a->err = cksnl_parse(nlmsg_hdr(msg), a->set, a->obj);
	if (a->err) {
		set_error(a->nl, "malformed answer from the kernel");
		return NL_OK;
	}
	a->replied = true;
	if (a->each)
		a->err = a->each(a->obj, a->arg);
	return NL_OK;
}

static int on_end(struct nl_msg *msg, void *arg)
{
	struct answer *a = arg;
	struct nlmsghdr *nlh = nlmsg_hdr(msg);

	/* The end of a dump carries the dump's own error. */
	if (nlh->nlmsg_type == NLMSG_DONE && nlmsg_datalen(nlh) >= (int)sizeof(int)) {
		int err;

		memcpy(&err, nlmsg_data(nlh), sizeof(err));
		if (err < 0 && !a->err) {
			a->err = err;
			set_error(a->nl, "%s", strerror(-err));
		}
	}
	a->done = true;
	return NL_STOP;
}

static int on_error(struct sockaddr_nl *addr, struct nlmsgerr *nlerr, void *arg)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)((char *)nlerr - NLMSG_HDRLEN);
	size_t len = nlh->nlmsg_len, skip = NLMSG_HDRLEN + sizeof(*nlerr);
	struct nlattr *attrs[NLMSGERR_ATTR_MAX + 1] = { NULL };
	struct answer *a = arg;

	(void)addr;
	a->done = true;
	a->err = nlerr->error;
	set_error(a->nl, "%s", strerror(-nlerr->error));
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return NL_STOP;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(nlerr->msg.nlmsg_len) - sizeof(nlerr->msg);
	if (len <= skip ||
	    nla_parse(attrs, NLMSGERR_ATTR_MAX, (struct nlattr *)((char *)nlh + skip),
		      len - skip, NULL) ||
	    !attrs[NLMSGERR_ATTR_MSG])
		return NL_STOP;
	set_error(a->nl, "%.*s", nla_len(attrs[NLMSGERR_ATTR_MSG]),
		  (const char *)nla_data(attrs[NLMSGERR_ATTR_MSG]));
	return NL_STOP;
}

/* Sends @msg and reads until the success, the error, or the end of the dump. */
static int transact(struct cksnl *nl, struct nl_msg *msg, struct answer *a)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int rc;

	if (!cb) {
		set_error(nl, "out of memory");
		return -ENOMEM;
	}
	a->nl = nl;
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, a);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_end, a);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_end, a);
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, a);

	rc = nl_send_auto(nl->sock, msg);
	while (rc >= 0 && !a->done)
		rc = nl_recvmsgs(nl->sock, cb);
	nl_cb_put(cb);
	if (a->done)
		return a->err;

	/* A late answer must not be taken for that of the next command: begin with a new socket. */
	nl_socket_free(nl->sock);
	nl->sock = NULL;
	if (rc == -NLE_AGAIN) {
		set_error(nl, "no answer from the kernel within %u ms", nl->timeout_ms);
		return -ETIMEDOUT;
	}
	set_error(nl, "netlink: %s", nl_geterror(rc));
	return -EIO;
}

static int begin(struct cksnl *nl, struct nl_msg **ret_msg, uint8_t cmd, int flags,
		 const struct cksnl_set *req_set, const void *req)
{
	struct nl_msg *msg;
	int err;

	nl->error[0] = 0;
	if (!nl->sock) {
		err = connect_socket(nl);
		if (err)
			return err;
	}
	msg = nlmsg_alloc();
	if (!msg || !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, nl->family, 0, flags, cmd,
				 CKS_FAMILY_VERSION) ||
	    (req && cksnl_put(msg, req_set, req))) {
		nlmsg_free(msg);
		set_error(nl, "out of memory");
		return -ENOMEM;
	}
	*ret_msg = msg;
	return 0;
}

int cksnl_do(struct cksnl *nl, uint8_t cmd, const struct cksnl_set *req_set, const void *req,
	     const struct cksnl_set *reply_set, void *reply)
{
	struct answer a = { .set = reply_set, .obj = reply };
	struct nl_msg *msg;
	int err;

	err = begin(nl, &msg, cmd, NLM_F_ACK, req_set, req);
	if (err)
		return err;
	err = transact(nl, msg, &a);
	nlmsg_free(msg);
	if (!err && reply_set && !a.replied) {
		set_error(nl, "the kernel acknowledged without an answer");
		err = -EBADMSG;
	}
	return err;
}

int cksnl_dump(struct cksnl *nl, uint8_t cmd, const struct cksnl_set *set, cksnl_each_fn each,
	       void *arg)
{
	struct answer a = { .set = set, .each = each, .arg = arg };
	struct nl_msg *msg;
	int err;

	a.obj = malloc(set->size);
	if (!a.obj) {
		set_error(nl, "out of memory");
		return -ENOMEM;
	}
	err = begin(nl, &msg, cmd, NLM_F_DUMP, NULL, NULL);
	if (!err) {
		err = transact(nl, msg, &a);
		nlmsg_free(msg);
	}
	free(a.obj);
	return err;
}
