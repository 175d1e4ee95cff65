# SPDX-License-Identifier: GPL-2.0-only
include $(TOP)/kernel/iso7816/files.mk
noise_test_SRCS := ttyreader.c $(addprefix ../kselftest/,simcard.c modules.c) \
	$(addprefix ../../kernel/iso7816/,$(ISO7816_COMMON) $(ISO7816_CARD) $(ISO7816_COUPLER))
noise_test_PKGS := libnl-genl-3.0 libnl-3.0
noise_test_LIBS := cksnl
noise_test_LDLIBS := -pthread
