// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tries every operation once with known session keys: modules list mechanisms that they do not
 * have, and one that computes something else would make cards that nobody can open.
 */
#include <stdio.h>
#include <string.h>

#include "libgp/aes.h"
#include "libgp/gcm.h"
#include "libgp/kdf.h"
#include "token_internal.h"

static const uint8_t test_key[16] = {
	0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47,
	0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f,
};

static const uint8_t test_kdd[TOKEN_KDD_LEN] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 };

static int session_key(struct token *t, token_key *key)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_AES;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ATTRIBUTE attrs[] = {
		ATTR(CKA_CLASS, class),
		ATTR(CKA_KEY_TYPE, type),
		ATTR(CKA_TOKEN, no),
		ATTR(CKA_DERIVE, yes),
		ATTR(CKA_UNWRAP, yes),
		ATTR(CKA_WRAP, yes),
		ATTR(CKA_SIGN, yes),
		ATTR(CKA_ENCRYPT, yes),
		ATTR(CKA_DECRYPT, yes),
		{ CKA_VALUE, (void *)test_key, sizeof(test_key) },
	};
	CK_OBJECT_HANDLE handle = 0;
	CK_RV rv = t->f->C_CreateObject(t->session, attrs, sizeof(attrs) / sizeof(attrs[0]),
					&handle);

	*key = handle;
	return rv == CKR_OK ? 0 : token_fail(t, "self-test: C_CreateObject", rv);
}

static int differs(struct token *t, const char *what)
{
	snprintf(t->error, sizeof(t->error), "token: self-test: %s gives a wrong result", what);
	return -1;
}

/* A derived key is known by its check value and MAC, since it cannot be read. */
static int test_derive(struct token *t, token_key master, token_key *derived)
{
	uint8_t want_key[16], want[16], got[16], block[GP_SCP03_BLOCK] = { 0 };

	if (token_derive_kdf3(t, master, GP_KEY_MAC, test_kdd, derived))
		return -1;
	if (gp_kdf3(test_key, GP_KEY_MAC, test_kdd, want_key) || gp_aes_kcv(want_key, want) ||
	    token_kcv(t, *derived, got))
		return -1;
	if (memcmp(want, got, 3))
		return differs(t, "key derivation");
	if (token_cmac(t, *derived, block, sizeof(block), got))
		return -1;
	if (gp_aes_cmac(want_key, block, sizeof(block), NULL, 0, want) || memcmp(want, got, 16))
		return differs(t, "AES-CMAC");
	return 0;
}

static int test_wrap(struct token *t, token_key transport, token_key *unwrapped, token_key *dek)
{
	static const uint8_t fresh[16] = { 1, 2, 3, 4 };
	uint8_t wrapped[TOKEN_WRAPPED_LEN], want[16], got[16], dek_key[16];
	uint8_t iv[16] = { 0 };

	if (gp_aes_wrap(test_key, fresh, wrapped) ||
	    token_unwrap(t, transport, wrapped, unwrapped))
		return -1;
	if (token_kcv(t, *unwrapped, got) || gp_aes_kcv(fresh, want))
		return -1;
	if (memcmp(want, got, 3))
		return differs(t, "unwrapping");
	if (token_derive_kdf3(t, transport, GP_KEY_DEK, test_kdd, dek) ||
	    token_wrap_cbc(t, *dek, *unwrapped, got))
		return -1;
	if (gp_kdf3(test_key, GP_KEY_DEK, test_kdd, dek_key) ||
	    gp_aes_cbc(dek_key, iv, 1, fresh, 16, want) || memcmp(want, got, 16))
		return differs(t, "wrapping");
	return 0;
}

/* There and back by the token, and back by other software: and a changed one by neither. */
static int test_seal(struct token *t, token_key key)
{
	static const uint8_t data[20] = { 9, 8, 7 };
	uint8_t sealed[sizeof(data) + TOKEN_SEAL], got[sizeof(data)];

	if (token_seal(t, key, "test", data, sizeof(data), sealed))
		return -1;
	if (gp_unseal(test_key, "test", sealed, sizeof(sealed), got) ||
	    memcmp(got, data, sizeof(data)))
		return differs(t, "sealing");
	memset(got, 0, sizeof(got));
	if (token_unseal(t, key, "test", sealed, sizeof(sealed), got))
		return -1;
	if (memcmp(got, data, sizeof(data)))
		return differs(t, "unsealing");
	if (!token_unseal(t, key, "best", sealed, sizeof(sealed), got))
		return differs(t, "authentication of sealed data");
	return 0;
}

bool token_self_test(struct token *t)
{
	token_key key = 0, derived = 0, unwrapped = 0, dek = 0;
	int rc;

	snprintf(t->error, sizeof(t->error), "token: self-test: OpenSSL failed");
	rc = session_key(t, &key);
	if (!rc)
		rc = test_derive(t, key, &derived);
	if (!rc)
		rc = test_wrap(t, key, &unwrapped, &dek);
	if (!rc)
		rc = test_seal(t, key);
	token_destroy(t, dek);
	token_destroy(t, unwrapped);
	token_destroy(t, derived);
	token_destroy(t, key);
	if (!rc)
		t->error[0] = '\0';
	return !rc;
}
