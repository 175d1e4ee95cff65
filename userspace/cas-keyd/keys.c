// SPDX-License-Identifier: GPL-2.0-only
/* Numbers of keys: nonce of the connection (32 bits), serial (16), place (16). */
#include "keys.h"

#include <stdlib.h>
#include <sys/random.h>

bool keys_init(struct keys *k)
{
	k->count = 0;
	k->low = 0;
	k->nonce = 0;
	k->key = calloc(KEYS_MAX, sizeof(*k->key));
	while (k->key && !k->nonce)
		if (getrandom(&k->nonce, sizeof(k->nonce), 0) != sizeof(k->nonce))
			break;
	if (k->key && k->nonce)
		return true;
	free(k->key);
	k->key = NULL;
	return false;
}

void keys_drop(struct keys *k, struct key *key, struct token *t)
{
	unsigned int i = (unsigned int)(key - k->key);

	if (key->kind == KEY_CARD || key->kind == KEY_RECORD || key->kind == KEY_DEK)
		token_destroy(t, key->object);
	if (i < k->low)
		k->low = i;
	key->kind = KEY_FREE;
	key->object = 0;
}

void keys_end(struct keys *k, struct token *t)
{
	for (unsigned int i = 0; i < k->count; i++)
		keys_drop(k, &k->key[i], t);
	free(k->key);
	k->key = NULL;
}

static uint64_t name(const struct keys *k, unsigned int i)
{
	return (uint64_t)k->nonce << 32 | (uint64_t)k->key[i].serial << 16 | i;
}

uint64_t keys_add(struct keys *k, enum key_kind kind, token_key object)
{
	unsigned int i;

	/* The same permanent key, asked for again, is no other key. */
	for (i = 0; (kind == KEY_PERMANENT || kind == KEY_SIGNER) && i < k->count; i++)
		if (k->key[i].kind == kind && k->key[i].object == object)
			return name(k, i);
	for (i = k->low; i < k->count && k->key[i].kind != KEY_FREE; i++)
		;
	if (i == KEYS_MAX)
		return 0;
	if (i == k->count)
		k->count++;
	k->low = i + 1;
	k->key[i].kind = kind;
	k->key[i].object = object;
	k->key[i].serial++;
	return name(k, i);
}

struct key *keys_find(struct keys *k, uint64_t number)
{
	unsigned int i = number & 0xffff;

	if (i >= k->count || k->key[i].kind == KEY_FREE || name(k, i) != number)
		return NULL;
	return &k->key[i];
}
