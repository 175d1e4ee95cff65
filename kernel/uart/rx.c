// SPDX-License-Identifier: GPL-2.0-only
/*
 * The interrupt: received characters, echo among them, and the card detect contact.
 *
 * The handler runs in hard interrupt (IRQF_NO_THREAD) and takes the coupler's raw spinlock; the
 * other functions are called with it held.
 */
#include "state.h"

/* Causes handled at most in one interrupt: a UART that is stuck must not hang the processor. */
#define MAX_CAUSES	64

static u8 rx_flags(u8 lsr)
{
	u8 flags = 0;

	if (lsr & UART_LSR_PE)
		flags |= ISO7816_RX_PARITY;
	if (lsr & (UART_LSR_FE | UART_LSR_BI))
		flags |= ISO7816_RX_FRAMING;
	if (lsr & UART_LSR_OE)
		flags |= ISO7816_RX_OVERRUN;
	return flags;
}

static void receive(struct cks_uart *u, ktime_t now, u8 lsr)
{
	u8 flags = rx_flags(lsr);
	ktime_t edge;
	u8 byte;

	if (u->pd.rx_time)
		now = u->pd.rx_time(u->pd.ctx);
	edge = ktime_sub_ns(now, cks_uart_sixteenths(u, CKS_UART_RX_SIXTEENTHS));
	byte = cks_uart_in(u, UART_RX);
	if (!u->active)
		return;
	if (cks_uart_tx_echo(u, edge, byte, flags))
		return;
	cks_coupler_rx(u->coupler, edge, byte, flags);
}

/*
 * A contact that changed and is as before has been open in between: the core hears of both, or a
 * card that was exchanged would pass for the old one.
 */
static void modem(struct cks_uart *u)
{
	bool was, is;
	u8 msr, delta;

	was = cks_uart_present(u->coupler);
	msr = cks_uart_in(u, UART_MSR);
	u->msr = msr;
	is = cks_uart_present(u->coupler);

	switch (u->set.detect_line) {
	case CKS_MODEM_LINE_CTS:
		delta = UART_MSR_DCTS;
		break;
	case CKS_MODEM_LINE_DSR:
		delta = UART_MSR_DDSR;
		break;
	case CKS_MODEM_LINE_DCD:
		delta = UART_MSR_DDCD;
		break;
	default:
		return;
	}
	if (was == is && (msr & delta))
		cks_coupler_presence(u->coupler, !is);
	if (was != is || (msr & delta))
		cks_coupler_presence(u->coupler, is);
}

/* One cause. */
static bool handle(struct cks_uart *u, ktime_t now, u8 iir)
{
	u8 lsr;

	switch (iir & UART_IIR_ID) {
	case UART_IIR_MSI:
		modem(u);
		return true;
	case UART_IIR_RLSI:
	case UART_IIR_RDI:
	case UART_IIR_RX_TIMEOUT:
		lsr = cks_uart_in(u, UART_LSR);
		if (lsr & UART_LSR_DR) {
			receive(u, now, lsr);
			return true;
		}
		/* Reading LSR has cleared an error without a character. */
		return (iir & UART_IIR_ID) == UART_IIR_RLSI;
	default:
		/* THRE is not enabled; reading IIR has cleared it. */
		return true;
	}
}

/**
 * cks_uart_urgent() - first pass of an interrupt: what cannot wait for other UARTs on the line
 * @u: UART
 * @now: when the interrupt came
 *
 * Context: hard interrupt, coupler's lock held
 */
void cks_uart_urgent(struct cks_uart *u, ktime_t now)
{
}

/**
 * cks_uart_service() - second pass: everything else
 * @u: UART, for which cks_uart_urgent() was called before
 * @now: when the interrupt came
 *
 * Context: hard interrupt, coupler's lock held
 * Return: %IRQ_NONE if the interrupt was not this UART's
 */
irqreturn_t cks_uart_service(struct cks_uart *u, ktime_t now)
{
	irqreturn_t ret = IRQ_NONE;
	int n;
	u8 iir;

	for (n = 0; n < MAX_CAUSES && !u->gone; n++) {
		iir = cks_uart_in(u, UART_IIR);
		if (iir & UART_IIR_NO_INT)
			break;
		ret = IRQ_HANDLED;
		if (!handle(u, now, iir))
			break;
		now = ktime_get();
	}
	return ret;
}

/* Of a UART that has its line for itself. */
irqreturn_t cks_uart_interrupt(int irq, void *data)
{
	ktime_t now = ktime_get();
	struct cks_uart *u = data;
	irqreturn_t ret;

	raw_spin_lock(u->lock);
	cks_uart_urgent(u, now);
	ret = cks_uart_service(u, now);
	raw_spin_unlock(u->lock);
	return ret;
}

void cks_uart_poll(struct cks_coupler *c)
{
	struct cks_uart *u = cks_coupler_drvdata(c);
	int n;
	u8 lsr;

	for (n = 0; n < MAX_CAUSES && !u->gone; n++) {
		lsr = cks_uart_in(u, UART_LSR);
		if (!(lsr & UART_LSR_DR))
			break;
		receive(u, ktime_get(), lsr);
	}
}

void cks_uart_flush(struct cks_uart *u)
{
	int n;

	/* 16 for a FIFO that somebody left on. */
	for (n = 0; n < 17; n++) {
		if (!(cks_uart_in(u, UART_LSR) & UART_LSR_DR))
			break;
		cks_uart_in(u, UART_RX);
	}
	cks_uart_in(u, UART_IIR);
}
