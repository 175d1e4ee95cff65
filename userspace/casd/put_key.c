// SPDX-License-Identifier: GPL-2.0-only
/* PUT KEY: the record's keys go to the card, under its DEK. */
#include "libgp/putkey.h"
#include "secure_channel.h"

/* From the transport key's wrapping to that of the session's DEK. */
static void wrap_des(lua_State *L, struct channel *c, struct gp_put_key keys[3])
{
	struct session *s = application_session(L);
	struct casd *casd = s->station->casd;
	struct token *token = casd->token;
	token_key dek = 0, transport;
	int rc;

	record_keys(L, true);
	rc = token_find(token, casd->transport, &transport) ||
	     token_scp02_dek(token, c->keys[2], c->iu.challenge, &dek);
	if (rc)
		sandbox_fail(L, "PUT KEY: %s", token_error(token));
	for (int i = 0; !rc && i < 3; i++)
		rc = token_wrap_des(token, dek, transport, s->claim->record.keys[i],
				    keys[i].encrypted, keys[i].kcv);
	token_destroy(token, dek);
	if (rc)
		sandbox_fail(L, "PUT KEY: %s", token_error(token));
}

static void wrap_aes(lua_State *L, struct channel *c, struct gp_put_key keys[3])
{
	struct token *token = application_session(L)->station->casd->token;
	const token_key *fresh = record_keys(L, false);

	for (int i = 0; i < 3; i++)
		if (token_wrap_cbc(token, c->keys[2], fresh[i], keys[i].encrypted) ||
		    token_kcv(token, fresh[i], keys[i].kcv))
			sandbox_fail(L, "PUT KEY: %s", token_error(token));
}

static int key_put(lua_State *L, int status, lua_KContext ctx)
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
	wrong = gp_put_key_confirmed(rsp, len, (uint8_t)ctx, keys);
	return wrong ? sandbox_fail(L, "%s", wrong) : 0;
}

/* scp:put_key{keys=HANDLE, kvn=N, replace=0} */
int put_key(lua_State *L)
{
	struct channel *c = channel_check(L);
	uint8_t apdu[GP_PUT_KEY_MAX];
	struct gp_put_key *keys;
	lua_Integer kvn, replace;
	size_t len;

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
	keys = lua_newuserdatauv(L, 3 * sizeof(*keys), 0);
	if (c->des)
		wrap_des(L, c, keys);
	else
		wrap_aes(L, c, keys);
	len = gp_put_key(c->des, (uint8_t)replace, (uint8_t)kvn, keys, apdu);
	channel_put(L, c, apdu, len, 0);
	return sandbox_wait(L, (lua_KContext)kvn, key_put);
}
