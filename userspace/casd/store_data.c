// SPDX-License-Identifier: GPL-2.0-only
/* STORE DATA: data groupings on their way to the card through a secure channel. */
#include <string.h>

#include "libgp/dgi.h"
#include "lock.h"
#include "secure_channel.h"

#define STORE_TYPE	"store data"
#define STORE_CAP	4096

/**
 * struct store - DGIs on their way to the card, in locked memory
 * @data: the list
 * @len: bytes
 * @at: sent
 * @rest: of a DGI that is split
 * @block: number
 */
struct store {
	uint8_t data[STORE_CAP];
	size_t len;
	size_t at;
	size_t rest;
	unsigned int block;
};

struct store_handle {
	struct store *s;
};

static int store_gc(lua_State *L)
{
	struct store_handle *h = luaL_checkudata(L, 1, STORE_TYPE);

	lock_free(h->s, sizeof(*h->s));
	h->s = NULL;
	return 0;
}

/* {id, value [, pad=N]}: value is a string or a secret's handle; FF fills it up to N bytes. */
static void add_dgi(lua_State *L, struct store *s)
{
	uint8_t value[256];
	lua_Integer id, pad;
	const uint8_t *data;
	struct secret *h;
	size_t len, n;

	lua_rawgeti(L, -1, 1);
	id = luaL_checkinteger(L, -1);
	lua_getfield(L, -2, "pad");
	pad = luaL_optinteger(L, -1, 0);
	lua_rawgeti(L, -3, 2);
	h = luaL_testudata(L, -1, SECRET_TYPE);
	if (h) {
		data = h->data;
		len = h->len;
	} else {
		data = (const uint8_t *)luaL_checklstring(L, -1, &len);
	}
	if (id < 1 || id > 0xffff || pad < 0 || pad > 255 || (pad && (size_t)pad < len))
		luaL_error(L, "store_data: DGI or padding out of range");
	if (pad) {
		memset(value, 0xff, sizeof(value));
		memcpy(value, data, len);
		data = value;
		len = (size_t)pad;
	}
	n = gp_dgi_put((uint16_t)id, data, len, s->data + s->len, sizeof(s->data) - s->len);
	explicit_bzero(value, sizeof(value));
	if (!n)
		luaL_error(L, "store_data: more than 4096 bytes");
	s->len += n;
	lua_pop(L, 3);
}

static void add_list(lua_State *L, struct store *s)
{
	size_t len;
	const char *list = lua_tolstring(L, -1, &len);
	const char *wrong = gp_dgi_check((const uint8_t *)list, len);

	if (wrong)
		luaL_error(L, "store_data: %s", wrong);
	if (len > sizeof(s->data) - s->len)
		luaL_error(L, "store_data: more than 4096 bytes");
	memcpy(s->data + s->len, list, len);
	s->len += len;
}

static int stored(lua_State *L, int status, lua_KContext ctx);

static int store_next(lua_State *L, struct channel *c, struct store *s)
{
	uint8_t apdu[APDU_SHORT_MAX];
	size_t n = gp_store_data_next(s->data + s->at, s->len - s->at, GP_SCP03_DATA_MAX, &s->rest);

	if (!n || s->block > 255)
		return luaL_error(L, "store_data: too long");
	apdu[0] = 0x80;
	apdu[1] = 0xe2;
	apdu[2] = s->at + n == s->len ? 0x88 : 0x08;	/* DGIs; b8: the last block */
	apdu[3] = (uint8_t)s->block++;
	apdu[4] = (uint8_t)n;
	memcpy(apdu + 5, s->data + s->at, n);
	apdu[5 + n] = 0;
	s->at += n;
	n = channel_level(c) & GP_LEVEL_R_MAC ? n + 6 : n + 5;
	channel_put(L, c, apdu, n, 0);
	explicit_bzero(apdu, sizeof(apdu));
	return sandbox_wait(L, 0, stored);
}

static int stored(lua_State *L, int status, lua_KContext ctx)
{
	struct store_handle *h = lua_touserdata(L, 3);
	struct channel *c = channel_check(L);
	uint16_t sw;
	size_t len;

	(void)status;
	(void)ctx;
	channel_take(L, c, "STORE DATA", &len, &sw);
	apdu_expect(L, 0, sw, "STORE DATA");
	if (h->s->at < h->s->len)
		return store_next(L, c, h->s);
	return 0;
}

/* scp:store_data{ {id, value}, ..., "DGIs" } */
int store_data(lua_State *L)
{
	struct channel *c = channel_check(L);
	struct store_handle *h;
	lua_Integer count;

	luaL_checktype(L, 2, LUA_TTABLE);
	lua_settop(L, 2);
	if (!(channel_level(c) & GP_LEVEL_C_ENC))
		return luaL_error(L, "store_data: personal data leave encrypted or not at all");
	h = lua_newuserdatauv(L, sizeof(*h), 0);
	h->s = NULL;
	luaL_setmetatable(L, STORE_TYPE);
	h->s = lock_alloc(sizeof(*h->s));
	if (!h->s)
		return sandbox_fail(L, "no locked memory left");
	count = (lua_Integer)lua_rawlen(L, 2);
	for (lua_Integer i = 1; i <= count && i <= 256; i++) {
		switch (lua_rawgeti(L, 2, i)) {
		case LUA_TTABLE:
			add_dgi(L, h->s);
			break;
		case LUA_TSTRING:
			add_list(L, h->s);
			break;
		default:
			return luaL_error(L, "store_data: wants {id, value} or a string of DGIs");
		}
		lua_pop(L, 1);
	}
	if (!h->s->len)
		return luaL_error(L, "store_data: nothing to store");
	return store_next(L, c, h->s);
}

void store_data_register(lua_State *L)
{
	application_type(L, STORE_TYPE, NULL, store_gc);
}
