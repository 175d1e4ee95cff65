# SPDX-License-Identifier: GPL-2.0-only
# What the tests of the card simulator's own half link of tools/cardsim.

cardsim_scp03 := $(patsubst %,../../tools/cardsim/%.c,aes kdf keyset scp03_card)
# An application with GlobalPlatform's commands, for tests of the CAS too.
cardsim_gpcard := $(cardsim_scp03) \
	$(patsubst %,../../tools/cardsim/%.c,datastore identity dataobject gpcard)
cardsim_hex := ../../tools/cardsim/hex.c

cardsim/scp03_test_SRCS := $(cardsim_scp03) $(cardsim_hex)
cardsim/scp03_test_PKGS := libcrypto

cardsim/gp_test_SRCS := $(cardsim_gpcard) $(cardsim_hex)
cardsim/gp_test_PKGS := libcrypto

cardsim/machine_test_SRCS := $(patsubst %,../../tools/cardsim/%.c,machine request)

include ../../kernel/iso7816/files.mk
cardsim/slot_test_SRCS := $(cardsim_gpcard) $(cardsim_hex) \
	$(patsubst %,../../tools/cardsim/%.c,stock atr_profile defect trace clock slot) \
	$(addprefix ../../kernel/iso7816/,$(ISO7816_COMMON) $(ISO7816_CARD) $(ISO7816_COUPLER))
cardsim/slot_test_PKGS := libcrypto libevent

$(foreach t,scp03 gp machine slot,\
	$(eval cardsim/$(t)_test_CPPFLAGS := -I$$(TOP)/tools/cardsim -I$$(TOP)/tests))
