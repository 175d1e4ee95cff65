// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traces: levels, edges and characters with their times, in the order of these. Pure computation.
 *
 * A late timer can make the model learn of an event after one with a later time. Its record then
 * has the time of the record before it.
 */
#include "trace.h"

#define FIRST_LEVEL	CKS_SIM_SIGNAL_UART
#define LAST_LEVEL	CKS_SIM_SIGNAL_IRQ
#define LINE_LEVELS	(1 << CKS_SIM_SIGNAL_UART | 1 << CKS_SIM_SIGNAL_CARD)

/* Who makes the level that is recorded. */
#define UART_SIDE	(1 << SIM_UART)
#define CARD_SIDE	(1 << SIM_CARD | 1 << SIM_SHORT)

void sim_tracer_init(struct sim_tracer *tr, const struct sim_line *line)
{
	memset(tr, 0, sizeof(*tr));
	tr->line = line;
}

static void store(struct sim_trace *trace, u16 signal, u16 value, u64 time, u32 cost)
{
	trace->rec[trace->head++ % SIM_TRACE_LEN] = (struct cks_sim_edge){
		.time = time, .signal = signal, .value = value, .cost = cost,
	};
}

static void store_levels(struct sim_trace *trace, u16 levels, u64 time)
{
	u16 signal;

	for (signal = FIRST_LEVEL; signal <= LAST_LEVEL; signal++)
		store(trace, signal, levels >> signal & 1, time, 0);
}

static u32 room(const struct sim_trace *trace)
{
	return SIM_TRACE_LEN - (trace->head - trace->tail);
}

/* @levels: before this record, for a reader that has to start over. */
static void put(struct sim_trace *trace, u16 levels, u16 signal, u16 value, u64 time, u32 cost)
{
	if (trace->lost) {
		if (room(trace) < 2 + LAST_LEVEL)
			return;
		trace->lost = false;
		store(trace, CKS_SIM_SIGNAL_LOST, 0, time, 0);
		store_levels(trace, levels, time);
	}
	if (room(trace))
		store(trace, signal, value, time, cost);
	else
		trace->lost = true;
}

static void record(struct sim_tracer *tr, u16 signal, u16 value, u64 time, u32 cost)
{
	struct sim_trace *trace;

	if (time < tr->last)
		time = tr->last;
	tr->last = time;
	tr->news = true;
	for (trace = tr->first; trace; trace = trace->next)
		put(trace, tr->levels, signal, value, time, cost);
	if (signal <= LAST_LEVEL) {
		tr->levels &= ~(1 << signal);
		tr->levels |= value << signal;
	}
}

void sim_trace_add(struct sim_tracer *tr, struct sim_trace *trace, u16 levels, u64 now)
{
	if (sim_tracing(tr)) {
		sim_trace_until(tr, now);
		sim_trace_levels(tr, levels, now, 0);
	} else {
		tr->at = now;
		tr->found = false;
		tr->last = now;
		/* At @now itself an edge may lie, which sim_trace_until() will find. */
		levels &= ~LINE_LEVELS;
		if (sim_line_level(tr->line, UART_SIDE, now - 1))
			levels |= 1 << CKS_SIM_SIGNAL_UART;
		if (sim_line_level(tr->line, CARD_SIDE, now - 1))
			levels |= 1 << CKS_SIM_SIGNAL_CARD;
		tr->levels = levels;
	}
	store_levels(trace, tr->levels, tr->last);
	trace->next = tr->first;
	tr->first = trace;
}

void sim_trace_remove(struct sim_tracer *tr, struct sim_trace *trace)
{
	struct sim_trace **p;

	for (p = &tr->first; *p; p = &(*p)->next) {
		if (*p == trace) {
			*p = trace->next;
			return;
		}
	}
}

static void line_edge(struct sim_tracer *tr, u16 signal, unsigned int side, u64 at)
{
	bool level = sim_line_level(tr->line, side, at);

	if (level != (tr->levels >> signal & 1))
		record(tr, signal, level, at, 0);
}

void sim_trace_until(struct sim_tracer *tr, u64 t)
{
	u64 uart, card;

	if (t <= tr->at)
		return;
	if (!tr->found || tr->version != tr->line->version) {
		tr->edge[0] = sim_line_edge(tr->line, UART_SIDE, tr->at);
		tr->edge[1] = sim_line_edge(tr->line, CARD_SIDE, tr->at);
		tr->version = tr->line->version;
		tr->found = true;
	}
	uart = tr->edge[0];
	card = tr->edge[1];
	while (uart < t || card < t) {
		if (uart < card) {
			line_edge(tr, CKS_SIM_SIGNAL_UART, UART_SIDE, uart);
			uart = sim_line_edge(tr->line, UART_SIDE, uart + 1);
		} else {
			line_edge(tr, CKS_SIM_SIGNAL_CARD, CARD_SIDE, card);
			card = sim_line_edge(tr->line, CARD_SIDE, card + 1);
		}
	}
	tr->edge[0] = uart;
	tr->edge[1] = card;
	tr->at = t;
}

bool sim_trace_differs(const struct sim_tracer *tr, u16 levels)
{
	return (levels ^ tr->levels) & ~LINE_LEVELS;
}

void sim_trace_levels(struct sim_tracer *tr, u16 levels, u64 now, u32 cost)
{
	u16 changed = (levels ^ tr->levels) & ~LINE_LEVELS;
	u16 signal;

	for (signal = FIRST_LEVEL; changed >> signal; signal++) {
		if (changed >> signal & 1)
			record(tr, signal, levels >> signal & 1, now, cost);
	}
}

void sim_trace_char(struct sim_tracer *tr, enum cks_sim_signal signal, u8 value, u64 now,
		    u32 cost)
{
	record(tr, signal, value, now, cost);
}

u64 sim_trace_due(const struct sim_tracer *tr)
{
	u64 end = sim_line_end(tr->line, UART_SIDE | CARD_SIDE);

	return end >= tr->at ? end + 1 : SIM_NEVER;
}

u32 sim_trace_peek(const struct sim_trace *trace, struct cks_sim_edge *rec, u32 n)
{
	u32 i, have = trace->head - trace->tail;

	if (n > have)
		n = have;
	for (i = 0; i < n; i++)
		rec[i] = trace->rec[(trace->tail + i) % SIM_TRACE_LEN];
	return n;
}

void sim_trace_consume(struct sim_trace *trace, u32 n)
{
	trace->tail += n;
}
