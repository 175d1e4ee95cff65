# SPDX-License-Identifier: GPL-2.0-only
cardsim_gp_test_SRCS := $(addprefix ../../tools/cardsim/,aes.c kdf.c keyset.c scp03_card.c datastore.c \
	identity.c dataobject.c gpcard.c hex.c)
cardsim_gp_test_PKGS := libcrypto
cardsim_gp_test_CPPFLAGS := -I$(TOP)/tools/cardsim -I$(TOP)/tests
