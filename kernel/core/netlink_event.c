// SPDX-License-Identifier: GPL-2.0-only
/*
 * Multicast events about couplers and cards. Nobody may rely on getting them all: what they say
 * can also be asked for by coupler-get. They go to the initial network namespace, and to that which
 * the coupler belongs to.
 *
 * Process context, may sleep.
 */
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#include "core.h"
#include "netlink_gen.h"

static struct sk_buff *cks_nl_event(u8 cmd, void **ret_hdr)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);

	if (!skb)
		return NULL;
	*ret_hdr = genlmsg_put(skb, 0, 0, &cks_nl_family, 0, cmd);
	if (*ret_hdr)
		return skb;
	nlmsg_free(skb);
	return NULL;
}

/* That nobody listens is no error. */
static void cks_nl_send(struct cks_coupler *c, struct sk_buff *skb, void *hdr, unsigned int group)
{
	struct net *net = cks_net_other(c->index);
	struct sk_buff *copy;

	genlmsg_end(skb, hdr);
	if (net) {
		copy = skb_clone(skb, GFP_KERNEL);
		if (copy)
			genlmsg_multicast_netns(&cks_nl_family, net, copy, 0, group, GFP_KERNEL);
		put_net(net);
	}
	genlmsg_multicast(&cks_nl_family, skb, 0, group, GFP_KERNEL);
}

static struct sk_buff *cks_nl_coupler_message(struct cks_coupler *c, bool gone, void **ret_hdr)
{
	struct sk_buff *skb = cks_nl_event(CKS_CMD_COUPLER_NTF, ret_hdr);

	if (!skb || !cks_nl_put_coupler(skb, c, gone))
		return skb;
	nlmsg_free(skb);
	return NULL;
}

/* A coupler was added or changed, or is @gone. */
void cks_nl_coupler_event(struct cks_coupler *c, bool gone)
{
	struct sk_buff *skb;
	void *hdr;

	skb = cks_nl_coupler_message(c, gone, &hdr);
	if (skb)
		cks_nl_send(c, skb, hdr, CKS_NLGRP_CARD);
}

/* For those in @net it is as good as added, or, given @away, gone. */
void cks_nl_coupler_moved(struct cks_coupler *c, struct net *net, bool away)
{
	struct sk_buff *skb;
	void *hdr;

	skb = cks_nl_coupler_message(c, away, &hdr);
	if (!skb)
		return;
	genlmsg_end(skb, hdr);
	genlmsg_multicast_netns(&cks_nl_family, net, skb, 0, CKS_NLGRP_CARD, GFP_KERNEL);
}

/* A card was put in or taken out. */
void cks_nl_card_event(struct cks_coupler *c, bool present, u32 presence_gen, u32 power_gen)
{
	struct sk_buff *skb;
	void *hdr;

	skb = cks_nl_event(CKS_CMD_CARD_NTF, &hdr);
	if (!skb)
		return;
	if (nla_put_u32(skb, CKS_A_COUPLER_INDEX, c->index) ||
	    nla_put_u8(skb, CKS_A_COUPLER_PRESENT, present) ||
	    nla_put_u32(skb, CKS_A_COUPLER_PRESENCE_GEN, presence_gen) ||
	    nla_put_u32(skb, CKS_A_COUPLER_POWER_GEN, power_gen))
		nlmsg_free(skb);
	else
		cks_nl_send(c, skb, hdr, CKS_NLGRP_CARD);
}

/* A reset or an exchange failed. */
void cks_nl_fault_event(struct cks_coupler *c, enum iso7816_err err, u32 presence_gen)
{
	struct sk_buff *skb;
	void *hdr;

	skb = cks_nl_event(CKS_CMD_FAULT_NTF, &hdr);
	if (!skb)
		return;
	if (nla_put_u32(skb, CKS_A_COUPLER_INDEX, c->index) ||
	    nla_put_string(skb, CKS_A_COUPLER_LAST_ERROR, iso7816_strerror(err)) ||
	    nla_put_u32(skb, CKS_A_COUPLER_PRESENCE_GEN, presence_gen))
		nlmsg_free(skb);
	else
		cks_nl_send(c, skb, hdr, CKS_NLGRP_FAULT);
}
