// SPDX-License-Identifier: GPL-2.0-only
/*
 * REQUEST: recorded, then its profile is read, then the session begins.
 *
 * Context: run_*() the worker that they name; the rest the event loop.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "application.h"
#include "log.h"
#include "profile.h"
#include "session.h"

#define SESSIONS_MAX	1024	/* of one station */
#define INVENTORY_WAIT	15	/* seconds */

/**
 * struct request_task - a request: of the ledger's worker, then of that for files
 * @task: of the session
 * @casd: ledger, profiles
 * @station: its name, for the log
 * @req: the request, and what is known of it
 * @repeat: the station has sent it before
 * @status: of the ledger
 * @known: so has the ledger
 * @wrong: why it cannot be served, NULL if it can
 * @source: text of the profile
 * @source_len: bytes
 */
struct request_task {
	struct task task;
	struct casd *casd;
	const char *station;
	struct ledger_request req;
	bool repeat;
	enum ledger_status status;
	bool known;
	const char *wrong;
	char *source;
	size_t source_len;
};

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

/* Why this request cannot be served, whatever its profile is; or NULL. */
static const char *unservable(const struct station *st, const struct ck_frame *f)
{
	if (!is_text(&f->field[CK_T_PROTOCOL], "cks"))
		return "channel protocol not spoken by this CAS";
	if (!is_text(&f->field[CK_T_ENCRYPTION], "none"))
		return "encryption not spoken by this CAS";
	if (count_sessions(st) > SESSIONS_MAX)
		return "too many sessions";
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

static void run_open(struct task *task)
{
	struct request_task *t = (struct request_task *)task;

	t->status = ledger_request_open(t->casd->ledger, &t->req, &t->known);
	/* Nothing starts without a record; the station's deadline rejects the card. */
	if (t->status != LEDGER_OK)
		log_error("request", "station=%s request=%llu reason=\"%s\"", t->station,
			  (unsigned long long)t->req.number, ledger_error(t->casd->ledger));
}

static void run_load(struct task *task)
{
	struct request_task *t = (struct request_task *)task;

	t->wrong = profile_load(t->casd->profiles, t->req.application, t->casd->profile_key,
				&t->source, &t->source_len);
	if (t->wrong)
		log_error("profile", "application=%s reason=\"%s\"", t->req.application, t->wrong);
}

static void release(struct task *task)
{
	struct request_task *t = (struct request_task *)task;

	free(t->source);
	free(t);
}

/* The session begins, or is rejected. */
static void loaded(struct task *task)
{
	struct request_task *t = (struct request_task *)task;
	struct session *s = task->session;
	const char *wrong = t->wrong;

	s->source = t->source;
	s->source_len = t->source_len;
	t->source = NULL;
	task_drop(s);
	if (s->station->held)
		wrong = s->station->held;
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

static void opened(struct task *task)
{
	struct request_task *t = (struct request_task *)task;
	struct session *s = task->session;
	struct ledger_request *r = &s->req;

	if (t->status != LEDGER_OK) {
		session_free(s);
		return;
	}
	*r = t->req;
	if (t->known && r->decided) {
		session_finish(s);
		return;
	}
	if (t->known) {
		session_decide(s, CK_REJECT, *r->reason ? r->reason :
							  "the request's session is over");
		return;
	}
	if (t->repeat) {
		session_decide(s, CK_REJECT, "a repeated request that is not known here");
		return;
	}
	log_info("request", "station=%s request=%llu coupler=%u application=%s reference=\"%s\"",
		 s->station->name, (unsigned long long)r->number, r->coupler, r->application,
		 r->reference);
	if (t->wrong) {
		session_decide(s, CK_REJECT, t->wrong);
		return;
	}
	task->run = run_load;
	task->done = loaded;
	task_submit(task, POOL_FILES);
}

void session_request(struct station *station, const struct ck_frame *f)
{
	struct session *s = session_find(station, ck_u(f, CK_T_REQUEST));
	struct request_task *t;

	if (s) {
		repeat_live(s, f);
		return;
	}
	s = session_new(station);
	t = s ? calloc(1, sizeof(*t)) : NULL;
	if (!t) {
		if (s)
			session_free(s);
		log_error("request", "station=%s reason=\"out of memory\"", station->name);
		return;
	}
	fill_request(s, f);
	task_init(s, &t->task, run_open, opened, release);
	/* What the station does next may rest on it. */
	t->task.must_run = true;
	t->casd = station->casd;
	t->station = station->name;
	t->req = s->req;
	t->repeat = ck_u(f, CK_T_REPEAT) == 1;
	t->status = LEDGER_FAILED;
	t->wrong = unservable(station, f);
	task_submit(&t->task, POOL_LEDGER);
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
