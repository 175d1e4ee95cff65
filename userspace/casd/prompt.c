// SPDX-License-Identifier: GPL-2.0-only
/* Prompts of a session: shown by the station, answered by whoever stands there. */
#include <stdlib.h>
#include <string.h>

#include "lease.h"
#include "session.h"

static bool show(struct session *s, enum ck_prompt_kind kind)
{
	struct station *st = s->station;
	struct ck_builder b;

	if (!st->link || !st->greeted)
		return false;
	ck_begin(&b, CK_PROMPT, 0);
	ck_put_u64(&b, CK_T_REQUEST, s->req.number);
	ck_put_u32(&b, CK_T_PROMPT, s->prompt);
	ck_put_u8(&b, CK_T_KIND, kind);
	if (kind)
		ck_put(&b, CK_T_TEXT, s->x.cmd, s->x.cmd_len);
	return link_send(st->link, &b);
}

static void over(struct session *s)
{
	s->x.done = true;
	/* With a channel that is being opened again, on_opened() goes on. */
	if (s->state != SESSION_PROMPT)
		return;
	session_wait(s, SESSION_RUNNING, 0);
	session_run(s);
}

void prompt_send(struct session *s)
{
	struct exchange *x = &s->x;

	if (lease_over(s->station->casd)) {
		session_decide(s, CK_REJECT, "the station's lease has run out");
		return;
	}
	s->prompt++;
	session_wait(s, SESSION_PROMPT, (x->timeout + 999) / 1000);
	if (!show(s, x->kind)) {
		x->status = CK_STATUS_CANCELLED;
		strcpy(x->reason, "the station is not connected");
		over(s);
	} else if (x->kind == CK_PROMPT_DISPLAY) {
		x->given = true;
		over(s);
	}
}

void prompt_entry(struct session *s, const struct ck_frame *f)
{
	const struct ck_field *entry = &f->field[CK_T_ENTRY];
	struct exchange *x = &s->x;

	/* One that comes late, or about a text that was only shown, changes nothing. */
	if (x->what != EXCHANGE_PROMPT || x->done || ck_u(f, CK_T_PROMPT) != s->prompt)
		return;
	x->given = ck_u(f, CK_T_ANSWER) == CK_ANSWER_GIVEN;
	if (x->given && entry->len) {
		x->rsp = malloc(entry->len);
		if (x->rsp) {
			memcpy(x->rsp, entry->data, entry->len);
			x->rsp_len = entry->len;
		} else {
			x->status = CK_STATUS_CANCELLED;
			strcpy(x->reason, "out of memory");
		}
	}
	over(s);
}

void prompt_timeout(struct session *s)
{
	show(s, CK_PROMPT_NONE);
	over(s);
}
