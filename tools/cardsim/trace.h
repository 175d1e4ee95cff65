/* SPDX-License-Identifier: GPL-2.0-only */
/* A log of what each card did: commands by name, status words, never a byte of data. */
#ifndef CARDSIM_TRACE_H
#define CARDSIM_TRACE_H

/* Appends to @path from now on; 0 or a negative errno. */
int trace_open(const char *path);
void trace_close(void);

/* One line; nothing happens when no trace is open. */
void trace_card(unsigned int lane, unsigned int card, const char *fmt, ...)
	__attribute__((__format__(printf, 3, 4)));

#endif
