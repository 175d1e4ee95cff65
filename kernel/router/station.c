// SPDX-License-Identifier: GPL-2.0-only
/*
 * The station: who it is, where it listens, which couplers it has, and the dispositions that the
 * CAS has not yet committed.
 *
 * Contexts: all process context. station.config serialises changes of where it listens and is the
 * outermost lock; station.lock protects the rest. The core's notifier only marks which couplers
 * there are, under seen_lock, and lanes_work does the rest: the core may hold locks of its own
 * while it notifies. Which of them are this station's is namespace.c's to say.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/inet.h>
#include <linux/kcov.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>

#include "router.h"

#define VPCD_TICK_MS	300	/* pcscd looks for a card as often */

/* --------------------------------------------------------------------------- listening */

static int parse_address(struct cks_station *st, const char *text, bool plaintext_ok,
			 struct sockaddr_storage *ret_addr, struct netlink_ext_ack *extack)
{
	bool loopback;

	/* What a text does not say, such as the scope of an IPv6 address, is left as it is. */
	memset(ret_addr, 0, sizeof(*ret_addr));
	if (inet_pton_with_scope(st->net, AF_UNSPEC, text, NULL, ret_addr)) {
		NL_SET_ERR_MSG(extack, "address is neither an IPv4 nor an IPv6 address");
		return -EINVAL;
	}
	if (ret_addr->ss_family == AF_INET)
		loopback = ipv4_is_loopback(((struct sockaddr_in *)ret_addr)->sin_addr.s_addr);
	else
		loopback = ipv6_addr_loopback(&((struct sockaddr_in6 *)ret_addr)->sin6_addr);
	if (!loopback && !plaintext_ok) {
		NL_SET_ERR_MSG(extack, "not loopback: set plaintext-ok if so meant");
		return -EPERM;
	}
	return 0;
}

static void set_port(struct sockaddr_storage *addr, u16 port)
{
	if (addr->ss_family == AF_INET)
		((struct sockaddr_in *)addr)->sin_port = htons(port);
	else
		((struct sockaddr_in6 *)addr)->sin6_port = htons(port);
}

/* station.lock held; accepting does not take it. */
static int lane_listen(struct cks_lane *lane, struct netlink_ext_ack *extack)
{
	struct cks_station *st = lane->station;
	struct sockaddr_storage addr;
	struct cks_listener *l;
	int err;

	if (lane->listener)
		return 0;
	if (st->channel_port + lane->index > U16_MAX) {
		NL_SET_ERR_MSG_FMT(extack, "channel-port plus %u is no port", lane->index);
		return -EINVAL;
	}
	err = parse_address(st, st->address, st->plaintext_ok, &addr, extack);
	if (err)
		return err;
	set_port(&addr, st->channel_port + lane->index);
	l = cks_tcp_listen(st->net, st->wq, &addr, st->limit[CKS_L_BACKLOG],
			   cks_channel_accept, lane);
	if (IS_ERR(l)) {
		NL_SET_ERR_MSG_FMT(extack, "cannot listen on port %u for coupler%u",
				   st->channel_port + lane->index, lane->index);
		return PTR_ERR(l);
	}
	lane->listener = l;
	return 0;
}

static void lane_unlisten(struct cks_lane *lane)
{
	if (lane->listener)
		cks_tcp_unlisten(lane->listener);
	lane->listener = NULL;
}

/* station.lock held. */
static int vpcd_on(struct cks_lane *lane, struct netlink_ext_ack *extack)
{
	struct cks_station *st = lane->station;

	if (!lane->present) {
		NL_SET_ERR_MSG(extack, "no such coupler");
		return -ENODEV;
	}
	if (cks_session_on(st, lane->index)) {
		NL_SET_ERR_MSG(extack, "the coupler serves an order");
		return -EBUSY;
	}
	if (st->vpcd_port + lane->index > U16_MAX) {
		NL_SET_ERR_MSG_FMT(extack, "vpcd-port plus %u is no port", lane->index);
		return -EINVAL;
	}
	lane->vpcd = true;
	mod_delayed_work(st->tick, &st->vpcd_tick, 0);
	return 0;
}

static bool any_vpcd(const struct cks_station *st)
{
	unsigned int i;

	for (i = 0; i < CKS_LANES_MAX; i++)
		if (st->lanes[i].vpcd)
			return true;
	return false;
}

/* Whether it has a coupler; another one than before is no reader. station.lock held. */
static bool lane_seen(struct cks_lane *lane)
{
	struct cks_station *st = lane->station;
	bool seen, went;

	spin_lock(&st->seen_lock);
	seen = test_bit(lane->index, st->seen) && cks_net_has(st->net, lane->index) &&
	       !lane->leaving;
	went = __test_and_clear_bit(lane->index, st->went);
	spin_unlock(&st->seen_lock);
	lane->present = seen;
	if (lane->vpcd && (!seen || went)) {
		lane->vpcd = false;
		cks_vpcds_end(&st->vpcds, lane);
	}
	return seen;
}

/* What became of its coupler. station.lock held. */
static void lane_look(struct cks_lane *lane)
{
	struct cks_station *st = lane->station;
	int err;

	if (!lane_seen(lane)) {
		lane_unlisten(lane);
	} else if (st->listening && !lane->listener) {
		err = lane_listen(lane, NULL);
		if (err)
			pr_err("coupler%u: cannot listen on port %u: %d\n", lane->index,
			       st->channel_port + lane->index, err);
	}
}

/* Readers' cards come and go. */
static void vpcd_tick(struct work_struct *work)
{
	struct cks_station *st = container_of(to_delayed_work(work), struct cks_station, vpcd_tick);
	unsigned int i;

	mutex_lock(&st->lock);
	for (i = 0; i < CKS_LANES_MAX; i++) {
		if (!st->lanes[i].vpcd)
			continue;
		/* By now it can be another coupler, of which lanes_work is still to hear. */
		lane_seen(&st->lanes[i]);
		if (st->lanes[i].vpcd)
			cks_vpcd_tick(&st->lanes[i]);
	}
	if (any_vpcd(st))
		queue_delayed_work(st->tick, &st->vpcd_tick, msecs_to_jiffies(VPCD_TICK_MS));
	mutex_unlock(&st->lock);
}

static void close_sockets(struct cks_station *st)
{
	unsigned int i;

	if (st->listener)
		cks_tcp_unlisten(st->listener);
	st->listener = NULL;
	for (i = 0; i < CKS_LANES_MAX; i++)
		lane_unlisten(&st->lanes[i]);
	st->listening = false;
}

static int open_sockets(struct cks_station *st, struct netlink_ext_ack *extack)
{
	struct sockaddr_storage addr;
	struct cks_listener *l;
	unsigned int i;
	int err;

	if (st->listening)
		return 0;
	if (!st->has_uuid || !st->journal_epoch) {
		NL_SET_ERR_MSG(extack, "set uuid and journal-epoch first");
		return -EINVAL;
	}
	err = parse_address(st, st->address, st->plaintext_ok, &addr, extack);
	if (err)
		return err;
	WRITE_ONCE(st->streams.kcov, kcov_common_handle());
	for (i = 0; i < CKS_LANES_MAX; i++) {
		if (!st->lanes[i].present)
			continue;
		err = lane_listen(&st->lanes[i], extack);
		if (err)
			goto err;
	}
	set_port(&addr, st->control_port);
	l = cks_tcp_listen(st->net, st->wq, &addr, st->limit[CKS_L_BACKLOG],
			   cks_control_accept, st);
	if (IS_ERR(l)) {
		NL_SET_ERR_MSG_FMT(extack, "cannot listen on the control port %u",
				   st->control_port);
		err = PTR_ERR(l);
		goto err;
	}
	st->listener = l;
	st->listening = true;
	return 0;
err:
	close_sockets(st);
	return err;
}

/* Couplers come and go. */
static void lanes_work(struct work_struct *work)
{
	struct cks_station *st = container_of(work, struct cks_station, lanes_work);
	unsigned int i;

	mutex_lock(&st->lock);
	for (i = 0; i < CKS_LANES_MAX; i++)
		lane_look(&st->lanes[i]);
	mutex_unlock(&st->lock);
}

static int coupler_event(struct notifier_block *nb, unsigned long event, void *data)
{
	struct cks_station *st = container_of(nb, struct cks_station, nb);
	unsigned int index = cks_coupler_index(data);

	if (event != CKS_EVENT_ADDED && event != CKS_EVENT_REMOVED)
		return NOTIFY_DONE;
	if (index >= CKS_LANES_MAX) {
		pr_warn_ratelimited("coupler%u: the router serves coupler0 to coupler%u\n", index,
				    CKS_LANES_MAX - 1);
		return NOTIFY_DONE;
	}
	spin_lock(&st->seen_lock);
	__assign_bit(index, st->seen, event == CKS_EVENT_ADDED);
	if (event == CKS_EVENT_REMOVED)
		__set_bit(index, st->went);
	spin_unlock(&st->seen_lock);
	queue_work(st->tick, &st->lanes_work);
	return NOTIFY_OK;
}

void cks_station_look(struct cks_station *st)
{
	queue_work(st->tick, &st->lanes_work);
	flush_work(&st->lanes_work);
}

int cks_station_let_go(struct cks_station *st, u32 index, struct netlink_ext_ack *extack)
{
	int err = 0;

	mutex_lock(&st->config);
	mutex_lock(&st->lock);
	if (index >= CKS_LANES_MAX || !st->lanes[index].present) {
		NL_SET_ERR_MSG(extack, "this station has no such coupler");
		err = -ENODEV;
	} else if (cks_session_on(st, index)) {
		NL_SET_ERR_MSG(extack, "a request of this coupler is not yet disposed of");
		err = -EBUSY;
	} else if (st->lanes[index].vpcd) {
		NL_SET_ERR_MSG(extack, "the coupler is a reader of vpcd");
		err = -EBUSY;
	} else {
		st->lanes[index].present = false;
		st->lanes[index].leaving = true;
		lane_unlisten(&st->lanes[index]);
	}
	mutex_unlock(&st->lock);
	mutex_unlock(&st->config);
	return err;
}

void cks_station_let_go_end(struct cks_station *st, u32 index)
{
	mutex_lock(&st->lock);
	st->lanes[index].leaving = false;
	mutex_unlock(&st->lock);
	cks_station_look(st);
}

/* ------------------------------------------------------------------------- dispositions */

static void drop_dispositions(struct cks_station *st)
{
	struct cks_dispo *d, *next;

	list_for_each_entry_safe(d, next, &st->dispositions, node) {
		list_del(&d->node);
		kfree(d);
	}
	st->nr_dispositions = 0;
}

void cks_station_acked(struct cks_station *st, u64 number)
{
	struct cks_dispo *d, *next;

	lockdep_assert_held(&st->lock);
	list_for_each_entry_safe(d, next, &st->dispositions, node) {
		if (d->number > number)
			break;
		list_del(&d->node);
		kfree(d);
		st->nr_dispositions--;
	}
	st->acked = max(st->acked, number);
	cks_notify_disposition(st);
}

/* station.lock held. Return: 1 to be queued, 0 came before, or an error. */
static int disposition_due(struct cks_station *st, const struct cks_dispo *d,
			   struct netlink_ext_ack *extack)
{
	u64 next = st->acked + st->nr_dispositions + 1;

	if (!st->journal_epoch) {
		NL_SET_ERR_MSG(extack, "the journal is unknown: set journal-epoch first");
		return -EINVAL;
	}
	if (!d->number || d->number > next) {
		NL_SET_ERR_MSG_FMT(extack, "disposition-number %llu leaves a gap: %llu is next",
				   d->number, next);
		return -EINVAL;
	}
	if (d->number < next)
		return 0;
	if (st->nr_dispositions >= st->limit[CKS_L_DISPOSITIONS]) {
		NL_SET_ERR_MSG_FMT(extack, "%u are not acknowledged: wait for disposition-ntf",
				   st->nr_dispositions);
		return -ENOBUFS;
	}
	return 1;
}

int cks_station_dispose(struct cks_station *st, struct cks_dispo *d,
			struct netlink_ext_ack *extack)
{
	struct cks_session *s = NULL;
	int err;

	mutex_lock(&st->lock);
	err = disposition_due(st, d, extack);
	if (err > 0 && !memcmp(d->boot_id, st->boot_id, CKS_ID_LEN)) {
		s = cks_session_find(st, d->request);
		if (s && s->renewing) {
			NL_SET_ERR_MSG(extack, "another request is being made in its place");
			s = NULL;
			err = -EBUSY;
		} else if (s && s->index != d->coupler) {
			NL_SET_ERR_MSG_FMT(extack, "request %llu is of coupler%u", s->request,
					   s->index);
			s = NULL;
			err = -EINVAL;
		}
	}
	if (err > 0) {
		list_add_tail(&d->node, &st->dispositions);
		st->nr_dispositions++;
		st->last_disposition = max(st->last_disposition, d->number);
		d = NULL;
		err = 0;
	}
	if (s) {
		cks_session_fail(s, CKS_CODE_OPERATOR, "disposed of by the control unit");
		cks_session_unlink(s);
	}
	cks_control_pump(st);
	mutex_unlock(&st->lock);

	if (s)
		cks_session_release(s);
	kfree(d);
	return err;
}

/* ---------------------------------------------------------------------------- hold, stop */

void cks_station_hold(struct cks_station *st, bool hold, const char *reason)
{
	lockdep_assert_held(&st->lock);
	st->hold = hold;
	strscpy(st->hold_reason, reason, sizeof(st->hold_reason));
	cks_notify_station(st);
}

bool cks_station_stop(struct cks_station *st, u32 index, bool stop, const char *reason)
{
	lockdep_assert_held(&st->lock);
	if (index >= CKS_LANES_MAX)
		return false;
	st->lanes[index].stopped = stop;
	if (!st->hold)
		strscpy(st->hold_reason, reason, sizeof(st->hold_reason));
	cks_notify_station(st);
	return true;
}

/* --------------------------------------------------------------------------- station-set */

/* station.lock held. What must not change under open sockets. */
static int check_change(struct cks_station *st, const struct cks_station_change *ch,
			struct netlink_ext_ack *extack)
{
	struct sockaddr_storage addr;
	unsigned int i;
	u64 acked;
	int err;

	if (st->listening &&
	    ((ch->uuid && memcmp(ch->uuid, st->uuid, CKS_ID_LEN)) ||
	     (ch->address && strcmp(ch->address, st->address)) ||
	     (ch->has_plaintext && !ch->plaintext_ok && st->plaintext_ok) ||
	     (ch->has_control_port && ch->control_port != st->control_port) ||
	     (ch->has_channel_port && ch->channel_port != st->channel_port))) {
		NL_SET_ERR_MSG(extack, "the station listens: set listen to 0 first");
		return -EBUSY;
	}
	if ((ch->has_control_port && !ch->control_port) ||
	    (ch->has_channel_port && !ch->channel_port) ||
	    (ch->has_vpcd_port && !ch->vpcd_port)) {
		NL_SET_ERR_MSG(extack, "port 0 is none");
		return -EINVAL;
	}
	if (ch->has_vpcd_port && any_vpcd(st)) {
		NL_SET_ERR_MSG(extack, "a coupler is a reader of vpcd: switch it off first");
		return -EBUSY;
	}
	if (ch->address) {
		err = parse_address(st, ch->address,
				    ch->has_plaintext ? ch->plaintext_ok : st->plaintext_ok,
				    &addr, extack);
		if (err)
			return err;
	}
	if (ch->has_journal && !ch->journal_epoch) {
		NL_SET_ERR_MSG(extack, "journal-epoch 0 is none");
		return -EINVAL;
	}
	if (!ch->has_journal && !st->journal_epoch && (ch->has_last || ch->has_acked)) {
		NL_SET_ERR_MSG(extack, "disposition numbers mean nothing without journal-epoch");
		return -EINVAL;
	}
	if ((ch->has_stop && ch->stop_lane >= CKS_LANES_MAX) ||
	    (ch->has_vpcd && ch->vpcd_lane >= CKS_LANES_MAX) ||
	    (ch->has_vpcd_off && ch->vpcd_off_lane >= CKS_LANES_MAX) ||
	    (ch->has_start && ch->start_lane >= CKS_LANES_MAX)) {
		NL_SET_ERR_MSG(extack, "the station has lanes 0 to 511");
		return -ERANGE;
	}
	for (i = 0; i < CKS_LIMITS; i++) {
		const struct cks_limit_range *r = &cks_limits[i];

		if (!(ch->has_limit & BIT(i)) ||
		    (ch->limit[i] >= r->min && ch->limit[i] <= r->max))
			continue;
		NL_SET_ERR_MSG_FMT(extack, "%s can be %u to %u", r->name, r->min, r->max);
		return -ERANGE;
	}
	acked = ch->has_acked ? ch->acked : st->acked;
	if (ch->has_last && ch->last_disposition < acked) {
		NL_SET_ERR_MSG(extack, "last-disposition is below what the CAS has acknowledged");
		return -EINVAL;
	}
	return 0;
}

/* station.lock held. */
static void apply_journal(struct cks_station *st, const struct cks_station_change *ch)
{
	bool renewed = ch->has_journal && ch->journal_epoch != st->journal_epoch;

	if (renewed) {
		/* Numbers of another journal; the CAS learns of the new one by a new HELLO. */
		drop_dispositions(st);
		st->journal_epoch = ch->journal_epoch;
		st->acked = 0;
		st->last_disposition = 0;
	}
	if (ch->has_acked && ch->acked > st->acked) {
		if (st->nr_dispositions)
			cks_station_acked(st, ch->acked);
		else
			st->acked = ch->acked;
	}
	if (ch->has_last)
		st->last_disposition = max(st->last_disposition, ch->last_disposition);
	st->last_disposition = max(st->last_disposition, st->acked);
	if (renewed)
		cks_control_drop(st, CKS_CODE_OPERATOR, CKS_NEW_JOURNAL);
}

int cks_station_change(struct cks_station *st, const struct cks_station_change *ch,
		       struct netlink_ext_ack *extack)
{
	struct cks_lane *off = NULL;
	bool close = false;
	unsigned int i;
	int err;

	flush_work(&st->lanes_work);
	mutex_lock(&st->config);
	mutex_lock(&st->lock);
	err = check_change(st, ch, extack);
	if (err)
		goto unlock;
	if (ch->uuid) {
		memcpy(st->uuid, ch->uuid, CKS_ID_LEN);
		st->has_uuid = true;
	}
	if (ch->has_plaintext)
		st->plaintext_ok = ch->plaintext_ok;
	if (ch->address)
		strscpy(st->address, ch->address, sizeof(st->address));
	if (ch->has_control_port)
		st->control_port = ch->control_port;
	if (ch->has_channel_port)
		st->channel_port = ch->channel_port;
	if (ch->has_vpcd_port)
		st->vpcd_port = ch->vpcd_port;
	if (ch->has_lease)
		st->lease_epoch = max(st->lease_epoch, ch->lease_epoch);
	for (i = 0; i < CKS_LIMITS; i++)
		if (ch->has_limit & BIT(i))
			WRITE_ONCE(st->limit[i], ch->limit[i]);
	if (ch->has_hold)
		cks_station_hold(st, ch->hold, ch->hold ? "by the operator" : "");
	if (ch->has_stop)
		cks_station_stop(st, ch->stop_lane, true, "by the operator");
	if (ch->has_start)
		cks_station_stop(st, ch->start_lane, false, "");
	cks_streams_limit(&st->streams, st->limit[CKS_L_CONNECTIONS]);
	apply_journal(st, ch);
	if (ch->has_listen) {
		if (ch->listen) {
			err = open_sockets(st, extack);
		} else if (st->listening) {
			cks_control_drop(st, CKS_CODE_OPERATOR, "the station closes");
			close_sockets(st);
			close = true;
		}
	}
	if (!err && ch->has_vpcd)
		err = vpcd_on(&st->lanes[ch->vpcd_lane], extack);
	if (ch->has_vpcd_off) {
		off = &st->lanes[ch->vpcd_off_lane];
		off->vpcd = false;
	}
unlock:
	mutex_unlock(&st->lock);
	/* Without station.lock: the streams take it as they close. */
	if (close)
		cks_streams_close(&st->streams);
	if (off)
		cks_vpcds_close(&st->vpcds, off);
	mutex_unlock(&st->config);
	return err;
}

/* ------------------------------------------------------------------------------- life */

struct cks_station *cks_station_new(struct net *net)
{
	struct cks_station *st;
	unsigned int i;
	int err = -ENOMEM;

	st = kvzalloc(sizeof(*st), GFP_KERNEL);
	if (!st)
		return ERR_PTR(-ENOMEM);
	st->net = net;
	mutex_init(&st->config);
	mutex_init(&st->lock);
	spin_lock_init(&st->seen_lock);
	INIT_LIST_HEAD(&st->sessions);
	st->sessions_seq = 1;	/* to a dump, 0 is none */
	INIT_LIST_HEAD(&st->dispositions);
	INIT_WORK(&st->lanes_work, lanes_work);
	INIT_DELAYED_WORK(&st->vpcd_tick, vpcd_tick);
	for (i = 0; i < CKS_LIMITS; i++)
		st->limit[i] = cks_limits[i].init;
	for (i = 0; i < CKS_LANES_MAX; i++) {
		st->lanes[i].station = st;
		st->lanes[i].index = i;
	}
	get_random_bytes(st->boot_id, sizeof(st->boot_id));
	strscpy(st->address, "127.0.0.1", sizeof(st->address));
	st->control_port = CKS_CONTROL_PORT;
	st->channel_port = CKS_CHANNEL_PORT;
	st->vpcd_port = CKS_VPCD_PORT;
	cks_vpcds_init(&st->vpcds);

	st->wq = alloc_workqueue("cks_router", WQ_UNBOUND | WQ_HIGHPRI, 0);
	if (!st->wq)
		goto err_free;
	st->tick = alloc_ordered_workqueue("cks_router_tick", 0);
	if (!st->tick)
		goto err_wq;
	cks_streams_init(&st->streams, st->wq, st->limit[CKS_L_CONNECTIONS]);

	st->nb.notifier_call = coupler_event;
	err = cks_register_notifier(&st->nb);
	if (err)
		goto err_tick;
	/* The couplers that are there already have been told; now they have their lanes. */
	flush_work(&st->lanes_work);
	return st;

err_tick:
	destroy_workqueue(st->tick);
err_wq:
	destroy_workqueue(st->wq);
err_free:
	kvfree(st);
	return ERR_PTR(err);
}

void cks_station_free(struct cks_station *st)
{
	struct cks_session *s;
	unsigned int i;

	cks_unregister_notifier(&st->nb);
	cancel_work_sync(&st->lanes_work);

	/* Told to all who are connected; then nobody is, and nothing begins any more. */
	mutex_lock(&st->lock);
	close_sockets(st);
	for (i = 0; i < CKS_LANES_MAX; i++)
		st->lanes[i].vpcd = false;
	list_for_each_entry(s, &st->sessions, node)
		cks_session_fail(s, CKS_CODE_OPERATOR, "the station is closed down");
	cks_control_drop(st, CKS_CODE_OPERATOR, "the station is closed down");
	mutex_unlock(&st->lock);
	cks_streams_close(&st->streams);
	cancel_delayed_work_sync(&st->vpcd_tick);
	cks_vpcds_close(&st->vpcds, NULL);

	for (;;) {
		mutex_lock(&st->lock);
		s = list_first_entry_or_null(&st->sessions, struct cks_session, node);
		if (s)
			cks_session_unlink(s);
		mutex_unlock(&st->lock);
		if (!s)
			break;
		cks_session_release(s);
	}
	drop_dispositions(st);
	destroy_workqueue(st->tick);
	destroy_workqueue(st->wq);
	kvfree(st);
}
