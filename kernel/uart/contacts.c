// SPDX-License-Identifier: GPL-2.0-only
/*
 * The contacts of the card and the frame on its line: modem outputs, divisor and line control.
 * Everything here is called with the coupler's raw spinlock held, in any context.
 */
#include "state.h"

static u8 output_bit(u8 line)
{
	return line == CKS_MODEM_LINE_DTR ? UART_MCR_DTR : UART_MCR_RTS;
}

/* By a modem line, or by what the board has for it. */
static bool can_switch(const struct cks_uart *u)
{
	return u->set.power_line != CKS_MODEM_LINE_NONE || (u->pd.wiring && u->pd.wiring->power);
}

/*
 * RST is on one of RTS and DTR, the power switch on the other, if there is one. OUT2 opens the way
 * of the interrupt on PC hardware.
 */
void cks_uart_set_contacts(struct cks_uart *u, bool rst_high, bool power)
{
	const struct cks_uart_wiring *w = u->pd.wiring;
	u8 rst = output_bit(u->set.rst_line);
	u8 mcr = UART_MCR_OUT2 | u->family->mcr;

	if (rst_high == u->set.rst_invert)
		mcr |= rst;
	if (u->set.power_line != CKS_MODEM_LINE_NONE && power != u->set.power_invert)
		mcr |= output_bit(u->set.power_line);
	u->rst_high = rst_high;
	u->power = power;
	u->mcr = mcr;
	cks_uart_out(u, UART_MCR, mcr);
	if (w && w->contacts)
		w->contacts(w, rst_high, power);
}

/*
 * 6.4: without VCC I/O is low, by a break that lasts until the card is activated. Where VCC cannot
 * be switched, the card has it at all times.
 */
static u8 idle_break(const struct cks_uart *u)
{
	return can_switch(u) && !u->power ? UART_LCR_SBC : 0;
}

void cks_uart_set_rate(struct cks_uart *u, const struct cks_uart_rate *rate, u8 lcr)
{
	u->rate = *rate;
	u->lcr = lcr;
	u->family->set_rate(&u->io, rate, lcr | idle_break(u));
}

/**
 * cks_uart_rest() - no card active, as the settings in force want it: at 372/1, without power
 * @u: UART
 * Context: locked
 */
void cks_uart_rest(struct cks_uart *u)
{
	const struct cks_uart_rate *rate = cks_uart_rate_of(u, 372, 1);

	cks_uart_set_contacts(u, false, false);
	if (rate)
		cks_uart_set_rate(u, rate, CKS_UART_LCR_IDLE);
}

/**
 * cks_uart_capabilities() - what can be kept of the standard at F and D
 * @u: UART, with settings and rate
 * @f: F
 * @d: D
 * Return: bits of enum cks_capability
 */
u32 cks_uart_capabilities(const struct cks_uart *u, u16 f, u8 d)
{
	u32 window, caps = 0;

	if (cks_uart_can_signal(u, f, d, &window))
		caps |= CKS_CAPABILITY_ERROR_SIGNAL;
	/* Without an echo nobody knows to an etu when a character began. */
	if (u->set.echo)
		caps |= CKS_CAPABILITY_EXACT_GUARD;
	if (can_switch(u))
		caps |= CKS_CAPABILITY_POWER_SWITCH;
	if (u->set.detect_line != CKS_MODEM_LINE_NONE || (u->pd.wiring && u->pd.wiring->present))
		caps |= CKS_CAPABILITY_CARD_DETECT;
	return caps;
}

void cks_uart_line(struct cks_coupler *c, const struct iso7816_line *line)
{
	struct cks_uart *u = cks_coupler_drvdata(c);
	u8 lcr = UART_LCR_WLEN8 | UART_LCR_PARITY;
	const struct cks_uart_rate *rate;

	if (u->gone)
		return;
	if (!line->odd)
		lcr |= UART_LCR_EPAR;
	if (!line->guard11)
		lcr |= UART_LCR_STOP;

	/* Only rates that configure() has found to be good are ever asked for. */
	rate = cks_uart_rate_of(u, line->f, line->d);
	if (!rate) {
		dev_err_ratelimited(u->dev, "F=%u D=%u is out of reach, the line stays as it was\n",
				    line->f, line->d);
		return;
	}
	cks_uart_set_rate(u, rate, lcr);
	cks_uart_fifo(u, line->t == 1);
	u->etu_ns = cks_uart_etu_ns(u, line->f, line->d);
	u->refusals = 0;
	u->armed = cks_uart_can_signal(u, line->f, line->d, &u->window_ns) && line->error_signal;
	cks_coupler_set_capabilities(c, cks_uart_capabilities(u, line->f, line->d));
}

/* A reset ends whatever is being sent. */
void cks_uart_rst(struct cks_coupler *c, bool high)
{
	struct cks_uart *u = cks_coupler_drvdata(c);

	if (u->gone)
		return;
	if (!high)
		cks_uart_tx_stop(u);
	cks_uart_set_contacts(u, high, u->power);
}

/*
 * 6.2.1: RST low, VCC on, I/O in reception, CLK on. The switch does VCC and CLK at once; I/O
 * follows as soon as the line is set, a few microseconds, and has 200 clock cycles.
 */
void cks_uart_activate(struct cks_coupler *c)
{
	const struct iso7816_line initial = { .f = 372, .d = 1 };
	struct cks_uart *u = cks_coupler_drvdata(c);

	if (u->gone)
		return;
	cks_uart_tx_stop(u);
	cks_uart_set_contacts(u, false, u->power);
	cks_uart_set_contacts(u, false, true);
	cks_uart_line(c, &initial);
	cks_uart_flush(u);
	u->active = true;
	u->stuck = false;
	u->ier = UART_IER_RDI | UART_IER_RLSI | UART_IER_MSI;
	cks_uart_out(u, UART_IER, u->ier);
}

/*
 * 6.4: RST low, CLK low, I/O low, VCC off. The switch does CLK and VCC at once: I/O is low before,
 * and stays so. Where VCC cannot be switched, RST is all that there is to it.
 */
static void power_down(struct cks_uart *u)
{
	cks_uart_set_contacts(u, false, u->power);
	if (!can_switch(u))
		return;
	cks_uart_out(u, UART_LCR, u->lcr | UART_LCR_SBC);
	cks_uart_set_contacts(u, false, false);
}

void cks_uart_deactivate(struct cks_coupler *c)
{
	struct cks_uart *u = cks_coupler_drvdata(c);

	/* Shut down: its interrupt would find no handler that clears its cause. */
	if (u->gone)
		return;
	cks_uart_tx_stop(u);
	u->active = false;
	u->armed = false;
	u->ier = u->stuck ? 0 : UART_IER_MSI;
	cks_uart_out(u, UART_IER, u->ier);
	power_down(u);
	cks_uart_fifo(u, false);
	cks_coupler_set_capabilities(c, u->idle_caps);
}

bool cks_uart_present(struct cks_coupler *c)
{
	struct cks_uart *u = cks_coupler_drvdata(c);
	u8 bit;

	if (u->pd.wiring && u->pd.wiring->present)
		return u->pd.wiring->present(u->pd.wiring);
	switch (u->set.detect_line) {
	case CKS_MODEM_LINE_CTS:
		bit = UART_MSR_CTS;
		break;
	case CKS_MODEM_LINE_DSR:
		bit = UART_MSR_DSR;
		break;
	case CKS_MODEM_LINE_DCD:
		bit = UART_MSR_DCD;
		break;
	default:
		return true;
	}
	return !!(u->msr & bit) != u->set.detect_invert;
}

/* No interrupt, card without power: how the UART is left, and how it starts. */
void cks_uart_off(struct cks_uart *u)
{
	u->active = false;
	u->armed = false;
	u->ier = 0;
	cks_uart_out(u, UART_IER, 0);
	power_down(u);
	cks_uart_fifo(u, false);
}
