# SPDX-License-Identifier: GPL-2.0-only
router_frame_test_SRCS := ../../kernel/router/frame.c
