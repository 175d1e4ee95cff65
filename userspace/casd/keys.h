/* SPDX-License-Identifier: GPL-2.0-only */
/* What a session asks of the token, as tasks for the worker that owns it. */
#ifndef CASD_KEYS_H
#define CASD_KEYS_H

#include "libgp/putkey.h"
#include "libgp/scheme.h"
#include "libgp/scp03.h"
#include "libledger/ledger.h"
#include "libtoken/token.h"
#include "task.h"

struct casd;

/**
 * struct key_set - ENC, MAC and DEK as session objects of the token
 * @job: destroys them, so that this needs no memory
 * @casd: whose token
 * @keys: 0 for one that is not there
 */
struct key_set {
	struct job job;
	struct casd *casd;
	token_key keys[3];
};

/* key_set_drop() - have them destroyed, after all that was asked of the token; NULL is ignored */
void key_set_drop(struct key_set *set);

/**
 * struct keys_task - to open a secure channel, or to wrap keys for PUT KEY; in locked memory
 * @task: of the session
 * @casd: token, and the label of the transport key
 * @des: keys for triple DES
 * @master: name of the key that the card's come from; "" for the record's own
 * @cmac: how they are derived
 * @blocks: from what
 * @wrapped: the record's keys, under the transport key
 * @set: where keys that are made go; NULL if they are there
 * @keys: in the token: ENC, MAC, DEK
 * @challenge: the card's; its sequence counter in SCP02
 * @context: host and card challenge
 * @is_public: everybody has the master key
 * @session: keys of the channel
 * @dek: of the card, to wrap under
 * @put: keys for PUT KEY
 * @replace: key version for PUT KEY
 * @kvn: the same
 * @evidence: the channel will prove that the card has the record's keys
 * @error: "", or why it failed
 */
struct keys_task {
	struct task task;
	struct casd *casd;
	bool des;
	char master[ORDER_KEY_MAX + 1];
	bool cmac;
	uint8_t blocks[3][GP_SCHEME_BLOCKS];
	uint8_t wrapped[3][LEDGER_WRAPPED];
	struct key_set *set;
	token_key keys[3];
	uint8_t challenge[8];
	uint8_t context[16];
	bool is_public;
	struct gp_session_keys session;
	token_key dek;
	struct gp_put_key put[3];
	uint8_t replace;
	uint8_t kvn;
	bool evidence;
	char error[192];
};

/* What its worker does. */
enum keys_what {
	KEYS_OPEN,	/* @keys, @is_public, @session */
	KEYS_PUT,	/* @put, of the record's */
};

/*
 * keys_task() - the session's task from now on
 *
 * Return: NULL if there is no locked memory.
 */
struct keys_task *keys_task(struct session *s, enum keys_what what);

/* keys_make() - @t makes keys: it gets a set for them. False: no memory */
bool keys_make(struct keys_task *t);

#endif
