# SPDX-License-Identifier: GPL-2.0-only
casd_ping_test_SRCS := fake_station.c ../../tools/cardsim/gpcard.c ../../tools/cardsim/scp03_card.c \
	../../tools/cardsim/keyset.c ../../tools/cardsim/datastore.c ../../tools/cardsim/dataobject.c \
	../../tools/cardsim/identity.c ../../tools/cardsim/kdf.c ../../tools/cardsim/aes.c
casd_ping_test_PKGS := libcrypto p11-kit-1
casd_ping_test_LIBS := frame gp token
casd_ping_test_CPPFLAGS := -I$(TOP)/tools/cardsim -DCASD=\"$(B)/bin/casd\"
casd_ping_test_LDLIBS := -ldl
