// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands about requests and their sessions: list, cancel.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cksctl.h"

static int each_text(const void *obj, void *arg)
{
	static const char *const columns[] = {
		"request", "coupler", "state", "verdict", "commands", "application",
		"card-reference", "reason",
	};
	static const int widths[] = { 8, 8, 10, 8, 9, 16, 16, 0 };
	const struct cksnl_session *s = obj;
	char value[CKSNL_TEXT_MAX + 1];

	if (!(*(unsigned int *)arg)++) {
		for (unsigned int i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
			printf("%-*s ", widths[i], columns[i]);
		putchar('\n');
	}
	for (unsigned int i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		const struct cksnl_field *f = cksnl_field(&cksnl_session_set, columns[i]);

		snprintf(value, sizeof(value), "-");
		if (s->has & CKSNL_HAS(f->attr))
			format_field(f, s, value, sizeof(value));
		printf("%-*s ", widths[i], value);
	}
	putchar('\n');
	return 0;
}

static int each_json(const void *obj, void *arg)
{
	cJSON_AddItemToArray(arg, object_to_json(&cksnl_session_set, obj));
	return 0;
}

enum status sessions_command(struct context *ctx, int argc, char **argv)
{
	unsigned int n = 0;
	cJSON *list;

	(void)argc;
	(void)argv;
	if (!ctx->json)
		return cksnl_session_dump(ctx->nl, each_text, &n) ?
			call_failed(ctx, "cannot list the sessions") : STATUS_OK;
	list = cJSON_CreateArray();
	if (cksnl_session_dump(ctx->nl, each_json, list)) {
		cJSON_Delete(list);
		return call_failed(ctx, "cannot list the sessions");
	}
	return print_json(list, true) ? STATUS_OK : STATUS_FAILURE;
}

enum status cancel_command(struct context *ctx, int argc, char **argv)
{
	unsigned long long request;
	char *end;

	errno = 0;
	request = strtoull(argv[0], &end, 10);
	if (errno || end == argv[0] || *end || argv[0][0] == '-') {
		complain("\"%s\" is not the number of a request", argv[0]);
		return STATUS_USAGE;
	}
	if (cksnl_request_cancel(ctx->nl, request, argc > 1 ? argv[1] : "cancelled by operator"))
		return call_failed(ctx, argv[0]);
	return STATUS_OK;
}
