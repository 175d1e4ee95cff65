// SPDX-License-Identifier: GPL-2.0-only
/*
 * The thread that does to the tty what the operations have noted: one for each coupler, SCHED_FIFO,
 * since a card that waits too long for RST or for the rest of a block is lost.
 *
 * What is to be done is not queued but compared: the lines and the rate as they are to be with what
 * they are. Of the past, only what the card must have seen counts: that VCC was off, that RST was
 * low. So there is nothing that can overflow, however late the thread is.
 */
#include <linux/hrtimer.h>
#include <linux/kcov.h>
#include <linux/kthread.h>

#include "tty.h"

/* When a tty has no room, it is asked again so much later. */
#define ROOM_NS		(2 * NSEC_PER_MSEC)

/* Without an echo, nothing tells when a character leaves a USB adapter: its frames are 1 ms. */
#define BLIND_NS	(2 * NSEC_PER_MSEC)

enum step {
	STEP_SLEEP,
	STEP_OFF,
	STEP_LOW,
	STEP_LINE,
	STEP_HIGH,
	STEP_WRITE,
	STEP_SENT,
	STEP_LOOK,
};

/* ---------------------------------------------------------------------------- deciding */

static bool same(const struct iso7816_line *a, const struct iso7816_line *b, bool parity)
{
	return a->f == b->f && a->d == b->d && a->guard11 == b->guard11 &&
	       (!parity || a->odd == b->odd);
}

/* Parity alone can wait until the card is silent; see rx.c. */
static bool line_due(const struct cks_tty *t)
{
	return !same(&t->line, &t->is_line, !t->is_rst || t->tx != CKS_TTY_TX_IDLE);
}

/* Whether it is time for something; else @until becomes that time, if it is the earliest. */
static bool due(ktime_t at, ktime_t now, ktime_t *until)
{
	if (now >= at)
		return true;
	*until = min(*until, at);
	return false;
}

/* What is to be done now, or how long there is nothing. Locked. */
static enum step next(struct cks_tty *t, ktime_t now, ktime_t *until)
{
	*until = KTIME_MAX;
	if (t->off)
		return STEP_OFF;
	if (t->asleep)
		return STEP_SLEEP;
	if (t->low) {
		if (t->is_power || due(ktime_add_ns(t->off_at, CKS_TTY_OFF_NS), now, until))
			return STEP_LOW;
	} else if (t->is_power && line_due(t)) {
		return STEP_LINE;
	} else if (t->rst && !t->is_rst) {
		if (due(ktime_add_ns(t->low_at, t->low_ns), now, until))
			return STEP_HIGH;
	} else if (t->tx == CKS_TTY_TX_WAIT) {
		if (due(t->at, now, until))
			return STEP_WRITE;
	} else if (t->tx == CKS_TTY_TX_LAST) {
		if (due(t->at, now, until))
			return STEP_SENT;
	}
	if (due(t->look_at, now, until))
		return STEP_LOOK;
	return STEP_SLEEP;
}

/* ---------------------------------------------------------------------------- the contacts */

/* 6.4: RST low, I/O low, then CLK and VCC off. */
static void step_off(struct cks_tty *t)
{
	raw_spin_lock_irq(t->lock);
	t->off = false;
	raw_spin_unlock_irq(t->lock);

	tty_driver_flush_buffer(t->tty);
	cks_tty_rst(t, false);
	cks_tty_power(t, false);

	raw_spin_lock_irq(t->lock);
	t->is_rst = false;
	t->is_power = false;
	t->off_at = ktime_get();
	raw_spin_unlock_irq(t->lock);
}

/* 6.2.1: RST low, VCC and CLK on, I/O in reception, if they are not; 6.2.3: RST low alone. */
static void step_low(struct cks_tty *t)
{
	bool power, was;

	raw_spin_lock_irq(t->lock);
	t->low = false;
	t->blind = false;
	t->overrun = false;
	was = t->is_power;
	power = t->power;
	raw_spin_unlock_irq(t->lock);

	cks_tty_rst(t, false);
	if (power != was)
		cks_tty_power(t, power);

	raw_spin_lock_irq(t->lock);
	t->is_rst = false;
	t->is_power = power;
	t->low_at = ktime_get();
	raw_spin_unlock_irq(t->lock);
}

static void step_high(struct cks_tty *t)
{
	bool high;

	raw_spin_lock_irq(t->lock);
	/* It may have been taken back. */
	high = t->rst && !t->low && !t->off;
	t->listen = high;
	raw_spin_unlock_irq(t->lock);
	if (!high)
		return;

	cks_tty_rst(t, true);

	raw_spin_lock_irq(t->lock);
	t->is_rst = true;
	raw_spin_unlock_irq(t->lock);
}

static void step_line(struct cks_tty *t)
{
	struct iso7816_line line;
	int err;

	raw_spin_lock_irq(t->lock);
	line = t->line;
	raw_spin_unlock_irq(t->lock);

	/* Only lines that configure() has found to be good are ever asked for. */
	err = cks_tty_set_line(t, &line);
	if (err)
		dev_err_ratelimited(t->tty->dev, "the tty has left the line as it was (%d)\n", err);

	raw_spin_lock_irq(t->lock);
	t->is_line = line;
	raw_spin_unlock_irq(t->lock);
}

/* ------------------------------------------------------------------------------- sending */

void cks_tty_tx_stop(struct cks_tty *t)
{
	t->tx = CKS_TTY_TX_IDLE;
	t->len = 0;
	t->pos = 0;
	t->echoed = 0;
	t->seq++;
}

/**
 * cks_tty_tx_end() - the transmission is over
 * @t: tty
 * @flags: 0 or ISO7816_TX_ECHO
 *
 * The core may come back with the next one.
 *
 * Context: locked
 */
void cks_tty_tx_end(struct cks_tty *t, u8 flags)
{
	cks_tty_tx_stop(t);
	cks_coupler_sent(t->coupler, t->edge, flags);
}

/*
 * The stop bits make the gap where it is as long as a frame; a UART that is faster than the etu by
 * what is tolerated counts as making it. Else one character is written at a time.
 */
static bool one_by_one(const struct cks_tty *t)
{
	u64 frame = cks_tty_frame(t);

	return t->gap_ns > frame + frame / 32;
}

/* What is to be written, into @out. Locked. */
static u16 take(struct cks_tty *t, ktime_t now)
{
	u16 n = t->len - t->pos;

	if (t->tx != CKS_TTY_TX_WAIT)
		return 0;
	if (t->pos && ktime_after(now, ktime_add_ns(t->edge, t->limit_ns))) {
		cks_tty_tx_end(t, ISO7816_TX_ECHO);
		return 0;
	}
	if (one_by_one(t))
		n = 1;
	memcpy(t->out, t->data + t->pos, n);
	t->pos += n;
	/* Before the write: the echo may overtake its return. */
	t->tx = CKS_TTY_TX_ECHO;
	return n;
}

/* Without an echo: when the @n characters that are written now must be out. Locked. */
static void wait_blind(struct cks_tty *t, u16 n)
{
	u64 frame = cks_tty_frame(t);
	ktime_t now = ktime_get();

	t->edge = ktime_add_ns(now, (n - 1) * frame + cks_tty_bits(t, 10));
	if (t->pos == t->len) {
		t->tx = CKS_TTY_TX_LAST;
		t->at = ktime_add_ns(t->edge, frame);
	} else {
		t->tx = CKS_TTY_TX_WAIT;
		t->at = ktime_add_ns(t->edge, max(t->gap_ns, frame) + BLIND_NS);
	}
}

static void step_write(struct cks_tty *t)
{
	unsigned int seq;
	ktime_t now;
	ssize_t done;
	u16 n;

	raw_spin_lock_irq(t->lock);
	n = take(t, ktime_get());
	seq = t->seq;
	raw_spin_unlock_irq(t->lock);
	if (!n)
		return;

	done = t->tty->ops->write(t->tty, t->out, n);

	raw_spin_lock_irq(t->lock);
	now = ktime_get();
	if (seq != t->seq) {
		/* Stopped meanwhile, or all of it has come back already. */
	} else if (done < 0) {
		t->edge = now;
		cks_tty_tx_end(t, ISO7816_TX_ECHO);
	} else if (done < n) {
		t->pos -= n - done;
		t->tx = CKS_TTY_TX_WAIT;
		t->at = ktime_add_ns(now, ROOM_NS);
		/* What is late is counted from the last one that was taken, with an echo too. */
		if (done)
			t->edge = ktime_add_ns(now, (done - 1) * cks_tty_frame(t));
	} else if (!t->set.echo) {
		wait_blind(t, n);
	}
	raw_spin_unlock_irq(t->lock);
}

static void step_sent(struct cks_tty *t)
{
	raw_spin_lock_irq(t->lock);
	if (t->tx == CKS_TTY_TX_LAST)
		cks_tty_tx_end(t, 0);
	raw_spin_unlock_irq(t->lock);
}

/* ---------------------------------------------------------------------------- the thread */

static void carry_out(struct cks_tty *t, enum step step)
{
	kcov_remote_start_common(t->kcov);
	mutex_lock(&t->io);
	switch (step) {
	case STEP_OFF:
		step_off(t);
		break;
	case STEP_LOW:
		step_low(t);
		break;
	case STEP_LINE:
		step_line(t);
		break;
	case STEP_HIGH:
		step_high(t);
		break;
	case STEP_WRITE:
		step_write(t);
		break;
	case STEP_SENT:
		step_sent(t);
		break;
	case STEP_LOOK:
		cks_tty_look(t);
		break;
	case STEP_SLEEP:
		break;
	}
	mutex_unlock(&t->io);
	kcov_remote_stop();
}

/**
 * cks_tty_thread() - body of the thread
 * @data: tty
 *
 * When it is told to end, it first does what has been noted: the card is deactivated. The same when
 * the machine goes to sleep.
 *
 * Return: 0
 */
int cks_tty_thread(void *data)
{
	struct cks_tty *t = data;
	enum step step;
	ktime_t until;

	for (;;) {
		set_current_state(TASK_IDLE);
		raw_spin_lock_irq(t->lock);
		step = next(t, ktime_get(), &until);
		if (step == STEP_SLEEP && t->asleep && !t->told) {
			t->told = true;
			complete(&t->still);
		}
		raw_spin_unlock_irq(t->lock);
		if (step != STEP_SLEEP) {
			__set_current_state(TASK_RUNNING);
			carry_out(t, step);
			continue;
		}
		if (kthread_should_stop())
			break;
		schedule_hrtimeout_range(until == KTIME_MAX ? NULL : &until, 0, HRTIMER_MODE_ABS);
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}
