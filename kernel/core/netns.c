// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which network namespace a coupler belongs to, by its number. At first that is the initial one,
 * whose hardware it stays: there it is always seen. The router gives it to another one, which then
 * sees it as well, and hears of its cards.
 *
 * Contexts: any but hard interrupt, unless said otherwise. cks_net_lock is an innermost lock. A
 * namespace that ends is forgotten before its memory goes, so what is found under the lock is
 * there.
 */
#include <linux/export.h>
#include <net/net_namespace.h>

#include "core.h"

static DEFINE_SPINLOCK(cks_net_lock);	/* protects cks_nets */
/* NULL is the initial one. */
static struct net *cks_nets[CKS_COUPLERS_MAX];

/**
 * cks_net_has() - whether a coupler belongs to a namespace
 * @net: the namespace
 * @index: number of the coupler
 */
bool cks_net_has(const struct net *net, unsigned int index)
{
	bool has;

	spin_lock(&cks_net_lock);
	has = net_eq(cks_nets[index] ?: &init_net, net);
	spin_unlock(&cks_net_lock);
	return has;
}
EXPORT_SYMBOL_GPL(cks_net_has);

/* Whether it is shown there. */
bool cks_net_sees(const struct net *net, unsigned int index)
{
	return net_eq(net, &init_net) || cks_net_has(net, index);
}

/* The one beside the initial one that sees it, with a reference; NULL if there is none. */
struct net *cks_net_other(unsigned int index)
{
	struct net *net;

	spin_lock(&cks_net_lock);
	net = cks_nets[index];
	if (net)
		net = maybe_get_net(net);
	spin_unlock(&cks_net_lock);
	return net;
}

/**
 * cks_net_give() - have a coupler belong to another namespace
 * @index: number of the coupler
 * @net: the caller has a reference
 *
 * Both are told, as if it had been removed here and added there.
 *
 * Context: process, may sleep
 * Return: 0 or -ENODEV
 */
int cks_net_give(unsigned int index, struct net *net)
{
	struct cks_coupler *c;
	struct net *before;

	/* One that comes by this number meanwhile would be another one. */
	cks_list_lock();
	c = cks_coupler_get(index);
	if (!c) {
		cks_list_unlock();
		return -ENODEV;
	}
	before = cks_net_other(index);
	spin_lock(&cks_net_lock);
	cks_nets[index] = net_eq(net, &init_net) ? NULL : net;
	spin_unlock(&cks_net_lock);
	cks_couplers_changed();
	if (before) {
		cks_nl_coupler_moved(c, before, true);
		put_net(before);
	}
	cks_nl_coupler_moved(c, net, false);
	cks_list_unlock();
	cks_coupler_put(c);
	return 0;
}
EXPORT_SYMBOL_GPL(cks_net_give);

/* The coupler goes; one that comes by its number may be another one. List locked. */
void cks_net_home(unsigned int index)
{
	spin_lock(&cks_net_lock);
	cks_nets[index] = NULL;
	spin_unlock(&cks_net_lock);
}

/**
 * cks_net_forget() - give all couplers of a namespace back to the initial one
 * @net: which ends, or has no station any more
 * Context: process
 */
void cks_net_forget(const struct net *net)
{
	unsigned int i;

	spin_lock(&cks_net_lock);
	for (i = 0; i < CKS_COUPLERS_MAX; i++)
		if (cks_nets[i] && net_eq(cks_nets[i], net))
			cks_nets[i] = NULL;
	spin_unlock(&cks_net_lock);
	cks_couplers_changed();
}
EXPORT_SYMBOL_GPL(cks_net_forget);
