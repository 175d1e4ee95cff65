// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a UART's interrupt brings: received characters, echo among them, and the card detect
 * contact. Who calls it when is in irq.c.
 *
 * All is called with the coupler's raw spinlock held, mostly in hard interrupt (IRQF_NO_THREAD).
 */
#include "state.h"

/*
 * Causes handled at most in one interrupt: a UART that is stuck must not hang the processor. A real
 * one has one or two; the bench brings all that a processor has missed which was busy elsewhere.
 */
#define MAX_CAUSES	256

/*
 * With the FIFOs on each of them may be as many characters as there is room for. While those of a
 * deep one are taken out and it is filled again, others come, and while they are, a few more.
 */
#define MIN_CAUSES	8

static int max_causes(const struct cks_uart *u)
{
	return u->level ? max(MAX_CAUSES / u->fifo, MIN_CAUSES) : MAX_CAUSES;
}

/* ISO7816_RX_* of what LSR says. */
u8 cks_uart_rx_flags(u8 lsr)
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

/**
 * cks_uart_deliver() - a character was received: ours, or the card's?
 * @u: UART
 * @edge: its leading edge
 * @ch: character
 */
void cks_uart_deliver(struct cks_uart *u, ktime_t edge, struct cks_uart_char ch)
{
	/* What the receiver makes of our own signal. */
	if (!u->active || u->tx == CKS_UART_TX_SIGNAL)
		return;
	if (cks_uart_tx_echo(u, edge, ch))
		return;
	if (cks_uart_is_signal(u, edge, ch.byte)) {
		cks_uart_tx_again(u);
		return;
	}
	cks_uart_refused_cost(u, edge);
	u->edge = edge;
	u->doubt = false;
	u->refusals = 0;
	cks_uart_follow(u, ch.byte);
	cks_coupler_rx(u->coupler, edge, ch.byte, ch.flags);
}

/* The time at which the receiver announced a character, as well as it is known. */
static ktime_t announced(const struct cks_uart *u, ktime_t now)
{
	return u->pd.rx_time ? u->pd.rx_time(u->pd.ctx) : now;
}

/* FIFO off. */
static void receive(struct cks_uart *u, ktime_t now, u8 lsr)
{
	struct cks_uart_char ch;

	now = announced(u, now);
	ch.flags = cks_uart_rx_flags(lsr);
	ch.byte = cks_uart_in(u, UART_RX);
	cks_uart_deliver(u, ktime_sub_ns(now, cks_uart_rx_delay_ns(u)), ch);
}

/* LSR, of which the first pass has read some already. */
static u8 status(struct cks_uart *u)
{
	u8 lsr = u->lsr;

	u->lsr = 0;
	if (!(lsr & UART_LSR_DR))
		lsr |= cks_uart_in(u, UART_LSR);
	return lsr;
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

	/* The board's contact has an interrupt of its own. */
	if (u->pd.wiring && u->pd.wiring->present)
		return;
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

/* One cause. Return: whether it was dealt with. */
static bool handle(struct cks_uart *u, ktime_t now, u8 iir)
{
	u8 lsr;

	switch (iir & CKS_UART_IIR_CAUSE) {
	case UART_IIR_MSI:
		modem(u);
		return true;
	case UART_IIR_RLSI:
	case UART_IIR_RDI:
	case UART_IIR_RX_TIMEOUT:
		break;
	default:
		/* THRE is not enabled; reading IIR has cleared it. */
		return true;
	}

	if (u->level && cks_uart_drain(u, now, (iir & CKS_UART_IIR_CAUSE) == UART_IIR_RX_TIMEOUT ?
				     CKS_UART_DRAIN_TIMEOUT : CKS_UART_DRAIN_TRIGGER))
		return true;
	lsr = status(u);
	if (lsr == CKS_UART_OPEN_BUS)
		return false;
	if (lsr & UART_LSR_DR) {
		receive(u, now, lsr);
		return true;
	}
	/* Reading LSR has cleared an error without a character. */
	return (iir & CKS_UART_IIR_CAUSE) == UART_IIR_RLSI;
}

/**
 * cks_uart_urgent() - first pass of an interrupt: what cannot wait for other UARTs on the line
 * @u: UART
 * @now: when the interrupt came
 *
 * That is the error signal of T=0: 14 us are left for it at 9600 bit/s, 3.6 us at 38,400.
 *
 * Context: hard interrupt, coupler's lock held
 */
void cks_uart_urgent(struct cks_uart *u, ktime_t now)
{
	u8 lsr;

	if (!u->armed || u->gone || u->tx != CKS_UART_TX_IDLE || u->stuck)
		return;
	lsr = cks_uart_in(u, UART_LSR);
	u->lsr = lsr;
	if ((lsr & (UART_LSR_DR | UART_LSR_PE | UART_LSR_BI | UART_LSR_OE)) !=
	    (UART_LSR_DR | UART_LSR_PE))
		return;
	if (u->refusals == CKS_UART_REPEATS)
		return;
	now = announced(u, now);
	if (ktime_to_ns(ktime_sub(ktime_get(), now)) > u->window_ns ||
	    cks_uart_is_signal(u, ktime_sub_ns(now, cks_uart_rx_delay_ns(u)), 0xff))
		return;
	u->lsr = 0;
	u->urgent = true;
	cks_uart_refuse(u, now, lsr);
}

/*
 * Its interrupt has no end, or its registers are gone. The engine's deadlines end what runs; the
 * card is activated anew, and the UART with it.
 */
static void stuck(struct cks_uart *u)
{
	u->stuck = true;
	u->ier = 0;
	cks_uart_out(u, UART_IER, 0);
	dev_err_ratelimited(u->dev, "its interrupt has no end: masked until the next activation\n");
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
	irqreturn_t ret = u->urgent ? IRQ_HANDLED : IRQ_NONE;
	int n;
	u8 iir;

	u->urgent = false;
	if (u->gone || u->stuck)
		return ret;
	for (n = 0; n < max_causes(u) && !u->gone; n++) {
		iir = cks_uart_in(u, UART_IIR);
		if (iir & UART_IIR_NO_INT)
			return ret;
		ret = IRQ_HANDLED;
		u->heard = true;
		if (!handle(u, now, iir))
			return ret;
		now = ktime_get();
	}
	if (!u->gone)
		stuck(u);
	return ret;
}

void cks_uart_poll(struct cks_coupler *c)
{
	struct cks_uart *u = cks_coupler_drvdata(c);
	u8 lsr;
	int n;

	for (n = 0; n < max_causes(u) && !u->gone; n++) {
		if (u->level) {
			if (!cks_uart_drain(u, ktime_get(), CKS_UART_DRAIN_POLL))
				break;
			continue;
		}
		lsr = status(u);
		if (!(lsr & UART_LSR_DR) || lsr == CKS_UART_OPEN_BUS)
			break;
		receive(u, ktime_get(), lsr);
	}
}

void cks_uart_flush(struct cks_uart *u)
{
	unsigned int n;

	/* Also what is in a FIFO that somebody left on. */
	for (n = 0; n <= CKS_UART_FIFO_MAX; n++) {
		if (!(cks_uart_in(u, UART_LSR) & UART_LSR_DR))
			break;
		cks_uart_in(u, UART_RX);
	}
	cks_uart_in(u, UART_IIR);
	u->lsr = 0;
}
