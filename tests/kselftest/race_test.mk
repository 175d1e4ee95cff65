# SPDX-License-Identifier: GPL-2.0-only
include $(TOP)/kernel/iso7816/files.mk
race_test_SRCS := router_bed.c cks_client.c simcard.c modules.c \
	$(addprefix ../../kernel/iso7816/,$(ISO7816_COMMON) $(ISO7816_CARD) $(ISO7816_COUPLER))
race_test_PKGS := cmocka libnl-genl-3.0 libnl-3.0
race_test_LIBS := cksnl
race_test_LDLIBS := -pthread
