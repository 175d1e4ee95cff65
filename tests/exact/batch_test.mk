# SPDX-License-Identifier: GPL-2.0-only
include $(TOP)/kernel/iso7816/files.mk
batch_test_SRCS := session.c wire.c check.c \
	$(addprefix ../kselftest/,router_bed.c cks_client.c simcard.c simtrace.c modules.c) \
	$(addprefix ../../kernel/iso7816/,$(ISO7816_COMMON) $(ISO7816_CARD) $(ISO7816_COUPLER))
batch_test_PKGS := cmocka libnl-genl-3.0 libnl-3.0
batch_test_LIBS := cksnl
batch_test_LDLIBS := -pthread
