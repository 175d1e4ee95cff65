# SPDX-License-Identifier: GPL-2.0-only
include $(TOP)/kernel/iso7816/files.mk
tty_test_SRCS := simcard.c modules.c \
	$(addprefix ../../kernel/iso7816/,$(ISO7816_COMMON) $(ISO7816_CARD) $(ISO7816_COUPLER))
tty_test_PKGS := cmocka libnl-genl-3.0 libnl-3.0
tty_test_LIBS := cksnl
tty_test_CPPFLAGS := -DCKS_BIN=\"$(B)/bin\"
tty_test_LDLIBS := -pthread
