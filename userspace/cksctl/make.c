// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands that make a coupler of a UART that no bus tells of, and take it away: coupler new, del.
 */
#include <stdio.h>
#include <string.h>

#include "cksctl.h"

#define DRIVER	"cks_uart"

enum status coupler_new_command(struct context *ctx, int argc, char **argv)
{
	const uint64_t keys =
		CKSNL_HAS(CKS_A_COUPLER_DRIVER) | CKSNL_HAS(CKS_A_COUPLER_PORT) |
		CKSNL_HAS(CKS_A_COUPLER_ADDRESS) | CKSNL_HAS(CKS_A_COUPLER_IRQ) |
		CKSNL_HAS(CKS_A_COUPLER_UART_CLK) | CKSNL_HAS(CKS_A_COUPLER_FAMILY) |
		CKSNL_HAS(CKS_A_COUPLER_REG_SHIFT) | CKSNL_HAS(CKS_A_COUPLER_IO_WIDTH);
	struct cksnl_coupler c = {
		.has = CKSNL_HAS(CKS_A_COUPLER_NAME) | CKSNL_HAS(CKS_A_COUPLER_DRIVER),
		.driver = DRIVER,
	};
	struct cksnl_coupler made;

	if (argc < 4) {
		fputs("Usage: cksctl coupler new NAME KEY VALUE...\n", stderr);
		return STATUS_USAGE;
	}
	if (strlen(argv[1]) > CKSNL_NAME_MAX) {
		complain("a name has at most %d characters", CKSNL_NAME_MAX);
		return STATUS_USAGE;
	}
	memcpy(c.name, argv[1], strlen(argv[1]) + 1);
	if (!parse_pairs(&cksnl_coupler_set, &c, keys, argc - 2, argv + 2))
		return STATUS_USAGE;
	if (cksnl_coupler_new(ctx->nl, &c, &made))
		return call_failed(ctx, argv[1]);
	return coupler_show(ctx, made.index, argv[1]);
}

/* A number in the ways that parse_coupler() knows; else it is a name. */
static bool is_number(const char *text)
{
	const char *digits = text;

	if (!strncmp(text, "/dev/", 5))
		return true;
	if (!strncmp(text, "coupler", 7))
		digits += 7;
	return *digits && digits[strspn(digits, "0123456789")] == 0;
}

enum status coupler_del_command(struct context *ctx, int argc, char **argv)
{
	struct cksnl_coupler c = { .has = 0 };

	if (argc != 2) {
		fputs("Usage: cksctl coupler del N|NAME\n", stderr);
		return STATUS_USAGE;
	}
	if (is_number(argv[1])) {
		if (!parse_coupler(argv[1], &c.index))
			return STATUS_USAGE;
		c.has = CKSNL_HAS(CKS_A_COUPLER_INDEX);
	} else if (strlen(argv[1]) <= CKSNL_NAME_MAX) {
		memcpy(c.name, argv[1], strlen(argv[1]) + 1);
		c.has = CKSNL_HAS(CKS_A_COUPLER_NAME);
	} else {
		complain("a name has at most %d characters", CKSNL_NAME_MAX);
		return STATUS_USAGE;
	}
	if (cksnl_coupler_del(ctx->nl, &c))
		return call_failed(ctx, argv[1]);
	return STATUS_OK;
}
