// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sending: each character at its time, each compared with its echo.
 *
 * A character is written when the one before it has come back: that is 10.56 bits after its leading
 * edge and thus in time for the next one at 11 or 12. Larger gaps, and the wait before the first
 * character, are kept by the timer. Where no gap is to be kept and nothing can be refused, T=1 with
 * N = 0 or 255, the FIFO takes several at a time (fifo.c). In T=0 the card may refuse a character
 * after its echo has come (signal.c); it is then sent again, the last one even after the core was
 * told that it is out.
 *
 * All is protected by the coupler's raw spinlock; the timer and most calls are in hard interrupt.
 */
#include "state.h"

/*
 * How long an echo may take beyond its character before it counts as missing. It only has to be
 * longer than any delay of the interrupt.
 */
#define ECHO_LATE_NS	NSEC_PER_SEC

/*
 * From the leading edge of a refused character to that of its repetition: a signal that began at
 * 10.7 etu and took 2 etu, and 2 etu more (7.3).
 */
#define REPEAT_SIXTEENTHS	(14 * 16 + 12)

/**
 * cks_uart_wait() - have cks_uart_timer() do what is next
 * @u: UART
 * @t: when
 */
void cks_uart_wait(struct cks_uart *u, ktime_t t)
{
	u->at = t;
	hrtimer_start(&u->timer, t, HRTIMER_MODE_ABS_HARD);
}

/* Of twelve etu, each rounded to a nanosecond, and their sum. */
#define ROUNDED_NS	8

static void end(struct cks_uart *u, u8 flags)
{
	u->last = u->data[u->pos];
	u->doubt = u->armed && !flags;
	u->tx = CKS_UART_TX_IDLE;
	u->data = NULL;
	hrtimer_try_to_cancel(&u->timer);
	/* What comes next is the first character of a block. */
	u->block = 0;
	cks_uart_expect(u, 1);
	/* May come back with the next cks_uart_send(). */
	cks_coupler_sent(u->coupler, u->edge, flags);
}

/* The start bit comes half a bit after the write, or later. */
static bool too_late(const struct cks_uart *u, ktime_t now)
{
	u64 since = ktime_to_ns(ktime_sub(now, u->edge)) +
		    cks_uart_sixteenths(u, CKS_UART_START_SIXTEENTHS);

	return u->pos && since > u->limit_ns;
}

/*
 * No gap beyond the frame: the stop bits make it. Compared with the frame as the etu has it, since
 * a UART may be faster by what is tolerated, and N may count in less than that (T=15).
 */
static bool back_to_back(const struct cks_uart *u)
{
	return u->gap_ns <= (u->lcr & UART_LCR_STOP ? 12 : 11) * (u64)u->etu_ns + ROUNDED_NS;
}

/* Several at a time: no gap, nothing that the card could refuse, and an echo. */
static bool fills(const struct cks_uart *u)
{
	return u->level && u->set.echo && back_to_back(u);
}

/* The echoes of @n characters, written now, are awaited. */
static void await_echo(struct cks_uart *u, ktime_t now, unsigned int n, u64 late)
{
	u->tx = CKS_UART_TX_ECHO;
	cks_uart_wait(u, ktime_add_ns(now, (n + 1) * cks_uart_frame_ns(u) + late));
}

/* As many as the FIFO takes, and as their echoes have room in the other one. */
static void fill(struct cks_uart *u, ktime_t now)
{
	while (u->queued < u->len && u->queued - u->pos < u->fifo)
		cks_uart_out(u, UART_TX, u->data[u->queued++]);
	/* If more are to follow, they have to be there before the last of these has gone. */
	cks_uart_expect(u, u->queued < u->len ? u->fifo / 2 : u->queued - u->pos);
	await_echo(u, now, u->queued - u->pos, min(u->limit_ns, ECHO_LATE_NS));
}

static void write_next(struct cks_uart *u, ktime_t now)
{
	u64 frame = cks_uart_frame_ns(u);

	if (too_late(u, now)) {
		end(u, ISO7816_TX_ECHO);
		return;
	}
	u->written = now;
	if (fills(u)) {
		fill(u, now);
		return;
	}
	/* A block that was taken out to its end at once has left a deeper trigger behind. */
	cks_uart_expect(u, 1);
	cks_uart_out(u, UART_TX, u->data[u->pos]);
	u->queued = u->pos + 1;
	if (u->set.echo) {
		await_echo(u, now, 1, ECHO_LATE_NS);
		return;
	}

	/* Half a bit to one and a half pass until the start bit: take the middle. */
	u->edge = ktime_add_ns(now, cks_uart_sixteenths(u, 16));
	if (u->pos + 1 == u->len) {
		u->tx = CKS_UART_TX_LAST;
		cks_uart_wait(u, ktime_add_ns(u->edge, cks_uart_rx_delay_ns(u)));
		return;
	}
	u->pos++;
	u->tx = CKS_UART_TX_WAIT;
	/* The start bit of this one may come a bit later than that of the next. */
	cks_uart_wait(u, ktime_add_ns(now, max(u->gap_ns, frame) + cks_uart_sixteenths(u, 16)));
}

/**
 * cks_uart_tx_start() - send the next character
 * @u: UART
 * @at: not before this
 *
 * It is written half a bit earlier, since so long at least the UART takes to begin with it.
 */
void cks_uart_tx_start(struct cks_uart *u, ktime_t at)
{
	ktime_t now = ktime_get();

	at = ktime_sub_ns(at, cks_uart_sixteenths(u, CKS_UART_START_SIXTEENTHS));
	u->tx = CKS_UART_TX_WAIT;
	if (ktime_before(now, at))
		cks_uart_wait(u, at);
	else
		write_next(u, now);
}

/* If it is known to be out already, the core hears of a parity error, which it is. */
static void give_up(struct cks_uart *u)
{
	bool told = u->data == &u->last;

	end(u, ISO7816_TX_REFUSED);
	if (told)
		cks_coupler_rx(u->coupler, u->edge, 0, ISO7816_RX_PARITY);
}

/* The card has refused the character whose echo has come. */
static void refused(struct cks_uart *u)
{
	u64 gap = max(u->gap_ns, cks_uart_etu_sixteenths(u, REPEAT_SIXTEENTHS));

	cks_uart_slow(u);
	cks_coupler_refused(u->coupler, true);
	u->bad_echo = false;
	if (u->repeats++ == CKS_UART_REPEATS)
		give_up(u);
	else
		cks_uart_tx_start(u, ktime_add_ns(u->edge, gap));
}

/**
 * cks_uart_tx_again() - the card has refused the last character
 * @u: UART, with @doubt
 */
void cks_uart_tx_again(struct cks_uart *u)
{
	if (u->data || u->tx != CKS_UART_TX_IDLE)
		return;
	u->data = &u->last;
	u->len = 1;
	u->pos = 0;
	refused(u);
}

/* Operation @send of the coupler. */
void cks_uart_send(struct cks_coupler *c, const struct cks_characters *chars)
{
	struct cks_uart *u = cks_coupler_drvdata(c);

	if (!u->active || !chars->len)
		return;
	u->data = chars->data;
	u->len = chars->len;
	u->pos = 0;
	u->queued = 0;
	u->repeats = 0;
	u->bad_echo = false;
	u->start = chars->at;
	u->gap_ns = chars->gap_ns;
	u->limit_ns = chars->limit_ns;
	if (u->tx != CKS_UART_TX_SIGNAL)
		cks_uart_tx_start(u, chars->at);
}

/* The character whose echo has come is done with. */
static void next(struct cks_uart *u)
{
	if (u->pos + 1 == u->len) {
		end(u, u->bad_echo ? ISO7816_TX_ECHO : 0);
		return;
	}
	u->pos++;
	u->repeats = 0;
	/* After a probe the stop bits were shorter. */
	if (back_to_back(u) && !u->armed)
		write_next(u, ktime_get());
	else
		cks_uart_tx_start(u, ktime_add_ns(u->edge, u->gap_ns));
}

/* One of several that are under way. What the card got is its to judge, by the block's EDC. */
static void echo_of_many(struct cks_uart *u, bool good)
{
	u->bad_echo |= !good;
	if (u->pos + 1 == u->len)
		next(u);
	else
		u->pos++;
}

/**
 * cks_uart_tx_refill() - the FIFO was emptied of echoes: it has room for as many characters
 * @u: UART
 */
void cks_uart_tx_refill(struct cks_uart *u)
{
	ktime_t now = ktime_get();

	if (u->tx != CKS_UART_TX_ECHO || !fills(u))
		return;
	/* Else the transmitter has not come to an end, and there is no gap. */
	if (u->pos == u->queued && too_late(u, now)) {
		end(u, ISO7816_TX_ECHO);
		return;
	}
	fill(u, now);
}

/**
 * cks_uart_tx_echo() - a character was received: is it our own?
 * @u: UART
 * @edge: its leading edge
 * @ch: character
 *
 * Return: true if it was the echo, or a signal of the card, and has been dealt with
 */
bool cks_uart_tx_echo(struct cks_uart *u, ktime_t edge, struct cks_uart_char ch)
{
	ktime_t was = u->edge;
	bool good;

	if (u->tx == CKS_UART_TX_PROBE) {
		refused(u);
		return true;
	}
	if (u->tx != CKS_UART_TX_ECHO)
		return false;
	/* Half a bit at least lies between the write and the start bit: this one was the card's. */
	if (ktime_before(edge, u->written))
		return false;

	u->edge = edge;
	cks_uart_sent_cost(u, was);
	good = ch.byte == u->data[u->pos] && !ch.flags;
	if (fills(u)) {
		echo_of_many(u, good);
		return true;
	}
	/* A signal that begins early is in the sample of the stop bit already. */
	if (u->armed && ch.byte == u->data[u->pos] && !(ch.flags & ~ISO7816_RX_FRAMING) &&
	    (ch.flags || u->pos + 1 < u->len)) {
		u->bad_echo = ch.flags;
		cks_uart_await_signal(u);
		return true;
	}
	if (good)
		next(u);
	else
		end(u, ISO7816_TX_ECHO);
	return true;
}

static void no_echo(struct cks_uart *u)
{
	/* Empties it. */
	if (u->level)
		cks_uart_fifo(u, true);
	u->edge = u->written;
	end(u, ISO7816_TX_ECHO);
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
		if (u->tx == CKS_UART_TX_ECHO && !ktime_before(now, u->at))
			no_echo(u);
		break;
	case CKS_UART_TX_PROBE:
		cks_uart_poll(u->coupler);
		if (u->tx != CKS_UART_TX_PROBE || ktime_before(now, u->at))
			break;
		if (u->bad_echo) {
			refused(u);
			break;
		}
		cks_uart_slow(u);
		next(u);
		break;
	case CKS_UART_TX_LAST:
		end(u, 0);
		break;
	case CKS_UART_TX_SIGNAL:
		cks_uart_signal_over(u);
		break;
	case CKS_UART_TX_IDLE:
		break;
	}
out:
	raw_spin_unlock(u->lock);
	return HRTIMER_NORESTART;
}

/* Whatever is under way ends here, but for the character in the shift register. */
void cks_uart_tx_stop(struct cks_uart *u)
{
	cks_uart_slow(u);
	/* Which empties it. */
	if (u->level && u->data && u->queued > u->pos)
		cks_uart_fifo(u, true);
	u->tx = CKS_UART_TX_IDLE;
	u->data = NULL;
	u->doubt = false;
	hrtimer_try_to_cancel(&u->timer);
}
