// SPDX-License-Identifier: GPL-2.0-only
/* A key pair that signs: ECDSA over P-256 (FIPS 186-4). Its private half never leaves the token. */
#include <stdio.h>
#include <string.h>

#include "token_internal.h"

/* 1.2.840.10045.3.1.7, P-256, in DER */
static const uint8_t p256[] = { 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 };

static int find(struct token *t, CK_OBJECT_CLASS class, const char *label, token_key *key)
{
	CK_KEY_TYPE type = CKK_EC;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE want[] = {
		ATTR(CKA_CLASS, class),
		ATTR(CKA_KEY_TYPE, type),
		ATTR(CKA_TOKEN, yes),
		{ CKA_LABEL, (void *)label, strlen(label) },
	};

	return token_find_one(t, want, sizeof(want) / sizeof(want[0]), label, key);
}

int token_find_signer(struct token *t, const char *label, token_key *key)
{
	return find(t, CKO_PRIVATE_KEY, label, key);
}

int token_make_signer(struct token *t, const char *label)
{
	CK_MECHANISM mechanism = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ATTRIBUTE public[] = {
		ATTR(CKA_TOKEN, yes),
		ATTR(CKA_PRIVATE, no),
		ATTR(CKA_VERIFY, yes),
		{ CKA_EC_PARAMS, (void *)p256, sizeof(p256) },
		{ CKA_LABEL, (void *)label, strlen(label) },
	};
	CK_ATTRIBUTE private[] = {
		ATTR(CKA_TOKEN, yes),
		ATTR(CKA_PRIVATE, yes),
		ATTR(CKA_SENSITIVE, yes),
		ATTR(CKA_EXTRACTABLE, no),
		ATTR(CKA_SIGN, yes),
		{ CKA_LABEL, (void *)label, strlen(label) },
	};
	CK_OBJECT_HANDLE a, b;
	token_key same;
	CK_RV rv;

	if (!*label || strlen(label) > 64 || !token_find_signer(t, label, &same)) {
		snprintf(t->error, sizeof(t->error), "token: \"%s\" %s", label,
			 *label && strlen(label) <= 64 ? "exists already" :
							 "is no label of 1 to 64 characters");
		return -1;
	}
	rv = t->f->C_GenerateKeyPair(t->session, &mechanism, public,
				     sizeof(public) / sizeof(public[0]), private,
				     sizeof(private) / sizeof(private[0]), &a, &b);
	return rv == CKR_OK ? 0 : token_fail(t, "C_GenerateKeyPair(P-256)", rv);
}

int token_sign(struct token *t, token_key key, const uint8_t digest[TOKEN_DIGEST],
	       uint8_t signature[TOKEN_SIGNATURE])
{
	CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
	CK_ULONG n = TOKEN_SIGNATURE;
	CK_RV rv;

	rv = t->f->C_SignInit(t->session, &mechanism, key);
	if (rv != CKR_OK)
		return token_fail(t, "C_SignInit(ECDSA)", rv);
	rv = t->f->C_Sign(t->session, (CK_BYTE_PTR)digest, TOKEN_DIGEST, signature, &n);
	if (rv == CKR_OK && n != TOKEN_SIGNATURE)
		rv = CKR_DATA_LEN_RANGE;
	return rv == CKR_OK ? 0 : token_fail(t, "C_Sign(ECDSA)", rv);
}

int token_signer_public(struct token *t, const char *label, uint8_t point[TOKEN_POINT])
{
	uint8_t der[2 + TOKEN_POINT];
	CK_ATTRIBUTE get = { CKA_EC_POINT, der, sizeof(der) };
	token_key key = 0;
	CK_RV rv;

	if (find(t, CKO_PUBLIC_KEY, label, &key))
		return -1;
	rv = t->f->C_GetAttributeValue(t->session, key, &get, 1);
	/* An OCTET STRING with the uncompressed point */
	if (rv == CKR_OK && (get.ulValueLen != sizeof(der) || der[0] != 4 ||
			     der[1] != TOKEN_POINT))
		rv = CKR_DATA_INVALID;
	if (rv != CKR_OK)
		return token_fail(t, "C_GetAttributeValue(CKA_EC_POINT)", rv);
	memcpy(point, der + 2, TOKEN_POINT);
	return 0;
}
