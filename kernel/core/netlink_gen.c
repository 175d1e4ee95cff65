// SPDX-License-Identifier: GPL-2.0-only
/* Do not edit directly, auto-generated from: */
/*	docs/netlink/cks.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink_gen.h"

#include <uapi/linux/cks_netlink.h>

/* CKS_CMD_COUPLER_GET - do */
static const struct nla_policy cks_coupler_get_nl_policy[CKS_A_COUPLER_INDEX + 1] = {
	[CKS_A_COUPLER_INDEX] = { .type = NLA_U32, },
};

/* CKS_CMD_COUPLER_SET - do */
static const struct nla_policy cks_coupler_set_nl_policy[CKS_A_COUPLER_IFSD + 1] = {
	[CKS_A_COUPLER_INDEX] = { .type = NLA_U32, },
	[CKS_A_COUPLER_CLK_HZ] = { .type = NLA_U32, },
	[CKS_A_COUPLER_UART_CLK] = { .type = NLA_U32, },
	[CKS_A_COUPLER_RST_LINE] = NLA_POLICY_MAX(NLA_U32, 5),
	[CKS_A_COUPLER_RST_INVERT] = NLA_POLICY_MAX(NLA_U8, 1),
	[CKS_A_COUPLER_POWER_LINE] = NLA_POLICY_MAX(NLA_U32, 5),
	[CKS_A_COUPLER_POWER_INVERT] = NLA_POLICY_MAX(NLA_U8, 1),
	[CKS_A_COUPLER_DETECT_LINE] = NLA_POLICY_MAX(NLA_U32, 5),
	[CKS_A_COUPLER_DETECT_INVERT] = NLA_POLICY_MAX(NLA_U8, 1),
	[CKS_A_COUPLER_ECHO] = NLA_POLICY_MAX(NLA_U8, 1),
	[CKS_A_COUPLER_POLICY] = NLA_POLICY_MAX(NLA_U32, 2),
	[CKS_A_COUPLER_PROTOCOL_WANTED] = { .type = NLA_U8, },
	[CKS_A_COUPLER_NO_PPS] = NLA_POLICY_MAX(NLA_U8, 1),
	[CKS_A_COUPLER_IFSD] = NLA_POLICY_MAX(NLA_U8, 254),
};

/* CKS_CMD_COUPLER_RESET - do */
static const struct nla_policy cks_coupler_reset_nl_policy[CKS_A_COUPLER_RESET_KIND + 1] = {
	[CKS_A_COUPLER_INDEX] = { .type = NLA_U32, },
	[CKS_A_COUPLER_RESET_KIND] = NLA_POLICY_MAX(NLA_U32, 1),
};

/* CKS_CMD_STATION_SET - do */
static const struct nla_policy cks_station_set_nl_policy[CKS_A_STATION_VPCD_OFF_LANE + 1] = {
	[CKS_A_STATION_UUID] = NLA_POLICY_EXACT_LEN(16),
	[CKS_A_STATION_ADDRESS] = { .type = NLA_NUL_STRING, .len = 45, },
	[CKS_A_STATION_CONTROL_PORT] = { .type = NLA_U16, },
	[CKS_A_STATION_CHANNEL_PORT] = { .type = NLA_U16, },
	[CKS_A_STATION_LISTEN] = NLA_POLICY_MAX(NLA_U8, 1),
	[CKS_A_STATION_LEASE_EPOCH] = { .type = NLA_U64, },
	[CKS_A_STATION_JOURNAL_EPOCH] = { .type = NLA_U64, },
	[CKS_A_STATION_LAST_DISPOSITION] = { .type = NLA_U64, },
	[CKS_A_STATION_ACKED_DISPOSITION] = { .type = NLA_U64, },
	[CKS_A_STATION_PLAINTEXT_OK] = NLA_POLICY_MAX(NLA_U8, 1),
	[CKS_A_STATION_DEADLINE_RESET] = { .type = NLA_U32, },
	[CKS_A_STATION_DEADLINE_OPEN] = { .type = NLA_U32, },
	[CKS_A_STATION_DEADLINE_IDLE] = { .type = NLA_U32, },
	[CKS_A_STATION_DEADLINE_COMMAND] = { .type = NLA_U32, },
	[CKS_A_STATION_DEADLINE_REOPEN] = { .type = NLA_U32, },
	[CKS_A_STATION_DEADLINE_RESULT] = { .type = NLA_U32, },
	[CKS_A_STATION_DEADLINE_GREETING] = { .type = NLA_U32, },
	[CKS_A_STATION_PING_INTERVAL] = { .type = NLA_U32, },
	[CKS_A_STATION_CONNECTIONS_MAX] = { .type = NLA_U32, },
	[CKS_A_STATION_BACKLOG] = { .type = NLA_U32, },
	[CKS_A_STATION_REQUESTS_MAX] = { .type = NLA_U32, },
	[CKS_A_STATION_DISPOSITIONS_MAX] = { .type = NLA_U32, },
	[CKS_A_STATION_HOLD] = NLA_POLICY_MAX(NLA_U8, 1),
	[CKS_A_STATION_STOP_LANE] = { .type = NLA_U32, },
	[CKS_A_STATION_START_LANE] = { .type = NLA_U32, },
	[CKS_A_STATION_GIVE_LANE] = { .type = NLA_U32, },
	[CKS_A_STATION_NETNS_FD] = { .type = NLA_U32, },
	[CKS_A_STATION_VPCD_PORT] = { .type = NLA_U16, },
	[CKS_A_STATION_VPCD_LANE] = { .type = NLA_U32, },
	[CKS_A_STATION_VPCD_OFF_LANE] = { .type = NLA_U32, },
};

/* CKS_CMD_SESSION_GET - do */
static const struct nla_policy cks_session_get_nl_policy[CKS_A_SESSION_REQUEST + 1] = {
	[CKS_A_SESSION_REQUEST] = { .type = NLA_U64, },
};

/* CKS_CMD_REQUEST_NEW - do */
static const struct nla_policy cks_request_new_nl_policy[CKS_A_SESSION_CARD_REFERENCE + 1] = {
	[CKS_A_SESSION_COUPLER] = { .type = NLA_U32, },
	[CKS_A_SESSION_PRESENCE_GEN] = { .type = NLA_U32, },
	[CKS_A_SESSION_APPLICATION] = { .type = NLA_NUL_STRING, .len = 63, },
	[CKS_A_SESSION_PARAMETERS] = { .type = NLA_BINARY, },
	[CKS_A_SESSION_CARD_REFERENCE] = { .type = NLA_NUL_STRING, .len = 63, },
};

/* CKS_CMD_REQUEST_CANCEL - do */
static const struct nla_policy cks_request_cancel_nl_policy[CKS_A_SESSION_REASON + 1] = {
	[CKS_A_SESSION_REQUEST] = { .type = NLA_U64, },
	[CKS_A_SESSION_REASON] = { .type = NLA_NUL_STRING, .len = 127, },
};

/* CKS_CMD_DISPOSITION_NEW - do */
static const struct nla_policy cks_disposition_new_nl_policy[CKS_A_SESSION_BOOT_ID + 1] = {
	[CKS_A_SESSION_REQUEST] = { .type = NLA_U64, },
	[CKS_A_SESSION_BOOT_ID] = NLA_POLICY_EXACT_LEN(16),
	[CKS_A_SESSION_COUPLER] = { .type = NLA_U32, },
	[CKS_A_SESSION_PRESENCE_GEN] = { .type = NLA_U32, },
	[CKS_A_SESSION_RESULT_ID] = { .type = NLA_U64, },
	[CKS_A_SESSION_DISPOSITION] = NLA_POLICY_MAX(NLA_U32, 4),
	[CKS_A_SESSION_DISPOSITION_NUMBER] = { .type = NLA_U64, },
	[CKS_A_SESSION_EVIDENCE] = { .type = NLA_NUL_STRING, .len = 127, },
};

/* CKS_CMD_PROMPT_ANSWER - do */
static const struct nla_policy cks_prompt_answer_nl_policy[CKS_A_SESSION_ENTRY + 1] = {
	[CKS_A_SESSION_REQUEST] = { .type = NLA_U64, },
	[CKS_A_SESSION_PROMPT] = { .type = NLA_U32, },
	[CKS_A_SESSION_ANSWER] = NLA_POLICY_MAX(NLA_U32, 2),
	[CKS_A_SESSION_ENTRY] = { .type = NLA_BINARY, },
};

/* CKS_CMD_COUPLER_NEW - do */
static const struct nla_policy cks_coupler_new_nl_policy[CKS_A_COUPLER_IO_WIDTH + 1] = {
	[CKS_A_COUPLER_DRIVER] = { .type = NLA_NUL_STRING, .len = 63, },
	[CKS_A_COUPLER_NAME] = { .type = NLA_NUL_STRING, .len = 63, },
	[CKS_A_COUPLER_PORT] = { .type = NLA_U32, },
	[CKS_A_COUPLER_ADDRESS] = { .type = NLA_U64, },
	[CKS_A_COUPLER_IRQ] = { .type = NLA_U32, },
	[CKS_A_COUPLER_UART_CLK] = { .type = NLA_U32, },
	[CKS_A_COUPLER_FAMILY] = { .type = NLA_NUL_STRING, .len = 15, },
	[CKS_A_COUPLER_REG_SHIFT] = NLA_POLICY_MAX(NLA_U8, 3),
	[CKS_A_COUPLER_IO_WIDTH] = NLA_POLICY_MAX(NLA_U8, 4),
};

/* CKS_CMD_COUPLER_DEL - do */
static const struct nla_policy cks_coupler_del_nl_policy[CKS_A_COUPLER_NAME + 1] = {
	[CKS_A_COUPLER_INDEX] = { .type = NLA_U32, },
	[CKS_A_COUPLER_NAME] = { .type = NLA_NUL_STRING, .len = 63, },
};

/* Ops table for cks */
static const struct genl_split_ops cks_nl_ops[] = {
	{
		.cmd		= CKS_CMD_COUPLER_GET,
		.doit		= cks_nl_coupler_get_doit,
		.policy		= cks_coupler_get_nl_policy,
		.maxattr	= CKS_A_COUPLER_INDEX,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= CKS_CMD_COUPLER_GET,
		.dumpit	= cks_nl_coupler_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= CKS_CMD_COUPLER_SET,
		.doit		= cks_nl_coupler_set_doit,
		.policy		= cks_coupler_set_nl_policy,
		.maxattr	= CKS_A_COUPLER_IFSD,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= CKS_CMD_COUPLER_RESET,
		.doit		= cks_nl_coupler_reset_doit,
		.policy		= cks_coupler_reset_nl_policy,
		.maxattr	= CKS_A_COUPLER_RESET_KIND,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd	= CKS_CMD_STATION_GET,
		.doit	= cks_nl_station_get_doit,
		.flags	= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= CKS_CMD_STATION_SET,
		.doit		= cks_nl_station_set_doit,
		.policy		= cks_station_set_nl_policy,
		.maxattr	= CKS_A_STATION_VPCD_OFF_LANE,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= CKS_CMD_SESSION_GET,
		.doit		= cks_nl_session_get_doit,
		.policy		= cks_session_get_nl_policy,
		.maxattr	= CKS_A_SESSION_REQUEST,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= CKS_CMD_SESSION_GET,
		.dumpit	= cks_nl_session_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= CKS_CMD_REQUEST_NEW,
		.doit		= cks_nl_request_new_doit,
		.policy		= cks_request_new_nl_policy,
		.maxattr	= CKS_A_SESSION_CARD_REFERENCE,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= CKS_CMD_REQUEST_CANCEL,
		.doit		= cks_nl_request_cancel_doit,
		.policy		= cks_request_cancel_nl_policy,
		.maxattr	= CKS_A_SESSION_REASON,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= CKS_CMD_DISPOSITION_NEW,
		.doit		= cks_nl_disposition_new_doit,
		.policy		= cks_disposition_new_nl_policy,
		.maxattr	= CKS_A_SESSION_BOOT_ID,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= CKS_CMD_PROMPT_ANSWER,
		.doit		= cks_nl_prompt_answer_doit,
		.policy		= cks_prompt_answer_nl_policy,
		.maxattr	= CKS_A_SESSION_ENTRY,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= CKS_CMD_COUPLER_NEW,
		.doit		= cks_nl_coupler_new_doit,
		.policy		= cks_coupler_new_nl_policy,
		.maxattr	= CKS_A_COUPLER_IO_WIDTH,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= CKS_CMD_COUPLER_DEL,
		.doit		= cks_nl_coupler_del_doit,
		.policy		= cks_coupler_del_nl_policy,
		.maxattr	= CKS_A_COUPLER_NAME,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
};

static const struct genl_multicast_group cks_nl_mcgrps[] = {
	[CKS_NLGRP_CARD] = { "card", },
	[CKS_NLGRP_REQUEST] = { "request", },
	[CKS_NLGRP_RESULT] = { "result", },
	[CKS_NLGRP_FAULT] = { "fault", },
};

struct genl_family cks_nl_family __ro_after_init = {
	.name		= CKS_FAMILY_NAME,
	.version	= CKS_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.split_ops	= cks_nl_ops,
	.n_split_ops	= ARRAY_SIZE(cks_nl_ops),
	.mcgrps		= cks_nl_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(cks_nl_mcgrps),
};
