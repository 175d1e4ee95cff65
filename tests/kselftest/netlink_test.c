// SPDX-License-Identifier: GPL-2.0-only
/*
 * The netlink family "cks" without a router: what is known of couplers, settings, resets, events,
 * and what each refusal says. By libnl alone, so that our own client library hides nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/cks_netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/modules.h"
#include "lib/simcard.h"
#include "lib/wait.h"

#define SLOTS		3

static const char *const modules[] = { "cks", "cks_sim", "cks_uart", NULL };
static const uint8_t atr_t0[] = { 0x3b, 0x02, 0x14, 0x50 };

/* The bench, and the connection that most tests use. */
static struct {
	int bench;
	struct simcard *card[SLOTS];
	struct nl_sock *sock;
	int family;
} t;

/* ------------------------------------------------------------------------------- a call */

/* What came back. */
struct answer {
	int err;		/* errno */
	char text[128];		/* of the extack */
	unsigned int messages;
	struct nlattr *a[CKS_A_COUPLER_MAX + 1];	/* of the last message, in buf */
	uint8_t cmd;
	bool interrupted;
	bool done;
	uint8_t buf[8192];
};

static int parse(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct answer *ans = arg;

	assert_in_range(nlh->nlmsg_len, 1, sizeof(ans->buf));
	memcpy(ans->buf, nlh, nlh->nlmsg_len);
	nlh = (struct nlmsghdr *)ans->buf;
	ans->messages++;
	ans->cmd = genlmsg_hdr(nlh)->cmd;
	ans->interrupted |= !!(nlh->nlmsg_flags & NLM_F_DUMP_INTR);
	assert_int_equal(nla_parse(ans->a, CKS_A_COUPLER_MAX, genlmsg_attrdata(genlmsg_hdr(nlh), 0),
				   genlmsg_attrlen(genlmsg_hdr(nlh), 0), NULL), 0);
	return NL_OK;
}

static int refused(struct sockaddr_nl *nla, struct nlmsgerr *err, void *arg)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)err - 1;
	struct answer *ans = arg;
	struct nlattr *tb[NLMSGERR_ATTR_MAX + 1];
	size_t skip = sizeof(*err);

	(void)nla;
	ans->err = -err->error;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += err->msg.nlmsg_len - sizeof(err->msg);
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS &&
	    !nla_parse(tb, NLMSGERR_ATTR_MAX, (struct nlattr *)((char *)err + skip),
		       (int)(nlh->nlmsg_len - NLMSG_HDRLEN - skip), NULL) &&
	    tb[NLMSGERR_ATTR_MSG])
		snprintf(ans->text, sizeof(ans->text), "%s",
			 nla_get_string(tb[NLMSGERR_ATTR_MSG]));
	return NL_STOP;
}

static int finished(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct answer *ans = arg;

	/* The end of a dump brings its error with it. */
	if (nlh->nlmsg_type == NLMSG_DONE)
		ans->err = -*(int *)nlmsg_data(nlh);
	ans->done = true;
	return NL_STOP;
}

static struct nl_sock *connect_to(int *ret_family)
{
	struct nl_sock *sock = nl_socket_alloc();
	int one = 1;

	assert_non_null(sock);
	assert_int_equal(genl_connect(sock), 0);
	assert_int_equal(setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, NETLINK_EXT_ACK, &one,
				    sizeof(one)), 0);
	*ret_family = genl_ctrl_resolve(sock, CKS_FAMILY_NAME);
	assert_true(*ret_family > 0);
	return sock;
}

static struct nl_msg *message(uint8_t cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc();

	assert_non_null(msg);
	assert_non_null(genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, t.family, 0, flags, cmd,
				    CKS_FAMILY_VERSION));
	return msg;
}

static void await_answer(struct nl_sock *sock, struct answer *ret)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);

	memset(ret, 0, sizeof(*ret));
	assert_non_null(cb);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, parse, ret);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, finished, ret);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, finished, ret);
	nl_cb_err(cb, NL_CB_CUSTOM, refused, ret);
	while (!ret->done && !ret->err)
		if (nl_recvmsgs(sock, cb) < 0 && !ret->err)
			ret->err = EIO;
	nl_cb_put(cb);
}

static void call(struct nl_sock *sock, struct nl_msg *msg, struct answer *ret)
{
	assert_true(nl_send_auto(sock, msg) >= 0);
	await_answer(sock, ret);
	nlmsg_free(msg);
}

/* As by a program that takes the socket for a file, and does not say where to. */
static void call_by_write(struct nl_sock *sock, struct nl_msg *msg, struct answer *ret)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);

	nl_complete_msg(sock, msg);
	assert_int_equal(write(nl_socket_get_fd(sock), nlh, nlh->nlmsg_len), nlh->nlmsg_len);
	await_answer(sock, ret);
	nlmsg_free(msg);
}

static struct nl_msg *for_coupler(uint8_t cmd, unsigned int n)
{
	struct nl_msg *msg = message(cmd, NLM_F_ACK);

	assert_int_equal(nla_put_u32(msg, CKS_A_COUPLER_INDEX, n), 0);
	return msg;
}

/* A UART at a port; where none of the tests looks there is none. */
static struct nl_msg *new_coupler(const char *name, uint32_t port, uint32_t irq)
{
	struct nl_msg *msg = message(CKS_CMD_COUPLER_NEW, NLM_F_ACK);

	assert_int_equal(nla_put_string(msg, CKS_A_COUPLER_DRIVER, "cks_uart"), 0);
	assert_int_equal(nla_put_string(msg, CKS_A_COUPLER_NAME, name), 0);
	assert_int_equal(nla_put_u32(msg, CKS_A_COUPLER_PORT, port), 0);
	assert_int_equal(nla_put_u32(msg, CKS_A_COUPLER_IRQ, irq), 0);
	return msg;
}

static unsigned int index_of(int slot)
{
	return simcard_coupler(t.card[slot]);
}

static void get(int slot, struct answer *ret)
{
	call(t.sock, for_coupler(CKS_CMD_COUPLER_GET, index_of(slot)), ret);
	assert_int_equal(ret->err, 0);
	assert_int_equal(ret->messages, 1);
}

static uint32_t u32(const struct answer *ans, int attr)
{
	assert_non_null(ans->a[attr]);
	return nla_get_u32(ans->a[attr]);
}

static bool is_present(int slot)
{
	struct answer ans;

	get(slot, &ans);
	return nla_get_u8(ans.a[CKS_A_COUPLER_PRESENT]);
}

static void wait_present(int slot, uint8_t present)
{
	wait_for(present ? "card in" : "card out", is_present(slot) == present);
}

/* ------------------------------------------------------------------------------- events */

static struct nl_sock *listen_to(const char *group)
{
	struct nl_sock *sock;
	int family, id;

	sock = connect_to(&family);
	id = genl_ctrl_resolve_grp(sock, CKS_FAMILY_NAME, group);
	assert_true(id > 0);
	assert_int_equal(nl_socket_add_membership(sock, id), 0);
	return sock;
}

static int any_sequence(struct nl_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	return NL_OK;
}

/* The next event of a kind about a coupler; others are passed over. */
static void next_event(struct nl_sock *sock, uint8_t cmd, unsigned int n, struct answer *ret)
{
	struct pollfd p = { .fd = nl_socket_get_fd(sock), .events = POLLIN };
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);

	assert_non_null(cb);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, parse, ret);
	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, any_sequence, NULL);
	do {
		memset(ret, 0, sizeof(*ret));
		assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
		nl_recvmsgs(sock, cb);
	} while (ret->cmd != cmd || u32(ret, CKS_A_COUPLER_INDEX) != n);
	nl_cb_put(cb);
}

/* -------------------------------------------------------------------------------- tests */

static void test_dump(void **ctx)
{
	struct answer ans;

	(void)ctx;
	call(t.sock, message(CKS_CMD_COUPLER_GET, NLM_F_DUMP), &ans);
	assert_int_equal(ans.err, 0);
	assert_int_equal(ans.messages, SLOTS);
	assert_false(ans.interrupted);
}

static void test_get(void **ctx)
{
	struct answer ans;

	(void)ctx;
	get(1, &ans);
	assert_int_equal(u32(&ans, CKS_A_COUPLER_INDEX), index_of(1));
	assert_int_equal(u32(&ans, CKS_A_COUPLER_STATE), CKS_COUPLER_STATE_EMPTY);
	assert_string_equal(nla_get_string(ans.a[CKS_A_COUPLER_DRIVER]), "cks_uart");
	assert_true(strlen(nla_get_string(ans.a[CKS_A_COUPLER_NAME])) > 0);
	assert_int_equal(u32(&ans, CKS_A_COUPLER_CLK_HZ), simcard_clk_hz());
	assert_true(u32(&ans, CKS_A_COUPLER_CAPABILITIES) & CKS_CAPABILITY_CARD_DETECT);
	assert_null(ans.a[CKS_A_COUPLER_OWNER]);
	assert_null(ans.a[CKS_A_COUPLER_ATR]);
}

static void test_index(void **ctx)
{
	struct answer ans;

	(void)ctx;
	call(t.sock, message(CKS_CMD_COUPLER_GET, NLM_F_ACK), &ans);
	assert_int_equal(ans.err, EINVAL);
	assert_string_equal(ans.text, "index of the coupler is missing");
	call(t.sock, for_coupler(CKS_CMD_COUPLER_GET, 1023), &ans);
	assert_int_equal(ans.err, ENODEV);
	assert_string_equal(ans.text, "no coupler has this index");
	call(t.sock, for_coupler(CKS_CMD_COUPLER_RESET, UINT32_MAX), &ans);
	assert_int_equal(ans.err, ENODEV);
}

static void set_u32(int slot, int attr, uint32_t value, struct answer *ret)
{
	struct nl_msg *msg = for_coupler(CKS_CMD_COUPLER_SET, index_of(slot));

	assert_int_equal(nla_put_u32(msg, attr, value), 0);
	call(t.sock, msg, ret);
}

static void set_u8(int slot, int attr, uint8_t value, struct answer *ret)
{
	struct nl_msg *msg = for_coupler(CKS_CMD_COUPLER_SET, index_of(slot));

	assert_int_equal(nla_put_u8(msg, attr, value), 0);
	call(t.sock, msg, ret);
}

static void test_set_refused(void **ctx)
{
	struct answer before, ans;

	(void)ctx;
	get(0, &before);

	set_u32(0, CKS_A_COUPLER_CLK_HZ, 0, &ans);
	assert_int_equal(ans.err, EINVAL);
	assert_string_equal(ans.text, "card clock is 0 Hz; give 10000 to 20000000 Hz");
	set_u32(0, CKS_A_COUPLER_CLK_HZ, UINT32_MAX, &ans);
	assert_int_equal(ans.err, EINVAL);
	set_u32(0, CKS_A_COUPLER_RST_LINE, CKS_MODEM_LINE_CTS, &ans);
	assert_int_equal(ans.err, EINVAL);
	assert_string_equal(ans.text, "the contact RST can be on rts or dtr");
	set_u32(0, CKS_A_COUPLER_DETECT_LINE, CKS_MODEM_LINE_RTS, &ans);
	assert_int_equal(ans.err, EINVAL);
	set_u32(0, CKS_A_COUPLER_POLICY, CKS_POLICY_EMV + 1, &ans);
	assert_int_equal(ans.err, ERANGE);
	set_u8(0, CKS_A_COUPLER_PROTOCOL_WANTED, 2, &ans);
	assert_int_equal(ans.err, EINVAL);
	assert_string_equal(ans.text, "protocol can be 0, 1, or 255 for any");
	set_u8(0, CKS_A_COUPLER_IFSD, 255, &ans);
	assert_int_equal(ans.err, ERANGE);
	set_u8(0, CKS_A_COUPLER_ECHO, 2, &ans);
	assert_int_equal(ans.err, ERANGE);
	/* An attribute that is not a setting. */
	set_u32(0, CKS_A_COUPLER_PRESENCE_GEN, 7, &ans);
	assert_int_not_equal(ans.err, 0);
	/* Of the wrong length. */
	set_u8(0, CKS_A_COUPLER_CLK_HZ, 1, &ans);
	assert_int_not_equal(ans.err, 0);

	get(0, &ans);
	assert_int_equal(u32(&ans, CKS_A_COUPLER_CLK_HZ), u32(&before, CKS_A_COUPLER_CLK_HZ));
	assert_int_equal(u32(&ans, CKS_A_COUPLER_RST_LINE), u32(&before, CKS_A_COUPLER_RST_LINE));
	assert_int_equal(u32(&ans, CKS_A_COUPLER_POLICY), u32(&before, CKS_A_COUPLER_POLICY));
}

static void test_set(void **ctx)
{
	struct nl_sock *events = listen_to(CKS_MCGRP_CARD);
	struct answer ans;

	(void)ctx;
	set_u32(2, CKS_A_COUPLER_POLICY, CKS_POLICY_EMV, &ans);
	assert_int_equal(ans.err, 0);
	get(2, &ans);
	assert_int_equal(u32(&ans, CKS_A_COUPLER_POLICY), CKS_POLICY_EMV);
	next_event(events, CKS_CMD_COUPLER_NTF, index_of(2), &ans);
	assert_int_equal(u32(&ans, CKS_A_COUPLER_POLICY), CKS_POLICY_EMV);
	nl_socket_free(events);
}

#define PARALLEL	2000

/* Whether what is set stays, value by value, while somebody else sets another. */
static int set_again_and_again(struct nl_sock *sock, int attr, uint32_t a, uint32_t b)
{
	struct answer ans;

	for (int i = 0; i < PARALLEL; i++) {
		struct nl_msg *msg = for_coupler(CKS_CMD_COUPLER_SET, index_of(2));
		uint32_t value = i % 2 ? b : a;

		nla_put_u32(msg, attr, value);
		call(sock, msg, &ans);
		if (ans.err)
			return 1;
		call(sock, for_coupler(CKS_CMD_COUPLER_GET, index_of(2)), &ans);
		if (ans.err || u32(&ans, attr) != value)
			return 2;
	}
	return 0;
}

static void test_set_in_parallel(void **ctx)
{
	struct answer ans;
	int status, family;
	pid_t pid;

	(void)ctx;
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		_exit(set_again_and_again(connect_to(&family), CKS_A_COUPLER_CLK_HZ,
					  simcard_clk_hz() - 1, simcard_clk_hz()));
	assert_int_equal(set_again_and_again(t.sock, CKS_A_COUPLER_POLICY, CKS_POLICY_STRICT,
					     CKS_POLICY_TOLERANT), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	get(2, &ans);
	assert_int_equal(u32(&ans, CKS_A_COUPLER_CLK_HZ), simcard_clk_hz());
}

static void test_set_while_open(void **ctx)
{
	struct answer ans;
	char path[64];
	int fd;

	(void)ctx;
	snprintf(path, sizeof(path), "/dev/cks/coupler%u", index_of(0));
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	get(0, &ans);
	assert_string_equal(nla_get_string(ans.a[CKS_A_COUPLER_OWNER]), "file");
	set_u32(0, CKS_A_COUPLER_POLICY, CKS_POLICY_STRICT, &ans);
	assert_int_equal(ans.err, EBUSY);
	assert_string_equal(ans.text, "coupler is in use by file");
	call(t.sock, for_coupler(CKS_CMD_COUPLER_RESET, index_of(0)), &ans);
	assert_int_equal(ans.err, EBUSY);
	close(fd);
	set_u32(0, CKS_A_COUPLER_POLICY, CKS_POLICY_TOLERANT, &ans);
	assert_int_equal(ans.err, 0);
}

static void test_reset(void **ctx)
{
	struct nl_msg *msg;
	struct answer ans;

	(void)ctx;
	call(t.sock, for_coupler(CKS_CMD_COUPLER_RESET, index_of(0)), &ans);
	assert_int_equal(ans.err, ENOMEDIUM);
	assert_string_equal(ans.text, "no card in the coupler");

	assert_int_equal(simcard_insert(t.card[0]), 0);
	wait_present(0, 1);
	call(t.sock, for_coupler(CKS_CMD_COUPLER_RESET, index_of(0)), &ans);
	assert_int_equal(ans.err, 0);
	assert_int_equal(nla_len(ans.a[CKS_A_COUPLER_ATR]), sizeof(atr_t0));
	assert_memory_equal(nla_data(ans.a[CKS_A_COUPLER_ATR]), atr_t0, sizeof(atr_t0));
	assert_int_equal(u32(&ans, CKS_A_COUPLER_F), 372);
	assert_int_equal(u32(&ans, CKS_A_COUPLER_D), 1);

	msg = for_coupler(CKS_CMD_COUPLER_RESET, index_of(0));
	nla_put_u32(msg, CKS_A_COUPLER_RESET_KIND, CKS_RESET_KIND_WARM);
	call(t.sock, msg, &ans);
	assert_int_equal(ans.err, 0);
	assert_int_equal(nla_len(ans.a[CKS_A_COUPLER_ATR]), sizeof(atr_t0));

	/* The card is off again, and nobody has it. */
	get(0, &ans);
	assert_int_equal(u32(&ans, CKS_A_COUPLER_STATE), CKS_COUPLER_STATE_INACTIVE);
	assert_int_equal(u32(&ans, CKS_A_COUPLER_POWER_GEN), 2);
	assert_null(ans.a[CKS_A_COUPLER_OWNER]);
	assert_int_equal(simcard_remove(t.card[0]), 0);
	wait_present(0, 0);
}

static void test_card_events(void **ctx)
{
	struct nl_sock *events = listen_to(CKS_MCGRP_CARD);
	struct answer ans;
	uint32_t gen;

	(void)ctx;
	get(1, &ans);
	gen = u32(&ans, CKS_A_COUPLER_PRESENCE_GEN);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(simcard_insert(t.card[1]), 0);
		next_event(events, CKS_CMD_CARD_NTF, index_of(1), &ans);
		assert_int_equal(nla_get_u8(ans.a[CKS_A_COUPLER_PRESENT]), 1);
		assert_int_equal(u32(&ans, CKS_A_COUPLER_PRESENCE_GEN), gen);
		assert_int_equal(simcard_remove(t.card[1]), 0);
		next_event(events, CKS_CMD_CARD_NTF, index_of(1), &ans);
		assert_int_equal(nla_get_u8(ans.a[CKS_A_COUPLER_PRESENT]), 0);
		assert_int_equal(u32(&ans, CKS_A_COUPLER_PRESENCE_GEN), ++gen);
	}
	nl_socket_free(events);
}

static void test_fault(void **ctx)
{
	struct nl_sock *events = listen_to(CKS_MCGRP_FAULT);
	struct answer ans;
	char text[128];

	(void)ctx;
	simcard_silence(t.card[1], true);
	assert_int_equal(simcard_insert(t.card[1]), 0);
	wait_present(1, 1);
	call(t.sock, for_coupler(CKS_CMD_COUPLER_RESET, index_of(1)), &ans);
	assert_int_equal(ans.err, ETIMEDOUT);
	assert_non_null(strstr(ans.text, "no answer to reset"));
	snprintf(text, sizeof(text), "%s", ans.text);

	next_event(events, CKS_CMD_FAULT_NTF, index_of(1), &ans);
	assert_non_null(ans.a[CKS_A_COUPLER_LAST_ERROR]);
	assert_non_null(strstr(nla_get_string(ans.a[CKS_A_COUPLER_LAST_ERROR]),
			       "no answer to reset"));
	get(1, &ans);
	assert_non_null(strstr(nla_get_string(ans.a[CKS_A_COUPLER_LAST_ERROR]), text));

	simcard_silence(t.card[1], false);
	assert_int_equal(simcard_remove(t.card[1]), 0);
	wait_present(1, 0);
	nl_socket_free(events);
}

/* Characters of the card's, in its own etu from RST on, as often as it is reset. */
static void answers_reset(int slot, const uint8_t *atr, size_t len, unsigned int gap_etu)
{
	const uint64_t etu = 372 * CKS_SIM_TICKS_PER_CLK;
	struct cks_sim_event ev = { .type = CKS_SIM_CHAR, .flags = CKS_SIM_ON_RESET };

	for (size_t i = 0; i < len; i++) {
		ev.time = etu * (20 + i * gap_etu);
		ev.value = atr[i];
		assert_int_equal(write(simcard_fd(t.card[slot]), &ev, sizeof(ev)), sizeof(ev));
	}
}

/* Each character comes in time, and all of them would take 50 s at the least. */
static void test_slow_answer_to_reset(void **ctx)
{
	struct answer ans;

	(void)ctx;
	simcard_silence(t.card[1], true);
	answers_reset(1, atr_t0, sizeof(atr_t0), 10000);
	assert_int_equal(simcard_insert(t.card[1]), 0);
	wait_present(1, 1);
	call(t.sock, for_coupler(CKS_CMD_COUPLER_RESET, index_of(1)), &ans);
	assert_int_equal(ans.err, ETIMEDOUT);
	assert_string_equal(ans.text, "the card was not done with its answer to reset in 30 s");
	get(1, &ans);
	assert_int_equal(u32(&ans, CKS_A_COUPLER_STATE), CKS_COUPLER_STATE_INACTIVE);
	assert_null(ans.a[CKS_A_COUPLER_OWNER]);

	/* The coupler is as good as before. */
	assert_int_equal(simcard_remove(t.card[1]), 0);
	wait_present(1, 0);
	simcard_silence(t.card[1], false);
	assert_int_equal(simcard_insert(t.card[1]), 0);
	wait_present(1, 1);
	call(t.sock, for_coupler(CKS_CMD_COUPLER_RESET, index_of(1)), &ans);
	assert_int_equal(ans.err, 0);
	assert_int_equal(nla_len(ans.a[CKS_A_COUPLER_ATR]), sizeof(atr_t0));
	assert_int_equal(simcard_remove(t.card[1]), 0);
	wait_present(1, 0);
}

static void test_no_router(void **ctx)
{
	static const uint8_t cmds[] = { CKS_CMD_STATION_GET, CKS_CMD_STATION_SET,
					CKS_CMD_SESSION_GET, CKS_CMD_REQUEST_NEW,
					CKS_CMD_REQUEST_CANCEL, CKS_CMD_DISPOSITION_NEW };
	struct answer ans;

	(void)ctx;
	for (size_t i = 0; i < sizeof(cmds); i++) {
		call(t.sock, message(cmds[i], NLM_F_ACK), &ans);
		assert_int_equal(ans.err, EOPNOTSUPP);
		assert_string_equal(ans.text, "cks_router is not loaded");
	}
	call(t.sock, message(CKS_CMD_SESSION_GET, NLM_F_DUMP), &ans);
	assert_int_equal(ans.err, EOPNOTSUPP);
}

/* Run in a child, whose exit status says which step failed. */
static int in_child(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		_exit(fn());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int as_nobody(void)
{
	struct nl_sock *sock;
	struct answer ans;
	int family;

	if (setgid(65534) || setuid(65534))
		return 1;
	sock = connect_to(&family);
	call(sock, for_coupler(CKS_CMD_COUPLER_GET, index_of(0)), &ans);
	if (ans.err)
		return 2;
	call(sock, for_coupler(CKS_CMD_COUPLER_SET, index_of(0)), &ans);
	if (ans.err != EPERM)
		return 3;
	call(sock, for_coupler(CKS_CMD_COUPLER_RESET, index_of(0)), &ans);
	if (ans.err != EPERM)
		return 4;
	call(sock, new_coupler("front", 0x5f8, 5), &ans);
	if (ans.err != EPERM)
		return 5;
	call(sock, for_coupler(CKS_CMD_COUPLER_DEL, index_of(0)), &ans);
	return ans.err == EPERM ? 0 : 6;
}

/*
 * Who may set a coupler must not get at any port by making one; nor by handing his socket to a
 * program that may.
 */
static int without_rawio(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2];
	struct nl_sock *sock;
	struct answer ans;
	int family;

	if (syscall(SYS_capget, &head, caps))
		return 1;
	caps[0].effective &= ~(1U << CAP_SYS_RAWIO);
	if (syscall(SYS_capset, &head, caps))
		return 2;
	sock = connect_to(&family);
	call(sock, new_coupler("front", 0x5f8, 5), &ans);
	if (ans.err != EPERM || strcmp(ans.text, "making a coupler needs CAP_SYS_RAWIO"))
		return 3;
	call(sock, for_coupler(CKS_CMD_COUPLER_DEL, index_of(0)), &ans);
	if (ans.err != EPERM)
		return 4;

	caps[0].effective |= 1U << CAP_SYS_RAWIO;
	if (syscall(SYS_capset, &head, caps))
		return 5;
	call_by_write(sock, new_coupler("front", 0x5f8, 5), &ans);
	if (ans.err != EPERM)
		return 6;
	call_by_write(sock, for_coupler(CKS_CMD_COUPLER_DEL, index_of(0)), &ans);
	if (ans.err != EPERM)
		return 7;
	sock = connect_to(&family);
	call_by_write(sock, new_coupler("front", 0x5f8, 5), &ans);
	return ans.err == ENODEV ? 0 : 8;
}

/* Root of a user namespace of its own has no say over hardware. */
static int as_other_root(void)
{
	struct nl_sock *sock;
	struct answer ans;
	int family;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return 1;
	sock = connect_to(&family);
	call(sock, for_coupler(CKS_CMD_COUPLER_GET, index_of(0)), &ans);
	if (ans.err != ENODEV)
		return 2;
	call(sock, message(CKS_CMD_COUPLER_GET, NLM_F_DUMP), &ans);
	if (ans.err || ans.messages)
		return 3;
	call(sock, for_coupler(CKS_CMD_COUPLER_SET, index_of(0)), &ans);
	return ans.err == EPERM ? 0 : 4;
}

static void test_permissions(void **ctx)
{
	(void)ctx;
	assert_int_equal(in_child(as_nobody), 0);
	assert_int_equal(in_child(as_other_root), 0);
	assert_int_equal(in_child(without_rawio), 0);
}

/* What is wrong whatever the driver; that of places is uart_hw_test's. */
static void test_new_refused(void **ctx)
{
	static const char *const names[] = {
		"", "7", "0000:00:04.0/2", "a b", "a\n", "front\xe9", ".front",
	};
	char name[80], text[128];
	struct answer ans;

	(void)ctx;
	call(t.sock, message(CKS_CMD_COUPLER_NEW, NLM_F_ACK), &ans);
	assert_int_equal(ans.err, EINVAL);
	assert_string_equal(ans.text, "driver or name is missing");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		call(t.sock, new_coupler(names[i], 0x5f8, 5), &ans);
		assert_int_equal(ans.err, EINVAL);
		assert_non_null(strstr(ans.text, "a name is a letter"));
	}
	memset(name, 'a', sizeof(name));
	name[64] = 0;
	call(t.sock, new_coupler(name, 0x5f8, 5), &ans);
	assert_int_equal(ans.err, EINVAL);
	name[63] = 0;
	call(t.sock, new_coupler(name, 0x5f8, 5), &ans);
	assert_int_equal(ans.err, ENODEV);
	assert_string_equal(ans.text, "no UART of the family 16550 answers");

	/* The bench's are not made by netlink. */
	call(t.sock, for_coupler(CKS_CMD_COUPLER_DEL, index_of(0)), &ans);
	assert_int_equal(ans.err, ENOENT);
	assert_non_null(strstr(ans.text, "was not made by coupler-new"));
	call(t.sock, for_coupler(CKS_CMD_COUPLER_DEL, 1023), &ans);
	assert_int_equal(ans.err, ENODEV);
	call(t.sock, message(CKS_CMD_COUPLER_DEL, NLM_F_ACK), &ans);
	assert_int_equal(ans.err, EINVAL);
	snprintf(text, sizeof(text), "%s", ans.text);
	assert_string_equal(text, "give the coupler's index or its name, one of them");
}

/* Settings are kept by a name that stays; the bench's next coupler is another one. */
static void test_nothing_kept_of_the_bench(void **ctx)
{
	struct nl_msg *msg;
	struct answer ans;

	(void)ctx;
	for (int i = 0; i < 2; i++) {
		int bench = simbench_open();
		struct simcard *card;

		assert_true(bench >= 0);
		card = simcard_new(bench, atr_t0, sizeof(atr_t0));
		assert_non_null(card);
		call(t.sock, for_coupler(CKS_CMD_COUPLER_GET, simcard_coupler(card)), &ans);
		assert_int_equal(ans.err, 0);
		assert_int_equal(u32(&ans, CKS_A_COUPLER_POLICY), CKS_POLICY_TOLERANT);
		msg = for_coupler(CKS_CMD_COUPLER_SET, simcard_coupler(card));
		nla_put_u32(msg, CKS_A_COUPLER_POLICY, CKS_POLICY_EMV);
		call(t.sock, msg, &ans);
		assert_int_equal(ans.err, 0);
		close(bench);
		simcard_free(card);
	}
}

static void test_removal(void **ctx)
{
	struct nl_sock *events = listen_to(CKS_MCGRP_CARD);
	struct answer ans;
	unsigned int n;
	int bench;
	struct simcard *card;

	(void)ctx;
	bench = simbench_open();
	assert_true(bench >= 0);
	card = simcard_new(bench, atr_t0, sizeof(atr_t0));
	assert_non_null(card);
	n = simcard_coupler(card);
	next_event(events, CKS_CMD_COUPLER_NTF, n, &ans);
	assert_non_null(ans.a[CKS_A_COUPLER_DRIVER]);
	close(bench);
	next_event(events, CKS_CMD_COUPLER_NTF, n, &ans);
	assert_null(ans.a[CKS_A_COUPLER_DRIVER]);
	assert_int_equal(u32(&ans, CKS_A_COUPLER_STATE), CKS_COUPLER_STATE_FAILED);
	call(t.sock, for_coupler(CKS_CMD_COUPLER_GET, n), &ans);
	assert_int_equal(ans.err, ENODEV);
	simcard_free(card);
	nl_socket_free(events);
}

#define LOOKERS		6	/* more than processors: some of them are stopped half-way */
#define REMOVALS	100

/*
 * What is told of a coupler is right to the last: also for a look-up that was quick enough to find
 * it, and whose coupler's device and driver then go. A kernel that poisons what it frees
 * (slub_debug=P) makes it certain that a mistake shows.
 */
static int look_until_told(int stop)
{
	struct pollfd p = { .fd = stop, .events = POLLIN };
	struct nl_sock *sock;
	struct answer ans;
	int family;

	sock = connect_to(&family);
	for (unsigned int n = 0; !poll(&p, 1, 0); n = (n + 1) % (SLOTS + 2)) {
		call(sock, for_coupler(CKS_CMD_COUPLER_GET, n), &ans);
		if (ans.err == ENODEV)
			continue;
		if (ans.err)
			return 1;
		if (strncmp(nla_get_string(ans.a[CKS_A_COUPLER_NAME]), "cks_uart.", 9))
			return 2;
		if (strcmp(nla_get_string(ans.a[CKS_A_COUPLER_DRIVER]), "cks_uart"))
			return 3;
	}
	return 0;
}

static void test_look_up_while_removed(void **ctx)
{
	int stop[2], status, bench;
	struct simcard *card;
	pid_t pid[LOOKERS];

	(void)ctx;
	assert_int_equal(pipe(stop), 0);
	for (int i = 0; i < LOOKERS; i++) {
		pid[i] = fork();
		assert_true(pid[i] >= 0);
		if (!pid[i]) {
			close(stop[1]);
			_exit(look_until_told(stop[0]));
		}
	}
	for (int i = 0; i < REMOVALS; i++) {
		bench = simbench_open();
		assert_true(bench >= 0);
		card = simcard_new(bench, atr_t0, sizeof(atr_t0));
		assert_non_null(card);
		close(bench);
		simcard_free(card);
	}
	close(stop[0]);
	close(stop[1]);
	for (int i = 0; i < LOOKERS; i++) {
		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

static int up(void **ctx)
{
	(void)ctx;
	if (modules_load(modules))
		return -1;
	t.bench = simbench_open();
	if (t.bench < 0)
		return -1;
	for (int i = 0; i < SLOTS; i++) {
		t.card[i] = simcard_new(t.bench, atr_t0, sizeof(atr_t0));
		if (!t.card[i])
			return -1;
	}
	t.sock = connect_to(&t.family);
	return 0;
}

static int down(void **ctx)
{
	(void)ctx;
	nl_socket_free(t.sock);
	for (int i = 0; i < SLOTS; i++)
		simcard_free(t.card[i]);
	close(t.bench);
	return modules_unload(modules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dump),
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_set_refused),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_set_in_parallel),
		cmocka_unit_test(test_set_while_open),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_card_events),
		cmocka_unit_test(test_fault),
		cmocka_unit_test(test_slow_answer_to_reset),
		cmocka_unit_test(test_no_router),
		cmocka_unit_test(test_permissions),
		cmocka_unit_test(test_new_refused),
		cmocka_unit_test(test_nothing_kept_of_the_bench),
		cmocka_unit_test(test_removal),
		cmocka_unit_test(test_look_up_while_removed),
	};

	return cmocka_run_group_tests_name("netlink", tests, up, down);
}
