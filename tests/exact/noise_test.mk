# SPDX-License-Identifier: GPL-2.0-only
include $(TOP)/kernel/iso7816/files.mk
noise_test_SRCS := ttyreader.c personalize.c gpcards.c \
	$(addprefix ../kselftest/,simcard.c modules.c) \
	$(addprefix ../../tools/cardsim/,aes.c kdf.c keyset.c scp03_card.c datastore.c identity.c dataobject.c gpcard.c) \
	$(addprefix ../../kernel/iso7816/,$(ISO7816_COMMON) $(ISO7816_CARD) $(ISO7816_COUPLER))
noise_test_CPPFLAGS := -I$(TOP)/tools/cardsim
noise_test_PKGS := libcrypto libnl-genl-3.0 libnl-3.0
noise_test_LIBS := cksnl gp
noise_test_LDLIBS := -pthread
