// SPDX-License-Identifier: GPL-2.0-only
/*
 * Secure channels as objects of a profile. Static keys stay in the token; session keys lie in
 * locked memory; a script sees neither.
 */
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "application.h"
#include "libgp/aes.h"
#include "libgp/dgi.h"
#include "libgp/putkey.h"
#include "libgp/scp03.h"
#include "lock.h"

#define CHANNEL_TYPE	"scp03"
#define STORE_TYPE	"store data"
#define NAME_CAP	48
#define STORE_CAP	4096

/**
 * struct channel - in locked memory
 * @scp: the session
 * @iu: response to INITIALIZE UPDATE
 * @keys: static keys in the token: ENC, MAC, DEK
 * @owned: they were derived for this channel and end with it
 * @host_challenge: of this session
 */
struct channel {
	struct gp_scp03 scp;
	struct gp_init_update iu;
	token_key keys[3];
	bool owned;
	uint8_t host_challenge[8];
};

/* What is in Lua's memory: a pointer alone. */
struct channel_handle {
	struct channel *c;
};

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

static int channel_gc(lua_State *L)
{
	struct channel_handle *h = luaL_checkudata(L, 1, CHANNEL_TYPE);
	struct channel *c = h->c;

	h->c = NULL;
	if (!c)
		return 0;
	for (int i = 0; c->owned && i < 3; i++)
		token_destroy(application_session(L)->station->casd->token, c->keys[i]);
	lock_free(c, sizeof(*c));
	return 0;
}

static int store_gc(lua_State *L)
{
	struct store_handle *h = luaL_checkudata(L, 1, STORE_TYPE);

	lock_free(h->s, sizeof(*h->s));
	h->s = NULL;
	return 0;
}

static struct channel *check(lua_State *L)
{
	struct channel_handle *h = luaL_checkudata(L, 1, CHANNEL_TYPE);

	if (!h->c || !h->c->scp.open)
		sandbox_fail(L, "the secure channel is closed");
	return h->c;
}

/* ---- opening ---- */

static lua_Integer option(lua_State *L, const char *key, lua_Integer missing, lua_Integer max)
{
	lua_Integer v = missing;
	int is_number = 1;

	if (lua_getfield(L, 2, key) != LUA_TNIL)
		v = lua_tointegerx(L, -1, &is_number);
	lua_pop(L, 1);
	if (!is_number || v < 0 || v > max)
		luaL_error(L, "%s is out of range", key);
	return v;
}

/*
 * GlobalPlatform's test key is in every manual. A card under it may be a program that collects
 * records: it gets those of test orders only.
 */
static void note_public(lua_State *L, struct session *s, token_key master)
{
	static const uint8_t test_key[16] = {
		0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47,
		0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f,
	};
	struct token *token = s->station->casd->token;
	uint8_t kcv[3], public[3];

	if (token_kcv(token, master, kcv))
		sandbox_fail(L, "%s", token_error(token));
	if (gp_aes_kcv(test_key, public) || !memcmp(kcv, public, sizeof(public)))
		s->public_keys = true;
}

/* Static keys: derived from the master key that is named, or the record's own. */
static void find_keys(lua_State *L, struct channel *c, bool *evidence)
{
	struct session *s = application_session(L);
	struct token *token = s->station->casd->token;
	token_key master;

	*evidence = false;
	if (lua_getfield(L, 2, "keys") != LUA_TNIL) {
		luaL_checkudata(L, -1, KEYSET_TYPE);
		memcpy(c->keys, record_keys(L), sizeof(c->keys));
		/* Of the card that the record was claimed for, and of no other. */
		*evidence = c->iu.kvn == s->claim->record.kvn &&
			    !memcmp(c->iu.kdd, s->claim->kdd, GP_KDD_LEN);
		lua_pop(L, 1);
		return;
	}
	lua_pop(L, 1);
	if (lua_getfield(L, 2, "kmc") != LUA_TSTRING)
		luaL_error(L, "open_scp03: kmc or keys must be given");
	if (token_find(token, lua_tostring(L, -1), &master))
		sandbox_fail(L, "%s", token_error(token));
	note_public(L, s, master);
	lua_pop(L, 1);
	c->owned = true;
	for (unsigned int k = 0; k < 3; k++)
		if (token_derive_kdf3(token, master, k + 1, c->iu.kdd, &c->keys[k]))
			sandbox_fail(L, "%s", token_error(token));
}

static int derive(struct token *token, token_key key, enum gp_scp03_constant constant,
		  const uint8_t context[16], uint8_t out[16])
{
	uint8_t block[GP_SCP03_BLOCK];

	gp_scp03_block(constant, 128, context, block);
	return token_cmac(token, key, block, sizeof(block), out);
}

static void begin(lua_State *L, struct channel *c, uint8_t level)
{
	struct token *token = application_session(L)->station->casd->token;
	struct gp_session_keys keys;
	const char *wrong = NULL;
	uint8_t context[16];
	int rc;

	memcpy(context, c->host_challenge, 8);
	memcpy(context + 8, c->iu.challenge, 8);
	rc = derive(token, c->keys[0], GP_DERIVE_S_ENC, context, keys.enc) ||
	     derive(token, c->keys[1], GP_DERIVE_S_MAC, context, keys.mac) ||
	     derive(token, c->keys[1], GP_DERIVE_S_RMAC, context, keys.rmac);
	if (!rc)
		wrong = gp_scp03_begin(&c->scp, &keys, context, &c->iu, level);
	explicit_bzero(&keys, sizeof(keys));
	if (rc)
		sandbox_fail(L, "%s", token_error(token));
	if (wrong)
		sandbox_fail(L, "INITIALIZE UPDATE: %s", wrong);
}

static int authenticated(lua_State *L, int status, lua_KContext evidence)
{
	struct channel_handle *h = lua_touserdata(L, 3);
	struct session *s = application_session(L);
	uint16_t sw;
	size_t len;

	(void)status;
	apdu_take(L, "EXTERNAL AUTHENTICATE", &len, &sw);
	apdu_expect(L, 0, sw, "EXTERNAL AUTHENTICATE");
	h->c->scp.open = true;
	/*
	 * The card's cryptogram under the record's keys, over our challenge, is the proof that it
	 * has them; accepting ours is the proof that it can check.
	 */
	if (evidence)
		snprintf(s->evidence, sizeof(s->evidence),
			 "SCP03 kvn=%02X sequence=%06X cryptogram=%02X%02X%02X%02X%02X%02X%02X%02X",
			 h->c->iu.kvn, h->c->iu.sequence, h->c->iu.cryptogram[0],
			 h->c->iu.cryptogram[1], h->c->iu.cryptogram[2], h->c->iu.cryptogram[3],
			 h->c->iu.cryptogram[4], h->c->iu.cryptogram[5], h->c->iu.cryptogram[6],
			 h->c->iu.cryptogram[7]);
	lua_settop(L, 3);
	return 1;
}

static int updated(lua_State *L, int status, lua_KContext ctx)
{
	struct channel_handle *h = lua_touserdata(L, 3);
	uint8_t apdu[GP_APDU_MAX];
	const uint8_t *rsp;
	const char *wrong;
	bool evidence;
	ssize_t n;
	uint16_t sw;
	size_t len;

	(void)status;
	(void)ctx;
	rsp = apdu_take(L, "INITIALIZE UPDATE", &len, &sw);
	apdu_expect(L, 0, sw, "INITIALIZE UPDATE");
	wrong = gp_init_update_parse(rsp, len, &h->c->iu);
	if (wrong)
		return sandbox_fail(L, "%s", wrong);
	find_keys(L, h->c, &evidence);
	begin(L, h->c, (uint8_t)option(L, "level", 0x33, 0xff));
	n = gp_scp03_external_authenticate(&h->c->scp, apdu);
	if (n < 0)
		return sandbox_fail(L, "EXTERNAL AUTHENTICATE: OpenSSL failed");
	apdu_put(L, apdu, (size_t)n, 0);
	return sandbox_wait(L, evidence, authenticated);
}

/* card:open_scp03{kmc=NAME | keys=HANDLE, kvn=0, level=0x33} */
int secure_channel_open(lua_State *L)
{
	uint8_t apdu[14] = { 0x80, 0x50, 0, 0, 8 };
	struct channel_handle *h;

	luaL_checktype(L, 2, LUA_TTABLE);
	lua_settop(L, 2);
	apdu[2] = (uint8_t)option(L, "kvn", 0, 0x7f);
	h = lua_newuserdatauv(L, sizeof(*h), 0);
	h->c = NULL;
	luaL_setmetatable(L, CHANNEL_TYPE);
	h->c = lock_alloc(sizeof(*h->c));
	if (!h->c)
		return sandbox_fail(L, "no locked memory left");
	if (RAND_bytes(h->c->host_challenge, 8) != 1)
		return sandbox_fail(L, "no random numbers");
	memcpy(apdu + 5, h->c->host_challenge, 8);
	apdu_put(L, apdu, sizeof(apdu), 0);
	return sandbox_wait(L, 0, updated);
}

/* ---- commands ---- */

static void put_wrapped(lua_State *L, struct channel *c, const uint8_t *apdu, size_t len,
			uint32_t timeout)
{
	uint8_t out[GP_APDU_MAX];
	ssize_t n = gp_scp03_wrap(&c->scp, apdu, len, out);

	if (n < 0)
		sandbox_fail(L, "the command does not fit the secure channel");
	apdu_put(L, out, (size_t)n, timeout);
}

/* The response, checked and decrypted, in the session's own buffer. */
static const uint8_t *take_unwrapped(lua_State *L, struct channel *c, const char *name, size_t *len,
				     uint16_t *sw)
{
	struct exchange *x = &application_session(L)->x;
	uint8_t out[GP_RESPONSE_MAX];
	const char *wrong;
	size_t n;

	apdu_take(L, name, len, sw);
	wrong = gp_scp03_unwrap(&c->scp, x->rsp, x->rsp_len, out, &n);
	if (wrong)
		sandbox_fail(L, "%s: %s", name, wrong);
	/* Never longer than what came. */
	memcpy(x->rsp, out, n);
	x->rsp_len = n;
	explicit_bzero(out, sizeof(out));
	return apdu_take(L, name, len, sw);
}

static int sent(lua_State *L, int status, lua_KContext ctx)
{
	uint8_t apdu[APDU_SHORT_MAX];
	struct channel *c = check(L);
	char name[NAME_CAP];
	const uint8_t *rsp;
	uint16_t sw;
	size_t len;

	(void)status;
	(void)ctx;
	apdu_build(L, 2, apdu, name, sizeof(name));
	rsp = take_unwrapped(L, c, name, &len, &sw);
	apdu_expect(L, 2, sw, name);
	lua_pushlstring(L, (const char *)rsp, len);
	lua_pushinteger(L, sw);
	return 2;
}

/* Under R-MAC every response has data, so every command has Le. */
static size_t with_le(uint8_t *apdu, size_t len)
{
	if (len == 4 || (len > 5 && len == 5u + apdu[4]))
		apdu[len++] = 0;
	return len;
}

static int wrapped_send(lua_State *L)
{
	uint8_t apdu[APDU_SHORT_MAX + 1];
	struct channel *c = check(L);
	char name[NAME_CAP];
	size_t len = apdu_build(L, 2, apdu, name, sizeof(name));

	if (c->scp.level & GP_LEVEL_R_MAC)
		len = with_le(apdu, len);
	put_wrapped(L, c, apdu, len, apdu_timeout(L, 2));
	return sandbox_wait(L, 0, sent);
}

/* ---- PUT KEY ---- */

static void wrap_keys(lua_State *L, struct channel *c, struct gp_put_key keys[3])
{
	struct token *token = application_session(L)->station->casd->token;
	const token_key *fresh = record_keys(L);

	for (int i = 0; i < 3; i++)
		if (token_wrap_cbc(token, c->keys[2], fresh[i], keys[i].encrypted) ||
		    token_kcv(token, fresh[i], keys[i].kcv))
			sandbox_fail(L, "PUT KEY: %s", token_error(token));
}

static int key_put(lua_State *L, int status, lua_KContext ctx)
{
	struct gp_put_key *keys = lua_touserdata(L, 3);
	struct channel *c = check(L);
	const uint8_t *rsp;
	const char *wrong;
	uint16_t sw;
	size_t len;

	(void)status;
	rsp = take_unwrapped(L, c, "PUT KEY", &len, &sw);
	apdu_expect(L, 0, sw, "PUT KEY");
	wrong = gp_put_key_confirmed(rsp, len, (uint8_t)ctx, keys);
	return wrong ? sandbox_fail(L, "%s", wrong) : 0;
}

/* scp:put_key{keys=HANDLE, kvn=N, replace=0} */
static int channel_put_key(lua_State *L)
{
	struct channel *c = check(L);
	uint8_t apdu[GP_PUT_KEY_LEN];
	struct gp_put_key *keys;
	lua_Integer kvn, replace;

	luaL_checktype(L, 2, LUA_TTABLE);
	lua_settop(L, 2);
	kvn = option(L, "kvn", 0, 0x7f);
	replace = option(L, "replace", 0, 0x7f);
	if (!kvn)
		return luaL_error(L, "put_key: kvn is missing");
	lua_getfield(L, 2, "keys");
	luaL_checkudata(L, 3, KEYSET_TYPE);
	lua_settop(L, 2);
	/* Encrypted keys and check values: nothing secret. */
	keys = lua_newuserdatauv(L, 3 * sizeof(*keys), 0);
	wrap_keys(L, c, keys);
	gp_put_key((uint8_t)replace, (uint8_t)kvn, keys, apdu);
	put_wrapped(L, c, apdu, sizeof(apdu), 0);
	return sandbox_wait(L, (lua_KContext)kvn, key_put);
}

/* ---- STORE DATA ---- */

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
	n = c->scp.level & GP_LEVEL_R_MAC ? n + 6 : n + 5;
	put_wrapped(L, c, apdu, n, 0);
	explicit_bzero(apdu, sizeof(apdu));
	return sandbox_wait(L, 0, stored);
}

static int stored(lua_State *L, int status, lua_KContext ctx)
{
	struct store_handle *h = lua_touserdata(L, 3);
	struct channel *c = check(L);
	uint16_t sw;
	size_t len;

	(void)status;
	(void)ctx;
	take_unwrapped(L, c, "STORE DATA", &len, &sw);
	apdu_expect(L, 0, sw, "STORE DATA");
	if (h->s->at < h->s->len)
		return store_next(L, c, h->s);
	return 0;
}

/* scp:store_data{ {id, value}, ..., "DGIs" } */
static int channel_store_data(lua_State *L)
{
	struct channel *c = check(L);
	struct store_handle *h;
	lua_Integer count;

	luaL_checktype(L, 2, LUA_TTABLE);
	lua_settop(L, 2);
	if (!(c->scp.level & GP_LEVEL_C_ENC))
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

static int channel_kdd(lua_State *L)
{
	struct channel_handle *h = luaL_checkudata(L, 1, CHANNEL_TYPE);

	if (!h->c)
		return sandbox_fail(L, "the secure channel is closed");
	lua_pushlstring(L, (const char *)h->c->iu.kdd, GP_KDD_LEN);
	return 1;
}

static int channel_kvn(lua_State *L)
{
	struct channel_handle *h = luaL_checkudata(L, 1, CHANNEL_TYPE);

	if (!h->c)
		return sandbox_fail(L, "the secure channel is closed");
	lua_pushinteger(L, h->c->iu.kvn);
	return 1;
}

static const luaL_Reg channel_methods[] = {
	{ "send", wrapped_send },
	{ "put_key", channel_put_key },
	{ "store_data", channel_store_data },
	{ "kdd", channel_kdd },
	{ "kvn", channel_kvn },
	{ NULL, NULL },
};

void secure_channel_register(lua_State *L)
{
	application_type(L, CHANNEL_TYPE, channel_methods, channel_gc);
	application_type(L, STORE_TYPE, NULL, store_gc);
}
