// SPDX-License-Identifier: GPL-2.0-only
/*
 * An owner lets go of a coupler while its driver takes it away: both wait until the coupler's news
 * were told. On PREEMPT_RT, for which alone this is built, they sleep until a thread of the
 * processor where the news came has run. That thread is held here until both sleep.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched/task.h>
#include <linux/smp.h>

#include "fake_coupler.h"

#define HELD_CPU	1
#define FREE_CPU	0

struct held {
	struct irq_work work;
	struct completion running;
	unsigned long until;	/* jiffies: at the latest */
	bool on;
};

/* One who waits for the news, in a thread of its own. */
struct waiter {
	struct task_struct *task;
	struct fake_coupler *f;
	struct cks_owner *owner;	/* who lets go; NULL: the driver, which takes it away */
	struct completion over;
	bool begun;
};

static struct held held;

/* In the thread that runs such work, where it must not sleep. */
static void hold(struct irq_work *work)
{
	complete(&held.running);
	while (READ_ONCE(held.on) && time_before(jiffies, READ_ONCE(held.until)))
		cpu_relax();
}

/* On the processor that is to be held. */
static void begin_hold(void *data)
{
	irq_work_queue(data);
}

static void card_in(void *data)
{
	struct fake_coupler *f = data;

	raw_spin_lock(cks_coupler_lock(f->c));
	f->present = true;
	cks_coupler_presence(f->c, true);
	raw_spin_unlock(cks_coupler_lock(f->c));
}

static int waiter_run(void *data)
{
	struct waiter *w = data;

	WRITE_ONCE(w->begun, true);
	if (w->owner)
		cks_coupler_release(w->f->c, w->owner);
	else
		cks_coupler_unregister(w->f->c);
	kthread_complete_and_exit(&w->over, 0);
}

static void waiter_make(struct kunit *test, struct waiter *w)
{
	init_completion(&w->over);
	w->task = kthread_create(waiter_run, w, "cks_settle");
	KUNIT_ASSERT_FALSE(test, IS_ERR(w->task));
	get_task_struct(w->task);
	kthread_bind(w->task, FREE_CPU);
}

static bool waiter_sleeps(struct waiter *w)
{
	return READ_ONCE(w->begun) && READ_ONCE(w->task->__state) & TASK_UNINTERRUPTIBLE;
}

/* One who was forgotten looks once more when it is woken, so that the guest can go on. */
static bool waiter_ends(struct waiter *w)
{
	bool ended = wait_for_completion_timeout(&w->over, FAKE_PATIENCE);

	if (!ended) {
		wake_up_process(w->task);
		wait_for_completion(&w->over);
	}
	put_task_struct(w->task);
	return ended;
}

static void both_are_woken(struct kunit *test)
{
	struct cks_owner owner = { .name = "test" };
	struct waiter lets_go = { .owner = &owner };
	struct waiter takes_away = { };
	struct fake_coupler *f;

	if (!cpu_online(HELD_CPU))
		kunit_skip(test, "needs two processors");

	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(current, cpumask_of(FREE_CPU)), 0);
	f = fake_coupler_new(test);
	KUNIT_ASSERT_EQ(test, cks_coupler_claim(f->c, &owner), 0);
	lets_go.f = f;
	takes_away.f = f;
	waiter_make(test, &lets_go);
	waiter_make(test, &takes_away);

	init_completion(&held.running);
	init_irq_work(&held.work, hold);
	held.on = true;
	held.until = jiffies + FAKE_PATIENCE;
	smp_call_function_single(HELD_CPU, begin_hold, &held.work, 1);
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&held.running, FAKE_PATIENCE), 0);
	smp_call_function_single(HELD_CPU, card_in, f, 1);

	wake_up_process(lets_go.task);
	wake_up_process(takes_away.task);
	while (!waiter_sleeps(&lets_go) || !waiter_sleeps(&takes_away)) {
		if (time_after(jiffies, held.until))
			break;
		usleep_range(1000, 2000);
	}
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, held.until));
	WRITE_ONCE(held.on, false);

	KUNIT_EXPECT_TRUE(test, waiter_ends(&lets_go));
	KUNIT_EXPECT_TRUE(test, waiter_ends(&takes_away));
	irq_work_sync(&held.work);
	cks_coupler_put(f->c);
	f->c = NULL;
	fake_coupler_free(f);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(both_are_woken),
	{}
};

static struct kunit_suite suite = {
	.name = "cks_settle",
	.test_cases = cases,
};

kunit_test_suite(suite);
