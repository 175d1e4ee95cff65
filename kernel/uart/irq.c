// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupt lines: UARTs of one line are served by one handler, in two passes. The first looks at
 * each of them for a character to be refused (T=0), which cannot wait; the second does the rest.
 *
 * cks_lines_mutex (process context) protects the list of lines and their counts. A line's raw lock
 * protects its list of UARTs: the handler holds it throughout, in hard interrupt (IRQF_NO_THREAD),
 * and takes the couplers' locks below it, one at a time; so none of a UART's state is touched once
 * cks_uart_unlisten() has taken it off the list.
 */
#include <linux/irq.h>
#include <linux/list.h>
#include <linux/slab.h>

#include "state.h"

/* On a line that tells of edges: until all UARTs are quiet, but not for ever. */
#define PASSES_MAX	16

/**
 * struct cks_uart_line - an interrupt line with UARTs on it
 * @entry: in the list of lines
 * @irq: its number
 * @edge: it tells of a change only: what comes while another UART holds it is not told
 * @count: how many UARTs
 * @lock: for what follows
 * @uarts: they
 */
struct cks_uart_line {
	struct list_head entry;
	int irq;
	bool edge;
	unsigned int count;
	raw_spinlock_t lock;	/* for what follows */
	struct list_head uarts;
};

static DEFINE_MUTEX(cks_lines_mutex);
static LIST_HEAD(cks_lines);

static irqreturn_t pass(struct cks_uart_line *l, ktime_t now)
{
	irqreturn_t ret = IRQ_NONE;
	struct cks_uart *u;

	list_for_each_entry(u, &l->uarts, on_line) {
		raw_spin_lock(u->lock);
		cks_uart_urgent(u, now);
		raw_spin_unlock(u->lock);
	}
	list_for_each_entry(u, &l->uarts, on_line) {
		raw_spin_lock(u->lock);
		if (cks_uart_service(u, now) == IRQ_HANDLED)
			ret = IRQ_HANDLED;
		raw_spin_unlock(u->lock);
		now = ktime_get();
	}
	return ret;
}

static irqreturn_t interrupt(int irq, void *data)
{
	struct cks_uart_line *l = data;
	irqreturn_t ret;
	int n = 0;

	raw_spin_lock(&l->lock);
	ret = pass(l, ktime_get());
	while (ret == IRQ_HANDLED && l->edge && !list_is_singular(&l->uarts) && ++n < PASSES_MAX &&
	       pass(l, ktime_get()) == IRQ_HANDLED)
		;
	raw_spin_unlock(&l->lock);
	return ret;
}

/* The line of an interrupt; a new one is requested. With the mutex held. */
static struct cks_uart_line *get_line(int irq, struct netlink_ext_ack *extack)
{
	struct cks_uart_line *l;
	int err;

	list_for_each_entry(l, &cks_lines, entry) {
		if (l->irq == irq)
			return l;
	}
	l = kzalloc(sizeof(*l), GFP_KERNEL);
	if (!l)
		return ERR_PTR(-ENOMEM);
	l->irq = irq;
	raw_spin_lock_init(&l->lock);
	INIT_LIST_HEAD(&l->uarts);
	/*
	 * Not request_irq(), which adds IRQF_COND_ONESHOT: behind a handler that is a thread the
	 * line would be masked until that had run, which may be long after a character's time.
	 */
	err = request_threaded_irq(irq, interrupt, NULL, IRQF_NO_THREAD | IRQF_SHARED,
				   CKS_UART_DRIVER, l);
	if (err) {
		if (err == -EBUSY)
			NL_SET_ERR_MSG_FMT(extack,
					   "interrupt %d is in use by a driver that cannot share it",
					   irq);
		else
			NL_SET_ERR_MSG_FMT(extack, "interrupt %d is not to be had (%d)", irq, err);
		kfree(l);
		return ERR_PTR(err);
	}
	l->edge = !irqd_is_level_type(irq_get_irq_data(irq));
	list_add(&l->entry, &cks_lines);
	return l;
}

int cks_uart_listen(struct cks_uart *u, struct netlink_ext_ack *extack)
{
	struct cks_uart_line *l;

	mutex_lock(&cks_lines_mutex);
	l = get_line(u->irq, extack);
	if (!IS_ERR(l)) {
		l->count++;
		raw_spin_lock_irq(&l->lock);
		list_add_tail(&u->on_line, &l->uarts);
		raw_spin_unlock_irq(&l->lock);
		u->line = l;
	}
	mutex_unlock(&cks_lines_mutex);
	return PTR_ERR_OR_ZERO(l);
}

void cks_uart_unlisten(struct cks_uart *u)
{
	struct cks_uart_line *l = u->line;

	mutex_lock(&cks_lines_mutex);
	raw_spin_lock_irq(&l->lock);
	list_del(&u->on_line);
	raw_spin_unlock_irq(&l->lock);
	if (!--l->count) {
		list_del(&l->entry);
		free_irq(l->irq, l);
		kfree(l);
	}
	mutex_unlock(&cks_lines_mutex);
}
