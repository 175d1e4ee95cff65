// SPDX-License-Identifier: GPL-2.0-only
/*
 * The platform driver "cks_uart": finds the UART, checks what is asked of it, and gives the coupler
 * to the core. All in process context; the registers are touched under the coupler's lock.
 */
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

#include "state.h"

#define CLK_MIN		1000
#define CLK_MAX		20000000

/* Allow what the UART reaches at this card clock; 372/1 it must reach. */
static int allow_rates(const struct cks_settings *s, struct iso7816_config *cfg,
		       struct cks_uart_rate *ret_rate, struct netlink_ext_ack *extack)
{
	struct cks_uart_rate rate;
	unsigned int ta1;
	u32 off;

	if (cks_uart_rate(ret_rate, s->uart_clk, s->clk_hz, 372, 1)) {
		off = abs(ret_rate->error_ppm) / 100;
		NL_SET_ERR_MSG_FMT_MOD(extack,
				       "best rate for %u bit/s is %u, off by %u.%02u %% (limit 2)",
				       ret_rate->wanted, ret_rate->rate, off / 100, off % 100);
		return -EINVAL;
	}
	for (ta1 = 0; ta1 < 256; ta1++) {
		u16 f = iso7816_fi(ta1);
		u8 d = iso7816_di(ta1);

		if (f && d && !cks_uart_rate(&rate, s->uart_clk, s->clk_hz, f, d))
			iso7816_config_allow(cfg, ta1);
	}
	return 0;
}

static int cks_uart_configure(struct cks_coupler *c, const struct cks_settings *settings,
			      struct iso7816_config *cfg, struct netlink_ext_ack *extack)
{
	struct cks_uart *u = cks_coupler_drvdata(c);
	struct cks_settings s = *settings;
	struct cks_uart_rate rate;
	unsigned long flags;
	u32 caps;
	int err;

	if (!s.uart_clk)
		s.uart_clk = u->pd.uartclk;
	if (s.clk_hz < CLK_MIN || s.clk_hz > CLK_MAX) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "card clock %u Hz is not between %u and %u",
				       s.clk_hz, CLK_MIN, CLK_MAX);
		return -EINVAL;
	}
	if (s.rst_line != CKS_MODEM_LINE_RTS && s.rst_line != CKS_MODEM_LINE_DTR) {
		NL_SET_ERR_MSG_MOD(extack, "RST can be on RTS or DTR only");
		return -EINVAL;
	}
	switch (s.detect_line) {
	case CKS_MODEM_LINE_NONE:
	case CKS_MODEM_LINE_CTS:
	case CKS_MODEM_LINE_DSR:
	case CKS_MODEM_LINE_DCD:
		break;
	default:
		NL_SET_ERR_MSG_MOD(extack, "card detect can be on CTS, DSR or DCD, or none");
		return -EINVAL;
	}
	if (s.uart_clk < 16 || s.uart_clk > 1000000000) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "UART clock %u Hz is not between 16 and 1000000000",
				       s.uart_clk);
		return -EINVAL;
	}
	err = allow_rates(&s, cfg, &rate, extack);
	if (err)
		return err;

	raw_spin_lock_irqsave(u->lock, flags);
	u->set = s;
	cks_uart_set_rate(u, &rate, UART_LCR_WLEN8 | UART_LCR_PARITY | UART_LCR_EPAR |
			  UART_LCR_STOP);
	cks_uart_set_contacts(u, false, false);
	raw_spin_unlock_irqrestore(u->lock, flags);

	caps = CKS_CAPABILITY_EXACT_GUARD;
	if (s.power_line != CKS_MODEM_LINE_NONE)
		caps |= CKS_CAPABILITY_POWER_SWITCH;
	if (s.detect_line != CKS_MODEM_LINE_NONE)
		caps |= CKS_CAPABILITY_CARD_DETECT;
	cks_coupler_set_capabilities(c, caps);
	return 0;
}

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
	.poll = cks_uart_poll,
};

/* The scratch register of anything from the 16450 on keeps what is written; open air does not. */
static bool cks_uart_answers(struct cks_uart *u)
{
	cks_uart_out(u, UART_SCR, 0x55);
	if (cks_uart_in(u, UART_SCR) != 0x55)
		return false;
	cks_uart_out(u, UART_SCR, 0xaa);
	return cks_uart_in(u, UART_SCR) == 0xaa;
}

/* Leave a defined state behind whoever had the UART before; interrupts off, card off. */
static int cks_uart_start(struct cks_uart *u)
{
	unsigned long flags;
	int err = 0;

	raw_spin_lock_irqsave(u->lock, flags);
	if (!cks_uart_answers(u)) {
		err = -ENODEV;
		goto out;
	}
	cks_uart_out(u, UART_LCR, UART_LCR_WLEN8);
	cks_uart_off(u);
	cks_uart_flush(u);
	u->msr = cks_uart_in(u, UART_MSR);
out:
	raw_spin_unlock_irqrestore(u->lock, flags);
	return err;
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

	u = kzalloc(sizeof(*u), GFP_KERNEL);
	if (!u)
		return -ENOMEM;
	u->pd = *pd;
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
		dev_err(&pdev->dev, "no 16550 answers: its scratch register keeps nothing\n");
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
