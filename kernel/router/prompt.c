// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prompts: what a session shows the card holder or the operator, and what comes back
 * (docs/protocol.md section 2). One at a time for each session: userspace is told by an event and
 * can ask for it until it is answered, or another one takes its place.
 *
 * What was entered may be a PIN: it is in no event and no log, and is wiped once it is sent.
 *
 * Contexts: all process context, station.lock held.
 */
#include <linux/string.h>

#include "router.h"

/* A card holder's time is not the CAS's silence. */
static void begin_idle(struct cks_session *s)
{
	if (s->phase == CKS_P_OPEN)
		cks_session_arm(s, s->station->limit[CKS_L_IDLE]);
}

static void wipe_entry(struct cks_session *s)
{
	memzero_explicit(s->entry, sizeof(s->entry));
	s->entry_len = 0;
	s->want_entry = false;
}

void cks_prompt_clear(struct cks_session *s)
{
	s->prompt = 0;
	s->prompt_kind = CKS_PROMPT_KIND_NONE;
	memset(s->prompt_text, 0, sizeof(s->prompt_text));
	wipe_entry(s);
}

void cks_prompt_show(struct cks_session *s, const struct cks_msg *m)
{
	const struct cks_field *text = &m->f[CKS_F_TEXT];

	cks_prompt_clear(s);
	s->prompt_kind = cks_msg_u8(m, CKS_F_KIND);
	if (s->prompt_kind != CKS_PROMPT_KIND_NONE) {
		s->prompt = cks_msg_u32(m, CKS_F_PROMPT);
		memcpy(s->prompt_text, text->p, text->len);
	}
	begin_idle(s);
	cks_notify_prompt(s);
}

void cks_prompt_entry_sent(struct cks_session *s)
{
	wipe_entry(s);
}

int cks_prompt_answer(struct cks_session *s, u32 prompt, enum cks_prompt_answer answer,
		      const u8 *entry, u32 len, struct netlink_ext_ack *extack)
{
	if (!prompt || prompt != s->prompt) {
		NL_SET_ERR_MSG(extack, "this prompt is not shown any more");
		return -ESTALE;
	}
	if (len && (s->prompt_kind != CKS_PROMPT_KIND_ENTRY ||
		    answer != CKS_PROMPT_ANSWER_GIVEN)) {
		NL_SET_ERR_MSG(extack, "nothing is to be entered here");
		return -EINVAL;
	}
	cks_prompt_clear(s);
	s->entry_prompt = prompt;
	s->entry_answer = answer;
	s->entry_len = len;
	if (len)
		memcpy(s->entry, entry, len);
	s->want_entry = true;
	begin_idle(s);
	/* Another display may show it. */
	cks_notify_prompt(s);
	cks_control_pump(s->station);
	return 0;
}
