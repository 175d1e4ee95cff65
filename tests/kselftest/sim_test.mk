# SPDX-License-Identifier: GPL-2.0-only
sim_test_SRCS := modules.c
sim_test_LDLIBS := -pthread
