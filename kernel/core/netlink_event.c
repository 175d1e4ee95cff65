// SPDX-License-Identifier: GPL-2.0-only
/*
 * Multicast events about couplers and cards. Nobody may rely on getting them all: what they say
 * can also be asked for by coupler-get.
 *
 * Process context, may sleep. Couplers belong to the initial network namespace, and so do these.
 */
#include <linux/slab.h>

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

static void cks_nl_send(struct sk_buff *skb, void *hdr, unsigned int group)
{
	genlmsg_end(skb, hdr);
	/* -ESRCH when nobody listens is no error. */
	genlmsg_multicast(&cks_nl_family, skb, 0, group, GFP_KERNEL);
}

/* A coupler was added or changed, or is @gone. */
void cks_nl_coupler_event(struct cks_coupler *c, bool gone)
{
	struct sk_buff *skb;
	void *hdr;

	skb = cks_nl_event(CKS_CMD_COUPLER_NTF, &hdr);
	if (!skb)
		return;
	if (cks_nl_put_coupler(skb, c, gone))
		nlmsg_free(skb);
	else
		cks_nl_send(skb, hdr, CKS_NLGRP_CARD);
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
		cks_nl_send(skb, hdr, CKS_NLGRP_CARD);
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
		cks_nl_send(skb, hdr, CKS_NLGRP_FAULT);
}
