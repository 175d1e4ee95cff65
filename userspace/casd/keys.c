// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a session asks of the token.
 *
 * Context: run_*(), and what they call, the token's worker; the rest the event loop.
 */
#include "keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libgp/publickey.h"
#include "lock.h"
#include "session.h"

/* ---- in the worker ---- */

static bool derive_all(struct keys_task *t)
{
	struct token *token = t->casd->token;
	token_key master;
	uint8_t kcv[3];

	if (token_find(token, t->master, &master) || token_kcv(token, master, kcv))
		return false;
	/* A card under a key of a manual may be a program that collects records. */
	t->is_public = gp_kcv_is_public(kcv);
	for (int i = 0; i < 3; i++) {
		struct token_derivation d = {
			.cmac = t->cmac, .des = t->des, .dek = i + 1 == GP_KEY_DEK,
		};

		memcpy(d.blocks, t->blocks[i], sizeof(d.blocks));
		if (token_derive(token, master, &d, &t->set->keys[i]))
			return false;
	}
	return true;
}

/* The transport key is found anew each time: the key process may have been started again. */
static bool unwrap_all(struct keys_task *t)
{
	struct token *token = t->casd->token;
	token_key transport;

	if (token_find(token, t->casd->transport, &transport))
		return false;
	for (int i = 0; i < 3; i++)
		if (token_unwrap(token, transport, t->wrapped[i], t->des, &t->set->keys[i]))
			return false;
	return true;
}

static bool make(struct keys_task *t)
{
	if (!t->set)
		return true;
	if (*t->master ? !derive_all(t) : !unwrap_all(t))
		return false;
	memcpy(t->keys, t->set->keys, sizeof(t->keys));
	return true;
}

static int derive(struct keys_task *t, token_key key, enum gp_scp03_constant constant,
		  uint8_t out[16])
{
	uint8_t block[GP_SCP03_BLOCK];

	gp_scp03_block(constant, 128, t->context, block);
	return token_cmac(t->casd->token, key, block, sizeof(block), out);
}

static bool session_keys(struct keys_task *t)
{
	struct gp_session_keys *keys = &t->session;
	struct token *token = t->casd->token;

	if (t->des)
		return !token_scp02_key(token, t->keys[0], TOKEN_SCP02_ENC, t->challenge,
					keys->enc) &&
		       !token_scp02_key(token, t->keys[1], TOKEN_SCP02_MAC, t->challenge,
					keys->mac);
	return !derive(t, t->keys[0], GP_DERIVE_S_ENC, keys->enc) &&
	       !derive(t, t->keys[1], GP_DERIVE_S_MAC, keys->mac) &&
	       !derive(t, t->keys[1], GP_DERIVE_S_RMAC, keys->rmac);
}

/* From the transport key's wrapping to that of the session's DEK. */
static bool wrap_des(struct keys_task *t)
{
	struct token *token = t->casd->token;
	token_key dek = 0, transport;
	bool ok;

	ok = make(t) && !token_find(token, t->casd->transport, &transport) &&
	     !token_scp02_dek(token, t->dek, t->challenge, &dek);
	for (int i = 0; ok && i < 3; i++)
		ok = !token_wrap_des(token, dek, transport, t->wrapped[i], t->put[i].encrypted,
				     t->put[i].kcv);
	if (!ok)
		snprintf(t->error, sizeof(t->error), "%s", token_error(token));
	token_destroy(token, dek);
	return ok;
}

static bool wrap_aes(struct keys_task *t)
{
	struct token *token = t->casd->token;
	bool ok = make(t);

	for (int i = 0; ok && i < 3; i++)
		ok = !token_wrap_cbc(token, t->dek, t->keys[i], t->put[i].encrypted) &&
		     !token_kcv(token, t->keys[i], t->put[i].kcv);
	return ok;
}

static void finish(struct keys_task *t, bool ok)
{
	if (ok)
		*t->error = '\0';
	else if (!*t->error)
		snprintf(t->error, sizeof(t->error), "%s", token_error(t->casd->token));
	if (!ok && !*t->error)
		strcpy(t->error, "token: it failed");
}

static void run_open(struct task *task)
{
	struct keys_task *t = (struct keys_task *)task;

	finish(t, make(t) && session_keys(t));
}

static void run_put(struct task *task)
{
	struct keys_task *t = (struct keys_task *)task;

	finish(t, t->des ? wrap_des(t) : wrap_aes(t));
}

static void run_destroy(struct job *job)
{
	struct key_set *set = (struct key_set *)job;

	for (int i = 0; i < 3; i++)
		token_destroy(set->casd->token, set->keys[i]);
}

/* ---- in the event loop ---- */

static void destroyed(struct job *job)
{
	free(job);
}

void key_set_drop(struct key_set *set)
{
	if (!set)
		return;
	set->job.run = run_destroy;
	set->job.done = destroyed;
	pool_submit(set->casd->pool, POOL_TOKEN, &set->job);
}

static void release(struct task *task)
{
	struct keys_task *t = (struct keys_task *)task;

	key_set_drop(t->set);
	lock_free(t, sizeof(*t));
}

struct keys_task *keys_task(struct session *s, enum keys_what what)
{
	struct keys_task *t = lock_alloc(sizeof(*t));

	if (!t)
		return NULL;
	t->casd = s->station->casd;
	task_init(s, &t->task, what == KEYS_OPEN ? run_open : run_put, task_resume, release);
	return t;
}

bool keys_make(struct keys_task *t)
{
	t->set = calloc(1, sizeof(*t->set));
	if (t->set)
		t->set->casd = t->casd;
	return t->set;
}
