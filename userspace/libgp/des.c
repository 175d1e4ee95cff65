// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two-key triple DES over OpenSSL. Single DES is not in its default provider: with both halves
 * of the key alike, triple DES is the same.
 */
#include "libgp/des.h"

#include <openssl/evp.h>
#include <string.h>

static int cipher(const EVP_CIPHER *type, const uint8_t key[16], const uint8_t *iv,
		  const uint8_t *in, size_t len, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0, m = 0, ok;

	ok = ctx && EVP_CipherInit_ex(ctx, type, NULL, key, iv, 1) &&
	     EVP_CIPHER_CTX_set_padding(ctx, 0) &&
	     EVP_CipherUpdate(ctx, out, &n, in, (int)len) &&
	     EVP_CipherFinal_ex(ctx, out + n, &m);
	EVP_CIPHER_CTX_free(ctx);
	return ok && (size_t)(n + m) == len ? 0 : -1;
}

int gp_des3_ecb(const uint8_t key[16], const uint8_t *in, size_t len, uint8_t *out)
{
	return cipher(EVP_des_ede_ecb(), key, NULL, in, len, out);
}

int gp_des3_cbc(const uint8_t key[16], const uint8_t iv[8], const uint8_t *in, size_t len,
		uint8_t *out)
{
	return cipher(EVP_des_ede_cbc(), key, iv, in, len, out);
}

int gp_des_ecb(const uint8_t key[16], const uint8_t in[8], uint8_t out[8])
{
	uint8_t same[16];
	int rc;

	memcpy(same, key, 8);
	memcpy(same + 8, key, 8);
	rc = gp_des3_ecb(same, in, GP_DES_BLOCK, out);
	explicit_bzero(same, sizeof(same));
	return rc;
}

int gp_des_retail_mac(const uint8_t key[16], const uint8_t iv[8], const uint8_t *data, size_t len,
		      uint8_t mac[8])
{
	size_t whole = len / GP_DES_BLOCK * GP_DES_BLOCK;
	uint8_t last[GP_DES_BLOCK] = { 0 };

	memcpy(mac, iv, GP_DES_BLOCK);
	for (size_t i = 0; i < whole; i++) {
		mac[i % GP_DES_BLOCK] ^= data[i];
		if (i % GP_DES_BLOCK == GP_DES_BLOCK - 1 && gp_des_ecb(key, mac, mac))
			return -1;
	}
	/* The padding makes a last block always: by all of the key. */
	if (len > whole)
		memcpy(last, data + whole, len - whole);
	last[len - whole] = 0x80;
	for (size_t i = 0; i < GP_DES_BLOCK; i++)
		mac[i] ^= last[i];
	return gp_des3_ecb(key, mac, GP_DES_BLOCK, mac);
}

int gp_des_kcv(const uint8_t key[16], uint8_t kcv[3])
{
	uint8_t block[GP_DES_BLOCK] = { 0 };

	if (gp_des3_ecb(key, block, sizeof(block), block))
		return -1;
	memcpy(kcv, block, 3);
	return 0;
}
