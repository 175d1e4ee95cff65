// SPDX-License-Identifier: GPL-2.0-only
/* Reads profiles, and makes and checks their signatures. */
#include "profile.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool path_of(const char *directory, const char *name, const char *tail, char path[4096])
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_");

	return n && !name[n] &&
	       snprintf(path, 4096, "%s/%s.lua%s", directory, name, tail) < 4096;
}

/* Up to @cap bytes of a file; -1 if it cannot be read or has more. */
static ssize_t read_file(const char *path, void *out, size_t cap)
{
	FILE *f = fopen(path, "re");
	size_t n;
	bool ok;

	if (!f)
		return -1;
	n = fread(out, 1, cap, f);
	ok = n < cap || fgetc(f) == EOF;
	ok = ok && !ferror(f);
	fclose(f);
	return ok ? (ssize_t)n : -1;
}

/* What is signed: the name with its NUL, the text. To be freed. */
static unsigned char *signed_bytes(const char *name, const char *text, size_t len, size_t *total)
{
	size_t n = strlen(name) + 1;
	unsigned char *p = malloc(n + len);

	if (!p)
		return NULL;
	memcpy(p, name, n);
	if (len)
		memcpy(p + n, text, len);
	*total = n + len;
	return p;
}

static bool verify(EVP_PKEY *key, const char *name, const char *text, size_t len,
		   const unsigned char *signature)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t total;
	unsigned char *p = signed_bytes(name, text, len, &total);
	bool ok;

	ok = ctx && p && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
	     EVP_DigestVerify(ctx, signature, PROFILE_SIGNATURE, p, total) == 1;
	EVP_MD_CTX_free(ctx);
	free(p);
	return ok;
}

const char *profile_key(const char *path, EVP_PKEY **key)
{
	FILE *f = fopen(path, "re");

	*key = f ? PEM_read_PUBKEY(f, NULL, NULL, NULL) : NULL;
	if (f)
		fclose(f);
	if (*key && EVP_PKEY_get_id(*key) == EVP_PKEY_ED25519)
		return NULL;
	EVP_PKEY_free(*key);
	*key = NULL;
	return f ? "the profiles' key is no public key for Ed25519 in PEM" :
		   "the profiles' key cannot be read";
}

static const char *check_signature(const char *directory, const char *name, EVP_PKEY *key,
				   const char *text, size_t len)
{
	unsigned char signature[PROFILE_SIGNATURE];
	char path[4096];

	if (!path_of(directory, name, ".sig", path) ||
	    read_file(path, signature, sizeof(signature)) != sizeof(signature))
		return "the application's profile is not signed";
	return verify(key, name, text, len, signature) ?
	       NULL : "the application's profile is not what was signed";
}

const char *profile_load(const char *directory, const char *name, EVP_PKEY *key, char **text,
			 size_t *len)
{
	const char *wrong = NULL;
	char path[4096];
	ssize_t n = -1;

	*text = NULL;
	if (!path_of(directory, name, "", path))
		return "no such application";
	*text = malloc(PROFILE_MAX);
	if (*text)
		n = read_file(path, *text, PROFILE_MAX);
	if (n < 0)
		wrong = access(path, F_OK) ? "no such application" :
					     "the application's profile cannot be read";
	else if (key)
		wrong = check_signature(directory, name, key, *text, (size_t)n);
	*len = n < 0 ? 0 : (size_t)n;
	if (!wrong)
		return NULL;
	free(*text);
	*text = NULL;
	return wrong;
}

static const char *write_signature(const char *path, const unsigned char *signature)
{
	FILE *f = fopen(path, "we");
	bool ok = f && fwrite(signature, 1, PROFILE_SIGNATURE, f) == PROFILE_SIGNATURE;

	if (f && fclose(f))
		ok = false;
	return ok ? NULL : "the signature cannot be written";
}

const char *profile_sign(const char *directory, const char *name, const char *key_file)
{
	unsigned char signature[PROFILE_SIGNATURE], *p;
	size_t len, total, n = sizeof(signature);
	FILE *f = fopen(key_file, "re");
	EVP_PKEY *key = f ? PEM_read_PrivateKey(f, NULL, NULL, NULL) : NULL;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const char *wrong;
	char path[4096];
	char *text;

	if (f)
		fclose(f);
	wrong = profile_load(directory, name, NULL, &text, &len);
	p = wrong ? NULL : signed_bytes(name, text, len, &total);
	if (!wrong && (!key || !ctx || !p || EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) != 1 ||
		       EVP_DigestSign(ctx, signature, &n, p, total) != 1 || n != sizeof(signature)))
		wrong = "a private key for Ed25519 in PEM is wanted to sign it";
	if (!wrong && !path_of(directory, name, ".sig", path))
		wrong = "the name is too long";
	if (!wrong)
		wrong = write_signature(path, signature);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	free(p);
	free(text);
	return wrong;
}
