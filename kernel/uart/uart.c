// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a UART under this driver, whatever bus it is on: found, tested, given to the core;
 * put to sleep and woken up; taken away. What a bus knows of it comes as struct
 * cks_uart_platform_data.
 *
 * All in process context; the registers are touched under the coupler's lock, or before anybody
 * else has them. However a UART is left, its card is off before, in the order of ISO/IEC 7816-3,
 * 6.4.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "bus.h"
#include "state.h"

/* By enum cks_uart_family. */
static const struct cks_uart_family_ops *const families[] = {
	[CKS_UART_16550] = &cks_uart_16550,
	[CKS_UART_OX950] = &cks_uart_ox950,
	[CKS_UART_XR17V35X] = &cks_uart_xr17v35x,
};

static const struct cks_coupler_ops cks_uart_ops = {
	.owner = THIS_MODULE,
	.name = CKS_UART_DRIVER,
	.configure = cks_uart_configure,
	.activate = cks_uart_activate,
	.deactivate = cks_uart_deactivate,
	.rst = cks_uart_rst,
	.line = cks_uart_line,
	.send = cks_uart_send,
	.present = cks_uart_present,
	.claimed = cks_uart_claimed,
	.poll = cks_uart_poll,
};

int cks_uart_family_by_name(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		if (!strcmp(families[i]->name, name))
			return i;
	}
	return -EINVAL;
}

unsigned int cks_uart_family_span(enum cks_uart_family family)
{
	return families[family]->span;
}

void cks_uart_default_settings(struct cks_settings *ret_settings)
{
	*ret_settings = (struct cks_settings){
		.clk_hz = 3579545,
		.rst_line = CKS_MODEM_LINE_RTS,
		.power_line = CKS_MODEM_LINE_NONE,
		.detect_line = CKS_MODEM_LINE_CTS,
		.echo = true,
		.policy = CKS_POLICY_TOLERANT,
		.protocol = ISO7816_T_ANY,
		.ifsd = 254,
	};
}

/* Leave a defined state behind whoever had the UART before; interrupts off, card off. */
static void cks_uart_begin(struct cks_uart *u)
{
	unsigned long flags;

	raw_spin_lock_irqsave(u->lock, flags);
	cks_uart_off(u);
	cks_uart_flush(u);
	u->msr = cks_uart_in(u, UART_MSR);
	raw_spin_unlock_irqrestore(u->lock, flags);
}

/* Is it there, does it work, and what is it? */
static int cks_uart_find(struct cks_uart *u, struct netlink_ext_ack *extack)
{
	int err;

	err = u->family->start(&u->io);
	if (err) {
		NL_SET_ERR_MSG_FMT(extack, "no UART of the family %s answers", u->family->name);
		return err;
	}
	err = cks_uart_self_test(u, extack);
	if (err)
		return err;
	u->fifo = u->pd.fifo ?: u->family->fifo ?: cks_uart_measure(u);
	cks_coupler_set_hardware(u->coupler, u->family->name, u->fifo);
	cks_uart_begin(u);
	return 0;
}

/* From here on the driver tells the core of cards; what changed since the start is told now. */
static void cks_uart_watch(struct cks_uart *u)
{
	unsigned long flags;

	raw_spin_lock_irqsave(u->lock, flags);
	/* A reset may already be under way. */
	u->ier |= UART_IER_MSI;
	cks_uart_out(u, UART_IER, u->ier);
	u->msr = cks_uart_in(u, UART_MSR);
	cks_coupler_presence(u->coupler, cks_uart_present(u->coupler));
	raw_spin_unlock_irqrestore(u->lock, flags);
}

/* The registers are left alone afterwards. With the lock held. */
static void cks_uart_halt(struct cks_uart *u)
{
	if (u->gone)
		return;
	cks_uart_tx_stop(u);
	cks_uart_off(u);
	u->gone = true;
}

static void cks_uart_stop(struct cks_uart *u)
{
	unsigned long flags;

	raw_spin_lock_irqsave(u->lock, flags);
	cks_uart_halt(u);
	raw_spin_unlock_irqrestore(u->lock, flags);
}

static struct cks_uart *cks_uart_alloc(struct device *dev, int irq,
				       const struct cks_uart_platform_data *pd)
{
	struct cks_uart *u;

	u = kzalloc(sizeof(*u), GFP_KERNEL);
	if (!u)
		return ERR_PTR(-ENOMEM);
	u->pd = *pd;
	u->io = (struct cks_uart_io){
		.in = pd->serial_in,
		.out = pd->serial_out,
		.update = pd->update,
		.ctx = pd->ctx,
		.port = pd->port,
	};
	u->family = families[pd->family];
	u->set = pd->settings;
	u->dev = dev;
	u->irq = irq;
	hrtimer_init(&u->timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_HARD);
	u->timer.function = cks_uart_timer;

	u->coupler = cks_coupler_alloc(dev, pd->name, &cks_uart_ops, &pd->settings, u);
	if (IS_ERR(u->coupler)) {
		struct cks_coupler *c = u->coupler;

		kfree(u);
		return ERR_CAST(c);
	}
	u->lock = cks_coupler_lock(u->coupler);
	/* The core has a copy; this one may lie on a stack. */
	u->pd.name = NULL;
	return u;
}

static void cks_uart_free(struct cks_uart *u)
{
	cks_coupler_put(u->coupler);
	kfree(u->rates);
	/* @burst and @last have held what was exchanged with cards. */
	kfree_sensitive(u);
}

/* Before it is used for how long something may take. */
static int cks_uart_check_clock(u32 hz, struct netlink_ext_ack *extack)
{
	/* 0: only the setting uart-clk has it. */
	if (!hz || (hz >= CKS_UART_CLK_MIN && hz <= CKS_UART_CLK_MAX))
		return 0;
	NL_SET_ERR_MSG_FMT(extack, "the UART's clock is %u Hz; it can be %u to %u", hz,
			   CKS_UART_CLK_MIN, CKS_UART_CLK_MAX);
	return -EINVAL;
}

struct cks_uart *cks_uart_add(struct device *dev, int irq, const struct cks_uart_platform_data *pd,
			      struct netlink_ext_ack *extack)
{
	struct netlink_ext_ack own = { };
	struct cks_uart *u;
	int err;

	if (!extack)
		extack = &own;
	if (!pd->serial_in || !pd->serial_out || pd->family >= ARRAY_SIZE(families)) {
		dev_err(dev, "no accessors, or no family\n");
		return ERR_PTR(-EINVAL);
	}
	err = cks_uart_check_clock(pd->uartclk, extack);
	if (err) {
		dev_err(dev, "%s (%d)\n", extack->_msg, err);
		return ERR_PTR(err);
	}
	u = cks_uart_alloc(dev, irq, pd);
	if (IS_ERR(u))
		return u;
	err = cks_uart_find(u, extack);
	if (!err)
		err = cks_uart_listen(u, extack);
	if (err) {
		dev_err(dev, "%s (%d)\n", extack->_msg ?: "the UART is refused", err);
		goto free;
	}
	err = cks_uart_test_interrupt(u, extack);
	if (err)
		dev_err(dev, "%s (%d)\n", extack->_msg ?: "no interrupt", err);
	else
		err = cks_coupler_register(u->coupler, extack);
	if (err)
		goto stop;
	cks_uart_watch(u);
	return u;

stop:
	cks_uart_stop(u);
	cks_uart_unlisten(u);
	hrtimer_cancel(&u->timer);
free:
	cks_uart_free(u);
	return ERR_PTR(err);
}

void cks_uart_remove(struct cks_uart *u)
{
	cks_coupler_unregister(u->coupler);
	cks_uart_stop(u);
	cks_uart_unlisten(u);
	hrtimer_cancel(&u->timer);
	cks_uart_free(u);
}

void cks_uart_shutdown(struct cks_uart *u)
{
	cks_uart_stop(u);
}

/*
 * The core is told that the card has gone, which switches it off and ends what runs; and on waking
 * up of one that has come. Nobody can say whether it is the same.
 */
void cks_uart_suspend(struct cks_uart *u)
{
	unsigned long flags;

	raw_spin_lock_irqsave(u->lock, flags);
	cks_coupler_presence(u->coupler, false);
	cks_uart_halt(u);
	raw_spin_unlock_irqrestore(u->lock, flags);
	hrtimer_cancel(&u->timer);
}

int cks_uart_resume(struct cks_uart *u)
{
	unsigned long flags;
	int err;

	err = u->family->start(&u->io);
	if (err) {
		dev_err(u->dev, "the UART does not answer any more (%d)\n", err);
		return err;
	}
	cks_uart_begin(u);
	raw_spin_lock_irqsave(u->lock, flags);
	cks_uart_rest(u);
	u->gone = false;
	u->stuck = false;
	raw_spin_unlock_irqrestore(u->lock, flags);
	cks_uart_watch(u);
	return 0;
}
