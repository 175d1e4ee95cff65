// SPDX-License-Identifier: GPL-2.0-only
/*
 * The router's half of the netlink family: parse, call, answer; and its events.
 *
 * Contexts: process context, as generic netlink calls; several at a time. Events are sent with
 * station.lock held.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "core/netlink_gen.h"
#include "core/station.h"
#include "router.h"

static struct cks_station *station_of(struct genl_info *info)
{
	struct cks_station *st = cks_station_of(genl_info_net(info));

	if (!st)
		GENL_SET_ERR_MSG(info, "this network namespace has no station: set one up");
	return st;
}

static int reply(struct sk_buff *skb, void *hdr, struct genl_info *info)
{
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

/* Which attribute is missing is told in the extended ACK. */
#define MISSING(info, attr)	GENL_REQ_ATTR_CHECK(info, attr)

/* ------------------------------------------------------------------------------ station */

static enum cks_station_state station_state(const struct cks_station *st)
{
	if (!st->listening)
		return CKS_STATION_STATE_DOWN;
	return st->control ? CKS_STATION_STATE_CONNECTED : CKS_STATION_STATE_LISTENING;
}

static int put_u64(struct sk_buff *skb, int attr, u64 v, bool session)
{
	return nla_put_u64_64bit(skb, attr, v,
				 session ? (int)CKS_A_SESSION_PAD : (int)CKS_A_STATION_PAD);
}

/* The attributes of the bounds stand in the order of enum cks_limit. */
static int limit_attr(enum cks_limit limit)
{
	BUILD_BUG_ON(CKS_A_STATION_DISPOSITIONS_MAX - CKS_A_STATION_DEADLINE_RESET !=
		     CKS_L_DISPOSITIONS - CKS_L_RESET);
	return CKS_A_STATION_DEADLINE_RESET + (limit - CKS_L_RESET);
}

/* station.lock held. */
static int fill_station(struct sk_buff *skb, struct cks_station *st)
{
	u8 stopped[CKS_LANES_MAX / 8] = {};
	u8 lanes[CKS_LANES_MAX / 8] = {};
	u8 vpcd[CKS_LANES_MAX / 8] = {};
	unsigned int lane;
	enum cks_limit i;

	if ((st->has_uuid && nla_put(skb, CKS_A_STATION_UUID, CKS_ID_LEN, st->uuid)) ||
	    nla_put(skb, CKS_A_STATION_BOOT_ID, CKS_ID_LEN, st->boot_id) ||
	    nla_put_u32(skb, CKS_A_STATION_STATE, station_state(st)) ||
	    nla_put_string(skb, CKS_A_STATION_ADDRESS, st->address) ||
	    nla_put_u16(skb, CKS_A_STATION_CONTROL_PORT, st->control_port) ||
	    nla_put_u16(skb, CKS_A_STATION_CHANNEL_PORT, st->channel_port) ||
	    (st->control &&
	     nla_put_string(skb, CKS_A_STATION_CAS, cks_control_name(st->control))) ||
	    put_u64(skb, CKS_A_STATION_LEASE_EPOCH, st->lease_epoch, false) ||
	    put_u64(skb, CKS_A_STATION_JOURNAL_EPOCH, st->journal_epoch, false) ||
	    put_u64(skb, CKS_A_STATION_LAST_DISPOSITION, st->last_disposition, false) ||
	    put_u64(skb, CKS_A_STATION_ACKED_DISPOSITION, st->acked, false) ||
	    put_u64(skb, CKS_A_STATION_REQUESTS_TOTAL, st->requests_total, false) ||
	    put_u64(skb, CKS_A_STATION_FRAMES_REFUSED, atomic64_read(&st->frames_refused),
		    false) ||
	    put_u64(skb, CKS_A_STATION_CHANNELS_REFUSED, atomic64_read(&st->channels_refused),
		    false) ||
	    put_u64(skb, CKS_A_STATION_CONNECTIONS_REFUSED,
		    atomic64_read(&st->connections_refused), false) ||
	    put_u64(skb, CKS_A_STATION_REQUESTS_REFUSED, st->requests_refused, false) ||
	    put_u64(skb, CKS_A_STATION_LEASES_REFUSED, st->leases_refused, false) ||
	    put_u64(skb, CKS_A_STATION_RESULTS_IGNORED, st->results_ignored, false) ||
	    put_u64(skb, CKS_A_STATION_DEADLINES_PASSED, st->deadlines_passed, false))
		return -EMSGSIZE;
	for (lane = 0; lane < CKS_LANES_MAX; lane++) {
		if (st->lanes[lane].stopped)
			stopped[lane / 8] |= 1 << lane % 8;
		if (st->lanes[lane].present)
			lanes[lane / 8] |= 1 << lane % 8;
		if (st->lanes[lane].vpcd)
			vpcd[lane / 8] |= 1 << lane % 8;
	}
	if (nla_put_u8(skb, CKS_A_STATION_HOLD, st->hold) ||
	    nla_put(skb, CKS_A_STATION_LANES_STOPPED, sizeof(stopped), stopped) ||
	    nla_put(skb, CKS_A_STATION_LANES, sizeof(lanes), lanes) ||
	    nla_put(skb, CKS_A_STATION_VPCD_LANES, sizeof(vpcd), vpcd) ||
	    nla_put_u16(skb, CKS_A_STATION_VPCD_PORT, st->vpcd_port) ||
	    (st->hold_reason[0] &&
	     nla_put_string(skb, CKS_A_STATION_HOLD_REASON, st->hold_reason)))
		return -EMSGSIZE;
	if (nla_put_u32(skb, CKS_A_STATION_CONNECTIONS, READ_ONCE(st->streams.nr)))
		return -EMSGSIZE;
	for (i = CKS_L_NONE + 1; i < CKS_LIMITS; i++)
		if (nla_put_u32(skb, limit_attr(i), st->limit[i]))
			return -EMSGSIZE;
	return 0;
}

static int station_get(struct sk_buff *skb, struct genl_info *info)
{
	struct cks_station *st = station_of(info);
	struct sk_buff *msg;
	void *hdr;
	int err;

	if (!st)
		return -EOPNOTSUPP;
	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &cks_nl_family, 0, CKS_CMD_STATION_GET);
	err = -EMSGSIZE;
	if (!hdr)
		goto free;
	mutex_lock(&st->lock);
	err = fill_station(msg, st);
	mutex_unlock(&st->lock);
	if (err)
		goto free;
	return reply(msg, hdr, info);
free:
	nlmsg_free(msg);
	return err;
}

static int station_set(struct sk_buff *skb, struct genl_info *info)
{
	struct cks_station *st = cks_station_make(genl_info_net(info));
	struct cks_station_change ch = {};
	struct nlattr **a = info->attrs;
	enum cks_limit i;
	int err;

	if (IS_ERR(st))
		return PTR_ERR(st);
	if (a[CKS_A_STATION_GIVE_LANE] && MISSING(info, CKS_A_STATION_NETNS_FD))
		return -EINVAL;
	if (a[CKS_A_STATION_UUID])
		ch.uuid = nla_data(a[CKS_A_STATION_UUID]);
	if (a[CKS_A_STATION_ADDRESS])
		ch.address = nla_data(a[CKS_A_STATION_ADDRESS]);
	ch.has_control_port = a[CKS_A_STATION_CONTROL_PORT];
	if (ch.has_control_port)
		ch.control_port = nla_get_u16(a[CKS_A_STATION_CONTROL_PORT]);
	ch.has_channel_port = a[CKS_A_STATION_CHANNEL_PORT];
	if (ch.has_channel_port)
		ch.channel_port = nla_get_u16(a[CKS_A_STATION_CHANNEL_PORT]);
	ch.has_listen = a[CKS_A_STATION_LISTEN];
	if (ch.has_listen)
		ch.listen = nla_get_u8(a[CKS_A_STATION_LISTEN]);
	ch.has_plaintext = a[CKS_A_STATION_PLAINTEXT_OK];
	if (ch.has_plaintext)
		ch.plaintext_ok = nla_get_u8(a[CKS_A_STATION_PLAINTEXT_OK]);
	ch.has_lease = a[CKS_A_STATION_LEASE_EPOCH];
	if (ch.has_lease)
		ch.lease_epoch = nla_get_u64(a[CKS_A_STATION_LEASE_EPOCH]);
	ch.has_journal = a[CKS_A_STATION_JOURNAL_EPOCH];
	if (ch.has_journal)
		ch.journal_epoch = nla_get_u64(a[CKS_A_STATION_JOURNAL_EPOCH]);
	ch.has_last = a[CKS_A_STATION_LAST_DISPOSITION];
	if (ch.has_last)
		ch.last_disposition = nla_get_u64(a[CKS_A_STATION_LAST_DISPOSITION]);
	ch.has_acked = a[CKS_A_STATION_ACKED_DISPOSITION];
	if (ch.has_acked)
		ch.acked = nla_get_u64(a[CKS_A_STATION_ACKED_DISPOSITION]);
	ch.has_hold = a[CKS_A_STATION_HOLD];
	if (ch.has_hold)
		ch.hold = nla_get_u8(a[CKS_A_STATION_HOLD]);
	ch.has_vpcd = a[CKS_A_STATION_VPCD_LANE];
	if (ch.has_vpcd)
		ch.vpcd_lane = nla_get_u32(a[CKS_A_STATION_VPCD_LANE]);
	ch.has_vpcd_off = a[CKS_A_STATION_VPCD_OFF_LANE];
	if (ch.has_vpcd_off)
		ch.vpcd_off_lane = nla_get_u32(a[CKS_A_STATION_VPCD_OFF_LANE]);
	ch.has_vpcd_port = a[CKS_A_STATION_VPCD_PORT];
	if (ch.has_vpcd_port)
		ch.vpcd_port = nla_get_u16(a[CKS_A_STATION_VPCD_PORT]);
	ch.has_stop = a[CKS_A_STATION_STOP_LANE];
	if (ch.has_stop)
		ch.stop_lane = nla_get_u32(a[CKS_A_STATION_STOP_LANE]);
	ch.has_start = a[CKS_A_STATION_START_LANE];
	if (ch.has_start)
		ch.start_lane = nla_get_u32(a[CKS_A_STATION_START_LANE]);
	for (i = CKS_L_NONE + 1; i < CKS_LIMITS; i++) {
		if (!a[limit_attr(i)])
			continue;
		ch.has_limit |= BIT(i);
		ch.limit[i] = nla_get_u32(a[limit_attr(i)]);
	}
	err = cks_station_change(st, &ch, info->extack);
	if (!err && a[CKS_A_STATION_GIVE_LANE])
		err = cks_lane_give(st, nla_get_u32(a[CKS_A_STATION_GIVE_LANE]),
				    nla_get_u32(a[CKS_A_STATION_NETNS_FD]), info->extack);
	return err;
}

/* ----------------------------------------------------------------------------- sessions */

static int put_prompt(struct sk_buff *skb, const struct cks_session *s)
{
	if (!s->prompt)
		return 0;
	return nla_put_u32(skb, CKS_A_SESSION_PROMPT, s->prompt) ||
	       nla_put_u32(skb, CKS_A_SESSION_PROMPT_KIND, s->prompt_kind) ||
	       nla_put_string(skb, CKS_A_SESSION_PROMPT_TEXT, s->prompt_text);
}

/* station.lock held. */
static int put_result(struct sk_buff *skb, const struct cks_session *s)
{
	return put_u64(skb, CKS_A_SESSION_RESULT_ID, s->result_id, true) ||
	       nla_put_u32(skb, CKS_A_SESSION_VERDICT, s->verdict) ||
	       nla_put_u32(skb, CKS_A_SESSION_BIN, s->bin) ||
	       (s->information_len &&
		nla_put(skb, CKS_A_SESSION_INFORMATION, s->information_len, s->information)) ||
	       (s->reason[0] && nla_put_string(skb, CKS_A_SESSION_REASON, s->reason));
}

/* station.lock held. */
static int fill_session(struct sk_buff *skb, const struct cks_session *s)
{
	const struct cks_station *st = s->station;

	if (put_u64(skb, CKS_A_SESSION_REQUEST, s->request, true) ||
	    nla_put_u32(skb, CKS_A_SESSION_COUPLER, s->index) ||
	    nla_put_u32(skb, CKS_A_SESSION_PRESENCE_GEN, s->presence_gen) ||
	    nla_put_string(skb, CKS_A_SESSION_APPLICATION, s->application) ||
	    (s->card_reference[0] &&
	     nla_put_string(skb, CKS_A_SESSION_CARD_REFERENCE, s->card_reference)) ||
	    nla_put_u32(skb, CKS_A_SESSION_STATE, cks_session_state(s)) ||
	    (s->atr.len && nla_put(skb, CKS_A_SESSION_ATR, s->atr.len, s->atr.raw)) ||
	    put_result(skb, s) ||
	    nla_put(skb, CKS_A_SESSION_BOOT_ID, CKS_ID_LEN, st->boot_id) ||
	    nla_put_u32(skb, CKS_A_SESSION_COMMANDS, s->commands) || put_prompt(skb, s))
		return -EMSGSIZE;
	return 0;
}

static int session_get(struct sk_buff *skb, struct genl_info *info)
{
	struct cks_station *st = station_of(info);
	struct cks_session *s;
	struct sk_buff *msg;
	void *hdr;
	int err;

	if (!st)
		return -EOPNOTSUPP;
	if (MISSING(info, CKS_A_SESSION_REQUEST))
		return -EINVAL;
	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &cks_nl_family, 0, CKS_CMD_SESSION_GET);
	err = -EMSGSIZE;
	if (!hdr)
		goto free;
	mutex_lock(&st->lock);
	s = cks_session_find(st, nla_get_u64(info->attrs[CKS_A_SESSION_REQUEST]));
	err = s ? fill_session(msg, s) : -ENOENT;
	mutex_unlock(&st->lock);
	if (err) {
		if (err == -ENOENT)
			GENL_SET_ERR_MSG(info, "no such request, or already disposed of");
		goto free;
	}
	return reply(msg, hdr, info);
free:
	nlmsg_free(msg);
	return err;
}

/* Sessions stand in the list by rising numbers: the dump goes on after the last one shown. */
static int session_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct cks_station *st = cks_station_of(sock_net(skb->sk));
	struct cks_session *s;

	if (!st)
		return 0;
	mutex_lock(&st->lock);
	cb->seq = st->sessions_seq;
	list_for_each_entry(s, &st->sessions, node) {
		void *hdr;

		if (s->request <= (u64)cb->args[0])
			continue;
		hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				  &cks_nl_family, NLM_F_MULTI, CKS_CMD_SESSION_GET);
		if (!hdr)
			break;
		if (fill_session(skb, s)) {
			genlmsg_cancel(skb, hdr);
			break;
		}
		genl_dump_check_consistent(cb, hdr);
		genlmsg_end(skb, hdr);
		cb->args[0] = s->request;
	}
	mutex_unlock(&st->lock);
	return skb->len;
}

static bool text_attr_ok(struct genl_info *info, int attr)
{
	const struct nlattr *a = info->attrs[attr];

	if (!a || (*(char *)nla_data(a) && cks_text_ok(nla_data(a), strlen(nla_data(a)))))
		return true;
	NL_SET_ERR_MSG_ATTR(info->extack, a, "text is empty, not UTF-8 or with controls");
	return false;
}

static int request_new(struct sk_buff *skb, struct genl_info *info)
{
	struct cks_station *st = station_of(info);
	struct nlattr **a = info->attrs;
	struct cks_session_new n = {};
	struct sk_buff *msg;
	u64 request;
	void *hdr;
	int err;

	if (!st)
		return -EOPNOTSUPP;
	if (MISSING(info, CKS_A_SESSION_COUPLER) || MISSING(info, CKS_A_SESSION_APPLICATION))
		return -EINVAL;
	if (!text_attr_ok(info, CKS_A_SESSION_APPLICATION) ||
	    !text_attr_ok(info, CKS_A_SESSION_CARD_REFERENCE))
		return -EINVAL;
	n.index = nla_get_u32(a[CKS_A_SESSION_COUPLER]);
	n.application = nla_data(a[CKS_A_SESSION_APPLICATION]);
	if (a[CKS_A_SESSION_CARD_REFERENCE])
		n.card_reference = nla_data(a[CKS_A_SESSION_CARD_REFERENCE]);
	n.has_presence_gen = a[CKS_A_SESSION_PRESENCE_GEN];
	if (n.has_presence_gen)
		n.presence_gen = nla_get_u32(a[CKS_A_SESSION_PRESENCE_GEN]);
	if (a[CKS_A_SESSION_PARAMETERS]) {
		n.parameters = nla_data(a[CKS_A_SESSION_PARAMETERS]);
		n.parameters_len = nla_len(a[CKS_A_SESSION_PARAMETERS]);
	}

	/* The answer is made first: once there is a session, its number must be told. */
	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	err = cks_session_new(st, &n, &request, info->extack);
	if (err)
		goto free;
	hdr = genlmsg_put_reply(msg, info, &cks_nl_family, 0, CKS_CMD_REQUEST_NEW);
	err = -EMSGSIZE;
	if (!hdr || put_u64(msg, CKS_A_SESSION_REQUEST, request, true) ||
	    nla_put(msg, CKS_A_SESSION_BOOT_ID, CKS_ID_LEN, st->boot_id))
		goto free;
	return reply(msg, hdr, info);
free:
	nlmsg_free(msg);
	return err;
}

static int request_cancel(struct sk_buff *skb, struct genl_info *info)
{
	struct cks_station *st = station_of(info);
	const char *reason = "cancelled";
	struct cks_session *s;

	if (!st)
		return -EOPNOTSUPP;
	if (MISSING(info, CKS_A_SESSION_REQUEST))
		return -EINVAL;
	if (!text_attr_ok(info, CKS_A_SESSION_REASON))
		return -EINVAL;
	if (info->attrs[CKS_A_SESSION_REASON])
		reason = nla_data(info->attrs[CKS_A_SESSION_REASON]);
	mutex_lock(&st->lock);
	s = cks_session_find(st, nla_get_u64(info->attrs[CKS_A_SESSION_REQUEST]));
	if (s)
		cks_session_fail(s, CKS_CODE_OPERATOR, reason);
	mutex_unlock(&st->lock);
	if (s)
		return 0;
	GENL_SET_ERR_MSG(info, "no such request, or already disposed of");
	return -ENOENT;
}

static int disposition_new(struct sk_buff *skb, struct genl_info *info)
{
	struct cks_station *st = station_of(info);
	struct nlattr **a = info->attrs;
	struct cks_dispo *d;

	if (!st)
		return -EOPNOTSUPP;
	if (MISSING(info, CKS_A_SESSION_REQUEST) || MISSING(info, CKS_A_SESSION_BOOT_ID) ||
	    MISSING(info, CKS_A_SESSION_COUPLER) || MISSING(info, CKS_A_SESSION_PRESENCE_GEN) ||
	    MISSING(info, CKS_A_SESSION_DISPOSITION) ||
	    MISSING(info, CKS_A_SESSION_DISPOSITION_NUMBER))
		return -EINVAL;
	d = kzalloc(sizeof(*d), GFP_KERNEL);
	if (!d)
		return -ENOMEM;
	d->number = nla_get_u64(a[CKS_A_SESSION_DISPOSITION_NUMBER]);
	d->request = nla_get_u64(a[CKS_A_SESSION_REQUEST]);
	memcpy(d->boot_id, nla_data(a[CKS_A_SESSION_BOOT_ID]), CKS_ID_LEN);
	d->coupler = nla_get_u32(a[CKS_A_SESSION_COUPLER]);
	d->presence_gen = nla_get_u32(a[CKS_A_SESSION_PRESENCE_GEN]);
	d->disposition = nla_get_u32(a[CKS_A_SESSION_DISPOSITION]);
	if (a[CKS_A_SESSION_RESULT_ID])
		d->result_id = nla_get_u64(a[CKS_A_SESSION_RESULT_ID]);
	if (a[CKS_A_SESSION_EVIDENCE])
		d->evidence_len = strscpy(d->evidence, nla_data(a[CKS_A_SESSION_EVIDENCE]),
					  sizeof(d->evidence));
	if (d->disposition < CKS_DISPOSITION_GOOD || d->disposition > CKS_DISPOSITION_UNKNOWN) {
		GENL_SET_ERR_MSG(info, "disposition is good, rejected, removed or unknown");
		kfree(d);
		return -EINVAL;
	}
	return cks_station_dispose(st, d, info->extack);
}

static int prompt_answer(struct sk_buff *skb, struct genl_info *info)
{
	struct cks_station *st = station_of(info);
	struct nlattr **a = info->attrs;
	struct nlattr *entry = a[CKS_A_SESSION_ENTRY];
	enum cks_prompt_answer answer;
	struct cks_session *s;
	int err = -ENOENT;

	if (!st)
		return -EOPNOTSUPP;
	if (MISSING(info, CKS_A_SESSION_REQUEST) || MISSING(info, CKS_A_SESSION_PROMPT) ||
	    MISSING(info, CKS_A_SESSION_ANSWER))
		return -EINVAL;
	answer = nla_get_u32(a[CKS_A_SESSION_ANSWER]);
	if (answer != CKS_PROMPT_ANSWER_GIVEN && answer != CKS_PROMPT_ANSWER_REFUSED) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[CKS_A_SESSION_ANSWER],
				    "answer is given or refused");
		return -EINVAL;
	}
	if (entry && nla_len(entry) > CKS_ENTRY_MAX) {
		NL_SET_ERR_MSG_ATTR(info->extack, entry, "entry is longer than 127 bytes");
		return -EINVAL;
	}
	mutex_lock(&st->lock);
	s = cks_session_find(st, nla_get_u64(a[CKS_A_SESSION_REQUEST]));
	if (s)
		err = cks_prompt_answer(s, nla_get_u32(a[CKS_A_SESSION_PROMPT]), answer,
					entry ? nla_data(entry) : NULL,
					entry ? nla_len(entry) : 0, info->extack);
	else
		GENL_SET_ERR_MSG(info, "no such request, or already disposed of");
	mutex_unlock(&st->lock);
	return err;
}

/* ------------------------------------------------------------------------------- events */

/* An event that cannot be sent is not sent: whoever listens asks again at its own pace. */
static void notify(struct cks_station *st, u8 cmd, unsigned int group,
		   int (*fill)(struct sk_buff *skb, const void *arg), const void *arg)
{
	struct sk_buff *msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	void *hdr;

	if (!msg)
		return;
	hdr = genlmsg_put(msg, 0, 0, &cks_nl_family, 0, cmd);
	if (!hdr || fill(msg, arg)) {
		nlmsg_free(msg);
		return;
	}
	genlmsg_end(msg, hdr);
	genlmsg_multicast_netns(&cks_nl_family, st->net, msg, 0, group, GFP_KERNEL);
}

static int fill_request_event(struct sk_buff *skb, const void *arg)
{
	const struct cks_session *s = arg;

	return put_u64(skb, CKS_A_SESSION_REQUEST, s->request, true) ||
	       nla_put_u32(skb, CKS_A_SESSION_COUPLER, s->index) ||
	       nla_put_u32(skb, CKS_A_SESSION_PRESENCE_GEN, s->presence_gen) ||
	       nla_put_string(skb, CKS_A_SESSION_APPLICATION, s->application) ||
	       nla_put(skb, CKS_A_SESSION_ATR, s->atr.len, s->atr.raw) ||
	       nla_put_u32(skb, CKS_A_SESSION_STATE, cks_session_state(s));
}

static int fill_result_event(struct sk_buff *skb, const void *arg)
{
	const struct cks_session *s = arg;

	return put_u64(skb, CKS_A_SESSION_REQUEST, s->request, true) ||
	       nla_put_u32(skb, CKS_A_SESSION_COUPLER, s->index) ||
	       nla_put_u32(skb, CKS_A_SESSION_PRESENCE_GEN, s->presence_gen) || put_result(skb, s);
}

static int fill_prompt_event(struct sk_buff *skb, const void *arg)
{
	const struct cks_session *s = arg;

	return put_u64(skb, CKS_A_SESSION_REQUEST, s->request, true) ||
	       nla_put_u32(skb, CKS_A_SESSION_COUPLER, s->index) || put_prompt(skb, s);
}

static int fill_disposition_event(struct sk_buff *skb, const void *arg)
{
	const struct cks_station *st = arg;

	return put_u64(skb, CKS_A_SESSION_DISPOSITION_NUMBER, st->acked, true);
}

static int fill_station_event(struct sk_buff *skb, const void *arg)
{
	return fill_station(skb, (struct cks_station *)arg);
}

void cks_notify_request(struct cks_session *s)
{
	notify(s->station, CKS_CMD_REQUEST_NTF, CKS_NLGRP_REQUEST, fill_request_event, s);
}

void cks_notify_result(struct cks_session *s)
{
	notify(s->station, CKS_CMD_RESULT_NTF, CKS_NLGRP_RESULT, fill_result_event, s);
}

void cks_notify_prompt(struct cks_session *s)
{
	notify(s->station, CKS_CMD_PROMPT_NTF, CKS_NLGRP_REQUEST, fill_prompt_event, s);
}

void cks_notify_disposition(struct cks_station *st)
{
	notify(st, CKS_CMD_DISPOSITION_NTF, CKS_NLGRP_RESULT, fill_disposition_event, st);
}

void cks_notify_station(struct cks_station *st)
{
	notify(st, CKS_CMD_STATION_NTF, CKS_NLGRP_FAULT, fill_station_event, st);
}

static const struct cks_station_ops station_ops = {
	.owner = THIS_MODULE,
	.station_get = station_get,
	.station_set = station_set,
	.session_get = session_get,
	.session_dump = session_dump,
	.request_new = request_new,
	.request_cancel = request_cancel,
	.disposition_new = disposition_new,
	.prompt_answer = prompt_answer,
};

int cks_router_netlink_init(void)
{
	return cks_station_register(&station_ops);
}

void cks_router_netlink_exit(void)
{
	cks_station_unregister(&station_ops);
}
