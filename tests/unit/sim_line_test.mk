# SPDX-License-Identifier: GPL-2.0-only
sim_line_test_SRCS := ../../kernel/sim/receiver.c ../../kernel/sim/line.c
