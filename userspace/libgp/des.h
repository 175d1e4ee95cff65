/* SPDX-License-Identifier: GPL-2.0-only */
/* Two-key triple DES as GlobalPlatform and EMV CPS use it, over OpenSSL. */
#ifndef LIBGP_DES_H
#define LIBGP_DES_H

#include <stddef.h>
#include <stdint.h>

#define GP_DES_BLOCK 8

/* All return 0, or -1 if OpenSSL failed. @in and @out may be the same. */

/* gp_des3_ecb() - encrypt; @len is a multiple of 8 */
int gp_des3_ecb(const uint8_t key[16], const uint8_t *in, size_t len, uint8_t *out);

/* gp_des3_cbc() - the same with an initial value */
int gp_des3_cbc(const uint8_t key[16], const uint8_t iv[8], const uint8_t *in, size_t len,
		uint8_t *out);

/* gp_des_ecb() - one block by DES alone, with the left half of the key */
int gp_des_ecb(const uint8_t key[16], const uint8_t in[8], uint8_t out[8]);

/*
 * gp_des_retail_mac() - ISO 9797-1 MAC algorithm 3, padding method 2
 * @iv: initial value
 */
int gp_des_retail_mac(const uint8_t key[16], const uint8_t iv[8], const uint8_t *data, size_t len,
		      uint8_t mac[8]);

/* gp_des_kcv() - key check value: the first 3 bytes of E(0) */
int gp_des_kcv(const uint8_t key[16], uint8_t kcv[3]);

#endif
