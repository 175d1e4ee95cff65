/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames and fields of docs/protocol.md: their numbers, a parser and a builder. Pure functions on
 * memory, the same in the kernel and in the unit tests.
 */
#ifndef CKS_ROUTER_FRAME_H
#define CKS_ROUTER_FRAME_H

#include "iso7816/port.h"

#define CKS_FRAME_MAGIC		0x434b
#define CKS_FRAME_VERSION	1
#define CKS_FRAME_HEADER	12
#define CKS_FIELD_HEADER	6
#define CKS_FIELDS_MAX		64	/* of one body */

#define CKS_BODY_GREETING	512	/* before HELLO or OPEN was accepted */
#define CKS_BODY_CONTROL	8192
#define CKS_BODY_CHANNEL	131200
#define CKS_BODY_BATCH		(CKS_COMMANDS_MAX + 512)

#define CKS_COMMANDS_MAX	(1024 * 1024)	/* bytes of a batch's commands */
#define CKS_RESPONSES_MAX	(1024 * 1024)
#define CKS_BATCH_MAX		4096		/* commands */
#define CKS_COMMAND_HEADER	10
#define CKS_ANSWER_HEADER	6

#define CKS_DATA_MAX		65544
#define CKS_RESPONSE_MAX	65538	/* 65,536 bytes and SW1 SW2 */
#define CKS_REASON_MAX		127
#define CKS_NAME_MAX		63
#define CKS_BLOB_MAX		1024	/* parameters, information */
#define CKS_ENTRY_MAX		127	/* of a card holder */
#define CKS_ID_LEN		16	/* uuid, boot_id, token */

enum cks_type {
	CKS_T_HELLO		= 0x01,
	CKS_T_PING		= 0x02,
	CKS_T_PONG		= 0x03,
	CKS_T_REQUEST		= 0x10,
	CKS_T_RESULT		= 0x11,
	CKS_T_RESULT_ACK	= 0x12,
	CKS_T_DISPOSED		= 0x13,
	CKS_T_DISPOSED_ACK	= 0x14,
	CKS_T_ENDED		= 0x15,
	CKS_T_RECHANNEL		= 0x16,
	CKS_T_ORDER		= 0x17,
	CKS_T_ORDER_ACK		= 0x18,
	CKS_T_INVENTORY		= 0x19,
	CKS_T_PROMPT		= 0x1a,
	CKS_T_ENTRY		= 0x1b,
	CKS_T_OPEN		= 0x20,
	CKS_T_OPENED		= 0x21,
	CKS_T_COMMAND		= 0x22,
	CKS_T_RESPONSE		= 0x23,
	CKS_T_RESET		= 0x24,
	CKS_T_ATR		= 0x25,
	CKS_T_CLOSE		= 0x26,
	CKS_T_CLOSED		= 0x27,
	CKS_T_PROGRESS		= 0x28,
	CKS_T_CANCEL		= 0x29,
	CKS_T_BATCH		= 0x2a,
	CKS_T_BATCHED		= 0x2b,
	CKS_T_LINK		= 0x30,
	CKS_T_CARRY		= 0x31,
	CKS_T_CREDIT		= 0x32,
	CKS_T_UNLINK		= 0x33,
	CKS_T_ERROR		= 0x7f,
};

enum cks_tag {
	CKS_F_NAME		= 0x01,
	CKS_F_STATION		= 0x02,
	CKS_F_BOOT_ID		= 0x03,
	CKS_F_LEASE_EPOCH	= 0x04,
	CKS_F_JOURNAL_EPOCH	= 0x05,
	CKS_F_LAST_DISPOSITION	= 0x06,
	CKS_F_COUPLER		= 0x07,
	CKS_F_PRESENCE_GEN	= 0x08,
	CKS_F_POWER_GEN		= 0x09,
	CKS_F_COUPLERS		= 0x0a,
	CKS_F_REQUEST		= 0x10,
	CKS_F_APPLICATION	= 0x11,
	CKS_F_PARAMETERS	= 0x12,
	CKS_F_CARD_REFERENCE	= 0x13,
	CKS_F_ATR		= 0x14,
	CKS_F_PROTOCOL		= 0x15,
	CKS_F_PORT		= 0x16,
	CKS_F_TOKEN		= 0x17,
	CKS_F_REPEAT		= 0x18,
	CKS_F_CARD_PROTOCOL	= 0x19,
	CKS_F_ENCRYPTION	= 0x1a,
	CKS_F_KEY_INDEX		= 0x1b,
	CKS_F_RESULT_ID		= 0x20,
	CKS_F_VERDICT		= 0x21,
	CKS_F_BIN		= 0x22,
	CKS_F_INFORMATION	= 0x23,
	CKS_F_REASON		= 0x24,
	CKS_F_NUMBER		= 0x30,
	CKS_F_DISPOSITION	= 0x31,
	CKS_F_EVIDENCE		= 0x32,
	CKS_F_CODE		= 0x40,
	CKS_F_DATA		= 0x50,
	CKS_F_TIMEOUT		= 0x51,
	CKS_F_MODE		= 0x52,
	CKS_F_RESET		= 0x53,
	CKS_F_STATUS		= 0x54,
	CKS_F_RESUME_FROM	= 0x55,
	CKS_F_OUTCOME		= 0x56,
	CKS_F_COMMANDS		= 0x57,
	CKS_F_STREAM		= 0x58,
	CKS_F_EXECUTED		= 0x59,
	CKS_F_STOP		= 0x5a,
	CKS_F_RESPONSES		= 0x5b,
	CKS_F_EXTENSIONS	= 0x5c,
	CKS_F_ORDER		= 0x60,
	CKS_F_INVENTORY		= 0x61,
	CKS_F_MORE		= 0x62,
	CKS_F_PROMPT		= 0x63,
	CKS_F_KIND		= 0x64,
	CKS_F_TEXT		= 0x65,
	CKS_F_ANSWER		= 0x66,
	CKS_F_ENTRY		= 0x67,
	CKS_F_CARRIED		= 0x70,
	CKS_F_CREDIT		= 0x71,
	CKS_F_LAST		= CKS_F_CREDIT,
};

#define CKS_F_MANDATORY		0x8000	/* a receiver that does not know the tag refuses */

enum cks_code {
	CKS_CODE_MALFORMED	= 1,
	CKS_CODE_VERSION	= 2,
	CKS_CODE_STATE		= 3,
	CKS_CODE_LEASE		= 4,
	CKS_CODE_TOKEN		= 5,
	CKS_CODE_LIMIT		= 6,
	CKS_CODE_TIMEOUT	= 7,
	CKS_CODE_OPERATOR	= 8,
};

enum cks_status {
	CKS_STATUS_DONE		= 0,
	CKS_STATUS_MUTE		= 1,
	CKS_STATUS_CARD		= 2,
	CKS_STATUS_TIMEOUT	= 3,
	CKS_STATUS_REMOVED	= 4,
	CKS_STATUS_MALFORMED	= 5,
	CKS_STATUS_OFF		= 6,
	CKS_STATUS_COUPLER	= 7,
	CKS_STATUS_CANCELLED	= 8,
};

enum cks_reset_value {
	CKS_RESET_COLD		= 0,
	CKS_RESET_WARM		= 1,
	CKS_RESET_OFF		= 2,
};

/* What a CAS wants of the station. */
enum cks_order {
	CKS_ORDER_HOLD		= 1,
	CKS_ORDER_GO_ON		= 2,
	CKS_ORDER_STOP_LANE	= 3,
	CKS_ORDER_START_LANE	= 4,
	CKS_ORDER_INVENTORY	= 5,
};

#define CKS_INVENTORY_ITEM	17	/* request, coupler, presence_gen, state */
#define CKS_INVENTORY_ENDED	6	/* state: by the station, without a result of the CAS */

/* Why a batch ended before its last command. */
enum cks_stop {
	CKS_STOP_NONE		= 0,
	CKS_STOP_STATUS_WORD	= 1,
	CKS_STOP_FAILED		= 2,
	CKS_STOP_CHANNEL	= 3,
	CKS_STOP_ROOM		= 4,
};

enum cks_outcome {
	CKS_OUTCOME_NONE	= 0,
	CKS_OUTCOME_KEPT	= 1,
	CKS_OUTCOME_NOT_EXECUTED = 2,
	CKS_OUTCOME_RUNNING	= 3,
	CKS_OUTCOME_LOST	= 4,
};

/**
 * struct cks_header - the first twelve bytes of a frame
 * @type: enum cks_type, or one that is not known
 * @number: as it came
 * @len: of the body
 */
struct cks_header {
	u8 type;
	u32 number;
	u32 len;
};

/**
 * struct cks_field - a field of a received body
 * @p: NULL when absent; points into the body
 * @len: bytes
 */
struct cks_field {
	const u8 *p;
	u32 len;
};

/**
 * struct cks_msg - a received frame, its fields found by their tags
 * @h: header
 * @f: indexed by enum cks_tag
 */
struct cks_msg {
	struct cks_header h;
	struct cks_field f[CKS_F_LAST + 1];
};

/**
 * cks_frame_header() - read and check a frame's header
 * @ret_h: set on success
 * @p: twelve bytes
 * @max_body: limit of this place and state
 * @ret_why: set on failure: what is wrong, for the ERROR frame
 * Context: any
 * Return: 0 or enum cks_code
 */
unsigned int cks_frame_header(struct cks_header *ret_h, const u8 *p, u32 max_body,
			      const char **ret_why);

/**
 * cks_frame_fields() - read and check the fields of a body
 * @m: @m->h is set; @f is filled
 * @body: @m->h.len bytes; must live as long as @m
 * @ret_why: set on failure: what is wrong, for the ERROR frame
 *
 * Checks what docs/protocol.md section 1 says of a frame that a CAS may send: its type, lengths,
 * values, the text of names, tags that come twice or are missing. The work is bounded by
 * %CKS_FIELDS_MAX and the longest text.
 *
 * Context: any
 * Return: 0 or enum cks_code
 */
unsigned int cks_frame_fields(struct cks_msg *m, const u8 *body, const char **ret_why);

/* Whether the text is UTF-8 (RFC 3629) without control characters. */
bool cks_text_ok(const u8 *p, u32 len);

/* Values of fields whose presence and length have been checked; 0 for an absent one. */
u8 cks_msg_u8(const struct cks_msg *m, enum cks_tag tag);
u32 cks_msg_u32(const struct cks_msg *m, enum cks_tag tag);
u64 cks_msg_u64(const struct cks_msg *m, enum cks_tag tag);

static inline bool cks_msg_has(const struct cks_msg *m, enum cks_tag tag)
{
	return m->f[tag].p;
}

/**
 * struct cks_list - the commands of a batch that are still to be taken
 * @p: next one
 * @left: bytes
 */
struct cks_list {
	const u8 *p;
	u32 left;
};

/**
 * struct cks_list_item - a command of a batch
 * @timeout: ms, 0 for the station's own bound
 * @mode: 0 APDU, 1 TPDU
 * @accept: @accepts pairs of value and mask, two bytes each
 * @accepts: 0 when every status word is accepted
 * @data: the command
 * @len: its length
 */
struct cks_list_item {
	u32 timeout;
	u8 mode;
	const u8 *accept;
	u8 accepts;
	const u8 *data;
	u32 len;
};

/* Take the next one; false at the end of the list, or when it is malformed. */
bool cks_list_next(struct cks_list *l, struct cks_list_item *ret_item);
/* How many there are; 0 for a list that is empty, malformed or too long. */
u32 cks_list_count(const u8 *p, u32 len);
bool cks_list_accepts(const struct cks_list_item *item, u16 sw);
/* Write an answer of a batch, %CKS_ANSWER_HEADER and @len bytes. Return: the length. */
u32 cks_put_answer(u8 *p, enum cks_status status, const u8 *data, u32 len);

/**
 * struct cks_build - a frame being written
 * @p: where
 * @size: room
 * @len: bytes so far
 * @overflow: something did not fit; cks_build_end() will return 0
 */
struct cks_build {
	u8 *p;
	u32 size;
	u32 len;
	bool overflow;
};

void cks_build_begin(struct cks_build *b, u8 *p, u32 size, enum cks_type type, u32 number);
/* Room for a field that the caller fills in, or NULL. */
u8 *cks_put_room(struct cks_build *b, enum cks_tag tag, u32 len);
void cks_put(struct cks_build *b, enum cks_tag tag, const void *data, u32 len);
/* Text of more than 127 bytes is cut. */
void cks_put_text(struct cks_build *b, enum cks_tag tag, const char *text);
void cks_put_u8(struct cks_build *b, enum cks_tag tag, u8 v);
void cks_put_u16(struct cks_build *b, enum cks_tag tag, u16 v);
void cks_put_u32(struct cks_build *b, enum cks_tag tag, u32 v);
void cks_put_u64(struct cks_build *b, enum cks_tag tag, u64 v);
void cks_be32(u8 *p, u32 v);
/* Length of the whole frame, with its header completed; 0 if it did not fit. */
u32 cks_build_end(struct cks_build *b);

#endif
