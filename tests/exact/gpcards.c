// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blank cards; see gpcards.h.
 */
#include <stdlib.h>
#include <string.h>

#include "gpcard.h"
#include "gpcards.h"

static size_t command(void *ctx, const uint8_t *apdu, size_t len, uint8_t rsp[SIMCARD_RSP_MAX])
{
	return gp_card_command(ctx, apdu, len, rsp);
}

static void reset(void *ctx)
{
	gp_card_reset(ctx);
}

struct gp_card *gpcard_new(const uint8_t master[16], uint8_t kvn, uint32_t serial,
			   struct simcard_os *ret_os)
{
	struct gp_card *card = calloc(1, sizeof(*card));
	struct aes_key key = { .len = 16 };
	struct identity id;

	_Static_assert(SIMCARD_RSP_MAX >= GP_RESPONSE_MAX, "a response has room");
	if (!card)
		return NULL;
	memcpy(key.bytes, master, 16);
	identity_make(&id, serial);
	if (!gp_card_init(card, &id, &key, kvn)) {
		gpcard_free(card);
		return NULL;
	}
	*ret_os = (struct simcard_os){
		.command = command, .incoming = gp_card_incoming, .reset = reset, .ctx = card,
	};
	return card;
}

void gpcard_free(struct gp_card *card)
{
	if (!card)
		return;
	gp_card_free(card);
	free(card);
}
