# SPDX-License-Identifier: GPL-2.0-only
include $(TOP)/kernel/iso7816/files.mk
unplug_test_SRCS := simcard.c modules.c \
	$(addprefix ../../kernel/iso7816/,$(ISO7816_COMMON) $(ISO7816_CARD) $(ISO7816_COUPLER))
unplug_test_PKGS := libnl-genl-3.0 libnl-3.0
unplug_test_LIBS := cksnl
unplug_test_LDLIBS := -pthread
