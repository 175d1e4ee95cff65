// SPDX-License-Identifier: GPL-2.0-only
/* The card's own data objects, GlobalPlatform 11.3 and 11.4 and annex H. */
#include <string.h>

#include "dataobject.h"

#define LIFE_CYCLE	0x07	/* INITIALIZED */
#define PRIVILEGES	0x9e	/* security domain, card lock, terminate, reset, CVM */
#define KEY_TYPE_AES	0x88

/* Card Recognition Data: GlobalPlatform 2.3, SCP03 with i = 70 */
static const uint8_t card_data[] = {
	0x66, 0x31, 0x73, 0x2f,
	0x06, 0x07, 0x2a, 0x86, 0x48, 0x86, 0xfc, 0x6b, 0x01,
	0x60, 0x0c, 0x06, 0x0a, 0x2a, 0x86, 0x48, 0x86, 0xfc, 0x6b, 0x02, 0x02, 0x03, 0x00,
	0x63, 0x09, 0x06, 0x07, 0x2a, 0x86, 0x48, 0x86, 0xfc, 0x6b, 0x03,
	0x64, 0x0b, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xfc, 0x6b, 0x04, 0x03, SCP03_I,
};

_Static_assert(sizeof(card_data) == 4 + 0x2f, "lengths in card_data");

static size_t key_information(struct gp_card *card, uint8_t *out)
{
	size_t n = 2;

	for (unsigned int i = 0; i < KEYSET_MAX; i++) {
		const struct keyset *set = &card->keys.sets[i];

		for (unsigned int k = 0; set->kvn && k < KEY_COUNT; k++) {
			const uint8_t entry[] = { 0xc0, 0x04, (uint8_t)(k + 1), set->kvn,
						  KEY_TYPE_AES, (uint8_t)set->keys[k].len };

			memcpy(out + n, entry, sizeof(entry));
			n += sizeof(entry);
		}
	}
	out[0] = 0xe0;
	out[1] = (uint8_t)(n - 2);
	return n;
}

size_t dataobject_get(struct gp_card *card, uint16_t tag, uint8_t *out)
{
	const struct keyset *set;

	switch (tag) {
	case 0x0066:
		memcpy(out, card_data, sizeof(card_data));
		return sizeof(card_data);
	case 0x00c1:
		set = keyring_find(&card->keys, 0);
		if (!set)
			return 0;
		out[0] = 0xc1;
		out[1] = 3;
		out[2] = (uint8_t)(set->sequence >> 16);
		out[3] = (uint8_t)(set->sequence >> 8);
		out[4] = (uint8_t)set->sequence;
		return 5;
	case 0x00cf:
		out[0] = 0xcf;
		out[1] = KDD_LEN;
		memcpy(out + 2, card->id.kdd, KDD_LEN);
		return 2 + KDD_LEN;
	case 0x00e0:
		return key_information(card, out);
	case 0x9f7f:
		out[0] = 0x9f;
		out[1] = 0x7f;
		out[2] = CPLC_LEN;
		memcpy(out + 3, card->id.cplc, CPLC_LEN);
		return 3 + CPLC_LEN;
	default:
		return 0;
	}
}

size_t dataobject_status(const struct gp_card *card, bool tlv, uint8_t *out)
{
	size_t n = 0;

	if (tlv) {
		out[n++] = 0xe3;
		out[n++] = (uint8_t)(2 + card->aid_len + 4 + 3);
		out[n++] = 0x4f;
	}
	out[n++] = card->aid_len;
	memcpy(out + n, card->aid, card->aid_len);
	n += card->aid_len;
	if (tlv) {
		out[n++] = 0x9f;
		out[n++] = 0x70;
		out[n++] = 1;
	}
	out[n++] = LIFE_CYCLE;
	if (tlv) {
		out[n++] = 0xc5;
		out[n++] = 1;
	}
	out[n++] = PRIVILEGES;
	return n;
}
