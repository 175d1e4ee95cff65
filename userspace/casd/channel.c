// SPDX-License-Identifier: GPL-2.0-only
/* The channel of a session: opened by its token, one command at a time, reopened after a loss. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "session.h"

#define OPEN_WAIT	15	/* seconds: TCP and OPENED */
#define COMMAND_WAIT	75	/* the station's own bound is 60 */
#define RECHANNEL_WAIT	40	/* it keeps a broken channel for 30 */
#define CLOSE_WAIT	10

static void respond(struct session *s, uint16_t status, const struct ck_field *data,
		    const char *reason)
{
	struct exchange *x = &s->x;

	if (x->cmd)
		explicit_bzero(x->cmd, x->cmd_len);
	free(x->cmd);
	x->cmd = NULL;
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
	s->answered = s->number;
	session_wait(s, SESSION_RUNNING, 0);
	session_run(s);
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

static void on_opened(struct session *s, const struct ck_frame *f)
{
	if (s->state != SESSION_CONNECTING || ck_u(f, CK_T_REQUEST) != s->req.number ||
	    ck_u(f, CK_T_PRESENCE_GEN) != s->req.presence_gen) {
		session_decide(s, CK_REJECT, "the station opened another channel");
		return;
	}
	s->opened = true;
	if (s->answered == s->number) {
		session_wait(s, SESSION_RUNNING, 0);
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
		session_wait(s, SESSION_COMMAND, COMMAND_WAIT + s->x.timeout / 1000);
		break;
	default:
		lost(s);
	}
}

static void on_response(struct session *s, const struct ck_frame *f)
{
	const struct ck_field *data = &f->field[s->x.reset ? CK_T_ATR : CK_T_DATA];
	uint16_t status = (uint16_t)ck_u(f, CK_T_STATUS);
	char reason[LEDGER_REASON_MAX] = "";
	const struct ck_field *r = &f->field[CK_T_REASON];

	if (s->state != SESSION_COMMAND || f->number != s->number ||
	    f->type != (s->x.reset ? CK_ATR : CK_RESPONSE) || (!status && !data->data)) {
		session_decide(s, CK_REJECT, "the station answered what was not asked");
		return;
	}
	if (r->len)
		snprintf(reason, sizeof(reason), "%.*s", (int)r->len, (const char *)r->data);
	respond(s, status, data, reason);
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
		if (s->state != SESSION_CLOSING)
			on_response(s, f);
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
	s->link = link_connect(s->station->casd->base, (struct sockaddr *)&addr,
			       s->station->addr_len, CK_CHANNEL_MAX, &channel_ops, s);
	if (!s->link)
		session_wait(s, SESSION_BROKEN, RECHANNEL_WAIT);
}

void channel_send(struct session *s)
{
	struct exchange *x = &s->x;
	struct ck_builder b;

	ck_begin(&b, x->reset ? CK_RESET : CK_COMMAND, s->number);
	if (x->reset) {
		ck_put_u8(&b, CK_T_RESET, x->kind);
	} else {
		ck_put(&b, CK_T_DATA, x->cmd, x->cmd_len);
		ck_put_u32(&b, CK_T_TIMEOUT, x->timeout);
	}
	session_wait(s, SESSION_COMMAND, COMMAND_WAIT + x->timeout / 1000);
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
	ck_begin(&b, CK_CLOSE, 0);
	session_wait(s, SESSION_CLOSING, CLOSE_WAIT);
	if (!link_send(s->link, &b))
		session_finish(s);
}
