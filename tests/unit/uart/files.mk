# SPDX-License-Identifier: GPL-2.0-only
# The driver, against the bench's models of UARTs where it needs one.

uart_families := $(patsubst %,../../kernel/uart/%.c,family_16550 family_ox950 family_xr17v35x)
# An interrupt handler has parameters of the kernel's choice.
uart_shim := -I$(TOP)/tests/unit/uart/shim -I$(TOP)/include -Wno-unused-parameter

uart/rate_test_SRCS := ../../kernel/uart/rate.c $(uart_families)
uart/rate_test_CPPFLAGS := -I$(TOP)/tests

uart/regs_test_SRCS := ../../kernel/uart/regs.c
uart/regs_test_CPPFLAGS := $(uart_shim)

uart/line_test_SRCS := uart/bed.c $(uart_families) \
	$(patsubst %,../../kernel/uart/%.c,contacts fifo rate rx signal tx) \
	$(patsubst %,../../kernel/sim/%.c,uart16550 ox950 xr17v35x receiver line) $(iso7816_engine)
uart/line_test_CPPFLAGS := $(uart_shim)
