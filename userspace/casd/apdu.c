// SPDX-License-Identifier: GPL-2.0-only
/* Commands from Lua tables, and their responses. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "application.h"

static lua_Integer byte_field(lua_State *L, int index, const char *key, lua_Integer missing)
{
	lua_Integer v = missing;
	int is_number = 1;

	if (lua_getfield(L, index, key) != LUA_TNIL)
		v = lua_tointegerx(L, -1, &is_number);
	lua_pop(L, 1);
	if (!is_number || v < 0 || v > (strcmp(key, "le") ? 255 : 256))
		luaL_error(L, "command: %s is missing or out of range", key);
	return v;
}

static void take_name(lua_State *L, int index, uint8_t ins, char *name, size_t cap)
{
	static const struct {
		uint8_t ins;
		const char *name;
	} known[] = {
		{ 0xa4, "SELECT" }, { 0xca, "GET DATA" }, { 0xe2, "STORE DATA" },
		{ 0xf2, "GET STATUS" }, { 0xf0, "SET STATUS" }, { 0xe4, "DELETE" },
		{ 0xe6, "INSTALL" }, { 0xb0, "READ BINARY" }, { 0xd6, "UPDATE BINARY" },
		{ 0xb2, "READ RECORD" }, { 0xdc, "UPDATE RECORD" }, { 0x20, "VERIFY" },
	};

	if (lua_getfield(L, index, "name") == LUA_TSTRING) {
		snprintf(name, cap, "%s", lua_tostring(L, -1));
		lua_pop(L, 1);
		return;
	}
	lua_pop(L, 1);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].ins == ins) {
			snprintf(name, cap, "%s", known[i].name);
			return;
		}
	}
	snprintf(name, cap, "command %02X", ins);
}

size_t apdu_build(lua_State *L, int index, uint8_t *out, char *name, size_t cap)
{
	size_t len = 0, n = 4;
	const char *data;
	lua_Integer le;

	luaL_checktype(L, index, LUA_TTABLE);
	out[0] = (uint8_t)byte_field(L, index, "cla", 0);
	out[1] = (uint8_t)byte_field(L, index, "ins", -1);
	out[2] = (uint8_t)byte_field(L, index, "p1", 0);
	out[3] = (uint8_t)byte_field(L, index, "p2", 0);
	le = lua_getfield(L, index, "le") == LUA_TNIL ? -1 : 0;
	lua_pop(L, 1);
	if (!le)
		le = byte_field(L, index, "le", 0);
	switch (lua_getfield(L, index, "data")) {
	case LUA_TNIL:
		break;
	case LUA_TSTRING:
		data = lua_tolstring(L, -1, &len);
		if (len > 255)
			luaL_error(L, "command: data of more than 255 bytes");
		if (len) {
			out[n++] = (uint8_t)len;
			memcpy(out + n, data, len);
			n += len;
		}
		break;
	default:
		luaL_error(L, "command: data must be a string");
	}
	lua_pop(L, 1);
	if (le >= 0)
		out[n++] = (uint8_t)le;
	take_name(L, index, out[1], name, cap);
	return n;
}

uint32_t apdu_timeout(lua_State *L, int index)
{
	lua_Integer v = 0;
	int is_number = 1;

	if (lua_getfield(L, index, "timeout") != LUA_TNIL)
		v = lua_tointegerx(L, -1, &is_number);
	lua_pop(L, 1);
	if (!is_number || v < 0 || v > 600000)
		luaL_error(L, "command: timeout must be 0 to 600000 ms");
	return (uint32_t)v;
}

static bool accepted(lua_State *L, int index, uint16_t sw)
{
	bool ok = false;

	if (!index)
		return sw == 0x9000;
	switch (lua_getfield(L, index, "expect")) {
	case LUA_TNIL:
		ok = sw == 0x9000;
		break;
	case LUA_TBOOLEAN:
		ok = !lua_toboolean(L, -1);
		break;
	case LUA_TNUMBER:
		ok = lua_tointeger(L, -1) == sw;
		break;
	case LUA_TTABLE:
		for (lua_Integer i = 1; i <= 64 && !ok; i++) {
			ok = lua_rawgeti(L, -1, i) == LUA_TNUMBER && lua_tointeger(L, -1) == sw;
			lua_pop(L, 1);
		}
		break;
	default:
		luaL_error(L, "command: expect must be a status word, a list of them, or false");
	}
	lua_pop(L, 1);
	return ok;
}

static void put_pair(uint8_t *p, lua_Integer sw)
{
	p[0] = (uint8_t)(sw >> 8);
	p[1] = (uint8_t)sw;
	p[2] = 0xff;
	p[3] = 0xff;
}

/* A list of status words on top of the stack. */
static unsigned int put_pairs(lua_State *L, uint8_t *pairs)
{
	unsigned int n = 0;

	while (n < APDU_ACCEPTS_MAX && lua_rawgeti(L, -1, n + 1) == LUA_TNUMBER) {
		put_pair(pairs + 4 * n++, lua_tointeger(L, -1));
		lua_pop(L, 1);
	}
	if (n < APDU_ACCEPTS_MAX)
		lua_pop(L, 1);
	return n;
}

unsigned int apdu_accepts(lua_State *L, int index, uint8_t pairs[static 4 * APDU_ACCEPTS_MAX])
{
	int type = lua_getfield(L, index, "expect");
	unsigned int n = 0;

	if (type == LUA_TNIL || type == LUA_TNUMBER) {
		put_pair(pairs, type == LUA_TNIL ? 0x9000 : lua_tointeger(L, -1));
		n = 1;
	} else if (type == LUA_TTABLE) {
		n = put_pairs(L, pairs);
	}
	/* None means any to the station, which is for false alone. */
	if (!n && (type != LUA_TBOOLEAN || lua_toboolean(L, -1)))
		luaL_error(L, "batch: expect must be a status word, a list of them, or false");
	lua_pop(L, 1);
	return n;
}

void apdu_expect(lua_State *L, int index, uint16_t sw, const char *name)
{
	if (!accepted(L, index, sw))
		sandbox_fail(L, "%s: the card answered %04X", name, sw);
}

void apdu_put(lua_State *L, const uint8_t *apdu, size_t len, uint32_t timeout)
{
	uint8_t *cmd = session_command(application_session(L), len, timeout);

	if (!cmd)
		sandbox_fail(L, "the CAS ran out of memory");
	memcpy(cmd, apdu, len);
}

const uint8_t *apdu_take(lua_State *L, const char *name, size_t *len, uint16_t *sw)
{
	struct exchange *x = &application_session(L)->x;

	if (x->status)
		sandbox_fail(L, "%s: %s", name, *x->reason ? x->reason : "no response");
	if (x->rsp_len < 2)
		sandbox_fail(L, "%s: response without a status word", name);
	*len = x->rsp_len - 2;
	*sw = (uint16_t)(x->rsp[*len] << 8 | x->rsp[*len + 1]);
	return x->rsp;
}
