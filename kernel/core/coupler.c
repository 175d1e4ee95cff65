// SPDX-License-Identifier: GPL-2.0-only
/*
 * The coupler as an object: allocation, registration, removal under load, look-up, settings.
 *
 * Process context throughout; locks and their order are in core.h.
 */
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "core.h"

/* A number is taken again only when the last reference to the old coupler is gone. */
static DEFINE_IDA(cks_numbers);
/*
 * Presence generation that the next coupler of a number begins with: a card that was exchanged
 * while the coupler was away is another one. Written before the number is free, read when it is
 * taken.
 */
static u32 cks_first_gen[CKS_COUPLERS_MAX];
/* Registered couplers by number. */
static DEFINE_XARRAY(cks_couplers);
/* Of appearing and disappearing; readers of the array do without it. */
static DEFINE_MUTEX(cks_list_mutex);
/* Rises with each change of what a dump shows, so that it notices. */
static atomic_t cks_list_seq = ATOMIC_INIT(1);

/* A dump that runs may have missed something. */
void cks_couplers_changed(void)
{
	atomic_inc(&cks_list_seq);
}

void cks_list_lock(void)
{
	mutex_lock(&cks_list_mutex);
}

void cks_list_unlock(void)
{
	mutex_unlock(&cks_list_mutex);
}

static void cks_coupler_free(struct device *dev)
{
	struct cks_coupler *c = container_of(dev, struct cks_coupler, dev);

	cks_first_gen[c->index] = c->presence_gen + 1;
	ida_free(&cks_numbers, c->index);
	kfree(c->name);
	kfree(c->driver);
	/* The engine has held blocks of the last exchange. */
	kfree_sensitive(c);
}

struct cks_coupler *cks_coupler_alloc(struct device *parent, const char *name,
				      const struct cks_coupler_ops *ops,
				      const struct cks_settings *settings, void *drvdata)
{
	struct cks_coupler *c;
	int index, err;

	c = kzalloc(sizeof(*c), GFP_KERNEL);
	if (!c)
		return ERR_PTR(-ENOMEM);

	index = ida_alloc_max(&cks_numbers, CKS_COUPLERS_MAX - 1, GFP_KERNEL);
	if (index < 0) {
		kfree(c);
		return ERR_PTR(index);
	}

	c->index = index;
	c->presence_gen = cks_first_gen[index];
	c->told_gen = c->presence_gen;
	c->ops = ops;
	c->drvdata = drvdata;
	c->settings = *settings;
	mutex_init(&c->mutex);
	raw_spin_lock_init(&c->lock);
	INIT_LIST_HEAD(&c->ended);
	cks_engine_init(c);
	cks_event_init(c);

	device_initialize(&c->dev);
	c->dev.class = &cks_class;
	c->dev.parent = parent;
	c->dev.release = cks_coupler_free;
	c->dev.devt = MKDEV(MAJOR(cks_devt), MINOR(cks_devt) + index);
	err = dev_set_name(&c->dev, "coupler%d", index);
	if (err)
		goto err;
	err = -ENAMETOOLONG;
	if (name && strlen(name) > CKS_NAME_MAX)
		goto err;
	err = -ENOMEM;
	c->keep = name;
	c->name = kstrdup(name ?: dev_name(parent ?: &c->dev), GFP_KERNEL);
	c->driver = kstrdup(ops->name, GFP_KERNEL);
	if (!c->name || !c->driver)
		goto err;

	cdev_init(&c->cdev, &cks_chardev_fops);
	c->cdev.owner = THIS_MODULE;
	return c;
err:
	put_device(&c->dev);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_GPL(cks_coupler_alloc);

/* Have the driver take settings and the engine begin anew. Called with the mutex held. */
static int cks_coupler_apply(struct cks_coupler *c, const struct cks_settings *s,
			     struct netlink_ext_ack *extack)
{
	struct iso7816_config cfg;
	int err;

	if (s->clk_hz < CKS_CLK_HZ_MIN || s->clk_hz > CKS_CLK_HZ_MAX) {
		NL_SET_ERR_MSG_FMT(extack, "card clock is %u Hz; give %u to %u Hz",
				   s->clk_hz, CKS_CLK_HZ_MIN, CKS_CLK_HZ_MAX);
		return -EINVAL;
	}

	iso7816_config_init(&cfg);
	switch (s->policy) {
	case CKS_POLICY_STRICT:
		cfg.policy = ISO7816_STRICT;
		break;
	case CKS_POLICY_TOLERANT:
		cfg.policy = ISO7816_TOLERANT;
		break;
	case CKS_POLICY_EMV:
		cfg.policy = ISO7816_EMV;
		break;
	default:
		NL_SET_ERR_MSG(extack, "policy is not one of strict, tolerant, emv");
		return -EINVAL;
	}
	/* RST low as EMV wants it; the least of ISO/IEC 7816-3 could shrink by a late timer. */
	cfg.reset_clks = CKS_RESET_CLKS;
	cfg.off_clks = max(cfg.off_clks, DIV_ROUND_UP(s->clk_hz, MSEC_PER_SEC / CKS_OFF_MS));
	cfg.t = s->protocol;
	cfg.no_pps = s->no_pps;
	cfg.ifsd = s->ifsd;

	err = c->ops->configure(c, s, &cfg, extack);
	if (err)
		return err;

	raw_spin_lock_irq(&c->lock);
	cks_engine_start(c, s, &cfg);
	raw_spin_unlock_irq(&c->lock);
	return 0;
}

/* The sensor may have changed, and what it says with it. */
static void cks_coupler_look(struct cks_coupler *c)
{
	raw_spin_lock_irq(&c->lock);
	if (c->live)
		cks_coupler_presence(c, c->ops->present(c));
	raw_spin_unlock_irq(&c->lock);
}

/**
 * cks_coupler_configure() - change the settings
 * @c: coupler
 * @s: all of them; values of enumerations and their ranges are checked by the caller
 * @extack: says what is wrong, may be NULL
 * Context: process, may sleep; the coupler's mutex held
 * Return: 0, -EBUSY when claimed, -ENODEV when gone, -EINVAL when impossible
 */
int cks_coupler_configure(struct cks_coupler *c, const struct cks_settings *s,
			  struct netlink_ext_ack *extack)
{
	struct cks_owner *owner;
	char name[32] = "";
	bool live;
	int err;

	lockdep_assert_held(&c->mutex);
	raw_spin_lock_irq(&c->lock);
	live = c->live;
	owner = c->owner;
	if (owner)
		strscpy(name, owner->name, sizeof(name));
	raw_spin_unlock_irq(&c->lock);

	if (!live) {
		NL_SET_ERR_MSG(extack, "coupler is being removed");
		err = -ENODEV;
	} else if (owner) {
		NL_SET_ERR_MSG_FMT(extack, "coupler is in use by %s", name);
		err = -EBUSY;
	} else {
		err = cks_coupler_apply(c, s, extack);
		if (!err) {
			cks_coupler_look(c);
			if (c->keep)
				cks_kept_put(c->name, s);
		}
	}
	return err;
}

void cks_coupler_get_settings(struct cks_coupler *c, struct cks_settings *ret_settings)
{
	raw_spin_lock_irq(&c->lock);
	*ret_settings = c->settings;
	raw_spin_unlock_irq(&c->lock);
}

/* Nothing of the driver's is called after this, and what it reports is ignored. */
static void cks_coupler_stop(struct cks_coupler *c)
{
	mutex_lock(&c->mutex);
	raw_spin_lock_irq(&c->lock);
	iso7816_coupler_deactivate(&c->engine, cks_engine_now(c), ISO7816_E_REMOVED);
	cks_engine_step(c);
	c->live = false;
	raw_spin_unlock_irq(&c->lock);
	cks_coupler_tell_claim(c, false);
	mutex_unlock(&c->mutex);

	hrtimer_cancel(&c->timer);
	/* Tells the owner, and delivers what ended by the deactivation. */
	cks_event_kick(c);
	cks_coupler_settle(c);
}

/* The settings that it had under this name, if the driver takes them; else the initial ones. */
static int cks_coupler_apply_first(struct cks_coupler *c, struct netlink_ext_ack *extack)
{
	struct cks_settings s = c->settings, kept;
	int err = -ENOENT;

	mutex_lock(&c->mutex);
	if (c->keep && cks_kept_get(c->name, &kept)) {
		err = cks_coupler_apply(c, &kept, extack);
		if (err)
			dev_warn(c->dev.parent, "settings kept for %s are refused: %s (%d)\n",
				 c->name, extack->_msg ?: "no reason", err);
	}
	if (err)
		err = cks_coupler_apply(c, &s, extack);
	mutex_unlock(&c->mutex);
	return err;
}

/* Called with the list locked. */
static bool cks_coupler_name_taken(const char *name)
{
	struct cks_coupler *c;
	unsigned long index;

	xa_for_each(&cks_couplers, index, c) {
		if (c->keep && !strcmp(c->name, name))
			return true;
	}
	return false;
}

int cks_coupler_register(struct cks_coupler *c, struct netlink_ext_ack *extack)
{
	struct netlink_ext_ack own = { };
	int err;

	if (!extack)
		extack = &own;
	err = cks_coupler_apply_first(c, extack);
	if (err) {
		dev_err(c->dev.parent, "coupler: %s (%d)\n",
			extack->_msg ?: "settings were refused", err);
		return err;
	}

	cks_list_lock();
	if (c->keep && cks_coupler_name_taken(c->name)) {
		NL_SET_ERR_MSG_FMT(extack, "there is a coupler named %s", c->name);
		err = -EEXIST;
		goto out;
	}
	err = xa_reserve(&cks_couplers, c->index, GFP_KERNEL);
	if (err)
		goto out;

	raw_spin_lock_irq(&c->lock);
	c->live = true;
	raw_spin_unlock_irq(&c->lock);

	err = cdev_device_add(&c->cdev, &c->dev);
	if (err) {
		xa_release(&cks_couplers, c->index);
		cks_coupler_stop(c);
		goto out;
	}

	/* Cannot fail, the place is reserved. */
	xa_store(&cks_couplers, c->index, c, GFP_KERNEL);
	cks_couplers_changed();
	cks_event_call(c, CKS_EVENT_ADDED);
	cks_nl_coupler_event(c, false);
	/* A card that is in already is told of like one that is put in now. */
	cks_coupler_look(c);
out:
	cks_list_unlock();
	return err;
}
EXPORT_SYMBOL_GPL(cks_coupler_register);

void cks_coupler_unregister(struct cks_coupler *c)
{
	cks_list_lock();
	xa_erase(&cks_couplers, c->index);
	cks_couplers_changed();
	/* First: no uevent may be sent of a device that is being taken from its parents. */
	cks_coupler_stop(c);
	cdev_device_del(&c->cdev, &c->dev);
	cks_event_call(c, CKS_EVENT_REMOVED);
	cks_nl_coupler_event(c, true);
	cks_net_home(c->index);
	cks_list_unlock();
}
EXPORT_SYMBOL_GPL(cks_coupler_unregister);

void cks_coupler_put(struct cks_coupler *c)
{
	put_device(&c->dev);
}
EXPORT_SYMBOL_GPL(cks_coupler_put);

struct cks_coupler *cks_coupler_get(unsigned int index)
{
	struct cks_coupler *c;

	xa_lock(&cks_couplers);
	c = xa_load(&cks_couplers, index);
	if (c)
		get_device(&c->dev);
	xa_unlock(&cks_couplers);
	return c;
}
EXPORT_SYMBOL_GPL(cks_coupler_get);

/**
 * cks_coupler_next() - the first registered coupler from a number on
 * @index: of the first that may be returned; set to the number of the one that is
 * Return: the coupler with a reference, or NULL
 */
struct cks_coupler *cks_coupler_next(unsigned long *index)
{
	struct cks_coupler *c;

	xa_lock(&cks_couplers);
	c = xa_find(&cks_couplers, index, ULONG_MAX, XA_PRESENT);
	if (c)
		get_device(&c->dev);
	xa_unlock(&cks_couplers);
	return c;
}

unsigned int cks_couplers_seq(void)
{
	return atomic_read(&cks_list_seq);
}

void *cks_coupler_drvdata(const struct cks_coupler *c)
{
	return c->drvdata;
}
EXPORT_SYMBOL_GPL(cks_coupler_drvdata);

unsigned int cks_coupler_index(const struct cks_coupler *c)
{
	return c->index;
}
EXPORT_SYMBOL_GPL(cks_coupler_index);

raw_spinlock_t *cks_coupler_lock(struct cks_coupler *c)
{
	return &c->lock;
}
EXPORT_SYMBOL_GPL(cks_coupler_lock);

void cks_coupler_set_capabilities(struct cks_coupler *c, u32 capabilities)
{
	WRITE_ONCE(c->capabilities, capabilities);
}
EXPORT_SYMBOL_GPL(cks_coupler_set_capabilities);

void cks_coupler_set_hardware(struct cks_coupler *c, const char *family, u16 fifo)
{
	strscpy(c->family, family, sizeof(c->family));
	c->fifo = fifo;
}
EXPORT_SYMBOL_GPL(cks_coupler_set_hardware);
