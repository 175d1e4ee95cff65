// SPDX-License-Identifier: GPL-2.0-only
/* The key of an order: made in the token at its import, destroyed when it is wiped. */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "casctl.h"
#include "libgp/hex.h"

static bool seal(void *arg, const char *iccid, const uint8_t *data, size_t len, uint8_t *out)
{
	struct orderkey *k = arg;

	return !token_seal(k->token, k->key, iccid, data, len, out);
}

static bool unseal(void *arg, const char *with, const uint8_t *sealed, size_t len, uint8_t *out)
{
	struct orderkey *k = arg;

	if (!k->data && token_find(k->token, k->data_name, &k->data))
		return false;
	return !token_unseal(k->token, k->data, with, sealed, len, out);
}

static const char *error(void *arg)
{
	struct orderkey *k = arg;

	return token_error(k->token);
}

int orderkey_make(struct orderkey *k, struct token *token, const char *data_name)
{
	uint8_t random[8];
	char hex[2 * sizeof(random) + 1];

	memset(k, 0, sizeof(*k));
	k->token = token;
	k->data_name = data_name;
	/* Not the order's name: another database may have one of the same. */
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -1;
	snprintf(k->label, sizeof(k->label), "order-%s",
		 hex_encode(random, sizeof(random), hex));
	k->seal = (struct order_seal){
		.key = k->label, .seal = seal, .unseal = unseal, .error = error, .arg = k,
	};
	return token_generate(token, k->label) || token_find(token, k->label, &k->key) ? -1 : 0;
}

bool orderkey_destroy(void *arg, const char *label)
{
	struct token *token = arg;
	token_key key;

	return token_find(token, label, &key) ? !!strstr(token_error(token), "no key") :
						!token_remove(token, label);
}

static bool try_keys(const struct orderkey_check *c, const struct ledger_record *r)
{
	token_key transport, key;

	if (token_find(c->token, c->transport, &transport))
		return false;
	for (int i = 0; i < 3; i++) {
		if (token_unwrap(c->token, transport, r->keys[i], false, &key))
			return false;
		token_destroy(c->token, key);
	}
	return true;
}

bool orderkey_try(void *arg, struct ledger_record *r, const char **wrong)
{
	const struct orderkey_check *c = arg;
	uint8_t clear[LEDGER_SECRETS_MAX];
	token_key key;
	bool ok;

	if (r->sealed_len < TOKEN_SEAL)
		return false;
	ok = !token_find(c->token, r->key, &key) &&
	     !token_unseal(c->token, key, r->iccid, r->sealed, r->sealed_len, clear) &&
	     ledger_record_unpack(r, clear, r->sealed_len - TOKEN_SEAL) && try_keys(c, r);
	explicit_bzero(clear, sizeof(clear));
	if (!ok)
		*wrong = token_error(c->token);
	return ok;
}
