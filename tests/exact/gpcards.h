/* SPDX-License-Identifier: GPL-2.0-only */
/* Blank GlobalPlatform cards, those of tools/cardsim, for the slots of a test. */
#ifndef EXACT_GPCARDS_H
#define EXACT_GPCARDS_H

#include "kselftest/lib/simcard.h"

struct gp_card;

/**
 * gpcard_new() - a blank card
 * @master: key from which its keys are derived
 * @kvn: version of these
 * @serial: number of the card
 * @ret_os: for simcard_set_os()
 * Return: the card, or NULL
 */
struct gp_card *gpcard_new(const uint8_t master[16], uint8_t kvn, uint32_t serial,
			   struct simcard_os *ret_os);
void gpcard_free(struct gp_card *card);

#endif
