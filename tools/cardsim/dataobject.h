/* SPDX-License-Identifier: GPL-2.0-only */
/* The card's own data objects: what GET DATA and GET STATUS tell about the security domain. */
#ifndef CARDSIM_DATAOBJECT_H
#define CARDSIM_DATAOBJECT_H

#include "gpcard.h"

/* Data object @tag into @out (256 bytes); its length, 0 when the card has none such. */
size_t dataobject_get(struct gp_card *card, uint16_t tag, uint8_t *out);

/* The entry of the issuer security domain as GET STATUS gives it, in TLV or old format. */
size_t dataobject_status(const struct gp_card *card, bool tlv, uint8_t *out);

#endif
