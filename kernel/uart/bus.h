/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the files that know a bus (platform.c, pci.c, legacy.c) and the life of a UART (uart.c).
 * Process context throughout.
 */
#ifndef CKS_UART_BUS_H
#define CKS_UART_BUS_H

#include <linux/io.h>

#include "uart.h"

struct cks_uart;

/**
 * cks_uart_add() - take a UART: look for it, test it, make a coupler of it
 * @dev: device that it belongs to
 * @irq: its interrupt, which may be shared with other UARTs and devices
 * @pd: what is known of it; copied, but for the name
 * @extack: says what is wrong, as the log does; may be NULL
 *
 * Nobody else may have the registers.
 *
 * Return: the UART, or ERR_PTR(): -ENODEV nothing answers or it does not work, -EBUSY the interrupt
 * is not to be had, -EINVAL the settings are refused, -EEXIST there is such a name
 */
struct cks_uart *cks_uart_add(struct device *dev, int irq, const struct cks_uart_platform_data *pd,
			      struct netlink_ext_ack *extack);
void cks_uart_remove(struct cks_uart *u);

/* The machine goes down: no card stays under power. cks_uart_remove() may still follow. */
void cks_uart_shutdown(struct cks_uart *u);
void cks_uart_suspend(struct cks_uart *u);
int cks_uart_resume(struct cks_uart *u);

/* A family by the name that netlink shows, or -EINVAL. */
int cks_uart_family_by_name(const char *name);
/* How many registers it has, from 0 on. */
unsigned int cks_uart_family_span(enum cks_uart_family family);

/*
 * Of a UART of whose wiring nobody has told yet, a plain Phoenix coupler: RST low while RTS is
 * asserted, VCC always on, card detect on CTS.
 */
void cks_uart_default_settings(struct cks_settings *ret_settings);

/* What is usual for a UART at a port of its own. */
#define CKS_UART_USUAL_CLK	1843200

/* ------------------------------------------------------------------------------- regs.c */

/**
 * struct cks_uart_regs - registers that are mapped
 * @base: of ports or memory
 * @shift: they are 1 << @shift addresses apart
 * @width: bytes of an access, 1 or 4
 * @shared: serialises changes of registers that the UARTs of a chip share, or NULL
 */
struct cks_uart_regs {
	void __iomem *base;
	u8 shift;
	u8 width;
	raw_spinlock_t *shared;
};

/* Accessors and context of a description; @regs stays as long as the UART does. */
void cks_uart_use_regs(struct cks_uart_platform_data *pd, struct cks_uart_regs *regs);

/* gpio.c */
int cks_uart_use_gpios(struct device *dev, struct cks_uart_platform_data *pd);
int cks_uart_watch_gpios(struct cks_uart *u);
void cks_uart_unwatch_gpios(struct cks_uart *u);

/* ------------------------------------------------------------------------------ drivers */

extern struct platform_driver cks_uart_platform_driver;
extern struct pci_driver cks_uart_pci_driver;
extern struct cks_maker cks_uart_maker;

/* legacy.c: take away all that was made */
void cks_uart_unmake_all(void);

/* legacy.c: where a refusal is to be told, of a device that is being made by this task; or NULL */
struct netlink_ext_ack *cks_uart_making(void);
void cks_uart_making_failed(int err);

#endif
