// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command about the station: show it, or set where it listens.
 */
#include <string.h>

#include "cksctl.h"

/*
 * Only what an operator may change. Identity and journal numbers are the control unit's, which
 * has them in its journal.
 */
static enum status set(struct context *ctx, int argc, char **argv)
{
	const uint64_t settings =
		CKSNL_HAS(CKS_A_STATION_ADDRESS) | CKSNL_HAS(CKS_A_STATION_CONTROL_PORT) |
		CKSNL_HAS(CKS_A_STATION_CHANNEL_PORT) | CKSNL_HAS(CKS_A_STATION_LISTEN) |
		CKSNL_HAS(CKS_A_STATION_PLAINTEXT_OK) | CKSNL_HAS(CKS_A_STATION_UUID) |
		CKSNL_HAS(CKS_A_STATION_DEADLINE_RESET) | CKSNL_HAS(CKS_A_STATION_DEADLINE_OPEN) |
		CKSNL_HAS(CKS_A_STATION_DEADLINE_IDLE) | CKSNL_HAS(CKS_A_STATION_DEADLINE_COMMAND) |
		CKSNL_HAS(CKS_A_STATION_DEADLINE_REOPEN) |
		CKSNL_HAS(CKS_A_STATION_DEADLINE_RESULT) |
		CKSNL_HAS(CKS_A_STATION_DEADLINE_GREETING) |
		CKSNL_HAS(CKS_A_STATION_PING_INTERVAL) | CKSNL_HAS(CKS_A_STATION_CONNECTIONS_MAX) |
		CKSNL_HAS(CKS_A_STATION_BACKLOG) | CKSNL_HAS(CKS_A_STATION_REQUESTS_MAX) |
		CKSNL_HAS(CKS_A_STATION_DISPOSITIONS_MAX) |
		CKSNL_HAS(CKS_A_STATION_HOLD) | CKSNL_HAS(CKS_A_STATION_STOP_LANE) |
		CKSNL_HAS(CKS_A_STATION_START_LANE) |
		CKSNL_HAS(CKS_A_STATION_GIVE_LANE) | CKSNL_HAS(CKS_A_STATION_NETNS_FD) |
		CKSNL_HAS(CKS_A_STATION_VPCD_PORT) | CKSNL_HAS(CKS_A_STATION_VPCD_LANE) |
		CKSNL_HAS(CKS_A_STATION_VPCD_OFF_LANE);
	struct cksnl_station st = { .has = 0 };

	if (!argc) {
		complain("station set needs a key and a value");
		return STATUS_USAGE;
	}
	if (!parse_pairs(&cksnl_station_set, &st, settings, argc, argv))
		return STATUS_USAGE;
	if (cksnl_station_change(ctx->nl, &st))
		return call_failed(ctx, "cannot set the station up");
	return STATUS_OK;
}

enum status station_command(struct context *ctx, int argc, char **argv)
{
	struct cksnl_station st;

	if (argc && !strcmp(argv[0], "set"))
		return set(ctx, argc - 1, argv + 1);
	if (argc) {
		complain("\"station\" or \"station set KEY VALUE...\", not \"%s\"", argv[0]);
		return STATUS_USAGE;
	}
	if (cksnl_station_get(ctx->nl, &st))
		return call_failed(ctx, "cannot show the station");
	if (ctx->json)
		return print_json(object_to_json(&cksnl_station_set, &st), true) ?
			STATUS_OK : STATUS_FAILURE;
	print_object(&cksnl_station_set, &st, "");
	return STATUS_OK;
}
