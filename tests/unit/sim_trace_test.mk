# SPDX-License-Identifier: GPL-2.0-only
sim_trace_test_SRCS := ../../kernel/sim/trace.c ../../kernel/sim/line.c
