/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel has taken for itself, for tests that give everything back.
 */
#ifndef KSELFTEST_KERNEL_MEMORY_H
#define KSELFTEST_KERNEL_MEMORY_H

/* Slab and vmalloc, in kB. Fails the test if it cannot be read. */
long kernel_memory(void);

#endif
