# SPDX-License-Identifier: GPL-2.0-only
# What tests/exact judges times by.
exact/check_test_SRCS := ../exact/check.c ../exact/wire.c
exact/check_test_CPPFLAGS := -I$(TOP)/tests
