// SPDX-License-Identifier: GPL-2.0-only
/*
 * The router's sessions without a CAS: a station of its own, and a coupler without hardware. What
 * is told to a CAS, and what it says, is for the tests in the guest (tests/kselftest/router_*).
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/unaligned.h>

#include "fixture.h"

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

static void waiting(struct kunit *test, u64 *ret_request)
{
	struct fixture *x = test->priv;

	fake_coupler_card(x->f, true);
	KUNIT_ASSERT_EQ(test, fixture_request(x, ret_request), 0);
	KUNIT_ASSERT_TRUE(test, fixture_comes_to(x, *ret_request, CKS_P_WAITING));
}

static void card_is_contacted_and_disposed_of(struct kunit *test)
{
	struct fixture *x = test->priv;
	u64 nr, next;

	waiting(test, &nr);
	KUNIT_EXPECT_TRUE(test, x->f->active);
	KUNIT_EXPECT_EQ(test, fixture_request(x, &next), -EBUSY);
	fixture_cancel(x, nr, "no more");
	KUNIT_EXPECT_TRUE(test, is_rejected(x, nr, "no more"));
	KUNIT_EXPECT_FALSE(test, x->f->active);
	/* Decided is decided. */
	fixture_cancel(x, nr, "once more");
	KUNIT_EXPECT_TRUE(test, is_rejected(x, nr, "no more"));
	KUNIT_EXPECT_EQ(test, fixture_dispose(x, nr, 1), 0);
	mutex_lock(&x->st->lock);
	KUNIT_EXPECT_NULL(test, cks_session_find(x->st, nr));
	mutex_unlock(&x->st->lock);
	KUNIT_EXPECT_EQ(test, fixture_request(x, &next), 0);
	KUNIT_EXPECT_EQ(test, next, nr + 1);
}

static void dispositions_leave_no_gap(struct kunit *test)
{
	struct fixture *x = test->priv;
	u64 nr;

	waiting(test, &nr);
	KUNIT_EXPECT_EQ(test, fixture_dispose(x, nr, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, fixture_dispose(x, nr, 2), -EINVAL);
	KUNIT_EXPECT_EQ(test, fixture_dispose(x, nr, 1), 0);
	KUNIT_EXPECT_EQ(test, fixture_dispose(x, nr, 1), 0);
	KUNIT_EXPECT_EQ(test, x->st->nr_dispositions, 1);
	KUNIT_EXPECT_EQ(test, fixture_dispose(x, nr + 7, 2), 0);
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

	KUNIT_EXPECT_EQ(test, fixture_request(x, &nr), -ENOMEDIUM);
	fake_coupler_card(x->f, true);
	KUNIT_ASSERT_EQ(test, cks_coupler_claim(x->f->c, &other), 0);
	KUNIT_EXPECT_EQ(test, fixture_request(x, &nr), -EBUSY);
	cks_coupler_release(x->f->c, &other);
	KUNIT_ASSERT_EQ(test, cks_station_change(x->st, &ch, &x->extack), 0);
	KUNIT_EXPECT_EQ(test, fixture_request(x, &nr), -EAGAIN);
	ch.hold = false;
	ch.has_stop = true;
	ch.stop_lane = cks_coupler_index(x->f->c);
	KUNIT_ASSERT_EQ(test, cks_station_change(x->st, &ch, &x->extack), 0);
	KUNIT_EXPECT_EQ(test, fixture_request(x, &nr), -EAGAIN);
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
	KUNIT_ASSERT_EQ(test, fixture_request(x, &nr), 0);
	KUNIT_EXPECT_TRUE(test, fixture_comes_to(x, nr, CKS_P_RESULT));
	KUNIT_EXPECT_TRUE(test, is_rejected(x, nr, iso7816_strerror(ISO7816_E_NO_ATR)));
}

static void card_taken_out_is_rejected(struct kunit *test)
{
	struct fixture *x = test->priv;
	u64 nr;

	waiting(test, &nr);
	fake_coupler_card(x->f, false);
	KUNIT_EXPECT_TRUE(test, fixture_comes_to(x, nr, CKS_P_RESULT));
	KUNIT_EXPECT_TRUE(test, is_rejected(x, nr, "card removed"));
}

static void coupler_that_goes_is_given_back(struct kunit *test)
{
	struct fixture *x = test->priv;
	u64 nr;

	waiting(test, &nr);
	fake_coupler_unplug(x->f);
	KUNIT_EXPECT_TRUE(test, fixture_comes_to(x, nr, CKS_P_RESULT));
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

/* Of a CAS that did not open its channel yet, while its successor takes nothing in. */
static void fenced_cas_has_no_token(struct kunit *test)
{
	static const u8 none[CKS_ID_LEN];
	struct fixture *x = test->priv;
	struct cks_session *s;
	u64 nr;

	waiting(test, &nr);
	mutex_lock(&x->st->lock);
	s = cks_session_find(x->st, nr);
	cks_session_new_token(s);
	cks_channel_fence(s);
	KUNIT_EXPECT_FALSE(test, s->token_valid);
	KUNIT_EXPECT_MEMEQ(test, s->token, none, sizeof(none));
	mutex_unlock(&x->st->lock);
}

static bool is_lane(struct fixture *x, unsigned int index)
{
	bool is;

	mutex_lock(&x->st->lock);
	is = x->st->lanes[index].present;
	mutex_unlock(&x->st->lock);
	return is;
}

/* Until it belongs to another namespace, news of any coupler make the station look for it anew. */
static void lane_that_is_given_away_stays_away(struct kunit *test)
{
	struct fixture *x = test->priv;
	unsigned int index = cks_coupler_index(x->f->c);
	u64 nr;

	fake_coupler_card(x->f, true);
	cks_station_look(x->st);
	KUNIT_ASSERT_TRUE(test, is_lane(x, index));
	KUNIT_ASSERT_EQ(test, cks_station_let_go(x->st, index, &x->extack), 0);
	cks_station_look(x->st);
	KUNIT_EXPECT_FALSE(test, is_lane(x, index));
	KUNIT_EXPECT_EQ(test, fixture_request(x, &nr), -ENODEV);
	KUNIT_EXPECT_EQ(test, cks_station_let_go(x->st, index, &x->extack), -ENODEV);
	cks_station_let_go_end(x->st, index);
	KUNIT_EXPECT_TRUE(test, is_lane(x, index));
	KUNIT_EXPECT_EQ(test, fixture_request(x, &nr), 0);
}

/* The core tells of the end of a command before it tells that the card was exchanged. */
static void another_card_answers_nothing(struct kunit *test)
{
	struct fixture *x = test->priv;
	struct cks_session *s;
	const u8 *status;
	u64 nr;

	waiting(test, &nr);
	mutex_lock(&x->st->lock);
	s = cks_session_find(x->st, nr);
	s->cmd_number = 1;
	s->cmd_reset = true;
	s->run->cmd.presence_gen = s->presence_gen + 1;
	KUNIT_EXPECT_EQ(test, s->run->cmd.err, ISO7816_OK);
	KUNIT_EXPECT_GT(test, s->run->cmd.atr.len, 0);
	cks_exchange_done(s);
	KUNIT_EXPECT_TRUE(test, s->replied);
	status = s->run->reply->data + CKS_FRAME_HEADER + CKS_FIELD_HEADER;
	KUNIT_EXPECT_EQ(test, get_unaligned_be16(status), CKS_STATUS_REMOVED);
	mutex_unlock(&x->st->lock);
	KUNIT_EXPECT_FALSE(test, x->f->active);
}

static void finds_station_free(void *priv)
{
	unsigned long end = jiffies + HZ;
	struct fixture *x = priv;

	while (!mutex_trylock(&x->st->lock)) {
		if (time_after(jiffies, end))
			return;
		usleep_range(500, 1000);
	}
	mutex_unlock(&x->st->lock);
	x->found_free = true;
}

/* A coupler that takes new settings is waited for by its own request alone. */
static void other_couplers_need_not_wait(struct kunit *test)
{
	struct fixture *x = test->priv;
	u64 nr;

	x->f->priv = x;
	x->f->claiming = finds_station_free;
	waiting(test, &nr);
	x->f->claiming = NULL;
	KUNIT_EXPECT_EQ(test, x->f->claims, 1);
	KUNIT_EXPECT_TRUE(test, x->found_free);
}

static void waits_for_retry(struct kunit *test, u64 *ret_request)
{
	struct fixture *x = test->priv;

	waiting(test, ret_request);
	fixture_cancel(x, *ret_request, "once more");
	mutex_lock(&x->st->lock);
	cks_session_find(x->st, *ret_request)->verdict = CKS_VERDICT_RETRY;
	mutex_unlock(&x->st->lock);
}

static bool still_waits_for_retry(struct fixture *x, u64 request)
{
	const struct cks_session *s;
	bool does;

	mutex_lock(&x->st->lock);
	s = cks_session_find(x->st, request);
	does = s && s->phase == CKS_P_RESULT && s->verdict == CKS_VERDICT_RETRY && !s->renewing;
	mutex_unlock(&x->st->lock);
	return does;
}

/* The core, on its way to tell of a card, and a request that waits for it. */
struct renewal {
	struct notifier_block nb;
	struct completion stuck, go_on, asked;
	struct work_struct ask;
	struct fixture *x;
	int err;
};

static int gets_stuck(struct notifier_block *nb, unsigned long event, void *coupler)
{
	struct renewal *r = container_of(nb, struct renewal, nb);

	if (event != CKS_EVENT_CARD_OUT)
		return NOTIFY_DONE;
	complete(&r->stuck);
	wait_for_completion(&r->go_on);
	return NOTIFY_OK;
}

static void asks(struct work_struct *work)
{
	struct renewal *r = container_of(work, struct renewal, ask);
	u64 nr;

	r->err = fixture_request(r->x, &nr);
	complete(&r->asked);
}

static bool is_being_renewed(struct fixture *x, u64 request)
{
	unsigned long end = jiffies + FAKE_PATIENCE;
	const struct cks_session *s;
	bool is;

	do {
		mutex_lock(&x->st->lock);
		s = cks_session_find(x->st, request);
		is = s && s->renewing && !s->coupler;
		mutex_unlock(&x->st->lock);
		if (!is)
			usleep_range(500, 1000);
	} while (!is && time_before(jiffies, end));
	return is;
}

/* The operator holds the station while the next request takes the coupler over. */
static void refused_renewal_ends_nothing(struct kunit *test)
{
	struct fixture *x = test->priv;
	struct renewal r = { .nb.notifier_call = gets_stuck, .x = x };
	struct cks_owner other = { .name = "other" };
	u64 nr, next;

	waits_for_retry(test, &nr);
	init_completion(&r.stuck);
	init_completion(&r.go_on);
	init_completion(&r.asked);
	INIT_WORK_ONSTACK(&r.ask, asks);
	KUNIT_ASSERT_EQ(test, cks_register_notifier(&r.nb), 0);
	fake_coupler_card(x->f, false);
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&r.stuck, FAKE_PATIENCE), 0);
	fake_coupler_card(x->f, true);
	schedule_work(&r.ask);
	KUNIT_EXPECT_TRUE(test, is_being_renewed(x, nr));
	/* Meanwhile the old one is neither disposed of nor renewed by anybody else. */
	KUNIT_EXPECT_EQ(test, fixture_dispose(x, nr, 1), -EBUSY);
	KUNIT_EXPECT_EQ(test, fixture_request(x, &next), -EBUSY);
	KUNIT_EXPECT_EQ(test, cks_coupler_claim(x->f->c, &other), -EBUSY);
	mutex_lock(&x->st->lock);
	x->st->hold = true;
	mutex_unlock(&x->st->lock);
	complete_all(&r.go_on);
	wait_for_completion(&r.asked);
	flush_work(&r.ask);
	destroy_work_on_stack(&r.ask);
	cks_unregister_notifier(&r.nb);
	KUNIT_EXPECT_EQ(test, r.err, -EAGAIN);
	KUNIT_ASSERT_TRUE(test, still_waits_for_retry(x, nr));
	KUNIT_EXPECT_EQ(test, cks_coupler_claim(x->f->c, &other), -EBUSY);
	x->st->hold = false;
	KUNIT_EXPECT_EQ(test, fixture_request(x, &next), 0);
	KUNIT_EXPECT_EQ(test, next, nr + 1);
	KUNIT_EXPECT_FALSE(test, still_waits_for_retry(x, nr));
}

static void renewal_is_of_the_card_that_is_in(struct kunit *test)
{
	struct fixture *x = test->priv;
	unsigned int index = cks_coupler_index(x->f->c);
	u64 nr, next;

	waits_for_retry(test, &nr);
	fake_coupler_unplug(x->f);
	/* The session gives it back, and with it its number. */
	flush_workqueue(x->st->wq);
	x->f->present = false;
	x->f->c = fake_coupler_another(x->f, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(x->f->c));
	KUNIT_ASSERT_EQ(test, cks_coupler_index(x->f->c), index);
	KUNIT_ASSERT_EQ(test, cks_coupler_register(x->f->c, NULL), 0);
	KUNIT_EXPECT_EQ(test, fixture_request(x, &next), -ENOMEDIUM);
	KUNIT_EXPECT_TRUE(test, still_waits_for_retry(x, nr));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(card_is_contacted_and_disposed_of),
	KUNIT_CASE(dispositions_leave_no_gap),
	KUNIT_CASE(what_is_refused),
	KUNIT_CASE(mute_card_is_rejected),
	KUNIT_CASE(card_taken_out_is_rejected),
	KUNIT_CASE(coupler_that_goes_is_given_back),
	KUNIT_CASE(station_that_ends_gives_all_back),
	KUNIT_CASE(fenced_cas_has_no_token),
	KUNIT_CASE(lane_that_is_given_away_stays_away),
	KUNIT_CASE(other_couplers_need_not_wait),
	KUNIT_CASE(refused_renewal_ends_nothing),
	KUNIT_CASE(renewal_is_of_the_card_that_is_in),
	KUNIT_CASE(another_card_answers_nothing),
	{}
};

static struct kunit_suite suite = {
	.name = "cks_router_session",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit suites of the router");
MODULE_LICENSE("GPL");
