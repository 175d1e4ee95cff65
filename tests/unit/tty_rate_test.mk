# SPDX-License-Identifier: GPL-2.0-only
tty_rate_test_SRCS := ../../kernel/tty/rate.c
tty_rate_test_CPPFLAGS := -I$(TOP)/tests
