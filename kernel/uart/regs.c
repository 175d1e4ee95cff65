// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registers of a UART in I/O or memory space. Any context, serialised by the caller, but for those
 * that UARTs of a chip share, which have a lock of their own: raw, below the coupler's.
 */
#include "bus.h"

static void __iomem *at(const struct cks_uart_regs *r, unsigned int reg)
{
	return r->base + (reg << r->shift);
}

static u8 in(void *ctx, unsigned int reg)
{
	const struct cks_uart_regs *r = ctx;

	return r->width == 4 ? ioread32(at(r, reg)) : ioread8(at(r, reg));
}

static void out(void *ctx, unsigned int reg, u8 value)
{
	const struct cks_uart_regs *r = ctx;

	if (r->width == 4)
		iowrite32(value, at(r, reg));
	else
		iowrite8(value, at(r, reg));
}

static void update(void *ctx, unsigned int reg, u8 mask, u8 value)
{
	struct cks_uart_regs *r = ctx;
	unsigned long flags;

	raw_spin_lock_irqsave(r->shared, flags);
	out(r, reg, (in(r, reg) & ~mask) | (value & mask));
	raw_spin_unlock_irqrestore(r->shared, flags);
}

void cks_uart_use_regs(struct cks_uart_platform_data *pd, struct cks_uart_regs *regs)
{
	pd->serial_in = in;
	pd->serial_out = out;
	pd->update = regs->shared ? update : NULL;
	pd->ctx = regs;
}
