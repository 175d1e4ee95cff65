# SPDX-License-Identifier: GPL-2.0-only
include $(TOP)/kernel/iso7816/files.mk
sim_wiring_test_SRCS := simcard.c modules.c \
	$(addprefix ../../kernel/iso7816/,$(ISO7816_COMMON) $(ISO7816_CARD) $(ISO7816_COUPLER))
sim_wiring_test_PKGS := cmocka libnl-genl-3.0 libnl-3.0
sim_wiring_test_LDLIBS := -pthread
sim_wiring_test_LIBS := cksnl
