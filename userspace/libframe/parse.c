// SPDX-License-Identifier: GPL-2.0-only
/* Parses and checks frames: everything that a hostile peer could send is decided here. */
#include "libframe/frame.h"

#include <string.h>

#define ANY	1	/* either direction */
#define STATION	2	/* from the station */
#define CAS	3	/* from the CAS */

#define MAX_TAGS 16

struct tag_rule {
	uint32_t min;
	uint32_t max;
	uint32_t step;		/* length is a multiple of it; 0: any */
	bool text;
};

#define FIXED(n)	{ .min = (n), .max = (n) }
#define RANGE(a, b)	{ .min = (a), .max = (b) }
#define TEXT(a, b)	{ .min = (a), .max = (b), .text = true }

static const struct tag_rule tag_rules[CK_T_LIMIT] = {
	[CK_T_NAME] = TEXT(1, 63),
	[CK_T_STATION] = FIXED(16),
	[CK_T_BOOT_ID] = FIXED(16),
	[CK_T_LEASE_EPOCH] = FIXED(8),
	[CK_T_JOURNAL_EPOCH] = FIXED(8),
	[CK_T_LAST_DISPOSITION] = FIXED(8),
	[CK_T_COUPLER] = FIXED(4),
	[CK_T_PRESENCE_GEN] = FIXED(4),
	[CK_T_POWER_GEN] = FIXED(4),
	[CK_T_COUPLERS] = { .min = 0, .max = CK_CONTROL_MAX, .step = 8 },
	[CK_T_REQUEST] = FIXED(8),
	[CK_T_APPLICATION] = TEXT(1, 63),
	[CK_T_PARAMETERS] = RANGE(0, 1024),
	[CK_T_CARD_REFERENCE] = TEXT(1, 63),
	[CK_T_ATR] = RANGE(1, 33),
	[CK_T_PROTOCOL] = TEXT(1, 15),
	[CK_T_PORT] = FIXED(2),
	[CK_T_TOKEN] = FIXED(16),
	[CK_T_REPEAT] = FIXED(1),
	[CK_T_CARD_PROTOCOL] = FIXED(1),
	[CK_T_ENCRYPTION] = TEXT(1, 15),
	[CK_T_KEY_INDEX] = FIXED(4),
	[CK_T_RESULT_ID] = FIXED(8),
	[CK_T_VERDICT] = FIXED(1),
	[CK_T_BIN] = FIXED(4),
	[CK_T_INFORMATION] = RANGE(0, 1024),
	[CK_T_REASON] = TEXT(1, 127),
	[CK_T_NUMBER] = FIXED(8),
	[CK_T_DISPOSITION] = FIXED(1),
	[CK_T_EVIDENCE] = RANGE(0, 127),
	[CK_T_CODE] = FIXED(2),
	[CK_T_DATA] = RANGE(2, 65544),
	[CK_T_TIMEOUT] = FIXED(4),
	[CK_T_MODE] = FIXED(1),
	[CK_T_RESET] = FIXED(1),
	[CK_T_STATUS] = FIXED(2),
	[CK_T_RESUME_FROM] = FIXED(4),
	[CK_T_OUTCOME] = FIXED(1),
	[CK_T_COMMANDS] = RANGE(14, 1048576),
	[CK_T_STREAM] = FIXED(1),
	[CK_T_EXECUTED] = FIXED(4),
	[CK_T_STOP] = FIXED(1),
	[CK_T_RESPONSES] = RANGE(0, 1048576),
	[CK_T_EXTENSIONS] = FIXED(4),
	[CK_T_ORDER] = FIXED(1),
	[CK_T_INVENTORY] = { .min = 0, .max = CK_CONTROL_MAX, .step = CK_INVENTORY_ITEM },
	[CK_T_MORE] = FIXED(1),
	[CK_T_PROMPT] = FIXED(4),
	[CK_T_KIND] = FIXED(1),
	[CK_T_TEXT] = TEXT(1, 127),
	[CK_T_ANSWER] = FIXED(1),
	[CK_T_ENTRY] = RANGE(0, 127),
	[CK_T_CARRIED] = RANGE(1, CK_CARRIED_MAX),
	[CK_T_CREDIT] = FIXED(4),
};

struct type_rule {
	uint8_t type;
	uint8_t from;
	const char *name;
	uint16_t required[MAX_TAGS];
	uint16_t optional[MAX_TAGS];
};

static const struct type_rule type_rules[] = {
	{ CK_HELLO, STATION, "HELLO",
	  { CK_T_STATION, CK_T_BOOT_ID, CK_T_JOURNAL_EPOCH, CK_T_LAST_DISPOSITION, CK_T_COUPLERS },
	  { 0 } },
	{ CK_HELLO, CAS, "HELLO", { CK_T_NAME, CK_T_LEASE_EPOCH }, { 0 } },
	{ CK_PING, ANY, "PING", { 0 }, { 0 } },
	{ CK_PONG, ANY, "PONG", { 0 }, { 0 } },
	{ CK_REQUEST, STATION, "REQUEST",
	  { CK_T_REQUEST, CK_T_COUPLER, CK_T_PRESENCE_GEN, CK_T_POWER_GEN, CK_T_APPLICATION,
	    CK_T_PROTOCOL, CK_T_ENCRYPTION, CK_T_PORT, CK_T_TOKEN, CK_T_ATR, CK_T_CARD_PROTOCOL,
	    CK_T_REPEAT },
	  { CK_T_PARAMETERS, CK_T_CARD_REFERENCE, CK_T_KEY_INDEX, CK_T_BOOT_ID } },
	{ CK_RESULT, CAS, "RESULT",
	  { CK_T_REQUEST, CK_T_RESULT_ID, CK_T_PRESENCE_GEN, CK_T_VERDICT },
	  { CK_T_BIN, CK_T_INFORMATION, CK_T_REASON, CK_T_BOOT_ID } },
	{ CK_RESULT_ACK, STATION, "RESULT_ACK", { CK_T_REQUEST, CK_T_RESULT_ID }, { 0 } },
	{ CK_DISPOSED, STATION, "DISPOSED",
	  { CK_T_NUMBER, CK_T_JOURNAL_EPOCH, CK_T_BOOT_ID, CK_T_REQUEST, CK_T_RESULT_ID,
	    CK_T_COUPLER, CK_T_PRESENCE_GEN, CK_T_DISPOSITION },
	  { CK_T_EVIDENCE } },
	{ CK_DISPOSED_ACK, CAS, "DISPOSED_ACK", { CK_T_NUMBER, CK_T_JOURNAL_EPOCH }, { 0 } },
	{ CK_ENDED, STATION, "ENDED", { CK_T_REQUEST, CK_T_REASON }, { 0 } },
	{ CK_RECHANNEL, STATION, "RECHANNEL",
	  { CK_T_REQUEST, CK_T_PORT, CK_T_TOKEN, CK_T_PRESENCE_GEN, CK_T_POWER_GEN }, { 0 } },
	{ CK_ORDER, CAS, "ORDER", { CK_T_ORDER }, { CK_T_COUPLER, CK_T_REASON } },
	{ CK_ORDER_ACK, STATION, "ORDER_ACK", { CK_T_ORDER, CK_T_STATUS }, { 0 } },
	{ CK_INVENTORY, STATION, "INVENTORY", { CK_T_MORE, CK_T_INVENTORY }, { 0 } },
	{ CK_PROMPT, CAS, "PROMPT", { CK_T_REQUEST, CK_T_PROMPT, CK_T_KIND }, { CK_T_TEXT } },
	{ CK_ENTRY, STATION, "ENTRY",
	  { CK_T_REQUEST, CK_T_PROMPT, CK_T_ANSWER }, { CK_T_ENTRY } },
	{ CK_OPEN, CAS, "OPEN", { CK_T_TOKEN }, { CK_T_RESUME_FROM } },
	{ CK_OPENED, STATION, "OPENED",
	  { CK_T_REQUEST, CK_T_PRESENCE_GEN, CK_T_POWER_GEN }, { CK_T_OUTCOME } },
	{ CK_COMMAND, CAS, "COMMAND", { CK_T_DATA, CK_T_TIMEOUT }, { CK_T_MODE } },
	{ CK_RESPONSE, STATION, "RESPONSE",
	  { CK_T_STATUS, CK_T_POWER_GEN }, { CK_T_DATA, CK_T_REASON } },
	{ CK_RESET, CAS, "RESET", { CK_T_RESET }, { CK_T_CARD_PROTOCOL } },
	{ CK_ATR, STATION, "ATR",
	  { CK_T_STATUS, CK_T_PRESENCE_GEN, CK_T_POWER_GEN },
	  { CK_T_ATR, CK_T_CARD_PROTOCOL, CK_T_REASON } },
	{ CK_CLOSE, CAS, "CLOSE", { 0 }, { 0 } },
	{ CK_CLOSED, STATION, "CLOSED", { 0 }, { 0 } },
	{ CK_PROGRESS, STATION, "PROGRESS", { CK_T_EXTENSIONS }, { 0 } },
	{ CK_CANCEL, CAS, "CANCEL", { 0 }, { 0 } },
	{ CK_BATCH, CAS, "BATCH", { CK_T_COMMANDS }, { CK_T_STREAM } },
	{ CK_BATCHED, STATION, "BATCHED",
	  { CK_T_EXECUTED, CK_T_STOP, CK_T_POWER_GEN }, { CK_T_RESPONSES } },
	{ CK_LINK, CAS, "LINK", { CK_T_COUPLER }, { CK_T_CREDIT } },
	{ CK_CARRY, ANY, "CARRY", { CK_T_CARRIED }, { 0 } },
	{ CK_CREDIT, ANY, "CREDIT", { CK_T_CREDIT }, { 0 } },
	{ CK_UNLINK, ANY, "UNLINK", { 0 }, { 0 } },
	{ CK_ERROR, ANY, "ERROR", { CK_T_CODE, CK_T_REASON }, { 0 } },
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool refuse(struct ck_problem *problem, uint16_t code, const char *text)
{
	problem->code = code;
	problem->text = text;
	return false;
}

static const struct type_rule *find_type(uint8_t type, bool from_cas)
{
	for (size_t i = 0; i < sizeof(type_rules) / sizeof(type_rules[0]); i++) {
		const struct type_rule *r = &type_rules[i];

		if (r->type == type && (r->from == ANY || r->from == (from_cas ? CAS : STATION)))
			return r;
	}
	return NULL;
}

const char *ck_type_name(uint8_t type)
{
	for (size_t i = 0; i < sizeof(type_rules) / sizeof(type_rules[0]); i++)
		if (type_rules[i].type == type)
			return type_rules[i].name;
	return "unknown";
}

bool ck_header_parse(const uint8_t *buf, uint32_t max, struct ck_header *header,
		     struct ck_problem *problem)
{
	if (get16(buf) != CK_MAGIC)
		return refuse(problem, CK_E_MALFORMED, "wrong magic");
	if (buf[2] != CK_VERSION)
		return refuse(problem, CK_E_VERSION, "version not spoken");
	header->type = buf[3];
	header->number = get32(buf + 4);
	header->length = get32(buf + 8);
	/* A batch is longer than what else a channel carries. */
	if (max == CK_CHANNEL_MAX && (header->type == CK_BATCH || header->type == CK_BATCHED))
		max = CK_BATCH_MAX;
	if (header->length > max)
		return refuse(problem, CK_E_LIMIT, "body too long");
	return true;
}

/* Length of the UTF-8 sequence at @p, 0 if it is not one, overlong, a surrogate or a control. */
static size_t utf8_len(const uint8_t *p, size_t left)
{
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t c = p[0];
	size_t n;

	if (c < 0x80)
		return c >= 0x20 && c != 0x7f;
	if (c >= 0xc2 && c <= 0xdf)
		n = 2;
	else if (c >= 0xe0 && c <= 0xef)
		n = 3;
	else if (c >= 0xf0 && c <= 0xf4)
		n = 4;
	else
		return 0;
	if (n > left)
		return 0;
	c &= 0x7fu >> n;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) || (c >= 0x80 && c < 0xa0))
		return 0;
	return n;
}

bool ck_text_ok(const uint8_t *p, size_t len)
{
	while (len) {
		size_t n = utf8_len(p, len);

		if (!n)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

static bool listed(const uint16_t *tags, uint16_t tag)
{
	for (size_t i = 0; i < MAX_TAGS && tags[i]; i++)
		if (tags[i] == tag)
			return true;
	return false;
}

static bool take_field(const struct type_rule *rule, uint16_t tag, const uint8_t *data,
		       uint32_t len, struct ck_frame *frame, struct ck_problem *problem)
{
	const struct tag_rule *t = tag < CK_T_LIMIT ? &tag_rules[tag] : NULL;

	if (!t || !t->max) {
		if (tag & 0x8000)
			return refuse(problem, CK_E_MALFORMED,
				      "unknown field that must be understood");
		return true;
	}
	if (len < t->min || len > t->max || (t->step && len % t->step))
		return refuse(problem, CK_E_MALFORMED, "field with a wrong length");
	if (t->text && !ck_text_ok(data, len))
		return refuse(problem, CK_E_MALFORMED, "text with control characters or not UTF-8");
	if (listed(rule->required, tag) || listed(rule->optional, tag)) {
		frame->field[tag].data = data;
		frame->field[tag].len = len;
	}
	return true;
}

bool ck_body_parse(const struct ck_header *header, const uint8_t *body, bool from_cas,
		   struct ck_frame *frame, struct ck_problem *problem)
{
	const struct type_rule *rule = find_type(header->type, from_cas);
	uint8_t seen[65536 / 8] = { 0 };
	size_t left = header->length;
	unsigned int fields = 0;

	memset(frame, 0, sizeof(*frame));
	if (!rule)
		return refuse(problem, CK_E_STATE, "type not known or not allowed here");
	frame->type = header->type;
	frame->number = header->number;

	while (left) {
		uint16_t tag;
		uint32_t len;

		if (fields++ == CK_FIELDS_MAX)
			return refuse(problem, CK_E_LIMIT, "too many fields");
		if (left < 6)
			return refuse(problem, CK_E_MALFORMED, "field reaches beyond the body");
		tag = get16(body);
		len = get32(body + 2);
		body += 6;
		left -= 6;
		if (len > left)
			return refuse(problem, CK_E_MALFORMED, "field reaches beyond the body");
		if (seen[tag >> 3] & 1u << (tag & 7))
			return refuse(problem, CK_E_MALFORMED, "a field twice");
		seen[tag >> 3] |= 1u << (tag & 7);
		if (!take_field(rule, tag, body, len, frame, problem))
			return false;
		body += len;
		left -= len;
	}

	for (size_t i = 0; i < MAX_TAGS && rule->required[i]; i++)
		if (!frame->field[rule->required[i]].data)
			return refuse(problem, CK_E_MALFORMED, "a field is missing");
	return true;
}

bool ck_has(const struct ck_frame *frame, enum ck_tag tag)
{
	return frame->field[tag].data;
}

uint64_t ck_u(const struct ck_frame *frame, enum ck_tag tag)
{
	const struct ck_field *f = &frame->field[tag];
	uint64_t v = 0;

	for (uint32_t i = 0; i < f->len && i < 8; i++)
		v = v << 8 | f->data[i];
	return v;
}
