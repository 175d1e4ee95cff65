// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traces written as a waveform, as text and as JSON, against one that is known; and records that
 * make no sense.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cksctl/trace.h"

static const struct cks_sim_edge known[] = {
	{ .time = 5000000000, .signal = CKS_SIM_SIGNAL_UART, .value = 1 },
	{ .time = 5000000000, .signal = CKS_SIM_SIGNAL_CARD, .value = 1 },
	{ .time = 5000000000, .signal = CKS_SIM_SIGNAL_RST, .value = 0 },
	{ .time = 5000000000, .signal = CKS_SIM_SIGNAL_VCC, .value = 0 },
	{ .time = 5000000000, .signal = CKS_SIM_SIGNAL_PRESENT, .value = 1 },
	{ .time = 5000000000, .signal = CKS_SIM_SIGNAL_IRQ, .value = 0 },
	{ .time = 5000001500, .signal = CKS_SIM_SIGNAL_VCC, .value = 1 },
	{ .time = 5000002000, .signal = CKS_SIM_SIGNAL_THR, .value = 0xa5 },
	{ .time = 5000002000, .signal = CKS_SIM_SIGNAL_THR, .value = 0xa5 },
	{ .time = 5000003000, .signal = CKS_SIM_SIGNAL_UART, .value = 0 },
	{ .time = 5000004000, .signal = CKS_SIM_SIGNAL_CARD, .value = 0 },
	{ .time = 5000005000, .signal = CKS_SIM_SIGNAL_UART, .value = 1 },
	{ .time = 5000006000, .signal = CKS_SIM_SIGNAL_CARD, .value = 1 },
	{ .time = 5000007000, .signal = CKS_SIM_SIGNAL_RBR, .value = 0x3b },
	{ .time = 5000008000, .signal = CKS_SIM_SIGNAL_LOST, .value = 0 },
	{ .time = 5000009000, .signal = CKS_SIM_SIGNAL_UART, .value = 0 },
};

static const char declarations[] =
	"$version cksctl trace $end\n"
	"$timescale 1 ns $end\n"
	"$scope module coupler3 $end\n"
	"$var wire 1 p present $end\n"
	"$var wire 1 v VCC $end\n"
	"$var wire 1 v CLK_on $end\n"
	"$var wire 1 r RST $end\n"
	"$var wire 1 I IO $end\n"
	"$var wire 1 u IO_coupler $end\n"
	"$var wire 1 c IO_card $end\n"
	"$var wire 1 i irq $end\n"
	"$var event 1 T THR_written $end\n"
	"$var wire 8 t THR $end\n"
	"$var event 1 B RBR_read $end\n"
	"$var wire 8 b RBR $end\n"
	"$upscope $end\n"
	"$enddefinitions $end\n";

static const char changes[] =
	"#0\nxu\nxc\nxr\nxv\nxp\nxi\nxI\n1u\n1c\n1I\n0r\n0v\n1p\n0i\n"
	"#1500\n1v\n"
	"#2000\nb10100101 t\n1T\nb10100101 t\n1T\n"
	"#3000\n0u\n0I\n"
	"#4000\n0c\n"
	"#5000\n1u\n"
	"#6000\n1c\n1I\n"
	"#7000\nb00111011 b\n1B\n"
	"#8000\nxu\nxc\nxr\nxv\nxp\nxi\nxI\n"
	"#9000\n0u\n0I\n";

static char *buf;
static size_t len;
static struct trace_writer w;

static FILE *sink(void)
{
	FILE *out = open_memstream(&buf, &len);

	assert_non_null(out);
	return out;
}

static void finish(const char *want)
{
	fclose(w.out);
	assert_string_equal(buf, want);
	free(buf);
}

#define EACH(writer, rec) do {						\
	for (size_t i = 0; i < sizeof(rec) / sizeof((rec)[0]); i++)	\
		writer(&w, &(rec)[i]);					\
} while (0)

static void test_vcd(void **state)
{
	char want[2000];

	(void)state;
	trace_vcd_start(&w, sink(), "coupler3");
	EACH(trace_vcd, known);
	snprintf(want, sizeof(want), "%s%s", declarations, changes);
	finish(want);
}

static void test_text(void **state)
{
	(void)state;
	trace_start(&w, sink());
	EACH(trace_text, known);
	finish("0.000 io-coupler 1\n0.000 io-card 1\n0.000 rst 0\n0.000 vcc 0\n0.000 present 1\n"
	       "0.000 irq 0\n1.500 vcc 1\n2.000 thr A5\n2.000 thr A5\n3.000 io-coupler 0\n"
	       "4.000 io-card 0\n5.000 io-coupler 1\n6.000 io-card 1\n7.000 rbr 3B\n"
	       "8.000 lost\n9.000 io-coupler 0\n");
}

static void test_json(void **state)
{
	(void)state;
	trace_start(&w, sink());
	trace_json(&w, &known[0]);
	trace_json(&w, &known[7]);
	finish("{\"ns\":0,\"signal\":\"io-coupler\",\"value\":1}\n"
	       "{\"ns\":2000,\"signal\":\"thr\",\"value\":165}\n");
}

/* From a file that is none: signals that do not exist, levels beyond 1, times that go back. */
static const struct cks_sim_edge rubbish[] = {
	{ .time = 1000, .signal = 0 },
	{ .time = 1000, .signal = 0xffff },
	{ .time = 1000, .signal = CKS_SIM_SIGNAL_RST, .value = 7 },
	{ .time = UINT64_MAX, .signal = CKS_SIM_SIGNAL_LOST + 1 },
	{ .time = 3000, .signal = CKS_SIM_SIGNAL_RST, .value = 0 },
	{ .time = 10, .signal = CKS_SIM_SIGNAL_RST, .value = 1 },
	{ .time = UINT64_MAX, .signal = CKS_SIM_SIGNAL_RBR, .value = 0xff0f },
};

static void test_rubbish(void **state)
{
	char want[2000];

	(void)state;
	trace_vcd_start(&w, sink(), "coupler3");
	EACH(trace_vcd, rubbish);
	snprintf(want, sizeof(want), "%s%s", declarations,
		 "#0\nxu\nxc\nxr\nxv\nxp\nxi\nxI\n1r\n#2000\n0r\n1r\n"
		 "#18446744073709550615\nb00001111 b\n1B\n");
	finish(want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vcd),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_rubbish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
