// SPDX-License-Identifier: GPL-2.0-only
/*
 * Secure channels as objects of a profile. Static keys stay in the token; session keys lie in
 * locked memory; a script sees neither.
 *
 * Context: the event loop. What wants the token is done by its worker meanwhile: keys.c.
 */
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "libgp/aes.h"
#include "libgp/scheme.h"
#include "lock.h"
#include "secure_channel.h"

#define CHANNEL_TYPE	"secure channel"
#define NAME_CAP	48

static int channel_gc(lua_State *L)
{
	struct channel_handle *h = luaL_checkudata(L, 1, CHANNEL_TYPE);
	struct channel *c = h->c;

	h->c = NULL;
	if (!c)
		return 0;
	key_set_drop(c->set);
	lock_free(c, sizeof(*c));
	return 0;
}

static bool is_open(const struct channel *c)
{
	return c && (c->des ? c->scp02.open : c->scp03.open);
}

struct channel *channel_check(lua_State *L)
{
	struct channel_handle *h = luaL_checkudata(L, 1, CHANNEL_TYPE);

	if (!is_open(h->c))
		sandbox_fail(L, "the secure channel is closed");
	return h->c;
}

uint8_t channel_level(const struct channel *c)
{
	return c->des ? c->scp02.level : c->scp03.level;
}

lua_Integer channel_option(lua_State *L, const char *key, lua_Integer missing, lua_Integer max)
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

/* ---- opening ---- */

/* How the card's keys come from the master key: of the profile, KDF3 if it says nothing. */
static void find_scheme(lua_State *L, struct keys_task *t, const struct channel *c)
{
	const char *wrong, *text = "kdf3";
	struct gp_scheme scheme;

	if (lua_getfield(L, 2, "scheme") != LUA_TNIL)
		text = luaL_checkstring(L, -1);
	wrong = gp_scheme_parse(text, &scheme);
	if (wrong)
		luaL_error(L, "scheme: %s", wrong);
	lua_pop(L, 1);
	t->cmac = scheme.cmac;
	for (unsigned int k = GP_KEY_ENC; k <= GP_KEY_DEK; k++)
		gp_scheme_blocks(&scheme, k, c->iu.kdd, t->blocks[k - 1]);
}

/* Static keys: derived from the master key that is named, or the record's own. */
static bool find_keys(lua_State *L, struct keys_task *t, const struct channel *c)
{
	struct session *s = application_session(L);
	const char *name;
	size_t len;
	bool ok;

	if (lua_getfield(L, 2, "keys") != LUA_TNIL) {
		luaL_checkudata(L, -1, KEYSET_TYPE);
		ok = record_keys(L, t);
		/* Of the card that the record was claimed for, and of no other. */
		t->evidence = c->iu.kvn == s->claim->record.kvn &&
			      !memcmp(c->iu.kdd, s->claim->kdd, GP_KDD_LEN);
		lua_pop(L, 1);
		return ok;
	}
	lua_pop(L, 1);
	if (lua_getfield(L, 2, "kmc") != LUA_TSTRING)
		luaL_error(L, "a secure channel wants kmc or keys");
	name = lua_tostring(L, -1);
	len = strlen(name);
	if (!len || len > ORDER_KEY_MAX)
		sandbox_fail(L, "token: a label has 1 to 64 characters");
	memcpy(t->master, name, len + 1);
	lua_pop(L, 1);
	find_scheme(L, t, c);
	return keys_make(t);
}

/* EXTERNAL AUTHENTICATE, once the card's cryptogram is right. Returns its length. */
static size_t begin(lua_State *L, struct channel *c, const struct gp_session_keys *keys,
		    const uint8_t context[16], uint8_t apdu[GP_APDU_MAX])
{
	uint8_t level = (uint8_t)channel_option(L, "level", c->des ? 0x03 : 0x33, 0xff);
	const char *wrong;
	ssize_t n;

	wrong = c->des ? gp_scp02_begin(&c->scp02, keys, context, &c->iu, level) :
			 gp_scp03_begin(&c->scp03, keys, context, &c->iu, level);
	if (wrong)
		sandbox_fail(L, "INITIALIZE UPDATE: %s", wrong);
	n = c->des ? gp_scp02_external_authenticate(&c->scp02, apdu) :
		     gp_scp03_external_authenticate(&c->scp03, apdu);
	if (n < 0)
		sandbox_fail(L, "EXTERNAL AUTHENTICATE: OpenSSL failed");
	return (size_t)n;
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
	if (h->c->des)
		h->c->scp02.open = true;
	else
		h->c->scp03.open = true;
	if (*h->c->master)
		memcpy(s->master, h->c->master, sizeof(s->master));
	/*
	 * The card's cryptogram under the record's keys, over our challenge, is the proof that it
	 * has them; accepting ours is the proof that it can check.
	 */
	if (evidence)
		snprintf(s->evidence, sizeof(s->evidence),
			 "SCP0%u kvn=%02X sequence=%06X cryptogram=%02X%02X%02X%02X%02X%02X%02X%02X",
			 h->c->iu.scp, h->c->iu.kvn, h->c->iu.sequence, h->c->iu.cryptogram[0],
			 h->c->iu.cryptogram[1], h->c->iu.cryptogram[2], h->c->iu.cryptogram[3],
			 h->c->iu.cryptogram[4], h->c->iu.cryptogram[5], h->c->iu.cryptogram[6],
			 h->c->iu.cryptogram[7]);
	lua_settop(L, 3);
	return 1;
}

/* The keys are there: the channel takes them over. */
static int keyed(lua_State *L, int status, lua_KContext ctx)
{
	struct session *s = application_session(L);
	struct keys_task *t = (struct keys_task *)s->task;
	struct channel_handle *h = lua_touserdata(L, 3);
	bool evidence = t->evidence;
	uint8_t apdu[GP_APDU_MAX];
	size_t len;

	(void)status;
	(void)ctx;
	if (t->is_public)
		s->public_keys = true;
	if (*t->error)
		return sandbox_fail(L, "%s", t->error);
	memcpy(h->c->keys, t->keys, sizeof(h->c->keys));
	memcpy(h->c->master, t->master, sizeof(h->c->master));
	if (*t->master) {
		h->c->set = t->set;
		t->set = NULL;
	} else {
		record_keep_keys(s, t);
	}
	len = begin(L, h->c, &t->session, t->context, apdu);
	task_drop(s);
	apdu_put(L, apdu, len, 0);
	return sandbox_wait(L, evidence, authenticated);
}

static int updated(lua_State *L, int status, lua_KContext ctx)
{
	struct channel_handle *h = lua_touserdata(L, 3);
	struct keys_task *t;
	const uint8_t *rsp;
	const char *wrong;
	uint16_t sw;
	size_t len;

	(void)status;
	(void)ctx;
	rsp = apdu_take(L, "INITIALIZE UPDATE", &len, &sw);
	apdu_expect(L, 0, sw, "INITIALIZE UPDATE");
	wrong = gp_init_update_parse(rsp, len, &h->c->iu);
	if (wrong)
		return sandbox_fail(L, "%s", wrong);
	if (h->c->iu.scp != (h->c->des ? 2 : 3))
		return sandbox_fail(L, "INITIALIZE UPDATE: the card's key set is for SCP0%d",
				    h->c->iu.scp);
	t = keys_task(application_session(L), KEYS_OPEN);
	if (!t)
		return sandbox_fail(L, "no locked memory left");
	t->des = h->c->des;
	memcpy(t->challenge, h->c->iu.challenge, 8);
	memcpy(t->context, h->c->host_challenge, 8);
	memcpy(t->context + 8, h->c->iu.challenge, 8);
	if (!find_keys(L, t, h->c))
		return sandbox_fail(L, "the CAS ran out of memory");
	return task_wait(L, &t->task, POOL_TOKEN, keyed);
}

static int open_channel(lua_State *L, bool des)
{
	uint8_t apdu[14] = { 0x80, 0x50, 0, 0, 8 };
	struct channel_handle *h;

	luaL_checktype(L, 2, LUA_TTABLE);
	lua_settop(L, 2);
	apdu[2] = (uint8_t)channel_option(L, "kvn", 0, 0x7f);
	h = lua_newuserdatauv(L, sizeof(*h), 0);
	h->c = NULL;
	luaL_setmetatable(L, CHANNEL_TYPE);
	h->c = lock_alloc(sizeof(*h->c));
	if (!h->c)
		return sandbox_fail(L, "no locked memory left");
	h->c->des = des;
	if (RAND_bytes(h->c->host_challenge, 8) != 1)
		return sandbox_fail(L, "no random numbers");
	memcpy(apdu + 5, h->c->host_challenge, 8);
	apdu_put(L, apdu, sizeof(apdu), 0);
	return sandbox_wait(L, 0, updated);
}

/* card:open_scp03{kmc=NAME | keys=HANDLE, scheme="kdf3", kvn=0, level=0x33} */
int secure_channel_open_scp03(lua_State *L)
{
	return open_channel(L, false);
}

/* card:open_scp02{the same, level=0x03} */
int secure_channel_open_scp02(lua_State *L)
{
	return open_channel(L, true);
}

/* ---- commands ---- */

void channel_put(lua_State *L, struct channel *c, const uint8_t *apdu, size_t len,
		 uint32_t timeout)
{
	uint8_t out[GP_APDU_MAX];
	ssize_t n = c->des ? gp_scp02_wrap(&c->scp02, apdu, len, out) :
			     gp_scp03_wrap(&c->scp03, apdu, len, out);

	if (n < 0)
		sandbox_fail(L, "the command does not fit the secure channel");
	apdu_put(L, out, (size_t)n, timeout);
}

const uint8_t *channel_take(lua_State *L, struct channel *c, const char *name, size_t *len,
			    uint16_t *sw)
{
	const uint8_t *rsp = apdu_take(L, name, len, sw);
	struct exchange *x = &application_session(L)->x;
	uint8_t out[GP_RESPONSE_MAX];
	const char *wrong;
	size_t n;

	if (c->des)
		return rsp;
	wrong = gp_scp03_unwrap(&c->scp03, x->rsp, x->rsp_len, out, &n);
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
	struct channel *c = channel_check(L);
	char name[NAME_CAP];
	const uint8_t *rsp;
	uint16_t sw;
	size_t len;

	(void)status;
	(void)ctx;
	apdu_build(L, 2, apdu, name, sizeof(name));
	rsp = channel_take(L, c, name, &len, &sw);
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
	struct channel *c = channel_check(L);
	char name[NAME_CAP];
	size_t len = apdu_build(L, 2, apdu, name, sizeof(name));

	if (channel_level(c) & GP_LEVEL_R_MAC)
		len = with_le(apdu, len);
	channel_put(L, c, apdu, len, apdu_timeout(L, 2));
	return sandbox_wait(L, 0, sent);
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
	{ "put_key", put_key },
	{ "store_data", store_data },
	{ "kdd", channel_kdd },
	{ "kvn", channel_kvn },
	{ NULL, NULL },
};

void secure_channel_register(lua_State *L)
{
	application_type(L, CHANNEL_TYPE, channel_methods, channel_gc);
	store_data_register(L);
}
