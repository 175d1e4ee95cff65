// SPDX-License-Identifier: GPL-2.0-only
/* Results: committed first, sent afterwards, as often as asked for. */
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

void result_commit(struct session *s)
{
	struct ledger *ledger = s->station->casd->ledger;
	struct ledger_request *r = &s->req;
	enum ledger_status status;

	r->decided = true;
	/* A profile may catch the error of a claim; the card stays what it is. */
	if (r->verdict == CK_GOOD && s->refused)
		reject(r, "the claim of a record failed");
	if (r->verdict == CK_GOOD && s->claim) {
		if (*s->evidence) {
			status = ledger_issue(ledger, r, &s->claim->record, s->evidence);
			if (status == LEDGER_OK)
				return;
			log_error("issue", "station=%s request=%llu reason=\"%s\"",
				  s->station->name, (unsigned long long)r->number,
				  ledger_error(ledger));
			reject(r, status == LEDGER_REFUSED ? ledger_error(ledger) :
							     "the result could not be recorded");
		} else {
			reject(r, "the profile did not verify the card's new keys");
		}
	}
	status = ledger_decide(ledger, r);
	if (status == LEDGER_OK)
		return;
	/* What cannot be recorded is not good; a rejection is sent all the same. */
	log_error("decide", "station=%s request=%llu reason=\"%s\"", s->station->name,
		  (unsigned long long)r->number, ledger_error(ledger));
	if (r->verdict == CK_GOOD || r->verdict == CK_RETRY)
		reject(r, "the result could not be recorded");
}
