// SPDX-License-Identifier: GPL-2.0-only
/*
 * What SCP02 needs of a card's triple DES keys: session keys, and the record's new keys under the
 * session's DEK.
 */
#include <string.h>

#include "libgp/des.h"
#include "token_internal.h"

int token_des3(struct token *t, token_key key, CK_MECHANISM_TYPE type, const uint8_t *in,
	       size_t len, uint8_t *out)
{
	uint8_t iv[GP_DES_BLOCK] = { 0 }, buf[16];
	CK_MECHANISM mechanism = { type, iv, sizeof(iv) };
	CK_ULONG n = sizeof(buf);
	CK_RV rv;

	if (type == CKM_DES3_ECB)
		mechanism = (CK_MECHANISM){ type, NULL, 0 };
	rv = t->f->C_EncryptInit(t->session, &mechanism, key);
	if (rv != CKR_OK)
		return token_fail(t, "C_EncryptInit(DES3)", rv);
	rv = t->f->C_Encrypt(t->session, (CK_BYTE_PTR)in, len, buf, &n);
	if (rv == CKR_OK && n != len)
		rv = CKR_DATA_LEN_RANGE;
	if (rv == CKR_OK)
		memcpy(out, buf, len);
	explicit_bzero(buf, sizeof(buf));
	return rv == CKR_OK ? 0 : token_fail(t, "C_Encrypt(DES3)", rv);
}

static void derivation(uint8_t constant, const uint8_t sequence[2], uint8_t out[16])
{
	memset(out, 0, 16);
	out[0] = 1;
	out[1] = constant;
	memcpy(out + 2, sequence, 2);
}

int token_scp02_key(struct token *t, token_key key, uint8_t constant, const uint8_t sequence[2],
		    uint8_t out[16])
{
	uint8_t data[16];

	derivation(constant, sequence, data);
	return token_des3(t, key, CKM_DES3_CBC, data, sizeof(data), out);
}

int token_scp02_dek(struct token *t, token_key key, const uint8_t sequence[2], token_key *dek)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_DES2;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ATTRIBUTE attrs[] = {
		ATTR(CKA_CLASS, class),
		ATTR(CKA_KEY_TYPE, type),
		ATTR(CKA_TOKEN, no),
		ATTR(CKA_PRIVATE, yes),
		ATTR(CKA_SENSITIVE, yes),
		ATTR(CKA_EXTRACTABLE, no),
		ATTR(CKA_ENCRYPT, yes),
	};
	uint8_t data[16];
	CK_DES_CBC_ENCRYPT_DATA_PARAMS params = { { 0 }, data, sizeof(data) };
	CK_MECHANISM mechanism = { CKM_DES3_CBC_ENCRYPT_DATA, &params, sizeof(params) };
	CK_OBJECT_HANDLE handle = 0;
	CK_RV rv;

	*dek = 0;
	derivation(0x81, sequence, data);
	rv = t->f->C_DeriveKey(t->session, &mechanism, key, attrs,
			       sizeof(attrs) / sizeof(attrs[0]), &handle);
	if (rv != CKR_OK)
		return token_fail(t, "C_DeriveKey(DES3-CBC-ENCRYPT-DATA)", rv);
	*dek = handle;
	return 0;
}

/* The key's bytes, by way of an object that shows them. */
static int unwrap_clear(struct token *t, token_key transport,
			const uint8_t wrapped[TOKEN_WRAPPED_LEN], uint8_t out[16])
{
	CK_ATTRIBUTE get = { CKA_VALUE, out, 16 };
	token_key key;
	CK_RV rv;

	if (token_unwrap_as(t, transport, wrapped, CKK_AES, true, &key))
		return -1;
	rv = t->f->C_GetAttributeValue(t->session, key, &get, 1);
	token_destroy(t, key);
	if (rv == CKR_OK && get.ulValueLen != 16)
		rv = CKR_KEY_SIZE_RANGE;
	return rv == CKR_OK ? 0 : token_fail(t, "C_GetAttributeValue", rv);
}

int token_wrap_des(struct token *t, token_key dek, token_key transport,
		   const uint8_t wrapped[TOKEN_WRAPPED_LEN], uint8_t out[16], uint8_t kcv[3])
{
	uint8_t key[16];
	int rc = unwrap_clear(t, transport, wrapped, key);

	if (!rc && gp_des_kcv(key, kcv))
		rc = token_fail(t, "check value", CKR_FUNCTION_FAILED);
	if (!rc)
		rc = token_des3(t, dek, CKM_DES3_ECB, key, sizeof(key), out);
	explicit_bzero(key, sizeof(key));
	return rc;
}
