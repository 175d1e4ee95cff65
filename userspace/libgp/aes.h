/* SPDX-License-Identifier: GPL-2.0-only */
/* AES-128 as GlobalPlatform uses it, over OpenSSL. */
#ifndef LIBGP_AES_H
#define LIBGP_AES_H

#include <stddef.h>
#include <stdint.h>

#define GP_BLOCK 16

/* All return 0, or -1 if OpenSSL failed. @in and @out may be the same. */
int gp_aes_ecb(const uint8_t key[16], const uint8_t in[16], uint8_t out[16]);

/* gp_aes_cbc() - @len is a multiple of 16; @encrypt 1 or 0 */
int gp_aes_cbc(const uint8_t key[16], const uint8_t iv[16], int encrypt, const uint8_t *in,
	       size_t len, uint8_t *out);

/* gp_aes_cmac() - CMAC (SP 800-38B) over two pieces, so that chaining needs no copy */
int gp_aes_cmac(const uint8_t key[16], const uint8_t *a, size_t a_len, const uint8_t *b,
		size_t b_len, uint8_t mac[16]);

/* gp_aes_kcv() - key check value of an AES key: the first 3 bytes of E(01 x 16) */
int gp_aes_kcv(const uint8_t key[16], uint8_t kcv[3]);

/* gp_aes_kcv_of() - the same for a key of 16, 24 or 32 bytes */
int gp_aes_kcv_of(const uint8_t *key, size_t len, uint8_t kcv[3]);

/* gp_aes_unwrap() - RFC 3394; -1 as well if the integrity check fails */
int gp_aes_unwrap(const uint8_t kek[16], const uint8_t wrapped[24], uint8_t key[16]);
int gp_aes_wrap(const uint8_t kek[16], const uint8_t key[16], uint8_t wrapped[24]);

#endif
