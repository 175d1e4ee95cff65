// SPDX-License-Identifier: GPL-2.0-only
/*
 * A trace of a slot as a file: whole records are read, in the order of their times.
 *
 * Process context. The records are under the slot's raw spinlock, which is held for a few of them
 * at a time; memory is had and given back outside of it.
 */
#include <linux/anon_inodes.h>
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "slot.h"

/* Records moved with the lock held once. */
#define BATCH		16

/**
 * struct tracefile - one reader
 * @slot: of which it holds a reference
 * @reading: one read at a time
 * @trace: its records, under the slot's lock
 */
struct tracefile {
	struct sim_slot *slot;
	struct mutex reading;	/* one read at a time */
	struct sim_trace trace;
};

/* What has happened by now is recorded now, whenever the timer looks. */
static u32 peek(struct tracefile *f, struct cks_sim_edge *rec, u32 n)
{
	struct sim_slot *s = f->slot;
	unsigned long flags;

	raw_spin_lock_irqsave(&s->lock, flags);
	if (!s->dead)
		sim_slot_observe(s, ktime_get_ns());
	n = sim_trace_peek(&f->trace, rec, n);
	raw_spin_unlock_irqrestore(&s->lock, flags);
	return n;
}

static bool readable(struct tracefile *f)
{
	struct cks_sim_edge rec;

	return READ_ONCE(f->slot->dead) || peek(f, &rec, 1);
}

static void consume(struct tracefile *f, u32 n)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&f->slot->lock, flags);
	sim_trace_consume(&f->trace, n);
	raw_spin_unlock_irqrestore(&f->slot->lock, flags);
}

static ssize_t tracefile_read(struct file *file, char __user *buf, size_t size, loff_t *pos)
{
	struct tracefile *f = file->private_data;
	struct cks_sim_edge rec[BATCH];
	size_t done = 0;
	ssize_t ret;
	u32 n;

	if (size < sizeof(rec[0]))
		return size ? -EINVAL : 0;
	if (file->f_flags & O_NONBLOCK)
		ret = mutex_trylock(&f->reading) ? 0 : -EAGAIN;
	else
		ret = mutex_lock_interruptible(&f->reading);
	if (ret)
		return ret;
	while (size - done >= sizeof(rec[0])) {
		n = peek(f, rec, min_t(size_t, BATCH, (size - done) / sizeof(rec[0])));
		if (n) {
			ret = -EFAULT;
			if (copy_to_user(buf + done, rec, n * sizeof(rec[0])))
				break;
			consume(f, n);
			done += n * sizeof(rec[0]);
			continue;
		}
		if (done)
			break;
		ret = 0;
		if (READ_ONCE(f->slot->dead))
			break;
		ret = -EAGAIN;
		if (file->f_flags & O_NONBLOCK)
			break;
		ret = wait_event_interruptible(f->slot->trace_wait, readable(f));
		if (ret)
			break;
	}
	mutex_unlock(&f->reading);
	return done ? done : ret;
}

static __poll_t tracefile_poll(struct file *file, poll_table *wait)
{
	struct tracefile *f = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &f->slot->trace_wait, wait);
	if (READ_ONCE(f->slot->dead))
		mask |= EPOLLHUP;
	if (readable(f))
		mask |= EPOLLIN | EPOLLRDNORM;
	return mask;
}

static void drop(struct tracefile *f)
{
	struct sim_slot *s = f->slot;
	unsigned long flags;

	raw_spin_lock_irqsave(&s->lock, flags);
	sim_trace_remove(&s->tracer, &f->trace);
	raw_spin_unlock_irqrestore(&s->lock, flags);
	sim_slot_put(s);
	kvfree(f->trace.rec);
	mutex_destroy(&f->reading);
	kfree(f);
}

static int tracefile_release(struct inode *inode, struct file *file)
{
	drop(file->private_data);
	return 0;
}

static const struct file_operations tracefile_ops = {
	.owner = THIS_MODULE,
	.read = tracefile_read,
	.poll = tracefile_poll,
	.release = tracefile_release,
};

int sim_tracefile_open(struct sim_slot *s)
{
	struct tracefile *f;
	unsigned long flags;
	u64 now;
	int fd;

	f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);
	if (!f)
		return -ENOMEM;
	f->trace.rec = kvmalloc_array(SIM_TRACE_LEN, sizeof(*f->trace.rec), GFP_KERNEL_ACCOUNT);
	if (!f->trace.rec) {
		kfree(f);
		return -ENOMEM;
	}
	f->slot = s;
	mutex_init(&f->reading);
	kref_get(&s->ref);

	raw_spin_lock_irqsave(&s->lock, flags);
	now = ktime_get_ns();
	if (!s->dead)
		sim_slot_observe(s, now);
	sim_trace_add(&s->tracer, &f->trace, sim_slot_levels(s), now);
	raw_spin_unlock_irqrestore(&s->lock, flags);

	fd = anon_inode_getfd("[cks_sim_trace]", &tracefile_ops, f, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		drop(f);
	return fd;
}
