// SPDX-License-Identifier: GPL-2.0-only
/*
 * The CAS's commands at the coupler, and their answers (docs/protocol.md sections 3 and 5): one
 * at a time, numbered, or a batch of them in one frame. The answer of the last frame is kept, so
 * that a channel that broke can be resumed.
 *
 * A batch's commands stay in the body of its frame until the last one has ended; their answers are
 * gathered in the form in which BATCHED carries them. While one is in progress the next is staged
 * behind it in the core, which begins it in time at any rate; what the answer means for the rest is
 * then decided while that one is in progress.
 *
 * Contexts: all process context, station.lock held.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "router.h"

/* What stands before the data in a RESPONSE: header, status, power_gen, the field's own header. */
#define RESPONSE_DATA	(CKS_FRAME_HEADER + (CKS_FIELD_HEADER + 2) + (CKS_FIELD_HEADER + 4) + \
			 CKS_FIELD_HEADER)

#define PROGRESS_MS	1000	/* no PROGRESS sooner than this after the one before */

/**
 * struct cks_batch - a batch in progress, and its responses after that
 * @body: of its frame, while commands are left
 * @body_len: bytes
 * @list: its commands
 * @first: number of the first one
 * @count: how many
 * @executed: how many have an answer
 * @stop: why the rest is not executed
 * @stream: a RESPONSE for each as it comes
 * @skip: answers that the CAS has, of those that BATCHED would bring
 * @answers: responses in the form of the field
 * @len: bytes there
 * @size: room there
 * @end: of each answer, so that those after any number can be sent again
 */
struct cks_batch {
	u8 *body;
	u32 body_len;
	struct cks_list list;
	u32 first;
	u32 count;
	u32 executed;
	enum cks_stop stop;
	bool stream;
	u32 skip;
	u8 *answers;
	u32 len;
	u32 size;
	u32 end[];
};

/* ------------------------------------------------------------------------------ answers */

static enum cks_status status_of(const struct cks_session *s, enum iso7816_err err)
{
	switch (err) {
	case ISO7816_OK:
		return CKS_STATUS_DONE;
	case ISO7816_E_NO_ATR:
	case ISO7816_E_ATR_TIMEOUT:
	case ISO7816_E_WT:
	case ISO7816_E_BWT:
		return CKS_STATUS_MUTE;
	case ISO7816_E_TIMEOUT:
		return CKS_STATUS_TIMEOUT;
	case ISO7816_E_REMOVED:
		return CKS_STATUS_REMOVED;
	case ISO7816_E_APDU:
		return CKS_STATUS_MALFORMED;
	case ISO7816_E_CANCELED:
		return s->cmd_cancelled ? CKS_STATUS_CANCELLED : CKS_STATUS_OFF;
	case ISO7816_E_STATE:
		return CKS_STATUS_OFF;
	case ISO7816_E_LINE:
		return CKS_STATUS_COUPLER;
	default:
		return CKS_STATUS_CARD;
	}
}

/* Of a command that the core refused to begin. */
static enum iso7816_err refusal_of(int err)
{
	switch (err) {
	case -EINVAL:
		return ISO7816_E_APDU;
	case -EHOSTDOWN:
		return ISO7816_E_STATE;
	case -ENOMEDIUM:
		return ISO7816_E_REMOVED;
	default:
		return ISO7816_E_LINE;
	}
}

/*
 * The buffer of the last response may still be on its way on a connection that is being closed.
 * Then it is left there and another one taken.
 */
static bool reply_own(struct cks_run *run, bool keep)
{
	struct cks_txbuf *tx;

	if (run->reply && refcount_read(&run->reply->ref) == 1)
		return true;
	tx = cks_txbuf_alloc(CKS_REPLY_SIZE);
	if (!tx)
		return false;
	if (keep) {
		memcpy(tx->data, run->reply->data, run->reply->len);
		tx->len = run->reply->len;
	}
	cks_txbuf_put(run->reply);
	run->reply = tx;
	return true;
}

static void reply_response(struct cks_session *s, enum iso7816_err err, u32 rsp_len)
{
	struct cks_txbuf *tx = s->run->reply;
	enum cks_status status = status_of(s, err);
	struct cks_build b;

	if (err == ISO7816_OK && (rsp_len < 2 || rsp_len > CKS_RESPONSE_MAX))
		status = CKS_STATUS_CARD;
	cks_build_begin(&b, tx->data, tx->size, CKS_T_RESPONSE, s->cmd_number);
	cks_put_u16(&b, CKS_F_STATUS, status);
	cks_put_u32(&b, CKS_F_POWER_GEN, s->power_gen);
	if (status == CKS_STATUS_DONE)
		cks_put_room(&b, CKS_F_DATA, rsp_len);	/* the core has written them there */
	else
		cks_put_text(&b, CKS_F_REASON, err == ISO7816_OK ? "response too short" :
								   iso7816_strerror(err));
	tx->len = cks_build_end(&b);
}

static void reply_atr(struct cks_session *s, enum iso7816_err err, const struct iso7816_atr *atr)
{
	struct cks_txbuf *tx = s->run->reply;
	struct cks_build b;

	cks_build_begin(&b, tx->data, tx->size, CKS_T_ATR, s->cmd_number);
	cks_put_u16(&b, CKS_F_STATUS, status_of(s, err));
	cks_put_u32(&b, CKS_F_PRESENCE_GEN, s->presence_gen);
	cks_put_u32(&b, CKS_F_POWER_GEN, s->power_gen);
	if (atr->len)
		cks_put(&b, CKS_F_ATR, atr->raw, atr->len);
	if (err != ISO7816_OK)
		cks_put_text(&b, CKS_F_REASON, iso7816_strerror(err));
	else if (atr->len)
		cks_put_u8(&b, CKS_F_CARD_PROTOCOL, s->card_protocol);
	tx->len = cks_build_end(&b);
}

static void update_power(struct cks_session *s, enum cks_status status)
{
	struct cks_coupler_status now;

	if (status != CKS_STATUS_DONE && status != CKS_STATUS_MALFORMED)
		cks_coupler_power_off(s->coupler, &s->owner);
	cks_coupler_status(s->coupler, &now);
	s->power_gen = now.power_gen;
	if (s->cmd_reset && status == CKS_STATUS_DONE)
		s->card_protocol = now.line.t;
}

/* Make the response of the command in progress and send it, if there is a channel. */
static void finish(struct cks_session *s, enum iso7816_err err)
{
	static const struct iso7816_atr none;

	update_power(s, status_of(s, err));
	if (s->cmd_reset)
		reply_atr(s, err, err == ISO7816_E_REMOVED ? &none : &s->run->cmd.atr);
	else
		reply_response(s, err, s->run->cmd.x.rsp_len);
	s->replied = true;
	if (s->channel)
		cks_channel_reply(s);
}

void cks_exchange_free(struct cks_session *s)
{
	struct cks_batch *b = s->batch;

	s->batch = NULL;
	if (!b)
		return;
	kvfree_sensitive(b->answers, b->len);
	kvfree_sensitive(b->body, b->body_len);
	kvfree(b);
}

/* ------------------------------------------------------------------------ begin and end */

static bool begin(struct cks_session *s, const struct cks_msg *m)
{
	struct cks_stream *stream = s->channel->stream;

	if (s->phase != CKS_P_OPEN) {
		cks_stream_refuse(stream, CKS_CODE_STATE, "a command is in progress");
		return false;
	}
	if (m->h.number != s->cmd_number + 1) {
		cks_stream_refuse(stream, CKS_CODE_STATE,
				  "commands are numbered from 1 without gaps");
		return false;
	}
	if (!reply_own(s->run, false)) {
		cks_stream_error(stream, CKS_CODE_LIMIT, "the station is out of memory");
		return false;
	}
	cks_exchange_free(s);
	s->cmd_number = m->h.number;
	s->replied = false;
	s->cmd_cancelled = false;
	return true;
}

/* The answer of command @cmd_number is to come. */
static void expect(struct cks_session *s)
{
	s->commands++;
	s->progress_at = jiffies - msecs_to_jiffies(PROGRESS_MS);
}

/* Whether a response is accepted, so that the next command of the batch follows. Any context. */
static bool accepts(const struct cks_command *cmd)
{
	const struct cks_run *run = container_of(cmd, struct cks_run, cmd);
	const u8 *end = cmd->x.rsp + cmd->x.rsp_len;

	return cmd->x.rsp_len >= 2 && cks_list_accepts(&run->item, end[-2] << 8 | end[-1]);
}

/* No command yet, and room for its answer. */
static void clear(struct cks_run *run)
{
	memzero_explicit(run->reply->data, run->reply->len);
	run->reply->len = 0;
	memset(&run->cmd.x, 0, sizeof(run->cmd.x));
	memset(&run->cmd.atr, 0, sizeof(run->cmd.atr));
	run->cmd.followed = false;
}

static void prepare(struct cks_run *run)
{
	const struct cks_list_item *item = &run->item;
	struct cks_command *cmd = &run->cmd;

	clear(run);
	cmd->x.cmd = item->data;
	cmd->x.cmd_len = item->len;
	cmd->x.rsp = run->reply->data + RESPONSE_DATA;
	cmd->x.rsp_size = CKS_RESPONSE_MAX;
	cmd->x.mode = item->mode ? ISO7816_TPDU : ISO7816_APDU;
	cmd->accepts = accepts;
	cmd->timeout_ms = item->timeout ? min(item->timeout, CKS_TIMEOUT_MAX_MS) :
					  run->session->station->limit[CKS_L_COMMAND];
}

static int exchange(struct cks_session *s)
{
	int err;

	expect(s);
	prepare(s->run);
	s->cmd_reset = false;
	err = cks_coupler_exchange(s->coupler, &s->owner, &s->run->cmd);
	s->cmd_busy = !err;
	return err;
}

static void started(struct cks_session *s, int err)
{
	cks_session_happen(s, CKS_H_COMMAND);
	if (!err) {
		cks_session_arm(s, s->run->cmd.timeout_ms + CKS_COUPLER_MS);
		return;
	}
	/* As after any response. */
	finish(s, refusal_of(err));
	cks_session_happen(s, CKS_H_DONE);
}

void cks_exchange_command(struct cks_session *s, const struct cks_msg *m)
{
	int err;

	if (!begin(s, m))
		return;
	s->cmd_body_len = m->h.len;
	s->cmd_body = cks_stream_take_body(s->channel->stream);
	s->run->item = (struct cks_list_item){
		.data = m->f[CKS_F_DATA].p,
		.len = m->f[CKS_F_DATA].len,
		.timeout = cks_msg_u32(m, CKS_F_TIMEOUT),
		.mode = cks_msg_u8(m, CKS_F_MODE),
	};
	err = exchange(s);
	if (err) {
		kvfree_sensitive(s->cmd_body, s->cmd_body_len);
		s->cmd_body = NULL;
	}
	started(s, err);
}

void cks_exchange_reset(struct cks_session *s, const struct cks_msg *m)
{
	u8 how = cks_msg_u8(m, CKS_F_RESET);
	struct cks_command *cmd = &s->run->cmd;
	int err;

	if (!begin(s, m))
		return;
	expect(s);
	clear(s->run);
	s->cmd_reset = true;
	cmd->timeout_ms = 0;
	if (how == CKS_RESET_OFF) {
		cks_coupler_power_off(s->coupler, &s->owner);
		finish(s, ISO7816_OK);
		cks_session_happen(s, CKS_H_COMMAND);
		cks_session_happen(s, CKS_H_DONE);
		return;
	}
	cmd->select = cks_msg_has(m, CKS_F_CARD_PROTOCOL);
	cmd->t = cks_msg_u8(m, CKS_F_CARD_PROTOCOL);
	err = cks_coupler_reset(s->coupler, &s->owner, cmd, how ? ISO7816_WARM : ISO7816_COLD);
	s->cmd_busy = !err;
	/* What is malformed about a reset is that the card is not active. */
	started(s, err == -EINVAL ? -EHOSTDOWN : err);
}

void cks_exchange_cancel(struct cks_session *s, u32 number)
{
	const struct cks_batch *b = s->batch;
	bool meant = b ? number - b->first < b->count : number == s->cmd_number;

	/* One that has been answered meanwhile, or that never came: nothing to do. */
	if (!s->cmd_busy || s->replied || !meant)
		return;
	s->cmd_cancelled = true;
	cks_coupler_power_off(s->coupler, &s->owner);
}

void cks_exchange_progress(struct cks_session *s, u32 extensions)
{
	struct cks_txbuf *tx;
	struct cks_build b;

	/* What a card can provoke stays below what a CAS takes. */
	if (!s->cmd_busy || s->replied || !s->channel ||
	    time_before(jiffies, s->progress_at + msecs_to_jiffies(PROGRESS_MS)) ||
	    cks_stream_backlog(s->channel->stream))
		return;
	tx = cks_txbuf_alloc(64);
	if (!tx)
		return;
	s->progress_at = jiffies;
	cks_build_begin(&b, tx->data, tx->size, CKS_T_PROGRESS, s->cmd_number);
	cks_put_u32(&b, CKS_F_EXTENSIONS, extensions);
	tx->len = cks_build_end(&b);
	cks_stream_send(s->channel->stream, tx);
}

/* ------------------------------------------------------------------------------ batches */

static void send_batched(struct cks_session *s, u32 skip, bool responses)
{
	struct cks_batch *b = s->batch;
	u32 from = skip ? b->end[skip - 1] : 0;
	struct cks_txbuf *tx;
	struct cks_build f;

	if (!s->channel)
		return;
	tx = cks_txbuf_alloc(128 + (responses ? b->len - from : 0));
	if (!tx) {
		/* It is kept: the channel can be resumed. */
		cks_stream_error(s->channel->stream, CKS_CODE_LIMIT,
				 "the station is out of memory");
		return;
	}
	cks_build_begin(&f, tx->data, tx->size, CKS_T_BATCHED, b->first);
	cks_put_u32(&f, CKS_F_EXECUTED, b->executed);
	cks_put_u8(&f, CKS_F_STOP, b->stop);
	cks_put_u32(&f, CKS_F_POWER_GEN, s->power_gen);
	if (responses)
		cks_put(&f, CKS_F_RESPONSES, b->answers + from, b->len - from);
	tx->len = cks_build_end(&f);
	cks_stream_send(s->channel->stream, tx);
}

/* Room for one more answer of @len bytes, and for one without any. */
static bool batch_grow(struct cks_batch *b, u32 len)
{
	u32 need = b->len + 2 * CKS_ANSWER_HEADER + len, size = max(b->size, 1024U);
	u8 *p;

	while (size < need)
		size *= 2;
	if (size == b->size)
		return true;
	/* Not kvrealloc(): what is given back is wiped. */
	p = kvmalloc(size, GFP_KERNEL);
	if (!p)
		return false;
	memcpy(p, b->answers, b->len);
	kvfree_sensitive(b->answers, b->len);
	b->answers = p;
	b->size = size;
	return true;
}

/* The command in progress has ended: its answer, and whether there is a next one. */
static void batch_answer(struct cks_session *s, enum iso7816_err err)
{
	const u8 *rsp = s->run->reply->data + RESPONSE_DATA;
	enum cks_status status = status_of(s, err);
	struct cks_batch *b = s->batch;
	u32 len = s->run->cmd.x.rsp_len;

	if (status == CKS_STATUS_DONE && (len < 2 || len > CKS_RESPONSE_MAX))
		status = CKS_STATUS_CARD;
	if (status == CKS_STATUS_DONE && !batch_grow(b, len))
		status = CKS_STATUS_COUPLER;
	if (status != CKS_STATUS_DONE)
		len = 0;
	if (s->run->cmd.followed)
		s->power_gen = s->run->cmd.power_gen;	/* not of what followed */
	else
		update_power(s, status);

	if (len && !accepts(&s->run->cmd))
		b->stop = CKS_STOP_STATUS_WORD;
	if (status != CKS_STATUS_DONE)
		b->stop = CKS_STOP_FAILED;
	/* There is always room for this much; see cks_exchange_batch(). */
	b->len += cks_put_answer(b->answers + b->len, status, rsp, len);
	b->end[b->executed++] = b->len;
	if (b->stream && s->channel) {
		reply_response(s, err, len);
		cks_channel_reply(s);
	}
}

static bool batch_next(struct cks_session *s)
{
	struct cks_batch *b = s->batch;

	if (b->stop || b->executed == b->count)
		return false;
	if (!s->channel)
		b->stop = CKS_STOP_CHANNEL;
	else if (b->len + CKS_ANSWER_HEADER + CKS_RESPONSE_MAX > CKS_RESPONSES_MAX ||
		 !batch_grow(b, 0) || !reply_own(s->run, false))
		b->stop = CKS_STOP_ROOM;
	return !b->stop;
}

static struct cks_run *other_run(struct cks_session *s)
{
	return s->run == &s->runs[0] ? &s->runs[1] : &s->runs[0];
}

/*
 * Put the next command behind the one that is in progress, if the answers of both are sure to fit:
 * begun, it cannot be taken back. If it does not get there, batch_go() begins it.
 */
static void batch_stage(struct cks_session *s)
{
	struct cks_run *next = other_run(s);
	struct cks_batch *b = s->batch;
	struct cks_list left = b->list;

	if (b->stop || b->executed + 1 == b->count || !s->channel ||
	    b->len + 2 * (CKS_ANSWER_HEADER + CKS_RESPONSE_MAX) > CKS_RESPONSES_MAX ||
	    !batch_grow(b, CKS_RESPONSE_MAX) || !reply_own(next, false))
		return;
	cks_list_next(&left, &next->item);
	prepare(next);
	if (!cks_coupler_stage(s->coupler, &s->owner, &next->cmd))
		b->list = left;
}

/* The command that was staged has been begun. */
static void batch_followed(struct cks_session *s)
{
	s->run = other_run(s);
	s->cmd_number++;
	expect(s);
	/* Adrift it has what a lost channel has, which may be shorter. */
	if (s->phase == CKS_P_RUNNING)
		cks_session_arm(s, s->run->cmd.timeout_ms + CKS_COUPLER_MS);
	batch_stage(s);
}

/* Go on until a command is in progress, or the batch is over. */
static void batch_go(struct cks_session *s)
{
	struct cks_batch *b = s->batch;

	while (batch_next(s)) {
		int err;

		cks_list_next(&b->list, &s->run->item);
		s->cmd_number = b->first + b->executed;
		err = exchange(s);
		if (!err) {
			cks_session_arm(s, s->run->cmd.timeout_ms + CKS_COUPLER_MS);
			batch_stage(s);
			return;
		}
		batch_answer(s, refusal_of(err));
	}
	kvfree_sensitive(b->body, b->body_len);
	b->body = NULL;
	s->replied = true;
	send_batched(s, b->skip, !b->stream);
	cks_session_happen(s, CKS_H_DONE);
}

static struct cks_batch *batch_alloc(u32 count)
{
	struct cks_batch *b = kvzalloc(struct_size(b, end, count), GFP_KERNEL);

	if (!b)
		return NULL;
	if (!batch_grow(b, 0)) {
		kvfree(b);
		return NULL;
	}
	b->count = count;
	return b;
}

void cks_exchange_batch(struct cks_session *s, const struct cks_msg *m)
{
	const struct cks_field *f = &m->f[CKS_F_COMMANDS];
	struct cks_batch *b = batch_alloc(cks_list_count(f->p, f->len));

	if (!b) {
		cks_stream_error(s->channel->stream, CKS_CODE_LIMIT,
				 "the station is out of memory");
		return;
	}
	if (!begin(s, m)) {
		kvfree(b->answers);
		kvfree(b);
		return;
	}
	b->first = m->h.number;
	b->stream = cks_msg_u8(m, CKS_F_STREAM);
	b->list.p = f->p;
	b->list.left = f->len;
	b->body_len = m->h.len;
	b->body = cks_stream_take_body(s->channel->stream);
	s->batch = b;
	cks_session_happen(s, CKS_H_COMMAND);
	batch_go(s);
}

/* ------------------------------------------------------------------------ from the core */

void cks_exchange_done(struct cks_session *s)
{
	const struct cks_command *cmd = &s->run->cmd;
	enum iso7816_err err = cmd->err;

	/* What another card says, before the session has heard that its own is gone. */
	if (!cmd->followed && cmd->presence_gen != s->presence_gen)
		err = ISO7816_E_REMOVED;
	if (s->cmd_number && !s->replied) {
		if (s->batch) {
			batch_answer(s, err);
			if (cmd->followed)
				batch_followed(s);
			else
				batch_go(s);
			return;
		}
		finish(s, err);
	}
	cks_session_happen(s, CKS_H_DONE);
}

void cks_exchange_card_removed(struct cks_session *s)
{
	struct cks_txbuf *tx;

	if (!s->cmd_busy || !s->channel || s->replied)
		return;
	/* The reply is the core's until it is done: this one goes in a frame of its own. */
	tx = cks_txbuf_alloc(256);
	if (!tx)
		return;
	swap(tx, s->run->reply);
	if (s->batch) {
		batch_answer(s, ISO7816_E_REMOVED);
		send_batched(s, s->batch->skip, !s->batch->stream);
		s->replied = true;
	} else {
		finish(s, ISO7816_E_REMOVED);
	}
	swap(tx, s->run->reply);
	cks_txbuf_put(tx);
}

/* ------------------------------------------------------------------------------- resume */

static enum cks_outcome outcome_of_batch(struct cks_session *s, u32 from)
{
	struct cks_batch *b = s->batch;

	if (from + 1 < b->first)
		return CKS_OUTCOME_LOST;
	if (!s->replied) {
		b->skip = min(from - (b->first - 1), b->executed);
		return CKS_OUTCOME_RUNNING;
	}
	if (from < s->cmd_number)
		return CKS_OUTCOME_KEPT;
	return b->executed < b->count ? CKS_OUTCOME_NOT_EXECUTED : CKS_OUTCOME_NONE;
}

enum cks_outcome cks_exchange_outcome(struct cks_session *s, u32 from)
{
	if (s->batch)
		return outcome_of_batch(s, from);
	if (from == s->cmd_number)
		return CKS_OUTCOME_NONE;
	if (from + 1 != s->cmd_number)
		return CKS_OUTCOME_LOST;
	if (!s->replied)
		return CKS_OUTCOME_RUNNING;
	return reply_own(s->run, true) ? CKS_OUTCOME_KEPT : CKS_OUTCOME_LOST;
}

void cks_exchange_resend(struct cks_session *s, u32 from)
{
	if (s->batch)
		send_batched(s, from - (s->batch->first - 1), true);
	else
		cks_channel_reply(s);
}

void cks_exchange_channel_lost(struct cks_session *s)
{
	struct cks_batch *b = s->batch;

	if (!b || s->replied)
		return;
	if (s->cmd_busy)
		cks_coupler_unstage(s->coupler, &s->owner);
	/* Those that were sent on it may not have arrived: all are told again. */
	b->stop = CKS_STOP_CHANNEL;
	b->stream = false;
	b->skip = b->executed;
}
