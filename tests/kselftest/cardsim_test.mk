# SPDX-License-Identifier: GPL-2.0-only
cardsim_test_SRCS := modules.c
