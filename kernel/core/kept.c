// SPDX-License-Identifier: GPL-2.0-only
/*
 * Settings that outlive their coupler: what netlink has set is kept by the coupler's name, so that
 * hardware that goes and comes back, or is given to another driver for a while, finds it again.
 *
 * Process context; cks_kept_mutex protects the table and is taken below all other locks of the
 * core. The table is bounded: of more names than that, those set longest ago are forgotten.
 */
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "core.h"

/* As many as there can be couplers. */
#define KEPT_MAX	CKS_COUPLERS_MAX

/**
 * struct cks_kept - settings of one name
 * @entry: in the list, the one set last at its head
 * @settings: as set last
 * @name: of the coupler
 */
struct cks_kept {
	struct list_head entry;
	struct cks_settings settings;
	char name[CKS_NAME_MAX + 1];
};

static DEFINE_MUTEX(cks_kept_mutex);
static LIST_HEAD(cks_kept_list);
static unsigned int cks_kept_count;

static struct cks_kept *cks_kept_find(const char *name)
{
	struct cks_kept *k;

	list_for_each_entry(k, &cks_kept_list, entry) {
		if (!strcmp(k->name, name))
			return k;
	}
	return NULL;
}

/* A place for a new name: memory, or that of the name set longest ago. */
static struct cks_kept *cks_kept_place(void)
{
	struct cks_kept *k;

	if (cks_kept_count < KEPT_MAX) {
		k = kzalloc(sizeof(*k), GFP_KERNEL);
		if (k)
			cks_kept_count++;
		return k;
	}
	k = list_last_entry(&cks_kept_list, struct cks_kept, entry);
	list_del(&k->entry);
	return k;
}

/**
 * cks_kept_put() - keep settings
 * @name: of the coupler that has taken them
 * @s: settings
 *
 * Without memory for them they are not kept, which the log says.
 *
 * Context: process, may sleep
 */
void cks_kept_put(const char *name, const struct cks_settings *s)
{
	struct cks_kept *k;

	mutex_lock(&cks_kept_mutex);
	k = cks_kept_find(name);
	if (k) {
		list_del(&k->entry);
	} else {
		k = cks_kept_place();
		if (k)
			strscpy(k->name, name, sizeof(k->name));
	}
	if (k) {
		k->settings = *s;
		list_add(&k->entry, &cks_kept_list);
	}
	mutex_unlock(&cks_kept_mutex);
	if (!k)
		pr_warn("cks: no memory to keep the settings of %s\n", name);
}

/**
 * cks_kept_get() - settings that a coupler of this name had
 * @name: of the coupler
 * @ret_s: settings
 * Context: process, may sleep
 * Return: whether there are any
 */
bool cks_kept_get(const char *name, struct cks_settings *ret_s)
{
	struct cks_kept *k;

	mutex_lock(&cks_kept_mutex);
	k = cks_kept_find(name);
	if (k)
		*ret_s = k->settings;
	mutex_unlock(&cks_kept_mutex);
	return k;
}

/* When the module goes. */
void cks_kept_exit(void)
{
	struct cks_kept *k, *next;

	list_for_each_entry_safe(k, next, &cks_kept_list, entry)
		kfree(k);
	INIT_LIST_HEAD(&cks_kept_list);
	cks_kept_count = 0;
}
