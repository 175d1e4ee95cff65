# SPDX-License-Identifier: GPL-2.0-only
uart_rate_test_SRCS := ../../kernel/uart/rate.c
uart_rate_test_CPPFLAGS := -I$(TOP)/tests
