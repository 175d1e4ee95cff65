# SPDX-License-Identifier: GPL-2.0-only
include $(TOP)/kernel/iso7816/files.mk
timing_test_SRCS := session.c wire.c check.c $(addprefix ../kselftest/,simcard.c simtrace.c modules.c) \
	$(addprefix ../../kernel/iso7816/,$(ISO7816_COMMON) $(ISO7816_CARD) $(ISO7816_COUPLER))
timing_test_LDLIBS := -pthread
