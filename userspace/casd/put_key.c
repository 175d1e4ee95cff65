// SPDX-License-Identifier: GPL-2.0-only
/* PUT KEY: the record's keys go to the card, under its DEK. */
#include <stdio.h>
#include <string.h>

#include "libgp/putkey.h"
#include "secure_channel.h"

static int key_put(lua_State *L, int status, lua_KContext kvn)
{
	struct gp_put_key *keys = lua_touserdata(L, 3);
	struct channel *c = channel_check(L);
	const uint8_t *rsp;
	const char *wrong;
	uint16_t sw;
	size_t len;

	(void)status;
	rsp = channel_take(L, c, "PUT KEY", &len, &sw);
	apdu_expect(L, 0, sw, "PUT KEY");
	wrong = gp_put_key_confirmed(rsp, len, (uint8_t)kvn, keys);
	return wrong ? sandbox_fail(L, "%s", wrong) : 0;
}

/* The keys are wrapped: they go out. */
static int wrapped(lua_State *L, int status, lua_KContext ctx)
{
	struct session *s = application_session(L);
	struct keys_task *t = (struct keys_task *)s->task;
	struct gp_put_key *keys = lua_touserdata(L, 3);
	struct channel *c = channel_check(L);
	uint8_t apdu[GP_PUT_KEY_MAX], kvn = t->kvn, replace = t->replace;
	char error[sizeof(t->error)];
	size_t len;

	(void)status;
	(void)ctx;
	memcpy(error, t->error, sizeof(error));
	memcpy(keys, t->put, sizeof(t->put));
	if (!*error)
		record_keep_keys(s, t);
	task_drop(s);
	if (*error)
		return sandbox_fail(L, "PUT KEY: %s", error);
	len = gp_put_key(c->des, replace, kvn, keys, apdu);
	channel_put(L, c, apdu, len, 0);
	return sandbox_wait(L, kvn, key_put);
}

/* scp:put_key{keys=HANDLE, kvn=N, replace=0} */
int put_key(lua_State *L)
{
	struct session *s = application_session(L);
	struct channel *c = channel_check(L);
	lua_Integer kvn, replace;
	struct keys_task *t;

	luaL_checktype(L, 2, LUA_TTABLE);
	lua_settop(L, 2);
	kvn = channel_option(L, "kvn", 0, 0x7f);
	replace = channel_option(L, "replace", 0, 0x7f);
	if (!kvn)
		return luaL_error(L, "put_key: kvn is missing");
	lua_getfield(L, 2, "keys");
	luaL_checkudata(L, 3, KEYSET_TYPE);
	lua_settop(L, 2);
	/* Encrypted keys and check values: nothing secret. */
	lua_newuserdatauv(L, 3 * sizeof(struct gp_put_key), 0);
	t = keys_task(s, KEYS_PUT);
	if (!t)
		return sandbox_fail(L, "no locked memory left");
	t->des = c->des;
	t->dek = c->keys[2];
	t->kvn = (uint8_t)kvn;
	t->replace = (uint8_t)replace;
	memcpy(t->challenge, c->iu.challenge, sizeof(t->challenge));
	if (!record_keys(L, t))
		return sandbox_fail(L, "the CAS ran out of memory");
	return task_wait(L, &t->task, POOL_TOKEN, wrapped);
}
