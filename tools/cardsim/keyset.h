/* SPDX-License-Identifier: GPL-2.0-only */
/* The key sets of a security domain: what PUT KEY changes and INITIALIZE UPDATE looks up. */
#ifndef CARDSIM_KEYSET_H
#define CARDSIM_KEYSET_H

#include "aes.h"

#define KEYSET_MAX	4
#define KEYSET_ATTEMPTS	10	/* failed EXTERNAL AUTHENTICATE before the set is blocked */

enum key_number {
	KEY_ENC,
	KEY_MAC,
	KEY_DEK,
	KEY_COUNT,
};

/**
 * struct keyset - one key version
 * @kvn: key version number, 0 when the place is free
 * @initial: the set the card was made with; the first new version ends it
 * @failed: EXTERNAL AUTHENTICATE that failed in a row
 * @sequence: SCP03 sequence counter, 24 bits
 * @keys: ENC, MAC, DEK
 */
struct keyset {
	uint8_t kvn;
	bool initial;
	uint8_t failed;
	uint32_t sequence;
	struct aes_key keys[KEY_COUNT];
};

/**
 * struct keyring - all sets of one card; they survive loss of power
 * @sets: places
 * @latest: index of the set that key version 00 stands for
 */
struct keyring {
	struct keyset sets[KEYSET_MAX];
	unsigned int latest;
};

/* The set with number @kvn, the default one for 0, NULL when there is none. */
struct keyset *keyring_find(struct keyring *ring, uint8_t kvn);

/* Puts the initial set in; false when @ring is full or @kvn is taken. */
bool keyring_init(struct keyring *ring, uint8_t kvn, const struct aes_key keys[KEY_COUNT]);

/**
 * keyring_put() - the data field of PUT KEY for a whole set, GlobalPlatform 11.8
 * @ring: sets of the card
 * @replace: key version that is replaced, 0 to add one (P1)
 * @dek: static DEK of the set that opened the session: the keys are encrypted under it
 * @data: new KVN, then three times: 88, length, key length, encrypted key, 03, KCV
 * @len: of @data
 * @rsp: receives KVN and the three KCVs, 10 bytes
 * Return: status word; anything but 9000 changed nothing
 */
uint16_t keyring_put(struct keyring *ring, uint8_t replace, const struct aes_key *dek,
		     const uint8_t *data, size_t len, uint8_t rsp[10]);

void keyring_wipe(struct keyring *ring);

#endif
