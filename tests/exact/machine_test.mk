# SPDX-License-Identifier: GPL-2.0-only
include $(TOP)/kernel/iso7816/files.mk
machine_test_SRCS := $(addprefix ../kselftest/,simcard.c modules.c) \
	$(addprefix ../../kernel/iso7816/,$(ISO7816_COMMON) $(ISO7816_CARD) $(ISO7816_COUPLER))
machine_test_PKGS := libnl-genl-3.0 libnl-3.0
machine_test_LIBS := cksnl
machine_test_LDLIBS := -pthread
