# SPDX-License-Identifier: GPL-2.0-only
cardsim_scp03_test_SRCS := $(addprefix ../../tools/cardsim/,aes.c kdf.c keyset.c scp03_card.c hex.c)
cardsim_scp03_test_PKGS := libcrypto
cardsim_scp03_test_CPPFLAGS := -I$(TOP)/tools/cardsim -I$(TOP)/tests
