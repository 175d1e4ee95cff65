/* SPDX-License-Identifier: GPL-2.0-only */
/* Do not edit directly, auto-generated from: */
/*	docs/netlink/cks.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_CKS_GEN_H
#define _LINUX_CKS_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/cks_netlink.h>

int cks_nl_coupler_get_doit(struct sk_buff *skb, struct genl_info *info);
int cks_nl_coupler_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int cks_nl_coupler_set_doit(struct sk_buff *skb, struct genl_info *info);
int cks_nl_coupler_reset_doit(struct sk_buff *skb, struct genl_info *info);
int cks_nl_station_get_doit(struct sk_buff *skb, struct genl_info *info);
int cks_nl_station_set_doit(struct sk_buff *skb, struct genl_info *info);
int cks_nl_session_get_doit(struct sk_buff *skb, struct genl_info *info);
int cks_nl_session_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int cks_nl_request_new_doit(struct sk_buff *skb, struct genl_info *info);
int cks_nl_request_cancel_doit(struct sk_buff *skb, struct genl_info *info);
int cks_nl_disposition_new_doit(struct sk_buff *skb, struct genl_info *info);
int cks_nl_prompt_answer_doit(struct sk_buff *skb, struct genl_info *info);
int cks_nl_coupler_new_doit(struct sk_buff *skb, struct genl_info *info);
int cks_nl_coupler_del_doit(struct sk_buff *skb, struct genl_info *info);

enum {
	CKS_NLGRP_CARD,
	CKS_NLGRP_REQUEST,
	CKS_NLGRP_RESULT,
	CKS_NLGRP_FAULT,
};

extern struct genl_family cks_nl_family;

#endif /* _LINUX_CKS_GEN_H */
