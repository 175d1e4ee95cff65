// SPDX-License-Identifier: GPL-2.0-only
/* The sandbox of profiles: what a hostile script cannot do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "casd/sandbox.h"

static const struct sandbox_limits limits = {
	.memory = 1 << 20,
	.instructions = 2000000,
	.slice = 100000,
	.slice_ms = 1000,
};

static unsigned int waits, preemptions;

static int waited(lua_State *L, int status, lua_KContext ctx)
{
	(void)status;
	lua_pushinteger(L, ctx + 1);
	return 1;
}

static int wait_once(lua_State *L)
{
	return sandbox_wait(L, luaL_checkinteger(L, 1), waited);
}

static int start(lua_State *L)
{
	sandbox_globals(L);
	lua_pushcfunction(L, wait_once);
	lua_setfield(L, -2, "wait");
	if (luaL_loadbufferx(L, sandbox_owner(L), strlen(sandbox_owner(L)), "=test", "t") != LUA_OK)
		return lua_error(L);
	lua_insert(L, -2);
	lua_setupvalue(L, -2, 1);
	lua_callk(L, 0, 0, 0, waited);
	return 0;
}

/* Runs to the end; the error's text, or "done". */
static const char *run(const char *script)
{
	static char text[160];
	struct sandbox *sb = sandbox_create(&limits, (void *)script, start);
	enum sandbox_status status;

	assert_non_null(sb);
	waits = 0;
	preemptions = 0;
	do {
		status = sandbox_resume(sb);
		waits += status == SANDBOX_WAIT;
		preemptions += status == SANDBOX_PREEMPTED;
		assert_true(waits + preemptions < 10000);
	} while (status == SANDBOX_WAIT || status == SANDBOX_PREEMPTED);
	strcpy(text, status == SANDBOX_DONE ? "done" : sandbox_error(sb));
	sandbox_destroy(sb);
	return text;
}

static void assert_says(const char *script, const char *want)
{
	const char *got = run(script);

	if (!strstr(got, want))
		fail_msg("%s: \"%s\", not \"%s\"", script, got, want);
}

static void waiting_goes_on(void **state)
{
	(void)state;
	assert_says("local x = wait(41); assert(x == 42); assert(wait(x) == 43)", "done");
	assert_int_equal(waits, 2);
	assert_says("local ok, x = pcall(wait, 1); assert(ok and x == 2)", "done");
}

static void endless_loops_end(void **state)
{
	static const char *const loops[] = {
		"while true do end",
		"for i = 1, math.maxinteger do end",
		"while true do pcall(function() while true do end end) end",
		"local function f() return f() end f()",
		"local function f() pcall(f) pcall(f) end f() while true do end",
		"repeat until pcall(error)",
		"local t = {} for i = 1, 20 do t[i] = i end while true do table.concat(t) end",
		"::again:: goto again",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(loops) / sizeof(loops[0]); i++) {
		assert_says(loops[i], "instruction limit");
		assert_true(preemptions >= 10);
	}
}

/* Others get their turn: a long script is interrupted and then goes on where it was. */
static void slices(void **state)
{
	(void)state;
	assert_says("local n = 0 for i = 1, 300000 do n = n + i end assert(n == 45000150000)",
		    "done");
	assert_true(preemptions >= 3);
}

static void memory_is_bounded(void **state)
{
	(void)state;
	assert_says("local s = 'x' while true do s = s .. s end", "memory");
	assert_says("local t = {} while true do t[#t + 1] = {} end", "memory");
	assert_says("local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(100) .. i end", "memory");
	assert_says("('x'):rep(1 << 40)", "too large");
	assert_says("(''):rep(1 << 40)", "done");
	assert_says("('x'):rep(3, ',')", "done");
	assert_says("assert(('ab'):rep(3, '-') == 'ab-ab-ab')", "done");
	/* One that hits the limit and catches it still has to live within it. */
	assert_says("while true do pcall(function()"
		    " local t = {} while true do t[#t + 1] = {} end end) end",
		    "limit");
}

static void nothing_else_is_there(void **state)
{
	static const char *const names[] = {
		"os", "io", "debug", "package", "require", "load", "loadfile", "dofile",
		"coroutine", "collectgarbage", "setmetatable", "getmetatable", "xpcall", "print",
		"_G", "string.find", "string.match", "string.gmatch", "string.gsub", "string.dump",
		"table.sort", "table.move", "utf8", "warn",
	};
	char script[64];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(script, sizeof(script), "assert(%s == nil)", names[i]);
		assert_says(script, "done");
	}
}

static void states_are_apart(void **state)
{
	(void)state;
	assert_says("string.len = nil x = 1", "done");
	assert_says("assert(string.len and x == nil and ('abc'):len() == 3)", "done");
}

static void errors_are_printable(void **state)
{
	(void)state;
	assert_says("error('a\\n\\27[2J\\0b', 0)", "a??[2J");
	assert_says("error({})", "no text");
	assert_says("error('')", "");
	assert_says("x = = 1", "test:1:");
	assert_says("\27Lua", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waiting_goes_on),
		cmocka_unit_test(endless_loops_end),
		cmocka_unit_test(slices),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(nothing_else_is_there),
		cmocka_unit_test(states_are_apart),
		cmocka_unit_test(errors_are_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
