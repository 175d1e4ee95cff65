// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands about couplers: list, show, reset, set.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "cksctl.h"

static void column(const struct cksnl_coupler *c, const char *name, int width)
{
	const struct cksnl_field *f = cksnl_field(&cksnl_coupler_set, name);
	char value[2 * CKSNL_ATR_MAX + 1] = "-";

	if (c->has & CKSNL_HAS(f->attr))
		format_field(f, c, value, sizeof(value));
	printf("%-*s ", width, value);
}

static int each_text(const void *obj, void *arg)
{
	const struct cksnl_coupler *c = obj;

	if (!(*(unsigned int *)arg)++)
		printf("%-7s %-10s %-7s %-4s %-6s %-14s %-24s %s\n", "COUPLER", "STATE", "PRESENT",
		       "GEN", "T F/D", "OWNER", "NAME", "ATR");
	column(c, "index", 7);
	column(c, "state", 10);
	column(c, "present", 7);
	column(c, "presence-gen", 4);
	if ((c->has & CKSNL_HAS(CKS_A_COUPLER_F)) && c->f)
		printf("%u %u/%u ", c->protocol, c->f, c->d);
	else
		printf("%-6s ", "-");
	column(c, "owner", 14);
	column(c, "name", 24);
	column(c, "atr", 0);
	putchar('\n');
	return 0;
}

static int each_json(const void *obj, void *arg)
{
	cJSON_AddItemToArray(arg, object_to_json(&cksnl_coupler_set, obj));
	return 0;
}

enum status couplers_command(struct context *ctx, int argc, char **argv)
{
	unsigned int n = 0;
	cJSON *list;

	(void)argc;
	(void)argv;
	if (!ctx->json)
		return cksnl_coupler_dump(ctx->nl, each_text, &n) ?
			call_failed(ctx, "cannot list the couplers") : STATUS_OK;
	list = cJSON_CreateArray();
	if (cksnl_coupler_dump(ctx->nl, each_json, list)) {
		cJSON_Delete(list);
		return call_failed(ctx, "cannot list the couplers");
	}
	return print_json(list, true) ? STATUS_OK : STATUS_FAILURE;
}

static enum status show(struct context *ctx, const struct cksnl_coupler *c)
{
	if (ctx->json)
		return print_json(object_to_json(&cksnl_coupler_set, c), true) ?
			STATUS_OK : STATUS_FAILURE;
	print_object(&cksnl_coupler_set, c, "");
	return STATUS_OK;
}

enum status coupler_show(struct context *ctx, uint32_t index, const char *what)
{
	struct cksnl_coupler c;

	if (cksnl_coupler_get(ctx->nl, index, &c))
		return call_failed(ctx, what);
	return show(ctx, &c);
}

enum status coupler_command(struct context *ctx, int argc, char **argv)
{
	uint32_t index;

	if (!strcmp(argv[0], "new"))
		return coupler_new_command(ctx, argc, argv);
	if (!strcmp(argv[0], "del"))
		return coupler_del_command(ctx, argc, argv);
	if (argc > 1) {
		complain("one coupler at a time");
		return STATUS_USAGE;
	}
	if (!parse_coupler(argv[0], &index))
		return STATUS_USAGE;
	return coupler_show(ctx, index, argv[0]);
}

enum status reset_command(struct context *ctx, int argc, char **argv)
{
	enum cks_reset_kind kind = CKS_RESET_KIND_COLD;
	struct cksnl_coupler c;
	uint32_t index;

	if (!parse_coupler(argv[0], &index))
		return STATUS_USAGE;
	if (argc > 1) {
		if (!strcmp(argv[1], "warm")) {
			kind = CKS_RESET_KIND_WARM;
		} else if (strcmp(argv[1], "cold")) {
			complain("a reset is \"cold\" or \"warm\", not \"%s\"", argv[1]);
			return STATUS_USAGE;
		}
	}
	if (cksnl_coupler_reset(ctx->nl, index, kind, &c))
		return call_failed(ctx, argv[0]);
	return show(ctx, &c);
}

enum status set_command(struct context *ctx, int argc, char **argv)
{
	const uint64_t settings =
		CKSNL_HAS(CKS_A_COUPLER_CLK_HZ) | CKSNL_HAS(CKS_A_COUPLER_UART_CLK) |
		CKSNL_HAS(CKS_A_COUPLER_RST_LINE) | CKSNL_HAS(CKS_A_COUPLER_RST_INVERT) |
		CKSNL_HAS(CKS_A_COUPLER_POWER_LINE) | CKSNL_HAS(CKS_A_COUPLER_POWER_INVERT) |
		CKSNL_HAS(CKS_A_COUPLER_DETECT_LINE) | CKSNL_HAS(CKS_A_COUPLER_DETECT_INVERT) |
		CKSNL_HAS(CKS_A_COUPLER_ECHO) | CKSNL_HAS(CKS_A_COUPLER_POLICY) |
		CKSNL_HAS(CKS_A_COUPLER_PROTOCOL_WANTED) | CKSNL_HAS(CKS_A_COUPLER_NO_PPS) |
		CKSNL_HAS(CKS_A_COUPLER_IFSD);
	struct cksnl_coupler c = { .has = CKSNL_HAS(CKS_A_COUPLER_INDEX) };

	if (!parse_coupler(argv[0], &c.index) ||
	    !parse_pairs(&cksnl_coupler_set, &c, settings, argc - 1, argv + 1))
		return STATUS_USAGE;
	if (cksnl_coupler_change(ctx->nl, &c))
		return call_failed(ctx, argv[0]);
	return STATUS_OK;
}
