# SPDX-License-Identifier: GPL-2.0-only
# What tests of several kinds are made of, by names from a folder beside this one's.
include $(TOP)/kernel/iso7816/files.mk

# A card at the bench, with our engine behind it.
LIB_CARD := $(addprefix ../kselftest/lib/,simcard.c modules.c) \
	$(addprefix ../../kernel/iso7816/,$(ISO7816_COMMON) $(ISO7816_CARD) $(ISO7816_COUPLER))
# A station at such a card, and what speaks to it.
LIB_STATION := $(addprefix ../kselftest/lib/,router_bed.c cks_client.c) $(LIB_CARD)
