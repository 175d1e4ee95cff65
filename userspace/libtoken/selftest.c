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
#include "libgp/scheme.h"
#include "token_internal.h"

static const uint8_t test_key[24] = {
	0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47,
	0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f,
	0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57,
};

static const uint8_t test_kdd[TOKEN_KDD_LEN] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 };

static int session_key(struct token *t, CK_KEY_TYPE type, const uint8_t *value, size_t len,
		       token_key *key)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
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
		{ CKA_VALUE, (void *)value, len },
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

static int derive(struct token *t, const char *scheme, bool des, enum gp_key_id k,
		  token_key master, token_key *key)
{
	struct token_derivation d = { .des = des, .dek = k == GP_KEY_DEK };
	struct gp_scheme s;

	*key = 0;
	if (gp_scheme_parse(scheme, &s))
		return differs(t, "a scheme");
	d.cmac = s.cmac;
	gp_scheme_blocks(&s, k, test_kdd, d.blocks);
	return token_derive(t, master, &d, key);
}

/* Check values as published: martinpaljak/GlobalPlatformPro, TestPlaintextKeys.java. */
static const struct {
	const char *scheme;
	CK_KEY_TYPE type;
	size_t len;
	uint8_t kcv[3][3];
} published[] = {
	{ "visa2", CKK_DES2, 16,
	  { { 0x2b, 0xe5, 0x98 }, { 0x58, 0xda, 0x38 }, { 0x3c, 0x32, 0x8e } } },
	{ "emv-cps", CKK_DES2, 16,
	  { { 0xc3, 0x30, 0x13 }, { 0x6f, 0x4c, 0xa6 }, { 0xbb, 0x81, 0x79 } } },
	{ "kdf3", CKK_AES, 24,
	  { { 0x1d, 0xe8, 0xea }, { 0x47, 0xc0, 0x0c }, { 0xc0, 0x4d, 0x76 } } },
};

static int test_scheme(struct token *t, size_t i)
{
	bool des = published[i].type == CKK_DES2;
	token_key master, key = 0;
	uint8_t kcv[3];
	int rc = session_key(t, published[i].type, test_key, published[i].len, &master);

	for (unsigned int k = GP_KEY_ENC; !rc && k <= GP_KEY_DEK; k++) {
		rc = derive(t, published[i].scheme, des, k, master, &key) ||
		     token_kcv(t, key, kcv) ? -1 : 0;
		if (!rc && memcmp(kcv, published[i].kcv[k - 1], sizeof(kcv)))
			rc = differs(t, published[i].scheme);
		token_destroy(t, key);
	}
	token_destroy(t, master);
	return rc;
}

/* The form that is described, with AES: encrypted by other software. */
static int test_described(struct token *t, token_key master)
{
	static const uint8_t block[16] = { 3, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	uint8_t key[16], want[3], got[3];
	token_key card = 0;
	int rc = derive(t, "ecb:kk#0#1#2#3#4#5#6#7#8#90000000000", false, GP_KEY_DEK, master,
			&card);

	if (!rc)
		rc = token_kcv(t, card, got);
	token_destroy(t, card);
	if (rc)
		return -1;
	if (gp_aes_ecb(test_key, block, key) || gp_aes_kcv(key, want) ||
	    memcmp(want, got, sizeof(want)))
		return differs(t, "key derivation by AES-ECB");
	return 0;
}

/*
 * SCP02 with a sequence counter of 0, and the test key put on the card: session keys and what
 * goes into PUT KEY, published as above.
 */
static int test_scp02(struct token *t, token_key transport)
{
	static const uint8_t sequence[2], enc[16] = {
		0x01, 0x0b, 0x03, 0x71, 0xd7, 0x83, 0x77, 0xb8,
		0x01, 0xf2, 0xd6, 0x2a, 0xfc, 0x67, 0x1d, 0x95,
	}, put[16] = {
		0xef, 0xbe, 0xe6, 0xc6, 0xd9, 0x9d, 0x7b, 0x70,
		0xbd, 0xe9, 0xd7, 0xe9, 0x27, 0xf0, 0x20, 0xaf,
	}, check[3] = { 0x8b, 0xaf, 0x47 };
	uint8_t got[16], kcv[3], wrapped[TOKEN_WRAPPED_LEN];
	token_key key = 0, dek = 0, unwrapped = 0;
	int rc = session_key(t, CKK_DES2, test_key, 16, &key);

	if (!rc)
		rc = token_scp02_key(t, key, TOKEN_SCP02_ENC, sequence, got);
	if (!rc && memcmp(got, enc, sizeof(enc)))
		rc = differs(t, "SCP02's session key");
	if (!rc)
		rc = gp_aes_wrap(test_key, test_key, wrapped) ||
		     token_unwrap(t, transport, wrapped, true, &unwrapped) ||
		     token_kcv(t, unwrapped, kcv) ? -1 : 0;
	if (!rc && memcmp(kcv, check, sizeof(check)))
		rc = differs(t, "unwrapping for SCP02");
	if (!rc)
		rc = token_scp02_dek(t, key, sequence, &dek) ||
		     token_wrap_des(t, dek, transport, wrapped, got, kcv) ? -1 : 0;
	if (!rc && (memcmp(got, put, sizeof(put)) || memcmp(kcv, check, sizeof(check))))
		rc = differs(t, "wrapping for SCP02");
	token_destroy(t, dek);
	token_destroy(t, unwrapped);
	token_destroy(t, key);
	return rc;
}

/* A derived key is known by its check value and MAC, since it cannot be read. */
static int test_derive(struct token *t, token_key master, token_key *derived)
{
	uint8_t want_key[16], want[16], got[16], block[GP_SCP03_BLOCK] = { 0 };

	if (derive(t, "kdf3", false, GP_KEY_MAC, master, derived))
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
	    token_unwrap(t, transport, wrapped, false, unwrapped))
		return -1;
	if (token_kcv(t, *unwrapped, got) || gp_aes_kcv(fresh, want))
		return -1;
	if (memcmp(want, got, 3))
		return differs(t, "unwrapping");
	if (derive(t, "kdf3", false, GP_KEY_DEK, transport, dek) ||
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
	rc = session_key(t, CKK_AES, test_key, 16, &key);
	if (!rc)
		rc = test_derive(t, key, &derived);
	if (!rc)
		rc = test_wrap(t, key, &unwrapped, &dek);
	if (!rc)
		rc = test_seal(t, key);
	for (size_t i = 0; !rc && i < sizeof(published) / sizeof(published[0]); i++)
		rc = test_scheme(t, i);
	if (!rc)
		rc = test_described(t, key);
	if (!rc)
		rc = test_scp02(t, key);
	token_destroy(t, dek);
	token_destroy(t, unwrapped);
	token_destroy(t, derived);
	token_destroy(t, key);
	if (!rc)
		t->error[0] = '\0';
	return !rc;
}
