/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Traces of the bench, for test programs: all records of one, and what they mean.
 */
#ifndef KSELFTEST_SIMTRACE_H
#define KSELFTEST_SIMTRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/cks_sim.h>

/**
 * struct simtrace - records in memory
 * @rec: they
 * @n: how many
 */
struct simtrace {
	struct cks_sim_edge *rec;
	size_t n;
};

/* What the trace @fd has so far. False without memory, or if it cannot be read. */
bool simtrace_read(int fd, struct simtrace *ret_trace);
void simtrace_free(struct simtrace *t);

/* Index of the first record of @signal with @value from index @from on, or @t->n. */
size_t simtrace_find(const struct simtrace *t, enum cks_sim_signal signal, unsigned int value,
		     size_t from);

/**
 * simtrace_char() - the next character of one side, as a receiver with the right rate sees it
 * @t: trace
 * @signal: CKS_SIM_SIGNAL_UART or CKS_SIM_SIGNAL_CARD
 * @etu_ns: length of a bit
 * @pos: index to begin at; moved behind the character
 * @ret_byte: character, LSB first
 * @ret_start: its leading edge
 * Return: false when there is none
 */
bool simtrace_char(const struct simtrace *t, enum cks_sim_signal signal, double etu_ns, size_t *pos,
		   uint8_t *ret_byte, uint64_t *ret_start);

#endif
