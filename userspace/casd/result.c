// SPDX-License-Identifier: GPL-2.0-only
/*
 * Results: committed first, sent afterwards, as often as asked for.
 *
 * Context: run_commit(), and what it calls, the ledger's worker; the rest the event loop.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "session.h"

void result_send(struct station *station, const struct ledger_request *r)
{
	struct ck_builder b;

	if (!station->link || !station->greeted)
		return;		/* it is asked for again after the next HELLO */
	ck_begin(&b, CK_RESULT, 0);
	ck_put_u64(&b, CK_T_REQUEST, r->number);
	ck_put_u64(&b, CK_T_RESULT_ID, (uint64_t)r->id);
	ck_put_u32(&b, CK_T_PRESENCE_GEN, r->presence_gen);
	ck_put_u8(&b, CK_T_VERDICT, r->verdict);
	ck_put(&b, CK_T_BOOT_ID, r->boot_id, sizeof(r->boot_id));
	if (r->has_bin)
		ck_put_u32(&b, CK_T_BIN, r->bin);
	if (r->information_len)
		ck_put(&b, CK_T_INFORMATION, r->information, r->information_len);
	if (*r->reason)
		ck_put_text(&b, CK_T_REASON, r->reason);
	if (!link_send(station->link, &b))
		log_error("result", "station=%s request=%llu reason=\"cannot be sent\"",
			  station->name, (unsigned long long)r->number);
}

static void reject(struct ledger_request *r, const char *reason)
{
	r->verdict = CK_REJECT;
	r->has_bin = false;
	r->information_len = 0;
	snprintf(r->reason, sizeof(r->reason), "%s", reason);
}

/**
 * struct result_task - a verdict to be recorded: of the ledger's worker
 * @task: of the session
 * @casd: ledger
 * @station: its name, for the log
 * @req: the request, and the result as it is then
 * @claim: NULL if there is none
 * @refused: a claim failed
 * @evidence: that the card has the record's keys
 */
struct result_task {
	struct task task;
	struct casd *casd;
	const char *station;
	struct ledger_request req;
	struct claim *claim;
	bool refused;
	char evidence[LEDGER_EVIDENCE_MAX];
};

/* Whether the record is issued. */
static bool issue(struct result_task *t)
{
	struct ledger *ledger = t->casd->ledger;
	struct ledger_request *r = &t->req;
	enum ledger_status status;

	status = ledger_issue(ledger, r, &t->claim->record, t->evidence);
	if (status == LEDGER_OK)
		return true;
	log_error("issue", "station=%s request=%llu reason=\"%s\"", t->station,
		  (unsigned long long)r->number, ledger_error(ledger));
	reject(r, status == LEDGER_REFUSED ? ledger_error(ledger) :
					     "the result could not be recorded");
	return false;
}

static void run_commit(struct task *task)
{
	struct result_task *t = (struct result_task *)task;
	struct ledger *ledger = t->casd->ledger;
	struct ledger_request *r = &t->req;

	/* A profile may catch the error of a claim; the card stays what it is. */
	if (r->verdict == CK_GOOD && t->refused)
		reject(r, "the claim of a record failed");
	if (r->verdict == CK_GOOD && t->claim) {
		if (!*t->evidence)
			reject(r, "the profile did not verify the card's new keys");
		else if (issue(t))
			return;
	}
	if (ledger_decide(ledger, r) == LEDGER_OK)
		return;
	/* What cannot be recorded is not good; a rejection is sent all the same. */
	log_error("decide", "station=%s request=%llu reason=\"%s\"", t->station,
		  (unsigned long long)r->number, ledger_error(ledger));
	if (r->verdict == CK_GOOD || r->verdict == CK_RETRY)
		reject(r, "the result could not be recorded");
}

static void committed(struct task *task)
{
	struct session *s = task->session;

	s->req = ((struct result_task *)task)->req;
	task_drop(s);
	session_decided(s);
}

static void release(struct task *task)
{
	struct result_task *t = (struct result_task *)task;

	session_free_claim(t->claim);
	free(t);
}

void result_commit(struct session *s)
{
	struct result_task *t = calloc(1, sizeof(*t));

	if (!t) {
		reject(&s->req, "the CAS ran out of memory");
		session_decided(s);
		return;
	}
	task_init(s, &t->task, run_commit, committed, release);
	t->task.must_run = true;
	t->casd = s->station->casd;
	t->station = s->station->name;
	t->req = s->req;
	t->claim = s->claim;
	s->claim = NULL;
	t->refused = s->refused;
	memcpy(t->evidence, s->evidence, sizeof(t->evidence));
	task_submit(&t->task, POOL_LEDGER);
}
