# SPDX-License-Identifier: GPL-2.0-only
# The bench: its line, what is on both ends of it, and its models of UARTs.

sim = $(patsubst %,../../kernel/sim/%.c,$(1))

sim/line_test_SRCS := $(call sim,receiver line)
sim/card_test_SRCS := $(call sim,card receiver line fault)
sim/card_test_LDLIBS := -Wl,--wrap=sim_receiver_set
sim/signal_test_SRCS := $(call sim,card fault line receiver uart16550)
sim/trace_test_SRCS := $(call sim,trace line)
sim/uart_test_SRCS := $(call sim,uart16550 receiver line fault)
sim/family_test_SRCS := $(call sim,fault line ox950 receiver uart16550 xr17v35x)
