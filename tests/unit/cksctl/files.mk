# SPDX-License-Identifier: GPL-2.0-only
cksctl/trace_test_SRCS := $(patsubst %,../../userspace/cksctl/%.c,trace_text trace_vcd)
