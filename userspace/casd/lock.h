/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory for keys: never swapped, never in a core file, wiped when freed. */
#ifndef CASD_LOCK_H
#define CASD_LOCK_H

#include <stdbool.h>
#include <stddef.h>

/*
 * lock_process() - no core files, no ptrace, all memory locked
 *
 * Return: false with the reason on standard error: without it no key may be touched.
 */
bool lock_process(void);

/* lock_alloc() - zeroed, from the locked heap; NULL if it is full */
void *lock_alloc(size_t size);

/* lock_free() - wipes; NULL is ignored */
void lock_free(void *p, size_t size);

#endif
