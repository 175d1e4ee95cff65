// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records of a trace as lines of text or of JSON.
 */
#include <inttypes.h>
#include <string.h>

#include "trace.h"

static const char *const names[] = {
	[CKS_SIM_SIGNAL_UART] = "io-coupler",
	[CKS_SIM_SIGNAL_CARD] = "io-card",
	[CKS_SIM_SIGNAL_RST] = "rst",
	[CKS_SIM_SIGNAL_VCC] = "vcc",
	[CKS_SIM_SIGNAL_PRESENT] = "present",
	[CKS_SIM_SIGNAL_IRQ] = "irq",
	[CKS_SIM_SIGNAL_THR] = "thr",
	[CKS_SIM_SIGNAL_RBR] = "rbr",
	[CKS_SIM_SIGNAL_LOST] = "lost",
};

void trace_start(struct trace_writer *w, FILE *out)
{
	memset(w, 0, sizeof(*w));
	w->out = out;
}

uint64_t trace_time(struct trace_writer *w, const struct cks_sim_edge *e)
{
	if (!w->begun) {
		w->begun = true;
		w->first = e->time;
	}
	if (e->time >= w->first && e->time - w->first > w->last)
		w->last = e->time - w->first;
	return w->last;
}

const char *trace_signal_name(unsigned int signal)
{
	return signal < sizeof(names) / sizeof(names[0]) ? names[signal] : NULL;
}

void trace_text(struct trace_writer *w, const struct cks_sim_edge *e)
{
	uint64_t t = trace_time(w, e);
	const char *name = trace_signal_name(e->signal);

	if (!name)
		return;
	fprintf(w->out, "%" PRIu64 ".%03u %s", t / 1000, (unsigned int)(t % 1000), name);
	if (e->signal <= CKS_SIM_SIGNAL_IRQ)
		fprintf(w->out, " %u\n", e->value);
	else if (e->signal != CKS_SIM_SIGNAL_LOST)
		fprintf(w->out, " %02X\n", e->value);
	else
		fputc('\n', w->out);
}

void trace_json(struct trace_writer *w, const struct cks_sim_edge *e)
{
	uint64_t t = trace_time(w, e);
	const char *name = trace_signal_name(e->signal);

	if (name)
		fprintf(w->out, "{\"ns\":%" PRIu64 ",\"signal\":\"%s\",\"value\":%u}\n", t, name,
			e->value);
}
