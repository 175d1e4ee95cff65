/* SPDX-License-Identifier: GPL-2.0-only */
/* One card's session: a request, a channel, a script, a result. */
#ifndef CASD_SESSION_H
#define CASD_SESSION_H

#include "control.h"
#include "libgp/kdf.h"
#include "libledger/ledger.h"
#include "keys.h"
#include "sandbox.h"
#include "task.h"

enum session_state {
	SESSION_ASKED,		/* the request is being recorded */
	SESSION_CONNECTING,	/* channel: TCP, OPEN, until OPENED */
	SESSION_RUNNING,	/* the script has its turn, or a worker does something for it */
	SESSION_COMMAND,	/* a command is at the station */
	SESSION_PROMPT,		/* somebody is asked at the station */
	SESSION_BROKEN,		/* the channel was lost; RECHANNEL may come */
	SESSION_DECIDING,	/* decided; that is being recorded */
	SESSION_CLOSING,	/* and recorded; CLOSE was sent */
};

/* What the script waits for. */
enum exchange_what {
	EXCHANGE_COMMAND,
	EXCHANGE_RESET,
	EXCHANGE_BATCH,
	EXCHANGE_PROMPT,
};

/**
 * struct exchange - what was asked of the station, and what came of it
 * @what: see enum
 * @kind: of the reset: 0 cold, 1 warm; of the prompt: enum ck_prompt_kind
 * @cmd: the command, the batch's commands in the form of the field, or the prompt's text; wiped
 *	when the response is there
 * @cmd_len: of @cmd
 * @timeout: of the command or prompt, ms
 * @count: commands of the batch
 * @executed: of them, those that have a response
 * @given: the prompt was answered, and not refused
 * @done: the prompt is over
 * @status: of the station, 0 is success
 * @rsp: response, ATR, responses in the form of the field, or what was entered; wiped with the
 *	next command
 * @rsp_len: of @rsp
 * @reason: the station's, if @status is not 0
 */
struct exchange {
	enum exchange_what what;
	uint8_t kind;
	uint8_t *cmd;
	size_t cmd_len;
	uint32_t timeout;
	uint32_t count;
	uint32_t executed;
	bool given;
	bool done;
	uint16_t status;
	uint8_t *rsp;
	size_t rsp_len;
	char reason[LEDGER_REASON_MAX];
};

/**
 * struct claim - the record meant for this card; in locked memory
 * @record: from the database
 * @keys: of the record, unwrapped in the token; NULL if they are not
 * @des: they were unwrapped as keys for triple DES
 * @kdd: identity of the card that it was claimed for
 */
struct claim {
	struct ledger_record record;
	struct key_set *keys;
	bool des;
	uint8_t kdd[GP_KDD_LEN];
};

/**
 * struct session - one card's session
 * @station: that asked
 * @req: the request, and the result once @decided
 * @parameters: of the request
 * @parameters_len: bytes
 * @port: of the channel socket
 * @channel_token: opens it
 * @state: see enum
 * @waiting: the channel is opened when the station's results are known
 * @link: the channel, or NULL
 * @opened: the channel was open once
 * @timer: bounds every wait
 * @turn: gives the script its next turn
 * @sandbox: the script, NULL once it is done with
 * @task: what a worker does for it, or did last; NULL if that is nothing
 * @source: text of the profile
 * @source_len: bytes
 * @number: of the last command
 * @cancelled: it is to end, since the session does
 * @answered: number of the last response
 * @prompt: number of the last prompt
 * @x: the command
 * @claim: NULL until a record is claimed
 * @master: the last master key that a channel was opened with, "" for none
 * @public_keys: a channel was opened with keys that everybody has: any emulator could have
 * @refused: a claim failed: the card must not leave as good
 * @evidence: that the card has the record's keys, "" until then
 * @entry: in the station's list
 */
struct session {
	struct station *station;
	struct ledger_request req;
	uint8_t parameters[1024];
	size_t parameters_len;
	uint16_t port;
	uint8_t channel_token[16];
	enum session_state state;
	bool waiting;
	struct link *link;
	bool opened;
	struct event *timer;
	struct event *turn;
	struct sandbox *sandbox;
	struct task *task;
	char *source;
	size_t source_len;
	uint32_t number;
	uint32_t answered;
	uint32_t prompt;
	bool cancelled;
	struct exchange x;
	struct claim *claim;
	char master[ORDER_KEY_MAX + 1];
	bool public_keys;
	bool refused;
	char evidence[LEDGER_EVIDENCE_MAX];

	LIST_ENTRY(session) entry;
};

/* ---- from the control connection ---- */

/* session_request() - REQUEST: a new session, or the result again */
void session_request(struct station *station, const struct ck_frame *frame);

/* session_find() - a live one by its request's number, or NULL */
struct session *session_find(struct station *station, uint64_t number);

/* session_rechannel() - RECHANNEL: open the channel again */
void session_rechannel(struct session *s, const struct ck_frame *frame);

/* session_start_waiting() - those that waited for the station's inventory */
void session_start_waiting(struct station *station);

/* session_ended() - the station ended it: no result any more */
void session_ended(struct session *s, const char *reason);

/* session_end_all() - the station is no longer ours: no result, and nothing in the ledger */
void session_end_all(struct station *station, const char *reason);

/* ---- between the parts of a session ---- */

/* session_run() - let the script go on, soon */
void session_run(struct session *s);

/* session_wait() - bound the state by a time; 0 stops the timer */
void session_wait(struct session *s, enum session_state state, unsigned int seconds);

/* session_decide() - the verdict: have it committed; the rest follows */
void session_decide(struct session *s, enum ck_verdict verdict, const char *reason);

/* session_decided() - it is: close the channel, then send RESULT */
void session_decided(struct session *s);

/* session_finish() - send RESULT and free the session */
void session_finish(struct session *s);

/* session_command() - make room for a command; NULL if memory ran out */
uint8_t *session_command(struct session *s, size_t len, uint32_t timeout);

/* session_new() - in the station's list; NULL if there is no memory */
struct session *session_new(struct station *station);

/* session_free() - without a result */
void session_free(struct session *s);

/* session_free_claim() - the record is on the card, or will not be */
void session_free_claim(struct claim *claim);

/* ---- prompt.c ---- */

/* prompt_send() - have the prompt of @s->x shown; the session waits for its answer */
void prompt_send(struct session *s);

/* prompt_entry() - ENTRY: what the card holder or operator did */
void prompt_entry(struct session *s, const struct ck_frame *frame);

/* prompt_timeout() - nobody did anything */
void prompt_timeout(struct session *s);

/* ---- channel.c ---- */

void channel_open(struct session *s);
void channel_send(struct session *s);
void channel_close(struct session *s);

/* ---- result.c ---- */

/* result_send() - RESULT for a decided request, if the station is connected */
void result_send(struct station *station, const struct ledger_request *r);

/*
 * result_commit() - have durable point 2 or a rejection recorded, then session_decided()
 *
 * It changes @s->req if it cannot be good.
 */
void result_commit(struct session *s);

#endif
