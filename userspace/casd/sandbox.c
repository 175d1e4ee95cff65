// SPDX-License-Identifier: GPL-2.0-only
/*
 * A Lua state for one card session.
 *
 * The limit on instructions works by yielding out of the count hook: an error raised there could
 * be swallowed by pcall(). That needs every frame to be yieldable, and every C function to be
 * short. So nothing is offered that calls back without a continuation (metatables, sort, gsub,
 * xpcall), nor anything that loops long over nothing (patterns, table.move, rep of "").
 */
#include "sandbox.h"

#include <lualib.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ERROR_MAX 128

struct sandbox {
	struct sandbox_limits limits;
	void *owner;
	lua_State *L;
	lua_State *co;
	size_t used;
	uint64_t left;		/* instructions */
	struct timespec began;	/* of the slice, processor time of the thread */
	bool limited;		/* the memory limit is in force */
	enum sandbox_status yield;	/* what it is for */
	bool exhausted;
	char error[ERROR_MAX];
};

#define HOOK_COUNT 1000

static void *allocate(void *ud, void *ptr, size_t osize, size_t nsize)
{
	struct sandbox *sb = ud;
	void *p;

	if (!ptr)
		osize = 0;
	if (!nsize) {
		free(ptr);
		sb->used -= osize;
		return NULL;
	}
	if (sb->limited && nsize > osize && sb->used - osize + nsize > sb->limits.memory)
		return NULL;
	p = realloc(ptr, nsize);
	if (p)
		sb->used += nsize - osize;
	return p;
}

static struct sandbox *of(lua_State *L)
{
	return *(struct sandbox **)lua_getextraspace(L);
}

void *sandbox_owner(lua_State *L)
{
	return of(L)->owner;
}

static bool slice_over(const struct sandbox *sb)
{
	struct timespec now;
	int64_t ms;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	ms = (now.tv_sec - sb->began.tv_sec) * 1000 +
	     (now.tv_nsec - sb->began.tv_nsec) / 1000000;
	return ms >= sb->limits.slice_ms;
}

static void count(lua_State *L, lua_Debug *ar)
{
	struct sandbox *sb = of(L);

	(void)ar;
	sb->left -= sb->left < HOOK_COUNT ? sb->left : HOOK_COUNT;
	if (!sb->left)
		sb->exhausted = true;
	else if ((sb->limits.instructions - sb->left) % sb->limits.slice >= HOOK_COUNT &&
		 !slice_over(sb))
		return;
	if (lua_isyieldable(L))
		lua_yield(L, 0);
	else if (sb->exhausted)
		luaL_error(L, "instruction limit");
}

/* string.rep() with a bound: the library's loops over empty strings as long as it is told. */
static int bounded_rep(lua_State *L)
{
	size_t len, sep_len;
	const char *s = luaL_checklstring(L, 1, &len);
	lua_Integer n = luaL_checkinteger(L, 2);
	const char *sep = luaL_optlstring(L, 3, "", &sep_len);
	luaL_Buffer b;

	if (n <= 0 || !(len + sep_len)) {
		lua_pushliteral(L, "");
		return 1;
	}
	if ((size_t)n > of(L)->limits.memory / (len + sep_len))
		return luaL_error(L, "resulting string too large");
	luaL_buffinit(L, &b);
	while (n--) {
		luaL_addlstring(&b, s, len);
		if (n)
			luaL_addlstring(&b, sep, sep_len);
	}
	luaL_pushresult(&b);
	return 1;
}

static const char *const base_names[] = {
	"assert", "error", "ipairs", "next", "pairs", "pcall", "rawequal", "rawget", "rawlen",
	"rawset", "select", "tonumber", "tostring", "type", NULL,
};

static const char *const string_names[] = {
	"byte", "char", "format", "len", "lower", "pack", "packsize", "reverse", "sub", "unpack",
	"upper", NULL,
};

static const char *const table_names[] = { "concat", "insert", "pack", "remove", "unpack", NULL };

/* Copies the named fields of the table at -1 to the one at -2. */
static void copy_fields(lua_State *L, const char *const *names)
{
	for (; *names; names++) {
		lua_getfield(L, -1, *names);
		lua_setfield(L, -3, *names);
	}
}

static void copy_library(lua_State *L, const char *name, lua_CFunction open,
			 const char *const *names)
{
	lua_newtable(L);
	luaL_requiref(L, name, open, 0);
	copy_fields(L, names);
	lua_pop(L, 1);
}

void sandbox_globals(lua_State *L)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, (void *)base_names);
}

/* Protected: what a script gets is built before any limit is in force. */
static int set_up(lua_State *L)
{
	copy_library(L, LUA_GNAME, luaopen_base, base_names);

	copy_library(L, LUA_STRLIBNAME, luaopen_string, string_names);
	lua_pushcfunction(L, bounded_rep);
	lua_setfield(L, -2, "rep");
	/* Methods of strings, ("x"):len(), are found through their metatable. */
	lua_pushliteral(L, "");
	lua_getmetatable(L, -1);
	lua_pushvalue(L, -3);
	lua_setfield(L, -2, "__index");
	lua_pop(L, 2);
	lua_setfield(L, -2, "string");

	copy_library(L, LUA_TABLIBNAME, luaopen_table, table_names);
	lua_setfield(L, -2, "table");
	luaL_requiref(L, LUA_MATHLIBNAME, luaopen_math, 0);
	lua_setfield(L, -2, "math");

	lua_rawsetp(L, LUA_REGISTRYINDEX, (void *)base_names);

	of(L)->co = lua_newthread(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, of(L));
	return 0;
}

struct sandbox *sandbox_create(const struct sandbox_limits *limits, void *owner,
			       lua_CFunction start)
{
	struct sandbox *sb = calloc(1, sizeof(*sb));

	if (!sb)
		return NULL;
	sb->limits = *limits;
	sb->left = limits->instructions;
	sb->owner = owner;
	sb->L = lua_newstate(allocate, sb);
	if (!sb->L)
		goto fail;
	*(struct sandbox **)lua_getextraspace(sb->L) = sb;
	lua_pushcfunction(sb->L, set_up);
	if (lua_pcall(sb->L, 0, 0, 0) != LUA_OK)
		goto fail;
	lua_sethook(sb->co, count, LUA_MASKCOUNT, HOOK_COUNT);
	lua_pushcfunction(sb->co, start);
	sb->limited = true;
	return sb;
fail:
	sandbox_destroy(sb);
	return NULL;
}

void sandbox_destroy(struct sandbox *sb)
{
	if (!sb)
		return;
	if (sb->L)
		lua_close(sb->L);
	free(sb);
}

const char *sandbox_error(const struct sandbox *sb)
{
	return sb->error;
}

/* A message may be anything: it goes to logs and to the operator as printable ASCII. */
static void keep_error(struct sandbox *sb, const char *text)
{
	snprintf(sb->error, sizeof(sb->error), "%s", text);
	for (char *c = sb->error; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	if (!sb->error[0])
		strcpy(sb->error, "error without a text");
}

enum sandbox_status sandbox_resume(struct sandbox *sb)
{
	int results, rc;

	sb->yield = SANDBOX_PREEMPTED;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &sb->began);
	rc = lua_resume(sb->co, NULL, 0, &results);
	if (sb->exhausted) {
		keep_error(sb, "the profile ran too long: instruction limit");
		return SANDBOX_ERROR;
	}
	if (rc == LUA_YIELD)
		return sb->yield;
	if (rc == LUA_OK)
		return SANDBOX_DONE;
	if (rc == LUA_ERRMEM)
		keep_error(sb, "the profile used too much memory");
	else
		keep_error(sb, lua_type(sb->co, -1) == LUA_TSTRING ? lua_tostring(sb->co, -1) :
								     "error that is no text");
	return SANDBOX_ERROR;
}

int sandbox_wait(lua_State *L, lua_KContext ctx, lua_KFunction k)
{
	if (!lua_isyieldable(L))
		return sandbox_fail(L, "the card cannot be waited for here");
	of(L)->yield = SANDBOX_WAIT;
	return lua_yieldk(L, 0, ctx, k);
}

int sandbox_wait_worker(lua_State *L, lua_KFunction k)
{
	of(L)->yield = SANDBOX_WORKER;
	return lua_yieldk(L, 0, 0, k);
}

int sandbox_fail(lua_State *L, const char *format, ...)
{
	char text[ERROR_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	lua_pushstring(L, text);
	lua_error(L);
	__builtin_unreachable();	/* lua.h does not say that lua_error() never returns */
}
