// SPDX-License-Identifier: GPL-2.0-only
/* A bureau's wrapped key comes in under the transport key and leaves under a card's DEK. */
#include <string.h>

#include "token_internal.h"

int token_unwrap_as(struct token *t, token_key transport,
		    const uint8_t wrapped[TOKEN_WRAPPED_LEN], CK_KEY_TYPE type, bool clear,
		    token_key *key)
{
	CK_MECHANISM mechanism = { CKM_AES_KEY_WRAP, NULL, 0 };
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE, aes = type == CKK_AES, sensitive = !clear;
	CK_BBOOL extractable = aes, derive = !aes;
	/* Extractable, since it must leave wrapped; sensitive, so that it cannot leave clear. */
	CK_ATTRIBUTE attrs[] = {
		ATTR(CKA_CLASS, class),
		ATTR(CKA_KEY_TYPE, type),
		ATTR(CKA_TOKEN, no),
		ATTR(CKA_PRIVATE, yes),
		ATTR(CKA_SENSITIVE, sensitive),
		ATTR(CKA_EXTRACTABLE, extractable),
		ATTR(CKA_SIGN, aes),
		ATTR(CKA_WRAP, aes),
		ATTR(CKA_DERIVE, derive),
		ATTR(CKA_ENCRYPT, yes),
	};
	CK_OBJECT_HANDLE handle = 0;
	CK_RV rv;

	*key = 0;
	rv = t->f->C_UnwrapKey(t->session, &mechanism, transport, (CK_BYTE_PTR)wrapped,
			       TOKEN_WRAPPED_LEN, attrs, sizeof(attrs) / sizeof(attrs[0]), &handle);
	/* SoftHSM says GENERAL_ERROR where RFC 3394's integrity check fails. */
	if (rv == CKR_GENERAL_ERROR)
		rv = CKR_WRAPPED_KEY_INVALID;
	if (rv != CKR_OK)
		return token_fail(t, "C_UnwrapKey(AES-KEY-WRAP)", rv);
	*key = handle;
	return 0;
}

int token_unwrap(struct token *t, token_key transport, const uint8_t wrapped[TOKEN_WRAPPED_LEN],
		 bool des, token_key *key)
{
	return token_unwrap_as(t, transport, wrapped, des ? CKK_DES2 : CKK_AES, false, key);
}

int token_wrap_cbc(struct token *t, token_key dek, token_key key, uint8_t out[16])
{
	uint8_t iv[16] = { 0 };
	CK_MECHANISM mechanism = { CKM_AES_CBC, iv, sizeof(iv) };
	uint8_t buf[64];
	CK_ULONG n = sizeof(buf);
	CK_RV rv;

	rv = t->f->C_WrapKey(t->session, &mechanism, dek, key, buf, &n);
	if (rv == CKR_OK && n != 16)
		rv = CKR_KEY_SIZE_RANGE;
	if (rv != CKR_OK)
		return token_fail(t, "C_WrapKey(AES-CBC)", rv);
	memcpy(out, buf, 16);
	return 0;
}
