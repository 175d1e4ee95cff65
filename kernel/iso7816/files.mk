# SPDX-License-Identifier: GPL-2.0-only
# The engine's files, for the Makefiles of everything that links it.

ISO7816_COMMON := line.c err.c edc.c atr.c atr_print.c pps.c t1_block.c
ISO7816_COUPLER := coupler.c apdu.c t0.c t1.c
ISO7816_CARD := card.c card_t0.c card_t1.c
