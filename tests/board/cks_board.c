// SPDX-License-Identifier: GPL-2.0-only
/*
 * A board for tests, as firmware would describe it: a platform device "cks_uart" with a UART at a
 * port and its clock; GPIOs for RST, power switch and card detect, on a chip of three lines that
 * exists here alone; and a regulator that feeds the switch. What is done to them can be read, and a
 * card be put in, by parameters of the module:
 *
 *	log	changes of outputs and regulator in their order, as "vcc+ power+ reset+ ...";
 *		writing forgets them
 *	card	level of the detect contact
 *
 * When the machine goes down, the log goes to the console after all devices were shut down.
 *
 * Lines are set with hard interrupts off: a raw spinlock protects log and levels.
 */
#include <linux/clk-provider.h>
#include <linux/clkdev.h>
#include <linux/gpio/driver.h>
#include <linux/gpio/machine.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/regulator/driver.h>
#include <linux/regulator/machine.h>
#include <linux/syscore_ops.h>

#define LABEL	"cks-board"
#define UART	"cks_uart.77"

enum { RESET, POWER, DETECT, LINES, VCC = LINES, ALL };

static const char *const names[] = { [RESET] = "reset", [POWER] = "power", [VCC] = "vcc" };

static unsigned int port = 0x2f8;
module_param(port, uint, 0444);
static unsigned int irq = 3;
module_param(irq, uint, 0444);
static bool sleeping;
module_param(sleeping, bool, 0444);
MODULE_PARM_DESC(sleeping, "the GPIOs are said to sleep");
static bool no_power;
module_param(no_power, bool, 0444);
MODULE_PARM_DESC(no_power, "the description has no switch");
static bool no_clock;
module_param(no_clock, bool, 0444);
static unsigned int registers = 8;
module_param(registers, uint, 0444);
MODULE_PARM_DESC(registers, "how many the description says that there are");

static struct {
	raw_spinlock_t lock;	/* what follows */
	bool level[ALL];
	char log[1024];
} board;

static int detect_irq;
static struct platform_device *host;
static struct platform_device *device;

/* ------------------------------------------------------------------------------- the chip */

static int get_direction(struct gpio_chip *gc, unsigned int line)
{
	return line == DETECT ? GPIO_LINE_DIRECTION_IN : GPIO_LINE_DIRECTION_OUT;
}

static bool is(unsigned int what)
{
	unsigned long flags;
	bool ret;

	raw_spin_lock_irqsave(&board.lock, flags);
	ret = board.level[what];
	raw_spin_unlock_irqrestore(&board.lock, flags);
	return ret;
}

static void change(unsigned int what, bool value)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&board.lock, flags);
	if (board.level[what] != value) {
		strlcat(board.log, names[what], sizeof(board.log));
		strlcat(board.log, value ? "+ " : "- ", sizeof(board.log));
	}
	board.level[what] = value;
	raw_spin_unlock_irqrestore(&board.lock, flags);
}

static int get(struct gpio_chip *gc, unsigned int line)
{
	return is(line);
}

static void set(struct gpio_chip *gc, unsigned int line, int value)
{
	change(line, value);
}

static int direction_input(struct gpio_chip *gc, unsigned int line)
{
	return line == DETECT ? 0 : -EINVAL;
}

static int direction_output(struct gpio_chip *gc, unsigned int line, int value)
{
	if (line == DETECT)
		return -EINVAL;
	set(gc, line, value);
	return 0;
}

static int to_irq(struct gpio_chip *gc, unsigned int line)
{
	return line == DETECT ? detect_irq : -ENXIO;
}

static struct gpio_chip chip = {
	.label = LABEL,
	.owner = THIS_MODULE,
	.base = -1,
	.ngpio = LINES,
	.get_direction = get_direction,
	.direction_input = direction_input,
	.direction_output = direction_output,
	.get = get,
	.set = set,
	.to_irq = to_irq,
};

/* --------------------------------------------------------------------- regulator and clock */

static int vcc_enable(struct regulator_dev *rdev)
{
	change(VCC, true);
	return 0;
}

static int vcc_disable(struct regulator_dev *rdev)
{
	change(VCC, false);
	return 0;
}

static int vcc_is_enabled(struct regulator_dev *rdev)
{
	return is(VCC);
}

static const struct regulator_ops vcc_ops = {
	.enable = vcc_enable,
	.disable = vcc_disable,
	.is_enabled = vcc_is_enabled,
};

static const struct regulator_desc vcc_desc = {
	.name = LABEL,
	.type = REGULATOR_VOLTAGE,
	.owner = THIS_MODULE,
	.ops = &vcc_ops,
};

static struct regulator_dev *vcc;
static struct clk_hw *clock;
static struct clk_lookup *clock_lookup;

static int add_vcc(void)
{
	static struct regulator_consumer_supply to = REGULATOR_SUPPLY("vcc", UART);
	static const struct regulator_init_data init = {
		.constraints.valid_ops_mask = REGULATOR_CHANGE_STATUS,
		.num_consumer_supplies = 1,
		.consumer_supplies = &to,
	};
	const struct regulator_config config = { .dev = &host->dev, .init_data = &init };

	vcc = regulator_register(&host->dev, &vcc_desc, &config);
	return PTR_ERR_OR_ZERO(vcc);
}

static int add_clock(void)
{
	if (no_clock)
		return 0;
	clock = clk_hw_register_fixed_rate(NULL, LABEL, NULL, 0, 1843200);
	if (IS_ERR(clock))
		return PTR_ERR(clock);
	clock_lookup = clkdev_hw_create(clock, NULL, UART);
	if (clock_lookup)
		return 0;
	clk_hw_unregister_fixed_rate(clock);
	return -ENOMEM;
}

/* ------------------------------------------------------------------------- the parameters */

static void raise(struct irq_work *work)
{
	generic_handle_irq(detect_irq);
}

static struct irq_work edge = IRQ_WORK_INIT_HARD(raise);

static int set_card(const char *text, const struct kernel_param *kp)
{
	bool in, changed;
	int err;

	err = kstrtobool(text, &in);
	if (err)
		return err;
	raw_spin_lock_irq(&board.lock);
	changed = board.level[DETECT] != in;
	board.level[DETECT] = in;
	raw_spin_unlock_irq(&board.lock);
	if (changed) {
		irq_work_queue(&edge);
		irq_work_sync(&edge);
	}
	return 0;
}

static int get_card(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", is(DETECT));
}

static const struct kernel_param_ops card_ops = { .set = set_card, .get = get_card };
module_param_cb(card, &card_ops, NULL, 0644);

static int set_log(const char *text, const struct kernel_param *kp)
{
	raw_spin_lock_irq(&board.lock);
	board.log[0] = 0;
	raw_spin_unlock_irq(&board.lock);
	return 0;
}

static int get_log(char *buf, const struct kernel_param *kp)
{
	int n;

	raw_spin_lock_irq(&board.lock);
	n = sysfs_emit(buf, "%s\n", board.log);
	raw_spin_unlock_irq(&board.lock);
	return n;
}

static const struct kernel_param_ops log_ops = { .set = set_log, .get = get_log };
module_param_cb(log, &log_ops, NULL, 0644);

/* ------------------------------------------------------------------------------ the board */

static struct gpiod_lookup_table lines = {
	.dev_id = UART,
	.table = {
		GPIO_LOOKUP(LABEL, RESET, "reset", GPIO_ACTIVE_HIGH),
		GPIO_LOOKUP(LABEL, POWER, "power", GPIO_ACTIVE_HIGH),
		GPIO_LOOKUP(LABEL, DETECT, "detect", GPIO_ACTIVE_HIGH),
		{ }
	},
};

static struct gpiod_lookup_table without_power = {
	.dev_id = UART,
	.table = {
		GPIO_LOOKUP(LABEL, RESET, "reset", GPIO_ACTIVE_HIGH),
		GPIO_LOOKUP(LABEL, DETECT, "detect", GPIO_ACTIVE_HIGH),
		{ }
	},
};

static int add_device(void)
{
	const struct property_entry properties[] = {
		PROPERTY_ENTRY_U32("cks,clk-hz", 3571200),
		PROPERTY_ENTRY_STRING("label", "board"),
		{ }
	};
	const struct resource resources[] = {
		DEFINE_RES_IO(port, registers),
		DEFINE_RES_IRQ(irq),
	};
	const struct platform_device_info info = {
		.name = "cks_uart",
		.id = 77,
		.res = resources,
		.num_res = ARRAY_SIZE(resources),
		.properties = properties,
	};

	device = platform_device_register_full(&info);
	return PTR_ERR_OR_ZERO(device);
}

/* The last processor, interrupts off. */
static void tell(void *data)
{
	pr_info(LABEL ": %s\n", board.log);
}

static const struct syscore_ops at_the_end = { .shutdown = tell };
static struct syscore syscore = { .ops = &at_the_end };

static int add_chip(void)
{
	int err;

	detect_irq = irq_alloc_desc(NUMA_NO_NODE);
	if (detect_irq < 0)
		return detect_irq;
	irq_set_chip_and_handler(detect_irq, &dummy_irq_chip, handle_simple_irq);
	irq_modify_status(detect_irq, IRQ_NOREQUEST | IRQ_NOAUTOEN, IRQ_NOPROBE);

	chip.can_sleep = sleeping;
	err = gpiochip_add_data(&chip, NULL);
	if (err) {
		irq_free_desc(detect_irq);
		return err;
	}
	gpiod_add_lookup_table(no_power ? &without_power : &lines);
	return 0;
}

static void remove_chip(void)
{
	irq_work_sync(&edge);
	gpiod_remove_lookup_table(no_power ? &without_power : &lines);
	gpiochip_remove(&chip);
	irq_free_desc(detect_irq);
}

static void remove_clock(void)
{
	if (no_clock)
		return;
	clkdev_drop(clock_lookup);
	clk_hw_unregister_fixed_rate(clock);
}

static int __init board_init(void)
{
	int err;

	raw_spin_lock_init(&board.lock);
	host = platform_device_register_simple(LABEL, PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(host))
		return PTR_ERR(host);
	err = add_vcc();
	if (err)
		goto no_vcc;
	err = add_clock();
	if (err)
		goto no_clock;
	err = add_chip();
	if (err)
		goto no_chip;
	err = add_device();
	if (err)
		goto no_device;
	register_syscore(&syscore);
	return 0;

no_device:
	remove_chip();
no_chip:
	remove_clock();
no_clock:
	regulator_unregister(vcc);
no_vcc:
	platform_device_unregister(host);
	return err;
}
module_init(board_init);

static void __exit board_exit(void)
{
	unregister_syscore(&syscore);
	platform_device_unregister(device);
	remove_chip();
	remove_clock();
	regulator_unregister(vcc);
	platform_device_unregister(host);
}
module_exit(board_exit);

MODULE_DESCRIPTION("A board with a coupler, for tests");
MODULE_LICENSE("GPL");
