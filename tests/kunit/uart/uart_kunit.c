// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver's way into a UART against the bench's register model, in real time: what is found,
 * what is refused and why, how deep its FIFO is, and in which order the contacts go off. How it
 * sends and receives is for a suite in virtual time (../uart_line) and for the bench.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "sim/uart16550.h"
#include "uart/state.h"

#define CLK	1843200
#define WRITES	64

struct fixture {
	struct sim_line line;
	struct sim_faults faults;
	struct sim_uart model;
	struct cks_uart u;
	struct netlink_ext_ack extack;
	u8 stuck;		/* a register that is always @stuck_at, and not 0 */
	u8 stuck_at;
	bool open_bus;
	u8 mcr[WRITES];		/* what was written to MCR, and LCR at the time */
	u8 lcr[WRITES];
	unsigned int writes;
	unsigned int exposed;	/* writes after which I/O was high, and the card without power */
};

static void advance(struct fixture *x, u64 now)
{
	while (sim_uart_due(&x->model) <= now)
		sim_uart_advance(&x->model, sim_uart_due(&x->model));
}

static u8 in(void *ctx, unsigned int reg)
{
	struct fixture *x = ctx;
	u64 now = ktime_get_ns();

	if (x->open_bus)
		return CKS_UART_OPEN_BUS;
	advance(x, now);
	if (x->stuck && reg == x->stuck)
		return x->stuck_at;
	return sim_uart_read(&x->model, reg, now);
}

static void out(void *ctx, unsigned int reg, u8 value)
{
	struct fixture *x = ctx;
	u64 now = ktime_get_ns();

	advance(x, now);
	sim_uart_write(&x->model, reg, value, now);
	if (!(x->model.mcr & UART_MCR_DTR) && !(x->model.lcr & UART_LCR_SBC))
		x->exposed++;
	if (reg == UART_MCR && x->writes < WRITES) {
		x->mcr[x->writes] = value;
		x->lcr[x->writes++] = x->model.lcr;
	}
}

static int init(struct kunit *test)
{
	struct fixture *x = kunit_kzalloc(test, sizeof(*x), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, x);
	test->priv = x;
	return 0;
}

static struct fixture *plug(struct kunit *test, const struct sim_uart_family *model, u16 fifo,
			    const struct cks_uart_family_ops *family)
{
	const struct sim_uart_config cfg = {
		.family = model, .fifo = fifo, .clk = CLK, .echo = true,
	};
	struct fixture *x = test->priv;

	memset(x, 0, sizeof(*x));
	sim_line_init(&x->line);
	sim_uart_init(&x->model, &x->line, &x->faults, &cfg, ktime_get_ns());
	x->u.family = family;
	x->u.pd.uartclk = CLK;
	x->u.io.in = in;
	x->u.io.out = out;
	x->u.io.ctx = x;
	x->u.fifo = 1;
	x->u.set.rst_line = CKS_MODEM_LINE_RTS;
	x->u.set.power_line = CKS_MODEM_LINE_DTR;
	x->u.lcr = CKS_UART_LCR_IDLE;
	return x;
}

static int find(struct fixture *x)
{
	int err = x->u.family->start(&x->u.io);

	return err ?: cks_uart_self_test(&x->u, &x->extack);
}

static void each_family_is_found(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, find(plug(test, NULL, 16, &cks_uart_16550)), 0);
	KUNIT_EXPECT_EQ(test, find(plug(test, NULL, 1, &cks_uart_16550)), 0);
	KUNIT_EXPECT_EQ(test, find(plug(test, &sim_uart_ox950, 0, &cks_uart_ox950)), 0);
	KUNIT_EXPECT_EQ(test, find(plug(test, &sim_uart_xr17v35x, 0, &cks_uart_xr17v35x)), 0);
}

static void no_family_passes_for_another(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, find(plug(test, NULL, 16, &cks_uart_ox950)), -ENODEV);
	KUNIT_EXPECT_EQ(test, find(plug(test, NULL, 16, &cks_uart_xr17v35x)), -ENODEV);
	KUNIT_EXPECT_EQ(test, find(plug(test, &sim_uart_xr17v35x, 0, &cks_uart_ox950)), -ENODEV);
	KUNIT_EXPECT_EQ(test, find(plug(test, &sim_uart_ox950, 0, &cks_uart_xr17v35x)), -ENODEV);
}

static void nothing_is_no_uart(struct kunit *test)
{
	static const struct cks_uart_family_ops *const families[] = {
		&cks_uart_16550, &cks_uart_ox950, &cks_uart_xr17v35x,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		struct fixture *x = plug(test, NULL, 16, families[i]);

		x->open_bus = true;
		KUNIT_EXPECT_EQ(test, find(x), -ENODEV);
	}
}

static void broken_ones_are_refused(struct kunit *test)
{
	struct fixture *x = plug(test, NULL, 16, &cks_uart_16550);

	x->stuck = UART_MSR;
	KUNIT_EXPECT_EQ(test, find(x), -ENODEV);
	KUNIT_EXPECT_STREQ(test, x->extack._msg,
			   "self-test: modem lines do not come back in loopback");
	x = plug(test, NULL, 16, &cks_uart_16550);
	x->stuck = UART_LSR;
	x->stuck_at = UART_LSR_TEMT | UART_LSR_THRE;
	KUNIT_EXPECT_EQ(test, find(x), -ENODEV);
	KUNIT_EXPECT_STREQ(test, x->extack._msg,
			   "self-test: characters do not come back in loopback");
	/* A clock of which two characters would take longer than a case may. */
	x = plug(test, NULL, 16, &cks_uart_16550);
	x->u.pd.uartclk = 1;
	x->stuck = UART_LSR;
	x->stuck_at = UART_LSR_TEMT | UART_LSR_THRE;
	KUNIT_EXPECT_EQ(test, find(x), -ENODEV);
}

static void fifo_is_measured(struct kunit *test)
{
	static const u16 depths[] = { 1, 16, 32, 64, 128, 256 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(depths); i++) {
		struct fixture *x = plug(test, NULL, depths[i], &cks_uart_16550);

		KUNIT_ASSERT_EQ(test, find(x), 0);
		KUNIT_EXPECT_EQ(test, cks_uart_measure(&x->u), depths[i]);
	}
}

/* ISO/IEC 7816-3, 6.4: RST low, I/O low, and only then VCC and CLK off, with one switch. */
static void contacts_go_off_in_order(struct kunit *test)
{
	struct fixture *x = plug(test, NULL, 16, &cks_uart_16550);
	unsigned int n;

	KUNIT_ASSERT_EQ(test, find(x), 0);
	cks_uart_set_contacts(&x->u, true, true);
	KUNIT_EXPECT_EQ(test, x->model.mcr & (UART_MCR_RTS | UART_MCR_DTR), UART_MCR_DTR);
	x->writes = 0;
	cks_uart_off(&x->u);
	n = x->writes;
	KUNIT_ASSERT_EQ(test, n, 2);
	KUNIT_EXPECT_EQ(test, x->mcr[0] & (UART_MCR_RTS | UART_MCR_DTR),
			UART_MCR_RTS | UART_MCR_DTR);
	KUNIT_EXPECT_FALSE(test, x->lcr[0] & UART_LCR_SBC);
	KUNIT_EXPECT_EQ(test, x->mcr[1] & (UART_MCR_RTS | UART_MCR_DTR), UART_MCR_RTS);
	KUNIT_EXPECT_TRUE(test, x->lcr[1] & UART_LCR_SBC);
	KUNIT_EXPECT_EQ(test, x->model.ier, 0);
}

/* New settings are for a card without power, which has I/O low all the time. */
static void settings_leave_io_low(struct kunit *test)
{
	static const struct cks_coupler_ops ops = {
		.owner = THIS_MODULE, .name = "cks_uart_kunit", .configure = cks_uart_configure,
	};
	struct fixture *x = plug(test, NULL, 16, &cks_uart_16550);
	struct cks_settings set = x->u.set;
	struct iso7816_config cfg = { };

	KUNIT_ASSERT_EQ(test, find(x), 0);
	x->u.coupler = cks_coupler_alloc(NULL, NULL, &ops, &set, &x->u);
	KUNIT_ASSERT_FALSE(test, IS_ERR(x->u.coupler));
	x->u.lock = cks_coupler_lock(x->u.coupler);
	cks_uart_off(&x->u);
	KUNIT_EXPECT_TRUE(test, x->model.lcr & UART_LCR_SBC);
	x->exposed = 0;
	set.clk_hz = 3579545;
	set.detect_line = CKS_MODEM_LINE_NONE;
	KUNIT_EXPECT_EQ(test, cks_uart_configure(x->u.coupler, &set, &cfg, &x->extack), 0);
	KUNIT_EXPECT_EQ(test, x->u.set.clk_hz, set.clk_hz);
	KUNIT_EXPECT_TRUE(test, x->model.lcr & UART_LCR_SBC);
	KUNIT_EXPECT_EQ(test, x->exposed, 0);
	cks_coupler_put(x->u.coupler);
	kfree(x->u.rates);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(each_family_is_found),
	KUNIT_CASE(no_family_passes_for_another),
	KUNIT_CASE(nothing_is_no_uart),
	KUNIT_CASE(broken_ones_are_refused),
	KUNIT_CASE(fifo_is_measured),
	KUNIT_CASE(contacts_go_off_in_order),
	KUNIT_CASE(settings_leave_io_low),
	{}
};

static struct kunit_suite suite = {
	.name = "cks_uart",
	.init = init,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit suites of the 16550 driver and the bench's model");
MODULE_LICENSE("GPL");
