/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records what happens on the contacts of a slot, for any number of readers. Pure: time is a
 * parameter, in nanoseconds; memory is the caller's; the caller serialises.
 *
 * Characters are put on the line before their time, and may be taken back. So the edges of the line
 * are recorded behind: whoever is going to change the line at a time first has recorded what lies
 * before it (sim_trace_until()), and that stands.
 */
#ifndef CKS_SIM_TRACE_H
#define CKS_SIM_TRACE_H

#include <linux/cks_sim.h>

#include "line.h"

#define SIM_TRACE_LEN	65536	/* records of a trace, a power of two */

/**
 * struct sim_trace - the records of one reader; head - tail of them, counting without end
 * @next: another reader of the same slot
 * @rec: SIM_TRACE_LEN records
 * @head: next one to be filled
 * @tail: oldest one
 * @lost: records were dropped since the last one
 */
struct sim_trace {
	struct sim_trace *next;
	struct cks_sim_edge *rec;
	u32 head;
	u32 tail;
	bool lost;
};

/**
 * struct sim_tracer - what is recorded of a slot
 * @line: I/O
 * @first: readers; without any, nothing is recorded
 * @at: edges of the line before this are recorded
 * @edge: the next edges of both sides from there on, found with
 * @version: of the line, if
 * @found: they were
 * @last: time of the last record
 * @levels: as recorded, bit n for signal n
 * @news: there are new records; cleared by the caller
 */
struct sim_tracer {
	const struct sim_line *line;
	struct sim_trace *first;
	u64 at;
	u64 edge[2];
	u32 version;
	bool found;
	u64 last;
	u16 levels;
	bool news;
};

void sim_tracer_init(struct sim_tracer *tr, const struct sim_line *line);

/* Whether anybody reads: the functions below need not be called otherwise. */
static inline bool sim_tracing(const struct sim_tracer *tr)
{
	return tr->first;
}

/**
 * sim_trace_add() - another reader
 * @tr: tracer
 * @trace: reader, with its @rec
 * @levels: of the contacts RST, VCC, PRESENT and IRQ, bit n for signal n
 * @now: its records begin here, with the levels
 */
void sim_trace_add(struct sim_tracer *tr, struct sim_trace *trace, u16 levels, u64 now);
void sim_trace_remove(struct sim_tracer *tr, struct sim_trace *trace);

/* Record the edges of the line before @t. Nothing on the line may change before @t any more. */
void sim_trace_until(struct sim_tracer *tr, u64 t);

/* Whether these levels, as sim_trace_add() takes them, are not what was recorded last. */
bool sim_trace_differs(const struct sim_tracer *tr, u16 levels);

/*
 * Record what is different from the last time; arguments as for sim_trace_add(), @cost as struct
 * cks_sim_edge has it.
 */
void sim_trace_levels(struct sim_tracer *tr, u16 levels, u64 now, u32 cost);

/* Record a character written or read; @signal is THR or RBR. */
void sim_trace_char(struct sim_tracer *tr, enum cks_sim_signal signal, u8 value, u64 now,
		    u32 cost);

/* When the last edge that is known has happened, %SIM_NEVER if all that are known are recorded. */
u64 sim_trace_due(const struct sim_tracer *tr);

/* Up to @n records without taking them away. Return: how many. */
u32 sim_trace_peek(const struct sim_trace *trace, struct cks_sim_edge *rec, u32 n);
void sim_trace_consume(struct sim_trace *trace, u32 n);

#endif
