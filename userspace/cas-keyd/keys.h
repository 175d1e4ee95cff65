/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The keys of one client: numbers that mean nothing to another one, nor after a restart, and what
 * each key may be used for here, whatever the token would allow.
 */
#ifndef CAS_KEYD_KEYS_H
#define CAS_KEYD_KEYS_H

#include "libtoken/token.h"

#define KEYS_MAX 16384	/* of one client */

enum key_kind {
	KEY_FREE,
	KEY_PERMANENT,	/* found by its label: derives or unwraps, and is never destroyed */
	KEY_CARD,	/* derived: MACs, and wraps others */
	KEY_RECORD,	/* unwrapped: as that, and can be wrapped */
	KEY_DEK,	/* of an SCP02 session: wraps what is unwrapped with it */
	KEY_SIGNER,	/* private half of a pair: signs, and is never destroyed */
};

/**
 * struct key - one key of a client
 * @kind: what it is
 * @object: in the token
 * @serial: of its number, changes when the place is used again
 */
struct key {
	enum key_kind kind;
	token_key object;
	uint16_t serial;
};

/**
 * struct keys - all of them
 * @nonce: of the client's connection, random, not 0
 * @key: places
 * @count: places that were used ever
 * @low: no place below is free
 */
struct keys {
	uint32_t nonce;
	struct key *key;
	unsigned int count;
	unsigned int low;
};

/* keys_init() - false if there is no memory or no randomness */
bool keys_init(struct keys *k);

/* keys_end() - destroys all session objects */
void keys_end(struct keys *k, struct token *t);

/* keys_add() - a number for @object, 0 if the client has too many */
uint64_t keys_add(struct keys *k, enum key_kind kind, token_key object);

/* keys_find() - by its number, NULL if there is none */
struct key *keys_find(struct keys *k, uint64_t number);

/* keys_drop() - ends a key; what is permanent stays in the token */
void keys_drop(struct keys *k, struct key *key, struct token *t);

#endif
