// SPDX-License-Identifier: GPL-2.0-only
/*
 * Couplers made by netlink: drivers that can make one of hardware that no bus tells of, and the
 * look-up of the one that is asked for. What a place means is for the driver to know.
 *
 * Process context. cks_makers_sem is held for reading during a call of a driver's, so that
 * cks_maker_unregister() returns only when none is running.
 */
#include <linux/export.h>
#include <linux/kmod.h>
#include <linux/list.h>
#include <linux/rwsem.h>

#include "core.h"

static DECLARE_RWSEM(cks_makers_sem);
static LIST_HEAD(cks_makers);

static struct cks_maker *cks_maker_find(const char *driver)
{
	struct cks_maker *m;

	list_for_each_entry(m, &cks_makers, entry) {
		if (!strcmp(m->name, driver))
			return m;
	}
	return NULL;
}

int cks_maker_register(struct cks_maker *m)
{
	int err = 0;

	down_write(&cks_makers_sem);
	if (cks_maker_find(m->name))
		err = -EBUSY;
	else
		list_add_tail(&m->entry, &cks_makers);
	up_write(&cks_makers_sem);
	return err;
}
EXPORT_SYMBOL_GPL(cks_maker_register);

void cks_maker_unregister(struct cks_maker *m)
{
	down_write(&cks_makers_sem);
	list_del(&m->entry);
	up_write(&cks_makers_sem);
}
EXPORT_SYMBOL_GPL(cks_maker_unregister);

/* One look; -ENOENT if no such driver is loaded. */
static int cks_maker_try(const char *driver, const struct cks_place *place,
			 struct netlink_ext_ack *extack)
{
	struct cks_maker *m;
	int ret = -ENOENT;

	down_read(&cks_makers_sem);
	m = cks_maker_find(driver);
	if (m)
		ret = m->create(place, extack);
	up_read(&cks_makers_sem);
	return ret;
}

/**
 * cks_coupler_make() - have a driver make a coupler
 * @driver: its name; loaded if it is not
 * @place: where the hardware is
 * @extack: says what is wrong
 * Context: process, may sleep
 * Return: number of the coupler, or a negative errno
 */
int cks_coupler_make(const char *driver, const struct cks_place *place,
		     struct netlink_ext_ack *extack)
{
	int ret = cks_maker_try(driver, place, extack);

	if (ret != -ENOENT)
		return ret;
	request_module("cks-maker-%s", driver);
	ret = cks_maker_try(driver, place, extack);
	if (ret == -ENOENT)
		NL_SET_ERR_MSG_FMT(extack, "no driver \"%s\" that makes couplers is loaded",
				   driver);
	return ret;
}

/**
 * cks_coupler_unmake() - take away a coupler that was made so
 * @name: of the coupler
 * @extack: says what is wrong
 * Context: process, may sleep
 * Return: 0, or -ENOENT if none was made by this name
 */
int cks_coupler_unmake(const char *name, struct netlink_ext_ack *extack)
{
	struct cks_maker *m;
	int err = -ENOENT;

	down_read(&cks_makers_sem);
	list_for_each_entry(m, &cks_makers, entry) {
		err = m->destroy(name);
		if (err != -ENOENT)
			break;
	}
	up_read(&cks_makers_sem);
	if (err == -ENOENT)
		NL_SET_ERR_MSG_FMT(extack, "coupler %s was not made by coupler-new", name);
	return err;
}
