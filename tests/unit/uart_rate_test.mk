# SPDX-License-Identifier: GPL-2.0-only
uart_rate_test_SRCS := $(addprefix ../../kernel/uart/,rate.c family_16550.c family_ox950.c family_xr17v35x.c)
uart_rate_test_CPPFLAGS := -I$(TOP)/tests
