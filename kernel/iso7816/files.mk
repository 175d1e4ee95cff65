# SPDX-License-Identifier: GPL-2.0-only
# The engine's files, for the Makefiles of everything that links it.

# What reads and explains an ATR; what both halves need beside it; the halves.
ISO7816_ATR := atr.c atr_print.c history.c edc.c err.c line.c
ISO7816_COMMON := $(ISO7816_ATR) pps.c t1_block.c
ISO7816_COUPLER := coupler.c apdu.c t0.c t1.c
ISO7816_CARD := card.c card_t0.c card_t1.c
