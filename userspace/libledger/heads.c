// SPDX-License-Identifier: GPL-2.0-only
/*
 * Heads of the chain in a file outside of the database, each signed: who can write the database can
 * make a chain that holds together, but not one that has been seen before.
 *
 * A line is: number, hash (64 digits), signature (128 digits), and the chain's name if it has one.
 * The signature covers the name by the hash.
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

#include "database.h"
#include "libgp/hex.h"

#define LINE_MAX_LEN (20 + 1 + 64 + 1 + 128 + 1 + LEDGER_NODE + 2)

bool ledger_head_digest(const struct ledger_head *head, uint8_t digest[32])
{
	static const char what[] = "cardstation ledger head";
	uint8_t data[sizeof(what) + 8 + sizeof(head->hash)];
	uint8_t *p = mempcpy(data, what, sizeof(what));

	for (int i = 0; i < 8; i++)
		*p++ = (uint8_t)(head->seq >> (56 - 8 * i));
	memcpy(p, head->hash, sizeof(head->hash));
	return EVP_Digest(data, sizeof(data), digest, NULL, EVP_sha256(), NULL) == 1;
}

bool ledger_head_write(FILE *f, const struct ledger_head *head,
		       const uint8_t signature[LEDGER_SIGNATURE])
{
	char hash[65], hex[2 * LEDGER_SIGNATURE + 1];

	return fprintf(f, "%llu %s %s%s%s\n", (unsigned long long)head->seq,
		       hex_encode(head->hash, 32, hash),
		       hex_encode(signature, LEDGER_SIGNATURE, hex), *head->chain ? " " : "",
		       head->chain) > 0 && !fflush(f);
}

/* P-256 from its point. */
static EVP_PKEY *public_key(const uint8_t point[65])
{
	char group[] = "P-256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)point, 65),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;

	if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* The token gives r and s; OpenSSL wants them in DER. */
static bool verify(EVP_PKEY *key, const uint8_t digest[32], const uint8_t *signature)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(signature, 32, NULL), *s = BN_bin2bn(signature + 32, 32, NULL);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	unsigned char *der = NULL;
	bool ok = false;
	int n;

	if (sig && r && s && ECDSA_SIG_set0(sig, r, s)) {
		r = NULL;
		s = NULL;
		n = i2d_ECDSA_SIG(sig, &der);
		ok = n > 0 && ctx && EVP_PKEY_verify_init(ctx) == 1 &&
		     EVP_PKEY_verify(ctx, der, (size_t)n, digest, 32) == 1;
	}
	OPENSSL_free(der);
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static bool parse(const char *line, struct ledger_head *head, uint8_t *signature)
{
	size_t len;
	char *p;

	head->seq = strtoull(line, &p, 10);
	if (p == line || *p != ' ' || strlen(p) < 1 + 64 + 1 + 128 || p[65] != ' ')
		return false;
	if (hex_decode(p + 1, 64, head->hash, 32) != 32 ||
	    hex_decode(p + 66, 2 * LEDGER_SIGNATURE, signature, LEDGER_SIGNATURE) !=
	    LEDGER_SIGNATURE)
		return false;
	p += 66 + 2 * LEDGER_SIGNATURE;
	len = strcspn(p, "\r\n");
	if (len && *p != ' ')
		return false;
	if (len) {
		p++;
		len--;
	}
	if (len >= sizeof(head->chain))
		return false;
	memcpy(head->chain, p, len);
	head->chain[len] = '\0';
	return true;
}

static enum ledger_status compare(struct ledger *l, const struct ledger_head *head)
{
	struct statement *stmt = db_prepare(l,
					    "SELECT hash FROM ledger WHERE node = ? AND seq = ?",
					    "ti", head->chain, (int64_t)head->seq);
	enum ledger_status status = LEDGER_OK;
	bool failed = true, found;
	uint8_t have[32];
	size_t n = 0;

	if (!stmt)
		return LEDGER_FAILED;
	found = db_next(l, stmt, &failed);
	if (failed)
		status = LEDGER_FAILED;
	else if (!found)
		status = db_refused(l,
				    "ledger: it had an entry %llu once: it was cut off, or is an old copy",
				    (unsigned long long)head->seq);
	else if (!db_blob(stmt, 0, have, 32, &n) || n != 32 || memcmp(have, head->hash, 32))
		status = db_refused(l, "ledger: entry %llu is not the one that was signed",
				    (unsigned long long)head->seq);
	db_finalize(stmt);
	return status;
}

enum ledger_status ledger_verify_heads(struct ledger *l, FILE *f, const uint8_t point[65],
				       unsigned int *heads)
{
	EVP_PKEY *key = point ? public_key(point) : NULL;
	enum ledger_status status = LEDGER_OK;
	uint8_t digest[32], signature[LEDGER_SIGNATURE];
	char line[LINE_MAX_LEN + 1];
	struct ledger_head head;

	*heads = 0;
	if (point && !key)
		return db_refused(l, "the public key is none of P-256");
	while (status == LEDGER_OK && fgets(line, sizeof(line), f)) {
		if (!parse(line, &head, signature))
			status = db_refused(l, "heads: line %u is damaged", *heads + 1);
		else if (!ledger_head_digest(&head, digest))
			status = db_refused(l, "heads: SHA-256 failed");
		else if (key && !verify(key, digest, signature))
			status = db_refused(l, "heads: line %u has a wrong signature", *heads + 1);
		else if (head.seq)
			status = compare(l, &head);
		if (status == LEDGER_OK)
			++*heads;
	}
	if (status == LEDGER_OK && ferror(f))
		status = db_refused(l, "heads: the file cannot be read");
	EVP_PKEY_free(key);
	return status;
}
