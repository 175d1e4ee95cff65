// SPDX-License-Identifier: GPL-2.0-only
/*
 * The netlink family's commands that make couplers and take them away: coupler-new, coupler-del.
 *
 * Process context. The driver decides whether there can be a coupler at the place; here only what
 * holds for every driver is checked.
 */
#include <linux/capability.h>
#include <linux/ctype.h>
#include <net/sock.h>

#include "core.h"
#include "netlink_gen.h"
#include "station.h"

/*
 * It gives a driver registers that nobody has vouched for: that takes what an access to ports
 * takes, besides the right to settings.
 */
static int cks_nl_may_make(struct sk_buff *skb, struct genl_info *info)
{
	if (!net_eq(genl_info_net(info), &init_net)) {
		GENL_SET_ERR_MSG(info, "couplers belong to the initial network namespace");
		return -ENODEV;
	}
	/* As of the rights of its flags: who has opened the socket must have had it too. */
	if (!netlink_capable(skb, CAP_SYS_RAWIO)) {
		GENL_SET_ERR_MSG(info, "making a coupler needs CAP_SYS_RAWIO");
		return -EPERM;
	}
	return 0;
}

/* A number or a bus address cannot be taken for such a name, nor a line of a log be faked by it. */
static bool cks_nl_name_is_good(const char *name)
{
	const char *p;

	if (!isascii(*name) || !isalpha(*name))
		return false;
	for (p = name; *p; p++) {
		if (!isascii(*p) || (!isalnum(*p) && !strchr("._:-/", *p)))
			return false;
	}
	return true;
}

static u32 cks_nl_u32_or(const struct nlattr *attr, u32 otherwise)
{
	return attr ? nla_get_u32(attr) : otherwise;
}

static int cks_nl_parse_place(struct genl_info *info, struct cks_place *place)
{
	struct nlattr **a = info->attrs;

	if (!a[CKS_A_COUPLER_DRIVER] || !a[CKS_A_COUPLER_NAME]) {
		GENL_SET_ERR_MSG(info, "driver or name is missing");
		return -EINVAL;
	}
	/* The policy has seen that they end. */
	place->name = nla_data(a[CKS_A_COUPLER_NAME]);
	if (strlen(place->name) > CKS_NAME_MAX || !cks_nl_name_is_good(place->name)) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[CKS_A_COUPLER_NAME],
				    "a name is a letter, then letters, digits and . _ : - /, at most 63");
		return -EINVAL;
	}
	if (!a[CKS_A_COUPLER_PORT] == !a[CKS_A_COUPLER_ADDRESS]) {
		GENL_SET_ERR_MSG(info, "give a port or a memory address, one of them");
		return -EINVAL;
	}
	if (!a[CKS_A_COUPLER_IRQ]) {
		GENL_SET_ERR_MSG(info, "irq is missing");
		return -EINVAL;
	}
	place->by_port = a[CKS_A_COUPLER_PORT];
	place->port = cks_nl_u32_or(a[CKS_A_COUPLER_PORT], 0);
	if (a[CKS_A_COUPLER_ADDRESS])
		place->address = nla_get_u64(a[CKS_A_COUPLER_ADDRESS]);
	place->irq = nla_get_u32(a[CKS_A_COUPLER_IRQ]);
	place->uart_clk = cks_nl_u32_or(a[CKS_A_COUPLER_UART_CLK], 0);
	if (a[CKS_A_COUPLER_FAMILY])
		place->family = nla_data(a[CKS_A_COUPLER_FAMILY]);
	if (a[CKS_A_COUPLER_REG_SHIFT])
		place->reg_shift = nla_get_u8(a[CKS_A_COUPLER_REG_SHIFT]);
	place->io_width = 1;
	if (a[CKS_A_COUPLER_IO_WIDTH])
		place->io_width = nla_get_u8(a[CKS_A_COUPLER_IO_WIDTH]);
	return 0;
}

int cks_nl_coupler_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct cks_place place = { };
	struct sk_buff *reply;
	void *hdr;
	int ret;

	ret = cks_nl_may_make(skb, info);
	if (!ret)
		ret = cks_nl_parse_place(info, &place);
	if (ret)
		return ret;
	/* The answer is made first: once there is a coupler, its number must be told. */
	reply = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	ret = cks_coupler_make(nla_data(info->attrs[CKS_A_COUPLER_DRIVER]), &place, info->extack);
	if (ret < 0)
		goto free;
	hdr = genlmsg_put_reply(reply, info, &cks_nl_family, 0, CKS_CMD_COUPLER_NEW);
	if (!hdr || nla_put_u32(reply, CKS_A_COUPLER_INDEX, ret) ||
	    nla_put_string(reply, CKS_A_COUPLER_NAME, place.name)) {
		ret = -EMSGSIZE;
		goto free;
	}
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);

free:
	nlmsg_free(reply);
	return ret;
}

int cks_nl_coupler_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *index = info->attrs[CKS_A_COUPLER_INDEX];
	struct nlattr *name = info->attrs[CKS_A_COUPLER_NAME];
	struct cks_coupler *c;
	int err;

	err = cks_nl_may_make(skb, info);
	if (err)
		return err;
	if (!index == !name) {
		GENL_SET_ERR_MSG(info, "give the coupler's index or its name, one of them");
		return -EINVAL;
	}
	if (name)
		return cks_coupler_unmake(nla_data(name), info->extack);
	c = cks_coupler_get(nla_get_u32(index));
	if (!c) {
		NL_SET_ERR_MSG_ATTR(info->extack, index, "no coupler has this index");
		return -ENODEV;
	}
	err = cks_coupler_unmake(c->name, info->extack);
	cks_coupler_put(c);
	return err;
}
