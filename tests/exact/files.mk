# SPDX-License-Identifier: GPL-2.0-only
# What each test is made of beside its own file; by the names of tests/unit/Makefile.
include ../kselftest/lib/files.mk

SIMTRACE := ../kselftest/lib/simtrace.c

batch_test_SRCS := session.c wire.c check.c $(SIMTRACE) $(LIB_STATION)
batch_test_PKGS := cmocka libnl-genl-3.0 libnl-3.0
batch_test_LIBS := cksnl

fault_test_SRCS := $(SIMTRACE) $(LIB_CARD)

load_test_SRCS := $(LIB_CARD)

machine_test_SRCS := $(LIB_CARD)
machine_test_PKGS := libnl-genl-3.0 libnl-3.0
machine_test_LIBS := cksnl

noise_test_SRCS := ttyreader.c personalize.c gpcards.c $(LIB_CARD) \
	$(addprefix ../../tools/cardsim/,aes.c kdf.c keyset.c scp03_card.c datastore.c identity.c dataobject.c gpcard.c)
noise_test_CPPFLAGS := -I$(TOP)/tools/cardsim
noise_test_PKGS := libcrypto libnl-genl-3.0 libnl-3.0
noise_test_LIBS := cksnl gp

timing_test_SRCS := session.c wire.c check.c $(SIMTRACE) $(LIB_CARD)
