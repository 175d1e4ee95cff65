/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which code of the modules was reached (Documentation/dev-tools/kcov.rst): by the calls of this
 * thread, and by what works and threads did for the station and for the tty that kcov_in_remote()
 * has set up.
 * What runs in hard interrupts is not seen.
 */
#ifndef SURFACE_KCOV_H
#define SURFACE_KCOV_H

#include <stdbool.h>

/* false if this kernel cannot tell. */
bool kcov_open(void);
void kcov_close(void);

/* From here on, of this thread. */
void kcov_begin(void);
/* How many edges there were that had not been seen before. */
unsigned int kcov_end(void);
/* All that have been seen. */
unsigned int kcov_edges(void);
/* As if nothing had been seen. */
void kcov_forget(void);

/* Call it in a thread whose doings the kernel's works count as, and wait; without KCOV, just so. */
void kcov_in_remote(void (*fn)(void *arg), void *arg);

#endif
