// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happened in hard interrupt is told here in process context: to the owner, to the router
 * by notifiers, to userspace by netlink and uevent.
 *
 * The interrupt leaves marks under the coupler's lock and queues an irq_work, which queues the
 * coupler's one work. A work does not run twice at a time, so events of a coupler keep their order.
 */
#include <linux/export.h>

#include "core.h"

static BLOCKING_NOTIFIER_HEAD(cks_notifiers);

/* What one run of the work has to tell. */
struct cks_news {
	enum iso7816_err fault;
	bool in;
	bool out;
	struct cks_owner *lost;
	struct cks_owner *gone;
	struct cks_owner *waiting;
	u32 extensions;
	u32 presence_gen;
	u32 power_gen;
};

static void cks_event_collect(struct cks_coupler *c, struct cks_news *n)
{
	struct cks_owner *owner = c->releasing ? NULL : c->owner;

	n->presence_gen = c->presence_gen;
	n->power_gen = c->power_gen;

	if (c->cmd && !c->cmd_reset &&
	    c->extensions != iso7816_coupler_extensions(&c->engine)) {
		c->extensions = iso7816_coupler_extensions(&c->engine);
		n->extensions = c->extensions;
		n->waiting = owner;
	}

	n->fault = c->fault;
	c->fault = ISO7816_OK;

	n->out = c->presence_gen != c->told_gen;
	n->in = c->present && (n->out || !c->told_present);
	c->told_gen = c->presence_gen;
	c->told_present = c->present;

	/* Not for a card that went before this owner came. */
	if (owner && c->owner_gen != c->presence_gen)
		n->lost = owner;
	c->owner_gen = c->presence_gen;

	if (!c->live && !c->told_gone) {
		c->told_gone = true;
		n->gone = owner;
	}
}

static void cks_event_tell(struct cks_coupler *c, const struct cks_news *n)
{
	if (n->waiting && n->waiting->progress)
		n->waiting->progress(n->waiting, n->extensions);
	if (n->fault)
		cks_nl_fault_event(c, n->fault, n->presence_gen);
	if (n->lost && n->lost->lost)
		n->lost->lost(n->lost, false);
	if (n->out) {
		cks_event_call(c, CKS_EVENT_CARD_OUT);
		cks_nl_card_event(c, false, n->presence_gen, n->power_gen);
	}
	if (n->in) {
		cks_event_call(c, CKS_EVENT_CARD_IN);
		cks_nl_card_event(c, true, n->presence_gen, n->power_gen);
	}
	if (n->in || n->out)
		kobject_uevent(&c->dev.kobj, KOBJ_CHANGE);
	if (n->gone && n->gone->lost)
		n->gone->lost(n->gone, true);
}

static void cks_event_work(struct work_struct *work)
{
	struct cks_coupler *c = container_of(work, struct cks_coupler, work);
	struct cks_news news = { };
	struct cks_command *ended;

	/*
	 * The command first: it ended because of what is told after it. So too for one that the
	 * owner began when it was told of the end of the one before.
	 */
	do {
		raw_spin_lock_irq(&c->lock);
		ended = list_first_entry_or_null(&c->ended, struct cks_command, entry);
		if (ended)
			list_del(&ended->entry);
		else
			cks_event_collect(c, &news);
		raw_spin_unlock_irq(&c->lock);
		if (ended)
			ended->done(ended);
	} while (ended);
	cks_event_tell(c, &news);
}

static void cks_event_irq_work(struct irq_work *irq_work)
{
	struct cks_coupler *c = container_of(irq_work, struct cks_coupler, irq_work);

	queue_work(cks_wq, &c->work);
}

/* Once, when the coupler is allocated. */
void cks_event_init(struct cks_coupler *c)
{
	init_irq_work(&c->irq_work, cks_event_irq_work);
	mutex_init(&c->settling);
	INIT_WORK(&c->work, cks_event_work);
}

/**
 * cks_event_kick() - have what happened told
 * @c: coupler, with marks left in it
 * Context: any
 */
void cks_event_kick(struct cks_coupler *c)
{
	irq_work_queue(&c->irq_work);
}

/**
 * cks_coupler_settle() - wait until all that happened so far was told
 * @c: coupler
 * Context: process, may sleep; not from @done, @lost or a notifier
 */
void cks_coupler_settle(struct cks_coupler *c)
{
	/*
	 * On PREEMPT_RT, of two who wait in there only the second one is woken. An owner that lets
	 * go and a driver that goes may well come together.
	 */
	mutex_lock(&c->settling);
	irq_work_sync(&c->irq_work);
	mutex_unlock(&c->settling);
	flush_work(&c->work);
}

/* Call the notifiers. Process context, may sleep. */
void cks_event_call(struct cks_coupler *c, enum cks_event event)
{
	blocking_notifier_call_chain(&cks_notifiers, event, c);
}

/**
 * cks_register_notifier() - be told of couplers and cards
 * @nb: called with an enum cks_event and a struct cks_coupler
 *
 * The couplers that exist already are told by %CKS_EVENT_ADDED before this returns.
 *
 * Context: process, may sleep
 * Return: 0 or a negative errno
 */
int cks_register_notifier(struct notifier_block *nb)
{
	struct cks_coupler *c;
	unsigned long index;
	int err;

	cks_list_lock();
	err = blocking_notifier_chain_register(&cks_notifiers, nb);
	for (index = 0; !err && (c = cks_coupler_next(&index)); index++) {
		nb->notifier_call(nb, CKS_EVENT_ADDED, c);
		cks_coupler_put(c);
	}
	cks_list_unlock();
	return err;
}
EXPORT_SYMBOL_GPL(cks_register_notifier);

/**
 * cks_unregister_notifier() - not any more; when it returns no call is running
 * @nb: as it was registered
 * Context: process, may sleep
 */
void cks_unregister_notifier(struct notifier_block *nb)
{
	blocking_notifier_chain_unregister(&cks_notifiers, nb);
}
EXPORT_SYMBOL_GPL(cks_unregister_notifier);
