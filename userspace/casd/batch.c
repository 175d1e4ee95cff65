// SPDX-License-Identifier: GPL-2.0-only
/*
 * card:batch: several commands in one frame, which the station plays one after the other until one
 * is not accepted (docs/protocol.md section 3a).
 */
#include <string.h>

#include "application.h"

#define BATCH_MAX	4096
#define COMMANDS_MAX	(1024 * 1024)
#define HEADER		10	/* timeout, mode, number of pairs, length */
#define NAME_MAX_LEN	48

static void put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Command @i of the list at 2, encoded; 0 bytes if there is none. */
static size_t encode(lua_State *L, lua_Integer i, uint8_t *out)
{
	uint8_t apdu[APDU_SHORT_MAX];
	char name[NAME_MAX_LEN];
	unsigned int pairs;
	size_t len;

	if (lua_rawgeti(L, 2, i) == LUA_TNIL) {
		lua_pop(L, 1);
		return 0;
	}
	len = apdu_build(L, lua_gettop(L), apdu, name, sizeof(name));
	put32(out, apdu_timeout(L, lua_gettop(L)));
	pairs = apdu_accepts(L, lua_gettop(L), out + HEADER);
	out[4] = 0;
	out[5] = (uint8_t)pairs;
	put32(out + 6, (uint32_t)len);
	memcpy(out + HEADER + 4 * pairs, apdu, len);
	explicit_bzero(apdu, sizeof(apdu));
	lua_pop(L, 1);
	return HEADER + 4 * pairs + len;
}

/* What the station said of a command that it had no response for. */
static const char *trouble(uint16_t status)
{
	static const char *const texts[] = {
		"", "the card does not answer", "the card breaks its protocol", "timeout",
		"card removed", "not a valid command", "the card is switched off",
		"the coupler failed", "cancelled",
	};

	return status < sizeof(texts) / sizeof(texts[0]) ? texts[status] : "no response";
}

/* Response @i: pushes a table, or raises the command's error. */
static const uint8_t *take(lua_State *L, lua_Integer i, const uint8_t *p)
{
	struct exchange *x = &application_session(L)->x;
	uint16_t status = (uint16_t)(p[0] << 8 | p[1]);
	uint8_t apdu[APDU_SHORT_MAX];
	uint32_t len = get32(p + 2);
	char name[NAME_MAX_LEN];
	uint16_t sw;

	lua_rawgeti(L, 2, i);
	apdu_build(L, lua_gettop(L), apdu, name, sizeof(name));
	p += 6;
	if (status) {
		x->status = status;
		sandbox_fail(L, "%s: %s", name, trouble(status));
	}
	if (len < 2)
		sandbox_fail(L, "%s: response without a status word", name);
	sw = (uint16_t)(p[len - 2] << 8 | p[len - 1]);
	apdu_expect(L, lua_gettop(L), sw, name);
	lua_pop(L, 1);
	lua_createtable(L, 0, 2);
	lua_pushlstring(L, (const char *)p, len - 2);
	lua_setfield(L, -2, "data");
	lua_pushinteger(L, sw);
	lua_setfield(L, -2, "sw");
	return p + len;
}

static int played(lua_State *L, int status, lua_KContext ctx)
{
	struct exchange *x = &application_session(L)->x;
	const uint8_t *p = x->rsp;
	lua_Integer i;

	(void)status;
	(void)ctx;
	if (x->status)
		return sandbox_fail(L, "batch: %s", *x->reason ? x->reason : "no response");
	lua_createtable(L, (int)x->executed, 0);
	for (i = 1; i <= x->executed; i++) {
		p = take(L, i, p);
		lua_rawseti(L, -2, i);
	}
	/* An error would have been raised by the one that stopped it. */
	if (x->executed < x->count)
		return sandbox_fail(L, "batch: it stopped after %u of %u commands",
				    (unsigned int)x->executed, (unsigned int)x->count);
	return 1;
}

int batch_send(lua_State *L)
{
	uint8_t one[HEADER + 4 * APDU_ACCEPTS_MAX + APDU_SHORT_MAX];
	struct session *s = application_session(L);
	size_t len, total = 0;
	lua_Integer i, n = 0;

	luaL_checkudata(L, 1, "card");
	luaL_checktype(L, 2, LUA_TTABLE);
	while (n <= BATCH_MAX && (len = encode(L, n + 1, one))) {
		total += len;
		n++;
	}
	if (!n || n > BATCH_MAX || total > COMMANDS_MAX)
		return luaL_error(L, "batch: wants 1 to 4096 commands, of 1 MiB at most");
	if (!session_command(s, total, 0))
		return sandbox_fail(L, "the CAS ran out of memory");
	s->x.what = EXCHANGE_BATCH;
	s->x.count = (uint32_t)n;
	/* Nothing runs in between: the list is as it was measured. */
	for (i = 0, total = 0; i < n; i++) {
		len = encode(L, i + 1, one);
		memcpy(s->x.cmd + total, one, len);
		total += len;
	}
	explicit_bzero(one, sizeof(one));
	return sandbox_wait(L, 0, played);
}
