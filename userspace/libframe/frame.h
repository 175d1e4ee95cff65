/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames of the protocol between station and CAS, as docs/protocol.md defines them. */
#ifndef LIBFRAME_FRAME_H
#define LIBFRAME_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CK_MAGIC	0x434b
#define CK_VERSION	1
#define CK_HEADER	12

#define CK_CONTROL_MAX	8192
#define CK_CHANNEL_MAX	131200
#define CK_BATCH_MAX	(1024 * 1024 + 512)	/* BATCH and BATCHED on a channel */
#define CK_UNOPENED_MAX	512
#define CK_FIELDS_MAX	64	/* in one body */
#define CK_CARRIED_MAX	8186	/* bytes of a link in one frame */
#define CK_CREDIT_FIRST	65536	/* of a link, both ways */

enum ck_type {
	CK_HELLO = 0x01,
	CK_PING = 0x02,
	CK_PONG = 0x03,
	CK_REQUEST = 0x10,
	CK_RESULT = 0x11,
	CK_RESULT_ACK = 0x12,
	CK_DISPOSED = 0x13,
	CK_DISPOSED_ACK = 0x14,
	CK_ENDED = 0x15,
	CK_RECHANNEL = 0x16,
	CK_ORDER = 0x17,
	CK_ORDER_ACK = 0x18,
	CK_INVENTORY = 0x19,
	CK_PROMPT = 0x1a,
	CK_ENTRY = 0x1b,
	CK_OPEN = 0x20,
	CK_OPENED = 0x21,
	CK_COMMAND = 0x22,
	CK_RESPONSE = 0x23,
	CK_RESET = 0x24,
	CK_ATR = 0x25,
	CK_CLOSE = 0x26,
	CK_CLOSED = 0x27,
	CK_PROGRESS = 0x28,
	CK_CANCEL = 0x29,
	CK_BATCH = 0x2a,
	CK_BATCHED = 0x2b,
	CK_LINK = 0x30,
	CK_CARRY = 0x31,
	CK_CREDIT = 0x32,
	CK_UNLINK = 0x33,
	CK_ERROR = 0x7f,
};

enum ck_tag {
	CK_T_NAME = 0x0001,
	CK_T_STATION = 0x0002,
	CK_T_BOOT_ID = 0x0003,
	CK_T_LEASE_EPOCH = 0x0004,
	CK_T_JOURNAL_EPOCH = 0x0005,
	CK_T_LAST_DISPOSITION = 0x0006,
	CK_T_COUPLER = 0x0007,
	CK_T_PRESENCE_GEN = 0x0008,
	CK_T_POWER_GEN = 0x0009,
	CK_T_COUPLERS = 0x000a,
	CK_T_REQUEST = 0x0010,
	CK_T_APPLICATION = 0x0011,
	CK_T_PARAMETERS = 0x0012,
	CK_T_CARD_REFERENCE = 0x0013,
	CK_T_ATR = 0x0014,
	CK_T_PROTOCOL = 0x0015,
	CK_T_PORT = 0x0016,
	CK_T_TOKEN = 0x0017,
	CK_T_REPEAT = 0x0018,
	CK_T_CARD_PROTOCOL = 0x0019,
	CK_T_ENCRYPTION = 0x001a,
	CK_T_KEY_INDEX = 0x001b,
	CK_T_RESULT_ID = 0x0020,
	CK_T_VERDICT = 0x0021,
	CK_T_BIN = 0x0022,
	CK_T_INFORMATION = 0x0023,
	CK_T_REASON = 0x0024,
	CK_T_NUMBER = 0x0030,
	CK_T_DISPOSITION = 0x0031,
	CK_T_EVIDENCE = 0x0032,
	CK_T_CODE = 0x0040,
	CK_T_DATA = 0x0050,
	CK_T_TIMEOUT = 0x0051,
	CK_T_MODE = 0x0052,
	CK_T_RESET = 0x0053,
	CK_T_STATUS = 0x0054,
	CK_T_RESUME_FROM = 0x0055,
	CK_T_OUTCOME = 0x0056,
	CK_T_COMMANDS = 0x0057,
	CK_T_STREAM = 0x0058,
	CK_T_EXECUTED = 0x0059,
	CK_T_STOP = 0x005a,
	CK_T_RESPONSES = 0x005b,
	CK_T_EXTENSIONS = 0x005c,
	CK_T_ORDER = 0x0060,
	CK_T_INVENTORY = 0x0061,
	CK_T_MORE = 0x0062,
	CK_T_PROMPT = 0x0063,
	CK_T_KIND = 0x0064,
	CK_T_TEXT = 0x0065,
	CK_T_ANSWER = 0x0066,
	CK_T_ENTRY = 0x0067,
	CK_T_CARRIED = 0x0070,
	CK_T_CREDIT = 0x0071,
	CK_T_LIMIT = 0x0072,	/* above the highest known tag */
};

enum ck_code {
	CK_E_MALFORMED = 1,
	CK_E_VERSION = 2,
	CK_E_STATE = 3,
	CK_E_LEASE = 4,
	CK_E_TOKEN = 5,
	CK_E_LIMIT = 6,
	CK_E_TIMEOUT = 7,
	CK_E_OPERATOR = 8,
};

enum ck_status {
	CK_STATUS_DONE = 0,
	CK_STATUS_SILENT = 1,
	CK_STATUS_PROTOCOL = 2,
	CK_STATUS_TIMEOUT = 3,
	CK_STATUS_REMOVED = 4,
	CK_STATUS_MALFORMED = 5,
	CK_STATUS_OFF = 6,
	CK_STATUS_COUPLER = 7,
	CK_STATUS_CANCELLED = 8,
};

enum ck_order {
	CK_ORDER_HOLD = 1,
	CK_ORDER_GO_ON = 2,
	CK_ORDER_STOP_LANE = 3,
	CK_ORDER_START_LANE = 4,
	CK_ORDER_INVENTORY = 5,
};

enum ck_prompt_kind {
	CK_PROMPT_NONE = 0,	/* show it no more */
	CK_PROMPT_DISPLAY = 1,
	CK_PROMPT_CONFIRM = 2,
	CK_PROMPT_ENTRY = 3,
};

enum ck_answer {
	CK_ANSWER_GIVEN = 1,
	CK_ANSWER_REFUSED = 2,
};

/* Why a batch ended before its last command. */
enum ck_stop {
	CK_STOP_NONE = 0,
	CK_STOP_STATUS_WORD = 1,
	CK_STOP_FAILED = 2,
	CK_STOP_CHANNEL = 3,
	CK_STOP_ROOM = 4,
};

enum ck_verdict {
	CK_GOOD = 1,
	CK_REJECT = 2,
	CK_RETRY = 3,
	CK_HOLD = 4,
};

enum ck_disposition {
	CK_DISP_GOOD = 1,
	CK_DISP_REJECTED = 2,
	CK_DISP_REMOVED = 3,
	CK_DISP_UNKNOWN = 4,
};

enum ck_outcome {
	CK_OUTCOME_NONE = 0,
	CK_OUTCOME_KEPT = 1,
	CK_OUTCOME_NOT_EXECUTED = 2,
	CK_OUTCOME_IN_PROGRESS = 3,
	CK_OUTCOME_LOST = 4,
};

/* An item of INVENTORY: request (8), coupler (4), presence_gen (4), state (1). */
#define CK_INVENTORY_ITEM 17

enum ck_inventory_state {
	CK_INVENTORY_REQUESTED = 0,
	CK_INVENTORY_OFFERED = 1,
	CK_INVENTORY_OPEN = 2,
	CK_INVENTORY_RUNNING = 3,
	CK_INVENTORY_RESULT = 4,
	CK_INVENTORY_ENDED = 6,
};

/**
 * struct ck_field - one field of a parsed frame
 * @data: within the body that was parsed; NULL if the field is absent
 * @len: bytes at @data
 */
struct ck_field {
	const uint8_t *data;
	uint32_t len;
};

/**
 * struct ck_frame - a parsed frame
 * @type: enum ck_type
 * @number: of the command, of the PING, or 0
 * @field: indexed by tag; only the fields that this type has
 */
struct ck_frame {
	uint8_t type;
	uint32_t number;
	struct ck_field field[CK_T_LIMIT];
};

/**
 * struct ck_header - the first 12 bytes of a frame
 * @type: enum ck_type, not checked
 * @number: as sent
 * @length: of the body in bytes
 */
struct ck_header {
	uint8_t type;
	uint32_t number;
	uint32_t length;
};

/**
 * struct ck_problem - why a frame is refused
 * @code: enum ck_code for the ERROR frame
 * @text: what was wrong, in static storage
 */
struct ck_problem {
	uint16_t code;
	const char *text;
};

/*
 * ck_header_parse() - check magic, version and length of a frame
 * @buf: CK_HEADER bytes; @max: the longest body allowed here
 *
 * Return: true, or false with @problem filled in.
 */
bool ck_header_parse(const uint8_t *buf, uint32_t max, struct ck_header *header,
		     struct ck_problem *problem);

/*
 * ck_body_parse() - take a body apart and check it against its type
 *
 * Every field's length, duplicates, required fields and text are checked; unknown tags are skipped
 * unless bit 15 says that they must be understood. @from_cas says which side sent it: a type is
 * refused from the wrong one, and HELLO has other fields from each.
 *
 * Return: true, or false with @problem filled in.
 */
bool ck_body_parse(const struct ck_header *header, const uint8_t *body, bool from_cas,
		   struct ck_frame *frame, struct ck_problem *problem);

/* Whether a text is UTF-8 without control characters. */
bool ck_text_ok(const uint8_t *p, size_t len);

/* The type's name for messages, "unknown" if there is none. */
const char *ck_type_name(uint8_t type);

bool ck_has(const struct ck_frame *frame, enum ck_tag tag);

/* A number of 1, 2, 4 or 8 bytes; 0 if the field is absent. */
uint64_t ck_u(const struct ck_frame *frame, enum ck_tag tag);

/**
 * struct ck_builder - a frame being made
 * @data: the frame, from malloc()
 * @len: bytes so far
 * @cap: allocated
 * @failed: memory ran out or a field was too long; ck_end() says so
 */
struct ck_builder {
	uint8_t *data;
	size_t len;
	size_t cap;
	bool failed;
};

void ck_begin(struct ck_builder *b, enum ck_type type, uint32_t number);
void ck_put(struct ck_builder *b, enum ck_tag tag, const void *data, size_t len);
void ck_put_text(struct ck_builder *b, enum ck_tag tag, const char *text);
void ck_put_u8(struct ck_builder *b, enum ck_tag tag, uint8_t value);
void ck_put_u16(struct ck_builder *b, enum ck_tag tag, uint16_t value);
void ck_put_u32(struct ck_builder *b, enum ck_tag tag, uint32_t value);
void ck_put_u64(struct ck_builder *b, enum ck_tag tag, uint64_t value);

/* Return: true if the frame is complete; in both cases ck_free() releases (and wipes) it. */
bool ck_end(struct ck_builder *b);
void ck_free(struct ck_builder *b);

#endif
