/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The seam between the netlink family, which is the core's, and the router, which carries out
 * the commands about station, requests and dispositions while it is loaded.
 */
#ifndef CKS_STATION_H
#define CKS_STATION_H

#include <net/genetlink.h>

/**
 * struct cks_station_ops - the router's half of the netlink family
 *
 * The functions are called as generic netlink calls its own, in process context; they answer by
 * a message of their own. cks_station_unregister() waits for calls that are running.
 */
struct cks_station_ops {
	struct module *owner;
	int (*station_get)(struct sk_buff *skb, struct genl_info *info);
	int (*station_set)(struct sk_buff *skb, struct genl_info *info);
	int (*session_get)(struct sk_buff *skb, struct genl_info *info);
	int (*session_dump)(struct sk_buff *skb, struct netlink_callback *cb);
	int (*request_new)(struct sk_buff *skb, struct genl_info *info);
	int (*request_cancel)(struct sk_buff *skb, struct genl_info *info);
	int (*disposition_new)(struct sk_buff *skb, struct genl_info *info);
	int (*prompt_answer)(struct sk_buff *skb, struct genl_info *info);
};

/* Context: process. -EBUSY if there is a router already. */
int cks_station_register(const struct cks_station_ops *ops);
void cks_station_unregister(const struct cks_station_ops *ops);

/* The family, for building replies and events of the station's commands. */
extern struct genl_family cks_nl_family;

#endif
