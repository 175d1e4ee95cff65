// SPDX-License-Identifier: GPL-2.0-only
/*
 * key component: a person enters one of a key's components. They are sealed by a key that the token
 * makes for this ceremony, and lie in the database until the last one is there.
 */
#include <stdio.h>
#include <string.h>

#include "casctl.h"
#include "libgp/aes.h"
#include "libgp/des.h"

/**
 * struct ceremony - a key that is being put together, in locked memory
 * @token: that gets it
 * @name: of the key
 * @use: what it is for
 * @label: of the key that seals
 * @seal: that key
 * @key: exclusive or of the components so far
 * @len: of each of them, 0 before the first
 * @error: why it went wrong
 * @made: it is in the token
 */
struct ceremony {
	struct token *token;
	const char *name;
	enum token_use use;
	char label[TOKEN_LABEL_MAX + 1];
	token_key seal;
	uint8_t key[32];
	size_t len;
	const char *error;
	bool made;
};

static bool add(void *arg, const uint8_t *sealed, size_t len)
{
	struct ceremony *c = arg;
	uint8_t part[32];

	c->error = "the components are not of one length";
	if (len < TOKEN_SEAL || len - TOKEN_SEAL > sizeof(part) ||
	    (c->len && c->len != len - TOKEN_SEAL))
		return false;
	c->len = len - TOKEN_SEAL;
	if (token_unseal(c->token, c->seal, c->name, sealed, len, part)) {
		c->error = token_error(c->token);
		return false;
	}
	for (size_t i = 0; i < c->len; i++)
		c->key[i] ^= part[i];
	explicit_bzero(part, sizeof(part));
	return true;
}

static bool make(void *arg, char kcv[7])
{
	struct ceremony *c = arg;
	uint8_t check[3];
	token_key key;

	c->made = !token_import(c->token, c->name, c->use, c->key, c->len);
	explicit_bzero(c->key, sizeof(c->key));
	if (!c->made || token_find(c->token, c->name, &key) || token_kcv(c->token, key, check)) {
		c->error = token_error(c->token);
		return false;
	}
	snprintf(kcv, 7, "%02X%02X%02X", check[0], check[1], check[2]);
	printf("%s  KCV %s\n", c->name, kcv);
	return true;
}

static const char *error(void *arg)
{
	struct ceremony *c = arg;

	return c->error;
}

/* The first one makes the key that seals. */
static bool find_seal(struct ceremony *c)
{
	snprintf(c->label, sizeof(c->label), "ceremony-%.48s", c->name);
	return !token_find(c->token, c->label, &c->seal) ||
	       (!token_generate(c->token, c->label) &&
		!token_find(c->token, c->label, &c->seal));
}

static bool check_value(enum token_use use, const uint8_t *part, size_t len, char kcv[7])
{
	uint8_t check[3];

	if (use == TOKEN_MASTER_DES ? len != 16 || gp_des_kcv(part, check) :
				      gp_aes_kcv_of(part, len, check))
		return false;
	snprintf(kcv, 7, "%02X%02X%02X", check[0], check[1], check[2]);
	return true;
}

int ceremony_component(struct ledger *l, struct token *t, const struct key_component *k)
{
	struct ceremony c = { .token = t, .name = k->name, .use = k->use, .error = "" };
	struct ledger_join how = { .add = add, .make = make, .error = error, .arg = &c };
	uint8_t sealed[LEDGER_COMPONENT_MAX];
	enum ledger_status status;
	char kcv[7], by[64];
	bool complete;
	struct ledger_component component = {
		.name = k->name, .use = k->use_name, .parts = k->parts, .by = who_am_i(by),
		.kcv = kcv, .sealed = sealed, .len = k->len + TOKEN_SEAL,
	};

	if (!check_value(k->use, k->part, k->len, kcv)) {
		fputs("casctl: a component has 32, 48 or 64 digits; of master-3des 32\n", stderr);
		return 1;
	}
	if (!find_seal(&c) || token_seal(t, c.seal, k->name, k->part, k->len, sealed)) {
		fprintf(stderr, "casctl: %s\n", token_error(t));
		return 1;
	}
	status = ledger_component(l, &component, &how, &complete);
	explicit_bzero(c.key, sizeof(c.key));
	if (status != LEDGER_OK) {
		fprintf(stderr, "casctl: %s\n", ledger_error(l));
		if (c.made)
			token_remove(t, k->name);
		return 1;
	}
	printf("component  KCV %s\n", kcv);
	if (complete)
		token_remove(t, c.label);
	return 0;
}
