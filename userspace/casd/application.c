// SPDX-License-Identifier: GPL-2.0-only
/* Runs a profile: loads it, gives it card and request, takes its verdict. */
#include "application.h"

#include <stdlib.h>
#include <string.h>

#include "libgp/hex.h"

#define CARD_TYPE "card"
#define NAME_MAX_LEN 48

const struct sandbox_limits application_limits = {
	.memory = 1 << 20,
	.instructions = 20000000,
	.slice = 200000,
	.slice_ms = 20,
};

struct session *application_session(lua_State *L)
{
	return sandbox_owner(L);
}

static int to_string(lua_State *L)
{
	/* No address: it says something about the memory of the process. */
	lua_getmetatable(L, 1);
	lua_getfield(L, -1, "__name");
	return 1;
}

void application_type(lua_State *L, const char *name, const luaL_Reg *methods, lua_CFunction gc)
{
	luaL_newmetatable(L, name);
	lua_newtable(L);
	if (methods)
		luaL_setfuncs(L, methods, 0);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, to_string);
	lua_setfield(L, -2, "__tostring");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	if (gc) {
		lua_pushcfunction(L, gc);
		lua_setfield(L, -2, "__gc");
	}
	lua_pop(L, 1);
}

/* ---- the card ---- */

static int sent(lua_State *L, int status, lua_KContext ctx)
{
	uint8_t apdu[APDU_SHORT_MAX];
	char name[NAME_MAX_LEN];
	const uint8_t *rsp;
	uint16_t sw;
	size_t len;

	(void)status;
	(void)ctx;
	apdu_build(L, 2, apdu, name, sizeof(name));
	rsp = apdu_take(L, name, &len, &sw);
	apdu_expect(L, 2, sw, name);
	lua_pushlstring(L, (const char *)rsp, len);
	lua_pushinteger(L, sw);
	return 2;
}

static int card_send(lua_State *L)
{
	uint8_t apdu[APDU_SHORT_MAX];
	char name[NAME_MAX_LEN];
	size_t len;

	luaL_checkudata(L, 1, CARD_TYPE);
	len = apdu_build(L, 2, apdu, name, sizeof(name));
	apdu_put(L, apdu, len, apdu_timeout(L, 2));
	return sandbox_wait(L, 0, sent);
}

static int was_reset(lua_State *L, int status, lua_KContext ctx)
{
	struct exchange *x = &application_session(L)->x;

	(void)status;
	(void)ctx;
	if (x->status)
		return sandbox_fail(L, "reset: %s", *x->reason ? x->reason : "no ATR");
	lua_pushlstring(L, (const char *)x->rsp, x->rsp_len);
	return 1;
}

static int card_reset(lua_State *L)
{
	static const char *const kinds[] = { "cold", "warm", NULL };
	struct session *s = application_session(L);
	int kind;

	luaL_checkudata(L, 1, CARD_TYPE);
	kind = luaL_checkoption(L, 2, "cold", kinds);
	if (!session_command(s, 1, 0))
		return sandbox_fail(L, "the CAS ran out of memory");
	s->x.what = EXCHANGE_RESET;
	s->x.kind = (uint8_t)kind;
	return sandbox_wait(L, 0, was_reset);
}

static int card_reject(lua_State *L)
{
	return sandbox_fail(L, "%s", luaL_checkstring(L, 2));
}

static const luaL_Reg card_methods[] = {
	{ "send", card_send },
	{ "reset", card_reset },
	{ "batch", batch_send },
	{ "prompt", prompt_ask },
	{ "reject", card_reject },
	{ "open_scp02", secure_channel_open_scp02 },
	{ "open_scp03", secure_channel_open_scp03 },
	{ "claim", record_claim },
	{ NULL, NULL },
};

/* ---- what a script needs besides: hexadecimal and packed digits ---- */

static int to_hex(lua_State *L)
{
	size_t len;
	const char *s = luaL_checklstring(L, 1, &len);
	luaL_Buffer b;

	hex_encode((const uint8_t *)s, len, luaL_buffinitsize(L, &b, 2 * len + 1));
	luaL_pushresultsize(&b, 2 * len);
	return 1;
}

static int from_hex(lua_State *L)
{
	size_t len;
	const char *s = luaL_checklstring(L, 1, &len);
	luaL_Buffer b;
	char *p = luaL_buffinitsize(L, &b, len / 2 + 1);

	if (hex_decode(s, len, (uint8_t *)p, len / 2) < 0)
		return luaL_error(L, "unhex: not hexadecimal");
	luaL_pushresultsize(&b, len / 2);
	return 1;
}

/* Digits, two to a byte, the first one left; an odd count is filled up with F. */
static int to_bcd(lua_State *L)
{
	uint8_t out[32];
	size_t len;
	const char *s = luaL_checklstring(L, 1, &len);

	if (!len || len > 2 * sizeof(out) || strspn(s, "0123456789") != len)
		return luaL_error(L, "bcd: wants 1 to 64 digits");
	memset(out, 0xff, sizeof(out));
	for (size_t i = 0; i < len; i++) {
		uint8_t d = (uint8_t)(s[i] - '0');

		out[i / 2] = i % 2 ? (uint8_t)((out[i / 2] & 0xf0) | d) : (uint8_t)(d << 4 | 0x0f);
	}
	lua_pushlstring(L, (const char *)out, (len + 1) / 2);
	return 1;
}

/* ---- the run ---- */

static void push_request(lua_State *L, const struct session *s)
{
	lua_newtable(L);
	lua_pushstring(L, s->req.application);
	lua_setfield(L, -2, "application");
	lua_pushstring(L, s->req.reference);
	lua_setfield(L, -2, "reference");
	lua_pushinteger(L, s->req.coupler);
	lua_setfield(L, -2, "coupler");
	lua_pushlstring(L, (const char *)s->req.atr, s->req.atr_len);
	lua_setfield(L, -2, "atr");
	lua_pushlstring(L, (const char *)s->parameters, s->parameters_len);
	lua_setfield(L, -2, "parameters");
}

static void take_text(lua_State *L, const char *key, char *out, size_t cap)
{
	const char *text = "";

	if (lua_getfield(L, 1, key) == LUA_TSTRING)
		text = lua_tostring(L, -1);
	else if (!lua_isnil(L, -1))
		luaL_error(L, "verdict: %s must be a string", key);
	snprintf(out, cap, "%s", text);
	for (char *c = out; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	lua_pop(L, 1);
}

/* The script's return value is the verdict. */
static int finished(lua_State *L, int status, lua_KContext ctx)
{
	static const char *const names[] = { "good", "reject", "retry", "hold" };
	struct ledger_request *r = &application_session(L)->req;
	const char *verdict, *information;
	size_t len;

	(void)status;
	(void)ctx;
	if (lua_gettop(L) != 1 || !lua_istable(L, 1))
		return sandbox_fail(L, "the profile returned no verdict");
	verdict = lua_getfield(L, 1, "verdict") == LUA_TSTRING ? lua_tostring(L, -1) : "";
	r->verdict = 0;
	for (uint8_t i = 0; i < 4; i++)
		if (!strcmp(verdict, names[i]))
			r->verdict = (uint8_t)(i + 1);
	lua_pop(L, 1);
	if (!r->verdict)
		return sandbox_fail(L, "the profile returned no verdict");
	take_text(L, "reason", r->reason, sizeof(r->reason));
	if (lua_getfield(L, 1, "information") == LUA_TSTRING) {
		information = lua_tolstring(L, -1, &len);
		if (len > sizeof(r->information))
			return luaL_error(L, "verdict: information of more than 1024 bytes");
		memcpy(r->information, information, len);
		r->information_len = len;
	}
	lua_pop(L, 1);
	if (lua_getfield(L, 1, "bin") == LUA_TNUMBER) {
		r->has_bin = true;
		r->bin = (uint32_t)lua_tointeger(L, -1);
	}
	return 0;
}

int application_start(lua_State *L)
{
	struct session *s = application_session(L);

	application_type(L, CARD_TYPE, card_methods, NULL);
	secure_channel_register(L);
	record_register(L);

	sandbox_globals(L);
	lua_pushcfunction(L, to_hex);
	lua_setfield(L, -2, "hex");
	lua_pushcfunction(L, from_hex);
	lua_setfield(L, -2, "unhex");
	lua_pushcfunction(L, to_bcd);
	lua_setfield(L, -2, "bcd");

	/* Text only: hand-made bytecode can break out of any sandbox. */
	lua_pushfstring(L, "=%s", s->req.application);
	if (luaL_loadbufferx(L, s->source, s->source_len, lua_tostring(L, -1), "t") != LUA_OK)
		return lua_error(L);
	lua_replace(L, -2);
	lua_insert(L, -2);
	if (!lua_setupvalue(L, -2, 1))
		lua_pop(L, 1);
	lua_newuserdatauv(L, 0, 0);
	luaL_setmetatable(L, CARD_TYPE);
	push_request(L, s);
	lua_callk(L, 2, LUA_MULTRET, 0, finished);
	return finished(L, LUA_OK, 0);
}
