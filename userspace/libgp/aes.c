// SPDX-License-Identifier: GPL-2.0-only
/* AES-128 as GlobalPlatform uses it, over OpenSSL. */
#include "libgp/aes.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

static int cipher(const EVP_CIPHER *type, const uint8_t *key, const uint8_t *iv, int encrypt,
		  const uint8_t *in, size_t len, uint8_t *out, size_t out_len)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0, m = 0, ok;

	if (!ctx)
		return -1;
	EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	ok = EVP_CipherInit_ex(ctx, type, NULL, key, iv, encrypt) &&
	     EVP_CIPHER_CTX_set_padding(ctx, 0) &&
	     EVP_CipherUpdate(ctx, out, &n, in, (int)len) &&
	     EVP_CipherFinal_ex(ctx, out + n, &m);
	EVP_CIPHER_CTX_free(ctx);
	return ok && (size_t)(n + m) == out_len ? 0 : -1;
}

int gp_aes_ecb(const uint8_t key[16], const uint8_t in[16], uint8_t out[16])
{
	return cipher(EVP_aes_128_ecb(), key, NULL, 1, in, GP_BLOCK, out, GP_BLOCK);
}

int gp_aes_cbc(const uint8_t key[16], const uint8_t iv[16], int encrypt, const uint8_t *in,
	       size_t len, uint8_t *out)
{
	return cipher(EVP_aes_128_cbc(), key, iv, encrypt, in, len, out, len);
}

int gp_aes_cmac(const uint8_t key[16], const uint8_t *a, size_t a_len, const uint8_t *b,
		size_t b_len, uint8_t mac[16])
{
	char name[] = "AES-128-CBC";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, name, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *cmac = EVP_MAC_fetch(NULL, "CMAC", NULL);
	EVP_MAC_CTX *ctx = cmac ? EVP_MAC_CTX_new(cmac) : NULL;
	size_t n = 0;
	int ok;

	ok = ctx && EVP_MAC_init(ctx, key, 16, params) &&
	     (!a_len || EVP_MAC_update(ctx, a, a_len)) &&
	     (!b_len || EVP_MAC_update(ctx, b, b_len)) &&
	     EVP_MAC_final(ctx, mac, &n, GP_BLOCK);
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(cmac);
	return ok && n == GP_BLOCK ? 0 : -1;
}

int gp_aes_kcv_of(const uint8_t *key, size_t len, uint8_t kcv[3])
{
	const EVP_CIPHER *type = len == 32 ? EVP_aes_256_ecb() : len == 24 ? EVP_aes_192_ecb() :
				 EVP_aes_128_ecb();
	uint8_t block[GP_BLOCK];

	memset(block, 1, sizeof(block));
	if ((len != 16 && len != 24 && len != 32) ||
	    cipher(type, key, NULL, 1, block, GP_BLOCK, block, GP_BLOCK))
		return -1;
	memcpy(kcv, block, 3);
	return 0;
}

int gp_aes_kcv(const uint8_t key[16], uint8_t kcv[3])
{
	return gp_aes_kcv_of(key, 16, kcv);
}

int gp_aes_unwrap(const uint8_t kek[16], const uint8_t wrapped[24], uint8_t key[16])
{
	uint8_t out[24 + GP_BLOCK];
	int rc = cipher(EVP_aes_128_wrap(), kek, NULL, 0, wrapped, 24, out, 16);

	if (!rc)
		memcpy(key, out, 16);
	explicit_bzero(out, sizeof(out));
	return rc;
}

int gp_aes_wrap(const uint8_t kek[16], const uint8_t key[16], uint8_t wrapped[24])
{
	uint8_t out[24 + GP_BLOCK];
	int rc = cipher(EVP_aes_128_wrap(), kek, NULL, 1, key, 16, out, 24);

	if (!rc)
		memcpy(wrapped, out, 24);
	return rc;
}
