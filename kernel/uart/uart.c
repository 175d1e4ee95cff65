// SPDX-License-Identifier: GPL-2.0-only
/*
 * The platform driver "cks_uart": finds the UART, checks what is asked of it, and gives the coupler
 * to the core. All in process context; the registers are touched under the coupler's lock.
 */
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

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

/* Leave a defined state behind whoever had the UART before; interrupts off, card off. */
static int cks_uart_start(struct cks_uart *u)
{
	unsigned long flags;
	int err;

	err = u->family->start(&u->io);
	if (err)
		return err;
	raw_spin_lock_irqsave(u->lock, flags);
	cks_uart_off(u);
	cks_uart_flush(u);
	u->msr = cks_uart_in(u, UART_MSR);
	raw_spin_unlock_irqrestore(u->lock, flags);
	u->fifo = u->pd.fifo ?: u->family->fifo ?: 16;
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

static void cks_uart_stop(struct cks_uart *u)
{
	unsigned long flags;

	raw_spin_lock_irqsave(u->lock, flags);
	if (!u->gone) {
		cks_uart_tx_stop(u);
		cks_uart_off(u);
		u->gone = true;
	}
	raw_spin_unlock_irqrestore(u->lock, flags);
}

static int cks_uart_probe(struct platform_device *pdev)
{
	const struct cks_uart_platform_data *pd = dev_get_platdata(&pdev->dev);
	struct cks_uart *u;
	int err;

	if (!pd || !pd->serial_in || !pd->serial_out)
		return dev_err_probe(&pdev->dev, -EINVAL, "no accessors in the platform data\n");
	if (pd->family >= ARRAY_SIZE(families))
		return dev_err_probe(&pdev->dev, -EINVAL, "family %d is not known\n", pd->family);

	u = kzalloc(sizeof(*u), GFP_KERNEL);
	if (!u)
		return -ENOMEM;
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
	u->dev = &pdev->dev;
	hrtimer_init(&u->timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_HARD);
	u->timer.function = cks_uart_timer;

	u->irq = platform_get_irq(pdev, 0);
	if (u->irq < 0) {
		err = u->irq;
		goto free;
	}
	u->coupler = cks_coupler_alloc(&pdev->dev, &cks_uart_ops, &pd->settings, u);
	if (IS_ERR(u->coupler)) {
		err = PTR_ERR(u->coupler);
		goto free;
	}
	u->lock = cks_coupler_lock(u->coupler);

	err = cks_uart_start(u);
	if (err) {
		dev_err(&pdev->dev, "no UART of the family %s answers\n", u->family->name);
		goto put;
	}
	err = request_irq(u->irq, cks_uart_interrupt, IRQF_NO_THREAD, dev_name(&pdev->dev), u);
	if (err) {
		dev_err(&pdev->dev, "interrupt %d is not to be had (%d); it cannot be shared\n",
			u->irq, err);
		goto put;
	}
	platform_set_drvdata(pdev, u->coupler);
	err = cks_coupler_register(u->coupler);
	if (err) {
		dev_err(&pdev->dev, "the coupler is refused (%d): check its clocks and wiring\n",
			err);
		goto irq;
	}
	cks_uart_watch(u);
	return 0;

irq:
	cks_uart_stop(u);
	free_irq(u->irq, u);
	hrtimer_cancel(&u->timer);
put:
	cks_coupler_put(u->coupler);
free:
	kfree(u->rates);
	kfree(u);
	return err;
}

static void cks_uart_remove(struct platform_device *pdev)
{
	struct cks_coupler *c = platform_get_drvdata(pdev);
	struct cks_uart *u = cks_coupler_drvdata(c);

	cks_coupler_unregister(c);
	cks_uart_stop(u);
	free_irq(u->irq, u);
	hrtimer_cancel(&u->timer);
	cks_coupler_put(c);
	kfree(u->rates);
	kfree(u);
}

/* The machine goes down: no card stays under power. */
static void cks_uart_shutdown(struct platform_device *pdev)
{
	cks_uart_stop(cks_coupler_drvdata(platform_get_drvdata(pdev)));
}

static struct platform_driver cks_uart_driver = {
	.probe = cks_uart_probe,
	.remove = cks_uart_remove,
	.shutdown = cks_uart_shutdown,
	.driver = {
		.name = CKS_UART_DRIVER,
	},
};
module_platform_driver(cks_uart_driver);

MODULE_DESCRIPTION("Smart card couplers on 16550 UARTs");
MODULE_LICENSE("GPL");
MODULE_ALIAS("platform:" CKS_UART_DRIVER);
