# SPDX-License-Identifier: GPL-2.0-only
sim_family_test_SRCS := $(addprefix ../../kernel/sim/,fault.c line.c ox950.c receiver.c uart16550.c xr17v35x.c)
