# SPDX-License-Identifier: GPL-2.0-only
include $(TOP)/kernel/iso7816/files.mk
errno_test_SRCS := simcard.c modules.c \
	$(addprefix ../../kernel/iso7816/,$(ISO7816_COMMON) $(ISO7816_CARD) $(ISO7816_COUPLER))
errno_test_PKGS := cmocka
errno_test_CPPFLAGS := -DCKS_TOP=\"$(TOP)\"
errno_test_LDLIBS := -pthread
