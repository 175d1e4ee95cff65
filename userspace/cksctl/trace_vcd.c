// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records of a trace as a Value Change Dump for a waveform viewer.
 *
 * VCC and CLK of the bench are switched together: one signal with two names. The line I/O is what
 * both sides make of it. A character that is written to THR or read from RBR is an event and a
 * value, so that the same character twice is seen twice. What is not known, since records were
 * lost, is x.
 */
#include <inttypes.h>
#include <string.h>

#include "trace.h"

#define IO	'I'

/* By enum cks_sim_signal: identifier codes. */
static const char codes[] = {
	[CKS_SIM_SIGNAL_UART] = 'u',
	[CKS_SIM_SIGNAL_CARD] = 'c',
	[CKS_SIM_SIGNAL_RST] = 'r',
	[CKS_SIM_SIGNAL_VCC] = 'v',
	[CKS_SIM_SIGNAL_PRESENT] = 'p',
	[CKS_SIM_SIGNAL_IRQ] = 'i',
	[CKS_SIM_SIGNAL_THR] = 't',
	[CKS_SIM_SIGNAL_RBR] = 'b',
};

static void declare(struct trace_writer *w, const char *type, int bits, char code,
		    const char *name)
{
	fprintf(w->out, "$var %s %d %c %s $end\n", type, bits, code, name);
}

/* An event has the capital of its character's code. */
static char event_of(char code)
{
	return (char)(code - 'a' + 'A');
}

static void set(struct trace_writer *w, unsigned int signal, char level)
{
	if (w->level[signal] == level)
		return;
	w->level[signal] = level;
	fprintf(w->out, "%c%c\n", level, codes[signal]);
}

static void set_io(struct trace_writer *w)
{
	char uart = w->level[CKS_SIM_SIGNAL_UART], card = w->level[CKS_SIM_SIGNAL_CARD];
	char io = 'x';

	if (uart == '0' || card == '0')
		io = '0';
	else if (uart == '1' && card == '1')
		io = '1';
	if (io == w->io)
		return;
	w->io = io;
	fprintf(w->out, "%c%c\n", io, IO);
}

void trace_vcd_start(struct trace_writer *w, FILE *out, const char *scope)
{
	trace_start(w, out);
	fputs("$version cksctl trace $end\n$timescale 1 ns $end\n", out);
	fprintf(out, "$scope module %s $end\n", scope);
	declare(w, "wire", 1, codes[CKS_SIM_SIGNAL_PRESENT], "present");
	declare(w, "wire", 1, codes[CKS_SIM_SIGNAL_VCC], "VCC");
	declare(w, "wire", 1, codes[CKS_SIM_SIGNAL_VCC], "CLK_on");
	declare(w, "wire", 1, codes[CKS_SIM_SIGNAL_RST], "RST");
	declare(w, "wire", 1, IO, "IO");
	declare(w, "wire", 1, codes[CKS_SIM_SIGNAL_UART], "IO_coupler");
	declare(w, "wire", 1, codes[CKS_SIM_SIGNAL_CARD], "IO_card");
	declare(w, "wire", 1, codes[CKS_SIM_SIGNAL_IRQ], "irq");
	declare(w, "event", 1, event_of(codes[CKS_SIM_SIGNAL_THR]), "THR_written");
	declare(w, "wire", 8, codes[CKS_SIM_SIGNAL_THR], "THR");
	declare(w, "event", 1, event_of(codes[CKS_SIM_SIGNAL_RBR]), "RBR_read");
	declare(w, "wire", 8, codes[CKS_SIM_SIGNAL_RBR], "RBR");
	fputs("$upscope $end\n$enddefinitions $end\n", out);
}

static void unknown(struct trace_writer *w)
{
	for (unsigned int i = CKS_SIM_SIGNAL_UART; i <= CKS_SIM_SIGNAL_IRQ; i++)
		set(w, i, 'x');
	set_io(w);
}

static void character(struct trace_writer *w, const struct cks_sim_edge *e)
{
	char bits[9] = "";

	for (int i = 0; i < 8; i++)
		bits[i] = e->value >> (7 - i) & 1 ? '1' : '0';
	fprintf(w->out, "b%s %c\n1%c\n", bits, codes[e->signal], event_of(codes[e->signal]));
}

void trace_vcd(struct trace_writer *w, const struct cks_sim_edge *e)
{
	bool first = !w->begun;
	uint64_t was = w->last, t;

	if (!trace_signal_name(e->signal))
		return;
	t = trace_time(w, e);
	if (first || t != was)
		fprintf(w->out, "#%" PRIu64 "\n", t);
	if (first)
		unknown(w);
	if (e->signal == CKS_SIM_SIGNAL_LOST) {
		unknown(w);
	} else if (e->signal <= CKS_SIM_SIGNAL_IRQ) {
		set(w, e->signal, e->value ? '1' : '0');
		set_io(w);
	} else {
		character(w, e);
	}
}
