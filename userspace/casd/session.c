// SPDX-License-Identifier: GPL-2.0-only
/*
 * One card's session, once its request is recorded.
 *
 * Context: the event loop. While a worker does something for it, what comes for the session is
 * handled at once, as at any other time: the worker has its task, and nothing of the session.
 */
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disposed.h"
#include "lease.h"
#include "lock.h"
#include "log.h"

static void wipe_exchange(struct exchange *x)
{
	if (x->cmd)
		explicit_bzero(x->cmd, x->cmd_len);
	free(x->cmd);
	if (x->rsp)
		explicit_bzero(x->rsp, x->rsp_len);
	free(x->rsp);
	memset(x, 0, sizeof(*x));
}

void session_free_claim(struct claim *claim)
{
	if (!claim)
		return;
	key_set_drop(claim->keys);
	lock_free(claim, sizeof(*claim));
}

void session_free(struct session *s)
{
	/* The script first: its handles end with it. */
	sandbox_destroy(s->sandbox);
	task_drop(s);
	session_free_claim(s->claim);
	wipe_exchange(&s->x);
	link_close(s->link);
	if (s->timer)
		event_free(s->timer);
	if (s->turn)
		event_free(s->turn);
	free(s->source);
	LIST_REMOVE(s, entry);
	free(s);
}

void session_finish(struct session *s)
{
	result_send(s->station, &s->req);
	session_free(s);
}

void session_decided(struct session *s)
{
	static const char *const names[] = { "", "good", "reject", "retry", "hold" };
	struct ledger_request *r = &s->req;

	log_info("result", "station=%s request=%llu coupler=%u application=%s verdict=%s "
		 "reason=\"%s\"", s->station->name, (unsigned long long)r->number, r->coupler,
		 r->application, names[r->verdict], r->reason);
	/* The channel may be lost already; the event loop finishes what is left. */
	s->state = SESSION_CLOSING;
	channel_close(s);
}

void session_decide(struct session *s, enum ck_verdict verdict, const char *reason)
{
	struct ledger_request *r = &s->req;

	if (r->decided)
		return;
	r->decided = true;
	r->verdict = verdict;
	if (verdict != CK_GOOD && !*reason)
		reason = "without a reason";
	if (reason != r->reason)
		snprintf(r->reason, sizeof(r->reason), "%s", reason);
	/* A station's text may have been cut within a character, and no station would take that. */
	for (char *c = r->reason; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	sandbox_destroy(s->sandbox);
	s->sandbox = NULL;
	task_drop(s);
	s->waiting = false;
	event_del(s->turn);
	session_wait(s, SESSION_DECIDING, 0);
	result_commit(s);
}

void session_ended(struct session *s, const char *reason)
{
	log_warn("ended", "station=%s request=%llu coupler=%u reason=\"%s\"", s->station->name,
		 (unsigned long long)s->req.number, s->req.coupler, reason);
	/* It follows what the session had asked of the ledger before. */
	if (!s->req.decided)
		disposed_ended(s->station, s->req.boot_id, s->req.number, reason);
	session_free(s);
}

/* Nothing is recorded: the database has ended them, or does so for another daemon. */
void session_end_all(struct station *station, const char *reason)
{
	struct session *s;

	while ((s = LIST_FIRST(&station->sessions))) {
		log_warn("ended", "station=%s request=%llu coupler=%u reason=\"%s\"", station->name,
			 (unsigned long long)s->req.number, s->req.coupler, reason);
		session_free(s);
	}
}

void session_wait(struct session *s, enum session_state state, unsigned int seconds)
{
	struct timeval tv = { .tv_sec = seconds };

	s->state = state;
	if (seconds)
		event_add(s->timer, &tv);
	else
		event_del(s->timer);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	static const char *const reasons[] = {
		[SESSION_ASKED] = "",
		[SESSION_CONNECTING] = "the channel could not be opened in time",
		[SESSION_RUNNING] = "database or key process did not answer in time",
		[SESSION_COMMAND] = "the station did not answer a command in time",
		[SESSION_PROMPT] = "",
		[SESSION_BROKEN] = "the channel broke and did not come back",
		[SESSION_DECIDING] = "",
		[SESSION_CLOSING] = "",
	};
	struct session *s = arg;

	(void)fd;
	(void)what;
	if (s->state == SESSION_CLOSING)
		session_finish(s);
	else if (s->state == SESSION_PROMPT)
		prompt_timeout(s);
	else
		session_decide(s, CK_REJECT, reasons[s->state]);
}

/*
 * A card that fell silent or was misunderstood gets another chance with the same record: data
 * that it has are stored again, and one that has its new keys shows it by its cryptogram.
 */
static bool may_retry(const struct session *s)
{
	switch (s->x.status) {
	case CK_STATUS_SILENT:
	case CK_STATUS_PROTOCOL:
	case CK_STATUS_TIMEOUT:
	case CK_STATUS_OFF:
	case CK_STATUS_COUPLER:
		return !s->claim || s->claim->record.attempt <= s->claim->record.retries;
	default:
		return false;
	}
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;

	(void)fd;
	(void)what;
	/* The end of its task, or the opened channel, gives it another one. */
	if (task_busy(s) || s->state == SESSION_CONNECTING)
		return;
	/* What the script sends next may be data of a record: another CAS may have the card. */
	if (lease_over(s->station->casd)) {
		session_decide(s, CK_REJECT, "the station's lease has run out");
		return;
	}
	switch (sandbox_resume(s->sandbox)) {
	case SANDBOX_PREEMPTED:
		session_run(s);
		break;
	case SANDBOX_WORKER:
		break;
	case SANDBOX_WAIT:
		if (s->x.what == EXCHANGE_PROMPT) {
			prompt_send(s);
			break;
		}
		s->number++;
		channel_send(s);
		break;
	case SANDBOX_DONE:
		/* The profile's verdict stands in the request already. */
		session_decide(s, s->req.verdict, s->req.reason);
		break;
	case SANDBOX_ERROR:
		s->req.has_bin = false;
		s->req.information_len = 0;
		session_decide(s, may_retry(s) ? CK_RETRY : CK_REJECT, sandbox_error(s->sandbox));
		break;
	}
}

void session_run(struct session *s)
{
	struct timeval now = { 0, 0 };

	/* A timer without delay, so that others' events come in between. */
	event_add(s->turn, &now);
}

uint8_t *session_command(struct session *s, size_t len, uint32_t timeout)
{
	wipe_exchange(&s->x);
	s->x.cmd = malloc(len);
	if (!s->x.cmd)
		return NULL;
	s->x.cmd_len = len;
	s->x.timeout = timeout;
	return s->x.cmd;
}

struct session *session_find(struct station *station, uint64_t number)
{
	struct session *s;

	LIST_FOREACH(s, &station->sessions, entry)
		if (s->req.number == number && !memcmp(s->req.boot_id, station->boot_id, 16))
			return s;
	return NULL;
}

void session_rechannel(struct session *s, const struct ck_frame *frame)
{
	if (s->req.decided)
		return;
	if (s->state != SESSION_ASKED && ck_u(frame, CK_T_PRESENCE_GEN) != s->req.presence_gen) {
		session_decide(s, CK_REJECT, "the card was changed");
		return;
	}
	s->port = (uint16_t)ck_u(frame, CK_T_PORT);
	memcpy(s->channel_token, frame->field[CK_T_TOKEN].data, 16);
	if (s->waiting || s->state == SESSION_ASKED)
		return;
	event_del(s->turn);
	channel_open(s);
}

struct session *session_new(struct station *station)
{
	struct session *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->station = station;
	LIST_INSERT_HEAD(&station->sessions, s, entry);
	s->timer = evtimer_new(station->casd->base, on_timer, s);
	s->turn = evtimer_new(station->casd->base, on_turn, s);
	if (s->timer && s->turn)
		return s;
	session_free(s);
	return NULL;
}
