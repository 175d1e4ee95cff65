# SPDX-License-Identifier: GPL-2.0-only
sim_card_test_SRCS := ../../kernel/sim/card.c ../../kernel/sim/receiver.c ../../kernel/sim/line.c ../../kernel/sim/fault.c
