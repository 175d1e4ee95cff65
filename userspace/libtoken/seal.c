// SPDX-License-Identifier: GPL-2.0-only
/* Data under a key of the token, by AES-GCM: what a bureau delivers, and an order's records. */
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "token_internal.h"

#define NONCE 12
#define TAG 16

static void set_up(CK_GCM_PARAMS *gcm, const uint8_t *nonce, const char *with)
{
	*gcm = (CK_GCM_PARAMS){
		.iv_ptr = (unsigned char *)nonce,
		.iv_len = NONCE,
		.iv_bits = 8 * NONCE,
		.aad_ptr = (unsigned char *)with,
		.aad_len = strlen(with),
		.tag_bits = 8 * TAG,
	};
}

int token_seal(struct token *t, token_key key, const char *with, const uint8_t *data, size_t len,
	       uint8_t *out)
{
	CK_GCM_PARAMS gcm;
	CK_MECHANISM mechanism = { CKM_AES_GCM, &gcm, sizeof(gcm) };
	CK_ULONG n = len + TAG;
	CK_RV rv;

	if (RAND_bytes(out, NONCE) != 1) {
		snprintf(t->error, sizeof(t->error), "token: no random numbers");
		return -1;
	}
	set_up(&gcm, out, with);
	rv = t->f->C_EncryptInit(t->session, &mechanism, key);
	if (rv != CKR_OK)
		return token_fail(t, "C_EncryptInit(AES-GCM)", rv);
	rv = t->f->C_Encrypt(t->session, (CK_BYTE_PTR)data, len, out + NONCE, &n);
	if (rv == CKR_OK && n != len + TAG)
		rv = CKR_DATA_LEN_RANGE;
	return rv == CKR_OK ? 0 : token_fail(t, "C_Encrypt(AES-GCM)", rv);
}

int token_unseal(struct token *t, token_key key, const char *with, const uint8_t *sealed,
		 size_t len, uint8_t *out)
{
	CK_GCM_PARAMS gcm;
	CK_MECHANISM mechanism = { CKM_AES_GCM, &gcm, sizeof(gcm) };
	uint8_t buf[TOKEN_DATA_MAX + TAG];	/* SoftHSM wants room for the tag as well */
	CK_ULONG n = sizeof(buf);
	CK_RV rv;

	if (len < TOKEN_SEAL || len > TOKEN_DATA_MAX + TOKEN_SEAL) {
		snprintf(t->error, sizeof(t->error), "token: sealed data of this length are none");
		return -1;
	}
	set_up(&gcm, sealed, with);
	rv = t->f->C_DecryptInit(t->session, &mechanism, key);
	if (rv != CKR_OK)
		return token_fail(t, "C_DecryptInit(AES-GCM)", rv);
	rv = t->f->C_Decrypt(t->session, (CK_BYTE_PTR)sealed + NONCE, len - NONCE, buf, &n);
	/* SoftHSM says GENERAL_ERROR where the tag is not right. */
	if (rv == CKR_GENERAL_ERROR)
		rv = CKR_ENCRYPTED_DATA_INVALID;
	if (rv == CKR_OK && n != len - TOKEN_SEAL)
		rv = CKR_ENCRYPTED_DATA_INVALID;
	if (rv == CKR_OK)
		memcpy(out, buf, n);
	explicit_bzero(buf, sizeof(buf));
	return rv == CKR_OK ? 0 : token_fail(t, "C_Decrypt(AES-GCM)", rv);
}
