/* SPDX-License-Identifier: GPL-2.0-only */
/* What a profile sees: the card, its secure channels, the record. docs/profiles.md describes it. */
#ifndef CASD_APPLICATION_H
#define CASD_APPLICATION_H

#include "session.h"

/*
 * application_type() - make a type of userdata, with methods and a collector
 *
 * Metatables are not to be reached from a script.
 */
void application_type(struct lua_State *L, const char *name, const struct luaL_Reg *methods,
		      lua_CFunction gc);

/* application_session() - the session of this state */
struct session *application_session(lua_State *L);

/* What a profile may use. */
extern const struct sandbox_limits application_limits;

/* application_start() - runs the session's profile; for sandbox_create() */
int application_start(lua_State *L);

/* ---- apdu.c: commands from tables ---- */

#define APDU_SHORT_MAX 261
#define APDU_ACCEPTS_MAX 64

/*
 * apdu_build() - the command that the table at @index describes
 * @out: APDU_SHORT_MAX bytes; @name receives what to call it in errors, @cap bytes
 *
 * Raises an error for anything that is no short APDU.
 */
size_t apdu_build(lua_State *L, int index, uint8_t *out, char *name, size_t cap);

/* apdu_timeout() - the table's timeout in ms, 0 if none */
uint32_t apdu_timeout(lua_State *L, int index);

/* apdu_expect() - raise an error unless the table at @index (0: none) accepts the status word */
void apdu_expect(lua_State *L, int index, uint16_t sw, const char *name);

/* apdu_accepts() - the status words that the table at @index accepts, as pairs of value and mask */
unsigned int apdu_accepts(lua_State *L, int index, uint8_t pairs[static 4 * APDU_ACCEPTS_MAX]);

/* apdu_put() - hand a command to the session, then return sandbox_wait() */
void apdu_put(lua_State *L, const uint8_t *apdu, size_t len, uint32_t timeout);

/* apdu_take() - the response; raises an error if the station had none */
const uint8_t *apdu_take(lua_State *L, const char *name, size_t *len, uint16_t *sw);

/* ---- secure_channel.c ---- */

void secure_channel_register(lua_State *L);
int secure_channel_open_scp02(lua_State *L);
int secure_channel_open_scp03(lua_State *L);

/* ---- batch.c, promptcall.c: methods of the card ---- */

int batch_send(lua_State *L);
int prompt_ask(lua_State *L);

/* ---- record.c ---- */

void record_register(lua_State *L);
int record_claim(lua_State *L);

/**
 * struct secret - a handle on a secret: a script passes it on and can do nothing else
 * @data: in the session's locked claim
 * @len: bytes
 */
struct secret {
	const uint8_t *data;
	size_t len;
};

#define SECRET_TYPE "secret"
#define KEYSET_TYPE "keyset"

/*
 * record_keys() - give a task the claim's keys: unwrapped, or what it takes to unwrap them
 *
 * It raises an error if there is no claim. Return: false if there is no memory.
 */
bool record_keys(lua_State *L, struct keys_task *t);

/* record_keep_keys() - those that the task has unwrapped are the claim's */
void record_keep_keys(struct session *s, struct keys_task *t);

#endif
