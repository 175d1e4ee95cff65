// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hands the UART of a slot to the stock 8250 driver, as a port /dev/ttySN. The driver finds out
 * what it is as it does with a real one, takes the slot's interrupt, and calls the register
 * accessors below its own locks. Process context.
 */
#include <linux/platform_device.h>
#include <linux/serial_8250.h>

#include "slot.h"

/* Called first while the port is registered, which is how we learn which one it is. */
static unsigned int tty_in(struct uart_port *port, int reg)
{
	struct sim_slot *s = port->private_data;

	s->port = port;
	return sim_slot_in(s, reg);
}

static void tty_out(struct uart_port *port, int reg, int value)
{
	sim_slot_out(port->private_data, reg, value);
}

/*
 * The slot has no address. The driver wants one in @membase before it looks for a UART, and with
 * this @iotype does nothing with it.
 */
int sim_tty_add(struct sim_slot *s)
{
	struct uart_8250_port up = {
		.port = {
			.iotype = UPIO_UNKNOWN,
			.membase = (__force void __iomem *)s,
			.serial_in = tty_in,
			.serial_out = tty_out,
			.private_data = s,
			.uartclk = s->uart.clk,
			.irq = s->irq,
			.flags = UPF_BOOT_AUTOCONF,
		},
	};
	int line;

	s->pdev = platform_device_register_simple("cks_sim_tty", PLATFORM_DEVID_AUTO, NULL, 0);
	if (IS_ERR(s->pdev))
		return PTR_ERR(s->pdev);
	up.port.dev = &s->pdev->dev;
	line = serial8250_register_8250_port(&up);
	if (line < 0)
		platform_device_unregister(s->pdev);
	return line;
}

/* Under an open tty as well, which is hung up. */
void sim_tty_remove(struct sim_slot *s)
{
	serial8250_unregister_port(s->number);
	/* The driver keeps the entry with our functions in it; without an address it calls none. */
	if (s->port)
		s->port->membase = NULL;
	platform_device_unregister(s->pdev);
}
