/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Families of UARTs: one const table each, in a file of its own with the family's registers and its
 * search for a rate. Compiles in userspace for its tests.
 */
#ifndef CKS_UART_FAMILY_H
#define CKS_UART_FAMILY_H

#include "rate.h"

/**
 * struct cks_uart_io - access to the registers of one UART
 * @in: reads a register; any context, serialised by the caller; must not call the interrupt handler
 * @out: writes one; same
 * @update: changes the bits @mask of a register that all UARTs of a chip share, and that is reached
 *	through each of them; serialises against the others. NULL where the UART is alone
 * @ctx: for all of them
 * @port: number of the UART on its chip, 0...7
 */
struct cks_uart_io {
	u8 (*in)(void *ctx, unsigned int reg);
	void (*out)(void *ctx, unsigned int reg, u8 value);
	void (*update)(void *ctx, unsigned int reg, u8 mask, u8 value);
	void *ctx;
	u8 port;
};

/**
 * struct cks_uart_family_ops - a family
 * @name: as netlink shows it
 * @span: of its registers, the last that is reached and one more: what must be mapped
 * @fifo: characters that each FIFO holds; 0: it differs, cks_uart_measure() finds out
 * @mcr: bits that MCR must have besides the modem outputs, always
 * @find_rate: the best setting for an etu; arguments and result as of cks_uart_rate_judge(), with
 *	the clocks of UART and card in Hz. May take some hundred microseconds: process context
 * @start: process context, nobody else has the UART; brings the family's own registers from any
 *	state into one where a 16550 is seen, with what @set_rate and @set_fifo need. -ENODEV: this
 *	is no UART of the family
 * @set_rate: divisor and prescalers, with @lcr left in LCR; any context, some ten register accesses
 * @set_fifo: any context. @level 0 turns the FIFOs off, which empties them as turning them on does;
 *	else the receiver's interrupt comes at @level characters, which @level_of has returned
 * @level_of: the highest receive trigger level not above @chars of a FIFO of @fifo characters, at
 *	least 1; any context
 */
struct cks_uart_family_ops {
	const char *name;
	u16 span;
	u16 fifo;
	u8 mcr;
	int (*find_rate)(struct cks_uart_rate *ret_rate, u32 uart_clk, u32 card_clk, u16 f, u8 d);
	int (*start)(const struct cks_uart_io *io);
	void (*set_rate)(const struct cks_uart_io *io, const struct cks_uart_rate *rate, u8 lcr);
	void (*set_fifo)(const struct cks_uart_io *io, u16 fifo, u16 level);
	u16 (*level_of)(u16 fifo, u16 chars);
};

extern const struct cks_uart_family_ops cks_uart_16550;
extern const struct cks_uart_family_ops cks_uart_ox950;
extern const struct cks_uart_family_ops cks_uart_xr17v35x;

#endif
