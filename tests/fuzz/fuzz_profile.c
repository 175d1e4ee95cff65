// SPDX-License-Identifier: GPL-2.0-only
/* Fuzzes what loads profiles: any text is run, bounded, or refused, and its names are looked at. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "cas.h"
#include "casd/sandbox.h"
#include "casprofile/dry.h"

struct text {
	const char *data;
	size_t len;
};

static const struct sandbox_limits limits = {
	.memory = 1 << 18, .instructions = 20000, .slice = 5000, .slice_ms = 1000,
};

static int waited(lua_State *L, int status, lua_KContext ctx)
{
	(void)status;
	(void)ctx;
	lua_pushliteral(L, "\x90");
	return 1;
}

static int send_command(lua_State *L)
{
	return sandbox_wait(L, 0, waited);
}

/* As application.c does it. */
static int start(lua_State *L)
{
	const struct text *t = sandbox_owner(L);

	sandbox_globals(L);
	lua_pushcfunction(L, send_command);
	lua_setfield(L, -2, "send");
	if (luaL_loadbufferx(L, t->data, t->len, "=fuzz", "t") != LUA_OK)
		return lua_error(L);
	lua_insert(L, -2);
	if (!lua_setupvalue(L, -2, 1))
		lua_pop(L, 1);
	lua_call(L, 0, 0);
	return 0;
}

/* What is found is of no interest here. */
static void check_names(const struct text *t)
{
	int keep = dup(2), null = open("/dev/null", O_WRONLY);

	dup2(null, 2);
	names_check("fuzz", t->data, t->len);
	members_check("fuzz", t->data, t->len);
	dup2(keep, 2);
	close(keep);
	close(null);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text t = { (const char *)data, size };
	struct sandbox *sb = sandbox_create(&limits, &t, start);
	enum sandbox_status status;
	unsigned int turns = 0;

	MUST(sb);
	do {
		status = sandbox_resume(sb);
	} while ((status == SANDBOX_PREEMPTED || status == SANDBOX_WAIT) && ++turns < 100);
	MUST(status != SANDBOX_PREEMPTED);
	if (status == SANDBOX_ERROR)
		for (const char *c = sandbox_error(sb); *c; c++)
			MUST(*c >= 0x20 && *c <= 0x7e);
	sandbox_destroy(sb);
	check_names(&t);
	return 0;
}
