/* SPDX-License-Identifier: GPL-2.0-only */
/* A secure channel of a profile, for the methods that lie in files of their own. */
#ifndef CASD_SECURE_CHANNEL_H
#define CASD_SECURE_CHANNEL_H

#include "application.h"
#include "libgp/scp02.h"
#include "libgp/scp03.h"

/**
 * struct channel - in locked memory
 * @des: SCP02, not SCP03
 * @scp02: the session, if so
 * @scp03: else
 * @iu: response to INITIALIZE UPDATE
 * @keys: static keys in the token: ENC, MAC, DEK
 * @master: name of the key that these come from, "" if they are the record's own
 * @set: they were derived for this channel and end with it; NULL if not
 * @host_challenge: of this session
 */
struct channel {
	bool des;
	struct gp_scp02 scp02;
	struct gp_scp03 scp03;
	struct gp_init_update iu;
	token_key keys[3];
	char master[ORDER_KEY_MAX + 1];
	struct key_set *set;
	uint8_t host_challenge[8];
};

/* What is in Lua's memory: a pointer alone. */
struct channel_handle {
	struct channel *c;
};

/* channel_check() - the channel that is argument 1; raises an error if it is not open */
struct channel *channel_check(lua_State *L);

/* channel_level() - security level */
uint8_t channel_level(const struct channel *c);

/* channel_option() - a number of the table that is argument 2; raises an error beyond @max */
lua_Integer channel_option(lua_State *L, const char *key, lua_Integer missing, lua_Integer max);

/* channel_put() - wrap a command and hand it to the session, then return sandbox_wait() */
void channel_put(lua_State *L, struct channel *c, const uint8_t *apdu, size_t len,
		 uint32_t timeout);

/* channel_take() - the response, checked and decrypted, in the session's own buffer */
const uint8_t *channel_take(lua_State *L, struct channel *c, const char *name, size_t *len,
			    uint16_t *sw);

/* ---- put_key.c, store_data.c: methods ---- */

int put_key(lua_State *L);
int store_data(lua_State *L);
void store_data_register(lua_State *L);

#endif
