# SPDX-License-Identifier: GPL-2.0-only
router_phase_test_SRCS := ../../kernel/router/phase.c ../../kernel/router/limit.c
