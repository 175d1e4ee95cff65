// SPDX-License-Identifier: GPL-2.0-only
/*
 * Multi-port UARTs on PCI: each port becomes a coupler, named by the card's address and its number.
 *
 * The driver takes no card by itself, since the same ones serve as serial ports: its table matches
 * only where driver_override names it, as vfio-pci's does (docs/uarts.md).
 *
 * Process context. Where the UARTs of a chip share registers, a raw lock of the card serialises
 * their changes, below the couplers' locks.
 */
#include <linux/module.h>
#include <linux/pci.h>

#include "bus.h"

#define PORTS_MAX	16

/**
 * struct kind - what a card has
 * @family: of its UARTs
 * @fifo: depth of their FIFOs; 0: what the family has, or what is measured
 * @clk: their base clock, Hz; boards differ, and the setting uart-clk overrides it
 * @ports: how many; 0: the card's register 4 says it
 * @each_bar: each is in a BAR of its own, from 0 on; else all are in BAR 0
 * @first: offset of the first
 * @step: from each to the next
 * @shared: registers of the chip are reached through each UART
 */
struct kind {
	enum cks_uart_family family;
	u16 fifo;
	u32 clk;
	u8 ports;
	bool each_bar;
	u32 first;
	u32 step;
	bool shared;
};

enum {
	QEMU_1, QEMU_2, QEMU_4, OX16PCI952, OX16PCI954, OXPCIE95X,
	XR17V352, XR17V354, XR17V358,
};

static const struct kind kinds[] = {
	[QEMU_1] = { .clk = 1843200, .ports = 1 },
	[QEMU_2] = { .clk = 1843200, .ports = 2, .step = 8 },
	[QEMU_4] = { .clk = 1843200, .ports = 4, .step = 8 },
	[OX16PCI952] = { .family = CKS_UART_OX950, .clk = 14745600, .ports = 2, .each_bar = true },
	[OX16PCI954] = { .family = CKS_UART_OX950, .clk = 1843200, .ports = 4, .step = 8 },
	[OXPCIE95X] = { .family = CKS_UART_OX950, .clk = 62500000, .first = 0x1000,
			.step = 0x200 },
	[XR17V352] = { .family = CKS_UART_XR17V35X, .clk = 125000000, .ports = 2, .step = 0x400,
		       .shared = true },
	[XR17V354] = { .family = CKS_UART_XR17V35X, .clk = 125000000, .ports = 4, .step = 0x400,
		       .shared = true },
	[XR17V358] = { .family = CKS_UART_XR17V35X, .clk = 125000000, .ports = 8, .step = 0x400,
		       .shared = true },
};

/* No alias is made of it: nothing may load the driver because such a card is there. */
#define CARD(vendor, device, kind) \
	{ PCI_DEVICE_DRIVER_OVERRIDE(vendor, device, 1), .driver_data = (kind) }

static const struct pci_device_id ids[] = {
	CARD(PCI_VENDOR_ID_REDHAT, 0x0002, QEMU_1),
	CARD(PCI_VENDOR_ID_REDHAT, 0x0003, QEMU_2),
	CARD(PCI_VENDOR_ID_REDHAT, 0x0004, QEMU_4),
	CARD(PCI_VENDOR_ID_OXSEMI, PCI_DEVICE_ID_OXSEMI_16PCI952, OX16PCI952),
	CARD(PCI_VENDOR_ID_OXSEMI, PCI_DEVICE_ID_OXSEMI_16PCI954, OX16PCI954),
	/* OXPCIe952, 954 and 958, native UARTs. */
	CARD(PCI_VENDOR_ID_OXSEMI, 0xc158, OXPCIE95X),
	CARD(PCI_VENDOR_ID_OXSEMI, 0xc208, OXPCIE95X),
	CARD(PCI_VENDOR_ID_OXSEMI, 0xc308, OXPCIE95X),
	CARD(PCI_VENDOR_ID_EXAR, PCI_DEVICE_ID_EXAR_XR17V352, XR17V352),
	CARD(PCI_VENDOR_ID_EXAR, PCI_DEVICE_ID_EXAR_XR17V354, XR17V354),
	CARD(PCI_VENDOR_ID_EXAR, PCI_DEVICE_ID_EXAR_XR17V358, XR17V358),
	{ }
};

/**
 * struct card - a card that is bound
 * @kind: what it is
 * @shared: see the head of this file
 * @ports: how many it has
 * @regs: of each
 * @uart: each, NULL where it was refused
 */
struct card {
	const struct kind *kind;
	raw_spinlock_t shared;	/* registers of the chip */
	unsigned int ports;
	struct cks_uart_regs regs[PORTS_MAX];
	struct cks_uart *uart[PORTS_MAX];
};

static void __iomem *map(struct pci_dev *pdev, unsigned int bar, size_t need)
{
	int err;

	if (pci_resource_len(pdev, bar) < need) {
		dev_err(&pdev->dev, "BAR %u has less than %zu bytes\n", bar, need);
		return IOMEM_ERR_PTR(-ENODEV);
	}
	err = pcim_request_region(pdev, bar, CKS_UART_DRIVER);
	if (err) {
		dev_err(&pdev->dev, "BAR %u is in use (%d)\n", bar, err);
		return IOMEM_ERR_PTR(err);
	}
	return pcim_iomap(pdev, bar, 0) ?: IOMEM_ERR_PTR(-ENOMEM);
}

/* Where the registers of each port are. */
static int map_ports(struct pci_dev *pdev, struct card *card)
{
	const struct kind *k = card->kind;
	unsigned int span = cks_uart_family_span(k->family);
	void __iomem *base;
	unsigned int i;

	card->ports = k->ports;
	for (i = 0; k->each_bar && i < k->ports; i++) {
		base = map(pdev, i, span);
		if (IS_ERR(base))
			return PTR_ERR(base);
		card->regs[i].base = base;
	}
	if (k->each_bar)
		return 0;

	base = map(pdev, 0, k->first + span);
	if (IS_ERR(base))
		return PTR_ERR(base);
	if (!card->ports)
		card->ports = ioread8(base + 4);
	if (!card->ports || card->ports > PORTS_MAX ||
	    pci_resource_len(pdev, 0) < k->first + (card->ports - 1) * k->step + span) {
		dev_err(&pdev->dev, "%u ports do not fit into BAR 0\n", card->ports);
		return -ENODEV;
	}
	for (i = 0; i < card->ports; i++)
		card->regs[i].base = base + k->first + i * k->step;
	return 0;
}

static struct cks_uart *add_port(struct pci_dev *pdev, struct card *card, unsigned int i)
{
	struct cks_uart_platform_data pd = {
		.uartclk = card->kind->clk,
		.family = card->kind->family,
		.fifo = card->kind->fifo,
		.port = i,
	};
	char name[CKS_NAME_MAX + 1];

	snprintf(name, sizeof(name), "%s/%u", pci_name(pdev), i);
	pd.name = name;
	card->regs[i].width = 1;
	if (card->kind->shared)
		card->regs[i].shared = &card->shared;
	cks_uart_use_regs(&pd, &card->regs[i]);
	cks_uart_default_settings(&pd.settings);
	return cks_uart_add(&pdev->dev, pdev->irq, &pd, NULL);
}

/* A port that does not work must not keep the others from working. */
static int probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	unsigned int i, good = 0;
	struct card *card;
	int err;

	if (id->vendor == (u32)PCI_ANY_ID || id->driver_data >= ARRAY_SIZE(kinds))
		return dev_err_probe(&pdev->dev, -ENODEV, "card is not in the driver's table\n");
	card = devm_kzalloc(&pdev->dev, sizeof(*card), GFP_KERNEL);
	if (!card)
		return -ENOMEM;
	card->kind = &kinds[id->driver_data];
	raw_spin_lock_init(&card->shared);

	err = pcim_enable_device(pdev);
	if (err)
		return dev_err_probe(&pdev->dev, err, "the card cannot be enabled\n");
	if (!pdev->irq)
		return dev_err_probe(&pdev->dev, -ENODEV, "the card has no interrupt\n");
	err = map_ports(pdev, card);
	if (err)
		return err;

	err = -ENODEV;
	for (i = 0; i < card->ports; i++) {
		card->uart[i] = add_port(pdev, card, i);
		if (IS_ERR(card->uart[i])) {
			err = PTR_ERR(card->uart[i]);
			dev_err(&pdev->dev, "port %u is left out (%d)\n", i, err);
			card->uart[i] = NULL;
		} else {
			good++;
		}
	}
	if (!good)
		return err;
	pci_set_drvdata(pdev, card);
	return 0;
}

static void each_port(struct card *card, void (*fn)(struct cks_uart *u))
{
	unsigned int i;

	for (i = 0; i < card->ports; i++) {
		if (card->uart[i])
			fn(card->uart[i]);
	}
}

static void remove(struct pci_dev *pdev)
{
	each_port(pci_get_drvdata(pdev), cks_uart_remove);
}

static void shutdown(struct pci_dev *pdev)
{
	each_port(pci_get_drvdata(pdev), cks_uart_shutdown);
}

static int suspend(struct device *dev)
{
	each_port(dev_get_drvdata(dev), cks_uart_suspend);
	return 0;
}

static int resume(struct device *dev)
{
	struct card *card = dev_get_drvdata(dev);
	int err = 0, one;
	unsigned int i;

	for (i = 0; i < card->ports; i++) {
		one = card->uart[i] ? cks_uart_resume(card->uart[i]) : 0;
		err = err ?: one;
	}
	return err;
}

static DEFINE_SIMPLE_DEV_PM_OPS(pm_ops, suspend, resume);

struct pci_driver cks_uart_pci_driver = {
	.name = CKS_UART_DRIVER,
	.id_table = ids,
	.probe = probe,
	.remove = remove,
	.shutdown = shutdown,
	.driver.pm = pm_sleep_ptr(&pm_ops),
};
