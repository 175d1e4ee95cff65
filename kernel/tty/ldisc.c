// SPDX-License-Identifier: GPL-2.0-only
/*
 * The line discipline: gives a tty's coupler to the core, and takes it back when the discipline is
 * changed, the tty is closed, or the tty is gone.
 *
 * The tty core calls open and close in process context, one at a time for a tty, with its lock and
 * its ldisc_sem held for writing: no other operation of the discipline runs meanwhile.
 *
 * There is no alias by which the kernel would load this module when a program asks for the
 * discipline: it is loaded by who wants it.
 */
#include <linux/kcov.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "tty.h"

/* The wiring of most couplers; @clk_hz is a guess like the rest, see cks_tty_configure(). */
static const struct cks_settings cks_tty_settings = {
	.clk_hz = 3579545,
	.rst_line = CKS_MODEM_LINE_RTS,
	.power_line = CKS_MODEM_LINE_NONE,
	.detect_line = CKS_MODEM_LINE_NONE,
	.echo = true,
	.policy = CKS_POLICY_TOLERANT,
	.protocol = ISO7816_T_ANY,
	.ifsd = 254,
};

/* What a coupler cannot be without; pseudo-terminals and consoles have no modem lines. */
static bool cks_tty_usable(const struct tty_struct *tty)
{
	const struct tty_operations *ops = tty->ops;

	return tty->dev && ops->write && ops->set_termios && ops->tiocmget && ops->tiocmset;
}

/*
 * The device whose name tells where the hardware is: devices of USB adapters are named like the tty
 * up to their interface.
 */
static struct device *cks_tty_device(const struct tty_struct *tty)
{
	struct device *dev = tty->dev;

	while (dev->parent && !strcmp(dev_name(dev), tty->name))
		dev = dev->parent;
	return dev;
}

static int cks_tty_start(struct cks_tty *t)
{
	int err;

	t->thread = kthread_create(cks_tty_thread, t, "cks-%s", t->tty->name);
	if (IS_ERR(t->thread))
		return PTR_ERR(t->thread);
	sched_set_fifo(t->thread);
	t->tty->disc_data = t;
	err = cks_coupler_register(t->coupler, NULL);
	if (err) {
		t->tty->disc_data = NULL;
		kthread_stop(t->thread);
	}
	return err;
}

static int cks_tty_open(struct tty_struct *tty)
{
	struct cks_settings s = cks_tty_settings;
	struct cks_tty *t;
	int err;

	/* Everybody who may open a tty may ask for a discipline. */
	if (!capable(CAP_NET_ADMIN))
		return -EPERM;
	if (!cks_tty_usable(tty))
		return -EOPNOTSUPP;
	/* What the kernel prints would go to the card. */
	if (tty->port->console)
		return -EBUSY;
	/* Not anew for a tty that is just being hung up. */
	if (test_bit(TTY_HUPPING, &tty->flags))
		return -EIO;

	t = kzalloc(sizeof(*t), GFP_KERNEL);
	if (!t)
		return -ENOMEM;
	t->tty = tty;
	t->look_at = KTIME_MAX;
	/* Some only know breaks of a given length. */
	t->no_break = !tty->ops->break_ctl || tty->driver->flags & TTY_DRIVER_HARDWARE_BREAK;
	t->kcov = kcov_common_handle();
	mutex_init(&t->io);
	init_completion(&t->still);
	s.uart_clk = cks_tty_uart_clk(tty);
	t->coupler = cks_coupler_alloc(cks_tty_device(tty), NULL, &cks_tty_ops, &s, t);
	if (IS_ERR(t->coupler)) {
		err = PTR_ERR(t->coupler);
		goto free;
	}
	t->lock = cks_coupler_lock(t->coupler);
	tty->receive_room = 65536;
	err = cks_tty_start(t);
	if (err)
		goto put;
	cks_tty_known(t);
	/* Whoever had it before may have let it run full. */
	tty_unthrottle(tty);
	return 0;

put:
	cks_coupler_put(t->coupler);
free:
	kfree(t);
	return err;
}

/* The thread deactivates the card as its last deed, if the tty still lets it. */
static void cks_tty_close(struct tty_struct *tty)
{
	struct cks_tty *t = tty->disc_data;

	cks_tty_forget(t);
	cks_coupler_unregister(t->coupler);
	kthread_stop(t->thread);
	cks_tty_let_go(t);
	tty->disc_data = NULL;
	cks_coupler_put(t->coupler);
	kfree_sensitive(t);
}

static int cks_tty_ioctl(struct tty_struct *tty, unsigned int cmd, unsigned long arg)
{
	struct cks_tty *t = tty->disc_data;

	return cmd == CKS_TTY_IOC_COUPLER ? cks_coupler_index(t->coupler) : -ENOIOCTLCMD;
}

/* Who holds the tty open learns in this way that it is gone. */
static __poll_t cks_tty_poll(struct tty_struct *tty, struct file *file, poll_table *wait)
{
	poll_wait(file, &tty->read_wait, wait);
	return tty_hung_up_p(file) ? EPOLLHUP : 0;
}

static struct tty_ldisc_ops cks_tty_ldisc = {
	.owner = THIS_MODULE,
	.num = CKS_TTY_LDISC,
	.name = CKS_TTY_DRIVER,
	.open = cks_tty_open,
	.close = cks_tty_close,
	.ioctl = cks_tty_ioctl,
	.compat_ioctl = cks_tty_ioctl,
	.poll = cks_tty_poll,
	.receive_buf2 = cks_tty_receive,
	.dcd_change = cks_tty_dcd,
};

static int __init cks_tty_init(void)
{
	int err;

	BUILD_BUG_ON(CKS_TTY_LDISC != N_DEVELOPMENT);
	err = cks_tty_sleep_init();
	if (err)
		return err;
	err = tty_register_ldisc(&cks_tty_ldisc);
	if (err)
		cks_tty_sleep_exit();
	return err;
}
module_init(cks_tty_init);

static void __exit cks_tty_exit(void)
{
	tty_unregister_ldisc(&cks_tty_ldisc);
	cks_tty_sleep_exit();
}
module_exit(cks_tty_exit);

MODULE_DESCRIPTION("Smart card couplers on any tty");
MODULE_LICENSE("GPL");
