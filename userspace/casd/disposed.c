// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the station tells of the end of its cards.
 *
 * Context: run_*() the ledger's worker; the rest the event loop. Several dispositions may be on
 * their way to the worker; it takes them in their order, and the ledger takes none after a gap.
 */
#include "disposed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hello.h"
#include "log.h"

#define STUCK_BACKOFF 5	/* seconds, after a commit that failed */

/**
 * struct disposed_job - DISPOSED
 * @job: of the station
 * @d: the disposition
 * @behind: the station is waited for; afterwards: still
 * @last_disposition: up to which
 * @status: of the ledger
 */
struct disposed_job {
	struct station_job job;
	struct ledger_disposition d;
	bool behind;
	uint64_t last_disposition;
	enum ledger_status status;
};

static void acknowledge(struct station *st, uint64_t number, uint64_t journal_epoch)
{
	struct ck_builder b;

	ck_begin(&b, CK_DISPOSED_ACK, 0);
	ck_put_u64(&b, CK_T_NUMBER, number);
	ck_put_u64(&b, CK_T_JOURNAL_EPOCH, journal_epoch);
	link_send(st->link, &b);
}

static void run_dispose(struct job *job)
{
	struct disposed_job *j = (struct disposed_job *)job;
	const struct ledger_disposition *d = &j->d;
	struct ledger *l = j->job.casd->ledger;

	j->status = ledger_dispose(l, d);
	if (j->status != LEDGER_OK)
		log_error("disposition", "station=%s number=%llu reason=\"%s\"", j->job.name,
			  (unsigned long long)d->number, ledger_error(l));
	else if (j->behind)
		j->behind = ledger_caught_up(l, d->station, d->journal_epoch,
					     j->last_disposition) != LEDGER_OK;
}

/*
 * Neither this one nor a later one is acknowledged on this connection: they come again, in order,
 * after the next HELLO.
 */
static void stick(struct station *st, enum ledger_status status)
{
	st->stuck = true;
	if (status == LEDGER_GAP) {
		st->refused = "dispositions do not fit: the CAS's database may be an old copy";
		hello_update_held(st);
	} else if (status == LEDGER_REFUSED) {
		link_refuse(st->link, CK_E_MALFORMED, "no such disposition");
	} else {
		st->backoff = STUCK_BACKOFF;
		control_disconnect(st, "a disposition could not be committed");
	}
}

static void disposed(struct job *job)
{
	struct disposed_job *j = (struct disposed_job *)job;
	struct station *st = j->job.station;

	/* On a connection of after, and behind one that failed, it comes again. */
	if (control_job_done(&j->job) && !st->stuck) {
		if (j->status == LEDGER_OK) {
			acknowledge(st, j->d.number, j->d.journal_epoch);
			if (st->behind)
				hello_caught_up(st, !j->behind);
		} else {
			stick(st, j->status);
		}
	}
	free(j);
}

void disposed_frame(struct station *st, const struct ck_frame *f)
{
	struct disposed_job *j;

	if (st->stuck)
		return;
	j = control_job(st, sizeof(*j), run_dispose, disposed);
	if (!j) {
		stick(st, LEDGER_FAILED);
		return;
	}
	j->d = (struct ledger_disposition) {
		.journal_epoch = ck_u(f, CK_T_JOURNAL_EPOCH),
		.number = ck_u(f, CK_T_NUMBER),
		.request = ck_u(f, CK_T_REQUEST),
		.coupler = (uint32_t)ck_u(f, CK_T_COUPLER),
		.presence_gen = (uint32_t)ck_u(f, CK_T_PRESENCE_GEN),
		.result_id = ck_u(f, CK_T_RESULT_ID),
		.disposition = (uint8_t)ck_u(f, CK_T_DISPOSITION),
	};
	memcpy(j->d.station, st->uuid, 16);
	memcpy(j->d.boot_id, f->field[CK_T_BOOT_ID].data, 16);
	control_text(j->d.evidence, sizeof(j->d.evidence), &f->field[CK_T_EVIDENCE]);
	/* Evidence is bytes; what is not printable would not survive as JSON. */
	for (char *c = j->d.evidence; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	j->behind = st->behind;
	j->last_disposition = st->last_disposition;
	j->status = LEDGER_FAILED;
	control_submit(&j->job);
}

/* ---- ENDED ---- */

/**
 * struct ended_job - ENDED
 * @job: of the station
 * @boot_id: of the request
 * @number: of the request
 * @reason: of the station, or of this CAS
 */
struct ended_job {
	struct station_job job;
	uint8_t boot_id[16];
	uint64_t number;
	char reason[LEDGER_REASON_MAX];
};

static void run_ended(struct job *job)
{
	struct ended_job *j = (struct ended_job *)job;
	struct ledger *l = j->job.casd->ledger;
	enum ledger_status status;
	struct ledger_request r;

	status = ledger_request_find(l, j->boot_id, j->number, &r);
	if (status == LEDGER_REFUSED)
		return;
	if (status == LEDGER_OK && !r.decided)
		status = ledger_ended(l, r.id, j->reason);
	if (status != LEDGER_OK)
		log_error("ended", "station=%s request=%llu reason=\"%s\"", j->job.name,
			  (unsigned long long)j->number, ledger_error(l));
}

static void ended(struct job *job)
{
	control_job_done((struct station_job *)job);
	free(job);
}

void disposed_ended(struct station *st, const uint8_t boot_id[16], uint64_t number,
		    const char *reason)
{
	struct ended_job *j = control_job(st, sizeof(*j), run_ended, ended);

	if (!j) {
		log_error("ended", "station=%s reason=\"out of memory\"", st->name);
		return;
	}
	memcpy(j->boot_id, boot_id, 16);
	j->number = number;
	snprintf(j->reason, sizeof(j->reason), "%s", reason);
	control_submit(&j->job);
}
