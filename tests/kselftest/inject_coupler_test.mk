# SPDX-License-Identifier: GPL-2.0-only
include $(TOP)/kernel/iso7816/files.mk
inject_coupler_test_SRCS := inject.c simcard.c modules.c \
	$(addprefix ../../kernel/iso7816/,$(ISO7816_COMMON) $(ISO7816_CARD) $(ISO7816_COUPLER))
inject_coupler_test_PKGS := cmocka libnl-genl-3.0 libnl-3.0
inject_coupler_test_LIBS := cksnl
inject_coupler_test_LDLIBS := -pthread
