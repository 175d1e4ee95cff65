// SPDX-License-Identifier: GPL-2.0-only
/*
 * The error signal of T=0 (ISO/IEC 7816-3 7.3), which a 16550 knows nothing of: given by a break,
 * recognised by what the receiver makes of it.
 *
 * Giving it. The receiver takes its own break for a start bit, and at the rate of the line would
 * receive until 21.2 etu: over the character that is repeated at 13. So the break is set together
 * with divisor 1. What the receiver then takes for a character is over, and all low, long before
 * the break is; it is thrown away, and the divisor restored with the end of the break.
 *
 * Recognising it. The card pulls the line low after the echo of a character was sampled, or just
 * when it is. With divisor 1 from the echo on, the receiver has something to tell by 10.75 etu and
 * 11 bits of its own, in time for the next character to start at 12 etu or a little later. At the
 * rate of the line it would tell at 21.2 etu. That is early enough for the last character: only the
 * card's answer follows it, which must not meet divisor 1 if the timer is late. What begins before
 * the answer can is a signal.
 *
 * Divisor 1 does no harm to the transmitter, which is in its stop bits. All here is called with
 * the coupler's raw spinlock held, mostly in hard interrupt.
 */
#include "state.h"

/* F/D at TA1 13. Where the etu is shorter, 10.7 of them are over before a handler has done much. */
#define CLKS_MIN	93

/*
 * With less, the card's answer at 12 etu could come before the receiver is back at its rate; and
 * what it makes of a break must be over before the break.
 */
#define DIV_MIN		11

/* From the interrupt to the break: 0.75 us until the handler runs, and an access to a port. */
#define WINDOW_MIN_NS	2000

/* ISO/IEC 7816-3 7.3: the signal takes 1 to 2 etu. */
#define SIGNAL_SIXTEENTHS	(16 + 8)

/* An answer of the card begins 12 etu after the last character of the coupler, less 0.2. */
#define ANSWER_SIXTEENTHS	(11 * 16 + 6)

/* What the receiver makes of a signal: FE, or FF if it is shorter. */
#define SIGNAL_BYTE	0xfe

/* The signal of the card has begun by 10.7 etu, and ended by 12.7. */
#define PROBE_SIXTEENTHS	(10 * 16 + 12)
#define PROBE_FAST_BITS		11

/* The card repeats its character 13 etu after its first leading edge, or later: 13 less 0.2. */
#define REPEAT_SIXTEENTHS	(12 * 16 + 12)

/**
 * cks_uart_can_signal() - can parity errors be signalled and signals be recognised?
 * @u: UART, with settings and rate
 * @f: F
 * @d: D
 * @ret_window_ns: from the interrupt of the receiver to the latest begin of a signal, 10.7 etu
 */
bool cks_uart_can_signal(const struct cks_uart *u, u16 f, u8 d, u32 *ret_window_ns)
{
	u64 announced = cks_uart_sixteenths(u, CKS_UART_RX_SIXTEENTHS);
	u64 latest = div_u64(cks_uart_etu_ns(u, f, d) * 107, 10);

	*ret_window_ns = 0;
	if (u->family != &cks_uart_16550 || !u->set.echo || f < CLKS_MIN * d ||
	    u->rate.div < DIV_MIN)
		return false;
	if (latest < announced + WINDOW_MIN_NS)
		return false;
	*ret_window_ns = latest - announced;
	return true;
}

/* Divisor 1, and break if @brk says so. Return: the time at which that is on the line. */
static ktime_t fast(struct cks_uart *u, u8 brk)
{
	ktime_t now;

	cks_uart_out(u, UART_LCR, u->lcr | brk | UART_LCR_DLAB);
	now = ktime_get();
	cks_uart_out(u, UART_DLL, 1);
	if (u->rate.div > 0xff)
		cks_uart_out(u, UART_DLM, 0);
	cks_uart_out(u, UART_LCR, u->lcr | brk);
	u->fast = true;
	return now;
}

/**
 * cks_uart_slow() - end of break and divisor 1, if they are on
 * @u: UART
 */
void cks_uart_slow(struct cks_uart *u)
{
	if (!u->fast)
		return;
	cks_uart_out(u, UART_LCR, u->lcr | UART_LCR_DLAB);
	cks_uart_out(u, UART_DLL, u->rate.div & 0xff);
	if (u->rate.div > 0xff)
		cks_uart_out(u, UART_DLM, u->rate.div >> 8);
	cks_uart_out(u, UART_LCR, u->lcr);
	u->fast = false;
}

static void cost(struct cks_uart *u, enum cks_cost what, s64 ns)
{
	/* Late interrupts move edges against each other. */
	cks_coupler_cost(u->coupler, what, div_u64(max(ns, 0) * 1000ULL, u->etu_ns));
}

/**
 * cks_uart_sent_cost() - the echo of a character has come: what did it take to have it refusable?
 * @u: UART, @edge and @repeats are those of the character
 * @was: leading edge of the one before it
 */
void cks_uart_sent_cost(struct cks_uart *u, ktime_t was)
{
	s64 gap = ktime_to_ns(ktime_sub(u->edge, was));

	if (!u->armed)
		return;
	if (u->repeats)
		cost(u, CKS_COST_REPEAT, gap);
	else if (u->pos)
		cost(u, CKS_COST_SIGNAL, gap - (s64)u->gap_ns);
}

/* Leading edge of the character that was refused last. */
static ktime_t refused_edge(const struct cks_uart *u)
{
	return ktime_sub_ns(u->announced, cks_uart_rx_delay_ns(u));
}

/**
 * cks_uart_refused_cost() - the card has sent a character: what did it take, if it was refused?
 * @u: UART
 * @edge: its leading edge
 */
void cks_uart_refused_cost(struct cks_uart *u, ktime_t edge)
{
	if (u->refusals)
		cost(u, CKS_COST_REPEAT, ktime_to_ns(ktime_sub(edge, refused_edge(u))));
}

/* Not repeated, or repeated in vain: the engine has to know of the character after all. */
static void give_up(struct cks_uart *u)
{
	u->refusals = 0;
	cks_uart_deliver(u, refused_edge(u), u->refused);
}

/**
 * cks_uart_refuse() - give the signal for the character in RBR, which has a parity error
 * @u: UART, with nothing to send
 * @announced: when the receiver announced it
 * @lsr: as it was read
 *
 * Context: hard interrupt, first pass
 */
void cks_uart_refuse(struct cks_uart *u, ktime_t announced, u8 lsr)
{
	ktime_t now = fast(u, UART_LCR_SBC);

	cks_uart_refused_cost(u, ktime_sub_ns(announced, cks_uart_rx_delay_ns(u)));
	u->announced = announced;
	u->refused.flags = cks_uart_rx_flags(lsr);
	u->refused.byte = cks_uart_in(u, UART_RX);
	if (ktime_to_ns(ktime_sub(now, announced)) > u->window_ns) {
		/* The card may take this for a part of its next character, and so may we. */
		cks_uart_slow(u);
		give_up(u);
		return;
	}
	u->refusals++;
	cks_coupler_refused(u->coupler, false);
	u->tx = CKS_UART_TX_SIGNAL;
	cks_uart_wait(u, ktime_add_ns(now, cks_uart_etu_sixteenths(u, SIGNAL_SIXTEENTHS)));
}

/**
 * cks_uart_signal_over() - the time of the signal is over
 * @u: UART, in state TX_SIGNAL
 *
 * Context: hard interrupt, of the timer
 */
void cks_uart_signal_over(struct cks_uart *u)
{
	ktime_t last = ktime_add_ns(refused_edge(u), cks_uart_etu_sixteenths(u, REPEAT_SIXTEENTHS));

	/* What became of the break in the receiver, if its interrupt is late. */
	if (cks_uart_in(u, UART_LSR) & UART_LSR_DR)
		cks_uart_in(u, UART_RX);
	cks_uart_slow(u);
	u->tx = CKS_UART_TX_IDLE;
	if (ktime_after(ktime_get(), last))
		give_up(u);
	/* The engine may have something to send meanwhile, or now. */
	if (u->tx == CKS_UART_TX_IDLE && u->data)
		cks_uart_tx_start(u, u->start);
}

/**
 * cks_uart_await_signal() - look for a signal of the card
 * @u: UART, whose last character has just come back
 */
void cks_uart_await_signal(struct cks_uart *u)
{
	u64 bits = div_u64(cks_uart_sixteenths(u, 16 * PROBE_FAST_BITS), u->rate.div);
	ktime_t from = ktime_add_ns(u->edge, cks_uart_etu_sixteenths(u, PROBE_SIXTEENTHS));
	ktime_t now = fast(u, 0);

	if (ktime_after(now, from))
		from = now;
	u->tx = CKS_UART_TX_PROBE;
	cks_uart_wait(u, ktime_add_ns(from, bits + 1));
}

/**
 * cks_uart_is_signal() - has the card refused the last character that was sent?
 * @u: UART
 * @edge: leading edge of what was received now
 * @byte: what was received
 *
 * One or two bits low and the rest high: nothing else is made of a signal. Where interrupts are
 * late, the answer of the card may seem to begin as early; but few answers look like that.
 */
bool cks_uart_is_signal(const struct cks_uart *u, ktime_t edge, u8 byte)
{
	u64 answer = cks_uart_etu_sixteenths(u, ANSWER_SIXTEENTHS);

	return u->armed && u->doubt && byte >= SIGNAL_BYTE &&
	       ktime_before(edge, ktime_add_ns(u->edge, answer));
}
