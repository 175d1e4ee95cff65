// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sending: one character at a time, each at its time, each compared with its echo.
 *
 * A character is written when the one before it has come back: that is 10.56 bits after its leading
 * edge and thus in time for the next one at 11 or 12. Larger gaps, and the wait before the first
 * character, are kept by the timer. All is protected by the coupler's raw spinlock; the timer and
 * most calls are in hard interrupt.
 */
#include "state.h"

/*
 * How long an echo may take beyond its character before it counts as missing. It only has to be
 * longer than any delay of the interrupt.
 */
#define ECHO_LATE_NS	NSEC_PER_SEC

static void wait_until(struct cks_uart *u, ktime_t t)
{
	u->at = t;
	hrtimer_start(&u->timer, t, HRTIMER_MODE_ABS_HARD);
}

static void end(struct cks_uart *u, u8 flags)
{
	u->tx = CKS_UART_TX_IDLE;
	u->data = NULL;
	hrtimer_try_to_cancel(&u->timer);
	/* May come back with the next cks_uart_send(). */
	cks_coupler_sent(u->coupler, u->edge, flags);
}

/* A frame is 12 bits, or 11 with one stop bit. */
static u64 frame_ns(const struct cks_uart *u)
{
	return cks_uart_sixteenths(u, 16 * (u->lcr & UART_LCR_STOP ? 12 : 11));
}

/* The start bit comes half a bit after the write, or later. */
static bool too_late(const struct cks_uart *u, ktime_t now)
{
	u64 since = ktime_to_ns(ktime_sub(now, u->edge)) + cks_uart_sixteenths(u, 8);

	return u->pos && since > u->limit_ns;
}

static void write_next(struct cks_uart *u, ktime_t now)
{
	if (too_late(u, now)) {
		end(u, ISO7816_TX_ECHO);
		return;
	}
	u->written = now;
	cks_uart_out(u, UART_TX, u->data[u->pos]);
	if (u->set.echo) {
		u->tx = CKS_UART_TX_ECHO;
		wait_until(u, ktime_add_ns(now, 2 * frame_ns(u) + ECHO_LATE_NS));
		return;
	}

	/* Half a bit to one and a half pass until the start bit: take the middle. */
	u->edge = ktime_add_ns(now, cks_uart_sixteenths(u, 16));
	if (u->pos + 1 == u->len) {
		u->tx = CKS_UART_TX_LAST;
		wait_until(u, ktime_add_ns(u->edge,
					   cks_uart_sixteenths(u, CKS_UART_RX_SIXTEENTHS)));
		return;
	}
	u->pos++;
	u->tx = CKS_UART_TX_WAIT;
	/* The start bit of this one may come a bit later than that of the next. */
	wait_until(u, ktime_add_ns(now, max(u->gap_ns, frame_ns(u)) + cks_uart_sixteenths(u, 16)));
}

static void write_or_wait(struct cks_uart *u, ktime_t at)
{
	ktime_t now = ktime_get();

	u->tx = CKS_UART_TX_WAIT;
	if (ktime_before(now, at))
		wait_until(u, at);
	else
		write_next(u, now);
}

/*
 * Operation @send of the coupler. No leading edge is before its time, since the character is
 * written to THR at that time; the UART adds 0.5 to 1.5 bits of its own.
 */
void cks_uart_send(struct cks_coupler *c, const struct cks_characters *chars)
{
	struct cks_uart *u = cks_coupler_drvdata(c);

	if (!u->active || !chars->len)
		return;
	u->data = chars->data;
	u->len = chars->len;
	u->pos = 0;
	u->gap_ns = chars->gap_ns;
	u->limit_ns = chars->limit_ns;
	write_or_wait(u, chars->at);
}

/**
 * cks_uart_tx_echo() - a character was received: is it our own?
 * @u: UART
 * @edge: its leading edge
 * @byte: character
 * @flags: ISO7816_RX_*
 *
 * Return: true if it was the echo and has been dealt with
 */
bool cks_uart_tx_echo(struct cks_uart *u, ktime_t edge, u8 byte, u8 flags)
{
	u64 frame;

	if (u->tx != CKS_UART_TX_ECHO)
		return false;
	/* Half a bit at least lies between the write and the start bit: this one was the card's. */
	if (ktime_before(edge, u->written))
		return false;

	u->edge = edge;
	if (byte != u->data[u->pos] || flags) {
		end(u, ISO7816_TX_ECHO);
		return true;
	}
	if (u->pos + 1 == u->len) {
		end(u, 0);
		return true;
	}
	u->pos++;

	/*
	 * The stop bits make the gap where it is as long as a frame; a UART that is faster than the
	 * etu by what is tolerated counts as making it.
	 */
	frame = frame_ns(u);
	if (u->gap_ns <= frame + frame / 32)
		write_next(u, ktime_get());
	else
		write_or_wait(u, ktime_add_ns(edge, u->gap_ns));
	return true;
}

enum hrtimer_restart cks_uart_timer(struct hrtimer *timer)
{
	struct cks_uart *u = container_of(timer, struct cks_uart, timer);
	ktime_t now;

	raw_spin_lock(u->lock);
	now = ktime_get();
	/* Waiting for the lock, it may have been overtaken by what it was waiting for. */
	if (u->gone || ktime_before(now, u->at))
		goto out;

	switch (u->tx) {
	case CKS_UART_TX_WAIT:
		write_next(u, now);
		break;
	case CKS_UART_TX_ECHO:
		cks_uart_poll(u->coupler);
		if (u->tx != CKS_UART_TX_ECHO || ktime_before(now, u->at))
			break;
		u->edge = u->written;
		end(u, ISO7816_TX_ECHO);
		break;
	case CKS_UART_TX_LAST:
		end(u, 0);
		break;
	case CKS_UART_TX_IDLE:
		break;
	}
out:
	raw_spin_unlock(u->lock);
	return HRTIMER_NORESTART;
}

void cks_uart_tx_stop(struct cks_uart *u)
{
	u->tx = CKS_UART_TX_IDLE;
	u->data = NULL;
	hrtimer_try_to_cancel(&u->timer);
}
