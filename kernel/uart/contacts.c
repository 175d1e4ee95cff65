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

/*
 * RST is on one of RTS and DTR, the power switch on the other, if there is one. OUT2 opens the way
 * of the interrupt on PC hardware.
 */
void cks_uart_set_contacts(struct cks_uart *u, bool rst_high, bool power)
{
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
}

void cks_uart_set_rate(struct cks_uart *u, const struct cks_uart_rate *rate, u8 lcr)
{
	u->rate = *rate;
	u->lcr = lcr;
	u->family->set_rate(&u->io, rate, lcr);
}

/*
 * The FIFO stays off: with it the receiver's interrupt comes at 10.69 instead of 10.56 bits, and
 * no time is left for the error signal of T=0 (ISO/IEC 7816-3 7.3), which has to start before
 * 10.7 etu. That signal would be armed here, on line->error_signal; this driver does not report the
 * capability yet.
 */
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
}

void cks_uart_rst(struct cks_coupler *c, bool high)
{
	struct cks_uart *u = cks_coupler_drvdata(c);

	if (!u->gone)
		cks_uart_set_contacts(u, high, u->power);
}

/* 6.2.1: RST low, VCC on, I/O in reception, CLK on; the switch does VCC and CLK at once. */
void cks_uart_activate(struct cks_coupler *c)
{
	const struct iso7816_line initial = { .f = 372, .d = 1 };
	struct cks_uart *u = cks_coupler_drvdata(c);

	if (u->gone)
		return;
	cks_uart_tx_stop(u);
	cks_uart_set_contacts(u, false, u->power);
	cks_uart_line(c, &initial);
	cks_uart_flush(u);
	u->active = true;
	u->ier = UART_IER_RDI | UART_IER_RLSI | UART_IER_MSI;
	cks_uart_out(u, UART_IER, u->ier);
	cks_uart_set_contacts(u, false, true);
}

/* 6.4: RST low first, then the rest; I/O is high until VCC falls, since nobody pulls it. */
void cks_uart_deactivate(struct cks_coupler *c)
{
	struct cks_uart *u = cks_coupler_drvdata(c);

	/* Shut down: its interrupt would find no handler that clears its cause. */
	if (u->gone)
		return;
	cks_uart_tx_stop(u);
	u->active = false;
	u->ier = UART_IER_MSI;
	cks_uart_out(u, UART_IER, u->ier);
	cks_uart_set_contacts(u, false, u->power);
	cks_uart_set_contacts(u, false, false);
}

bool cks_uart_present(struct cks_coupler *c)
{
	struct cks_uart *u = cks_coupler_drvdata(c);
	u8 bit;

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
	u->ier = 0;
	cks_uart_out(u, UART_IER, 0);
	cks_uart_out(u, UART_FCR, 0);
	cks_uart_set_contacts(u, false, u->power);
	cks_uart_set_contacts(u, false, false);
}
