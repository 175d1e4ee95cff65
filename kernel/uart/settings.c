// SPDX-License-Identifier: GPL-2.0-only
/*
 * Settings of a coupler: checked, the rates that they make possible searched for, and taken.
 *
 * Process context, serialised by the core; what the interrupt handler reads is exchanged under the
 * coupler's lock. A family's search for a rate may be long: it is done here, once for each TA1.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "state.h"

#define TA1_CODES	256

/* Allow what the UART reaches at this card clock; 372/1 it must reach. */
static int find_rates(struct cks_uart *u, const struct cks_settings *s,
		      struct cks_uart_rate *rates, struct iso7816_config *cfg,
		      struct netlink_ext_ack *extack)
{
	struct cks_uart_rate rate;
	unsigned int ta1;
	u32 off;
	int err;

	err = u->family->find_rate(&rate, s->uart_clk, s->clk_hz, 372, 1);
	if (err == -ERANGE) {
		off = cks_uart_rate_off(&rate) / 100;
		NL_SET_ERR_MSG_FMT_MOD(extack,
				       "best rate for %u bit/s is %u, off by %u.%02u %% (limit 2)",
				       rate.wanted, rate.rate, off / 100, off % 100);
		return -EINVAL;
	}
	if (err)
		return err;
	for (ta1 = 0; ta1 < TA1_CODES; ta1++) {
		u16 f = iso7816_fi(ta1);
		u8 d = iso7816_di(ta1);

		cond_resched();
		if (!f || !d || u->family->find_rate(&rate, s->uart_clk, s->clk_hz, f, d))
			continue;
		rates[ta1] = rate;
		iso7816_config_allow(cfg, ta1);
	}
	return 0;
}

/**
 * cks_uart_rate_of() - the setting of the rate generator for an etu
 * @u: UART
 * @f: F
 * @d: D
 * Context: locked
 * Return: the setting, or NULL where the settings in force do not reach it
 */
const struct cks_uart_rate *cks_uart_rate_of(const struct cks_uart *u, u16 f, u8 d)
{
	unsigned int fi, di;

	/* TA1 has F in its upper half and D in its lower one. */
	for (fi = 0; fi < 16 && iso7816_fi(fi << 4) != f; fi++)
		;
	for (di = 0; di < 16 && iso7816_di(di) != d; di++)
		;
	if (!u->rates || fi == 16 || di == 16 || !u->rates[fi << 4 | di].div)
		return NULL;
	return &u->rates[fi << 4 | di];
}

static int check(struct cks_settings *s, struct netlink_ext_ack *extack)
{
	if (s->clk_hz < CKS_UART_CARD_CLK_MIN || s->clk_hz > CKS_UART_CARD_CLK_MAX) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "card clock %u Hz is not between %u and %u",
				       s->clk_hz, CKS_UART_CARD_CLK_MIN, CKS_UART_CARD_CLK_MAX);
		return -EINVAL;
	}
	if (!s->uart_clk) {
		NL_SET_ERR_MSG_MOD(extack, "the UART's clock is not known: set uart-clk");
		return -EINVAL;
	}
	if (s->uart_clk < CKS_UART_CLK_MIN || s->uart_clk > CKS_UART_CLK_MAX) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "UART clock %u Hz is not between %u and %u",
				       s->uart_clk, CKS_UART_CLK_MIN, CKS_UART_CLK_MAX);
		return -EINVAL;
	}
	if (s->rst_line != CKS_MODEM_LINE_RTS && s->rst_line != CKS_MODEM_LINE_DTR) {
		NL_SET_ERR_MSG_MOD(extack, "RST can be on RTS or DTR only");
		return -EINVAL;
	}
	switch (s->detect_line) {
	case CKS_MODEM_LINE_NONE:
	case CKS_MODEM_LINE_CTS:
	case CKS_MODEM_LINE_DSR:
	case CKS_MODEM_LINE_DCD:
		return 0;
	default:
		NL_SET_ERR_MSG_MOD(extack, "card detect can be on CTS, DSR or DCD, or none");
		return -EINVAL;
	}
}

int cks_uart_configure(struct cks_coupler *c, const struct cks_settings *settings,
		       struct iso7816_config *cfg, struct netlink_ext_ack *extack)
{
	struct cks_uart *u = cks_coupler_drvdata(c);
	struct cks_settings s = *settings;
	struct cks_uart_rate *rates;
	unsigned long flags;
	int err;

	if (!s.uart_clk)
		s.uart_clk = u->pd.uartclk;
	err = check(&s, extack);
	if (err)
		return err;
	rates = kcalloc(TA1_CODES, sizeof(*rates), GFP_KERNEL);
	if (!rates)
		return -ENOMEM;
	err = find_rates(u, &s, rates, cfg, extack);
	if (err) {
		kfree(rates);
		return err;
	}

	raw_spin_lock_irqsave(u->lock, flags);
	u->set = s;
	swap(u->rates, rates);
	cks_uart_rest(u);
	u->idle_caps = cks_uart_capabilities(u, 372, 1);
	raw_spin_unlock_irqrestore(u->lock, flags);
	kfree(rates);

	cks_coupler_set_capabilities(c, u->idle_caps);
	return 0;
}
