// SPDX-License-Identifier: GPL-2.0-only
/* AES as a GlobalPlatform card uses it, on OpenSSL's EVP functions. */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <string.h>

#include "aes.h"

static const EVP_CIPHER *cipher(size_t key_len, bool cbc)
{
	switch (key_len) {
	case 16:
		return cbc ? EVP_aes_128_cbc() : EVP_aes_128_ecb();
	case 24:
		return cbc ? EVP_aes_192_cbc() : EVP_aes_192_ecb();
	case 32:
		return cbc ? EVP_aes_256_cbc() : EVP_aes_256_ecb();
	default:
		return NULL;
	}
}

static const char *cipher_name(size_t key_len)
{
	switch (key_len) {
	case 16:
		return "AES-128-CBC";
	case 24:
		return "AES-192-CBC";
	case 32:
		return "AES-256-CBC";
	default:
		return NULL;
	}
}

static bool run(const struct aes_key *key, const uint8_t *iv, const uint8_t *in, size_t len,
		uint8_t *out, bool encrypt)
{
	const EVP_CIPHER *c = cipher(key->len, iv);
	EVP_CIPHER_CTX *ctx;
	int n = 0;
	bool ok;

	if (!c || len % AES_BLOCK)
		return false;
	ctx = EVP_CIPHER_CTX_new();
	if (!ctx)
		return false;
	ok = EVP_CipherInit_ex(ctx, c, NULL, key->bytes, iv, encrypt) == 1 &&
	     EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
	     EVP_CipherUpdate(ctx, out, &n, in, (int)len) == 1 && (size_t)n == len;
	EVP_CIPHER_CTX_free(ctx);
	return ok;
}

bool aes_encrypt_block(const struct aes_key *key, const uint8_t in[AES_BLOCK],
		       uint8_t out[AES_BLOCK])
{
	return run(key, NULL, in, AES_BLOCK, out, true);
}

bool aes_cbc_encrypt(const struct aes_key *key, const uint8_t iv[AES_BLOCK], const uint8_t *in,
		     size_t len, uint8_t *out)
{
	return run(key, iv, in, len, out, true);
}

bool aes_cbc_decrypt(const struct aes_key *key, const uint8_t iv[AES_BLOCK], const uint8_t *in,
		     size_t len, uint8_t *out)
{
	return run(key, iv, in, len, out, false);
}

bool aes_cmac(const struct aes_key *key, const struct iovec *parts, int count,
	      uint8_t out[AES_BLOCK])
{
	static EVP_MAC *mac;
	OSSL_PARAM params[2];
	EVP_MAC_CTX *ctx;
	size_t n = 0;
	bool ok;

	if (!cipher_name(key->len))
		return false;
	/* One thread only; the fetch is too slow to be done for each MAC. */
	if (!mac)
		mac = EVP_MAC_fetch(NULL, "CMAC", NULL);
	ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
	if (!ctx)
		return false;
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER,
						     (char *)cipher_name(key->len), 0);
	params[1] = OSSL_PARAM_construct_end();
	ok = EVP_MAC_init(ctx, key->bytes, key->len, params) == 1;
	for (int i = 0; ok && i < count; i++)
		ok = !parts[i].iov_len ||
		     EVP_MAC_update(ctx, parts[i].iov_base, parts[i].iov_len) == 1;
	ok = ok && EVP_MAC_final(ctx, out, &n, AES_BLOCK) == 1 && n == AES_BLOCK;
	EVP_MAC_CTX_free(ctx);
	return ok;
}

bool aes_kcv(const struct aes_key *key, uint8_t out[3])
{
	uint8_t block[AES_BLOCK];

	memset(block, 1, sizeof(block));
	if (!aes_encrypt_block(key, block, block))
		return false;
	memcpy(out, block, 3);
	return true;
}
