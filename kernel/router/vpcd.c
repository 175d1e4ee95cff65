// SPDX-License-Identifier: GPL-2.0-only
/*
 * Couplers as readers of PC/SC: the protocol of the vsmartcard project's vpcd, so that a stock
 * pcscd with libifdvpcd uses a coupler. Off until the control unit switches it on for a coupler,
 * which then serves no order; on loopback alone.
 *
 * The reader's driver listens. There is a connection to it for as long as there is a card, begun by
 * the station's tick; the card is claimed and switched on when the reader first asks for something.
 * Where that fails, or the card goes or fails, the connection is closed, which to the reader is a
 * card that was taken out. The driver sends messages, a length of 16 bits, big-endian, and as many
 * bytes: a command of the card, answered by its response; or one byte: 0 power off, 1 power on,
 * 2 reset, 4 ATR, which alone is answered.
 *
 * Contexts: a connection's work, one at a time, does everything; what wakes it may be softirq. The
 * core's reports set flags under @lock and wake it. It holds itself until it has closed; a queued
 * work holds it too.
 */
#include <linux/in.h>
#include <linux/kcov.h>
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "router.h"

#define HEADER		2
#define MESSAGE_MAX	65535	/* what the length can say */
#define WORK_BUDGET	32	/* rounds before others have their turn */

enum vpcd_control {
	VPCD_OFF = 0,
	VPCD_ON = 1,
	VPCD_RESET = 2,
	VPCD_ATR = 4,
};

/**
 * struct vpcd - one reader's connection
 * @ref: one is its own while it lives, one of each queued work
 * @lane: whose
 * @node: in the station's list
 * @tp: transport
 * @work: does everything
 * @coupler: of the lane when the connection was made
 * @claimed: since the reader's first message
 * @presence_gen: of the card that was there then
 * @owner: the claim
 * @cmd: of the core
 * @lock: protects @busy, @lost, @closing
 * @busy: @cmd is the core's
 * @lost: the card is gone
 * @closing: the station wants its end
 * @dead: nothing is left to be done
 * @active: the card is on
 * @working: @cmd was begun, and what it brings is to be taken
 * @resetting: it is a reset
 * @atr: of the last reset
 * @in: the message that is coming, with its length
 * @have: bytes of it
 * @out: the answer, with its length
 * @out_len: bytes of it
 * @sent: of them
 */
struct vpcd {
	struct kref ref;
	struct cks_lane *lane;
	struct list_head node;
	struct cks_transport *tp;
	struct work_struct work;
	struct cks_coupler *coupler;
	bool claimed;
	u32 presence_gen;
	struct cks_owner owner;
	struct cks_command cmd;
	spinlock_t lock;	/* protects @busy, @lost, @closing */
	bool busy;
	bool lost;
	bool closing;
	bool dead;
	bool active;
	bool working;
	bool resetting;
	struct iso7816_atr atr;
	u8 *in;
	u32 have;
	u8 *out;
	u32 out_len;
	u32 sent;
};

static void vpcd_free(struct kref *ref)
{
	struct vpcd *v = container_of(ref, struct vpcd, ref);

	kvfree_sensitive(v->in, HEADER + MESSAGE_MAX);
	kvfree_sensitive(v->out, HEADER + CKS_RESPONSE_MAX);
	cks_coupler_put(v->coupler);
	kfree(v);
}

static void vpcd_wake(void *ctx)
{
	struct vpcd *v = ctx;

	kref_get(&v->ref);
	if (!queue_work(v->lane->station->wq, &v->work))
		kref_put(&v->ref, vpcd_free);
}

static void vpcd_done(struct cks_command *cmd)
{
	struct vpcd *v = container_of(cmd, struct vpcd, cmd);

	spin_lock(&v->lock);
	v->busy = false;
	spin_unlock(&v->lock);
	vpcd_wake(v);
}

static void vpcd_lost(struct cks_owner *owner, bool gone)
{
	struct vpcd *v = container_of(owner, struct vpcd, owner);

	spin_lock(&v->lock);
	v->lost = true;
	spin_unlock(&v->lock);
	vpcd_wake(v);
}

static void vpcd_die(struct vpcd *v)
{
	struct cks_vpcds *set = &v->lane->station->vpcds;

	v->tp->ops->release(v->tp);
	if (v->claimed)
		cks_coupler_release(v->coupler, &v->owner);
	v->dead = true;
	spin_lock(&set->lock);
	list_del(&v->node);
	v->lane->vpcd_nr--;
	spin_unlock(&set->lock);
	wake_up_all(&set->gone);
	kref_put(&v->ref, vpcd_free);
}

/* ------------------------------------------------------------------------------- the card */

/* Whether the core has taken the command. */
static int begun(struct vpcd *v, int err)
{
	v->working = !err;
	if (err) {
		spin_lock(&v->lock);
		v->busy = false;
		spin_unlock(&v->lock);
	}
	return err;
}

static void set_busy(struct vpcd *v)
{
	spin_lock(&v->lock);
	v->busy = true;
	spin_unlock(&v->lock);
}

static int reset(struct vpcd *v)
{
	set_busy(v);
	v->resetting = true;
	v->cmd.timeout_ms = 0;
	return begun(v, cks_coupler_reset(v->coupler, &v->owner, &v->cmd,
					  v->active ? ISO7816_WARM : ISO7816_COLD));
}

static int exchange(struct vpcd *v, u32 len)
{
	if (!v->active)
		return -EHOSTDOWN;
	set_busy(v);
	v->resetting = false;
	memset(&v->cmd.x, 0, sizeof(v->cmd.x));
	v->cmd.x.cmd = v->in + HEADER;
	v->cmd.x.cmd_len = len;
	v->cmd.x.rsp = v->out + HEADER;
	/* The length of a longer one could not be told. */
	v->cmd.x.rsp_size = MESSAGE_MAX;
	v->cmd.x.mode = ISO7816_APDU;
	v->cmd.timeout_ms = v->lane->station->limit[CKS_L_COMMAND];
	return begun(v, cks_coupler_exchange(v->coupler, &v->owner, &v->cmd));
}

static void answer(struct vpcd *v, u32 len)
{
	v->out[0] = len >> 8;
	v->out[1] = len;
	v->out_len = HEADER + len;
	v->sent = 0;
}

/* A message has come whole. Return: 0, or why the reader gets no answer. */
static int message(struct vpcd *v)
{
	u32 len = v->have - HEADER;

	if (len != 1)
		return exchange(v, len);
	switch (v->in[HEADER]) {
	case VPCD_OFF:
		cks_coupler_power_off(v->coupler, &v->owner);
		v->active = false;
		return 0;
	case VPCD_ON:
		return v->active ? 0 : reset(v);
	case VPCD_RESET:
		return reset(v);
	case VPCD_ATR:
		memcpy(v->out + HEADER, v->atr.raw, v->atr.len);
		answer(v, v->atr.len);
		return 0;
	default:
		atomic64_inc(&v->lane->station->frames_refused);
		return -EINVAL;
	}
}

/* The core is done. What failed has switched the card off, and to the reader it is gone. */
static int finished(struct vpcd *v)
{
	/* Another card's ATR may come before it is told that this one has gone. */
	if (v->cmd.err != ISO7816_OK || v->cmd.presence_gen != v->presence_gen)
		return -EIO;
	if (v->resetting) {
		v->atr = v->cmd.atr;
		v->active = true;
	} else {
		answer(v, v->cmd.x.rsp_len);
		memzero_explicit(v->in, HEADER + v->cmd.x.cmd_len);
	}
	return 0;
}

/*
 * Claim the coupler and switch the card on; the message that has come waits. One that has come by
 * this number meanwhile is another one, and perhaps no reader.
 */
static int contact(struct vpcd *v)
{
	struct cks_coupler_status status;
	int err;

	cks_coupler_status(v->coupler, &status);
	err = status.present ? cks_coupler_claim(v->coupler, &v->owner) : -ENOMEDIUM;
	if (err)
		return err;
	v->claimed = true;
	v->presence_gen = status.presence_gen;
	return reset(v);
}

/* -------------------------------------------------------------------------- the connection */

/* Return: 1 something moved, 0 there is nothing to do now, or an error. */
static int transmit(struct vpcd *v)
{
	int n;

	n = v->tp->ops->send(v->tp, v->out + v->sent, v->out_len - v->sent);
	if (n <= 0)
		return n == -EAGAIN ? 0 : n ? n : -EPIPE;
	v->sent += n;
	if (v->sent == v->out_len) {
		memzero_explicit(v->out, v->out_len);
		v->out_len = 0;
	}
	return 1;
}

static int receive(struct vpcd *v)
{
	u32 want = HEADER;
	int n;

	if (v->have >= HEADER)
		want += v->in[0] << 8 | v->in[1];
	n = v->tp->ops->recv(v->tp, v->in + v->have, want - v->have);
	if (n <= 0)
		return n == -EAGAIN ? 0 : n ? n : -EPIPE;
	v->have += n;
	if (v->have < HEADER)
		return 1;
	want = HEADER + (v->in[0] << 8 | v->in[1]);
	if (want == HEADER)
		return -EINVAL;
	return 1;
}

static bool whole(const struct vpcd *v)
{
	return v->have > HEADER && v->have == HEADER + (v->in[0] << 8 | v->in[1]);
}

static int step(struct vpcd *v)
{
	int err = 0;

	if (v->working) {
		v->working = false;
		err = finished(v);
	} else if (v->out_len) {
		return transmit(v);
	} else if (!whole(v)) {
		return receive(v);
	} else if (!v->claimed) {
		err = contact(v);
	} else {
		err = message(v);
		v->have = 0;
	}
	return err ? err : 1;
}

static void vpcd_work(struct work_struct *work)
{
	struct vpcd *v = container_of(work, struct vpcd, work);
	unsigned int budget = WORK_BUDGET;
	bool busy = false, over;
	int moved = 1;

	kcov_remote_start_common(READ_ONCE(v->lane->station->streams.kcov));
	while (!v->dead && moved && budget--) {
		spin_lock(&v->lock);
		busy = v->busy;
		over = v->lost || v->closing;
		spin_unlock(&v->lock);
		if (busy && !over)
			break;	/* it is woken when the core is done */
		moved = over ? -EPIPE : step(v);
		if (moved < 0)
			vpcd_die(v);
	}
	if (!v->dead && moved > 0 && !busy)
		vpcd_wake(v);
	kcov_remote_stop();
	kref_put(&v->ref, vpcd_free);
}

static struct cks_transport *dial(struct cks_lane *lane)
{
	struct sockaddr_storage addr = {};
	struct sockaddr_in *sin = (struct sockaddr_in *)&addr;

	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin->sin_port = htons(lane->station->vpcd_port + lane->index);
	return cks_tcp_connect(lane->station->net, &addr);
}

/* The reference to the coupler is the connection's then. */
static void begin(struct cks_lane *lane, struct cks_coupler *c)
{
	struct cks_vpcds *set = &lane->station->vpcds;
	struct vpcd *v = kzalloc(sizeof(*v), GFP_KERNEL);

	if (!v) {
		cks_coupler_put(c);
		return;
	}
	kref_init(&v->ref);
	v->coupler = c;
	v->in = kvmalloc(HEADER + MESSAGE_MAX, GFP_KERNEL);
	v->out = kvmalloc(HEADER + CKS_RESPONSE_MAX, GFP_KERNEL);
	v->tp = v->in && v->out ? dial(lane) : NULL;
	if (IS_ERR_OR_NULL(v->tp)) {
		kref_put(&v->ref, vpcd_free);
		return;
	}
	v->lane = lane;
	v->owner.name = "vpcd";
	v->owner.lost = vpcd_lost;
	v->cmd.done = vpcd_done;
	spin_lock_init(&v->lock);
	INIT_WORK(&v->work, vpcd_work);
	v->tp->wake = vpcd_wake;
	v->tp->ctx = v;
	spin_lock(&set->lock);
	lane->vpcd_nr++;
	list_add_tail(&v->node, &set->list);
	spin_unlock(&set->lock);
	/* From here on the work may run, and even end before this returns. */
	v->tp->ops->start(v->tp);
}

void cks_vpcd_tick(struct cks_lane *lane)
{
	struct cks_vpcds *set = &lane->station->vpcds;
	struct cks_coupler *c = cks_coupler_get(lane->index);
	struct cks_coupler_status status = { .present = false };
	bool connected = false;
	struct vpcd *v;

	lockdep_assert_held(&lane->station->lock);
	if (c)
		cks_coupler_status(c, &status);
	spin_lock(&set->lock);
	list_for_each_entry(v, &set->list, node) {
		if (v->lane != lane)
			continue;
		connected = true;
		if (status.present)
			continue;
		/* Who has not claimed the coupler is not told that its card has gone. */
		spin_lock(&v->lock);
		v->lost = true;
		spin_unlock(&v->lock);
		vpcd_wake(v);
	}
	spin_unlock(&set->lock);
	if (status.present && !connected)
		begin(lane, c);
	else if (c)
		cks_coupler_put(c);
}

void cks_vpcds_end(struct cks_vpcds *set, const struct cks_lane *lane)
{
	struct vpcd *v;

	spin_lock(&set->lock);
	list_for_each_entry(v, &set->list, node) {
		if (lane && v->lane != lane)
			continue;
		spin_lock(&v->lock);
		v->closing = true;
		spin_unlock(&v->lock);
		vpcd_wake(v);
	}
	spin_unlock(&set->lock);
}

void cks_vpcds_close(struct cks_vpcds *set, const struct cks_lane *lane)
{
	cks_vpcds_end(set, lane);
	wait_event(set->gone, lane ? !READ_ONCE(lane->vpcd_nr) : list_empty_careful(&set->list));
}

void cks_vpcds_init(struct cks_vpcds *set)
{
	spin_lock_init(&set->lock);
	INIT_LIST_HEAD(&set->list);
	init_waitqueue_head(&set->gone);
}
