// SPDX-License-Identifier: GPL-2.0-only
/* What makes one simulated card different from the next: KDD, CPLC, initial keys. */
#include <string.h>

#include "identity.h"

/* Where the fields of CPLC data lie that differ between cards (GlobalPlatform, tag 9F7F). */
#define CPLC_IC_SERIAL	12
#define CPLC_IC_BATCH	16

void identity_set_kdd(struct identity *id, const uint8_t kdd[KDD_LEN])
{
	memcpy(id->kdd, kdd, KDD_LEN);
	memcpy(id->cplc + CPLC_IC_SERIAL, kdd + KDD_LEN - 4, 4);
	memcpy(id->cplc + CPLC_IC_BATCH, kdd + KDD_LEN - 6, 2);
}

void identity_make(struct identity *id, uint32_t serial)
{
	/* fabricator, type, OS, OS date and level, fabrication date; then batch, module,
	 * card manufacturer, pre-personalizer: plausible and fixed; personalizer still empty
	 */
	static const uint8_t cplc[CPLC_LEN] = {
		0x47, 0x90, 0x50, 0x37, 0x47, 0x91, 0x81, 0x02, 0x31, 0x00, 0x83, 0x58,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x48, 0x12, 0x63, 0x54, 0x48, 0x13,
		0x63, 0x55, 0x48, 0x14, 0x63, 0x56, 0x00, 0x00, 0x00, 0x01,
	};
	/* KMC identifier (an issuer number, F-padded) and the chip's serial number: EMV CPS */
	uint8_t kdd[KDD_LEN] = { 0xff, 0xff, 0x99, 0x99, 0x00, 0x01 };

	kdd[6] = (uint8_t)(serial >> 24);
	kdd[7] = (uint8_t)(serial >> 16);
	kdd[8] = (uint8_t)(serial >> 8);
	kdd[9] = (uint8_t)serial;
	memcpy(id->cplc, cplc, CPLC_LEN);
	identity_set_kdd(id, kdd);
}

bool identity_keys(const struct identity *id, const struct aes_key *master,
		   struct aes_key ret[KEY_COUNT])
{
	for (unsigned int i = 0; i < KEY_COUNT; i++)
		if (!kdf_kdf3(master, id->kdd, (uint8_t)(i + 1), &ret[i]))
			return false;
	return true;
}
