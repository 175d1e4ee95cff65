// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way to a reader's driver: whatever fails on it, it is gone anew.
 */
#include <linux/in.h>
#include <linux/net.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "failing.h"
#include "fixture.h"

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
	/* Memory: the connection as the station knows it, two of its buffers, and its transport. */
	static const struct {
		enum failing_call call;
		int err;
		unsigned int nth;
	} fails[] = {
		{ CALL_CREATE, -ENETUNREACH, 1 },
		{ CALL_CONNECT, -ENETUNREACH, 1 },
		{ CALL_ALLOC, -ENOMEM, 1 },
		{ CALL_ALLOC, -ENOMEM, 2 },
		{ CALL_ALLOC, -ENOMEM, 3 },
		{ CALL_ALLOC, -ENOMEM, 4 },
	};
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
	for (i = 0; !err && i < ARRAY_SIZE(fails); i++) {
		failing_arm(fails[i].call, fails[i].err, fails[i].nth);
		KUNIT_EXPECT_EQ(test, vpcd(x, true), 0);
		err = kernel_accept(driver, &reader, 0);
		KUNIT_EXPECT_EQ(test, err, 0);
		KUNIT_EXPECT_TRUE(test, failing_disarm());
		if (!err)
			sock_release(reader);
		KUNIT_EXPECT_EQ(test, vpcd(x, false), 0);
		KUNIT_EXPECT_EQ(test, x->st->lanes[cks_coupler_index(x->f->c)].vpcd_nr, 0);
	}
	sock_release(driver);
}

static void done(struct kunit *test)
{
	failing_disarm();
	fixture_exit(test);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(driver_that_cannot_be_reached_is_called_again),
	{}
};

static struct kunit_suite suite = {
	.name = "cks_router_vpcd",
	.init = fixture_init,
	.exit = done,
	.test_cases = cases,
};

kunit_test_suite(suite);
