// SPDX-License-Identifier: GPL-2.0-only
/*
 * For who has a coupler: claim, commands, status, release.
 *
 * Process context; all state is under the coupler's raw lock, which is held for a bounded time.
 */
#include <linux/module.h>

#include "core.h"

/**
 * cks_coupler_tell_claim() - tell the driver whether the coupler is in use
 * @c: coupler, live
 * @on: it is
 * Context: process, may sleep, coupler's mutex held
 */
void cks_coupler_tell_claim(struct cks_coupler *c, bool on)
{
	if (!c->ops->claimed || c->told_claim == on)
		return;
	c->told_claim = on;
	c->ops->claimed(c, on);
}

int cks_coupler_claim(struct cks_coupler *c, struct cks_owner *owner)
{
	int err = 0;

	/* Not while settings are being changed. */
	mutex_lock(&c->mutex);
	raw_spin_lock_irq(&c->lock);
	if (!c->live)
		err = -ENODEV;
	else if (c->owner)
		err = -EBUSY;
	else if (!try_module_get(c->ops->owner))
		err = -ENODEV;
	if (!err) {
		get_device(&c->dev);
		c->owner = owner;
		c->owner_gen = c->presence_gen;
	}
	raw_spin_unlock_irq(&c->lock);
	if (!err)
		cks_coupler_tell_claim(c, true);
	mutex_unlock(&c->mutex);
	return err;
}
EXPORT_SYMBOL_GPL(cks_coupler_claim);

static void cks_coupler_cut(struct cks_coupler *c)
{
	if (!c->live)
		return;
	iso7816_coupler_deactivate(&c->engine, cks_engine_now(c), ISO7816_E_CANCELED);
	c->failed = false;
	cks_engine_step(c);
}

/* The owner is told nothing any more. Return: false if it is none. */
static bool cks_coupler_let_go(struct cks_coupler *c, const struct cks_owner *owner)
{
	raw_spin_lock_irq(&c->lock);
	if (c->owner != owner || c->releasing) {
		raw_spin_unlock_irq(&c->lock);
		return false;
	}
	c->releasing = true;
	cks_coupler_cut(c);
	raw_spin_unlock_irq(&c->lock);

	cks_coupler_settle(c);
	return true;
}

int cks_coupler_pass(struct cks_coupler *c, struct cks_owner *from, struct cks_owner *to)
{
	int err = 0;

	if (!cks_coupler_let_go(c, from))
		return -EPERM;
	raw_spin_lock_irq(&c->lock);
	if (c->live) {
		c->owner = to;
		c->owner_gen = c->presence_gen;
	} else {
		err = -ENODEV;
	}
	c->releasing = false;
	raw_spin_unlock_irq(&c->lock);
	return err;
}
EXPORT_SYMBOL_GPL(cks_coupler_pass);

void cks_coupler_release(struct cks_coupler *c, struct cks_owner *owner)
{
	if (WARN_ON_ONCE(!cks_coupler_let_go(c, owner)))
		return;

	mutex_lock(&c->mutex);
	/* Else the driver is gone, and was told before it went. */
	if (c->live)
		cks_coupler_tell_claim(c, false);
	raw_spin_lock_irq(&c->lock);
	c->owner = NULL;
	c->releasing = false;
	raw_spin_unlock_irq(&c->lock);
	mutex_unlock(&c->mutex);
	module_put(c->ops->owner);
	put_device(&c->dev);
}
EXPORT_SYMBOL_GPL(cks_coupler_release);

/* What every command needs; called with the lock held. */
static int cks_coupler_check(struct cks_coupler *c, const struct cks_owner *owner)
{
	if (!c->live)
		return -ENODEV;
	if (c->owner != owner || c->releasing)
		return -EPERM;
	if (c->cmd || !list_empty(&c->ended))
		return -EBUSY;
	if (!c->present)
		return -ENOMEDIUM;
	return 0;
}

int cks_coupler_reset(struct cks_coupler *c, struct cks_owner *owner, struct cks_command *cmd,
		      enum iso7816_reset how)
{
	unsigned long flags;
	int err;

	raw_spin_lock_irqsave(&c->lock, flags);
	err = cks_coupler_check(c, owner);
	if (!err) {
		cks_engine_begin(c, cmd, true);
		iso7816_coupler_want(&c->engine, cmd->select ? cmd->t : c->settings.protocol);
		if (iso7816_coupler_reset(&c->engine, cks_engine_now(c), how) == ISO7816_OK) {
			cks_engine_step(c);
		} else {
			c->cmd = NULL;
			err = -EHOSTDOWN;
		}
	}
	raw_spin_unlock_irqrestore(&c->lock, flags);
	return err;
}
EXPORT_SYMBOL_GPL(cks_coupler_reset);

static bool cks_command_fits(const struct cks_command *cmd)
{
	return cmd->x.cmd_len >= 4 && cmd->x.cmd_len <= ISO7816_APDU_MAX && cmd->x.rsp_size >= 2;
}

int cks_coupler_exchange(struct cks_coupler *c, struct cks_owner *owner, struct cks_command *cmd)
{
	unsigned long flags;
	int err;

	if (!cks_command_fits(cmd))
		return -EINVAL;

	raw_spin_lock_irqsave(&c->lock, flags);
	err = cks_coupler_check(c, owner);
	if (!err) {
		switch (cks_engine_exchange(c, cmd)) {
		case ISO7816_OK:
			cks_engine_step(c);
			break;
		case ISO7816_E_APDU:
			err = -EINVAL;
			break;
		default:
			err = -EHOSTDOWN;
			break;
		}
	}
	raw_spin_unlock_irqrestore(&c->lock, flags);
	return err;
}
EXPORT_SYMBOL_GPL(cks_coupler_exchange);

int cks_coupler_stage(struct cks_coupler *c, struct cks_owner *owner, struct cks_command *next)
{
	unsigned long flags;
	int err = 0;

	if (!cks_command_fits(next))
		return -EINVAL;

	raw_spin_lock_irqsave(&c->lock, flags);
	if (!c->live)
		err = -ENODEV;
	else if (c->owner != owner || c->releasing)
		err = -EPERM;
	else if (!c->cmd || c->cmd_reset)
		err = -EALREADY;
	else if (c->staged)
		err = -EBUSY;
	else
		c->staged = next;
	raw_spin_unlock_irqrestore(&c->lock, flags);
	return err;
}
EXPORT_SYMBOL_GPL(cks_coupler_stage);

void cks_coupler_unstage(struct cks_coupler *c, struct cks_owner *owner)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&c->lock, flags);
	if (c->owner == owner)
		c->staged = NULL;
	raw_spin_unlock_irqrestore(&c->lock, flags);
}
EXPORT_SYMBOL_GPL(cks_coupler_unstage);

void cks_coupler_power_off(struct cks_coupler *c, struct cks_owner *owner)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&c->lock, flags);
	if (c->owner == owner)
		cks_coupler_cut(c);
	raw_spin_unlock_irqrestore(&c->lock, flags);
}
EXPORT_SYMBOL_GPL(cks_coupler_power_off);

/* What the coupler is doing; called with its lock held. */
enum cks_coupler_state cks_coupler_state(const struct cks_coupler *c)
{
	if (!c->live)
		return CKS_COUPLER_STATE_FAILED;
	if (!c->present)
		return CKS_COUPLER_STATE_EMPTY;
	if (c->cmd)
		return c->cmd_reset ? CKS_COUPLER_STATE_RESETTING : CKS_COUPLER_STATE_EXCHANGING;
	if (iso7816_coupler_ready(&c->engine))
		return CKS_COUPLER_STATE_READY;
	return c->failed ? CKS_COUPLER_STATE_FAILED : CKS_COUPLER_STATE_INACTIVE;
}

void cks_coupler_status(struct cks_coupler *c, struct cks_coupler_status *ret_status)
{
	const struct iso7816_atr *atr;
	unsigned long flags;

	memset(ret_status, 0, sizeof(*ret_status));
	raw_spin_lock_irqsave(&c->lock, flags);
	ret_status->state = cks_coupler_state(c);
	ret_status->present = c->present;
	ret_status->presence_gen = c->presence_gen;
	ret_status->power_gen = c->power_gen;
	ret_status->capabilities = READ_ONCE(c->capabilities);
	atr = iso7816_coupler_atr(&c->engine);
	if (atr)
		ret_status->atr = *atr;
	if (iso7816_coupler_active(&c->engine))
		ret_status->line = *iso7816_coupler_line(&c->engine);
	ret_status->last_error = c->last_error;
	ret_status->chars_rx = c->chars_rx;
	ret_status->chars_tx = c->chars_tx;
	ret_status->exchanges = c->exchanges;
	ret_status->char_errors = c->char_errors;
	ret_status->chars_refused = c->chars_refused;
	ret_status->chars_repeated = c->chars_repeated;
	raw_spin_unlock_irqrestore(&c->lock, flags);
}
EXPORT_SYMBOL_GPL(cks_coupler_status);
