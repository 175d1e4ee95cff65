// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module: the drivers of the buses on which there are UARTs, and the maker of couplers at a
 * place that netlink names.
 */
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/platform_device.h>

#include "bus.h"

static int __init cks_uart_init(void)
{
	int err;

	err = platform_driver_register(&cks_uart_platform_driver);
	if (err)
		return err;
	err = pci_register_driver(&cks_uart_pci_driver);
	if (err)
		goto platform;
	err = cks_maker_register(&cks_uart_maker);
	if (err)
		goto pci;
	return 0;

pci:
	pci_unregister_driver(&cks_uart_pci_driver);
platform:
	platform_driver_unregister(&cks_uart_platform_driver);
	return err;
}
module_init(cks_uart_init);

static void __exit cks_uart_exit(void)
{
	cks_maker_unregister(&cks_uart_maker);
	cks_uart_unmake_all();
	pci_unregister_driver(&cks_uart_pci_driver);
	platform_driver_unregister(&cks_uart_platform_driver);
}
module_exit(cks_uart_exit);

MODULE_DESCRIPTION("Smart card couplers on 16550 UARTs");
MODULE_LICENSE("GPL");
MODULE_ALIAS("platform:" CKS_UART_DRIVER);
MODULE_ALIAS("cks-maker-" CKS_UART_DRIVER);
