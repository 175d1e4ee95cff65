# SPDX-License-Identifier: GPL-2.0-only
tty/rate_test_SRCS := ../../kernel/tty/rate.c
tty/rate_test_CPPFLAGS := -I$(TOP)/tests
