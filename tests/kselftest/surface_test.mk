# SPDX-License-Identifier: GPL-2.0-only
include $(TOP)/kernel/iso7816/files.mk
surface_test_SRCS := $(addprefix surface/,change.c card.c chardev.c corpus.c kcov.c netlink.c program.c \
	story.c tcp.c world.c) router_bed.c cks_client.c simcard.c modules.c \
	$(addprefix ../../kernel/iso7816/,$(ISO7816_COMMON) $(ISO7816_CARD) $(ISO7816_COUPLER))
surface_test_PKGS := cmocka libnl-genl-3.0 libnl-3.0
surface_test_LIBS := cksnl
surface_test_CPPFLAGS := -DCKS_TOP='"$(TOP)"'
surface_test_LDLIBS := -pthread
