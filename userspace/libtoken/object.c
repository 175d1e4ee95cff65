// SPDX-License-Identifier: GPL-2.0-only
/* Finds, lists, imports and destroys key objects. */
#include <stdio.h>
#include <string.h>

#include "token_internal.h"

int token_find_one(struct token *t, CK_ATTRIBUTE *want, CK_ULONG count, const char *label,
		   token_key *key)
{
	CK_OBJECT_HANDLE found[2];
	CK_ULONG n = 0;
	CK_RV rv;

	*key = 0;
	rv = t->f->C_FindObjectsInit(t->session, want, count);
	if (rv != CKR_OK)
		return token_fail(t, "C_FindObjectsInit", rv);
	rv = t->f->C_FindObjects(t->session, found, 2, &n);
	t->f->C_FindObjectsFinal(t->session);
	if (rv != CKR_OK)
		return token_fail(t, "C_FindObjects", rv);
	if (n != 1) {
		snprintf(t->error, sizeof(t->error), "token: %s key \"%s\"",
			 n ? "more than one" : "no", label);
		return -1;
	}
	*key = found[0];
	return 0;
}

int token_find(struct token *t, const char *label, token_key *key)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE want[] = {
		ATTR(CKA_CLASS, class),
		ATTR(CKA_TOKEN, yes),
		{ CKA_LABEL, (void *)label, strlen(label) },
	};

	return token_find_one(t, want, sizeof(want) / sizeof(want[0]), label, key);
}

void token_destroy(struct token *t, token_key key)
{
	if (t && key)
		t->f->C_DestroyObject(t->session, key);
}

static bool is_new(struct token *t, const char *label)
{
	token_key same;

	if (!*label || strlen(label) > TOKEN_LABEL_MAX) {
		snprintf(t->error, sizeof(t->error), "token: a label has 1 to 64 characters");
		return false;
	}
	if (!token_find(t, label, &same)) {
		snprintf(t->error, sizeof(t->error), "token: \"%s\" exists already", label);
		return false;
	}
	return true;
}

int token_import(struct token *t, const char *label, enum token_use use, const uint8_t *key,
		 size_t len)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_AES;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_BBOOL derive = use == TOKEN_MASTER || use == TOKEN_MASTER_DES;
	CK_BBOOL unwrap = use == TOKEN_TRANSPORT;
	CK_BBOOL decrypt = use == TOKEN_DATA;
	CK_ATTRIBUTE attrs[] = {
		ATTR(CKA_CLASS, class),
		ATTR(CKA_KEY_TYPE, type),
		ATTR(CKA_TOKEN, yes),
		ATTR(CKA_PRIVATE, yes),
		ATTR(CKA_SENSITIVE, yes),
		ATTR(CKA_EXTRACTABLE, no),
		ATTR(CKA_DERIVE, derive),
		ATTR(CKA_UNWRAP, unwrap),
		/* E(0) for the CMAC subkey of a derivation, E(01..) for the KCV */
		ATTR(CKA_ENCRYPT, yes),
		ATTR(CKA_DECRYPT, decrypt),
		ATTR(CKA_WRAP, no),
		ATTR(CKA_SIGN, no),
		ATTR(CKA_VERIFY, no),
		{ CKA_LABEL, (void *)label, strlen(label) },
		{ CKA_VALUE, (void *)key, len },
	};
	bool right = len == 16 || len == 24 || len == 32;
	CK_OBJECT_HANDLE handle;
	CK_RV rv;

	if (use == TOKEN_MASTER_DES) {
		type = len == 24 ? CKK_DES3 : CKK_DES2;
		right = len == 16 || len == 24;
	}
	if (!right) {
		snprintf(t->error, sizeof(t->error), "token: a key has 16, 24 or 32 bytes");
		return -1;
	}
	if (!is_new(t, label))
		return -1;
	rv = t->f->C_CreateObject(t->session, attrs, sizeof(attrs) / sizeof(attrs[0]), &handle);
	if (rv != CKR_OK)
		return token_fail(t, "C_CreateObject", rv);
	return 0;
}

int token_generate(struct token *t, const char *label)
{
	CK_MECHANISM mechanism = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ULONG len = 16;
	CK_ATTRIBUTE attrs[] = {
		ATTR(CKA_VALUE_LEN, len),
		ATTR(CKA_TOKEN, yes),
		ATTR(CKA_PRIVATE, yes),
		ATTR(CKA_SENSITIVE, yes),
		ATTR(CKA_EXTRACTABLE, no),
		ATTR(CKA_ENCRYPT, yes),
		ATTR(CKA_DECRYPT, yes),
		ATTR(CKA_DERIVE, no),
		ATTR(CKA_UNWRAP, no),
		ATTR(CKA_WRAP, no),
		ATTR(CKA_SIGN, no),
		ATTR(CKA_VERIFY, no),
		{ CKA_LABEL, (void *)label, strlen(label) },
	};
	CK_OBJECT_HANDLE handle;
	CK_RV rv;

	if (!is_new(t, label))
		return -1;
	rv = t->f->C_GenerateKey(t->session, &mechanism, attrs, sizeof(attrs) / sizeof(attrs[0]),
				 &handle);
	return rv == CKR_OK ? 0 : token_fail(t, "C_GenerateKey", rv);
}

int token_remove(struct token *t, const char *label)
{
	token_key key;
	CK_RV rv;

	if (token_find(t, label, &key))
		return -1;
	rv = t->f->C_DestroyObject(t->session, key);
	return rv == CKR_OK ? 0 : token_fail(t, "C_DestroyObject", rv);
}

/* A triple DES key has no attribute that says its length. */
static int describe(struct token *t, CK_OBJECT_HANDLE key, char label[TOKEN_LABEL_MAX + 1],
		    char cipher[16])
{
	CK_ULONG bytes = 0;
	CK_KEY_TYPE type = CKK_AES;
	CK_ATTRIBUTE get[] = {
		{ CKA_LABEL, label, TOKEN_LABEL_MAX },
		ATTR(CKA_KEY_TYPE, type),
	};
	CK_ATTRIBUTE length = ATTR(CKA_VALUE_LEN, bytes);
	CK_RV rv = t->f->C_GetAttributeValue(t->session, key, get, 2);

	if (rv == CKR_OK && type == CKK_AES)
		rv = t->f->C_GetAttributeValue(t->session, key, &length, 1);
	if (rv != CKR_OK)
		return token_fail(t, "C_GetAttributeValue", rv);
	label[get[0].ulValueLen] = '\0';
	if (type == CKK_AES)
		snprintf(cipher, 16, "AES-%lu", bytes * 8);
	else
		snprintf(cipher, 16, "3DES-%d", type == CKK_DES2 ? 112 : 168);
	return 0;
}

int token_list(struct token *t,
	       bool (*each)(const char *label, const char *cipher, const uint8_t kcv[3], void *arg),
	       void *arg)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE want[] = { ATTR(CKA_CLASS, class), ATTR(CKA_TOKEN, yes) };
	CK_OBJECT_HANDLE found[256];
	CK_ULONG n = 0;
	char label[TOKEN_LABEL_MAX + 1], cipher[16];
	uint8_t kcv[3];
	CK_RV rv;

	rv = t->f->C_FindObjectsInit(t->session, want, 2);
	if (rv != CKR_OK)
		return token_fail(t, "C_FindObjectsInit", rv);
	rv = t->f->C_FindObjects(t->session, found, 256, &n);
	t->f->C_FindObjectsFinal(t->session);
	if (rv != CKR_OK)
		return token_fail(t, "C_FindObjects", rv);
	for (CK_ULONG i = 0; i < n; i++) {
		if (describe(t, found[i], label, cipher) || token_kcv(t, found[i], kcv))
			return -1;
		if (!each(label, cipher, kcv, arg))
			break;
	}
	return 0;
}
