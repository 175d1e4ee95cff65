/* SPDX-License-Identifier: GPL-2.0-only */
/* What makes one simulated card different from the next: KDD, CPLC, initial keys. */
#ifndef CARDSIM_IDENTITY_H
#define CARDSIM_IDENTITY_H

#include "kdf.h"
#include "keyset.h"

#define CPLC_LEN	42

struct identity {
	uint8_t kdd[KDD_LEN];
	uint8_t cplc[CPLC_LEN];
};

/* Identity number @serial; no two numbers give the same KDD or CPLC. */
void identity_make(struct identity *id, uint32_t serial);

/* Replaces the KDD, for stock that is described in a file. */
void identity_set_kdd(struct identity *id, const uint8_t kdd[KDD_LEN]);

/* ENC, MAC and DEK from the master key by KDF3. */
bool identity_keys(const struct identity *id, const struct aes_key *master,
		   struct aes_key ret[KEY_COUNT]);

#endif
