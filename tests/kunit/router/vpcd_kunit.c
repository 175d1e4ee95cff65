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

static int driver_listens(struct fixture *x, struct socket **ret_driver)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(PORTS + 100 + cks_coupler_index(x->f->c)),
	};
	struct socket *driver;
	int err;

	err = sock_create_kern(&init_net, AF_INET, SOCK_STREAM, IPPROTO_TCP, &driver);
	if (err)
		return err;
	sock_no_linger(driver->sk);
	driver->sk->sk_rcvtimeo = FAKE_PATIENCE;
	err = kernel_bind(driver, (struct sockaddr *)&sin, sizeof(sin));
	err = err ?: kernel_listen(driver, 8);
	if (err)
		sock_release(driver);
	else
		*ret_driver = driver;
	return err;
}

static void driver_that_cannot_be_reached_is_called_again(struct kunit *test)
{
	struct fixture *x = test->priv;
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

	err = driver_listens(x, &driver);
	KUNIT_ASSERT_EQ(test, err, 0);
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

struct holdup {
	struct work_struct work;
	struct completion over;
};

static void hold_up(struct work_struct *work)
{
	wait_for_completion(&container_of(work, struct holdup, work)->over);
}

/* By the number of one, before the station has looked: a coupler that nobody has made a reader. */
static void another_coupler_is_no_reader(struct kunit *test)
{
	struct fixture *x = test->priv;
	unsigned int index = cks_coupler_index(x->f->c);
	struct socket *driver, *reader;
	struct holdup h;
	int err;

	KUNIT_ASSERT_EQ(test, driver_listens(x, &driver), 0);
	KUNIT_EXPECT_EQ(test, vpcd(x, true), 0);
	INIT_WORK_ONSTACK(&h.work, hold_up);
	init_completion(&h.over);
	queue_work(x->st->tick, &h.work);
	/* A look at the readers comes first, then one at the couplers. */
	mod_delayed_work(x->st->tick, &x->st->vpcd_tick, 0);
	fake_coupler_unplug(x->f);
	x->f->present = true;
	x->f->c = fake_coupler_another(x->f, NULL);
	err = PTR_ERR_OR_ZERO(x->f->c) ?: cks_coupler_register(x->f->c, NULL);
	complete(&h.over);
	cks_station_look(x->st);
	destroy_work_on_stack(&h.work);
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_EQ(test, cks_coupler_index(x->f->c), index);
	mutex_lock(&x->st->lock);
	KUNIT_EXPECT_TRUE(test, x->st->lanes[index].present);
	KUNIT_EXPECT_FALSE(test, x->st->lanes[index].vpcd);
	mutex_unlock(&x->st->lock);
	KUNIT_EXPECT_EQ(test, kernel_accept(driver, &reader, O_NONBLOCK), -EAGAIN);
	sock_release(driver);
}

static void done(struct kunit *test)
{
	failing_disarm();
	fixture_exit(test);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(driver_that_cannot_be_reached_is_called_again),
	KUNIT_CASE(another_coupler_is_no_reader),
	{}
};

static struct kunit_suite suite = {
	.name = "cks_router_vpcd",
	.init = fixture_init,
	.exit = done,
	.test_cases = cases,
};

kunit_test_suite(suite);
