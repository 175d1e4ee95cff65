/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a UART and its coupler are described to the driver: by the files of this directory that know
 * a bus, and by a platform device "cks_uart" of another module.
 *
 * Such a device has one interrupt resource and this structure as its platform data. Once the driver
 * is bound, the drvdata of the device is its struct cks_coupler.
 */
#ifndef CKS_UART_H
#define CKS_UART_H

#include "core/coupler.h"

#define CKS_UART_DRIVER		"cks_uart"

/* Families of UARTs, as their rate generators and FIFOs differ. */
enum cks_uart_family {
	CKS_UART_16550,		/* PC16550D and its descendants */
	CKS_UART_OX950,		/* Oxford OX16C950, OXPCIe95x */
	CKS_UART_XR17V35X,	/* Exar XR17V35x */
};

/**
 * struct cks_uart_wiring - contacts that are not on the UART's modem lines
 * @contacts: levels of RST, and of the switch of VCC and CLK; any context, with the coupler's raw
 *	spinlock held; called for every change of either, after that of the modem lines. NULL
 *	without such
 * @present: whether a card is in; same context. NULL: a modem line tells
 * @supply: what feeds the switch is needed from now on, or no more; process context. May be NULL
 * @power: @contacts switches VCC and CLK
 */
struct cks_uart_wiring {
	void (*contacts)(const struct cks_uart_wiring *w, bool rst_high, bool power);
	bool (*present)(const struct cks_uart_wiring *w);
	void (*supply)(struct cks_uart_wiring *w, bool on);
	bool power;
};

/**
 * struct cks_uart_platform_data - a 16550 and what is wired to it
 * @serial_in: read register 0...7 as <linux/serial_reg.h> counts them; any context, with the
 *	coupler's raw spinlock held; must not call the interrupt handler
 * @serial_out: write a register; same
 * @update: see struct cks_uart_io in family.h; NULL where no register is shared with other UARTs
 * @rx_time: when the UART announced the character that is now to be read, where the hardware takes
 *	time stamps; NULL: the time of the interrupt stands for it. Same context
 * @ctx: for all of them
 * @uartclk: clock that enters the baud rate generator, Hz
 * @family: whose registers it has; those of the family beyond 0...7 are numbered as its data sheet
 *	numbers them
 * @fifo: characters that each FIFO holds; 0: what the family has, or what the UART is found to have
 * @port: number of the UART on its chip
 * @name: of the coupler, by which its settings are kept; NULL: that of the device, and they are not
 * @wiring: contacts elsewhere, stays as long as the device does; or NULL
 * @settings: initial ones; @settings.uart_clk 0 means @uartclk
 */
struct cks_uart_platform_data {
	u8 (*serial_in)(void *ctx, unsigned int reg);
	void (*serial_out)(void *ctx, unsigned int reg, u8 value);
	void (*update)(void *ctx, unsigned int reg, u8 mask, u8 value);
	ktime_t (*rx_time)(void *ctx);
	void *ctx;
	u32 uartclk;
	enum cks_uart_family family;
	u16 fifo;
	u8 port;
	const char *name;
	struct cks_uart_wiring *wiring;
	struct cks_settings settings;
};

#endif
