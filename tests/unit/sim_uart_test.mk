# SPDX-License-Identifier: GPL-2.0-only
sim_uart_test_SRCS := ../../kernel/sim/uart16550.c ../../kernel/sim/receiver.c ../../kernel/sim/line.c ../../kernel/sim/fault.c
