/* SPDX-License-Identifier: GPL-2.0-only */
/* AES as a GlobalPlatform card uses it: single blocks, CBC without padding, and CMAC. */
#ifndef CARDSIM_AES_H
#define CARDSIM_AES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define AES_BLOCK	16
#define AES_KEY_MAX	32

/**
 * struct aes_key - an AES key in the clear
 * @bytes: key
 * @len: 16, 24 or 32
 */
struct aes_key {
	uint8_t bytes[AES_KEY_MAX];
	size_t len;
};

/* A true result is success; false means that the key length is wrong or OpenSSL failed. */
bool aes_encrypt_block(const struct aes_key *key, const uint8_t in[AES_BLOCK],
		       uint8_t out[AES_BLOCK]);
bool aes_cbc_encrypt(const struct aes_key *key, const uint8_t iv[AES_BLOCK], const uint8_t *in,
		     size_t len, uint8_t *out);
bool aes_cbc_decrypt(const struct aes_key *key, const uint8_t iv[AES_BLOCK], const uint8_t *in,
		     size_t len, uint8_t *out);

/* NIST SP 800-38B over @parts, one after the other. */
bool aes_cmac(const struct aes_key *key, const struct iovec *parts, int count,
	      uint8_t out[AES_BLOCK]);

/* Key check value: three bytes of AES-ECB(key, 01 ... 01), GlobalPlatform Amendment D. */
bool aes_kcv(const struct aes_key *key, uint8_t out[3]);

#endif
