// SPDX-License-Identifier: GPL-2.0-only
/* See failing.h: which call fails, and the lives of a station that they fail in. */
#include <linux/delay.h>
#include <linux/errno.h>

#include "cas.h"
#include "failing.h"
#include "fixture.h"

#define CALLS_MAX	2000	/* of one life */

static struct {
	enum failing_call call;
	int err;
	atomic_t left;
	bool happened;
} fail = { .call = CALLS };

int failing(enum failing_call call)
{
	if (call != READ_ONCE(fail.call) || atomic_dec_return(&fail.left))
		return 0;
	WRITE_ONCE(fail.happened, true);
	return fail.err;
}

void failing_arm(enum failing_call call, int err, unsigned int nth)
{
	WRITE_ONCE(fail.call, CALLS);
	fail.err = err;
	fail.happened = false;
	atomic_set(&fail.left, nth);
	WRITE_ONCE(fail.call, call);
}

bool failing_happened(void)
{
	return READ_ONCE(fail.happened);
}

bool failing_disarm(void)
{
	WRITE_ONCE(fail.call, CALLS);
	return failing_happened();
}

/* Whatever became of it: nothing is left. */
static void ends(struct kunit *test, struct cas *c)
{
	struct fixture *x = test->priv;
	unsigned long end = jiffies + FAKE_PATIENCE;
	u64 number = x->st->acked + 1;

	cas_hang_up(c);
	if (c->request) {
		fixture_cancel(x, c->request, "it is over");
		KUNIT_ASSERT_TRUE(test, fixture_comes_to(x, c->request, CKS_P_RESULT));
		KUNIT_ASSERT_EQ(test, fixture_dispose(x, c->request, number), 0);
		mutex_lock(&x->st->lock);
		cks_station_acked(x->st, number);
		mutex_unlock(&x->st->lock);
	}
	c->request = 0;
	KUNIT_ASSERT_EQ(test, fixture_listen(x, false), 0);
	while (READ_ONCE(x->st->streams.nr) && time_before(jiffies, end))
		usleep_range(500, 1000);
	KUNIT_ASSERT_EQ(test, x->st->streams.nr, 0);
	KUNIT_ASSERT_EQ(test, x->st->nr_sessions, 0);
	KUNIT_ASSERT_FALSE(test, x->f->active);
}

unsigned int failing_in_turn(struct kunit *test, bool (*life)(struct fixture *x, struct cas *c),
			     enum failing_call call, int err)
{
	struct fixture *x = test->priv;
	struct cas *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	unsigned int nth, broken = 0;

	KUNIT_ASSERT_NOT_NULL(test, c);
	for (nth = 1; nth < CALLS_MAX; nth++) {
		bool whole, happened;

		fake_coupler_card(x->f, true);
		KUNIT_ASSERT_EQ(test, fixture_listen(x, false), 0);
		failing_arm(call, err, nth);
		whole = life(x, c);
		happened = failing_disarm();
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
