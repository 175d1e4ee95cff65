# SPDX-License-Identifier: GPL-2.0-only
cardsim_machine_test_SRCS := $(addprefix ../../tools/cardsim/,machine.c request.c)
cardsim_machine_test_CPPFLAGS := -I$(TOP)/tools/cardsim
