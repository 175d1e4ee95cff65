// SPDX-License-Identifier: GPL-2.0-only
/*
 * Claims a record for the card; its secrets are handles for the script.
 *
 * Context: run_*(), and what they call, the worker that they name; the rest the event loop.
 */
#include <stdio.h>
#include <string.h>

#include "application.h"
#include "libgp/hex.h"
#include "libgp/kdf.h"
#include "lock.h"

void record_register(lua_State *L)
{
	application_type(L, SECRET_TYPE, NULL, NULL);
	application_type(L, KEYSET_TYPE, NULL, NULL);
}

static void push_secret(lua_State *L, const char *digits)
{
	struct secret *h = lua_newuserdatauv(L, sizeof(*h), 0);

	h->data = (const uint8_t *)digits;
	h->len = strlen(digits);
	luaL_setmetatable(L, SECRET_TYPE);
}

static void push_record(lua_State *L, const struct claim *claim)
{
	const struct ledger_record *r = &claim->record;

	lua_newtable(L);
	lua_pushstring(L, r->order);
	lua_setfield(L, -2, "order");
	lua_pushstring(L, r->iccid);
	lua_setfield(L, -2, "iccid");
	lua_pushstring(L, r->imsi);
	lua_setfield(L, -2, "imsi");
	lua_pushinteger(L, r->kvn);
	lua_setfield(L, -2, "kvn");
	lua_pushlstring(L, (const char *)r->payload, r->payload_len);
	lua_setfield(L, -2, "payload");
	push_secret(L, r->pin1);
	lua_setfield(L, -2, "pin1");
	push_secret(L, r->puk1);
	lua_setfield(L, -2, "puk1");
	lua_newuserdatauv(L, 0, 0);
	luaL_setmetatable(L, KEYSET_TYPE);
	lua_setfield(L, -2, "keys");
}

/**
 * struct claim_task - a claim: of the ledger's worker, then of the token's
 * @task: of the session
 * @casd: ledger, token
 * @request: of the session
 * @master: what the card showed
 * @is_public: everybody has that
 * @card: its identity
 * @claim: the record; the session's from its next turn on
 * @claimed: it is committed
 * @error: "", or why there is none, or why its secrets stay sealed
 */
struct claim_task {
	struct task task;
	struct casd *casd;
	int64_t request;
	char master[ORDER_KEY_MAX + 1];
	bool is_public;
	char card[8 + 2 * GP_KDD_LEN];
	struct claim *claim;
	bool claimed;
	char error[256];
};

/* By the order's key, which is in the token. The clear text is in locked memory alone. */
static bool unseal(struct token *token, struct ledger_record *r)
{
	size_t len = r->sealed_len - TOKEN_SEAL;
	token_key key;
	uint8_t *clear;
	bool ok;

	if (r->sealed_len < TOKEN_SEAL)
		return false;
	clear = lock_alloc(sizeof(r->sealed));
	ok = clear && !token_find(token, r->key, &key) &&
	     !token_unseal(token, key, r->iccid, r->sealed, r->sealed_len, clear) &&
	     ledger_record_unpack(r, clear, len);
	lock_free(clear, sizeof(r->sealed));
	return ok;
}

/* In the token's worker. */
static void run_unseal(struct task *task)
{
	struct claim_task *t = (struct claim_task *)task;

	if (!unseal(t->casd->token, &t->claim->record))
		snprintf(t->error, sizeof(t->error), "record: %s", token_error(t->casd->token));
}

/* In the ledger's. */
static void run_claim(struct task *task)
{
	struct claim_task *t = (struct claim_task *)task;
	struct ledger_master master = { t->master, t->is_public };
	struct ledger *l = t->casd->ledger;
	enum ledger_status status;

	status = ledger_claim(l, t->request, t->casd->order, &master, t->card, &t->claim->record);
	t->claimed = status == LEDGER_OK;
	if (!t->claimed)
		snprintf(t->error, sizeof(t->error), "claim: %s",
			 status == LEDGER_REFUSED ? ledger_error(l) : "it could not be recorded");
}

static void claim_done(struct task *task)
{
	struct claim_task *t = (struct claim_task *)task;

	if (!t->claimed) {
		task_resume(task);
		return;
	}
	task->run = run_unseal;
	task->done = task_resume;
	task_submit(task, POOL_TOKEN);
}

static void release_claim(struct task *task)
{
	struct claim_task *t = (struct claim_task *)task;

	lock_free(t->claim, sizeof(*t->claim));
	lock_free(t, sizeof(*t));
}

static int claimed(lua_State *L, int status, lua_KContext ctx)
{
	struct session *s = application_session(L);
	struct claim_task *t = (struct claim_task *)s->task;
	char error[sizeof(t->error)];

	(void)status;
	(void)ctx;
	memcpy(error, t->error, sizeof(error));
	if (t->claimed) {
		s->claim = t->claim;
		t->claim = NULL;
	} else {
		s->refused = true;
	}
	task_drop(s);
	if (*error)
		return sandbox_fail(L, "%s", error);
	push_record(L, s->claim);
	return 1;
}

/* card:claim(kdd): nothing of the record is read before the claim is committed. */
int record_claim(lua_State *L)
{
	struct session *s = application_session(L);
	struct claim_task *t;
	const char *kdd;
	size_t len;

	kdd = luaL_checklstring(L, 2, &len);
	if (len != GP_KDD_LEN)
		return luaL_error(L, "claim: the card's identity is its KDD, 10 bytes");
	if (s->claim)
		return sandbox_fail(L, "claim: the session has a record already");
	t = lock_alloc(sizeof(*t));
	if (!t)
		return sandbox_fail(L, "claim: no locked memory left");
	task_init(s, &t->task, run_claim, claim_done, release_claim);
	t->claim = lock_alloc(sizeof(*t->claim));
	if (!t->claim)
		return sandbox_fail(L, "claim: no locked memory left");
	memcpy(t->claim->kdd, kdd, len);
	t->casd = s->station->casd;
	t->request = s->req.id;
	memcpy(t->master, s->master, sizeof(t->master));
	t->is_public = s->public_keys;
	strcpy(t->card, "KDD:");
	hex_encode((const uint8_t *)kdd, len, t->card + 4);
	return task_wait(L, &t->task, POOL_LEDGER, claimed);
}

bool record_keys(lua_State *L, struct keys_task *t)
{
	struct claim *claim = application_session(L)->claim;

	if (!claim)
		sandbox_fail(L, "no record is claimed");
	if (claim->keys && claim->des != t->des) {
		key_set_drop(claim->keys);
		claim->keys = NULL;
	}
	for (int i = 0; i < 3; i++)
		memcpy(t->wrapped[i], claim->record.keys[i], LEDGER_WRAPPED);
	if (!claim->keys)
		return keys_make(t);
	memcpy(t->keys, claim->keys->keys, sizeof(t->keys));
	return true;
}

void record_keep_keys(struct session *s, struct keys_task *t)
{
	if (!t->set)
		return;
	s->claim->keys = t->set;
	s->claim->des = t->des;
	t->set = NULL;
}
