// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions: what is done as they go from a request to their disposition. The phases and what
 * leads from one to the next are in phase.c.
 *
 * Contexts: all process context. Everything of a session is under station.lock; session_done(),
 * session_lost() and the deadline take it themselves. A session is freed by
 * cks_session_release(), which runs without the lock after the session has left the station's
 * list, and waits for those three.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "router.h"

/* Room for a RESPONSE with the longest data, or for an ATR frame. */

/* What netlink shows of a phase. */
static const enum cks_session_state shown[CKS_PHASES] = {
	[CKS_P_REQUESTED] = CKS_SESSION_STATE_REQUESTED,
	[CKS_P_WAITING] = CKS_SESSION_STATE_OFFERED,
	[CKS_P_OFFERED] = CKS_SESSION_STATE_OFFERED,
	[CKS_P_OPEN] = CKS_SESSION_STATE_OPEN,
	[CKS_P_RUNNING] = CKS_SESSION_STATE_RUNNING,
	[CKS_P_LOST] = CKS_SESSION_STATE_OPEN,
	[CKS_P_ADRIFT] = CKS_SESSION_STATE_RUNNING,
	[CKS_P_CLOSED] = CKS_SESSION_STATE_OPEN,
	[CKS_P_RESULT] = CKS_SESSION_STATE_RESULT,
	[CKS_P_DISPOSED] = CKS_SESSION_STATE_DISPOSED,
};

void cks_session_arm(struct cks_session *s, unsigned int ms)
{
	s->armed = ms;
	if (!ms) {
		cancel_delayed_work(&s->deadline);
		return;
	}
	s->expires = jiffies + msecs_to_jiffies(ms);
	mod_delayed_work(s->station->tick, &s->deadline, msecs_to_jiffies(ms));
}

bool cks_session_happen(struct cks_session *s, enum cks_happening h)
{
	enum cks_limit before = cks_phase_limit(s->phase), limit;
	enum cks_phase next;

	lockdep_assert_held(&s->station->lock);
	if (!cks_phase_after(s->phase, h, &next))
		return false;
	s->phase = next;
	limit = cks_phase_limit(next);
	/* A bound that goes on is not begun anew. */
	if (limit == CKS_L_NONE)
		cks_session_arm(s, 0);
	else if (limit != before || h == CKS_H_TOLD)
		cks_session_arm(s, s->station->limit[limit]);
	return true;
}

enum cks_session_state cks_session_state(const struct cks_session *s)
{
	return shown[s->phase];
}

bool cks_session_decided(const struct cks_session *s)
{
	return s->phase >= CKS_P_RESULT;
}

struct cks_session *cks_session_find(struct cks_station *st, u64 request)
{
	struct cks_session *s;

	lockdep_assert_held(&st->lock);
	list_for_each_entry(s, &st->sessions, node)
		if (s->request == request)
			return s;
	return NULL;
}

struct cks_session *cks_session_on(struct cks_station *st, u32 index)
{
	struct cks_session *s;

	lockdep_assert_held(&st->lock);
	list_for_each_entry(s, &st->sessions, node)
		if (s->index == index)
			return s;
	return NULL;
}

void cks_session_new_token(struct cks_session *s)
{
	get_random_bytes(s->token, sizeof(s->token));
	s->token_valid = true;
}

void cks_session_void_token(struct cks_session *s)
{
	s->token_valid = false;
	memzero_explicit(s->token, sizeof(s->token));
}

void cks_session_offer_sent(struct cks_session *s)
{
	bool first = !s->offered;

	s->offered = true;
	cks_session_happen(s, CKS_H_TOLD);
	if (first)
		cks_notify_request(s);
}

static void session_decide(struct cks_session *s, enum cks_happening h)
{
	cks_session_happen(s, h);
	cks_session_void_token(s);
	s->want_request = false;
	s->want_rechannel = false;
	cks_prompt_clear(s);
	cks_coupler_power_off(s->coupler, &s->owner);
	cks_notify_result(s);
	cks_control_pump(s->station);
}

void cks_session_fail(struct cks_session *s, enum cks_code code, const char *reason)
{
	lockdep_assert_held(&s->station->lock);
	if (cks_session_decided(s))
		return;
	s->verdict = CKS_VERDICT_REJECT;
	s->own_verdict = true;
	s->result_id = 0;
	strscpy(s->reason, reason, sizeof(s->reason));
	s->want_ended = s->offered;
	cks_channel_detach(s, code, reason);
	session_decide(s, CKS_H_FAILED);
}

void cks_session_result(struct cks_session *s, const struct cks_msg *m)
{
	const struct cks_field *f;

	lockdep_assert_held(&s->station->lock);
	f = &m->f[CKS_F_BOOT_ID];
	if (cks_session_decided(s) || !s->offered ||
	    cks_msg_u32(m, CKS_F_PRESENCE_GEN) != s->presence_gen ||
	    (f->p && memcmp(f->p, s->station->boot_id, CKS_ID_LEN))) {
		s->station->results_ignored++;
		return;
	}

	s->result_id = cks_msg_u64(m, CKS_F_RESULT_ID);
	s->verdict = cks_msg_u8(m, CKS_F_VERDICT);
	s->bin = cks_msg_u32(m, CKS_F_BIN);
	f = &m->f[CKS_F_INFORMATION];
	s->information_len = f->len;
	if (f->len)
		memcpy(s->information, f->p, f->len);
	f = &m->f[CKS_F_REASON];
	if (f->len)
		memcpy(s->reason, f->p, f->len);
	s->reason[f->len] = '\0';
	cks_channel_detach(s, 0, NULL);
	session_decide(s, CKS_H_RESULT);
}

static void session_deadline(struct work_struct *work)
{
	struct cks_session *s = container_of(to_delayed_work(work), struct cks_session, deadline);
	struct cks_station *st = s->station;

	mutex_lock(&st->lock);
	if (s->armed && time_after_eq(jiffies, s->expires)) {
		s->armed = false;
		st->deadlines_passed++;
		cks_session_fail(s, CKS_CODE_TIMEOUT, cks_phase_expired(s->phase));
	}
	mutex_unlock(&st->lock);
}

/* The first reset is done. */
static void session_contacted(struct cks_session *s)
{
	const struct cks_command *cmd = &s->run->cmd;
	struct cks_coupler_status status;

	s->atr = cmd->atr;
	s->power_gen = cmd->power_gen;
	if (cmd->err != ISO7816_OK) {
		cks_session_fail(s, 0, iso7816_strerror(cmd->err));
		return;
	}
	if (cmd->presence_gen != s->presence_gen) {
		cks_session_fail(s, 0, "card removed");
		return;
	}
	cks_coupler_status(s->coupler, &status);
	s->card_protocol = status.line.t;
	cks_session_happen(s, CKS_H_CONTACTED);
	s->want_request = true;
	cks_control_pump(s->station);
}

static void session_done(struct cks_command *cmd)
{
	struct cks_session *s = container_of(cmd, struct cks_run, cmd)->session;
	struct cks_station *st = s->station;
	u8 *body;
	u32 len;

	mutex_lock(&st->lock);
	s->cmd_busy = cmd->followed;
	body = s->cmd_body;
	len = s->cmd_body_len;
	s->cmd_body = NULL;
	if (s->phase == CKS_P_REQUESTED)
		session_contacted(s);
	else if (!cks_session_decided(s))
		cks_exchange_done(s);
	mutex_unlock(&st->lock);
	kvfree_sensitive(body, len);
}

static void session_lost(struct cks_owner *owner, bool gone)
{
	struct cks_session *s = container_of(owner, struct cks_session, owner);
	struct cks_station *st = s->station;

	mutex_lock(&st->lock);
	if (s->phase == CKS_P_DISPOSED)	/* is being released, or was never begun */
		goto unlock;
	if (!cks_session_decided(s)) {
		cks_exchange_card_removed(s);
		cks_session_fail(s, 0, gone ? "coupler removed" : "card removed");
	}
	if (gone)
		queue_work(st->wq, &s->release);
unlock:
	mutex_unlock(&st->lock);
}

static void session_progress(struct cks_owner *owner, u32 extensions)
{
	struct cks_session *s = container_of(owner, struct cks_session, owner);

	mutex_lock(&s->station->lock);
	if (!cks_session_decided(s))
		cks_exchange_progress(s, extensions);
	mutex_unlock(&s->station->lock);
}

/* Not from session_lost() itself: releasing waits for it. */
static void session_release_coupler(struct work_struct *work)
{
	struct cks_session *s = container_of(work, struct cks_session, release);
	struct cks_coupler *c;

	mutex_lock(&s->station->lock);
	c = s->coupler;
	s->coupler = NULL;
	mutex_unlock(&s->station->lock);
	if (c) {
		cks_coupler_release(c, &s->owner);
		cks_coupler_put(c);
	}
}

static void session_free(struct cks_session *s)
{
	unsigned int i;

	cks_exchange_free(s);
	for (i = 0; i < ARRAY_SIZE(s->runs); i++)
		cks_txbuf_put(s->runs[i].reply);
	kvfree_sensitive(s->cmd_body, s->cmd_body_len);
	kvfree_sensitive(s, sizeof(*s));
}

void cks_session_unlink(struct cks_session *s)
{
	lockdep_assert_held(&s->station->lock);
	cks_session_happen(s, CKS_H_DISPOSED);
	list_del(&s->node);
	s->station->nr_sessions--;
	s->station->sessions_seq++;
}

void cks_session_release(struct cks_session *s)
{
	cancel_work_sync(&s->release);
	session_release_coupler(&s->release);
	cancel_delayed_work_sync(&s->deadline);
	session_free(s);
}

static struct cks_session *session_alloc(struct cks_station *st, const struct cks_session_new *n)
{
	struct cks_session *s = kvzalloc(sizeof(*s), GFP_KERNEL);
	unsigned int i;

	if (!s)
		return NULL;
	s->run = &s->runs[0];
	s->run->reply = cks_txbuf_alloc(CKS_REPLY_SIZE);
	if (!s->run->reply) {
		kvfree(s);
		return NULL;
	}
	s->station = st;
	s->phase = CKS_P_DISPOSED;	/* until it begins, there is nothing to lose */
	INIT_DELAYED_WORK(&s->deadline, session_deadline);
	INIT_WORK(&s->release, session_release_coupler);
	s->owner.name = "router";
	s->owner.lost = session_lost;
	s->owner.progress = session_progress;
	for (i = 0; i < ARRAY_SIZE(s->runs); i++) {
		s->runs[i].session = s;
		s->runs[i].cmd.done = session_done;
	}
	s->index = n->index;
	strscpy(s->application, n->application, sizeof(s->application));
	if (n->card_reference)
		strscpy(s->card_reference, n->card_reference, sizeof(s->card_reference));
	s->parameters_len = n->parameters_len;
	if (n->parameters_len)
		memcpy(s->parameters, n->parameters, n->parameters_len);
	return s;
}

/* Whether a request can be made on this coupler now, @old being over by it. station.lock held. */
static int session_allowed(struct cks_station *st, u32 index, const struct cks_session *old,
			   struct netlink_ext_ack *extack)
{
	const struct cks_session *s;

	if (!st->listening) {
		NL_SET_ERR_MSG(extack, "the station does not listen: station-set listen first");
		return -EHOSTDOWN;
	}
	if (index >= CKS_LANES_MAX || !st->lanes[index].present || !cks_net_has(st->net, index)) {
		NL_SET_ERR_MSG(extack, "no such coupler");
		return -ENODEV;
	}
	if (st->lanes[index].vpcd) {
		NL_SET_ERR_MSG(extack, "the coupler is a reader of vpcd");
		return -EBUSY;
	}
	if (!st->lanes[index].listener) {
		NL_SET_ERR_MSG(extack, "no channel socket: the kernel's log says why");
		return -EADDRNOTAVAIL;
	}
	if (st->hold || st->lanes[index].stopped) {
		NL_SET_ERR_MSG_FMT(extack, "%s: %s", st->hold ? "the station is held" :
							       "the lane is stopped",
				   st->hold_reason);
		return -EAGAIN;
	}
	s = cks_session_on(st, index);
	if (s && s != old) {
		NL_SET_ERR_MSG_FMT(extack, "request %llu of this coupler is not yet disposed of",
				   s->request);
		return -EBUSY;
	}
	if (st->nr_sessions - !!old >= st->limit[CKS_L_REQUESTS]) {
		NL_SET_ERR_MSG(extack, "too many requests are not yet disposed of");
		return -ENOBUFS;
	}
	return 0;
}

/* Whether the card is the one that is meant, which the session is of then. */
static int session_card(struct cks_session *s, const struct cks_session_new *n,
			struct netlink_ext_ack *extack)
{
	struct cks_coupler_status status;

	cks_coupler_status(s->coupler, &status);
	if (!status.present) {
		NL_SET_ERR_MSG(extack, "no card in the coupler");
		return -ENOMEDIUM;
	}
	if (n->has_presence_gen && n->presence_gen != status.presence_gen) {
		NL_SET_ERR_MSG_FMT(extack, "the card was changed: presence-gen is %u now",
				   status.presence_gen);
		return -ESTALE;
	}
	s->presence_gen = status.presence_gen;
	s->power_gen = status.power_gen;
	return 0;
}

/* For who takes its coupler over: nobody else gives that back then. */
static struct cks_coupler *session_take_coupler(struct cks_session *s)
{
	struct cks_coupler *c;

	mutex_lock(&s->station->lock);
	c = s->coupler;
	s->coupler = NULL;
	mutex_unlock(&s->station->lock);
	return c;
}

/* It is the session's again. One that goes may have said so to the other: it is given back. */
static void session_put_coupler(struct cks_session *s, struct cks_coupler *c)
{
	struct cks_coupler *now;

	mutex_lock(&s->station->lock);
	s->coupler = c;
	mutex_unlock(&s->station->lock);
	now = cks_coupler_get(s->index);
	if (now != c)
		queue_work(s->station->wq, &s->release);
	if (now)
		cks_coupler_put(now);
}

/*
 * Claim the coupler, or take it over from @old, if that has one. Without station.lock: a coupler
 * that takes new settings is waited for, and the others are not to wait for it.
 */
static int session_claim(struct cks_session *s, struct cks_session *old, bool *ret_passed,
			 struct netlink_ext_ack *extack)
{
	struct cks_coupler *c = old ? session_take_coupler(old) : NULL;
	int err;

	*ret_passed = c;
	if (c) {
		err = cks_coupler_pass(c, &old->owner, &s->owner);
		if (err)
			session_put_coupler(old, c);
	} else {
		c = cks_coupler_get(s->index);
		if (!c) {
			NL_SET_ERR_MSG(extack, "no such coupler");
			return -ENODEV;
		}
		err = cks_coupler_claim(c, &s->owner);
		if (err)
			cks_coupler_put(c);
	}
	if (err) {
		NL_SET_ERR_MSG(extack, "the coupler is claimed by another owner, or going away");
		return err;
	}
	s->coupler = c;
	return 0;
}

/* Undo it. Reports are waited for: nobody but the core has seen this session. */
static void session_unclaim(struct cks_session *s, struct cks_session *old, bool passed)
{
	struct cks_coupler *c = s->coupler;

	s->coupler = NULL;
	if (passed && !cks_coupler_pass(c, &s->owner, &old->owner)) {
		session_put_coupler(old, c);
		return;
	}
	cks_coupler_release(c, &s->owner);
	cks_coupler_put(c);
}

/*
 * The CAS asked for the same card once more: the request before it, over when this one begins.
 * One that cannot begin leaves it as it was. station.lock held.
 */
static int session_renew(struct cks_station *st, const struct cks_session_new *n,
			 struct cks_session **ret_old, struct netlink_ext_ack *extack)
{
	struct cks_session *old = cks_session_on(st, n->index);
	int err;

	if (old && (old->phase != CKS_P_RESULT || old->verdict != CKS_VERDICT_RETRY ||
		    old->renewing))
		old = NULL;
	err = session_allowed(st, n->index, old, extack);
	if (err || !old)
		return err;
	old->renewing = true;
	*ret_old = old;
	return 0;
}

/* Begin to reset, with the coupler claimed; @old is over then. station.lock held. */
static int session_begin(struct cks_session *s, const struct cks_session_new *n,
			 struct cks_session *old, struct netlink_ext_ack *extack)
{
	struct cks_station *st = s->station;
	int err;

	lockdep_assert_held(&st->lock);
	err = session_allowed(st, s->index, old, extack);
	if (!err)
		err = session_card(s, n, extack);
	if (err)
		return err;
	err = cks_coupler_reset(s->coupler, &s->owner, &s->run->cmd, ISO7816_COLD);
	if (err) {
		NL_SET_ERR_MSG(extack, "the reset could not be started");
		return err;
	}
	if (old)
		cks_session_unlink(old);
	s->cmd_busy = true;
	s->phase = CKS_P_REQUESTED;
	s->request = ++st->last_request;
	st->requests_total++;
	st->nr_sessions++;
	st->sessions_seq++;
	list_add_tail(&s->node, &st->sessions);
	cks_session_arm(s, st->limit[cks_phase_limit(s->phase)]);
	return 0;
}

int cks_session_new(struct cks_station *st, const struct cks_session_new *n, u64 *ret_request,
		    struct netlink_ext_ack *extack)
{
	struct cks_session *s, *old = NULL;
	bool passed;
	int err;

	s = session_alloc(st, n);
	if (!s)
		return -ENOMEM;

	/* A coupler that has just come has its channel socket before anybody asks for it. */
	flush_work(&st->lanes_work);

	mutex_lock(&st->lock);
	err = session_renew(st, n, &old, extack);
	mutex_unlock(&st->lock);
	if (!err)
		err = session_claim(s, old, &passed, extack);
	if (!err) {
		mutex_lock(&st->lock);
		err = session_begin(s, n, old, extack);
		if (!err)
			*ret_request = s->request;
		mutex_unlock(&st->lock);
		if (err)
			session_unclaim(s, old, passed);
	}
	if (!err) {
		if (old)
			cks_session_release(old);
		return 0;
	}

	mutex_lock(&st->lock);
	st->requests_refused++;
	if (old)
		old->renewing = false;
	mutex_unlock(&st->lock);
	session_free(s);
	return err;
}
