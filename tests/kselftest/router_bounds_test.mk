# SPDX-License-Identifier: GPL-2.0-only
include $(TOP)/kernel/iso7816/files.mk
router_bounds_test_SRCS := router_bed.c cks_client.c simcard.c modules.c \
	$(addprefix ../../kernel/iso7816/,$(ISO7816_COMMON) $(ISO7816_CARD) $(ISO7816_COUPLER))
router_bounds_test_PKGS := cmocka libnl-genl-3.0 libnl-3.0
router_bounds_test_LIBS := cksnl
router_bounds_test_LDLIBS := -pthread
