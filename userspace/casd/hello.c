// SPDX-License-Identifier: GPL-2.0-only
/*
 * What station and CAS must know of each other before anything begins.
 *
 * Context: run_*() the ledger's worker; the rest the event loop. Nothing is read from a station
 * while its HELLO is being recorded.
 */
#include "hello.h"

#include <stdlib.h>
#include <string.h>

#include "lease.h"
#include "log.h"
#include "session.h"

/**
 * struct hello_job - HELLO
 * @job: of the station
 * @uuid: of the station
 * @boot_id: from HELLO
 * @journal_epoch: from HELLO
 * @last_disposition: from HELLO
 * @couplers: how many it has
 * @lease: whose it is
 * @status: whether its journal fits
 * @behind: dispositions are to come
 */
struct hello_job {
	struct station_job job;
	uint8_t uuid[16];
	uint8_t boot_id[16];
	uint64_t journal_epoch;
	uint64_t last_disposition;
	uint32_t couplers;
	struct lease_asked lease;
	enum ledger_status status;
	bool behind;
};

void hello_update_held(struct station *st)
{
	st->held = st->refused;
	if (!st->held && st->behind)
		st->held = "the CAS does not know yet what became of the station's last cards";
}

void hello_caught_up(struct station *st, bool yes)
{
	st->behind = !yes;
	hello_update_held(st);
}

/* Sessions of a boot that is over get no result: the station knows nothing of them. */
static void end_other_boots(struct station *st)
{
	struct session *s = LIST_FIRST(&st->sessions);

	while (s) {
		struct session *next = LIST_NEXT(s, entry);

		if (memcmp(s->req.boot_id, st->boot_id, 16))
			session_ended(s, "the station was restarted");
		s = next;
	}
}

static void send_hello(struct station *st)
{
	struct ck_builder b;

	ck_begin(&b, CK_HELLO, 0);
	ck_put_text(&b, CK_T_NAME, st->casd->name);
	ck_put_u64(&b, CK_T_LEASE_EPOCH, st->lease_epoch);
	link_send(st->link, &b);
}

void hello_ask_inventory(struct station *st)
{
	struct ck_builder b;

	ck_begin(&b, CK_ORDER, 0);
	ck_put_u8(&b, CK_T_ORDER, CK_ORDER_INVENTORY);
	st->unknown = 0;
	st->asked = link_send(st->link, &b);
}

/* No record is given out before this database knows what the station's journal knows. */
static void run_hello(struct job *job)
{
	struct hello_job *j = (struct hello_job *)job;
	struct ledger *l = j->job.casd->ledger;
	unsigned int doubted;

	lease_run(l, j->job.name, j->uuid, &j->lease);
	if (j->lease.status != LEDGER_OK)
		return;
	j->status = ledger_hello(l, j->uuid, j->boot_id, j->journal_epoch, j->last_disposition,
				 &doubted);
	if (j->status != LEDGER_OK)
		log_error("hello", "station=%s reason=\"%s\"", j->job.name, ledger_error(l));
	if (doubted)
		log_error("journal-lost", "station=%s doubt=%u", j->job.name, doubted);
	j->behind = ledger_caught_up(l, j->uuid, j->journal_epoch, j->last_disposition) !=
		    LEDGER_OK;
	if (j->behind)
		log_warn("behind", "station=%s reason=\"%s\"", j->job.name, ledger_error(l));
}

static void greet(struct station *st, const struct hello_job *j)
{
	st->refused = j->status == LEDGER_OK ? NULL : "the CAS cannot vouch for its records";
	st->unsure = true;
	st->unknown = 0;
	hello_caught_up(st, !j->behind);
	st->greeted = true;
	st->stuck = false;
	st->backoff = 0;
	end_other_boots(st);
	if (st->one_connection)
		st->mux = mux_new(st->casd->base, st->link);
	send_hello(st);
	hello_ask_inventory(st);
	log_info("connected", "station=%s couplers=%u", st->name, j->couplers);
}

static void recorded(struct job *job)
{
	struct hello_job *j = (struct hello_job *)job;
	struct station *st = j->job.station;
	/* The database has given the lease, whether the station is still there or not. */
	const char *wrong = lease_taken(st, &j->lease);

	if (control_job_done(&j->job)) {
		st->greeting = false;
		control_mind(st);
		if (!wrong) {
			greet(st, j);
		} else {
			st->backoff = st->casd->lease / 4;
			control_disconnect(st, wrong);
		}
	}
	free(j);
}

void hello_frame(struct station *st, const struct ck_frame *f)
{
	const char *wrong;
	struct hello_job *j;

	if (st->greeted) {
		link_refuse(st->link, CK_E_STATE, "HELLO twice");
		return;
	}
	wrong = lease_may_take(st, f->field[CK_T_STATION].data);
	j = wrong ? NULL : control_job(st, sizeof(*j), run_hello, recorded);
	if (!j) {
		st->backoff = st->casd->lease / 4;
		control_disconnect(st, wrong ? wrong : "out of memory");
		return;
	}
	memcpy(st->uuid, f->field[CK_T_STATION].data, 16);
	memcpy(st->boot_id, f->field[CK_T_BOOT_ID].data, 16);
	st->journal_epoch = ck_u(f, CK_T_JOURNAL_EPOCH);
	st->last_disposition = ck_u(f, CK_T_LAST_DISPOSITION);
	memcpy(j->uuid, st->uuid, 16);
	memcpy(j->boot_id, st->boot_id, 16);
	j->journal_epoch = st->journal_epoch;
	j->last_disposition = st->last_disposition;
	j->couplers = f->field[CK_T_COUPLERS].len / 8;
	j->status = LEDGER_FAILED;
	j->behind = true;
	lease_ask(st, st->uuid, &j->lease);
	st->greeting = true;
	control_submit(&j->job);
}

/* ---- INVENTORY ---- */

/**
 * struct inventory_job - INVENTORY
 * @job: of the station
 * @boot_id: of the requests
 * @more: the list goes on
 * @unknown: requests of it whose results were not given here
 * @len: bytes at @list
 * @list: as it came
 */
struct inventory_job {
	struct station_job job;
	uint8_t boot_id[16];
	bool more;
	unsigned int unknown;
	uint32_t len;
	uint8_t list[];
};

/*
 * A result that was not given here was given by a newer database than this one, or could not be
 * committed. Its record may be on that card: until it is disposed of, no session starts.
 */
static void run_inventory(struct job *job)
{
	struct inventory_job *j = (struct inventory_job *)job;
	struct ledger_request r;

	for (uint32_t i = 0; i + CK_INVENTORY_ITEM <= j->len; i += CK_INVENTORY_ITEM) {
		const uint8_t *p = j->list + i;
		uint64_t number = 0;

		for (int k = 0; k < 8; k++)
			number = number << 8 | p[k];
		if (p[CK_INVENTORY_ITEM - 1] != CK_INVENTORY_RESULT)
			continue;
		if (ledger_request_find(j->job.casd->ledger, j->boot_id, number, &r) == LEDGER_OK &&
		    r.decided)
			continue;
		log_error("inventory",
			  "station=%s request=%llu reason=\"a result that was not given here: this database may be an old copy\"",
			  j->job.name, (unsigned long long)number);
		j->unknown++;
	}
}

static void looked_up(struct job *job)
{
	struct inventory_job *j = (struct inventory_job *)job;
	struct station *st = j->job.station;

	if (control_job_done(&j->job)) {
		/* One that was not looked up may be any. */
		st->unknown += job->refused ? 1 : j->unknown;
		if (!j->more && st->asked) {
			st->asked = false;
			st->unsure = st->unknown > 0;
			if (!st->unsure)
				session_start_waiting(st);
		}
	}
	free(j);
}

void hello_inventory(struct station *st, const struct ck_frame *f)
{
	const struct ck_field *list = &f->field[CK_T_INVENTORY];
	struct inventory_job *j = control_job(st, sizeof(*j) + list->len, run_inventory,
					      looked_up);

	/* Without an answer it is asked for again. */
	if (!j) {
		st->asked = false;
		return;
	}
	memcpy(j->boot_id, st->boot_id, 16);
	j->more = ck_u(f, CK_T_MORE);
	j->len = list->len;
	if (list->len)
		memcpy(j->list, list->data, list->len);
	control_submit(&j->job);
}
