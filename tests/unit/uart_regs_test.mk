# SPDX-License-Identifier: GPL-2.0-only
uart_regs_test_SRCS := ../../kernel/uart/regs.c
uart_regs_test_CPPFLAGS := -I$(TOP)/tests/unit/shim -I$(TOP)/include -Wno-unused-parameter
