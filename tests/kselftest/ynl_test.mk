# SPDX-License-Identifier: GPL-2.0-only
# The client is generated; mk/ynl.sh says what that takes.
include $(TOP)/kernel/iso7816/files.mk
YNL := $(B)/obj/ynl

ynl_test_SRCS := ynl_family.c ynl_library.c router_bed.c cks_client.c simcard.c modules.c \
	$(addprefix ../../kernel/iso7816/,$(ISO7816_COMMON) $(ISO7816_CARD) $(ISO7816_COUPLER))
ynl_test_CPPFLAGS := -I$(YNL)
ynl_test_PKGS := cmocka libnl-genl-3.0 libnl-3.0
ynl_test_LIBS := cksnl
# The test looks at what goes between the client, its library and the kernel.
ynl_test_LDLIBS := -pthread -Wl,--wrap=recv -Wl,--wrap=ynl_attr_validate

$(addprefix $(B)/obj/tests/kselftest/ynl_test/tests/kselftest/,ynl_test.o ynl_family.o ynl_library.o): $(YNL)/done
$(YNL)/done: $(TOP)/docs/netlink/cks.yaml $(TOP)/mk/ynl.sh
	$(call quiet,YNL,$(YNL))$(TOP)/mk/ynl.sh --client $(YNL) && touch $@
