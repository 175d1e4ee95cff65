// SPDX-License-Identifier: GPL-2.0-only
/*
 * What becomes of cards when the machine goes to sleep. Drivers of ttys let go of the modem lines
 * then, in no order, and take them up again on waking: a card would lose its power, and pass for
 * the same one with the same session afterwards. And they do not like to be called meanwhile.
 *
 * So before any device is put to sleep, each card counts as taken out, which switches it off and
 * ends what runs; and on waking as one that has come. A notifier, since no driver tells its tty.
 */
#include <linux/suspend.h>

#include "tty.h"

static LIST_HEAD(all);
/* Of the list, and whether the machine is asleep. */
static DEFINE_MUTEX(all_lock);
static bool asleep;

static void fall_asleep(struct cks_tty *t)
{
	raw_spin_lock_irq(t->lock);
	reinit_completion(&t->still);
	t->told = false;
	t->asleep = true;
	cks_tty_present(t, false);
	raw_spin_unlock_irq(t->lock);
	wake_up_process(t->thread);
}

static void wait_still(struct cks_tty *t, unsigned long until)
{
	unsigned long now = jiffies, left = time_after(until, now) ? until - now : 0;

	if (!wait_for_completion_timeout(&t->still, left))
		dev_warn(t->tty->dev, "the tty takes too long to switch the card off\n");
}

/* What has become of the lines is not known: they are made what they are without a card. */
static void rouse(struct cks_tty *t)
{
	raw_spin_lock_irq(t->lock);
	t->asleep = false;
	t->off = t->wired;
	t->counted = false;
	t->look_at = 0;
	raw_spin_unlock_irq(t->lock);
	wake_up_process(t->thread);
}

static void sleep_all(void)
{
	unsigned long until = jiffies + msecs_to_jiffies(CKS_TTY_STILL_MS);
	struct cks_tty *t;

	asleep = true;
	list_for_each_entry(t, &all, entry)
		fall_asleep(t);
	list_for_each_entry(t, &all, entry)
		wait_still(t, until);
}

static void wake_all(void)
{
	struct cks_tty *t;

	asleep = false;
	list_for_each_entry(t, &all, entry)
		rouse(t);
}

static int notify(struct notifier_block *nb, unsigned long action, void *data)
{
	mutex_lock(&all_lock);
	switch (action) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		sleep_all();
		break;
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		wake_all();
		break;
	}
	mutex_unlock(&all_lock);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = notify };

/* A coupler has come; programs still run for a moment when the machine goes to sleep. */
void cks_tty_known(struct cks_tty *t)
{
	mutex_lock(&all_lock);
	list_add_tail(&t->entry, &all);
	if (asleep)
		fall_asleep(t);
	mutex_unlock(&all_lock);
}

void cks_tty_forget(struct cks_tty *t)
{
	mutex_lock(&all_lock);
	list_del(&t->entry);
	mutex_unlock(&all_lock);
}

int cks_tty_sleep_init(void)
{
	return register_pm_notifier(&notifier);
}

void cks_tty_sleep_exit(void)
{
	unregister_pm_notifier(&notifier);
}
