/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A Lua state for one card session: no files, no processes, no other session; bounded memory and
 * instructions. The script runs in a coroutine that yields where it waits for the card.
 */
#ifndef CASD_SANDBOX_H
#define CASD_SANDBOX_H

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct sandbox_limits - what a script may use
 * @memory: bytes, of the whole state
 * @instructions: of the virtual machine, over the whole session
 * @slice: instructions before others get their turn
 * @slice_ms: processor time of a slice: some single instructions take long
 */
struct sandbox_limits {
	size_t memory;
	uint64_t instructions;
	unsigned int slice;
	unsigned int slice_ms;
};

enum sandbox_status {
	SANDBOX_DONE,		/* the script returned */
	SANDBOX_WAIT,		/* it waits: resume when the response is there */
	SANDBOX_WORKER,		/* it waits for a worker: resume when that is done */
	SANDBOX_PREEMPTED,	/* its slice is over: resume soon */
	SANDBOX_ERROR,		/* sandbox_error() says why */
};

struct sandbox;

/*
 * sandbox_create() - a new state
 * @owner: for sandbox_owner()
 * @start: called in the coroutine, protected, to load the script and call it
 *
 * Return: NULL if memory ran out.
 */
struct sandbox *sandbox_create(const struct sandbox_limits *limits, void *owner,
			       lua_CFunction start);

/* Ends the state; its userdata are collected. */
void sandbox_destroy(struct sandbox *sb);

/* sandbox_resume() - run until it is done, waits, fails, or its slice is over */
enum sandbox_status sandbox_resume(struct sandbox *sb);

/* Why it failed; no control characters; "" if it did not. */
const char *sandbox_error(const struct sandbox *sb);

/* ---- for functions that the script calls ---- */

void *sandbox_owner(lua_State *L);

/* sandbox_wait() - yield until the next sandbox_resume(); @k goes on then. Returns what it must. */
int sandbox_wait(lua_State *L, lua_KContext ctx, lua_KFunction k);

/* sandbox_wait_worker() - the same while a worker does something for it; no context is wanted */
int sandbox_wait_worker(lua_State *L, lua_KFunction k);

/* sandbox_fail() - raise an error whose text is for the operator: without a line number */
int sandbox_fail(lua_State *L, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));

/* sandbox_globals() - a table with what a script may call, on top of the stack */
void sandbox_globals(lua_State *L);

#endif
