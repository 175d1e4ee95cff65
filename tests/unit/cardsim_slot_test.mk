# SPDX-License-Identifier: GPL-2.0-only
include ../../kernel/iso7816/files.mk
cardsim_slot_test_SRCS := $(addprefix ../../tools/cardsim/,aes.c kdf.c keyset.c scp03_card.c \
	datastore.c identity.c dataobject.c gpcard.c hex.c stock.c atr_profile.c defect.c trace.c \
	clock.c slot.c) \
	$(addprefix ../../kernel/iso7816/,$(ISO7816_COMMON) $(ISO7816_CARD) $(ISO7816_COUPLER))
cardsim_slot_test_PKGS := libcrypto libevent
cardsim_slot_test_CPPFLAGS := -I$(TOP)/tools/cardsim -I$(TOP)/tests
