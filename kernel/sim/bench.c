// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device /dev/cks_sim: one open is one bench, and what a bench has goes when it is closed.
 *
 * Process context throughout; a bench's mutex serialises the adding of slots, and another one,
 * taken below it, protects the list of all couplers.
 */
#include <linux/capability.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/log2.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "slot.h"
#include "uart/uart.h"

/* After the division. Less than 10 kHz of card clock the core does not take either. */
#define CARD_CLK_MIN	10000
#define UART_CLK_MIN	10000
#define CARD_CLK_MAX	20000000
#define UART_CLK_MAX	250000000
#define CLK_DIV_MAX	10000

/* All couplers of all benches, so that each can be traced from elsewhere. */
static LIST_HEAD(couplers);
static DEFINE_MUTEX(couplers_lock);

/**
 * struct sim_bench - one open of the device
 * @lock: for what follows
 * @slots: all that were added
 * @count: how many
 */
struct sim_bench {
	struct mutex lock;	/* all that follows */
	struct list_head slots;
	unsigned int count;
};

/*
 * The driver is bound while the device is registered, if it is loaded; its coupler is then the
 * device's drvdata (uart/uart.h).
 */
static bool coupler_index(struct platform_device *pdev, u32 *ret_index)
{
	struct cks_coupler *c;

	device_lock(&pdev->dev);
	c = pdev->dev.driver ? platform_get_drvdata(pdev) : NULL;
	if (c)
		*ret_index = cks_coupler_index(c);
	device_unlock(&pdev->dev);
	return c;
}

/* What the driver needs to know of the wiring. */
static void get_settings(const struct sim_slot *s, struct cks_settings *ret_set)
{
	bool rst_on_dtr = s->flags & CKS_SIM_RST_ON_DTR;

	*ret_set = (struct cks_settings){
		.clk_hz = s->card.clk,
		.uart_clk = s->uart.clk,
		.rst_line = rst_on_dtr ? CKS_MODEM_LINE_DTR : CKS_MODEM_LINE_RTS,
		.rst_invert = s->flags & CKS_SIM_RST_INVERT,
		.power_line = rst_on_dtr ? CKS_MODEM_LINE_RTS : CKS_MODEM_LINE_DTR,
		.power_invert = s->flags & CKS_SIM_SWITCH_INVERT,
		.detect_line = CKS_MODEM_LINE_CTS,
		.detect_invert = s->flags & CKS_SIM_DETECT_INVERT,
		.echo = !(s->flags & CKS_SIM_NO_ECHO),
		.policy = ISO7816_TOLERANT,
		.protocol = ISO7816_T_ANY,
		.ifsd = 254,
	};
	if (s->flags & CKS_SIM_NO_SWITCH)
		ret_set->power_line = CKS_MODEM_LINE_NONE;
	if (s->flags & CKS_SIM_DETECT_DSR)
		ret_set->detect_line = CKS_MODEM_LINE_DSR;
	else if (s->flags & CKS_SIM_DETECT_DCD)
		ret_set->detect_line = CKS_MODEM_LINE_DCD;
}

static int add_coupler(struct sim_slot *s, u32 family)
{
	struct cks_uart_platform_data pd = {
		.serial_in = sim_slot_in,
		.serial_out = sim_slot_out,
		.rx_time = sim_slot_rx_time,
		.ctx = s,
		.uartclk = s->uart.clk,
		.family = family,
	};
	const struct resource irq = DEFINE_RES_IRQ(s->irq);
	const struct platform_device_info info = {
		.name = CKS_UART_DRIVER,
		.id = PLATFORM_DEVID_AUTO,
		.res = &irq,
		.num_res = 1,
		.data = &pd,
		.size_data = sizeof(pd),
	};

	get_settings(s, &pd.settings);
	s->pdev = platform_device_register_full(&info);
	if (IS_ERR(s->pdev))
		return PTR_ERR(s->pdev);
	if (coupler_index(s->pdev, &s->number))
		return 0;
	/* Loading it binds it. */
	request_module(CKS_UART_DRIVER);
	if (coupler_index(s->pdev, &s->number))
		return 0;
	pr_warn_once("cks_sim: no driver has taken the UART: load cks_uart, or see its messages\n");
	platform_device_unregister(s->pdev);
	return -ENODEV;
}

static int plug_in(struct sim_slot *s, u32 family)
{
	int ret;

	if (s->flags & CKS_SIM_8250) {
		ret = sim_tty_add(s);
		if (ret < 0)
			return ret;
		s->number = ret;
		return 0;
	}
	ret = add_coupler(s, family);
	if (ret)
		return ret;
	mutex_lock(&couplers_lock);
	list_add_tail(&s->known, &couplers);
	mutex_unlock(&couplers_lock);
	return 0;
}

static void pull_out(struct sim_slot *s)
{
	if (s->flags & CKS_SIM_8250) {
		sim_tty_remove(s);
	} else {
		mutex_lock(&couplers_lock);
		list_del(&s->known);
		mutex_unlock(&couplers_lock);
		platform_device_unregister(s->pdev);
	}
	sim_slot_kill(s);
	sim_slot_put(s);
}

/* Both at once make no sense. */
static bool both(u32 flags, u32 a, u32 b)
{
	return (flags & a) && (flags & b);
}

/* There are descendants of the 16550 with many depths; the others have one. */
static bool fifo_is_good(const struct cks_sim_slot *arg)
{
	switch (arg->family) {
	case CKS_SIM_16550:
		return arg->fifo <= 1 || (arg->fifo >= 16 && arg->fifo <= 256 &&
					  is_power_of_2(arg->fifo));
	case CKS_SIM_OX950:
		return !arg->fifo || arg->fifo == sim_uart_ox950.depth;
	case CKS_SIM_XR17V35X:
		return !arg->fifo || arg->fifo == sim_uart_xr17v35x.depth;
	default:
		return false;
	}
}

static int check(struct cks_sim_slot *arg)
{
	if (arg->flags & ~CKS_SIM_SLOT_FLAGS ||
	    both(arg->flags, CKS_SIM_NO_SWITCH, CKS_SIM_SWITCH_INVERT) ||
	    both(arg->flags, CKS_SIM_DETECT_DSR, CKS_SIM_DETECT_DCD))
		return -EINVAL;
	if (!fifo_is_good(arg) || arg->clk_div > CLK_DIV_MAX)
		return -EINVAL;
	if (!arg->clk_div)
		arg->clk_div = 1;
	if (arg->card_clk > CARD_CLK_MAX || arg->card_clk / arg->clk_div < CARD_CLK_MIN ||
	    arg->uart_clk > UART_CLK_MAX || arg->uart_clk / arg->clk_div < UART_CLK_MIN)
		return -EINVAL;
	return 0;
}

/* With the bench's mutex held. Return: the descriptor. */
static int add_slot(struct sim_bench *b, struct cks_sim_slot *arg, void __user *user)
{
	struct sim_slot *s;
	struct file *file;
	int fd, err;

	if (b->count == CKS_SIM_MAX_SLOTS)
		return -ENOSPC;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	err = -ENOMEM;
	s = sim_slot_create(arg);
	if (!s)
		goto put_fd;
	err = plug_in(s, arg->family);
	if (err) {
		sim_slot_kill(s);
		sim_slot_put(s);
		goto put_fd;
	}
	file = sim_slotfile_open(s);
	if (IS_ERR(file)) {
		err = PTR_ERR(file);
		goto pull;
	}
	arg->coupler = s->number;
	if (copy_to_user(user, arg, sizeof(*arg))) {
		err = -EFAULT;
		fput(file);
		goto pull;
	}
	list_add_tail(&s->entry, &b->slots);
	b->count++;
	fd_install(fd, file);
	return fd;

pull:
	pull_out(s);
put_fd:
	put_unused_fd(fd);
	return err;
}

static int ioctl_add_slot(struct sim_bench *b, void __user *user)
{
	struct cks_sim_slot arg;
	u32 size;
	int err;

	if (get_user(size, (u32 __user *)user))
		return -EFAULT;
	if (size < CKS_SIM_SLOT_SIZE_VER0)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	err = copy_struct_from_user(&arg, sizeof(arg), user, size);
	if (err)
		return err;
	err = check(&arg);
	if (err)
		return err;
	err = mutex_lock_interruptible(&b->lock);
	if (err)
		return err;
	err = add_slot(b, &arg, user);
	mutex_unlock(&b->lock);
	return err;
}

static int ioctl_trace_coupler(u32 __user *user)
{
	struct sim_slot *s;
	u32 coupler, is;
	int fd = -ENXIO;

	if (get_user(coupler, user))
		return -EFAULT;
	mutex_lock(&couplers_lock);
	list_for_each_entry(s, &couplers, known) {
		/* Not what it was made as: a driver that was bound anew gives another one. */
		if (coupler_index(s->pdev, &is) && is == coupler) {
			fd = sim_tracefile_open(s);
			break;
		}
	}
	mutex_unlock(&couplers_lock);
	return fd;
}

static long bench_ioctl(struct file *file, unsigned int cmd, unsigned long argp)
{
	struct sim_bench *b = file->private_data;
	void __user *user = (void __user *)argp;

	/* The size in the number is that of the caller's structure, which says its size as well. */
	if (_IOC_TYPE(cmd) == _IOC_TYPE(CKS_SIM_ADD_SLOT) &&
	    _IOC_NR(cmd) == _IOC_NR(CKS_SIM_ADD_SLOT) &&
	    _IOC_DIR(cmd) == _IOC_DIR(CKS_SIM_ADD_SLOT))
		return ioctl_add_slot(b, user);
	if (cmd == CKS_SIM_TRACE_COUPLER)
		return ioctl_trace_coupler(user);
	return -ENOTTY;
}

static int bench_open(struct inode *inode, struct file *file)
{
	struct sim_bench *b;

	/* A bench makes devices and loads modules. */
	if (!capable(CAP_NET_ADMIN))
		return -EPERM;
	b = kzalloc(sizeof(*b), GFP_KERNEL);
	if (!b)
		return -ENOMEM;
	mutex_init(&b->lock);
	INIT_LIST_HEAD(&b->slots);
	file->private_data = b;
	return 0;
}

static int bench_release(struct inode *inode, struct file *file)
{
	struct sim_bench *b = file->private_data;
	struct sim_slot *s, *next;

	list_for_each_entry_safe(s, next, &b->slots, entry) {
		list_del(&s->entry);
		pull_out(s);
	}
	mutex_destroy(&b->lock);
	kfree(b);
	return 0;
}

static const struct file_operations bench_ops = {
	.owner = THIS_MODULE,
	.open = bench_open,
	.unlocked_ioctl = bench_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.release = bench_release,
};

static struct miscdevice bench_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "cks_sim",
	.fops = &bench_ops,
	.mode = 0600,
};
module_misc_device(bench_device);

MODULE_DESCRIPTION("Virtual bench of smart card couplers");
MODULE_LICENSE("GPL");
