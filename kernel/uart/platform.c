// SPDX-License-Identifier: GPL-2.0-only
/*
 * The platform driver "cks_uart": UARTs that another module describes by struct
 * cks_uart_platform_data, and those that device tree, ACPI (PRP0001) or a software node describe:
 *
 *	compatible		"cks,uart"
 *	reg			registers, I/O or memory
 *	interrupts
 *	clocks, clock-frequency	base clock of the UART: one of them; the setting uart-clk prevails
 *	reg-shift, reg-io-width	as for "ns16550a"
 *	fifo-size		where it is not to be measured
 *	cks,family		"16550" (default), "16950", "xr17v35x"
 *	cks,clk-hz		clock of the card
 *	label			name of the coupler, else that of the device
 *	reset-gpios, power-gpios, detect-gpios, vcc-supply
 *				contacts that are not on modem lines: gpio.c
 *
 * Process context.
 */
#include <linux/clk.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/property.h>

#include "bus.h"
#include "state.h"

static int map(struct platform_device *pdev, struct cks_uart_regs *r, enum cks_uart_family family)
{
	resource_size_t need = ((cks_uart_family_span(family) - 1) << r->shift) + r->width;
	struct resource *io = platform_get_resource(pdev, IORESOURCE_IO, 0);
	struct resource *res = io ?: platform_get_resource(pdev, IORESOURCE_MEM, 0);

	if (!res)
		return -ENODEV;
	if (resource_size(res) < need) {
		dev_err(&pdev->dev, "its registers take %pap addresses, more than %pR\n",
			&need, res);
		return -EINVAL;
	}
	if (!io) {
		r->base = devm_platform_ioremap_resource(pdev, 0);
		return PTR_ERR_OR_ZERO(r->base);
	}
	if (!devm_request_region(&pdev->dev, io->start, resource_size(io), CKS_UART_DRIVER))
		return -EBUSY;
	r->base = devm_ioport_map(&pdev->dev, io->start, resource_size(io));
	return r->base ? 0 : -ENOMEM;
}

static int read_clock(struct device *dev, u32 *ret_hz)
{
	struct clk *clk;

	if (!device_property_read_u32(dev, "clock-frequency", ret_hz) && *ret_hz)
		return 0;
	clk = devm_clk_get_optional_enabled(dev, NULL);
	if (IS_ERR(clk))
		return PTR_ERR(clk);
	*ret_hz = clk_get_rate(clk);
	/* No setting can make up for it: there is nothing to set before there is a coupler. */
	if (!*ret_hz)
		return dev_err_probe(dev, -EINVAL,
				     "neither clocks nor clock-frequency tell its clock\n");
	return 0;
}

static int read_family(struct device *dev, enum cks_uart_family *ret_family)
{
	const char *name;
	int family;

	*ret_family = CKS_UART_16550;
	if (device_property_read_string(dev, "cks,family", &name))
		return 0;
	family = cks_uart_family_by_name(name);
	if (family < 0)
		return dev_err_probe(dev, family, "family \"%s\" is not known\n", name);
	*ret_family = family;
	return 0;
}

/* What the firmware says of it. */
static int describe(struct platform_device *pdev, struct cks_uart_platform_data *pd)
{
	struct device *dev = &pdev->dev;
	struct cks_uart_regs *r;
	u32 value;
	int err;

	r = devm_kzalloc(dev, sizeof(*r), GFP_KERNEL);
	if (!r)
		return -ENOMEM;
	r->width = 1;
	if (!device_property_read_u32(dev, "reg-io-width", &value))
		r->width = value;
	if (!device_property_read_u32(dev, "reg-shift", &value))
		r->shift = value;
	if ((r->width != 1 && r->width != 4) || r->shift > 3)
		return dev_err_probe(dev, -EINVAL, "reg-io-width is 1 or 4, reg-shift 0 to 3\n");

	err = read_family(dev, &pd->family);
	if (err)
		return err;
	err = map(pdev, r, pd->family);
	if (err)
		return dev_err_probe(dev, err, "its registers are not to be had\n");

	cks_uart_use_regs(pd, r);
	cks_uart_default_settings(&pd->settings);
	device_property_read_u32(dev, "cks,clk-hz", &pd->settings.clk_hz);
	if (!device_property_read_u32(dev, "fifo-size", &value))
		pd->fifo = clamp_t(u32, value, 1, CKS_UART_FIFO_MAX);
	pd->name = dev_name(dev);
	device_property_read_string(dev, "label", &pd->name);
	err = read_clock(dev, &pd->uartclk);
	return err ?: cks_uart_use_gpios(dev, pd);
}

static int probe(struct platform_device *pdev)
{
	const struct cks_uart_platform_data *given = dev_get_platdata(&pdev->dev);
	struct cks_uart_platform_data pd = { };
	struct cks_uart *u;
	int irq, err;

	if (!given) {
		err = describe(pdev, &pd);
		if (err)
			return err;
		given = &pd;
	}
	irq = platform_get_irq(pdev, 0);
	if (irq < 0)
		return irq;
	u = cks_uart_add(&pdev->dev, irq, given, cks_uart_making());
	if (IS_ERR(u)) {
		cks_uart_making_failed(PTR_ERR(u));
		return PTR_ERR(u);
	}
	err = cks_uart_watch_gpios(u);
	if (err) {
		cks_uart_remove(u);
		return err;
	}
	platform_set_drvdata(pdev, u->coupler);
	return 0;
}

static struct cks_uart *uart_of(struct device *dev)
{
	return cks_coupler_drvdata(dev_get_drvdata(dev));
}

static void remove(struct platform_device *pdev)
{
	cks_uart_unwatch_gpios(uart_of(&pdev->dev));
	cks_uart_remove(uart_of(&pdev->dev));
}

static void shutdown(struct platform_device *pdev)
{
	cks_uart_shutdown(uart_of(&pdev->dev));
}

static int suspend(struct device *dev)
{
	cks_uart_suspend(uart_of(dev));
	return 0;
}

static int resume(struct device *dev)
{
	return cks_uart_resume(uart_of(dev));
}

static DEFINE_SIMPLE_DEV_PM_OPS(pm_ops, suspend, resume);

static const struct of_device_id of_ids[] = {
	{ .compatible = "cks,uart" },
	{ }
};
MODULE_DEVICE_TABLE(of, of_ids);

struct platform_driver cks_uart_platform_driver = {
	.probe = probe,
	.remove = remove,
	.shutdown = shutdown,
	.driver = {
		.name = CKS_UART_DRIVER,
		.of_match_table = of_ids,
		.pm = pm_sleep_ptr(&pm_ops),
		/* Who registers a device looks for its coupler next. */
		.probe_type = PROBE_FORCE_SYNCHRONOUS,
	},
};
