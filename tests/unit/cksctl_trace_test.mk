# SPDX-License-Identifier: GPL-2.0-only
cksctl_trace_test_SRCS := $(addprefix ../../userspace/cksctl/,trace_text.c trace_vcd.c)
