// SPDX-License-Identifier: GPL-2.0-only
/*
 * Card keys by KDF3, MACs and check values.
 *
 * KDF3 is AES-CMAC over one block, and CMAC of one whole block is E(block XOR K1). K1 is E(0)
 * doubled: not a secret that would help to find the key. So CKM_AES_ECB_ENCRYPT_DATA over
 * block XOR K1 makes the card key inside the token, where it stays.
 */
#include <string.h>

#include "token_internal.h"

static int encrypt_block(struct token *t, token_key key, uint8_t block[16])
{
	CK_MECHANISM ecb = { CKM_AES_ECB, NULL, 0 };
	uint8_t out[16];
	CK_ULONG n = sizeof(out);
	CK_RV rv;

	rv = t->f->C_EncryptInit(t->session, &ecb, key);
	if (rv != CKR_OK)
		return token_fail(t, "C_EncryptInit(AES-ECB)", rv);
	rv = t->f->C_Encrypt(t->session, block, 16, out, &n);
	if (rv != CKR_OK || n != 16)
		return token_fail(t, "C_Encrypt(AES-ECB)", rv);
	memcpy(block, out, 16);
	return 0;
}

int token_kcv(struct token *t, token_key key, uint8_t kcv[3])
{
	uint8_t block[16];

	memset(block, 1, sizeof(block));
	if (encrypt_block(t, key, block))
		return -1;
	memcpy(kcv, block, 3);
	return 0;
}

int token_cmac(struct token *t, token_key key, const uint8_t *data, size_t len, uint8_t mac[16])
{
	CK_MECHANISM cmac = { CKM_AES_CMAC, NULL, 0 };
	CK_ULONG n = 16;
	CK_RV rv;

	rv = t->f->C_SignInit(t->session, &cmac, key);
	if (rv != CKR_OK)
		return token_fail(t, "C_SignInit(AES-CMAC)", rv);
	rv = t->f->C_Sign(t->session, (CK_BYTE_PTR)data, len, mac, &n);
	if (rv != CKR_OK || n != 16)
		return token_fail(t, "C_Sign(AES-CMAC)", rv);
	return 0;
}

/* K1 of SP 800-38B: E(0) doubled in GF(2^128). */
static int cmac_subkey(struct token *t, token_key key, uint8_t k1[16])
{
	uint8_t carry;

	memset(k1, 0, 16);
	if (encrypt_block(t, key, k1))
		return -1;
	carry = k1[0] >> 7;
	for (int i = 0; i < 15; i++)
		k1[i] = (uint8_t)(k1[i] << 1 | k1[i + 1] >> 7);
	k1[15] = (uint8_t)(k1[15] << 1 ^ (carry ? 0x87 : 0));
	return 0;
}

int token_derive_kdf3(struct token *t, token_key master, unsigned int k,
		      const uint8_t kdd[TOKEN_KDD_LEN], token_key *key)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_AES;
	CK_ULONG len = 0;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_BBOOL dek = k == 3, mac = k != 3;
	CK_ATTRIBUTE get = ATTR(CKA_VALUE_LEN, len);
	CK_ATTRIBUTE attrs[] = {
		ATTR(CKA_CLASS, class),
		ATTR(CKA_KEY_TYPE, type),
		ATTR(CKA_VALUE_LEN, len),
		ATTR(CKA_TOKEN, no),
		ATTR(CKA_PRIVATE, yes),
		ATTR(CKA_SENSITIVE, yes),
		ATTR(CKA_EXTRACTABLE, no),
		ATTR(CKA_SIGN, mac),
		ATTR(CKA_WRAP, dek),
		ATTR(CKA_ENCRYPT, yes),
	};
	uint8_t blocks[32], k1[16];
	CK_KEY_DERIVATION_STRING_DATA data = { blocks, sizeof(blocks) };
	CK_MECHANISM mechanism = { CKM_AES_ECB_ENCRYPT_DATA, &data, sizeof(data) };
	CK_OBJECT_HANDLE handle = 0;
	CK_RV rv;

	*key = 0;
	rv = t->f->C_GetAttributeValue(t->session, master, &get, 1);
	if (rv != CKR_OK)
		return token_fail(t, "C_GetAttributeValue", rv);
	if (cmac_subkey(t, master, k1))
		return -1;
	/* An AES-128 key takes one block, the longer ones both; the token cuts to the length. */
	for (unsigned int i = 0; i < 2; i++) {
		uint8_t *b = blocks + 16 * i;

		memset(b, 0, 6);
		b[0] = (uint8_t)(i + 1);
		b[4] = (uint8_t)k;
		memcpy(b + 6, kdd, TOKEN_KDD_LEN);
		for (int j = 0; j < 16; j++)
			b[j] ^= k1[j];
	}
	data.ulLen = len > 16 ? 32 : 16;
	rv = t->f->C_DeriveKey(t->session, &mechanism, master, attrs,
			       sizeof(attrs) / sizeof(attrs[0]), &handle);
	explicit_bzero(k1, sizeof(k1));
	explicit_bzero(blocks, sizeof(blocks));
	if (rv != CKR_OK)
		return token_fail(t, "C_DeriveKey(AES-ECB-ENCRYPT-DATA)", rv);
	*key = handle;
	return 0;
}
