// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control connection to one station.
 *
 * Context: the event loop. Frames are taken as they come; what they want of the ledger is done by
 * its worker in their order. So a PING is answered while that waits, but for a station whose HELLO
 * is being recorded, or which has JOBS_MAX under way.
 */
#include "control.h"

#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disposed.h"
#include "hello.h"
#include "log.h"
#include "orders.h"
#include "session.h"

#define BACKOFF_MAX	16	/* seconds */
#define JOBS_MAX	1024	/* of a station; it has 256 couplers */
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
	st->connection++;
	st->greeting = false;
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

void control_text(char *out, size_t cap, const struct ck_field *f)
{
	size_t n = f->len < cap ? f->len : cap - 1;

	if (n)
		memcpy(out, f->data, n);
	out[n] = '\0';
}

/* ---- jobs ---- */

void control_mind(struct station *st)
{
	if (st->link)
		link_hold(st->link, st->greeting || st->jobs >= JOBS_MAX);
}

void control_job_begins(struct station *st)
{
	st->jobs++;
	control_mind(st);
}

void control_job_over(struct station *st)
{
	st->jobs--;
	control_mind(st);
}

void *control_job(struct station *st, size_t size, void (*run)(struct job *job),
		  void (*done)(struct job *job))
{
	struct station_job *j = calloc(1, size);

	if (!j)
		return NULL;
	j->job.run = run;
	j->job.done = done;
	j->casd = st->casd;
	j->name = st->name;
	j->station = st;
	j->connection = st->connection;
	return j;
}

void control_submit(struct station_job *j)
{
	control_job_begins(j->station);
	pool_submit(j->casd->pool, POOL_LEDGER, &j->job);
}

bool control_job_done(struct station_job *j)
{
	struct station *st = j->station;

	control_job_over(st);
	return st->link && st->connection == j->connection;
}

/* ---- frames ---- */

static void on_session_frame(struct station *st, const struct ck_frame *f)
{
	struct session *s = session_find(st, ck_u(f, CK_T_REQUEST));
	char reason[LEDGER_REASON_MAX];

	if (!s) {
		/* Its session is over here: only the record of it is left. */
		if (f->type == CK_ENDED) {
			control_text(reason, sizeof(reason), &f->field[CK_T_REASON]);
			disposed_ended(st, st->boot_id, ck_u(f, CK_T_REQUEST), reason);
		}
		return;
	}
	if (f->type == CK_RECHANNEL) {
		session_rechannel(s, f);
	} else if (f->type == CK_ENTRY) {
		prompt_entry(s, f);
	} else {
		control_text(reason, sizeof(reason), &f->field[CK_T_REASON]);
		session_ended(s, reason);
	}
}

static void on_error(struct station *st, const struct ck_frame *f)
{
	char reason[LEDGER_REASON_MAX];

	control_text(reason, sizeof(reason), &f->field[CK_T_REASON]);
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
		hello_frame(st, f);
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
		disposed_frame(st, f);
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
			hello_inventory(st, f);
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
		hello_ask_inventory(st);
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

static void end_station(struct station *st)
{
	struct session *s;

	while ((s = LIST_FIRST(&st->sessions)))
		session_free(s);
	mux_free(st->mux);
	st->mux = NULL;
	link_close(st->link);
	st->link = NULL;
	event_free(st->tick);
	st->tick = NULL;
}

void control_end_all(struct casd *casd)
{
	for (struct station *st = LIST_FIRST(&casd->stations); st; st = LIST_NEXT(st, entry))
		end_station(st);
}

void control_remove_all(struct casd *casd)
{
	struct station *st;

	while ((st = LIST_FIRST(&casd->stations))) {
		LIST_REMOVE(st, entry);
		free(st);
	}
}
