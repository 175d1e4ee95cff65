// SPDX-License-Identifier: GPL-2.0-only
/*
 * The netlink family's commands about couplers: parse, look up, call the core, answer.
 *
 * Process context; the family runs its commands in parallel, so nothing here relies on
 * genl_lock(). A coupler is shown in the initial network namespace and in that which it belongs to,
 * but its hardware is set in the initial one alone.
 */
#include <linux/completion.h>
#include <net/sock.h>

#include "core.h"
#include "netlink_gen.h"

/* The coupler of a request, with a reference, or ERR_PTR() and a reason in the extack. */
static struct cks_coupler *cks_nl_coupler(struct genl_info *info)
{
	struct cks_coupler *c;

	if (GENL_REQ_ATTR_CHECK(info, CKS_A_COUPLER_INDEX)) {
		GENL_SET_ERR_MSG(info, "index of the coupler is missing");
		return ERR_PTR(-EINVAL);
	}
	c = cks_coupler_get(nla_get_u32(info->attrs[CKS_A_COUPLER_INDEX]));
	if (c && !cks_net_sees(genl_info_net(info), c->index)) {
		cks_coupler_put(c);
		c = NULL;
	}
	if (!c) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[CKS_A_COUPLER_INDEX],
				    "no coupler has this index");
		return ERR_PTR(-ENODEV);
	}
	return c;
}

/* The same, to do something to the hardware. */
static struct cks_coupler *cks_nl_hardware(struct genl_info *info)
{
	if (net_eq(genl_info_net(info), &init_net))
		return cks_nl_coupler(info);
	GENL_SET_ERR_MSG(info, "couplers are set and reset in the initial network namespace");
	return ERR_PTR(-ENODEV);
}

static int cks_nl_put_u64(struct sk_buff *skb, int type, u64 value)
{
	return nla_put_u64_64bit(skb, type, value, CKS_A_COUPLER_PAD);
}

static int cks_nl_put_owner(struct sk_buff *skb, struct cks_coupler *c)
{
	char name[32] = "";

	raw_spin_lock_irq(&c->lock);
	if (c->owner)
		strscpy(name, c->owner->name, sizeof(name));
	raw_spin_unlock_irq(&c->lock);
	return *name ? nla_put_string(skb, CKS_A_COUPLER_OWNER, name) : 0;
}

/* A driver may know neither. */
static int cks_nl_put_hardware(struct sk_buff *skb, const struct cks_coupler *c)
{
	if (*c->family && nla_put_string(skb, CKS_A_COUPLER_FAMILY, c->family))
		return -EMSGSIZE;
	return c->fifo ? nla_put_u32(skb, CKS_A_COUPLER_FIFO, c->fifo) : 0;
}

static int cks_nl_put_line(struct sk_buff *skb, const struct iso7816_line *line)
{
	if (!line->f)
		return 0;
	return nla_put_u32(skb, CKS_A_COUPLER_F, line->f) ||
	       nla_put_u32(skb, CKS_A_COUPLER_D, line->d) ||
	       nla_put_u8(skb, CKS_A_COUPLER_PROTOCOL, line->t) ? -EMSGSIZE : 0;
}

static int cks_nl_put_status(struct sk_buff *skb, const struct cks_coupler_status *s)
{
	if (nla_put_u32(skb, CKS_A_COUPLER_STATE, s->state) ||
	    nla_put_u8(skb, CKS_A_COUPLER_PRESENT, s->present) ||
	    nla_put_u32(skb, CKS_A_COUPLER_PRESENCE_GEN, s->presence_gen) ||
	    nla_put_u32(skb, CKS_A_COUPLER_POWER_GEN, s->power_gen) ||
	    nla_put_u32(skb, CKS_A_COUPLER_CAPABILITIES, s->capabilities) ||
	    cks_nl_put_u64(skb, CKS_A_COUPLER_CHARS_RX, s->chars_rx) ||
	    cks_nl_put_u64(skb, CKS_A_COUPLER_CHARS_TX, s->chars_tx) ||
	    cks_nl_put_u64(skb, CKS_A_COUPLER_EXCHANGES, s->exchanges) ||
	    cks_nl_put_u64(skb, CKS_A_COUPLER_CHAR_ERRORS, s->char_errors) ||
	    cks_nl_put_u64(skb, CKS_A_COUPLER_CHARS_REFUSED, s->chars_refused) ||
	    cks_nl_put_u64(skb, CKS_A_COUPLER_CHARS_REPEATED, s->chars_repeated))
		return -EMSGSIZE;
	if (s->atr.len && nla_put(skb, CKS_A_COUPLER_ATR, s->atr.len, s->atr.raw))
		return -EMSGSIZE;
	if (s->last_error &&
	    nla_put_string(skb, CKS_A_COUPLER_LAST_ERROR, iso7816_strerror(s->last_error)))
		return -EMSGSIZE;
	return cks_nl_put_line(skb, &s->line);
}

static int cks_nl_put_cost(struct sk_buff *skb, struct cks_coupler *c, int attr, enum cks_cost what)
{
	u32 millietu;

	return cks_coupler_mean_cost(c, what, &millietu) ? nla_put_u32(skb, attr, millietu) : 0;
}

static int cks_nl_put_settings(struct sk_buff *skb, const struct cks_settings *s)
{
	return nla_put_u32(skb, CKS_A_COUPLER_CLK_HZ, s->clk_hz) ||
	       nla_put_u32(skb, CKS_A_COUPLER_UART_CLK, s->uart_clk) ||
	       nla_put_u32(skb, CKS_A_COUPLER_RST_LINE, s->rst_line) ||
	       nla_put_u8(skb, CKS_A_COUPLER_RST_INVERT, s->rst_invert) ||
	       nla_put_u32(skb, CKS_A_COUPLER_POWER_LINE, s->power_line) ||
	       nla_put_u8(skb, CKS_A_COUPLER_POWER_INVERT, s->power_invert) ||
	       nla_put_u32(skb, CKS_A_COUPLER_DETECT_LINE, s->detect_line) ||
	       nla_put_u8(skb, CKS_A_COUPLER_DETECT_INVERT, s->detect_invert) ||
	       nla_put_u8(skb, CKS_A_COUPLER_ECHO, s->echo) ||
	       nla_put_u32(skb, CKS_A_COUPLER_POLICY, s->policy) ||
	       nla_put_u8(skb, CKS_A_COUPLER_PROTOCOL_WANTED, s->protocol) ||
	       nla_put_u8(skb, CKS_A_COUPLER_NO_PPS, s->no_pps) ||
	       nla_put_u8(skb, CKS_A_COUPLER_IFSD, s->ifsd) ? -EMSGSIZE : 0;
}

/**
 * cks_nl_put_coupler() - all that is known of a coupler
 * @skb: message
 * @c: coupler
 * @gone: it is being removed, and has no driver any more
 * Return: 0 or -EMSGSIZE
 */
int cks_nl_put_coupler(struct sk_buff *skb, struct cks_coupler *c, bool gone)
{
	struct cks_coupler_status status;
	struct cks_settings settings;

	cks_coupler_status(c, &status);
	cks_coupler_get_settings(c, &settings);
	if (nla_put_u32(skb, CKS_A_COUPLER_INDEX, c->index) ||
	    nla_put_string(skb, CKS_A_COUPLER_NAME, c->name) ||
	    (!gone && nla_put_string(skb, CKS_A_COUPLER_DRIVER, c->driver)) ||
	    cks_nl_put_owner(skb, c) ||
	    cks_nl_put_hardware(skb, c) ||
	    cks_nl_put_status(skb, &status) ||
	    cks_nl_put_cost(skb, c, CKS_A_COUPLER_SIGNAL_COST, CKS_COST_SIGNAL) ||
	    cks_nl_put_cost(skb, c, CKS_A_COUPLER_REPEAT_COST, CKS_COST_REPEAT) ||
	    cks_nl_put_settings(skb, &settings))
		return -EMSGSIZE;
	return 0;
}

int cks_nl_coupler_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *reply;
	struct cks_coupler *c;
	void *hdr;
	int err = -ENOMEM;

	c = cks_nl_coupler(info);
	if (IS_ERR(c))
		return PTR_ERR(c);

	reply = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!reply)
		goto out;
	hdr = genlmsg_put_reply(reply, info, &cks_nl_family, 0, CKS_CMD_COUPLER_GET);
	if (hdr)
		err = cks_nl_put_coupler(reply, c, false);
	if (!hdr || err) {
		nlmsg_free(reply);
		goto out;
	}
	genlmsg_end(reply, hdr);
	err = genlmsg_reply(reply, info);
out:
	cks_coupler_put(c);
	return err;
}

int cks_nl_coupler_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	unsigned long index = cb->args[0];
	struct cks_coupler *c;

	cb->seq = cks_couplers_seq();
	for (; (c = cks_coupler_next(&index)); index++) {
		int err = -EMSGSIZE;
		void *hdr;

		if (!cks_net_sees(sock_net(skb->sk), c->index)) {
			cks_coupler_put(c);
			continue;
		}
		hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				  &cks_nl_family, NLM_F_MULTI, CKS_CMD_COUPLER_GET);
		if (hdr)
			err = cks_nl_put_coupler(skb, c, false);
		cks_coupler_put(c);
		if (err) {
			genlmsg_cancel(skb, hdr);
			break;
		}
		genl_dump_check_consistent(cb, hdr);
		genlmsg_end(skb, hdr);
	}
	cb->args[0] = index;
	return skb->len;
}

static int cks_nl_parse_settings(struct genl_info *info, struct cks_settings *s)
{
	struct nlattr **a = info->attrs;

	if (a[CKS_A_COUPLER_CLK_HZ])
		s->clk_hz = nla_get_u32(a[CKS_A_COUPLER_CLK_HZ]);
	if (a[CKS_A_COUPLER_UART_CLK])
		s->uart_clk = nla_get_u32(a[CKS_A_COUPLER_UART_CLK]);
	if (a[CKS_A_COUPLER_RST_LINE])
		s->rst_line = nla_get_u32(a[CKS_A_COUPLER_RST_LINE]);
	if (a[CKS_A_COUPLER_RST_INVERT])
		s->rst_invert = nla_get_u8(a[CKS_A_COUPLER_RST_INVERT]);
	if (a[CKS_A_COUPLER_POWER_LINE])
		s->power_line = nla_get_u32(a[CKS_A_COUPLER_POWER_LINE]);
	if (a[CKS_A_COUPLER_POWER_INVERT])
		s->power_invert = nla_get_u8(a[CKS_A_COUPLER_POWER_INVERT]);
	if (a[CKS_A_COUPLER_DETECT_LINE])
		s->detect_line = nla_get_u32(a[CKS_A_COUPLER_DETECT_LINE]);
	if (a[CKS_A_COUPLER_DETECT_INVERT])
		s->detect_invert = nla_get_u8(a[CKS_A_COUPLER_DETECT_INVERT]);
	if (a[CKS_A_COUPLER_ECHO])
		s->echo = nla_get_u8(a[CKS_A_COUPLER_ECHO]);
	if (a[CKS_A_COUPLER_POLICY])
		s->policy = nla_get_u32(a[CKS_A_COUPLER_POLICY]);
	if (a[CKS_A_COUPLER_PROTOCOL_WANTED])
		s->protocol = nla_get_u8(a[CKS_A_COUPLER_PROTOCOL_WANTED]);
	if (a[CKS_A_COUPLER_NO_PPS])
		s->no_pps = nla_get_u8(a[CKS_A_COUPLER_NO_PPS]);
	if (a[CKS_A_COUPLER_IFSD])
		s->ifsd = nla_get_u8(a[CKS_A_COUPLER_IFSD]);

	if (s->rst_line != CKS_MODEM_LINE_RTS && s->rst_line != CKS_MODEM_LINE_DTR) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[CKS_A_COUPLER_RST_LINE],
				    "the contact RST can be on rts or dtr");
		return -EINVAL;
	}
	if (s->power_line != CKS_MODEM_LINE_NONE &&
	    (s->power_line == s->rst_line || (s->power_line != CKS_MODEM_LINE_RTS &&
					      s->power_line != CKS_MODEM_LINE_DTR))) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[CKS_A_COUPLER_POWER_LINE],
				    "the power switch can be none, or the one of rts and dtr that is not RST");
		return -EINVAL;
	}
	if (s->detect_line == CKS_MODEM_LINE_RTS || s->detect_line == CKS_MODEM_LINE_DTR) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[CKS_A_COUPLER_DETECT_LINE],
				    "card detect can be none, cts, dsr or dcd");
		return -EINVAL;
	}
	if (s->protocol > 1 && s->protocol != ISO7816_T_ANY) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[CKS_A_COUPLER_PROTOCOL_WANTED],
				    "protocol can be 0, 1, or 255 for any");
		return -EINVAL;
	}
	return 0;
}

int cks_nl_coupler_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct cks_settings s;
	struct cks_coupler *c;
	int err;

	c = cks_nl_hardware(info);
	if (IS_ERR(c))
		return PTR_ERR(c);

	/* From reading the settings to writing them: what two callers change at a time adds up. */
	mutex_lock(&c->mutex);
	cks_coupler_get_settings(c, &s);
	err = cks_nl_parse_settings(info, &s);
	if (!err)
		err = cks_coupler_configure(c, &s, info->extack);
	mutex_unlock(&c->mutex);
	if (!err)
		cks_nl_coupler_event(c, false);
	cks_coupler_put(c);
	return err;
}

/*
 * A card may take 34 s for an ATR whose every character is in time, and three resets where the last
 * one is wrong; at 10 kHz it takes hours. While a request is being dealt with, no family of generic
 * netlink comes or goes, and others wait behind it.
 */
#define CKS_NL_RESET_S	30

/* A reset for a netlink request. Its memory stays until cks_coupler_release() has returned. */
struct cks_nl_reset {
	struct cks_owner owner;
	struct cks_command cmd;
	struct completion done;
	long left;		/* jiffies: of what its resets may take */
};

static void cks_nl_reset_done(struct cks_command *cmd)
{
	complete(&container_of(cmd, struct cks_nl_reset, cmd)->done);
}

static int cks_nl_reset(struct cks_coupler *c, struct cks_nl_reset *r, enum iso7816_reset how,
			struct netlink_ext_ack *extack)
{
	int err;

	reinit_completion(&r->done);
	err = cks_coupler_reset(c, &r->owner, &r->cmd, how);
	if (err == -ENOMEDIUM)
		NL_SET_ERR_MSG(extack, "no card in the coupler");
	if (err)
		return err;
	r->left = wait_for_completion_killable_timeout(&r->done, r->left);
	if (r->left < 0)
		return -EINTR;
	if (!r->left) {
		NL_SET_ERR_MSG_FMT(extack, "the card was not done with its answer to reset in %u s",
				   CKS_NL_RESET_S);
		return -ETIMEDOUT;
	}
	if (r->cmd.err)
		NL_SET_ERR_MSG_FMT(extack, "%s", iso7816_strerror(r->cmd.err));
	return iso7816_errno(r->cmd.err);
}

static int cks_nl_reset_reply(struct genl_info *info, struct cks_coupler *c,
			      const struct cks_command *cmd, const struct iso7816_line *line)
{
	struct sk_buff *reply;
	void *hdr;

	reply = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	hdr = genlmsg_put_reply(reply, info, &cks_nl_family, 0, CKS_CMD_COUPLER_RESET);
	if (!hdr ||
	    nla_put_u32(reply, CKS_A_COUPLER_INDEX, c->index) ||
	    nla_put(reply, CKS_A_COUPLER_ATR, cmd->atr.len, cmd->atr.raw) ||
	    nla_put_u32(reply, CKS_A_COUPLER_PRESENCE_GEN, cmd->presence_gen) ||
	    nla_put_u32(reply, CKS_A_COUPLER_POWER_GEN, cmd->power_gen) ||
	    cks_nl_put_line(reply, line)) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);
}

int cks_nl_coupler_reset_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *kind = info->attrs[CKS_A_COUPLER_RESET_KIND];
	struct cks_coupler_status status;
	struct cks_nl_reset *r;
	struct cks_coupler *c;
	int err;

	c = cks_nl_hardware(info);
	if (IS_ERR(c))
		return PTR_ERR(c);

	r = kzalloc(sizeof(*r), GFP_KERNEL);
	if (!r) {
		cks_coupler_put(c);
		return -ENOMEM;
	}
	r->owner.name = "netlink";
	r->cmd.done = cks_nl_reset_done;
	r->left = CKS_NL_RESET_S * HZ;
	init_completion(&r->done);

	err = cks_coupler_claim(c, &r->owner);
	if (err == -EBUSY)
		GENL_SET_ERR_MSG(info, "coupler is in use; see its owner");
	if (err)
		goto out;

	/* The card was off: a warm reset needs a cold one before it. */
	err = cks_nl_reset(c, r, ISO7816_COLD, info->extack);
	if (!err && kind && nla_get_u32(kind) == CKS_RESET_KIND_WARM)
		err = cks_nl_reset(c, r, ISO7816_WARM, info->extack);
	cks_coupler_status(c, &status);
	cks_coupler_release(c, &r->owner);

	if (!err)
		err = cks_nl_reset_reply(info, c, &r->cmd, &status.line);
out:
	kfree(r);
	cks_coupler_put(c);
	return err;
}
