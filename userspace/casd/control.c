// SPDX-License-Identifier: GPL-2.0-only
/* The control connection to one station. */
#include "control.h"

#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lease.h"
#include "log.h"
#include "orders.h"
#include "session.h"

#define BACKOFF_MAX	16	/* seconds */
#define STUCK_BACKOFF	5	/* after a commit that failed */
#define SILENT		3	/* intervals without a byte until the connection is given up */

static void tick_after(struct station *st, unsigned int ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	event_add(st->tick, &tv);
}

static void disconnect(struct station *st, const char *why)
{
	log_warn("disconnected", "station=%s retry=%us reason=\"%s\"", st->name, st->backoff, why);
	mux_free(st->mux);
	st->mux = NULL;
	link_close(st->link);
	st->link = NULL;
	st->greeted = false;
	/* The first attempts follow quickly: station and CAS may be started together. */
	tick_after(st, st->backoff ? st->backoff * 1000 : 200);
	st->backoff = st->backoff ? st->backoff * 2 : 1;
	if (st->backoff > BACKOFF_MAX)
		st->backoff = BACKOFF_MAX;
}

void control_disconnect(struct station *st, const char *why)
{
	if (st->link)
		disconnect(st, why);
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

static void update_held(struct station *st)
{
	st->held = st->refused;
	if (!st->held && st->behind)
		st->held = "the CAS does not know yet what became of the station's last cards";
}

/* No record is given out before this database knows what the station's journal knows. */
static void catch_up(struct station *st)
{
	bool before = st->behind;

	st->behind = ledger_caught_up(st->casd->ledger, st->uuid, st->journal_epoch,
				      st->last_disposition) != LEDGER_OK;
	if (st->behind && !before)
		log_warn("behind", "station=%s reason=\"%s\"", st->name,
			 ledger_error(st->casd->ledger));
	update_held(st);
}

/* Which results does the station have? Sessions wait for the answer. */
static void ask_inventory(struct station *st)
{
	struct ck_builder b;

	ck_begin(&b, CK_ORDER, 0);
	ck_put_u8(&b, CK_T_ORDER, CK_ORDER_INVENTORY);
	st->unknown = 0;
	st->asked = link_send(st->link, &b);
}

static void on_hello(struct station *st, const struct ck_frame *f)
{
	enum ledger_status status;
	unsigned int doubted;
	const char *wrong;

	if (st->greeted) {
		link_refuse(st->link, CK_E_STATE, "HELLO twice");
		return;
	}
	memcpy(st->uuid, f->field[CK_T_STATION].data, 16);
	memcpy(st->boot_id, f->field[CK_T_BOOT_ID].data, 16);
	st->journal_epoch = ck_u(f, CK_T_JOURNAL_EPOCH);
	st->last_disposition = ck_u(f, CK_T_LAST_DISPOSITION);
	wrong = lease_take(st);
	if (wrong) {
		st->backoff = st->casd->lease / 4;
		disconnect(st, wrong);
		return;
	}
	status = ledger_hello(st->casd->ledger, st->uuid, st->boot_id, st->journal_epoch,
			      st->last_disposition, &doubted);
	if (status != LEDGER_OK)
		log_error("hello", "station=%s reason=\"%s\"", st->name,
			  ledger_error(st->casd->ledger));
	if (doubted)
		log_error("journal-lost", "station=%s doubt=%u", st->name, doubted);
	st->refused = status == LEDGER_OK ? NULL : "the CAS cannot vouch for its records";
	st->behind = false;
	st->unsure = true;
	st->unknown = 0;
	catch_up(st);
	st->greeted = true;
	st->stuck = false;
	st->backoff = 0;
	end_other_boots(st);
	if (st->one_connection)
		st->mux = mux_new(st->casd->base, st->link);
	send_hello(st);
	ask_inventory(st);
	log_info("connected", "station=%s couplers=%u", st->name,
		 f->field[CK_T_COUPLERS].len / 8);
}

static void copy_text(char *out, size_t cap, const struct ck_field *f)
{
	size_t n = f->len < cap ? f->len : cap - 1;

	if (n)
		memcpy(out, f->data, n);
	out[n] = '\0';
}

static void acknowledge(struct station *st, uint64_t number, uint64_t journal_epoch)
{
	struct ck_builder b;

	ck_begin(&b, CK_DISPOSED_ACK, 0);
	ck_put_u64(&b, CK_T_NUMBER, number);
	ck_put_u64(&b, CK_T_JOURNAL_EPOCH, journal_epoch);
	link_send(st->link, &b);
}

static void on_disposed(struct station *st, const struct ck_frame *f)
{
	struct ledger_disposition d = {
		.journal_epoch = ck_u(f, CK_T_JOURNAL_EPOCH),
		.number = ck_u(f, CK_T_NUMBER),
		.request = ck_u(f, CK_T_REQUEST),
		.coupler = (uint32_t)ck_u(f, CK_T_COUPLER),
		.presence_gen = (uint32_t)ck_u(f, CK_T_PRESENCE_GEN),
		.result_id = ck_u(f, CK_T_RESULT_ID),
		.disposition = (uint8_t)ck_u(f, CK_T_DISPOSITION),
	};
	enum ledger_status status;

	if (st->stuck)
		return;
	memcpy(d.station, st->uuid, 16);
	memcpy(d.boot_id, f->field[CK_T_BOOT_ID].data, 16);
	copy_text(d.evidence, sizeof(d.evidence), &f->field[CK_T_EVIDENCE]);
	/* Evidence is bytes; what is not printable would not survive as JSON. */
	for (char *c = d.evidence; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	status = ledger_dispose(st->casd->ledger, &d);
	if (status == LEDGER_OK) {
		acknowledge(st, d.number, d.journal_epoch);
		if (st->behind)
			catch_up(st);
		return;
	}
	log_error("disposition", "station=%s number=%llu reason=\"%s\"", st->name,
		  (unsigned long long)d.number, ledger_error(st->casd->ledger));
	/*
	 * Neither this one nor a later one is acknowledged on this connection: they come again, in
	 * order, after the next HELLO.
	 */
	st->stuck = true;
	if (status == LEDGER_GAP) {
		st->refused = "dispositions do not fit: the CAS's database may be an old copy";
		update_held(st);
	} else if (status == LEDGER_REFUSED) {
		link_refuse(st->link, CK_E_MALFORMED, "no such disposition");
	} else {
		st->backoff = STUCK_BACKOFF;
		disconnect(st, "a disposition could not be committed");
	}
}

/*
 * A result that was not given here was given by a newer database than this one, or could not be
 * committed. Its record may be on that card: until it is disposed of, no session starts.
 */
static void on_inventory(struct station *st, const struct ck_frame *f)
{
	const struct ck_field *list = &f->field[CK_T_INVENTORY];
	struct ledger_request r;

	for (uint32_t i = 0; i + CK_INVENTORY_ITEM <= list->len; i += CK_INVENTORY_ITEM) {
		const uint8_t *p = list->data + i;
		uint64_t number = 0;

		for (int j = 0; j < 8; j++)
			number = number << 8 | p[j];
		if (p[CK_INVENTORY_ITEM - 1] != CK_INVENTORY_RESULT)
			continue;
		if (ledger_request_find(st->casd->ledger, st->boot_id, number, &r) == LEDGER_OK &&
		    r.decided)
			continue;
		log_error("inventory",
			  "station=%s request=%llu reason=\"a result that was not given here: this database may be an old copy\"",
			  st->name, (unsigned long long)number);
		st->unknown++;
	}
	if (ck_u(f, CK_T_MORE) || !st->asked)
		return;
	st->asked = false;
	st->unsure = st->unknown > 0;
	if (!st->unsure)
		session_start_waiting(st);
}

static void on_session_frame(struct station *st, const struct ck_frame *f)
{
	struct session *s = session_find(st, ck_u(f, CK_T_REQUEST));
	char reason[LEDGER_REASON_MAX];

	if (!s) {
		struct ledger_request r;

		/* Its session is over here: only the record of it is left. */
		if (f->type == CK_ENDED &&
		    ledger_request_find(st->casd->ledger, st->boot_id, ck_u(f, CK_T_REQUEST),
					&r) == LEDGER_OK && !r.decided) {
			copy_text(reason, sizeof(reason), &f->field[CK_T_REASON]);
			ledger_ended(st->casd->ledger, r.id, reason);
		}
		return;
	}
	if (f->type == CK_RECHANNEL) {
		session_rechannel(s, f);
	} else if (f->type == CK_ENTRY) {
		prompt_entry(s, f);
	} else {
		copy_text(reason, sizeof(reason), &f->field[CK_T_REASON]);
		session_ended(s, reason);
	}
}

static void on_error(struct station *st, const struct ck_frame *f)
{
	char reason[LEDGER_REASON_MAX];

	copy_text(reason, sizeof(reason), &f->field[CK_T_REASON]);
	if (ck_u(f, CK_T_CODE) == CK_E_LEASE) {
		log_error("lease",
			  "station=%s epoch=%llu reason=\"the station has seen a higher one: another CAS serves it, or this database is an old copy\"",
			  st->name, (unsigned long long)st->lease_epoch);
		st->backoff = BACKOFF_MAX;
	}
	disconnect(st, reason);
}

/* Channels that share the connection. */
static void on_link(struct station *st, const struct ck_frame *f)
{
	const char *wrong = st->mux ? mux_frame(st->mux, f) : "a link that never was";

	if (wrong)
		link_refuse(st->link, CK_E_STATE, wrong);
}

static void on_frame(void *arg, const struct ck_frame *f)
{
	struct station *st = arg;
	struct ck_builder b;

	if (!st->greeted && f->type != CK_HELLO && f->type != CK_ERROR) {
		link_refuse(st->link, CK_E_STATE, "HELLO must come first");
		return;
	}
	switch (f->type) {
	case CK_HELLO:
		on_hello(st, f);
		break;
	case CK_PING:
		ck_begin(&b, CK_PONG, f->number);
		link_send(st->link, &b);
		break;
	case CK_PONG:
	case CK_RESULT_ACK:
		break;
	case CK_REQUEST:
		session_request(st, f);
		break;
	case CK_DISPOSED:
		on_disposed(st, f);
		break;
	case CK_ENDED:
	case CK_RECHANNEL:
	case CK_ENTRY:
		on_session_frame(st, f);
		break;
	case CK_INVENTORY:
	case CK_ORDER_ACK:
		/* Our own has no number. */
		if (f->number)
			orders_answer(st->casd->orders, st, f);
		else if (f->type == CK_INVENTORY)
			on_inventory(st, f);
		break;
	case CK_CARRY:
	case CK_CREDIT:
	case CK_UNLINK:
		on_link(st, f);
		break;
	case CK_ERROR:
		on_error(st, f);
		break;
	default:
		link_refuse(st->link, CK_E_STATE, "not a type of the control socket");
	}
}

static void on_connected(void *arg)
{
	struct station *st = arg;

	tick_after(st, st->casd->ping_interval);
}

static void on_closed(void *arg, const char *why)
{
	struct station *st = arg;

	st->link = NULL;
	disconnect(st, why);
}

static const struct link_ops control_ops = {
	.connected = on_connected,
	.frame = on_frame,
	.closed = on_closed,
};

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct station *st = arg;
	struct ck_builder b;
	unsigned int interval = st->casd->ping_interval, wait;
	int64_t quiet;

	(void)fd;
	(void)what;
	if (!st->link) {
		st->link = link_connect(st->casd->base, (struct sockaddr *)&st->addr, st->addr_len,
					CK_CONTROL_MAX, &control_ops, st);
		if (!st->link) {
			disconnect(st, "no memory or descriptors");
			return;
		}
		tick_after(st, st->casd->ping_interval);
		return;
	}
	quiet = link_quiet(st->link);
	if (quiet >= (int64_t)interval * SILENT || (!st->greeted && quiet >= interval)) {
		disconnect(st, "the station is silent");
		return;
	}
	if (quiet >= interval && st->greeted) {
		ck_begin(&b, CK_PING, 0);
		link_send(st->link, &b);
	}
	if (st->greeted && st->unsure && !st->asked)
		ask_inventory(st);
	wait = interval - (unsigned int)(quiet % interval);
	tick_after(st, wait < interval / 2 ? wait : interval / 2);
}

const char *control_add(struct casd *casd, const char *address)
{
	struct station *st = calloc(1, sizeof(*st));
	const char *mux = strchr(address, ',');
	size_t n = mux ? (size_t)(mux - address) : strlen(address);
	int len = sizeof(st->addr);

	if (!st)
		return "out of memory";
	if (n < sizeof(st->name))
		memcpy(st->name, address, n);
	if ((mux && strcmp(mux, ",mux")) ||
	    evutil_parse_sockaddr_port(st->name, (struct sockaddr *)&st->addr, &len) ||
	    !strrchr(st->name, ':')) {
		free(st);
		return "a station is given as ADDRESS:PORT[,mux], with a numeric address";
	}
	st->casd = casd;
	st->addr_len = (socklen_t)len;
	st->one_connection = mux;
	LIST_INIT(&st->sessions);
	st->tick = evtimer_new(casd->base, on_tick, st);
	if (!st->tick) {
		free(st);
		return "out of memory";
	}
	LIST_INSERT_HEAD(&casd->stations, st, entry);
	event_active(st->tick, 0, 0);
	return NULL;
}

void control_remove_all(struct casd *casd)
{
	struct station *st;

	while ((st = LIST_FIRST(&casd->stations))) {
		struct session *s;

		while ((s = LIST_FIRST(&st->sessions)))
			session_free(s);
		mux_free(st->mux);
		link_close(st->link);
		event_free(st->tick);
		LIST_REMOVE(st, entry);
		free(st);
	}
}
