/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The text of a profile, from its file, and whose it is. A file is read anew for each session: a
 * new one counts from the next card on, and who runs keeps what he has.
 *
 * NAME.lua.sig is the signature of NAME.lua: Ed25519 (RFC 8032) over the name, a NUL and the text,
 * so that no signed profile passes for another one.
 */
#ifndef CASD_PROFILE_H
#define CASD_PROFILE_H

#include <stddef.h>

#define PROFILE_MAX	65536
#define PROFILE_SIGNATURE 64

struct evp_pkey_st;

/* profile_key() - a public key in PEM; NULL, or what is wrong. Freed by EVP_PKEY_free(). */
const char *profile_key(const char *path, struct evp_pkey_st **key);

/*
 * profile_load() - read DIRECTORY/NAME.lua
 * @key: whose signature it must have, NULL for none
 * @text: receives it, to be freed
 *
 * Return: NULL, or what is wrong, for the operator.
 */
const char *profile_load(const char *directory, const char *name, struct evp_pkey_st *key,
			 char **text, size_t *len);

/*
 * profile_sign() - write DIRECTORY/NAME.lua.sig
 * @key_file: a private key in PEM
 *
 * Return: NULL, or what is wrong.
 */
const char *profile_sign(const char *directory, const char *name, const char *key_file);

#endif
