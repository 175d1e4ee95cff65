/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Traces of the bench, written out: as a waveform (VCD), as text, as JSON. Each writer gets the
 * records one after the other; times are written from the first one on.
 */
#ifndef CKSCTL_TRACE_H
#define CKSCTL_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <linux/cks_sim.h>

/**
 * struct trace_writer - where records go
 * @out: file
 * @begun: there was a record
 * @first: its time
 * @last: time of the last one, from @first; a record that lies before it has this time
 * @level: of the contacts by enum cks_sim_signal, as VCD has it: '0', '1', 'x'
 * @io: of the line
 */
struct trace_writer {
	FILE *out;
	bool begun;
	uint64_t first;
	uint64_t last;
	char level[CKS_SIM_SIGNAL_IRQ + 1];
	char io;
};

void trace_start(struct trace_writer *w, FILE *out);

/* Its time in ns since the first one. */
uint64_t trace_time(struct trace_writer *w, const struct cks_sim_edge *e);

/* As the records are called in text and JSON; NULL for one that nobody knows. */
const char *trace_signal_name(unsigned int signal);

/* "12.345 rst 1": microseconds; characters in hexadecimal. */
void trace_text(struct trace_writer *w, const struct cks_sim_edge *e);
/* {"ns":12345,"signal":"rst","value":1} */
void trace_json(struct trace_writer *w, const struct cks_sim_edge *e);

/* IEEE 1364-2005, 18: declarations, then changes. */
void trace_vcd_start(struct trace_writer *w, FILE *out, const char *scope);
void trace_vcd(struct trace_writer *w, const struct cks_sim_edge *e);

#endif
