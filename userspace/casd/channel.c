// SPDX-License-Identifier: GPL-2.0-only
/* The channel of a session: opened by its token, one command at a time, reopened after a loss. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "lease.h"
#include "log.h"
#include "session.h"

#define OPEN_WAIT	15	/* seconds: TCP and OPENED */
#define COMMAND_WAIT	75	/* the station's own bound is 60 */
#define BATCH_WAIT	3600
#define RECHANNEL_WAIT	40	/* it keeps a broken channel for 30 */
#define CLOSE_WAIT	10

static void wipe_command(struct exchange *x)
{
	if (x->cmd)
		explicit_bzero(x->cmd, x->cmd_len);
	free(x->cmd);
	x->cmd = NULL;
}

/* The script goes on. */
static void go_on(struct session *s)
{
	wipe_command(&s->x);
	s->answered = s->number;
	session_wait(s, SESSION_RUNNING, 0);
	session_run(s);
}

static void respond(struct session *s, uint16_t status, const struct ck_field *data,
		    const char *reason)
{
	struct exchange *x = &s->x;

	x->status = status;
	snprintf(x->reason, sizeof(x->reason), "%s", reason);
	if (!status && data->len) {
		x->rsp = malloc(data->len);
		if (x->rsp) {
			memcpy(x->rsp, data->data, data->len);
			x->rsp_len = data->len;
		} else {
			x->status = CK_STATUS_COUPLER;
			strcpy(x->reason, "out of memory");
		}
	}
	go_on(s);
}

static void lost(struct session *s)
{
	struct ck_field none = { 0 };

	respond(s, CK_STATUS_OFF, &none, "the channel broke and the response was lost");
}

static void on_connected(void *arg)
{
	struct session *s = arg;
	struct ck_builder b;

	ck_begin(&b, CK_OPEN, 0);
	ck_put(&b, CK_T_TOKEN, s->channel_token, sizeof(s->channel_token));
	if (s->opened)
		ck_put_u32(&b, CK_T_RESUME_FROM, s->answered);
	link_send(s->link, &b);
}

static bool is_reset(const struct session *s)
{
	return s->x.what == EXCHANGE_RESET;
}

/* Seconds for the answer: a batch's commands have the station's bound each. */
static unsigned int patience(const struct session *s)
{
	const struct exchange *x = &s->x;

	if (x->what != EXCHANGE_BATCH)
		return COMMAND_WAIT + x->timeout / 1000;
	return x->count < BATCH_WAIT / COMMAND_WAIT ? COMMAND_WAIT * x->count : BATCH_WAIT;
}

static void on_opened(struct session *s, const struct ck_frame *f)
{
	if (s->state != SESSION_CONNECTING || ck_u(f, CK_T_REQUEST) != s->req.number ||
	    ck_u(f, CK_T_PRESENCE_GEN) != s->req.presence_gen) {
		session_decide(s, CK_REJECT, "the station opened another channel");
		return;
	}
	s->opened = true;
	if (s->x.what == EXCHANGE_PROMPT && !s->x.done && s->prompt) {
		session_wait(s, SESSION_PROMPT, (s->x.timeout + 999) / 1000);
		return;
	}
	if (s->answered == s->number) {
		session_wait(s, SESSION_RUNNING, task_busy(s) ? TASK_WAIT : 0);
		session_run(s);
		return;
	}
	switch (ck_u(f, CK_T_OUTCOME)) {
	case CK_OUTCOME_NONE:
	case CK_OUTCOME_NOT_EXECUTED:
		channel_send(s);
		break;
	case CK_OUTCOME_KEPT:
	case CK_OUTCOME_IN_PROGRESS:
		session_wait(s, SESSION_COMMAND, patience(s));
		break;
	default:
		lost(s);
	}
}

static void on_response(struct session *s, const struct ck_frame *f)
{
	const struct ck_field *data = &f->field[is_reset(s) ? CK_T_ATR : CK_T_DATA];
	uint16_t status = (uint16_t)ck_u(f, CK_T_STATUS);
	char reason[LEDGER_REASON_MAX] = "";
	const struct ck_field *r = &f->field[CK_T_REASON];

	if (s->state != SESSION_COMMAND || f->number != s->number ||
	    f->type != (is_reset(s) ? CK_ATR : CK_RESPONSE) || (!status && !data->data)) {
		s->answered = s->number;
		session_decide(s, CK_REJECT, "the station answered what was not asked");
		return;
	}
	if (r->len)
		snprintf(reason, sizeof(reason), "%.*s", (int)r->len, (const char *)r->data);
	respond(s, status, data, reason);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Whether these are so many responses, whole. */
static bool are_responses(const struct ck_field *f, uint32_t count)
{
	uint32_t at = 0;

	for (; count; count--) {
		if (f->len - at < 6 || get32(f->data + at + 2) > f->len - at - 6)
			return false;
		at += 6 + get32(f->data + at + 2);
	}
	return at == f->len;
}

/* The first @n commands have their responses: the others move up. */
static void drop_commands(struct exchange *x, uint32_t n)
{
	uint8_t *p = x->cmd;

	while (n--)
		p += 10 + 4 * p[5] + get32(p + 6);
	memmove(x->cmd, p, x->cmd_len - (size_t)(p - x->cmd));
	explicit_bzero(x->cmd + (x->cmd_len - (size_t)(p - x->cmd)), (size_t)(p - x->cmd));
	x->cmd_len -= (size_t)(p - x->cmd);
}

static bool add_responses(struct exchange *x, const struct ck_field *f)
{
	uint8_t *p = malloc(x->rsp_len + f->len + 1);

	if (!p)
		return false;
	if (x->rsp_len)
		memcpy(p, x->rsp, x->rsp_len);
	if (f->len)
		memcpy(p + x->rsp_len, f->data, f->len);
	if (x->rsp)
		explicit_bzero(x->rsp, x->rsp_len);
	free(x->rsp);
	x->rsp = p;
	x->rsp_len += f->len;
	return true;
}

/* All of the batch, or what was played of it before its channel broke, or before it was full. */
static void on_batched(struct session *s, const struct ck_frame *f)
{
	uint32_t executed = (uint32_t)ck_u(f, CK_T_EXECUTED), stop = (uint32_t)ck_u(f, CK_T_STOP);
	const struct ck_field *data = &f->field[CK_T_RESPONSES];
	struct exchange *x = &s->x;

	if (s->state != SESSION_COMMAND || x->what != EXCHANGE_BATCH || f->number != s->number ||
	    executed > x->count - x->executed || !are_responses(data, executed) ||
	    (stop == CK_STOP_ROOM && !executed)) {
		s->answered = s->number;
		session_decide(s, CK_REJECT, "the station answered what was not asked");
		return;
	}
	if (!add_responses(x, data)) {
		session_decide(s, CK_REJECT, "the CAS ran out of memory");
		return;
	}
	x->executed += executed;
	s->number += executed;		/* of the next one that is played */
	s->answered = s->number - 1;
	if (x->executed < x->count && (stop == CK_STOP_CHANNEL || stop == CK_STOP_ROOM)) {
		drop_commands(x, executed);
		channel_send(s);
		return;
	}
	s->number--;
	go_on(s);
}

static void send_close(struct session *s)
{
	struct ck_builder b;

	ck_begin(&b, CK_CLOSE, 0);
	session_wait(s, SESSION_CLOSING, CLOSE_WAIT);
	if (!link_send(s->link, &b))
		session_finish(s);
}

static void on_frame(void *arg, const struct ck_frame *f)
{
	struct session *s = arg;
	const struct ck_field *r = &f->field[CK_T_REASON];
	char reason[LEDGER_REASON_MAX];

	switch (f->type) {
	case CK_OPENED:
		on_opened(s, f);
		break;
	case CK_RESPONSE:
	case CK_ATR:
	case CK_BATCHED:
		if (s->cancelled)
			send_close(s);
		else if (s->state == SESSION_DECIDING)
			s->answered = s->number;
		else if (s->state == SESSION_CLOSING)
			break;
		else if (f->type == CK_BATCHED)
			on_batched(s, f);
		else
			on_response(s, f);
		s->cancelled = false;
		break;
	case CK_PROGRESS:
		break;		/* the station's bound for the command holds all the same */
	case CK_CLOSED:
		if (s->state == SESSION_CLOSING)
			session_finish(s);
		break;
	case CK_ERROR:
		snprintf(reason, sizeof(reason), "channel: %.*s",
			 (int)(r->len > 100 ? 100 : r->len), (const char *)r->data);
		if (s->state == SESSION_CLOSING)
			session_finish(s);
		else
			session_decide(s, CK_REJECT, reason);
		break;
	default:
		link_refuse(s->link, CK_E_STATE, "not a type of the channel socket");
	}
}

static void on_closed(void *arg, const char *why)
{
	struct session *s = arg;

	s->link = NULL;
	if (s->state == SESSION_CLOSING) {
		session_finish(s);
		return;
	}
	if (s->state == SESSION_DECIDING)
		return;
	log_warn("channel-lost", "station=%s request=%llu reason=\"%s\"", s->station->name,
		 (unsigned long long)s->req.number, why);
	/* One that was never opened may come back with a repeated request. */
	session_wait(s, SESSION_BROKEN, RECHANNEL_WAIT);
}

static const struct link_ops channel_ops = {
	.connected = on_connected,
	.frame = on_frame,
	.closed = on_closed,
};

void channel_open(struct session *s)
{
	struct sockaddr_storage addr = s->station->addr;

	link_close(s->link);
	if (addr.ss_family == AF_INET)
		((struct sockaddr_in *)&addr)->sin_port = htons(s->port);
	else
		((struct sockaddr_in6 *)&addr)->sin6_port = htons(s->port);
	session_wait(s, SESSION_CONNECTING, OPEN_WAIT);
	if (!s->station->one_connection)
		s->link = link_connect(s->station->casd->base, (struct sockaddr *)&addr,
				       s->station->addr_len, CK_CHANNEL_MAX, &channel_ops, s);
	else if (s->station->mux)
		s->link = mux_open(s->station->mux, s->req.coupler, CK_CHANNEL_MAX, &channel_ops,
				   s);
	else
		s->link = NULL;
	if (!s->link)
		session_wait(s, SESSION_BROKEN, RECHANNEL_WAIT);
}

void channel_send(struct session *s)
{
	static const uint8_t types[] = {
		[EXCHANGE_COMMAND] = CK_COMMAND,
		[EXCHANGE_RESET] = CK_RESET,
		[EXCHANGE_BATCH] = CK_BATCH,
	};
	struct exchange *x = &s->x;
	struct ck_builder b;

	/* A worker may have come back late; and another CAS may have the card. */
	if (lease_over(s->station->casd)) {
		session_decide(s, CK_REJECT, "the station's lease has run out");
		return;
	}
	ck_begin(&b, types[x->what], s->number);
	if (is_reset(s)) {
		ck_put_u8(&b, CK_T_RESET, x->kind);
	} else if (x->what == EXCHANGE_BATCH) {
		ck_put(&b, CK_T_COMMANDS, x->cmd, x->cmd_len);
	} else {
		ck_put(&b, CK_T_DATA, x->cmd, x->cmd_len);
		ck_put_u32(&b, CK_T_TIMEOUT, x->timeout);
	}
	session_wait(s, SESSION_COMMAND, patience(s));
	if (!s->link) {
		session_wait(s, SESSION_BROKEN, RECHANNEL_WAIT);
		ck_free(&b);
	} else if (!link_send(s->link, &b)) {
		session_decide(s, CK_REJECT, "the CAS ran out of memory");
	}
}

void channel_close(struct session *s)
{
	struct ck_builder b;

	if (!s->link) {
		session_finish(s);
		return;
	}
	if (s->answered == s->number) {
		send_close(s);
		return;
	}
	/* A card that is still at work: CLOSE follows its answer. */
	s->cancelled = true;
	ck_begin(&b, CK_CANCEL, s->number);
	session_wait(s, SESSION_CLOSING, CLOSE_WAIT);
	if (!link_send(s->link, &b))
		session_finish(s);
}
