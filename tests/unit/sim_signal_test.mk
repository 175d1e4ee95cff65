# SPDX-License-Identifier: GPL-2.0-only
sim_signal_test_SRCS := $(addprefix ../../kernel/sim/,card.c fault.c line.c receiver.c uart16550.c)
