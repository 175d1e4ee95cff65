// SPDX-License-Identifier: GPL-2.0-only
/*
 * The netlink family's commands about station, requests and dispositions: handed to the router.
 *
 * cks_station_sem is held for reading during a call of the router's, so that
 * cks_station_unregister() returns only when none is running.
 */
#include <linux/export.h>
#include <linux/rwsem.h>

#include "netlink_gen.h"
#include "station.h"

#define CKS_PARAMETERS_MAX	1024

static DECLARE_RWSEM(cks_station_sem);
static const struct cks_station_ops *cks_station;

EXPORT_SYMBOL_GPL(cks_nl_family);

int cks_station_register(const struct cks_station_ops *ops)
{
	int err = 0;

	down_write(&cks_station_sem);
	if (cks_station)
		err = -EBUSY;
	else
		cks_station = ops;
	up_write(&cks_station_sem);
	return err;
}
EXPORT_SYMBOL_GPL(cks_station_register);

void cks_station_unregister(const struct cks_station_ops *ops)
{
	down_write(&cks_station_sem);
	if (cks_station == ops)
		cks_station = NULL;
	up_write(&cks_station_sem);
}
EXPORT_SYMBOL_GPL(cks_station_unregister);

/* NULL when there is no router; otherwise cks_station_end() must follow. */
static const struct cks_station_ops *cks_station_begin(struct netlink_ext_ack *extack)
{
	down_read(&cks_station_sem);
	if (cks_station)
		return cks_station;
	up_read(&cks_station_sem);
	NL_SET_ERR_MSG(extack, "cks_router is not loaded");
	return NULL;
}

static int cks_station_end(int ret)
{
	up_read(&cks_station_sem);
	return ret;
}

int cks_nl_station_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct cks_station_ops *ops = cks_station_begin(info->extack);

	return ops ? cks_station_end(ops->station_get(skb, info)) : -EOPNOTSUPP;
}

int cks_nl_station_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct cks_station_ops *ops = cks_station_begin(info->extack);

	return ops ? cks_station_end(ops->station_set(skb, info)) : -EOPNOTSUPP;
}

int cks_nl_session_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct cks_station_ops *ops = cks_station_begin(info->extack);

	return ops ? cks_station_end(ops->session_get(skb, info)) : -EOPNOTSUPP;
}

int cks_nl_session_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct cks_station_ops *ops = cks_station_begin(cb->extack);

	return ops ? cks_station_end(ops->session_dump(skb, cb)) : -EOPNOTSUPP;
}

int cks_nl_request_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct cks_station_ops *ops = cks_station_begin(info->extack);
	struct nlattr *parameters = info->attrs[CKS_A_SESSION_PARAMETERS];

	if (!ops)
		return -EOPNOTSUPP;
	/* The policies' generator has no upper limit for binary attributes. */
	if (parameters && nla_len(parameters) > CKS_PARAMETERS_MAX) {
		NL_SET_ERR_MSG_ATTR(info->extack, parameters,
				    "parameters are longer than 1024 bytes");
		return cks_station_end(-EINVAL);
	}
	return cks_station_end(ops->request_new(skb, info));
}

int cks_nl_request_cancel_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct cks_station_ops *ops = cks_station_begin(info->extack);

	return ops ? cks_station_end(ops->request_cancel(skb, info)) : -EOPNOTSUPP;
}

int cks_nl_disposition_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct cks_station_ops *ops = cks_station_begin(info->extack);

	return ops ? cks_station_end(ops->disposition_new(skb, info)) : -EOPNOTSUPP;
}

int cks_nl_prompt_answer_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct cks_station_ops *ops = cks_station_begin(info->extack);

	return ops ? cks_station_end(ops->prompt_answer(skb, info)) : -EOPNOTSUPP;
}
