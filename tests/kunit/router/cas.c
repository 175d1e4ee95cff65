// SPDX-License-Identifier: GPL-2.0-only
/* The side of a CAS, by the kernel's own sockets; see cas.h. */
#include <linux/in.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/tcp.h>
#include <linux/unaligned.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "cas.h"
#include "failing.h"
#include "fixture.h"

#define LINK	1	/* its number */

static struct socket *dial(u16 port)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(port),
	};
	struct socket *sock;

	if (sock_create_kern(&init_net, AF_INET, SOCK_STREAM, IPPROTO_TCP, &sock))
		return NULL;
	sock_no_linger(sock->sk);
	sock->sk->sk_rcvtimeo = FAKE_PATIENCE;
	if (!kernel_connect(sock, (struct sockaddr *)&sin, sizeof(sin), 0))
		return sock;
	sock_release(sock);
	return NULL;
}

static void hang_up(struct socket **sock)
{
	if (*sock)
		sock_release(*sock);
	*sock = NULL;
}

static struct socket *dial_channel(struct fixture *x)
{
	return dial(PORTS + 1 + cks_coupler_index(x->f->c));
}

static bool take(struct socket *sock, void *to, size_t len)
{
	struct kvec vec = { .iov_base = to, .iov_len = len };
	struct msghdr msg = {};

	/* For nothing it would wait, until something came. */
	return !len || kernel_recvmsg(sock, &msg, &vec, 1, len, MSG_WAITALL) == len;
}

/* Return: whether one more frame came. */
static bool comes_next(struct cas *c, struct socket *sock)
{
	if (!take(sock, c->frame, CKS_FRAME_HEADER))
		return false;
	c->len = get_unaligned_be32(c->frame + 8);
	if (c->len > sizeof(c->frame) - CKS_FRAME_HEADER ||
	    !take(sock, c->frame + CKS_FRAME_HEADER, c->len))
		return false;
	/* Nothing more is to come of what it is about. */
	return c->frame[3] != CKS_T_ERROR && c->frame[3] != CKS_T_UNLINK;
}

/* Frames up to the one of this type. Return: whether it came. */
static bool comes(struct cas *c, struct socket *sock, enum cks_type type)
{
	do {
		if (!comes_next(c, sock))
			return false;
	} while (c->frame[3] != type);
	return true;
}

/* Of the frame that came. */
static const u8 *field(const struct cas *c, enum cks_tag tag)
{
	const u8 *p = c->frame + CKS_FRAME_HEADER, *end = p + c->len;

	for (; p < end; p += CKS_FIELD_HEADER + get_unaligned_be32(p + 2))
		if (get_unaligned_be16(p) == tag)
			return p + CKS_FIELD_HEADER;
	return NULL;
}

static bool send(struct socket *sock, struct cks_build *b)
{
	struct kvec vec = { .iov_base = b->p, .iov_len = cks_build_end(b) };
	struct msghdr msg = { .msg_flags = MSG_NOSIGNAL };

	return kernel_sendmsg(sock, &msg, &vec, 1, vec.iov_len) == vec.iov_len;
}

/* On the card's channel. */
static bool send_there(struct cas *c, struct cks_build *b)
{
	struct cks_build carry;
	u8 frame[256];

	if (!c->linked)
		return send(c->channel, b);
	cks_build_begin(&carry, frame, sizeof(frame), CKS_T_CARRY, LINK);
	cks_put(&carry, CKS_F_CARRIED, b->p, cks_build_end(b));
	return send(c->control, &carry);
}

static bool comes_there(struct cas *c, enum cks_type type)
{
	if (!c->linked)
		return comes(c, c->channel, type);
	/* The station carries each frame in one of its own. */
	do {
		if (!comes(c, c->control, CKS_T_CARRY) || c->len < CKS_FIELD_HEADER)
			return false;
		c->len -= CKS_FIELD_HEADER;
		memmove(c->frame, c->frame + CKS_FRAME_HEADER + CKS_FIELD_HEADER, c->len);
		if (c->len < CKS_FRAME_HEADER || c->frame[3] == CKS_T_ERROR)
			return false;
		c->len -= CKS_FRAME_HEADER;
	} while (c->frame[3] != type);
	return true;
}

bool cas_greets(struct cas *c)
{
	struct cks_build b;
	u8 frame[64];

	c->control = dial(PORTS);
	if (!c->control || !comes(c, c->control, CKS_T_HELLO))
		return false;
	cks_build_begin(&b, frame, sizeof(frame), CKS_T_HELLO, 0);
	cks_put_text(&b, CKS_F_NAME, "KUnit");
	cks_put_u64(&b, CKS_F_LEASE_EPOCH, 1);
	if (!send(c->control, &b))
		return false;
	/* Frames are taken in order: with the PONG, that one has been. */
	cks_build_begin(&b, frame, sizeof(frame), CKS_T_PING, 1);
	return send(c->control, &b) && comes(c, c->control, CKS_T_PONG);
}

/* For which there is a connection or a link. */
static bool opens(struct cas *c, const u8 *token)
{
	struct cks_build b;
	u8 frame[64];

	cks_build_begin(&b, frame, sizeof(frame), CKS_T_OPEN, 0);
	cks_put(&b, CKS_F_TOKEN, token, CKS_ID_LEN);
	return send_there(c, &b) && comes_there(c, CKS_T_OPENED);
}

static const u8 *takes_request(struct cas *c, struct fixture *x)
{
	if (fixture_request(x, &c->request) || !comes(c, c->control, CKS_T_REQUEST))
		return NULL;
	return field(c, CKS_F_TOKEN);
}

bool cas_opens(struct cas *c, struct fixture *x)
{
	const u8 *token = takes_request(c, x);

	if (!token)
		return false;
	c->channel = dial_channel(x);
	return c->channel && opens(c, token);
}

bool cas_opens_link(struct cas *c, struct fixture *x)
{
	const u8 *token = takes_request(c, x);
	struct cks_build b;
	u8 frame[64];

	if (!token)
		return false;
	cks_build_begin(&b, frame, sizeof(frame), CKS_T_LINK, LINK);
	cks_put_u32(&b, CKS_F_COUPLER, cks_coupler_index(x->f->c));
	c->linked = true;
	return send(c->control, &b) && opens(c, token);
}

static bool send_command(struct cas *c)
{
	struct cks_build b;
	u8 frame[64];

	cks_build_begin(&b, frame, sizeof(frame), CKS_T_COMMAND, ++c->commands);
	cks_put(&b, CKS_F_DATA, fake_read, sizeof(fake_read));
	cks_put_u32(&b, CKS_F_TIMEOUT, 0);
	return send_there(c, &b);
}

/* The response that came. */
static bool status_is(const struct cas *c, enum cks_status status)
{
	return field(c, CKS_F_STATUS) && get_unaligned_be16(field(c, CKS_F_STATUS)) == status;
}

static bool responds(struct cas *c, enum cks_status status)
{
	return comes_there(c, CKS_T_RESPONSE) && status_is(c, status);
}

bool cas_commands(struct cas *c)
{
	return send_command(c) && responds(c, CKS_STATUS_DONE);
}

bool cas_resumes(struct cas *c, struct fixture *x)
{
	struct cks_build b;
	const u8 *token;
	u8 frame[64];

	hang_up(&c->channel);
	if (!comes(c, c->control, CKS_T_RECHANNEL))
		return false;
	token = field(c, CKS_F_TOKEN);
	c->channel = dial_channel(x);
	if (!token || !c->channel)
		return false;
	cks_build_begin(&b, frame, sizeof(frame), CKS_T_OPEN, 0);
	cks_put(&b, CKS_F_TOKEN, token, CKS_ID_LEN);
	cks_put_u32(&b, CKS_F_RESUME_FROM, c->commands - 1);
	return send(c->channel, &b) && comes(c, c->channel, CKS_T_OPENED) &&
	       field(c, CKS_F_OUTCOME) && *field(c, CKS_F_OUTCOME) == CKS_OUTCOME_KEPT &&
	       responds(c, CKS_STATUS_DONE);
}

/* Return: whether something came, or something failed now. */
static bool comes_or_fails(struct socket *sock, bool failed_before)
{
	unsigned long end = jiffies + FAKE_PATIENCE;

	do {
		if (!skb_queue_empty_lockless(&sock->sk->sk_receive_queue) ||
		    (!failed_before && failing_happened()))
			return true;
		usleep_range(500, 1000);
	} while (time_before(jiffies, end));
	return false;
}

bool cas_waits(struct cas *c, struct fixture *x, bool *ret_told)
{
	static const u8 null[] = { 0x60 };	/* ISO/IEC 7816-3, 10.3.3 */
	static const u8 rest[] = { 0xb0, 0x01, 0x02, 0x90, 0x00 };
	bool failed = failing_happened();

	*ret_told = false;
	x->f->answer = null;
	x->f->answer_len = sizeof(null);
	if (!send_command(c) || !comes_or_fails(c->channel, failed))
		return false;
	fake_coupler_says(x->f, rest, sizeof(rest));
	if (!comes_next(c, c->channel))
		return false;
	*ret_told = c->frame[3] == CKS_T_PROGRESS;
	return (!*ret_told || comes_next(c, c->channel)) && c->frame[3] == CKS_T_RESPONSE &&
	       status_is(c, CKS_STATUS_DONE);
}

bool cas_batches(struct cas *c)
{
	enum { COMMANDS = 3, ENTRY = CKS_COMMAND_HEADER + sizeof(fake_read) };
	u8 list[COMMANDS * ENTRY] = {}, frame[128], *p = list;
	struct cks_build b;

	for (; p < list + sizeof(list); p += ENTRY) {
		p[CKS_COMMAND_HEADER - 1] = sizeof(fake_read);
		memcpy(p + CKS_COMMAND_HEADER, fake_read, sizeof(fake_read));
	}
	cks_build_begin(&b, frame, sizeof(frame), CKS_T_BATCH, 1);
	cks_put(&b, CKS_F_COMMANDS, list, sizeof(list));
	return send_there(c, &b) && comes_there(c, CKS_T_BATCHED) &&
	       field(c, CKS_F_STOP) && *field(c, CKS_F_STOP) == CKS_STOP_NONE &&
	       get_unaligned_be32(field(c, CKS_F_EXECUTED)) == COMMANDS;
}

bool cas_loses_card(struct cas *c, struct fixture *x)
{
	x->f->answer_len = 0;
	if (!send_command(c) || fixture_leaves(x, c->request, CKS_P_OPEN) != CKS_P_RUNNING)
		return false;
	fake_coupler_card(x->f, false);
	return responds(c, CKS_STATUS_REMOVED);
}

bool cas_decides(struct cas *c)
{
	struct cks_build b;
	u8 frame[128];

	cks_build_begin(&b, frame, sizeof(frame), CKS_T_RESULT, 0);
	cks_put_u64(&b, CKS_F_REQUEST, c->request);
	cks_put_u64(&b, CKS_F_RESULT_ID, 1);
	cks_put_u32(&b, CKS_F_PRESENCE_GEN, 0);
	cks_put_u8(&b, CKS_F_VERDICT, CKS_VERDICT_REJECT);
	cks_put_u32(&b, CKS_F_BIN, 7);
	return send(c->control, &b) && comes(c, c->control, CKS_T_RESULT_ACK);
}

void cas_hang_up(struct cas *c)
{
	hang_up(&c->channel);
	hang_up(&c->control);
	c->linked = false;
	c->commands = 0;
}
