// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each call of a socket that the station makes fails in turn, from its listening to the result of a
 * session: whatever it was, all comes to an end, nothing is left, and the next session is whole.
 * What stands for want of memory alone goes on by itself.
 */
#include <linux/delay.h>
#include <linux/in.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/tcp.h>
#include <linux/unaligned.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "failing.h"
#include "fixture.h"

/* The calls here are the test's own. */
#undef sock_create_kern
#undef kernel_bind
#undef kernel_listen
#undef kernel_accept
#undef kernel_connect
#undef kernel_recvmsg
#undef kernel_sendmsg

#define CALLS_MAX	2000	/* of one session */

/* The @nth call of @call from now on ends with @err. */
static struct {
	enum socket_call call;
	int err;
	atomic_t left;
	bool happened;
} fail;

int failing(enum socket_call call)
{
	if (call != READ_ONCE(fail.call) || atomic_dec_return(&fail.left))
		return 0;
	WRITE_ONCE(fail.happened, true);
	return fail.err;
}

static void arm(enum socket_call call, int err, unsigned int nth)
{
	WRITE_ONCE(fail.call, CALLS);
	fail.err = err;
	fail.happened = false;
	atomic_set(&fail.left, nth);
	WRITE_ONCE(fail.call, call);
}

/* Return: whether it has failed. */
static bool disarm(void)
{
	WRITE_ONCE(fail.call, CALLS);
	return READ_ONCE(fail.happened);
}

/* ------------------------------------------------------------------------------- the CAS */

struct cas {
	struct socket *control;
	struct socket *channel;
	u8 frame[1024];
	u32 len;
	u64 request;
};

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

static bool take(struct socket *sock, void *to, size_t len)
{
	struct kvec vec = { .iov_base = to, .iov_len = len };
	struct msghdr msg = {};

	return kernel_recvmsg(sock, &msg, &vec, 1, len, MSG_WAITALL) == len;
}

/* Frames up to the one of this type. Return: whether it came. */
static bool comes(struct cas *c, struct socket *sock, enum cks_type type)
{
	do {
		if (!take(sock, c->frame, CKS_FRAME_HEADER))
			return false;
		c->len = get_unaligned_be32(c->frame + 8);
		if (c->len > sizeof(c->frame) - CKS_FRAME_HEADER ||
		    !take(sock, c->frame + CKS_FRAME_HEADER, c->len))
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

static bool greets(struct cas *c)
{
	struct cks_build b;
	u8 frame[64];

	c->control = dial(PORTS);
	if (!c->control || !comes(c, c->control, CKS_T_HELLO))
		return false;
	cks_build_begin(&b, frame, sizeof(frame), CKS_T_HELLO, 0);
	cks_put_text(&b, CKS_F_NAME, "KUnit");
	cks_put_u64(&b, CKS_F_LEASE_EPOCH, 1);
	return send(c->control, &b);
}

static bool opens(struct cas *c, struct fixture *x)
{
	struct cks_build b;
	const u8 *token;
	u8 frame[64];

	if (fixture_request(x, &c->request) || !comes(c, c->control, CKS_T_REQUEST))
		return false;
	token = field(c, CKS_F_TOKEN);
	c->channel = dial(PORTS + 1 + cks_coupler_index(x->f->c));
	if (!token || !c->channel)
		return false;
	cks_build_begin(&b, frame, sizeof(frame), CKS_T_OPEN, 0);
	cks_put(&b, CKS_F_TOKEN, token, CKS_ID_LEN);
	return send(c->channel, &b) && comes(c, c->channel, CKS_T_OPENED);
}

static bool commands(struct cas *c)
{
	struct cks_build b;
	u8 frame[64];

	cks_build_begin(&b, frame, sizeof(frame), CKS_T_COMMAND, 1);
	cks_put(&b, CKS_F_DATA, fake_read, sizeof(fake_read));
	cks_put_u32(&b, CKS_F_TIMEOUT, 0);
	return send(c->channel, &b) && comes(c, c->channel, CKS_T_RESPONSE) &&
	       field(c, CKS_F_STATUS) && *field(c, CKS_F_STATUS) == CKS_STATUS_DONE;
}

static bool decides(struct cas *c)
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

/* ---------------------------------------------------------------------------- the suite */

static int listening(struct fixture *x, bool on)
{
	const struct cks_station_change ch = { .has_listen = true, .listen = on };

	return cks_station_change(x->st, &ch, &x->extack);
}

/* From the station's listening to the result. Return: whether all of it was done. */
static bool lives(struct fixture *x, struct cas *c)
{
	return !listening(x, true) && greets(c) && opens(c, x) && commands(c) && decides(c);
}

/* Whatever became of it: nothing is left. */
static void ends(struct kunit *test, struct cas *c)
{
	struct fixture *x = test->priv;
	unsigned long end = jiffies + FAKE_PATIENCE;
	u64 number = x->st->acked + 1;

	hang_up(&c->channel);
	hang_up(&c->control);
	if (c->request) {
		fixture_cancel(x, c->request, "it is over");
		KUNIT_ASSERT_TRUE(test, fixture_comes_to(x, c->request, CKS_P_RESULT));
		KUNIT_ASSERT_EQ(test, fixture_dispose(x, c->request, number), 0);
		mutex_lock(&x->st->lock);
		cks_station_acked(x->st, number);
		mutex_unlock(&x->st->lock);
	}
	c->request = 0;
	KUNIT_ASSERT_EQ(test, listening(x, false), 0);
	while (READ_ONCE(x->st->streams.nr) && time_before(jiffies, end))
		usleep_range(500, 1000);
	KUNIT_ASSERT_EQ(test, x->st->streams.nr, 0);
	KUNIT_ASSERT_EQ(test, x->st->nr_sessions, 0);
	KUNIT_ASSERT_FALSE(test, x->f->active);
}

/* Each call of a kind fails once. Return: how often the session was not whole for it. */
static unsigned int in_turn(struct kunit *test, enum socket_call call, int err)
{
	struct fixture *x = test->priv;
	struct cas *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	unsigned int nth, broken = 0;

	KUNIT_ASSERT_NOT_NULL(test, c);
	fake_coupler_card(x->f, true);
	for (nth = 1; nth < CALLS_MAX; nth++) {
		bool whole, happened;

		KUNIT_ASSERT_EQ(test, listening(x, false), 0);
		arm(call, err, nth);
		whole = lives(x, c);
		happened = disarm();
		ends(test, c);
		if (!happened) {
			KUNIT_EXPECT_TRUE(test, whole);
			break;
		}
		broken += !whole;
	}
	KUNIT_EXPECT_GT(test, nth, 1);
	KUNIT_EXPECT_LT(test, nth, CALLS_MAX);
	return broken;
}

static void no_listener(struct kunit *test)
{
	/* One for the station, one for its coupler; each is told to who wants it. */
	KUNIT_EXPECT_EQ(test, in_turn(test, CALL_CREATE, -EMFILE), 2);
	KUNIT_EXPECT_EQ(test, in_turn(test, CALL_BIND, -EADDRINUSE), 2);
	KUNIT_EXPECT_EQ(test, in_turn(test, CALL_LISTEN, -EADDRINUSE), 2);
}

static void accept_that_fails_is_tried_again(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, in_turn(test, CALL_ACCEPT, -ENFILE), 0);
}

static void connection_that_fails_ends(struct kunit *test)
{
	KUNIT_EXPECT_GT(test, in_turn(test, CALL_RECV, -ECONNRESET), 0);
	KUNIT_EXPECT_GT(test, in_turn(test, CALL_SEND, -EPIPE), 0);
}

/* There is no memory for it, and nothing under way that would make room. */
static void sending_goes_on(struct kunit *test)
{
	struct fixture *x = test->priv;
	/* Longer than the CAS waits: nor does one of these make it go on. */
	const struct cks_station_change ch = {
		.has_limit = BIT(CKS_L_GREETING) | BIT(CKS_L_PING),
		.limit = { [CKS_L_GREETING] = 60000, [CKS_L_PING] = 60000 },
	};

	KUNIT_ASSERT_EQ(test, cks_station_change(x->st, &ch, &x->extack), 0);
	KUNIT_EXPECT_EQ(test, in_turn(test, CALL_SEND, -EAGAIN), 0);
}

static int vpcd(struct fixture *x, bool on)
{
	const struct cks_station_change ch = {
		.has_vpcd_port = on, .vpcd_port = PORTS + 100,
		.has_vpcd = on, .vpcd_lane = cks_coupler_index(x->f->c),
		.has_vpcd_off = !on, .vpcd_off_lane = cks_coupler_index(x->f->c),
	};

	return cks_station_change(x->st, &ch, &x->extack);
}

static void driver_that_cannot_be_reached_is_called_again(struct kunit *test)
{
	struct fixture *x = test->priv;
	struct sockaddr_in sin = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(PORTS + 100 + cks_coupler_index(x->f->c)),
	};
	static const enum socket_call calls[] = { CALL_CREATE, CALL_CONNECT };
	struct socket *driver, *reader;
	unsigned int i;
	int err;

	KUNIT_ASSERT_EQ(test, sock_create_kern(&init_net, AF_INET, SOCK_STREAM, IPPROTO_TCP,
					       &driver), 0);
	sock_no_linger(driver->sk);
	driver->sk->sk_rcvtimeo = FAKE_PATIENCE;
	err = kernel_bind(driver, (struct sockaddr *)&sin, sizeof(sin));
	KUNIT_EXPECT_EQ(test, err, 0);
	err = err ?: kernel_listen(driver, 8);
	fake_coupler_card(x->f, true);
	for (i = 0; !err && i < ARRAY_SIZE(calls); i++) {
		arm(calls[i], -ENETUNREACH, 1);
		KUNIT_EXPECT_EQ(test, vpcd(x, true), 0);
		err = kernel_accept(driver, &reader, 0);
		KUNIT_EXPECT_EQ(test, err, 0);
		KUNIT_EXPECT_TRUE(test, disarm());
		if (!err)
			sock_release(reader);
		KUNIT_EXPECT_EQ(test, vpcd(x, false), 0);
		KUNIT_EXPECT_EQ(test, x->st->lanes[cks_coupler_index(x->f->c)].vpcd_nr, 0);
	}
	sock_release(driver);
}

static void done(struct kunit *test)
{
	disarm();
	fixture_exit(test);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(no_listener),
	KUNIT_CASE(accept_that_fails_is_tried_again),
	KUNIT_CASE(connection_that_fails_ends),
	KUNIT_CASE(sending_goes_on),
	KUNIT_CASE(driver_that_cannot_be_reached_is_called_again),
	{}
};

static struct kunit_suite suite = {
	.name = "cks_router_socket",
	.init = fixture_init,
	.exit = done,
	.test_cases = cases,
};

kunit_test_suite(suite);
