// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the tty reports: characters, own ones among them, and the line DCD.
 *
 * Characters come in process context with a reference to the line discipline held; DCD comes with
 * the driver's lock held and interrupts off. Both take the coupler's raw spinlock.
 */
#include <linux/kcov.h>

#include "tty.h"

/*
 * With LSB first and even parity, the TS of the inverse convention reads as 03 with a parity error
 * (8.1). Without one, the adapter does not tell of parity errors.
 */
#define TS_INVERSE	0x03

static u8 rx_flags(u8 flag)
{
	switch (flag) {
	case TTY_PARITY:
		return ISO7816_RX_PARITY;
	case TTY_FRAME:
	case TTY_BREAK:
		return ISO7816_RX_FRAMING;
	default:
		return 0;
	}
}

/*
 * The parity that the card uses is known with TS, but other characters come before a tty can be set
 * to it. It is set when the card is silent, before the next character is sent; until then it is
 * just the other one that is checked.
 */
static u8 parity(struct cks_tty *t, u8 flags)
{
	if (t->line.odd == t->is_line.odd || t->blind || flags & ISO7816_RX_FRAMING)
		return flags;
	return flags ^ ISO7816_RX_PARITY;
}

static void echo(struct cks_tty *t, ktime_t edge, u8 byte, u8 flags)
{
	t->edge = edge;
	if (byte != t->data[t->echoed] || flags) {
		cks_tty_tx_end(t, ISO7816_TX_ECHO);
		return;
	}
	t->echoed++;
	if (t->echoed == t->len) {
		cks_tty_tx_end(t, 0);
		return;
	}
	/* Of the last one that is on its way. */
	t->edge = ktime_add_ns(edge, (t->pos - t->echoed) * cks_tty_frame(t));
	if (t->echoed < t->pos || t->tx != CKS_TTY_TX_ECHO)
		return;
	t->tx = CKS_TTY_TX_WAIT;
	t->at = ktime_add_ns(edge, t->gap_ns);
	wake_up_process(t->thread);
}

static void character(struct cks_tty *t, ktime_t edge, u8 byte, u8 flags)
{
	ktime_t before;

	if (!t->listen)
		return;
	if (t->overrun)
		flags |= ISO7816_RX_OVERRUN;
	t->overrun = false;
	if (t->set.echo && t->tx != CKS_TTY_TX_IDLE && t->echoed < t->pos) {
		echo(t, edge, byte, flags);
		return;
	}
	/* The card answers, so all that was sent must be out. */
	if (t->tx == CKS_TTY_TX_LAST) {
		before = ktime_sub_ns(edge, cks_tty_bits(t, 120));
		if (ktime_before(before, t->edge))
			t->edge = before;
		cks_tty_tx_end(t, 0);
	}
	if (byte == TS_INVERSE && !flags && !t->line.odd && !t->is_line.odd)
		t->blind = true;
	else if (flags & ISO7816_RX_PARITY)
		t->blind = false;
	cks_coupler_rx(t->coupler, edge, byte, parity(t, flags));
}

/**
 * cks_tty_receive() - characters from the tty; operation @receive_buf2 of the line discipline
 * @tty: tty
 * @cp: characters
 * @fp: TTY_*, one for each, or NULL
 * @count: how many
 *
 * When they were on the line is not known. The last one cannot have begun later than 10.5 etu ago,
 * nor each earlier one later than a frame before the next: that is taken for the time, so that a
 * character may seem late, but never early.
 *
 * Context: process, may sleep; one call at a time for a tty
 * Return: all of them are taken
 */
size_t cks_tty_receive(struct tty_struct *tty, const u8 *cp, const u8 *fp, size_t count)
{
	struct cks_tty *t = tty->disc_data;
	ktime_t now = ktime_get(), edge;
	size_t i;

	kcov_remote_start_common(t->kcov);
	for (i = 0; i < count; i++) {
		u8 flag = fp ? fp[i] : TTY_NORMAL;

		raw_spin_lock_irq(t->lock);
		if (flag == TTY_OVERRUN) {
			/* No character of its own. */
			t->overrun = true;
		} else {
			edge = ktime_sub_ns(now, cks_tty_bits(t, 105) +
					    (count - 1 - i) * cks_tty_frame(t));
			character(t, edge, cp[i], rx_flags(flag));
		}
		raw_spin_unlock_irq(t->lock);
	}
	kcov_remote_stop();
	return count;
}

/**
 * cks_tty_present() - a card is in, or not
 * @t: tty
 * @present: as far as can be known; while the machine sleeps, none is
 * Context: locked
 */
void cks_tty_present(struct cks_tty *t, bool present)
{
	t->present = present && !t->asleep;
	cks_coupler_presence(t->coupler, t->present);
}

/**
 * cks_tty_detect() - the line that tells of a card was looked at
 * @t: tty
 * @asserted: its state
 * Context: locked
 */
void cks_tty_detect(struct cks_tty *t, bool asserted)
{
	cks_tty_present(t, asserted != t->set.detect_invert);
}

/**
 * cks_tty_dcd() - DCD has changed; operation @dcd_change of the line discipline
 * @tty: tty
 * @active: DCD is asserted
 * Context: any; the driver's lock is held
 */
void cks_tty_dcd(struct tty_struct *tty, bool active)
{
	struct cks_tty *t = tty->disc_data;
	unsigned long flags;

	raw_spin_lock_irqsave(t->lock, flags);
	t->dcd_told++;
	if (t->wired && t->set.detect_line == CKS_MODEM_LINE_DCD)
		cks_tty_detect(t, active);
	raw_spin_unlock_irqrestore(t->lock, flags);
}
