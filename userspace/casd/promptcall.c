// SPDX-License-Identifier: GPL-2.0-only
/* card:prompt: ask or tell somebody at the station's operator interface. */
#include <string.h>

#include "application.h"

#define TIMEOUT_MS	60000
#define TIMEOUT_MAX_MS	100000	/* the station waits 120 s for the next command */

static int answered(lua_State *L, int status, lua_KContext ctx)
{
	struct exchange *x = &application_session(L)->x;

	(void)status;
	(void)ctx;
	if (x->status)
		return sandbox_fail(L, "prompt: %s", x->reason);
	if (x->kind == CK_PROMPT_ENTRY && x->given)
		lua_pushlstring(L, (const char *)x->rsp, x->rsp_len);
	else if (x->kind == CK_PROMPT_ENTRY)
		lua_pushnil(L);
	else
		lua_pushboolean(L, x->given);
	return 1;
}

int prompt_ask(lua_State *L)
{
	static const char *const kinds[] = { "display", "confirm", "entry", NULL };
	struct session *s = application_session(L);
	lua_Integer timeout = TIMEOUT_MS;
	const char *text;
	uint8_t *p;
	size_t len;
	int kind;

	luaL_checkudata(L, 1, "card");
	luaL_checktype(L, 2, LUA_TTABLE);
	lua_settop(L, 2);
	lua_getfield(L, 2, "kind");
	kind = luaL_checkoption(L, 3, "display", kinds);
	if (lua_getfield(L, 2, "timeout") != LUA_TNIL)
		timeout = luaL_checkinteger(L, 4);
	if (timeout < 1 || timeout > TIMEOUT_MAX_MS)
		return luaL_error(L, "prompt: timeout must be 1 to 100000 ms");
	lua_getfield(L, 2, "text");
	text = luaL_checklstring(L, 5, &len);
	if (!len || len > 127 || !ck_text_ok((const uint8_t *)text, len))
		return luaL_error(L, "prompt: text must be 1 to 127 bytes of UTF-8");
	p = session_command(s, len, (uint32_t)timeout);
	if (!p)
		return sandbox_fail(L, "the CAS ran out of memory");
	memcpy(p, text, len);
	s->x.what = EXCHANGE_PROMPT;
	s->x.kind = (uint8_t)(kind + 1);
	lua_settop(L, 2);
	return sandbox_wait(L, 0, answered);
}
