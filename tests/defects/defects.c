// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commits a defect when it is loaded, for `check` beside this file: a kernel that does not complain
 * of it would not complain of ours either. Each but an oops is harmless to what runs afterwards.
 * What a kernel takes its time to notice lasts until the module is unloaded.
 */
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

static char *commit = "";
module_param(commit, charp, 0);
MODULE_PARM_DESC(commit, "name of the defect");

/* Not foreseeable, for the compiler. */
static noinline unsigned int same(unsigned int n)
{
	OPTIMIZER_HIDE_VAR(n);
	return n;
}

static void sleep_in_spinlock(void)
{
	static DEFINE_RAW_SPINLOCK(lock);

	raw_spin_lock(&lock);
	might_sleep();
	raw_spin_unlock(&lock);
}

static void rcu_without_lock(void)
{
	static int __rcu *pointer;

	/* Read by nobody: what counts is the check. */
	(void)rcu_dereference(pointer);
}

static void wrong_list(void)
{
	LIST_HEAD(list);
	LIST_HEAD(entry);

	list_add(&entry, &list);
	list_add(&entry, &list);
}

static void shift_too_far(void)
{
	pr_info("defects: %d\n", 1 << same(40));
}

static void index_too_large(void)
{
	static int table[4];
	static int behind[4];

	pr_info("defects: %d %d\n", table[same(4)], behind[0]);
}

static void nothing(struct timer_list *t)
{
}

static void freed_with_timer(void)
{
	struct timer_list *t = kmalloc(sizeof(*t), GFP_KERNEL);

	if (!t)
		return;
	timer_setup(t, nothing, 0);
	mod_timer(t, jiffies + 10 * HZ);
	/* The debugging of objects takes the timer back. */
	kfree(t);
}

static struct workqueue_struct *queue;

static void no_work(struct work_struct *w)
{
}

/* Runs in the queue itself, which does one work at a time: the next one cannot have begun. */
static void free_next(struct work_struct *unused)
{
	struct work_struct *next = kmalloc(sizeof(*next), GFP_KERNEL);

	if (!next)
		return;
	INIT_WORK(next, no_work);
	queue_work(queue, next);
	/* The debugging of objects takes the work back. */
	kfree(next);
}

static void freed_with_work(void)
{
	static DECLARE_WORK(work, free_next);

	queue = alloc_ordered_workqueue("cks_defects", 0);
	if (!queue)
		return;
	queue_work(queue, &work);
	destroy_workqueue(queue);
}

static void wrong_order(void)
{
	static DEFINE_MUTEX(a);
	static DEFINE_MUTEX(b);

	mutex_lock(&a);
	mutex_lock(&b);
	mutex_unlock(&b);
	mutex_unlock(&a);
	mutex_lock(&b);
	mutex_lock(&a);
	mutex_unlock(&a);
	mutex_unlock(&b);
}

static enum hrtimer_restart lock_in_interrupt(struct hrtimer *t)
{
	static DEFINE_SPINLOCK(lock);

	/* May sleep on PREEMPT_RT. */
	spin_lock(&lock);
	spin_unlock(&lock);
	return HRTIMER_NORESTART;
}

static void spinlock_in_interrupt(void)
{
	struct hrtimer t;

	hrtimer_init_on_stack(&t, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	t.function = lock_in_interrupt;
	hrtimer_start(&t, ns_to_ktime(100 * NSEC_PER_USEC), HRTIMER_MODE_REL_HARD);
	msleep(50);
	hrtimer_cancel(&t);
	destroy_hrtimer_on_stack(&t);
}

static void overrun(void)
{
	u8 *p = kzalloc(16, GFP_KERNEL);

	if (!p)
		return;
	OPTIMIZER_HIDE_VAR(p);
	p[same(16)] = 1;
	kfree(p);
}

static void leak(void)
{
	u8 *p = kzalloc(1000, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(p);
}

static void warning(void)
{
	WARN_ON(same(1));
}

/* With panic_on_oops. */
static void null_pointer(void)
{
	int *p = NULL;

	OPTIMIZER_HIDE_VAR(p);
	WRITE_ONCE(*p, 1);
}

static unsigned int shared;

static int counts(void *unused)
{
	while (!kthread_should_stop()) {
		shared++;
		cond_resched();
	}
	return 0;
}

static void race(void)
{
	struct task_struct *a = kthread_run(counts, NULL, "cks_race_a");
	struct task_struct *b = kthread_run(counts, NULL, "cks_race_b");

	msleep(5000);
	if (!IS_ERR(a))
		kthread_stop(a);
	if (!IS_ERR(b))
		kthread_stop(b);
}

/* What lasts. */
static struct task_struct *lasting;

static int sleeps(void *unused)
{
	static DECLARE_WAIT_QUEUE_HEAD(nobody_wakes);

	wait_event(nobody_wakes, kthread_should_stop());
	return 0;
}

static void hung(void)
{
	lasting = kthread_run(sleeps, NULL, "cks_hung");
}

static int is_busy(void *unused)
{
	unsigned long end;

	/* A grace period keeps the limit that it began with: let those of the old one end. */
	synchronize_rcu();
	start_poll_synchronize_rcu();
	/* Who is to end it may wait for this processor. */
	end = jiffies + 20 * HZ;
	preempt_disable();
	while (!kthread_should_stop() && time_before(jiffies, end))
		cpu_relax();
	preempt_enable();
	while (!kthread_should_stop())
		msleep_interruptible(100);
	return 0;
}

static void stall(void)
{
	lasting = kthread_run(is_busy, NULL, "cks_stall");
}

static const struct {
	const char *name;
	void (*commit)(void);
} defects[] = {
	{ "sleep-in-spinlock", sleep_in_spinlock },
	{ "rcu-without-lock", rcu_without_lock },
	{ "wrong-list", wrong_list },
	{ "shift-too-far", shift_too_far },
	{ "index-too-large", index_too_large },
	{ "freed-with-timer", freed_with_timer },
	{ "freed-with-work", freed_with_work },
	{ "wrong-order", wrong_order },
	{ "spinlock-in-interrupt", spinlock_in_interrupt },
	{ "overrun", overrun },
	{ "leak", leak },
	{ "warning", warning },
	{ "null-pointer", null_pointer },
	{ "race", race },
	{ "hung", hung },
	{ "stall", stall },
};

static int __init defects_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(defects); i++) {
		if (strcmp(defects[i].name, commit))
			continue;
		/* The mark by which what follows is found in the log. */
		pr_info("cks-defect: %s\n", commit);
		defects[i].commit();
		return 0;
	}
	return -EINVAL;
}
module_init(defects_init);

static void __exit defects_exit(void)
{
	if (!IS_ERR_OR_NULL(lasting))
		kthread_stop(lasting);
}
module_exit(defects_exit);

MODULE_DESCRIPTION("Defects that an instrumented kernel must complain of");
MODULE_LICENSE("GPL");
