// SPDX-License-Identifier: GPL-2.0-only
/* AES-128-GCM with a random nonce, over OpenSSL. */
#include "libgp/gcm.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

int gp_seal(const uint8_t key[16], const char *with, const uint8_t *data, size_t len, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0, m = 0, ok;

	ok = ctx && RAND_bytes(out, GP_NONCE) == 1 &&
	     EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, key, out) &&
	     EVP_EncryptUpdate(ctx, NULL, &n, (const uint8_t *)with, (int)strlen(with)) &&
	     EVP_EncryptUpdate(ctx, out + GP_NONCE, &n, data, (int)len) &&
	     EVP_EncryptFinal_ex(ctx, out + GP_NONCE + n, &m) &&
	     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, GP_TAG, out + GP_NONCE + len);
	EVP_CIPHER_CTX_free(ctx);
	return ok && (size_t)(n + m) == len ? 0 : -1;
}

int gp_unseal(const uint8_t key[16], const char *with, const uint8_t *sealed, size_t len,
	      uint8_t *out)
{
	const uint8_t *tag = sealed + len - GP_TAG;
	EVP_CIPHER_CTX *ctx;
	int n = 0, m = 0, ok;

	if (len < GP_SEAL)
		return -1;
	ctx = EVP_CIPHER_CTX_new();
	ok = ctx && EVP_DecryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, key, sealed) &&
	     EVP_DecryptUpdate(ctx, NULL, &n, (const uint8_t *)with, (int)strlen(with)) &&
	     EVP_DecryptUpdate(ctx, out, &n, sealed + GP_NONCE, (int)(len - GP_SEAL)) &&
	     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, GP_TAG, (void *)tag) &&
	     EVP_DecryptFinal_ex(ctx, out + n, &m);
	EVP_CIPHER_CTX_free(ctx);
	/* What is not authentic is nobody's data. */
	if (!ok)
		explicit_bzero(out, len - GP_SEAL);
	return ok ? 0 : -1;
}
