/* SPDX-License-Identifier: GPL-2.0-only */
/* Registers in memory, by the test's functions. */
#ifndef SHIM_LINUX_IO_H
#define SHIM_LINUX_IO_H

#include <linux/ktime.h>

#define __iomem

unsigned int ioread8(const void *at);
unsigned int ioread32(const void *at);
void iowrite8(u8 value, void *at);
void iowrite32(u32 value, void *at);

#endif
