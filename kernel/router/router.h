/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The router's objects: the station, its lanes (one for each coupler), sessions and dispositions.
 *
 * Lock order: station.config > station.lock > a stream's lock > the core's locks. Nobody waits for
 * a stream's end, a session's end or a coupler's release with station.lock held: their reports
 * take it.
 */
#ifndef CKS_ROUTER_ROUTER_H
#define CKS_ROUTER_ROUTER_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/socket.h>
#include <linux/workqueue.h>

#include "core/coupler.h"
#include "frame.h"
#include "phase.h"
#include "stream.h"

#define CKS_LANES_MAX		512

#define CKS_PINGS		3	/* that are silent, then the connection is closed */
#define CKS_COUPLER_MS		60000	/* for the coupler to end what has timed out */
#define CKS_TIMEOUT_MAX_MS	600000	/* a longer timeout of a command counts as this */
#define CKS_REPLY_SIZE		(CKS_RESPONSE_MAX + 256)	/* frame of the longest response */

#define CKS_CONTROL_PORT	7816
#define CKS_CHANNEL_PORT	7820
#define CKS_VPCD_PORT		35963	/* which the driver has by default */

struct cks_batch;
struct cks_channel;
struct cks_control;
struct cks_session;
struct cks_station;

/**
 * struct cks_run - a command on its way to the card and back
 * @cmd: of the core
 * @session: whose
 * @reply: frame of its response, or where the core puts the response; of the last one that was
 *	executed it is kept to be sent again
 * @item: which command of a batch it is
 */
struct cks_run {
	struct cks_command cmd;
	struct cks_session *session;
	struct cks_txbuf *reply;
	struct cks_list_item item;
};

/**
 * struct cks_session - one request, from the card's contact to its disposition
 * @station: whose
 * @node: in its list
 * @request: number within this boot_id
 * @index: of the coupler
 * @coupler: claimed; NULL once it is released because it went away
 * @owner: the claim
 * @presence_gen: of the card
 * @power_gen: at the end of the last command
 * @application: asked for
 * @parameters: for it
 * @parameters_len: bytes
 * @card_reference: empty when there is none
 * @atr: len 0 when there is none
 * @card_protocol: T in use
 * @phase: see enum cks_phase
 * @deadline: ends the phase
 * @expires: jiffies of @deadline, while @armed
 * @armed: the phase has a deadline now
 * @renewing: another request is being made in its place, and nobody else may end it
 * @release: gives a coupler back that went away
 * @token: opens the channel
 * @token_valid: once
 * @channel: that is open, or NULL
 * @runs: a command, and the one of a batch that is staged behind it
 * @run: the one in progress, or the last one
 * @cmd_busy: from its start to the end of what follows it
 * @cmd_reset: it is a reset
 * @cmd_cancelled: the CAS wanted its end
 * @cmd_number: of the last one that came, or of a batch's last one that was begun
 * @cmd_body: the frame it came in, while it is in progress
 * @cmd_body_len: its length
 * @replied: the reply of @run is that of @cmd_number, or @batch is over
 * @batch: that the last command was of, or NULL
 * @progress_at: jiffies of the last PROGRESS
 * @commands: exchanges and resets that the CAS asked for
 * @offered: REQUEST was sent to the CAS some time
 * @want_request: REQUEST is to be sent on this connection
 * @want_rechannel: RECHANNEL is
 * @want_ended: ENDED is
 * @prompt: number of what the operator interface is to show; 0 none
 * @prompt_kind: enum cks_prompt_kind
 * @prompt_text: what
 * @want_entry: ENTRY for prompt @entry_prompt is to be sent
 * @entry_prompt: number
 * @entry_answer: enum cks_prompt_answer
 * @entry: of the card holder; wiped when it is sent
 * @entry_len: bytes
 * @result_id: of the CAS
 * @verdict: enum cks_verdict
 * @own_verdict: the station decided
 * @bin: where the card is to go
 * @information: from the CAS
 * @information_len: bytes
 * @reason: why it is not good; empty when there is none
 *
 * All under station.lock, but for @runs and @cmd_body, which are the core's while @cmd_busy.
 */
struct cks_session {
	struct cks_station *station;
	struct list_head node;
	u64 request;
	u32 index;
	struct cks_coupler *coupler;
	struct cks_owner owner;
	u32 presence_gen;
	u32 power_gen;
	char application[CKS_NAME_MAX + 1];
	u8 parameters[CKS_BLOB_MAX];
	u16 parameters_len;
	char card_reference[CKS_NAME_MAX + 1];
	struct iso7816_atr atr;
	u8 card_protocol;

	enum cks_phase phase;
	bool renewing;
	struct delayed_work deadline;
	unsigned long expires;
	bool armed;
	struct work_struct release;

	u8 token[CKS_ID_LEN];
	bool token_valid;
	struct cks_channel *channel;

	struct cks_run runs[2];
	struct cks_run *run;
	bool cmd_busy;
	bool cmd_reset;
	bool cmd_cancelled;
	u32 cmd_number;
	u8 *cmd_body;
	u32 cmd_body_len;
	bool replied;
	struct cks_batch *batch;
	unsigned long progress_at;
	u32 commands;

	bool offered;
	bool want_request;
	bool want_rechannel;
	bool want_ended;

	u32 prompt;
	u8 prompt_kind;
	char prompt_text[CKS_REASON_MAX + 1];
	bool want_entry;
	u32 entry_prompt;
	u8 entry_answer;
	u8 entry_len;
	u8 entry[CKS_ENTRY_MAX];

	u64 result_id;
	u8 verdict;
	bool own_verdict;
	u32 bin;
	u8 information[CKS_BLOB_MAX];
	u16 information_len;
	char reason[CKS_REASON_MAX + 1];
};

/**
 * struct cks_dispo - what became of a card, until the CAS has committed it
 * @node: in the station's list, by number
 * @sent: on this connection
 * The rest as in docs/protocol.md.
 */
struct cks_dispo {
	struct list_head node;
	bool sent;
	u64 number;
	u64 request;
	u64 result_id;
	u32 coupler;
	u32 presence_gen;
	u8 disposition;
	u8 boot_id[CKS_ID_LEN];
	u8 evidence_len;
	char evidence[CKS_REASON_MAX + 1];
};

/**
 * struct cks_lane - the station's part of one coupler
 * @station: whose
 * @index: of the coupler
 * @present: a coupler of this number is registered
 * @leaving: it is being given to another namespace, whatever the core says of it meanwhile
 * @stopped: no request is made on it
 * @listener: of its channel socket, or NULL
 * @vpcd: it is a reader of vpcd, and serves no order
 * @vpcd_nr: connections to its driver: one at most
 */
struct cks_lane {
	struct cks_station *station;
	u32 index;
	bool present;
	bool leaving;
	bool stopped;
	struct cks_listener *listener;
	bool vpcd;
	unsigned int vpcd_nr;
};

/**
 * struct cks_vpcds - the connections of a station's readers
 * @lock: protects @list, and vpcd_nr of the lanes
 * @list: of the living
 * @gone: woken when one has gone
 */
struct cks_vpcds {
	spinlock_t lock;	/* protects @list, and vpcd_nr of the lanes */
	struct list_head list;
	wait_queue_head_t gone;
};

/**
 * struct cks_station - one station, of one network namespace
 * @net: namespace of its sockets and of its control unit
 * @config: serialises station-set; the outermost lock
 * @lock: protects everything below and all sessions
 * @wq: accepting and streams
 * @tick: ordered: deadlines, couplers coming and going
 * @lanes_work: opens and closes channel sockets as couplers come and go
 * @nb: couplers coming and going
 * @seen_lock: protects @seen and @went
 * @seen: numbers of the registered couplers
 * @went: those whose coupler has gone, even if another one has come
 * @has_uuid: the control unit has told who the station is
 * @uuid: identity
 * @boot_id: of this load
 * @address: where it listens, or will
 * @control_port: of the control socket
 * @channel_port: of coupler 0
 * @plaintext_ok: other addresses than loopback are allowed
 * @listening: sockets are open
 * @limit: bounds, in ms or numbers; read without the lock as well
 * @hold: no request is made
 * @hold_reason: of the last hold or stop; empty when there was none
 * @lease_epoch: highest seen
 * @journal_epoch: of the control unit's journal, 0 while unknown
 * @last_disposition: highest number in the journal
 * @acked: all up to this one are committed by the CAS
 * @listener: of the control socket
 * @control: the connection that said HELLO, or NULL
 * @streams: all connections
 * @vpcd_port: of coupler 0's reader
 * @vpcds: their connections
 * @vpcd_tick: begins and ends these as cards come and go
 * @lanes: by number
 * @sessions: not yet disposed, in the order of their numbers
 * @nr_sessions: their number
 * @sessions_seq: counts what came to them and went; what a dump is compared by
 * @last_request: number of the last request
 * @dispositions: not yet acknowledged
 * @nr_dispositions: their number
 * @requests_total: ever
 * @requests_refused: by request-new
 * @leases_refused: HELLO with a lease that has passed, or that is out of reach
 * @results_ignored: of no request, of another presence, or too late
 * @deadlines_passed: of sessions
 * @frames_refused: malformed, or not allowed
 * @channels_refused: wrong token, no OPEN in time
 * @connections_refused: too many at a time, no memory for one, or no HELLO in time
 */
struct cks_station {
	struct net *net;
	struct mutex config;	/* serialises station-set */
	struct mutex lock;	/* protects what follows, and all sessions */
	struct workqueue_struct *wq;
	struct workqueue_struct *tick;
	struct work_struct lanes_work;
	struct notifier_block nb;
	spinlock_t seen_lock;	/* protects @seen and @went */
	DECLARE_BITMAP(seen, CKS_LANES_MAX);
	DECLARE_BITMAP(went, CKS_LANES_MAX);

	bool has_uuid;
	u8 uuid[CKS_ID_LEN];
	u8 boot_id[CKS_ID_LEN];
	char address[46];
	u16 control_port;
	u16 channel_port;
	bool plaintext_ok;
	bool listening;
	u32 limit[CKS_LIMITS];
	bool hold;
	char hold_reason[CKS_REASON_MAX + 1];
	u64 lease_epoch;
	u64 journal_epoch;
	u64 last_disposition;
	u64 acked;

	struct cks_listener *listener;
	struct cks_control *control;
	struct cks_streams streams;
	u16 vpcd_port;
	struct cks_vpcds vpcds;
	struct delayed_work vpcd_tick;
	struct cks_lane lanes[CKS_LANES_MAX];

	struct list_head sessions;
	unsigned int nr_sessions;
	u32 sessions_seq;
	u64 last_request;
	struct list_head dispositions;
	unsigned int nr_dispositions;

	u64 requests_total;
	u64 requests_refused;
	u64 leases_refused;
	u64 results_ignored;
	u64 deadlines_passed;
	atomic64_t frames_refused;
	atomic64_t channels_refused;
	atomic64_t connections_refused;
};

/* ------------------------------------------------------------------------------ station.c */

/* A new one, which listens nowhere; or ERR_PTR(). */
struct cks_station *cks_station_new(struct net *net);
/* Sockets are closed, sessions end and couplers are given back, whatever is going on. */
void cks_station_free(struct cks_station *st);

/* Whose couplers are whose may have changed: open and close sockets. No lock held. */
void cks_station_look(struct cks_station *st);
/*
 * Have the coupler no more; 0, -ENODEV, or -EBUSY while a request has it. Where 0, _let_go_end() is
 * called once it belongs to another one, or does not after all. No lock held.
 */
int cks_station_let_go(struct cks_station *st, u32 index, struct netlink_ext_ack *extack);
void cks_station_let_go_end(struct cks_station *st, u32 index);

/**
 * struct cks_station_change - what station-set wants; NULL or unset has_ leaves as it is
 */
struct cks_station_change {
	const u8 *uuid;
	const char *address;
	bool has_control_port, has_channel_port, has_listen, has_plaintext, has_lease;
	bool has_journal, has_last, has_acked, has_hold, has_stop, has_start;
	bool has_vpcd, has_vpcd_off, has_vpcd_port;
	u16 control_port, channel_port;
	bool listen, plaintext_ok, hold;
	u32 stop_lane, start_lane;
	u32 vpcd_lane, vpcd_off_lane;
	u16 vpcd_port;
	u64 lease_epoch, journal_epoch, last_disposition, acked;
	u32 has_limit;	/* bit CKS_L_* */
	u32 limit[CKS_LIMITS];
};

/**
 * cks_station_change() - carry out station-set
 * Context: process, may sleep; no lock held
 * Return: 0; -EINVAL, -EPERM, -EBUSY or a socket's error, with the reason in @extack
 */
int cks_station_change(struct cks_station *st, const struct cks_station_change *ch,
		       struct netlink_ext_ack *extack);

/**
 * cks_station_dispose() - take a disposition of the control unit's journal, end its session
 * @d: kmalloc()ed, becomes the station's
 * Context: process, may sleep; no lock held. The coupler has been released when it returns
 * Return: 0, also for a number that came before; -EINVAL a gap, -ENOBUFS too many that the CAS has
 * not acknowledged
 */
int cks_station_dispose(struct cks_station *st, struct cks_dispo *d,
			struct netlink_ext_ack *extack);

/* No request is made any more, or again; of the CAS or the operator. station.lock held. */
void cks_station_hold(struct cks_station *st, bool hold, const char *reason);
/* The same for one lane. Return: false if there is no lane of this number. */
bool cks_station_stop(struct cks_station *st, u32 index, bool stop, const char *reason);

/* The CAS has committed up to this number. station.lock held. */
void cks_station_acked(struct cks_station *st, u64 number);

/* ---------------------------------------------------------------------------- namespace.c */

int cks_namespaces_init(void);
void cks_namespaces_exit(void);

/* The station of a namespace, or NULL. The caller keeps the namespace from ending. */
struct cks_station *cks_station_of(const struct net *net);
/* The same, made if there is none; or ERR_PTR(). Context: process, no lock held. */
struct cks_station *cks_station_make(struct net *net);

/**
 * cks_lane_give() - give a coupler to the station of another namespace
 * @from: whose it is
 * @index: of the coupler
 * @fd: of the namespace, in the current process
 * Context: process, may sleep; no lock held
 * Return: 0, -ENODEV, -EBUSY while a request has it, or what is wrong with @fd
 */
int cks_lane_give(struct cks_station *from, u32 index, int fd, struct netlink_ext_ack *extack);

/* ------------------------------------------------------------------------------ session.c */

struct cks_session_new {
	u32 index;
	bool has_presence_gen;
	u32 presence_gen;
	const char *application;
	const char *card_reference;
	const u8 *parameters;
	u16 parameters_len;
};

/**
 * cks_session_new() - claim a coupler and begin to reset its card
 * @ret_request: number of the request
 * Context: process, may sleep; no lock held
 */
int cks_session_new(struct cks_station *st, const struct cks_session_new *n, u64 *ret_request,
		    struct netlink_ext_ack *extack);

/* All below with station.lock held, unless said otherwise. */
struct cks_session *cks_session_find(struct cks_station *st, u64 request);
struct cks_session *cks_session_on(struct cks_station *st, u32 index);
bool cks_session_decided(const struct cks_session *s);
enum cks_session_state cks_session_state(const struct cks_session *s);
/* Move on, with the deadline of the phase that follows; false if it means nothing now. */
bool cks_session_happen(struct cks_session *s, enum cks_happening h);
void cks_session_arm(struct cks_session *s, unsigned int ms);	/* 0: no deadline */
void cks_session_offer_sent(struct cks_session *s);
void cks_session_new_token(struct cks_session *s);
void cks_session_void_token(struct cks_session *s);

/* The session ends with reject, and the CAS is told if it knew of it. */
void cks_session_fail(struct cks_session *s, enum cks_code code, const char *reason);
/* The CAS's result. */
void cks_session_result(struct cks_session *s, const struct cks_msg *m);

/* Take it from the station's list; then, without the lock, release it. */
void cks_session_unlink(struct cks_session *s);
void cks_session_release(struct cks_session *s);

/* ----------------------------------------------------------------------------- prompt.c */

/* All with station.lock held. PROMPT came for it: to be shown at the operator interface. */
void cks_prompt_show(struct cks_session *s, const struct cks_msg *m);
/* Nothing is to be shown any more, and nothing entered is kept. */
void cks_prompt_clear(struct cks_session *s);
/* ENTRY was sent. */
void cks_prompt_entry_sent(struct cks_session *s);

/**
 * cks_prompt_answer() - what the card holder or the operator did
 * @prompt: number of the prompt that was shown
 * @answer: given or refused
 * @entry: when it was an entry
 * @len: of it
 * Return: 0; -ESTALE for another prompt than the one that is shown
 */
int cks_prompt_answer(struct cks_session *s, u32 prompt, enum cks_prompt_answer answer,
		      const u8 *entry, u32 len, struct netlink_ext_ack *extack);

/* ------------------------------------------------------------------------------ control.c */

void cks_control_accept(void *station, struct cks_transport *tp);
/* Send what is due, as far as there is room. station.lock held. */
void cks_control_pump(struct cks_station *st);
/* Close the connection, so that a new HELLO is exchanged. station.lock held. */
void cks_control_drop(struct cks_station *st, enum cks_code code, const char *reason);
/* Why a connection that was told of another journal ends. */
#define CKS_NEW_JOURNAL	"the station has a new journal"

const char *cks_control_name(const struct cks_control *c);

/* ------------------------------------------------------------------------------ channel.c */

/**
 * struct cks_channel - a connection to a channel socket
 * @lane: whose socket
 * @stream: its stream
 * @session: that it carries, after OPEN; NULL again when the session has left it
 */
struct cks_channel {
	struct cks_lane *lane;
	struct cks_stream *stream;
	struct cks_session *session;
};

void cks_channel_accept(void *lane, struct cks_transport *tp);
/* A command's response is ready in @s->reply. station.lock held. */
void cks_channel_reply(struct cks_session *s);
/* Take the channel from its session and close it; code 0: without ERROR. station.lock held. */
void cks_channel_detach(struct cks_session *s, enum cks_code code, const char *reason);
/*
 * The CAS that has it, or may open it, is no longer the station's: its connection is closed, its
 * token opens nothing any more, and the card stays on. station.lock held.
 */
void cks_channel_fence(struct cks_session *s);

/* -------------------------------------------------------------------------------- link.c */

struct cks_links;

/* For the channels of a connection to the control socket, whose stream is @carrier; or NULL. */
struct cks_links *cks_links_new(struct cks_stream *carrier);
/* The connection is gone: its links break. */
void cks_links_put(struct cks_links *links);
/* There is room again on the connection. */
void cks_links_wake(struct cks_links *links);
/* A frame about a link. station.lock held. Return: NULL, or what the CAS did wrong. */
const char *cks_links_frame(struct cks_links *links, struct cks_station *st,
			    const struct cks_msg *m);

/* -------------------------------------------------------------------------------- vpcd.c */

void cks_vpcds_init(struct cks_vpcds *set);
/* End a lane's connections, or with NULL all. */
void cks_vpcds_end(struct cks_vpcds *set, const struct cks_lane *lane);
/* And wait until they are gone. No lock held. */
void cks_vpcds_close(struct cks_vpcds *set, const struct cks_lane *lane);
/* Have a connection if there is a card, and none otherwise. station.lock held. */
void cks_vpcd_tick(struct cks_lane *lane);

/* ----------------------------------------------------------------------------- exchange.c */

/* All with station.lock held; those with a frame from the session's open channel. */
void cks_exchange_command(struct cks_session *s, const struct cks_msg *m);
void cks_exchange_reset(struct cks_session *s, const struct cks_msg *m);
void cks_exchange_batch(struct cks_session *s, const struct cks_msg *m);
void cks_exchange_cancel(struct cks_session *s, u32 number);
/* The card has asked for more time, @extensions times since the command began. */
void cks_exchange_progress(struct cks_session *s, u32 extensions);
/* The core's done for a command of the CAS: answer, or go on with the batch. */
void cks_exchange_done(struct cks_session *s);
/* Answer the command in progress before the core does: the card is gone. */
void cks_exchange_card_removed(struct cks_session *s);
/* The channel is gone: a batch stops after the command in progress. */
void cks_exchange_channel_lost(struct cks_session *s);
/* What became of the command after number @from, the last one whose answer the CAS has. */
enum cks_outcome cks_exchange_outcome(struct cks_session *s, u32 from);
/* The answers after number @from, which are kept. */
void cks_exchange_resend(struct cks_session *s, u32 from);
/* Wipe what is kept of a batch. */
void cks_exchange_free(struct cks_session *s);

/* ------------------------------------------------------------------------------ netlink.c */

int cks_router_netlink_init(void);
void cks_router_netlink_exit(void);
/* Events. station.lock held. */
void cks_notify_request(struct cks_session *s);
void cks_notify_result(struct cks_session *s);
void cks_notify_prompt(struct cks_session *s);
void cks_notify_disposition(struct cks_station *st);
void cks_notify_station(struct cks_station *st);

#endif
