/* SPDX-License-Identifier: GPL-2.0-only */
/* A card key by KDF3, as casd has the token derive it. */
#ifndef TESTS_KDF3_DERIVE_H
#define TESTS_KDF3_DERIVE_H

#include "libgp/scheme.h"
#include "libtoken/token.h"

static inline int derive_kdf3(struct token *t, token_key master, unsigned int k,
			      const uint8_t kdd[GP_KDD_LEN], token_key *key)
{
	struct token_derivation d = { .cmac = true, .dek = k == GP_KEY_DEK };
	struct gp_scheme s;

	if (gp_scheme_parse("kdf3", &s))
		return -1;
	gp_scheme_blocks(&s, (enum gp_key_id)k, kdd, d.blocks);
	return token_derive(t, master, &d, key);
}

#endif
