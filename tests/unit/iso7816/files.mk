# SPDX-License-Identifier: GPL-2.0-only
# What the tests of the engine link: all of it.

include ../../kernel/iso7816/files.mk

iso7816_engine := $(addprefix ../../kernel/iso7816/,$(ISO7816_COMMON) $(ISO7816_COUPLER) $(ISO7816_CARD))

$(foreach t,atr pps t0 t1 t1_chain t1_recovery t1_times card line hostile noise work,\
	$(eval iso7816/$(t)_test_SRCS := $(iso7816_engine)))

# Counts basic blocks.
iso7816/work_test_CPPFLAGS := -fsanitize-coverage=trace-pc
