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

static bool parse_request(const char *text, uint64_t *ret_request)
{
	char *end;

	errno = 0;
	*ret_request = strtoull(text, &end, 10);
	if (!errno && end != text && !*end && text[0] != '-')
		return true;
	complain("\"%s\" is not the number of a request", text);
	return false;
}

enum status cancel_command(struct context *ctx, int argc, char **argv)
{
	uint64_t request;

	if (!parse_request(argv[0], &request))
		return STATUS_USAGE;
	if (cksnl_request_cancel(ctx->nl, request, argc > 1 ? argv[1] : "cancelled by operator"))
		return call_failed(ctx, argv[0]);
	return STATUS_OK;
}

/* What is entered comes from stdin: arguments can be seen by others. */
enum status answer_command(struct context *ctx, int argc, char **argv)
{
	struct cksnl_session s = {
		.has = CKSNL_HAS(CKS_A_SESSION_REQUEST) | CKSNL_HAS(CKS_A_SESSION_PROMPT),
	};
	const struct cksnl_field *answer = cksnl_field(&cksnl_session_set, "answer");
	const struct cksnl_field *prompt = cksnl_field(&cksnl_session_set, "prompt");
	char line[CKSNL_TEXT_MAX + 2] = "";
	enum status status = STATUS_OK;

	if (!parse_request(argv[0], &s.request))
		return STATUS_USAGE;
	if (cksnl_field_parse(prompt, &s, argv[1]) || cksnl_field_parse(answer, &s, argv[2])) {
		complain("a prompt has a number, and is given or refused");
		return STATUS_USAGE;
	}
	if (argc > 3) {
		if (strcmp(argv[3], "-")) {
			complain("what is entered is read from standard input: give \"-\"");
			return STATUS_USAGE;
		}
		if (!fgets(line, sizeof(line), stdin)) {
			complain("nothing was entered");
			return STATUS_FAILURE;
		}
		s.entry.len = (uint16_t)strcspn(line, "\n");
		if (s.entry.len > sizeof(s.entry.data)) {
			complain("an entry has at most %zu bytes", sizeof(s.entry.data));
			return STATUS_USAGE;
		}
		memcpy(s.entry.data, line, s.entry.len);
		s.has |= CKSNL_HAS(CKS_A_SESSION_ENTRY);
	}
	if (cksnl_prompt_answer(ctx->nl, &s))
		status = call_failed(ctx, argv[0]);
	explicit_bzero(line, sizeof(line));
	explicit_bzero(&s.entry, sizeof(s.entry));
	return status;
}
