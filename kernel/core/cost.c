// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the error signal of T=0 costs on a coupler's line, as its driver measures it: the mean of
 * each kind of cost, which netlink publishes.
 *
 * Sums are below the coupler's raw spinlock; drivers add in any context.
 */
#include <linux/export.h>
#include <linux/math64.h>

#include "core.h"

/**
 * cks_coupler_cost() - a character was sent or received that could be, or was, refused
 * @c: coupler
 * @what: kind of cost
 * @millietu: time, in thousandths of an etu
 * Context: coupler's lock held
 */
void cks_coupler_cost(struct cks_coupler *c, enum cks_cost what, u64 millietu)
{
	lockdep_assert_held(&c->lock);
	c->cost[what].sum += millietu;
	c->cost[what].count++;
}
EXPORT_SYMBOL_GPL(cks_coupler_cost);

/**
 * cks_coupler_mean_cost() - the mean of what was added
 * @c: coupler
 * @what: kind of cost
 * @ret_millietu: time, in thousandths of an etu
 * Context: process, coupler's lock not held
 * Return: false if there is none yet
 */
bool cks_coupler_mean_cost(struct cks_coupler *c, enum cks_cost what, u32 *ret_millietu)
{
	u64 sum, count;

	raw_spin_lock_irq(&c->lock);
	sum = c->cost[what].sum;
	count = c->cost[what].count;
	raw_spin_unlock_irq(&c->lock);
	if (!count)
		return false;
	*ret_millietu = min_t(u64, div64_u64(sum + count / 2, count), U32_MAX);
	return true;
}
