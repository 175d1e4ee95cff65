/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Client of the netlink family "cks" (docs/netlink/cks.yaml): typed calls, dumps and events.
 *
 * Functions return 0 or a negative errno; cksnl_error() then has the text, the kernel's own where
 * it gave one. An object's @has says which attributes came, or which are to be sent: bit N is
 * attribute N of cks_netlink.h. No function here is safe on one handle from two threads.
 */
#ifndef LIBCKSNL_CKSNL_H
#define LIBCKSNL_CKSNL_H

#include <linux/cks_netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CKSNL_HAS(attr)		(1ULL << (attr))
#define CKSNL_ID_LEN		16	/* uuid, boot_id */
#define CKSNL_ATR_MAX		33
#define CKSNL_NAME_MAX		63
#define CKSNL_TEXT_MAX		127
#define CKSNL_INFO_MAX		1024

struct cksnl_atr {
	uint16_t len;
	uint8_t data[CKSNL_ATR_MAX];
};

/* Bit N % 8 of byte N / 8 is coupler N. */
struct cksnl_lanes {
	uint16_t len;
	uint8_t data[64];
};

struct cksnl_entry {
	uint16_t len;
	uint8_t data[CKSNL_TEXT_MAX];
};

struct cksnl_blob {
	uint16_t len;
	uint8_t data[CKSNL_INFO_MAX];
};

/**
 * struct cksnl_coupler - attributes of a coupler; names and units as in docs/netlink/cks.yaml
 */
struct cksnl_coupler {
	uint64_t has;
	uint32_t index;
	char name[CKSNL_TEXT_MAX + 1];
	char driver[CKSNL_NAME_MAX + 1];
	uint32_t state;
	uint8_t present;
	uint32_t presence_gen;
	uint32_t power_gen;
	char owner[CKSNL_NAME_MAX + 1];
	uint32_t capabilities;
	struct cksnl_atr atr;
	uint32_t f;
	uint32_t d;
	uint8_t protocol;
	char last_error[CKSNL_TEXT_MAX + 1];
	uint32_t clk_hz;
	uint32_t uart_clk;
	uint32_t rst_line;
	uint8_t rst_invert;
	uint32_t power_line;
	uint8_t power_invert;
	uint32_t detect_line;
	uint8_t detect_invert;
	uint8_t echo;
	uint32_t policy;
	uint8_t protocol_wanted;
	uint8_t no_pps;
	uint8_t ifsd;
	uint32_t reset_kind;
	uint64_t chars_rx;
	uint64_t chars_tx;
	uint64_t exchanges;
	uint64_t char_errors;
	uint64_t chars_refused;
	uint64_t chars_repeated;
	uint32_t signal_cost;
	uint32_t repeat_cost;
	uint32_t port;
	uint64_t address;
	uint32_t irq;
	char family[16];
	uint8_t reg_shift;
	uint8_t io_width;
	uint32_t fifo;
};

/**
 * struct cksnl_station - attributes of the station
 */
struct cksnl_station {
	uint64_t has;
	uint8_t uuid[CKSNL_ID_LEN];
	uint8_t boot_id[CKSNL_ID_LEN];
	uint32_t state;
	char address[46];
	uint16_t control_port;
	uint16_t channel_port;
	uint8_t listen;
	char cas[CKSNL_NAME_MAX + 1];
	uint64_t lease_epoch;
	uint64_t journal_epoch;
	uint64_t last_disposition;
	uint64_t acked_disposition;
	uint8_t plaintext_ok;
	uint64_t requests_total;
	uint64_t frames_refused;
	uint64_t channels_refused;
	uint32_t deadline_reset;
	uint32_t deadline_open;
	uint32_t deadline_idle;
	uint32_t deadline_command;
	uint32_t deadline_reopen;
	uint32_t deadline_result;
	uint32_t deadline_greeting;
	uint32_t ping_interval;
	uint32_t connections_max;
	uint32_t backlog;
	uint32_t requests_max;
	uint32_t dispositions_max;
	uint64_t requests_refused;
	uint64_t leases_refused;
	uint64_t results_ignored;
	uint64_t deadlines_passed;
	uint64_t connections_refused;
	uint32_t connections;
	uint8_t hold;
	char hold_reason[CKSNL_TEXT_MAX + 1];
	struct cksnl_lanes lanes_stopped;
	uint32_t stop_lane;
	uint32_t start_lane;
	struct cksnl_lanes lanes;
	uint32_t give_lane;
	uint32_t netns_fd;
	uint16_t vpcd_port;
	struct cksnl_lanes vpcd_lanes;
	uint32_t vpcd_lane;
	uint32_t vpcd_off_lane;
};

/**
 * struct cksnl_session - attributes of a request, its session, result and disposition
 */
struct cksnl_session {
	uint64_t has;
	uint64_t request;
	uint32_t coupler;
	uint32_t presence_gen;
	char application[CKSNL_NAME_MAX + 1];
	struct cksnl_blob parameters;
	char card_reference[CKSNL_NAME_MAX + 1];
	uint32_t state;
	struct cksnl_atr atr;
	uint64_t result_id;
	uint32_t verdict;
	uint32_t bin;
	struct cksnl_blob information;
	char reason[CKSNL_TEXT_MAX + 1];
	uint32_t disposition;
	uint64_t disposition_number;
	char evidence[CKSNL_TEXT_MAX + 1];
	uint8_t boot_id[CKSNL_ID_LEN];
	uint32_t commands;
	uint32_t prompt;
	uint32_t prompt_kind;
	char prompt_text[CKSNL_TEXT_MAX + 1];
	uint32_t answer;
	struct cksnl_entry entry;
};

/* ----------------------------------------------------------------- attributes as tables */

enum cksnl_kind {
	CKSNL_BOOL,		/* u8 */
	CKSNL_U8,
	CKSNL_U16,
	CKSNL_U32,
	CKSNL_U64,
	CKSNL_ENUM,		/* u32, @names[value] */
	CKSNL_FLAGS,		/* u32, @names[bit] */
	CKSNL_STRING,		/* char[size], ends in NUL */
	CKSNL_BINARY,		/* length in uint16_t, then uint8_t[size] */
	CKSNL_ID,		/* uint8_t[CKSNL_ID_LEN] */
};

/**
 * struct cksnl_field - one attribute: where it lies in its object and how it is spelled
 * @attr: number in cks_netlink.h
 * @kind: type on the wire and in the object
 * @offset: in the object
 * @size: room: characters without the NUL, or bytes
 * @name: as in docs/netlink/cks.yaml
 * @names: of the values of an enum or flags
 * @nnames: how many
 */
struct cksnl_field {
	uint16_t attr;
	uint16_t kind;
	uint16_t offset;
	uint16_t size;
	const char *name;
	const char *const *names;
	unsigned int nnames;
};

/**
 * struct cksnl_set - an attribute set
 */
struct cksnl_set {
	const struct cksnl_field *fields;
	unsigned int nfields;
	unsigned int max_attr;
	size_t size;
};

extern const struct cksnl_set cksnl_coupler_set;
extern const struct cksnl_set cksnl_station_set;
extern const struct cksnl_set cksnl_session_set;

/* Name of a value; "?" for one that this library does not know. */
const char *cksnl_name(const struct cksnl_field *field, uint32_t value);
const struct cksnl_field *cksnl_field(const struct cksnl_set *set, const char *name);
const char *cksnl_verdict_name(uint32_t verdict);
const char *cksnl_disposition_name(uint32_t disposition);

/**
 * cksnl_field_parse() - set one attribute of an object from text
 * @field: which
 * @obj: object, changed on success only
 * @text: number, name of an enum's value, on/off, hexadecimal for bytes
 * Return: 0, -EINVAL not a value of this attribute, -ERANGE too large or too long
 */
int cksnl_field_parse(const struct cksnl_field *field, void *obj, const char *text);

/* ---------------------------------------------------------------------------- the calls */

struct cksnl;

/**
 * cksnl_open() - connect and resolve the family
 * @ret_nl: receives the handle on success; close by cksnl_close()
 * @timeout_ms: longest wait for one answer; a call that waited in vain is -ETIMEDOUT
 * @why: receives a text on failure, may be NULL
 * @size: of @why
 */
int cksnl_open(struct cksnl **ret_nl, unsigned int timeout_ms, char *why, size_t size);
void cksnl_close(struct cksnl *nl);
const char *cksnl_error(const struct cksnl *nl);

typedef int (*cksnl_each_fn)(const void *obj, void *arg);

/*
 * Dumps: @each gets a struct cksnl_coupler or cksnl_session; not 0 from it ends the dump. What
 * comes or goes meanwhile may be among them or not; the rest is, once.
 */
int cksnl_coupler_dump(struct cksnl *nl, cksnl_each_fn each, void *arg);
int cksnl_session_dump(struct cksnl *nl, cksnl_each_fn each, void *arg);

int cksnl_coupler_get(struct cksnl *nl, uint32_t index, struct cksnl_coupler *ret_coupler);
int cksnl_coupler_change(struct cksnl *nl, const struct cksnl_coupler *coupler);
int cksnl_coupler_reset(struct cksnl *nl, uint32_t index, enum cks_reset_kind kind,
			struct cksnl_coupler *ret_coupler);
/* Index and name come back. */
int cksnl_coupler_new(struct cksnl *nl, const struct cksnl_coupler *place,
		      struct cksnl_coupler *ret_coupler);
/* By its index or its name. */
int cksnl_coupler_del(struct cksnl *nl, const struct cksnl_coupler *coupler);
int cksnl_station_get(struct cksnl *nl, struct cksnl_station *ret_station);
int cksnl_station_change(struct cksnl *nl, const struct cksnl_station *station);
int cksnl_session_get(struct cksnl *nl, uint64_t request, struct cksnl_session *ret_session);
int cksnl_request_new(struct cksnl *nl, const struct cksnl_session *request, uint64_t *ret_number,
		      uint8_t ret_boot_id[static CKSNL_ID_LEN]);
int cksnl_request_cancel(struct cksnl *nl, uint64_t request, const char *reason);
int cksnl_disposition_new(struct cksnl *nl, const struct cksnl_session *disposition);
int cksnl_prompt_answer(struct cksnl *nl, const struct cksnl_session *answer);

/* --------------------------------------------------------------------------- the events */

#define CKSNL_GROUP_CARD	0x1
#define CKSNL_GROUP_REQUEST	0x2
#define CKSNL_GROUP_RESULT	0x4
#define CKSNL_GROUP_FAULT	0x8
#define CKSNL_GROUP_ALL		0xf

/**
 * struct cksnl_event - one event
 * @cmd: CKS_CMD_*_NTF
 * @set: attribute set of the object that came with it
 * @coupler: coupler-ntf, card-ntf, fault-ntf
 * @session: request-ntf, result-ntf, disposition-ntf, prompt-ntf
 * @station: station-ntf
 */
struct cksnl_event {
	uint8_t cmd;
	const struct cksnl_set *set;
	union {
		struct cksnl_coupler coupler;
		struct cksnl_session session;
		struct cksnl_station station;
	};
};

struct cksnl_events;

typedef void (*cksnl_event_fn)(const struct cksnl_event *event, void *arg);

/**
 * cksnl_events_open() - subscribe
 * @ret_events: receives the handle
 * @groups: CKSNL_GROUP_*
 */
int cksnl_events_open(struct cksnl_events **ret_events, unsigned int groups);
void cksnl_events_close(struct cksnl_events *events);
int cksnl_events_fd(const struct cksnl_events *events);

/**
 * cksnl_events_read() - take what is there; does not wait
 * Return: 0, -ENOBUFS when events were lost: look at everything anew, or another negative errno
 */
int cksnl_events_read(struct cksnl_events *events, cksnl_event_fn fn, void *arg);

const char *cksnl_event_name(uint8_t cmd);

#endif
