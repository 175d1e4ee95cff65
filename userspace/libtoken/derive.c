// SPDX-License-Identifier: GPL-2.0-only
/*
 * Card keys from master keys, MACs and check values.
 *
 * A card key is a block under the master key: encrypted (VISA2, EMV CPS), for which there is
 * CKM_..._ECB_ENCRYPT_DATA, or MACed (KDF3). CMAC of one whole block is E(block XOR K1), and K1 is
 * E(0) doubled: not a secret that would help to find the key. So the same mechanism over block XOR
 * K1 makes that card key inside the token too, where it stays.
 */
#include <stdio.h>
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

int token_is_des(struct token *t, token_key key, bool *des)
{
	CK_KEY_TYPE type = CKK_AES;
	CK_ATTRIBUTE get = ATTR(CKA_KEY_TYPE, type);
	CK_RV rv = t->f->C_GetAttributeValue(t->session, key, &get, 1);

	*des = type == CKK_DES2 || type == CKK_DES3;
	return rv == CKR_OK ? 0 : token_fail(t, "C_GetAttributeValue", rv);
}

int token_kcv(struct token *t, token_key key, uint8_t kcv[3])
{
	uint8_t block[16];
	bool des;

	if (token_is_des(t, key, &des))
		return -1;
	memset(block, des ? 0 : 1, sizeof(block));
	if (des ? token_des3(t, key, CKM_DES3_ECB, block, 8, block) : encrypt_block(t, key, block))
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

/*
 * An AES key by CMAC is as long as its master, 128 bits from one block and more from both; any
 * other one has 128 bits. The token cuts what comes out.
 */
static int key_length(struct token *t, token_key master, const struct token_derivation *d,
		      CK_ULONG *len)
{
	CK_ATTRIBUTE get = { CKA_VALUE_LEN, len, sizeof(*len) };
	CK_RV rv = CKR_OK;

	*len = 16;
	if (d->cmac)
		rv = t->f->C_GetAttributeValue(t->session, master, &get, 1);
	return rv == CKR_OK ? 0 : token_fail(t, "C_GetAttributeValue", rv);
}

/* CMAC of a whole block is the encryption of block XOR K1. */
static int mask_blocks(struct token *t, token_key master, uint8_t blocks[TOKEN_BLOCKS])
{
	uint8_t k1[16];

	if (cmac_subkey(t, master, k1))
		return -1;
	for (int i = 0; i < TOKEN_BLOCKS; i++)
		blocks[i] ^= k1[i % 16];
	explicit_bzero(k1, sizeof(k1));
	return 0;
}

int token_derive(struct token *t, token_key master, const struct token_derivation *d,
		 token_key *key)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = d->des ? CKK_DES2 : CKK_AES;
	CK_ULONG len = 0;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_BBOOL wrap = d->dek && !d->des, mac = !d->dek && !d->des, derive = d->dek && d->des;
	CK_ATTRIBUTE attrs[] = {
		ATTR(CKA_CLASS, class),
		ATTR(CKA_KEY_TYPE, type),
		ATTR(CKA_TOKEN, no),
		ATTR(CKA_PRIVATE, yes),
		ATTR(CKA_SENSITIVE, yes),
		ATTR(CKA_EXTRACTABLE, no),
		ATTR(CKA_SIGN, mac),
		ATTR(CKA_WRAP, wrap),
		ATTR(CKA_DERIVE, derive),
		ATTR(CKA_ENCRYPT, yes),
		ATTR(CKA_VALUE_LEN, len),	/* the last one: a DES key has none */
	};
	uint8_t blocks[TOKEN_BLOCKS];
	CK_KEY_DERIVATION_STRING_DATA data = { blocks, sizeof(blocks) };
	CK_MECHANISM mechanism = { CKM_AES_ECB_ENCRYPT_DATA, &data, sizeof(data) };
	CK_ULONG count = sizeof(attrs) / sizeof(attrs[0]);
	CK_OBJECT_HANDLE handle = 0;
	bool des;
	CK_RV rv;

	*key = 0;
	if (token_is_des(t, master, &des) || key_length(t, master, d, &len))
		return -1;
	if (des && d->cmac) {
		snprintf(t->error, sizeof(t->error), "token: a CMAC wants an AES key");
		return -1;
	}
	memcpy(blocks, d->blocks, sizeof(blocks));
	if (d->cmac && mask_blocks(t, master, blocks))
		return -1;
	if (des)
		mechanism.mechanism = CKM_DES3_ECB_ENCRYPT_DATA;
	if (d->des) {
		len = 16;
		count--;
	}
	data.ulLen = len > 16 ? 32 : 16;
	rv = t->f->C_DeriveKey(t->session, &mechanism, master, attrs, count, &handle);
	explicit_bzero(blocks, sizeof(blocks));
	if (rv != CKR_OK)
		return token_fail(t, des ? "C_DeriveKey(DES3-ECB-ENCRYPT-DATA)" :
				  "C_DeriveKey(AES-ECB-ENCRYPT-DATA)", rv);
	*key = handle;
	return 0;
}
