// SPDX-License-Identifier: GPL-2.0-only
/*
 * What drivers of ttys do that the bench's does not: take a part of what is written, tell of DCD
 * while they are asked, take their time. The tty is a real one, of a driver that is a few
 * variables; the core is the one below, which notes what it is told.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/tty.h>
#include <linux/tty_driver.h>

#include "tty/tty.h"

#define CLK		3579545
#define TAKES		32		/* of a write, at most */
#define PATIENCE	(30 * HZ)	/* for what must happen */

/**
 * struct fixture - a tty and the coupler on it
 * @t: what is tested
 * @tty: the tty; its discipline is another one, so that
 * @as_seen: is what the discipline's operations are called with
 * @lock: the coupler's
 * @written: how many characters the driver has taken
 * @all: there are @want of them
 * @want: see @all
 * @sent: a transmission is over
 * @sent_flags: as the core was told
 * @present: likewise
 * @slow: setting the tty takes half a second
 * @tries: how often it was set meanwhile
 * @gone: the modem lines cannot be read
 * @dcd: while the modem lines are read, a card is put in, and DCD told of
 */
struct fixture {
	struct cks_tty t;
	struct tty_struct *tty;
	struct tty_struct *as_seen;
	raw_spinlock_t lock;	/* as the coupler's */
	size_t written;
	struct completion all;
	size_t want;
	struct completion sent;
	u8 sent_flags;
	bool present;
	bool dcd;
	bool slow;
	unsigned int tries;
	bool gone;
};

static struct fixture *x;

/* Of all cases: what is left of a tty goes a while after it is closed, and its driver with it. */
static struct tty_driver *driver;
static struct tty_port port;

/* -------------------------------------------------------------------------------- the core */

void *cks_coupler_drvdata(const struct cks_coupler *c)
{
	return &x->t;
}

void cks_coupler_rx(struct cks_coupler *c, ktime_t t, u8 byte, u8 flags)
{
}

void cks_coupler_sent(struct cks_coupler *c, ktime_t t, u8 flags)
{
	x->sent_flags = flags;
	complete(&x->sent);
}

void cks_coupler_presence(struct cks_coupler *c, bool present)
{
	x->present = present;
}

void cks_coupler_set_capabilities(struct cks_coupler *c, u32 capabilities)
{
}

/* ------------------------------------------------------------------------------ the driver */

static ssize_t fake_write(struct tty_struct *tty, const u8 *buf, size_t count)
{
	size_t n = min_t(size_t, count, TAKES);

	x->written += n;
	if (x->written == x->want)
		complete(&x->all);
	return n;
}

static unsigned int fake_write_room(struct tty_struct *tty)
{
	return TAKES;
}

static int fake_open(struct tty_struct *tty, struct file *file)
{
	return 0;
}

static void fake_close(struct tty_struct *tty, struct file *file)
{
}

static void fake_set_termios(struct tty_struct *tty, const struct ktermios *old)
{
	x->tries++;
	if (x->slow)
		msleep(500);
}

/* As it was before. */
static int fake_tiocmget(struct tty_struct *tty)
{
	if (x->dcd)
		cks_tty_dcd(x->as_seen, true);
	return x->gone ? -ENODEV : 0;
}

static int fake_tiocmset(struct tty_struct *tty, unsigned int set, unsigned int clear)
{
	return 0;
}

static int fake_break(struct tty_struct *tty, int state)
{
	return 0;
}

static const struct tty_operations fake_ops = {
	.open = fake_open,
	.close = fake_close,
	.write = fake_write,
	.write_room = fake_write_room,
	.set_termios = fake_set_termios,
	.tiocmget = fake_tiocmget,
	.tiocmset = fake_tiocmset,
	.break_ctl = fake_break,
};

static const struct tty_port_operations port_ops = { };

static int make_driver(struct kunit_suite *suite)
{
	int err;

	driver = tty_alloc_driver(1, TTY_DRIVER_REAL_RAW | TTY_DRIVER_RESET_TERMIOS);
	if (IS_ERR(driver))
		return PTR_ERR(driver);
	driver->driver_name = "cks_kunit";
	driver->name = "ttyCKS";
	driver->type = TTY_DRIVER_TYPE_SERIAL;
	driver->subtype = SERIAL_TYPE_NORMAL;
	driver->init_termios = tty_std_termios;
	tty_set_operations(driver, &fake_ops);
	tty_port_init(&port);
	port.ops = &port_ops;
	tty_port_link_device(&port, driver, 0);
	err = tty_register_driver(driver);
	if (err) {
		tty_driver_kref_put(driver);
		tty_port_destroy(&port);
	}
	return err;
}

static void remove_driver(struct kunit_suite *suite)
{
	/* Called even if it could not be made. */
	if (suite->suite_init_err)
		return;
	tty_unregister_driver(driver);
	tty_driver_kref_put(driver);
	tty_port_destroy(&port);
}

static int init(struct kunit *test)
{
	const struct iso7816_line initial = { .f = 372, .d = 1 };

	x = kzalloc(sizeof(*x), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, x);
	raw_spin_lock_init(&x->lock);
	init_completion(&x->all);
	init_completion(&x->sent);
	x->tty = tty_kopen_exclusive(MKDEV(driver->major, driver->minor_start));
	KUNIT_ASSERT_FALSE(test, IS_ERR(x->tty));
	tty_unlock(x->tty);
	x->as_seen = kzalloc(sizeof(*x->as_seen), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, x->as_seen);
	x->as_seen->disc_data = &x->t;

	x->t.tty = x->tty;
	x->t.lock = &x->lock;
	x->t.look_at = KTIME_MAX;
	mutex_init(&x->t.io);
	x->t.set = (struct cks_settings){
		.clk_hz = CLK, .rst_line = CKS_MODEM_LINE_RTS,
		.power_line = CKS_MODEM_LINE_DTR, .detect_line = CKS_MODEM_LINE_DCD, .echo = true,
	};
	x->t.known = true;
	x->t.wired = true;
	x->t.line = initial;
	KUNIT_ASSERT_EQ(test, cks_tty_set_line(&x->t, &initial), 0);
	x->t.thread = kthread_run(cks_tty_thread, &x->t, "cks-kunit");
	KUNIT_ASSERT_FALSE(test, IS_ERR(x->t.thread));
	return 0;
}

static void finish(struct kunit *test)
{
	/* Called even if the fixture could not be made. */
	if (!x || IS_ERR_OR_NULL(x->t.thread))
		return;
	kthread_stop(x->t.thread);
	tty_kclose(x->tty);
	kfree(x->as_seen);
	kfree(x);
	x = NULL;
}

/* --------------------------------------------------------------------------------- sending */

/* As after a reset: the card is on, with RST high. */
static void begin(void)
{
	raw_spin_lock_irq(&x->lock);
	x->t.power = true;
	x->t.is_power = true;
	x->t.rst = true;
	x->t.is_rst = true;
	x->t.listen = true;
	raw_spin_unlock_irq(&x->lock);
}

/* A block goes out in pieces; its echo comes when all of it is written. */
static void block_in_pieces(struct kunit *test)
{
	static const u8 data[3 * TAKES + 4];
	const struct cks_characters chars = {
		.data = data, .len = sizeof(data), .at = ktime_get(),
		.gap_ns = NSEC_PER_MSEC, .limit_ns = 10 * (u64)NSEC_PER_SEC,
	};

	begin();
	x->want = sizeof(data);
	raw_spin_lock_irq(&x->lock);
	cks_tty_ops.send(NULL, &chars);
	raw_spin_unlock_irq(&x->lock);
	KUNIT_ASSERT_NE(test, wait_for_completion_timeout(&x->all, PATIENCE), 0UL);
	KUNIT_EXPECT_FALSE(test, completion_done(&x->sent));
	cks_tty_receive(x->as_seen, data, NULL, sizeof(data));
	KUNIT_ASSERT_NE(test, wait_for_completion_timeout(&x->sent, PATIENCE), 0UL);
	KUNIT_EXPECT_EQ(test, x->sent_flags, 0);
}

/* ---------------------------------------------------------------------------------- lines */

static void look(void)
{
	mutex_lock(&x->t.io);
	cks_tty_look(&x->t);
	mutex_unlock(&x->t.io);
}

/* What is told is newer than what was read. */
static void card_comes_while_lines_are_read(struct kunit *test)
{
	look();
	KUNIT_EXPECT_FALSE(test, x->present);
	x->dcd = true;
	look();
	KUNIT_EXPECT_TRUE(test, x->present);
	x->dcd = false;
	look();
	KUNIT_EXPECT_FALSE(test, x->present);
}

/* ------------------------------------------------------------------------------- settings */

static int configure(struct netlink_ext_ack *extack)
{
	struct cks_settings s = x->t.set;
	struct iso7816_config cfg = { };

	x->tries = 0;
	return cks_tty_configure(NULL, &s, &cfg, extack);
}

static void slow_tty_is_given_up(struct kunit *test)
{
	struct netlink_ext_ack extack = { };

	KUNIT_EXPECT_EQ(test, configure(&extack), 0);
	KUNIT_EXPECT_GT(test, x->tries, 60U);
	x->slow = true;
	KUNIT_EXPECT_EQ(test, configure(&extack), -ETIMEDOUT);
	KUNIT_EXPECT_LT(test, x->tries, 30U);
	KUNIT_ASSERT_NOT_NULL(test, extack._msg);
	KUNIT_EXPECT_NOT_NULL(test, strstr(extack._msg, x->tty->name));
}

static void tty_that_is_gone_is_not_set(struct kunit *test)
{
	struct netlink_ext_ack extack = { };

	x->gone = true;
	KUNIT_EXPECT_EQ(test, configure(&extack), -ENODEV);
	KUNIT_EXPECT_LE(test, x->tries, 1U);
	KUNIT_EXPECT_NOT_NULL(test, extack._msg);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(block_in_pieces),
	KUNIT_CASE(card_comes_while_lines_are_read),
	KUNIT_CASE_SLOW(slow_tty_is_given_up),
	KUNIT_CASE(tty_that_is_gone_is_not_set),
	{}
};

static struct kunit_suite suite = {
	.name = "cks_tty",
	.suite_init = make_driver,
	.suite_exit = remove_driver,
	.init = init,
	.exit = finish,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit suite of couplers on ttys");
MODULE_LICENSE("GPL");
