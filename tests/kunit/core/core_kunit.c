// SPDX-License-Identifier: GPL-2.0-only
/*
 * The core's state machine: who may have a coupler, what can be begun in which state, how it ends,
 * and that each end is told exactly once. The states are those of docs/netlink/cks.yaml.
 */
#include <linux/completion.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "fake_coupler.h"

/* An owner with one command, and how often it was told what. */
struct tester {
	struct cks_owner owner;
	struct cks_command cmd;
	struct completion done;
	struct completion lost;
	unsigned int dones;
	unsigned int losts;
	bool gone;
	u8 rsp[8];
	struct cks_coupler *again;	/* done() begins another exchange on it */
	int again_err;
};

struct fixture {
	struct fake_coupler *f;
	struct tester u;
};

static void user_exchange(struct tester *u)
{
	memset(&u->cmd.x, 0, sizeof(u->cmd.x));
	u->cmd.x.cmd = fake_read;
	u->cmd.x.cmd_len = sizeof(fake_read);
	u->cmd.x.rsp = u->rsp;
	u->cmd.x.rsp_size = sizeof(u->rsp);
}

static void user_done(struct cks_command *cmd)
{
	struct tester *u = container_of(cmd, struct tester, cmd);
	struct cks_coupler *c = u->again;

	u->dones++;
	u->again = NULL;
	if (c) {
		user_exchange(u);
		u->again_err = cks_coupler_exchange(c, &u->owner, cmd);
		if (!u->again_err)
			return;
	}
	complete(&u->done);
}

static void user_lost(struct cks_owner *owner, bool gone)
{
	struct tester *u = container_of(owner, struct tester, owner);

	u->losts++;
	u->gone = gone;
	complete(&u->lost);
}

static void user_init(struct tester *u)
{
	memset(u, 0, sizeof(*u));
	u->owner.name = "test";
	u->owner.lost = user_lost;
	u->cmd.done = user_done;
	init_completion(&u->done);
	init_completion(&u->lost);
}

static int init(struct kunit *test)
{
	struct fixture *x = kzalloc(sizeof(*x), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, x);
	x->f = fake_coupler_new(test);
	user_init(&x->u);
	test->priv = x;
	return 0;
}

static void done(struct kunit *test)
{
	struct fixture *x = test->priv;

	fake_coupler_free(x->f);
	kfree(x);
}

static struct cks_coupler_status status(struct fixture *x)
{
	struct cks_coupler_status s;

	cks_coupler_status(x->f->c, &s);
	return s;
}

static void await(struct kunit *test, struct completion *c)
{
	KUNIT_ASSERT_NE(test, wait_for_completion_timeout(c, FAKE_PATIENCE), 0);
}

static enum iso7816_err reset(struct kunit *test, struct fixture *x, enum iso7816_reset how)
{
	KUNIT_ASSERT_EQ(test, cks_coupler_reset(x->f->c, &x->u.owner, &x->u.cmd, how), 0);
	await(test, &x->u.done);
	return x->u.cmd.err;
}

/* A card that is in, claimed and reset. */
static struct fixture *ready(struct kunit *test)
{
	struct fixture *x = test->priv;

	fake_coupler_t0(x->f);
	fake_coupler_card(x->f, true);
	KUNIT_ASSERT_EQ(test, cks_coupler_claim(x->f->c, &x->u.owner), 0);
	KUNIT_ASSERT_EQ(test, reset(test, x, ISO7816_COLD), ISO7816_OK);
	return x;
}

static int exchange(struct fixture *x)
{
	user_exchange(&x->u);
	return cks_coupler_exchange(x->f->c, &x->u.owner, &x->u.cmd);
}

static void release(struct fixture *x)
{
	cks_coupler_release(x->f->c, &x->u.owner);
}

static void presence_and_its_generations(struct kunit *test)
{
	struct fixture *x = test->priv;
	u32 first = status(x).presence_gen;

	KUNIT_EXPECT_EQ(test, status(x).state, CKS_COUPLER_STATE_EMPTY);
	fake_coupler_card(x->f, true);
	KUNIT_EXPECT_EQ(test, status(x).state, CKS_COUPLER_STATE_INACTIVE);
	KUNIT_EXPECT_EQ(test, status(x).presence_gen, first);
	fake_coupler_card(x->f, true);
	fake_coupler_card(x->f, false);
	KUNIT_EXPECT_EQ(test, status(x).state, CKS_COUPLER_STATE_EMPTY);
	KUNIT_EXPECT_EQ(test, status(x).presence_gen, first + 1);
	fake_coupler_card(x->f, false);
	KUNIT_EXPECT_EQ(test, status(x).presence_gen, first + 1);
}

/* What was decided for a card must not count for one put in while the coupler was away. */
static void presence_goes_on_when_the_coupler_comes_back(struct kunit *test)
{
	struct fixture *x = test->priv;
	unsigned int index = cks_coupler_index(x->f->c);
	u32 before;

	fake_coupler_card(x->f, true);
	before = status(x).presence_gen;
	fake_coupler_unplug(x->f);
	x->f->c = fake_coupler_another(x->f, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(x->f->c));
	KUNIT_ASSERT_EQ(test, cks_coupler_register(x->f->c, NULL), 0);
	KUNIT_ASSERT_EQ(test, cks_coupler_index(x->f->c), index);
	fake_coupler_card(x->f, true);
	KUNIT_EXPECT_GT(test, status(x).presence_gen, before);
}

static void reset_leads_to_ready(struct kunit *test)
{
	struct fixture *x = ready(test);

	KUNIT_EXPECT_EQ(test, status(x).state, CKS_COUPLER_STATE_READY);
	KUNIT_EXPECT_EQ(test, x->u.cmd.atr.len, 2);
	KUNIT_EXPECT_EQ(test, x->u.cmd.atr.raw[0], 0x3b);
	KUNIT_EXPECT_EQ(test, status(x).line.f, 372);
	KUNIT_EXPECT_TRUE(test, x->f->active && x->f->rst);
	KUNIT_EXPECT_EQ(test, reset(test, x, ISO7816_WARM), ISO7816_OK);
	KUNIT_EXPECT_EQ(test, x->f->activations, 1);
	KUNIT_EXPECT_EQ(test, x->u.dones, 2);
	release(x);
	KUNIT_EXPECT_EQ(test, status(x).state, CKS_COUPLER_STATE_INACTIVE);
	KUNIT_EXPECT_EQ(test, status(x).power_gen, 1);
	KUNIT_EXPECT_FALSE(test, x->f->active);
	KUNIT_EXPECT_EQ(test, x->f->claims, 2);
}

/* 6.2.2: RST low for 400 clock cycles, 100 us here, from when the contacts are switched. */
static void late_activation_is_as_long(struct kunit *test)
{
	struct fixture *x = test->priv;

	x->f->late_us = 300;
	ready(test);
	KUNIT_EXPECT_GE(test, ktime_us_delta(x->f->high_at, x->f->low_at), 100);
	release(x);
}

/* 6.4: 10 ms without VCC, also where the coupler has begun anew. Return: the us that it was. */
static s64 time_off(struct kunit *test, struct fixture *x, u32 clk)
{
	ktime_t begun;

	fake_coupler_unplug(x->f);
	x->f->clk = clk;
	begun = ktime_get();
	x->f->c = fake_coupler_another(x->f, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(x->f->c));
	KUNIT_ASSERT_EQ(test, cks_coupler_register(x->f->c, NULL), 0);
	fake_coupler_card(x->f, true);
	KUNIT_ASSERT_EQ(test, cks_coupler_claim(x->f->c, &x->u.owner), 0);
	KUNIT_EXPECT_EQ(test, reset(test, x, ISO7816_COLD), ISO7816_E_NO_ATR);
	KUNIT_EXPECT_EQ(test, x->f->activations, 1);
	release(x);
	return ktime_us_delta(x->f->low_at, begun);
}

/* They are 50,000 cycles or more. What else is to be done may take 10 ms as well: a slow clock. */
static void off_for_long_enough(struct kunit *test)
{
	KUNIT_EXPECT_GE(test, time_off(test, test->priv, 100000), 500000);
}

/* The fastest clock: 50,000 cycles of it are 2.5 ms. What else is to be done may take the rest. */
static void off_for_long_enough_at_20_mhz(struct kunit *test)
{
	struct fixture *x = test->priv;

	KUNIT_EXPECT_GE(test, time_off(test, x, 20000000), 10000);
	KUNIT_EXPECT_EQ(test, x->f->off_clks, 200000);
}

static void mute_card_is_a_failure(struct kunit *test)
{
	struct fixture *x = test->priv;

	fake_coupler_card(x->f, true);
	KUNIT_ASSERT_EQ(test, cks_coupler_claim(x->f->c, &x->u.owner), 0);
	KUNIT_EXPECT_EQ(test, reset(test, x, ISO7816_COLD), ISO7816_E_NO_ATR);
	KUNIT_EXPECT_EQ(test, status(x).state, CKS_COUPLER_STATE_FAILED);
	KUNIT_EXPECT_EQ(test, status(x).last_error, ISO7816_E_NO_ATR);
	KUNIT_EXPECT_FALSE(test, x->f->active);
	/* Until there is another card. */
	fake_coupler_card(x->f, false);
	fake_coupler_card(x->f, true);
	KUNIT_EXPECT_EQ(test, status(x).state, CKS_COUPLER_STATE_INACTIVE);
	release(x);
}

static void exchange_brings_the_response(struct kunit *test)
{
	static const u8 wanted[] = { 0x01, 0x02, 0x90, 0x00 };
	struct fixture *x = ready(test);

	KUNIT_ASSERT_EQ(test, exchange(x), 0);
	await(test, &x->u.done);
	KUNIT_EXPECT_EQ(test, x->u.cmd.err, ISO7816_OK);
	KUNIT_ASSERT_EQ(test, x->u.cmd.x.rsp_len, 4);
	KUNIT_EXPECT_MEMEQ(test, x->u.rsp, wanted, 4);
	KUNIT_EXPECT_EQ(test, x->f->sent_len, 5);
	KUNIT_EXPECT_EQ(test, status(x).state, CKS_COUPLER_STATE_READY);
	KUNIT_EXPECT_EQ(test, status(x).exchanges, 1);
	KUNIT_EXPECT_EQ(test, status(x).chars_tx, 5);
	KUNIT_EXPECT_EQ(test, status(x).chars_rx, 7);
	release(x);
}

static void refusals_are_counted(struct kunit *test)
{
	struct fixture *x = ready(test);

	raw_spin_lock_irq(cks_coupler_lock(x->f->c));
	cks_coupler_refused(x->f->c, true);
	cks_coupler_refused(x->f->c, false);
	cks_coupler_refused(x->f->c, false);
	raw_spin_unlock_irq(cks_coupler_lock(x->f->c));
	KUNIT_EXPECT_EQ(test, status(x).chars_repeated, 1);
	KUNIT_EXPECT_EQ(test, status(x).chars_refused, 2);
	release(x);
}

static void what_cannot_be_begun(struct kunit *test)
{
	struct fixture *x = test->priv;
	struct tester *u = &x->u, other;

	user_init(&other);
	KUNIT_EXPECT_EQ(test, exchange(x), -EPERM);
	KUNIT_ASSERT_EQ(test, cks_coupler_claim(x->f->c, &u->owner), 0);
	KUNIT_EXPECT_EQ(test, cks_coupler_claim(x->f->c, &other.owner), -EBUSY);
	KUNIT_EXPECT_EQ(test, cks_coupler_reset(x->f->c, &u->owner, &u->cmd, ISO7816_COLD),
			-ENOMEDIUM);
	fake_coupler_card(x->f, true);
	KUNIT_EXPECT_EQ(test, exchange(x), -EHOSTDOWN);
	KUNIT_EXPECT_EQ(test, cks_coupler_reset(x->f->c, &u->owner, &u->cmd, ISO7816_WARM),
			-EHOSTDOWN);
	user_exchange(u);
	u->cmd.x.cmd_len = 3;
	KUNIT_EXPECT_EQ(test, cks_coupler_exchange(x->f->c, &u->owner, &u->cmd), -EINVAL);
	/* The card is mute: the reset lasts. */
	KUNIT_ASSERT_EQ(test, cks_coupler_reset(x->f->c, &u->owner, &u->cmd, ISO7816_COLD), 0);
	KUNIT_EXPECT_EQ(test, status(x).state, CKS_COUPLER_STATE_RESETTING);
	KUNIT_EXPECT_EQ(test, cks_coupler_reset(x->f->c, &u->owner, &other.cmd, ISO7816_COLD),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, cks_coupler_reset(x->f->c, &other.owner, &other.cmd, ISO7816_COLD),
			-EPERM);
	release(x);
	KUNIT_EXPECT_EQ(test, u->dones, 1);
	KUNIT_EXPECT_EQ(test, u->cmd.err, ISO7816_E_CANCELED);
	KUNIT_EXPECT_EQ(test, other.dones, 0);
}

static void card_taken_out_ends_an_exchange(struct kunit *test)
{
	struct fixture *x = ready(test);
	u32 before = status(x).presence_gen;

	x->f->answer_len = 0;
	KUNIT_ASSERT_EQ(test, exchange(x), 0);
	KUNIT_EXPECT_EQ(test, status(x).state, CKS_COUPLER_STATE_EXCHANGING);
	fake_coupler_card(x->f, false);
	KUNIT_EXPECT_FALSE(test, x->f->active);
	await(test, &x->u.done);
	await(test, &x->u.lost);
	KUNIT_EXPECT_EQ(test, x->u.cmd.err, ISO7816_E_REMOVED);
	KUNIT_EXPECT_EQ(test, x->u.cmd.presence_gen, before + 1);
	KUNIT_EXPECT_FALSE(test, x->u.gone);
	release(x);
	KUNIT_EXPECT_EQ(test, x->u.losts, 1);
	KUNIT_EXPECT_EQ(test, x->u.dones, 2);
}

static void power_off_ends_an_exchange(struct kunit *test)
{
	struct fixture *x = ready(test);
	struct tester other;

	user_init(&other);
	x->f->answer_len = 0;
	KUNIT_ASSERT_EQ(test, exchange(x), 0);
	cks_coupler_power_off(x->f->c, &other.owner);
	KUNIT_EXPECT_EQ(test, status(x).state, CKS_COUPLER_STATE_EXCHANGING);
	cks_coupler_power_off(x->f->c, &x->u.owner);
	await(test, &x->u.done);
	KUNIT_EXPECT_EQ(test, x->u.cmd.err, ISO7816_E_CANCELED);
	KUNIT_EXPECT_EQ(test, status(x).state, CKS_COUPLER_STATE_INACTIVE);
	release(x);
	KUNIT_EXPECT_EQ(test, x->u.losts, 0);
}

static void exchange_has_a_timeout(struct kunit *test)
{
	struct fixture *x = ready(test);

	x->f->answer_len = 0;
	x->u.cmd.timeout_ms = 5;
	KUNIT_ASSERT_EQ(test, exchange(x), 0);
	await(test, &x->u.done);
	KUNIT_EXPECT_EQ(test, x->u.cmd.err, ISO7816_E_TIMEOUT);
	KUNIT_EXPECT_EQ(test, status(x).state, CKS_COUPLER_STATE_FAILED);
	release(x);
}

static void done_may_begin_the_next(struct kunit *test)
{
	struct fixture *x = ready(test);

	x->u.again = x->f->c;
	KUNIT_ASSERT_EQ(test, exchange(x), 0);
	await(test, &x->u.done);
	KUNIT_EXPECT_EQ(test, x->u.again_err, 0);
	KUNIT_EXPECT_EQ(test, x->u.dones, 3);
	KUNIT_EXPECT_EQ(test, status(x).exchanges, 2);
	release(x);
}

/* That it follows is shown by the router's batches; here, when it does not. */
static void staged_one_is_dropped(struct kunit *test)
{
	struct fixture *x = ready(test);
	struct tester next;

	user_init(&next);
	user_exchange(&next);
	KUNIT_EXPECT_EQ(test, cks_coupler_stage(x->f->c, &x->u.owner, &next.cmd), -EALREADY);
	x->f->answer_len = 0;
	KUNIT_ASSERT_EQ(test, exchange(x), 0);
	KUNIT_EXPECT_EQ(test, cks_coupler_stage(x->f->c, &next.owner, &next.cmd), -EPERM);
	KUNIT_EXPECT_EQ(test, cks_coupler_stage(x->f->c, &x->u.owner, &next.cmd), 0);
	KUNIT_EXPECT_EQ(test, cks_coupler_stage(x->f->c, &x->u.owner, &next.cmd), -EBUSY);
	cks_coupler_unstage(x->f->c, &x->u.owner);
	KUNIT_EXPECT_EQ(test, cks_coupler_stage(x->f->c, &x->u.owner, &next.cmd), 0);
	cks_coupler_power_off(x->f->c, &x->u.owner);
	await(test, &x->u.done);
	KUNIT_EXPECT_EQ(test, x->u.cmd.err, ISO7816_E_CANCELED);
	KUNIT_EXPECT_FALSE(test, x->u.cmd.followed);
	release(x);
	KUNIT_EXPECT_EQ(test, next.dones, 0);
}

static void removal_ends_everything(struct kunit *test)
{
	struct fixture *x = ready(test);
	struct cks_coupler *c = cks_coupler_get(cks_coupler_index(x->f->c));
	struct tester other;

	user_init(&other);
	KUNIT_ASSERT_PTR_EQ(test, c, x->f->c);
	x->f->answer_len = 0;
	KUNIT_ASSERT_EQ(test, exchange(x), 0);
	fake_coupler_unplug(x->f);
	KUNIT_EXPECT_EQ(test, x->u.dones, 2);
	KUNIT_EXPECT_EQ(test, x->u.cmd.err, ISO7816_E_REMOVED);
	KUNIT_EXPECT_TRUE(test, x->u.gone);
	KUNIT_EXPECT_EQ(test, cks_coupler_reset(c, &x->u.owner, &x->u.cmd, ISO7816_COLD), -ENODEV);
	cks_coupler_release(c, &x->u.owner);
	KUNIT_EXPECT_EQ(test, cks_coupler_claim(c, &other.owner), -ENODEV);
	KUNIT_EXPECT_NULL(test, cks_coupler_get(cks_coupler_index(c)));
	cks_coupler_put(c);
	KUNIT_EXPECT_FALSE(test, x->f->active);
	KUNIT_EXPECT_EQ(test, x->f->claims, 2);
}

static void what_is_not_registered(struct kunit *test)
{
	struct fixture *x = test->priv;
	char too_long[CKS_NAME_MAX + 2] = "";
	struct cks_coupler *first, *second;

	memset(too_long, 'n', CKS_NAME_MAX + 1);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(fake_coupler_another(x->f, too_long)),
			-ENAMETOOLONG);

	first = fake_coupler_another(x->f, "one name");
	KUNIT_ASSERT_FALSE(test, IS_ERR(first));
	x->f->refuse = true;
	KUNIT_EXPECT_EQ(test, cks_coupler_register(first, NULL), -EINVAL);
	x->f->refuse = false;
	KUNIT_ASSERT_EQ(test, cks_coupler_register(first, NULL), 0);

	second = fake_coupler_another(x->f, "one name");
	KUNIT_EXPECT_FALSE(test, IS_ERR(second));
	KUNIT_EXPECT_EQ(test, cks_coupler_register(second, NULL), -EEXIST);
	KUNIT_EXPECT_NULL(test, cks_coupler_get(cks_coupler_index(second)));
	cks_coupler_unregister(first);
	/* The name is free again. */
	KUNIT_EXPECT_EQ(test, cks_coupler_register(second, NULL), 0);
	cks_coupler_unregister(second);
	cks_coupler_put(second);
	cks_coupler_put(first);
}

/* Who registers with the notifier, and when, is told of the same. */
struct listener {
	struct notifier_block nb;
	unsigned int told[CKS_EVENT_CARD_OUT + 1];
	const struct cks_coupler *c;
	struct completion card;
};

static int listen(struct notifier_block *nb, unsigned long event, void *data)
{
	struct listener *l = container_of(nb, struct listener, nb);

	if (data == l->c) {
		l->told[event]++;
		if (event == CKS_EVENT_CARD_IN || event == CKS_EVENT_CARD_OUT)
			complete(&l->card);
	}
	return NOTIFY_OK;
}

static void notifiers_are_told(struct kunit *test)
{
	struct fixture *x = test->priv;
	struct listener l = { .nb.notifier_call = listen, .c = x->f->c };

	init_completion(&l.card);
	KUNIT_ASSERT_EQ(test, cks_register_notifier(&l.nb), 0);
	KUNIT_EXPECT_EQ(test, l.told[CKS_EVENT_ADDED], 1);
	fake_coupler_card(x->f, true);
	await(test, &l.card);
	fake_coupler_card(x->f, false);
	await(test, &l.card);
	KUNIT_EXPECT_EQ(test, l.told[CKS_EVENT_CARD_IN], 1);
	KUNIT_EXPECT_EQ(test, l.told[CKS_EVENT_CARD_OUT], 1);
	fake_coupler_unplug(x->f);
	KUNIT_EXPECT_EQ(test, l.told[CKS_EVENT_REMOVED], 1);
	cks_unregister_notifier(&l.nb);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(presence_and_its_generations),
	KUNIT_CASE(presence_goes_on_when_the_coupler_comes_back),
	KUNIT_CASE(reset_leads_to_ready),
	KUNIT_CASE(late_activation_is_as_long),
	KUNIT_CASE(off_for_long_enough),
	KUNIT_CASE(off_for_long_enough_at_20_mhz),
	KUNIT_CASE(mute_card_is_a_failure),
	KUNIT_CASE(exchange_brings_the_response),
	KUNIT_CASE(refusals_are_counted),
	KUNIT_CASE(what_cannot_be_begun),
	KUNIT_CASE(card_taken_out_ends_an_exchange),
	KUNIT_CASE(power_off_ends_an_exchange),
	KUNIT_CASE(exchange_has_a_timeout),
	KUNIT_CASE(done_may_begin_the_next),
	KUNIT_CASE(staged_one_is_dropped),
	KUNIT_CASE(removal_ends_everything),
	KUNIT_CASE(what_is_not_registered),
	KUNIT_CASE(notifiers_are_told),
	{}
};

static struct kunit_suite suite = {
	.name = "cks_core",
	.init = init,
	.exit = done,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit suite of the core's state machine");
MODULE_LICENSE("GPL");
