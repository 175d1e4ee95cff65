// SPDX-License-Identifier: GPL-2.0-only
/* One card's session, from REQUEST to RESULT. */
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "application.h"
#include "lease.h"
#include "lock.h"
#include "log.h"
#include "profile.h"

#define SESSIONS_MAX	1024	/* of one station */
#define INVENTORY_WAIT	15	/* seconds */

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

static void free_claim(struct session *s)
{
	if (!s->claim)
		return;
	for (int i = 0; i < 3; i++)
		token_destroy(s->station->casd->token, s->claim->keys[i]);
	lock_free(s->claim, sizeof(*s->claim));
	s->claim = NULL;
}

void session_free(struct session *s)
{
	/* The script first: its handles end with it. */
	sandbox_destroy(s->sandbox);
	free_claim(s);
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

void session_decide(struct session *s, enum ck_verdict verdict, const char *reason)
{
	static const char *const names[] = { "", "good", "reject", "retry", "hold" };
	struct ledger_request *r = &s->req;

	if (r->decided)
		return;
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
	result_commit(s);
	free_claim(s);
	log_info("result", "station=%s request=%llu coupler=%u application=%s verdict=%s "
		 "reason=\"%s\"", s->station->name, (unsigned long long)r->number, r->coupler,
		 r->application, names[r->verdict], r->reason);
	event_del(s->turn);
	/* The channel may be lost already; the event loop finishes what is left. */
	s->state = SESSION_CLOSING;
	channel_close(s);
}

void session_ended(struct session *s, const char *reason)
{
	struct ledger *ledger = s->station->casd->ledger;

	log_warn("ended", "station=%s request=%llu coupler=%u reason=\"%s\"", s->station->name,
		 (unsigned long long)s->req.number, s->req.coupler, reason);
	if (!s->req.decided && ledger_ended(ledger, s->req.id, reason) != LEDGER_OK)
		log_error("ended", "request=%llu reason=\"%s\"",
			  (unsigned long long)s->req.number, ledger_error(ledger));
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
		[SESSION_CONNECTING] = "the channel could not be opened in time",
		[SESSION_RUNNING] = "the profile ran too long",
		[SESSION_COMMAND] = "the station did not answer a command in time",
		[SESSION_PROMPT] = "",
		[SESSION_BROKEN] = "the channel broke and did not come back",
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
	/* What the script sends next may be data of a record: another CAS may have the card. */
	if (lease_over(s->station->casd)) {
		session_decide(s, CK_REJECT, "the station's lease has run out");
		return;
	}
	switch (sandbox_resume(s->sandbox)) {
	case SANDBOX_PREEMPTED:
		session_run(s);
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
	if (s->state == SESSION_CLOSING)
		return;
	if (ck_u(frame, CK_T_PRESENCE_GEN) != s->req.presence_gen) {
		session_decide(s, CK_REJECT, "the card was changed");
		return;
	}
	s->port = (uint16_t)ck_u(frame, CK_T_PORT);
	memcpy(s->channel_token, frame->field[CK_T_TOKEN].data, 16);
	if (s->waiting)
		return;
	event_del(s->turn);
	channel_open(s);
}

static void copy_text(char *out, size_t cap, const struct ck_field *f)
{
	size_t n = f->len < cap ? f->len : cap - 1;

	if (n)
		memcpy(out, f->data, n);
	out[n] = '\0';
}

static void fill_request(struct session *s, const struct ck_frame *f)
{
	struct ledger_request *r = &s->req;

	memcpy(r->station, s->station->uuid, 16);
	memcpy(r->boot_id, s->station->boot_id, 16);
	r->number = ck_u(f, CK_T_REQUEST);
	r->coupler = (uint32_t)ck_u(f, CK_T_COUPLER);
	r->presence_gen = (uint32_t)ck_u(f, CK_T_PRESENCE_GEN);
	copy_text(r->application, sizeof(r->application), &f->field[CK_T_APPLICATION]);
	copy_text(r->reference, sizeof(r->reference), &f->field[CK_T_CARD_REFERENCE]);
	copy_text(r->encryption, sizeof(r->encryption), &f->field[CK_T_ENCRYPTION]);
	r->atr_len = f->field[CK_T_ATR].len;
	memcpy(r->atr, f->field[CK_T_ATR].data, r->atr_len);
	s->parameters_len = f->field[CK_T_PARAMETERS].len;
	if (s->parameters_len)
		memcpy(s->parameters, f->field[CK_T_PARAMETERS].data, s->parameters_len);
	s->port = (uint16_t)ck_u(f, CK_T_PORT);
	memcpy(s->channel_token, f->field[CK_T_TOKEN].data, 16);
}

static bool is_text(const struct ck_field *f, const char *text)
{
	return f->len == strlen(text) && !memcmp(f->data, text, f->len);
}

static unsigned int count_sessions(const struct station *station)
{
	unsigned int n = 0;
	struct session *s;

	LIST_FOREACH(s, &station->sessions, entry)
		n++;
	return n;
}

/* Why this request cannot be served, or NULL. */
static const char *unservable(struct session *s, const struct ck_frame *f)
{
	const char *wrong;

	if (s->station->held)
		return s->station->held;
	if (!is_text(&f->field[CK_T_PROTOCOL], "cks"))
		return "channel protocol not spoken by this CAS";
	if (!is_text(&f->field[CK_T_ENCRYPTION], "none"))
		return "encryption not spoken by this CAS";
	if (count_sessions(s->station) > SESSIONS_MAX)
		return "too many sessions";
	wrong = profile_load(s->station->casd->profiles, s->req.application,
			     s->station->casd->profile_key, &s->source, &s->source_len);
	if (wrong)
		log_error("profile", "application=%s reason=\"%s\"", s->req.application, wrong);
	return wrong;
}

static struct session *create(struct station *station)
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

/* No record may be given out, so nothing begins, before the station's results are known. */
static void start(struct session *s)
{
	s->waiting = s->station->unsure;
	if (s->waiting)
		session_wait(s, SESSION_CONNECTING, INVENTORY_WAIT);
	else
		channel_open(s);
}

/* A repeated request whose session is live: a channel that is not open needs the new token. */
static void repeat_live(struct session *s, const struct ck_frame *f)
{
	if (s->req.decided)
		return;
	s->port = (uint16_t)ck_u(f, CK_T_PORT);
	memcpy(s->channel_token, f->field[CK_T_TOKEN].data, 16);
	if ((s->state != SESSION_BROKEN && s->state != SESSION_CONNECTING) || s->waiting)
		return;
	/* The script goes on when the channel is open, not before. */
	event_del(s->turn);
	channel_open(s);
}

/* Records the request. False if nothing starts: the session is gone then, or soon will be. */
static bool record_request(struct session *s, bool repeat)
{
	struct ledger *ledger = s->station->casd->ledger;
	const char *wrong;
	bool known;

	if (ledger_request_open(ledger, &s->req, &known) != LEDGER_OK) {
		/* Nothing starts without a record; the station's deadline rejects the card. */
		log_error("request", "station=%s request=%llu reason=\"%s\"", s->station->name,
			  (unsigned long long)s->req.number, ledger_error(ledger));
		session_free(s);
		return false;
	}
	if (known && s->req.decided) {
		session_finish(s);
		return false;
	}
	if (known || repeat) {
		wrong = "a repeated request that is not known here";
		if (known)
			wrong = *s->req.reason ? s->req.reason : "the request's session is over";
		session_decide(s, CK_REJECT, wrong);
		return false;
	}
	return true;
}

void session_request(struct station *station, const struct ck_frame *f)
{
	struct session *s = session_find(station, ck_u(f, CK_T_REQUEST));
	const char *wrong;

	if (s) {
		repeat_live(s, f);
		return;
	}
	s = create(station);
	if (!s) {
		log_error("request", "station=%s reason=\"out of memory\"", station->name);
		return;
	}
	fill_request(s, f);
	if (!record_request(s, ck_u(f, CK_T_REPEAT) == 1))
		return;
	log_info("request", "station=%s request=%llu coupler=%u application=%s reference=\"%s\"",
		 station->name, (unsigned long long)s->req.number, s->req.coupler,
		 s->req.application, s->req.reference);
	wrong = unservable(s, f);
	if (!wrong) {
		s->sandbox = sandbox_create(&application_limits, s, application_start);
		if (!s->sandbox)
			wrong = "the CAS ran out of memory";
	}
	if (wrong)
		session_decide(s, CK_REJECT, wrong);
	else
		start(s);
}

void session_start_waiting(struct station *station)
{
	struct session *s = LIST_FIRST(&station->sessions);

	while (s) {
		struct session *next = LIST_NEXT(s, entry);

		if (s->waiting && station->held)
			session_decide(s, CK_REJECT, station->held);
		else if (s->waiting)
			start(s);
		s = next;
	}
}
