/* SPDX-License-Identifier: GPL-2.0-only */
/* The two key derivations of an SCP03 card: session values, and card keys from a master key. */
#ifndef CARDSIM_KDF_H
#define CARDSIM_KDF_H

#include "aes.h"

#define KDD_LEN	10

/* Derivation constants, GlobalPlatform Amendment D, 4.1.5 */
enum scp03_constant {
	SCP03_CARD_CRYPTOGRAM = 0x00,
	SCP03_HOST_CRYPTOGRAM = 0x01,
	SCP03_CARD_CHALLENGE = 0x02,
	SCP03_S_ENC = 0x04,
	SCP03_S_MAC = 0x06,
	SCP03_S_RMAC = 0x07,
};

/**
 * kdf_scp03() - NIST SP 800-108 in counter mode with AES-CMAC, Amendment D 4.1.5
 * @key: base key
 * @constant: what is derived
 * @context: first part of the context
 * @context_len: its length
 * @context2: second part, may be NULL
 * @context2_len: its length
 * @out: receives @len bytes
 * @len: 1...32
 */
bool kdf_scp03(const struct aes_key *key, enum scp03_constant constant, const uint8_t *context,
	       size_t context_len, const uint8_t *context2, size_t context2_len, uint8_t *out,
	       size_t len);

/**
 * kdf_kdf3() - a card's static key from the master key ("KDF3")
 * @master: master key
 * @kdd: key diversification data of the card
 * @number: 1 ENC, 2 MAC, 3 DEK
 * @ret: card key, as long as the master
 */
bool kdf_kdf3(const struct aes_key *master, const uint8_t kdd[KDD_LEN], uint8_t number,
	      struct aes_key *ret);

#endif
