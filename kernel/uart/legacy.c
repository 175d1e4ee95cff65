// SPDX-License-Identifier: GPL-2.0-only
/*
 * UARTs that no bus tells of, as netlink's coupler-new names them: a port or a memory address, and
 * an interrupt. Each becomes a platform device of this driver, so that it is shut down, suspended
 * and bound as any other.
 *
 * Process context. made_mutex serialises making and taking away; below it come the locks of the
 * driver core and of the coupler.
 */
#include <linux/irq.h>
#include <linux/list.h>
#include <linux/platform_device.h>
#include <linux/sched.h>
#include <linux/security.h>
#include <linux/slab.h>

#include "bus.h"

/* At a port a UART has its eight registers, and nothing else. */
#define PORTS	8

/* Below, a PC has what is not to be touched, whatever is free there. */
#define PORT_MIN	0x100

/**
 * struct made - one UART that was made
 * @entry: in the list of all
 * @pdev: its device
 * @regs: its registers
 * @by_port: they are I/O ports
 * @start: first address
 * @len: how many
 * @name: of the coupler
 */
struct made {
	struct list_head entry;
	struct platform_device *pdev;
	struct cks_uart_regs regs;
	bool by_port;
	resource_size_t start;
	resource_size_t len;
	char name[CKS_NAME_MAX + 1];
};

static DEFINE_MUTEX(made_mutex);
static LIST_HEAD(made);

/* The one that is being made: who makes it, where its driver is to say what is wrong. */
static struct {
	struct task_struct *task;
	struct netlink_ext_ack *extack;
	int err;
} making;

struct netlink_ext_ack *cks_uart_making(void)
{
	return READ_ONCE(making.task) == current ? making.extack : NULL;
}

void cks_uart_making_failed(int err)
{
	if (READ_ONCE(making.task) == current)
		making.err = err;
}

static struct made *find(const char *name)
{
	struct made *m;

	list_for_each_entry(m, &made, entry) {
		if (!strcmp(m->name, name))
			return m;
	}
	return NULL;
}

/* Or -EINVAL. */
static int family_of(const struct cks_place *place)
{
	return place->family ? cks_uart_family_by_name(place->family) : CKS_UART_16550;
}

static int check_port(const struct cks_place *place, enum cks_uart_family family,
		      struct netlink_ext_ack *extack)
{
	if (cks_uart_family_span(family) > PORTS) {
		NL_SET_ERR_MSG_FMT(extack, "a UART of the family %s has no port; give its address",
				   place->family);
		return -EINVAL;
	}
	if (place->port < PORT_MIN || place->port > 0x10000 - PORTS) {
		NL_SET_ERR_MSG_FMT(extack, "port %#x is not between %#x and %#x", place->port,
				   PORT_MIN, 0x10000 - PORTS);
		return -EINVAL;
	}
	if (place->port % PORTS) {
		NL_SET_ERR_MSG_FMT(extack, "port %#x is not a multiple of %d", place->port,
				   PORTS);
		return -EINVAL;
	}
	if (place->reg_shift || place->io_width != 1) {
		NL_SET_ERR_MSG(extack, "ports have no reg-shift, and an io-width of 1");
		return -EINVAL;
	}
	return 0;
}

static int check_address(const struct cks_place *place, enum cks_uart_family family,
			 struct netlink_ext_ack *extack)
{
	u64 len = (u64)cks_uart_family_span(family) << place->reg_shift;
	u64 last = place->address + len - 1;

	if (place->io_width != 1 && place->io_width != 4) {
		NL_SET_ERR_MSG_FMT(extack, "io-width is %u; it can be 1 or 4", place->io_width);
		return -EINVAL;
	}
	if (place->io_width == 4 && place->reg_shift < 2) {
		NL_SET_ERR_MSG(extack, "an io-width of 4 needs a reg-shift of 2 or 3");
		return -EINVAL;
	}
	if (!place->address || last < place->address || last > (resource_size_t)-1 ||
	    place->address & (place->io_width - 1)) {
		NL_SET_ERR_MSG_FMT(extack, "address %#llx is no place for registers",
				   place->address);
		return -EINVAL;
	}
	if (!place->uart_clk) {
		NL_SET_ERR_MSG(extack, "uart-clk is missing; only at a port it is known");
		return -EINVAL;
	}
	return 0;
}

static int check(const struct cks_place *place, struct netlink_ext_ack *extack)
{
	int family = family_of(place), err;

	if (family < 0) {
		NL_SET_ERR_MSG_FMT(extack, "family \"%s\" is none of 16550, 16950, xr17v35x",
				   place->family);
		return family;
	}
	err = place->by_port ? check_port(place, family, extack) :
			       check_address(place, family, extack);
	if (err)
		return err;
	if (!place->irq || place->irq > INT_MAX || !irq_get_irq_data(place->irq)) {
		NL_SET_ERR_MSG_FMT(extack, "there is no interrupt %u", place->irq);
		return -EINVAL;
	}
	err = security_locked_down(place->by_port ? LOCKDOWN_IOPORT : LOCKDOWN_DEV_MEM);
	if (err)
		NL_SET_ERR_MSG(extack, "the kernel is locked down");
	return err;
}

static int claim_registers(struct made *m, struct netlink_ext_ack *extack)
{
	struct resource *r;

	r = m->by_port ? request_region(m->start, m->len, CKS_UART_DRIVER) :
			 request_mem_region(m->start, m->len, CKS_UART_DRIVER);
	if (!r) {
		NL_SET_ERR_MSG_FMT(extack, "%s %#llx is in use by another driver",
				   m->by_port ? "port" : "address", (u64)m->start);
		return -EBUSY;
	}
	m->regs.base = m->by_port ? ioport_map(m->start, m->len) : ioremap(m->start, m->len);
	if (m->regs.base)
		return 0;
	if (m->by_port)
		release_region(m->start, m->len);
	else
		release_mem_region(m->start, m->len);
	return -ENOMEM;
}

static void let_go(struct made *m)
{
	if (m->by_port) {
		ioport_unmap(m->regs.base);
		release_region(m->start, m->len);
	} else {
		iounmap(m->regs.base);
		release_mem_region(m->start, m->len);
	}
}

/* The driver binds, and with it comes the coupler; or it says why not. */
static int add_device(struct made *m, const struct cks_place *place, struct netlink_ext_ack *extack)
{
	const struct resource irq = DEFINE_RES_IRQ(place->irq);
	struct cks_uart_platform_data pd = {
		.uartclk = place->uart_clk ?: CKS_UART_USUAL_CLK,
		.family = family_of(place),
		.name = m->name,
	};
	const struct platform_device_info info = {
		.name = CKS_UART_DRIVER,
		.id = PLATFORM_DEVID_AUTO,
		.res = &irq,
		.num_res = 1,
		.data = &pd,
		.size_data = sizeof(pd),
	};
	struct cks_coupler *c;
	int ret = -ENODEV;

	cks_uart_use_regs(&pd, &m->regs);
	cks_uart_default_settings(&pd.settings);
	making.extack = extack;
	making.err = -ENODEV;
	WRITE_ONCE(making.task, current);
	m->pdev = platform_device_register_full(&info);
	WRITE_ONCE(making.task, NULL);
	if (IS_ERR(m->pdev))
		return PTR_ERR(m->pdev);

	device_lock(&m->pdev->dev);
	c = m->pdev->dev.driver ? platform_get_drvdata(m->pdev) : NULL;
	if (c)
		ret = cks_coupler_index(c);
	device_unlock(&m->pdev->dev);
	if (c)
		return ret;
	platform_device_unregister(m->pdev);
	return making.err;
}

static int make(const struct cks_place *place, struct netlink_ext_ack *extack)
{
	struct made *m;
	int ret;

	if (find(place->name)) {
		NL_SET_ERR_MSG_FMT(extack, "there is a coupler named %s", place->name);
		return -EEXIST;
	}
	m = kzalloc(sizeof(*m), GFP_KERNEL);
	if (!m)
		return -ENOMEM;
	strscpy(m->name, place->name, sizeof(m->name));
	m->by_port = place->by_port;
	m->start = place->by_port ? place->port : place->address;
	m->len = (resource_size_t)cks_uart_family_span(family_of(place)) << place->reg_shift;
	m->regs.shift = place->reg_shift;
	m->regs.width = place->io_width;
	ret = claim_registers(m, extack);
	if (ret)
		goto free;
	ret = add_device(m, place, extack);
	if (ret < 0)
		goto put;
	list_add_tail(&m->entry, &made);
	return ret;
put:
	let_go(m);
free:
	kfree(m);
	return ret;
}

static int create(const struct cks_place *place, struct netlink_ext_ack *extack)
{
	int ret;

	ret = check(place, extack);
	if (ret)
		return ret;
	mutex_lock(&made_mutex);
	ret = make(place, extack);
	mutex_unlock(&made_mutex);
	return ret;
}

/* With the mutex held. */
static void unmake(struct made *m)
{
	list_del(&m->entry);
	platform_device_unregister(m->pdev);
	let_go(m);
	kfree(m);
}

static int destroy(const char *name)
{
	struct made *m;

	mutex_lock(&made_mutex);
	m = find(name);
	if (m)
		unmake(m);
	mutex_unlock(&made_mutex);
	return m ? 0 : -ENOENT;
}

void cks_uart_unmake_all(void)
{
	struct made *m, *next;

	mutex_lock(&made_mutex);
	list_for_each_entry_safe(m, next, &made, entry)
		unmake(m);
	mutex_unlock(&made_mutex);
}

struct cks_maker cks_uart_maker = {
	.name = CKS_UART_DRIVER,
	.create = create,
	.destroy = destroy,
};
