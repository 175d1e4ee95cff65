// SPDX-License-Identifier: GPL-2.0-only
/* Claims a record for the card; its secrets are handles for the script. */
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

/* card:claim(kdd): nothing of the record is read before the claim is committed. */
int record_claim(lua_State *L)
{
	struct session *s = application_session(L);
	struct casd *casd = s->station->casd;
	char card[8 + 2 * GP_KDD_LEN] = "KDD:";
	struct ledger_master master = { s->master, s->public_keys };
	enum ledger_status status;
	const char *kdd;
	size_t len;

	kdd = luaL_checklstring(L, 2, &len);
	if (len != GP_KDD_LEN)
		return luaL_error(L, "claim: the card's identity is its KDD, 10 bytes");
	if (s->claim)
		return sandbox_fail(L, "claim: the session has a record already");
	hex_encode((const uint8_t *)kdd, len, card + 4);
	s->claim = lock_alloc(sizeof(*s->claim));
	if (!s->claim)
		return sandbox_fail(L, "claim: no locked memory left");
	memcpy(s->claim->kdd, kdd, len);
	status = ledger_claim(casd->ledger, s->req.id, casd->order, &master, card,
			      &s->claim->record);
	if (status != LEDGER_OK) {
		lock_free(s->claim, sizeof(*s->claim));
		s->claim = NULL;
		s->refused = true;
		return sandbox_fail(L, "claim: %s", status == LEDGER_REFUSED ?
				    ledger_error(casd->ledger) : "it could not be recorded");
	}
	if (!unseal(casd->token, &s->claim->record))
		return sandbox_fail(L, "record: %s", token_error(casd->token));
	push_record(L, s->claim);
	return 1;
}

const token_key *record_keys(lua_State *L, bool des)
{
	struct session *s = application_session(L);
	struct casd *casd = s->station->casd;
	token_key transport;

	if (!s->claim)
		sandbox_fail(L, "no record is claimed");
	for (int i = 0; i < 3; i++) {
		if (s->claim->keys[i] && s->claim->des == des)
			continue;
		token_destroy(casd->token, s->claim->keys[i]);
		s->claim->keys[i] = 0;
	}
	s->claim->des = des;
	for (int i = 0; i < 3; i++) {
		if (s->claim->keys[i])
			continue;
		/* Each time anew: the key process may have been started again. */
		if (token_find(casd->token, casd->transport, &transport) ||
		    token_unwrap(casd->token, transport, s->claim->record.keys[i], des,
				 &s->claim->keys[i]))
			sandbox_fail(L, "record: %s", token_error(casd->token));
	}
	return s->claim->keys;
}
