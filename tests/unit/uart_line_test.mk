# SPDX-License-Identifier: GPL-2.0-only
uart_line_test_SRCS := uart_bed.c $(addprefix ../../kernel/uart/,contacts.c family_16550.c family_ox950.c family_xr17v35x.c fifo.c rate.c rx.c signal.c tx.c) \
	$(addprefix ../../kernel/sim/,uart16550.c ox950.c xr17v35x.c receiver.c line.c) $(iso7816_engine)
# An interrupt handler has parameters of the kernel's choice.
uart_line_test_CPPFLAGS := -I$(TOP)/tests/unit/shim -I$(TOP)/include -Wno-unused-parameter
