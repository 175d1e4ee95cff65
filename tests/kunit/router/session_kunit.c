// SPDX-License-Identifier: GPL-2.0-only
/*
 * The router's sessions without a CAS: a station of its own, and a coupler without hardware. What
 * is told to a CAS, and what it says, is for the tests in the guest (tests/kselftest/router_*).
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#include "fake_coupler.h"
#include "router/router.h"

/* Not those of a station that may be there. */
#define PORTS	17816

struct fixture {
	struct fake_coupler *f;
	struct cks_station *st;
	struct netlink_ext_ack extack;
};

static int init(struct kunit *test)
{
	static const u8 uuid[CKS_ID_LEN] = "of a KUnit suite";
	const struct cks_station_change ch = {
		.uuid = uuid,
		.has_journal = true, .journal_epoch = 1,
		.has_control_port = true, .control_port = PORTS,
		.has_channel_port = true, .channel_port = PORTS + 1,
		.has_listen = true, .listen = true,
	};
	struct fixture *x = kzalloc(sizeof(*x), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, x);
	test->priv = x;
	x->f = fake_coupler_new(test);
	fake_coupler_t0(x->f);
	x->st = cks_station_new(&init_net);
	KUNIT_ASSERT_FALSE(test, IS_ERR(x->st));
	KUNIT_ASSERT_EQ(test, cks_station_change(x->st, &ch, &x->extack), 0);
	return 0;
}

static void done(struct kunit *test)
{
	struct fixture *x = test->priv;

	if (x->st)
		cks_station_free(x->st);
	fake_coupler_free(x->f);
	kfree(x);
}

static int request(struct fixture *x, u64 *ret_request)
{
	const struct cks_session_new n = {
		.index = cks_coupler_index(x->f->c),
		.application = "read",
	};

	return cks_session_new(x->st, &n, ret_request, &x->extack);
}

/* Return: whether the session is in the phase, once it is, or after a long time. */
static bool comes_to(struct fixture *x, u64 request, enum cks_phase phase)
{
	unsigned long end = jiffies + FAKE_PATIENCE;
	struct cks_session *s;
	bool there;

	do {
		mutex_lock(&x->st->lock);
		s = cks_session_find(x->st, request);
		there = s && s->phase == phase;
		mutex_unlock(&x->st->lock);
		if (there)
			return true;
		usleep_range(500, 1000);
	} while (time_before(jiffies, end));
	return false;
}

static bool is_rejected(struct fixture *x, u64 request, const char *reason)
{
	const struct cks_session *s;
	bool is;

	mutex_lock(&x->st->lock);
	s = cks_session_find(x->st, request);
	is = s && s->phase == CKS_P_RESULT && s->verdict == CKS_VERDICT_REJECT && s->own_verdict &&
	     !strcmp(s->reason, reason);
	mutex_unlock(&x->st->lock);
	return is;
}

static int dispose(struct fixture *x, u64 request, u64 number)
{
	struct cks_dispo *d = kzalloc(sizeof(*d), GFP_KERNEL);

	if (!d)
		return -ENOMEM;
	d->number = number;
	d->request = request;
	d->coupler = cks_coupler_index(x->f->c);
	d->disposition = CKS_DISPOSITION_REJECTED;
	memcpy(d->boot_id, x->st->boot_id, CKS_ID_LEN);
	return cks_station_dispose(x->st, d, &x->extack);
}

static void cancel(struct fixture *x, u64 request, const char *reason)
{
	struct cks_session *s;

	mutex_lock(&x->st->lock);
	s = cks_session_find(x->st, request);
	if (s)
		cks_session_fail(s, CKS_CODE_OPERATOR, reason);
	mutex_unlock(&x->st->lock);
}

static void waiting(struct kunit *test, u64 *ret_request)
{
	struct fixture *x = test->priv;

	fake_coupler_card(x->f, true);
	KUNIT_ASSERT_EQ(test, request(x, ret_request), 0);
	KUNIT_ASSERT_TRUE(test, comes_to(x, *ret_request, CKS_P_WAITING));
}

static void card_is_contacted_and_disposed_of(struct kunit *test)
{
	struct fixture *x = test->priv;
	u64 nr, next;

	waiting(test, &nr);
	KUNIT_EXPECT_TRUE(test, x->f->active);
	KUNIT_EXPECT_EQ(test, request(x, &next), -EBUSY);
	cancel(x, nr, "no more");
	KUNIT_EXPECT_TRUE(test, is_rejected(x, nr, "no more"));
	KUNIT_EXPECT_FALSE(test, x->f->active);
	/* Decided is decided. */
	cancel(x, nr, "once more");
	KUNIT_EXPECT_TRUE(test, is_rejected(x, nr, "no more"));
	KUNIT_EXPECT_EQ(test, dispose(x, nr, 1), 0);
	mutex_lock(&x->st->lock);
	KUNIT_EXPECT_NULL(test, cks_session_find(x->st, nr));
	mutex_unlock(&x->st->lock);
	KUNIT_EXPECT_EQ(test, request(x, &next), 0);
	KUNIT_EXPECT_EQ(test, next, nr + 1);
}

static void dispositions_leave_no_gap(struct kunit *test)
{
	struct fixture *x = test->priv;
	u64 nr;

	waiting(test, &nr);
	KUNIT_EXPECT_EQ(test, dispose(x, nr, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, dispose(x, nr, 2), -EINVAL);
	KUNIT_EXPECT_EQ(test, dispose(x, nr, 1), 0);
	KUNIT_EXPECT_EQ(test, dispose(x, nr, 1), 0);
	KUNIT_EXPECT_EQ(test, x->st->nr_dispositions, 1);
	KUNIT_EXPECT_EQ(test, dispose(x, nr + 7, 2), 0);
	KUNIT_EXPECT_EQ(test, x->st->nr_dispositions, 2);
	mutex_lock(&x->st->lock);
	cks_station_acked(x->st, 1);
	mutex_unlock(&x->st->lock);
	KUNIT_EXPECT_EQ(test, x->st->nr_dispositions, 1);
	KUNIT_EXPECT_EQ(test, x->st->acked, 1);
}

static void what_is_refused(struct kunit *test)
{
	struct cks_station_change ch = { .has_hold = true, .hold = true };
	struct fixture *x = test->priv;
	struct cks_owner other = { .name = "other" };
	u64 nr;

	KUNIT_EXPECT_EQ(test, request(x, &nr), -ENOMEDIUM);
	fake_coupler_card(x->f, true);
	KUNIT_ASSERT_EQ(test, cks_coupler_claim(x->f->c, &other), 0);
	KUNIT_EXPECT_EQ(test, request(x, &nr), -EBUSY);
	cks_coupler_release(x->f->c, &other);
	KUNIT_ASSERT_EQ(test, cks_station_change(x->st, &ch, &x->extack), 0);
	KUNIT_EXPECT_EQ(test, request(x, &nr), -EAGAIN);
	ch.hold = false;
	ch.has_stop = true;
	ch.stop_lane = cks_coupler_index(x->f->c);
	KUNIT_ASSERT_EQ(test, cks_station_change(x->st, &ch, &x->extack), 0);
	KUNIT_EXPECT_EQ(test, request(x, &nr), -EAGAIN);
	KUNIT_EXPECT_EQ(test, x->st->requests_refused, 4);
	KUNIT_EXPECT_EQ(test, x->st->requests_total, 0);
	/* Nobody has the coupler after all this. */
	KUNIT_ASSERT_EQ(test, cks_coupler_claim(x->f->c, &other), 0);
	cks_coupler_release(x->f->c, &other);
}

static void mute_card_is_rejected(struct kunit *test)
{
	struct fixture *x = test->priv;
	u64 nr;

	x->f->atr_len = 0;
	fake_coupler_card(x->f, true);
	KUNIT_ASSERT_EQ(test, request(x, &nr), 0);
	KUNIT_EXPECT_TRUE(test, comes_to(x, nr, CKS_P_RESULT));
	KUNIT_EXPECT_TRUE(test, is_rejected(x, nr, iso7816_strerror(ISO7816_E_NO_ATR)));
}

static void card_taken_out_is_rejected(struct kunit *test)
{
	struct fixture *x = test->priv;
	u64 nr;

	waiting(test, &nr);
	fake_coupler_card(x->f, false);
	KUNIT_EXPECT_TRUE(test, comes_to(x, nr, CKS_P_RESULT));
	KUNIT_EXPECT_TRUE(test, is_rejected(x, nr, "card removed"));
}

static void coupler_that_goes_is_given_back(struct kunit *test)
{
	struct fixture *x = test->priv;
	u64 nr;

	waiting(test, &nr);
	fake_coupler_unplug(x->f);
	KUNIT_EXPECT_TRUE(test, comes_to(x, nr, CKS_P_RESULT));
	KUNIT_EXPECT_TRUE(test, is_rejected(x, nr, "coupler removed"));
}

static void station_that_ends_gives_all_back(struct kunit *test)
{
	struct fixture *x = test->priv;
	struct cks_owner other = { .name = "other" };
	u64 nr;

	waiting(test, &nr);
	cks_station_free(x->st);
	x->st = NULL;
	KUNIT_EXPECT_FALSE(test, x->f->active);
	KUNIT_ASSERT_EQ(test, cks_coupler_claim(x->f->c, &other), 0);
	cks_coupler_release(x->f->c, &other);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(card_is_contacted_and_disposed_of),
	KUNIT_CASE(dispositions_leave_no_gap),
	KUNIT_CASE(what_is_refused),
	KUNIT_CASE(mute_card_is_rejected),
	KUNIT_CASE(card_taken_out_is_rejected),
	KUNIT_CASE(coupler_that_goes_is_given_back),
	KUNIT_CASE(station_that_ends_gives_all_back),
	{}
};

static struct kunit_suite suite = {
	.name = "cks_router_session",
	.init = init,
	.exit = done,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit suites of the router");
MODULE_LICENSE("GPL");
