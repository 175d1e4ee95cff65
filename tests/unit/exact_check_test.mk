# SPDX-License-Identifier: GPL-2.0-only
exact_check_test_SRCS := ../exact/check.c ../exact/wire.c
exact_check_test_CPPFLAGS := -I$(TOP)/tests
