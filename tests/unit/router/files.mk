# SPDX-License-Identifier: GPL-2.0-only
router/frame_test_SRCS := ../../kernel/router/frame.c
router/phase_test_SRCS := $(patsubst %,../../kernel/router/%.c,phase limit)
