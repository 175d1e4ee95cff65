// SPDX-License-Identifier: GPL-2.0-only
/*
 * The operations of the coupler: each notes what is to be done and wakes the thread.
 *
 * All are called with the coupler's raw spinlock held, in any context; a task may be woken there.
 */
#include "tty.h"

static void activate(struct cks_coupler *c)
{
	struct cks_tty *t = cks_coupler_drvdata(c);

	cks_tty_tx_stop(t);
	t->power = true;
	t->rst = false;
	t->low = true;
	t->listen = false;
	wake_up_process(t->thread);
}

/* What was still to be done for this card is not any more. */
static void deactivate(struct cks_coupler *c)
{
	struct cks_tty *t = cks_coupler_drvdata(c);

	cks_tty_tx_stop(t);
	t->power = false;
	t->rst = false;
	t->off = true;
	t->low = false;
	t->listen = false;
	wake_up_process(t->thread);
}

static void rst(struct cks_coupler *c, bool high)
{
	struct cks_tty *t = cks_coupler_drvdata(c);

	t->rst = high;
	if (!high) {
		cks_tty_tx_stop(t);
		t->low = true;
		t->listen = false;
	}
	wake_up_process(t->thread);
}

static void line(struct cks_coupler *c, const struct iso7816_line *line)
{
	struct cks_tty *t = cks_coupler_drvdata(c);

	t->line = *line;
	wake_up_process(t->thread);
}

static void send(struct cks_coupler *c, const struct cks_characters *chars)
{
	struct cks_tty *t = cks_coupler_drvdata(c);

	if (WARN_ON_ONCE(!chars->len || chars->len > sizeof(t->data)))
		return;
	memcpy(t->data, chars->data, chars->len);
	t->len = chars->len;
	t->pos = 0;
	t->echoed = 0;
	t->gap_ns = chars->gap_ns;
	t->limit_ns = chars->limit_ns;
	t->at = chars->at;
	t->tx = CKS_TTY_TX_WAIT;
	t->seq++;
	wake_up_process(t->thread);
}

static bool present(struct cks_coupler *c)
{
	struct cks_tty *t = cks_coupler_drvdata(c);

	return t->present;
}

const struct cks_coupler_ops cks_tty_ops = {
	.owner = THIS_MODULE,
	.name = CKS_TTY_DRIVER,
	.configure = cks_tty_configure,
	.activate = activate,
	.deactivate = deactivate,
	.rst = rst,
	.line = line,
	.send = send,
	.present = present,
};
