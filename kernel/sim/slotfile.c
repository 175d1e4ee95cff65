// SPDX-License-Identifier: GPL-2.0-only
/*
 * The card's side of a slot as a file: events are read, characters are written, whole records only.
 * Process context; the model is touched under the slot's raw spinlock, in small steps, and user
 * memory outside of it.
 */
#include <linux/anon_inodes.h>
#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/poll.h>
#include <linux/uaccess.h>

#include "slot.h"

/* Records moved with the lock held once. */
#define BATCH		16

/* Whether there is something to read, or the end of it. */
static bool readable(struct sim_slot *s)
{
	unsigned long flags;
	bool ret;

	raw_spin_lock_irqsave(&s->lock, flags);
	ret = s->dead || sim_card_peek(&s->card, 0);
	raw_spin_unlock_irqrestore(&s->lock, flags);
	return ret;
}

static bool writable(struct sim_slot *s)
{
	unsigned long flags;
	bool ret;

	raw_spin_lock_irqsave(&s->lock, flags);
	ret = s->dead || sim_ring_count(&s->card.in) < SIM_RING;
	raw_spin_unlock_irqrestore(&s->lock, flags);
	return ret;
}

/* Up to @n events without taking them away: the only reader takes them when they have arrived. */
static u32 peek(struct sim_slot *s, struct cks_sim_event *rec, u32 n)
{
	const struct cks_sim_event *e;
	unsigned long flags;
	u32 i;

	raw_spin_lock_irqsave(&s->lock, flags);
	for (i = 0; i < n; i++) {
		e = sim_card_peek(&s->card, i);
		if (!e)
			break;
		rec[i] = *e;
	}
	raw_spin_unlock_irqrestore(&s->lock, flags);
	return i;
}

static void consume(struct sim_slot *s, u32 n)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&s->lock, flags);
	sim_card_consume(&s->card, n);
	raw_spin_unlock_irqrestore(&s->lock, flags);
}

static ssize_t slotfile_read(struct file *file, char __user *buf, size_t size, loff_t *pos)
{
	struct sim_slot *s = file->private_data;
	struct cks_sim_event rec[BATCH];
	size_t done = 0;
	ssize_t ret;
	u32 n;

	if (size < sizeof(rec[0]))
		return size ? -EINVAL : 0;
	/* Whoever has it may be waiting for an event. */
	if (file->f_flags & O_NONBLOCK)
		ret = mutex_trylock(&s->reading) ? 0 : -EAGAIN;
	else
		ret = mutex_lock_interruptible(&s->reading);
	if (ret)
		return ret;
	while (size - done >= sizeof(rec[0])) {
		n = peek(s, rec, min_t(size_t, BATCH, (size - done) / sizeof(rec[0])));
		if (n) {
			ret = -EFAULT;
			if (copy_to_user(buf + done, rec, n * sizeof(rec[0])))
				break;
			consume(s, n);
			done += n * sizeof(rec[0]);
			continue;
		}
		if (done)
			break;
		ret = 0;
		if (READ_ONCE(s->dead))
			break;
		ret = -EAGAIN;
		if (file->f_flags & O_NONBLOCK)
			break;
		ret = wait_event_interruptible(s->wait, readable(s));
		if (ret)
			break;
	}
	mutex_unlock(&s->reading);
	return done ? done : ret;
}

/* Hand over records as far as there is room. Return: how many, or why not even the first. */
static int hand_over(struct sim_slot *s, const struct cks_sim_event *rec, u32 n)
{
	unsigned long flags;
	int err = 0;
	u64 now;
	u32 i;

	raw_spin_lock_irqsave(&s->lock, flags);
	now = ktime_get_ns();
	sim_slot_observe(s, now);
	for (i = 0; i < n; i++) {
		err = s->dead ? -ENODEV : sim_card_check(&s->card, &rec[i], now);
		if (err || sim_ring_count(&s->card.in) == SIM_RING)
			break;
		sim_card_write(&s->card, &rec[i], now);
	}
	if (i)
		sim_slot_changed(s, now);
	raw_spin_unlock_irqrestore(&s->lock, flags);
	return i ? i : err;
}

static ssize_t slotfile_write(struct file *file, const char __user *buf, size_t size, loff_t *pos)
{
	struct sim_slot *s = file->private_data;
	struct cks_sim_event rec[BATCH];
	size_t done = 0;
	int ret = 0;
	u32 n;

	if (size % sizeof(rec[0]))
		return -EINVAL;
	while (done < size) {
		n = min_t(size_t, BATCH, (size - done) / sizeof(rec[0]));
		ret = -EFAULT;
		if (copy_from_user(rec, buf + done, n * sizeof(rec[0])))
			break;
		ret = hand_over(s, rec, n);
		if (ret < 0)
			break;
		done += ret * sizeof(rec[0]);
		if (ret)
			continue;
		ret = -EAGAIN;
		if (file->f_flags & O_NONBLOCK)
			break;
		ret = wait_event_interruptible(s->wait, writable(s));
		if (ret)
			break;
	}
	return done ? done : ret;
}

static __poll_t slotfile_poll(struct file *file, poll_table *wait)
{
	struct sim_slot *s = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &s->wait, wait);
	if (READ_ONCE(s->dead))
		mask |= EPOLLHUP;
	if (readable(s))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (writable(s))
		mask |= EPOLLOUT | EPOLLWRNORM;
	return mask;
}

static int tell_cost(struct sim_slot *s, struct cks_sim_cost __user *user)
{
	struct cks_sim_cost cost;
	unsigned long flags;

	raw_spin_lock_irqsave(&s->lock, flags);
	cost = s->cost;
	raw_spin_unlock_irqrestore(&s->lock, flags);
	return copy_to_user(user, &cost, sizeof(cost)) ? -EFAULT : 0;
}

static long slotfile_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct sim_slot *s = file->private_data;
	struct cks_sim_fault fault;
	u32 present;
	int err;

	switch (cmd) {
	case CKS_SIM_PRESENT:
		if (get_user(present, (u32 __user *)arg))
			return -EFAULT;
		if (present > 1)
			return -EINVAL;
		return sim_slot_present(s, present);
	case CKS_SIM_FAULT:
		if (copy_from_user(&fault, (void __user *)arg, sizeof(fault)))
			return -EFAULT;
		err = sim_fault_check(&fault);
		return err ? err : sim_slot_fault(s, &fault);
	case CKS_SIM_COST:
		return tell_cost(s, (void __user *)arg);
	case CKS_SIM_TRACE:
		return sim_tracefile_open(s);
	default:
		return -ENOTTY;
	}
}

static int slotfile_release(struct inode *inode, struct file *file)
{
	struct sim_slot *s = file->private_data;

	/* -ENODEV: the bench was closed before. */
	sim_slot_present(s, false);
	sim_slot_put(s);
	return 0;
}

static const struct file_operations slotfile_ops = {
	.owner = THIS_MODULE,
	.read = slotfile_read,
	.write = slotfile_write,
	.poll = slotfile_poll,
	.unlocked_ioctl = slotfile_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.release = slotfile_release,
};

struct file *sim_slotfile_open(struct sim_slot *s)
{
	struct file *file;

	file = anon_inode_getfile("[cks_sim]", &slotfile_ops, s, O_RDWR);
	if (!IS_ERR(file))
		kref_get(&s->ref);
	return file;
}
