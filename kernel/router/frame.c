// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parser and builder of the frames of docs/protocol.md. No state, no allocation, no I/O.
 */
#include "frame.h"

/* What is asked of a field's bytes, wherever it stands. */
struct field_rule {
	u32 min;
	u32 max;
	bool text;
};

static const struct field_rule field_rules[CKS_F_LAST + 1] = {
	[CKS_F_NAME]		 = { 1, CKS_NAME_MAX, true },
	[CKS_F_STATION]		 = { CKS_ID_LEN, CKS_ID_LEN },
	[CKS_F_BOOT_ID]		 = { CKS_ID_LEN, CKS_ID_LEN },
	[CKS_F_LEASE_EPOCH]	 = { 8, 8 },
	[CKS_F_JOURNAL_EPOCH]	 = { 8, 8 },
	[CKS_F_LAST_DISPOSITION] = { 8, 8 },
	[CKS_F_COUPLER]		 = { 4, 4 },
	[CKS_F_PRESENCE_GEN]	 = { 4, 4 },
	[CKS_F_POWER_GEN]	 = { 4, 4 },
	[CKS_F_COUPLERS]	 = { 0, CKS_BODY_CONTROL },
	[CKS_F_REQUEST]		 = { 8, 8 },
	[CKS_F_APPLICATION]	 = { 1, CKS_NAME_MAX, true },
	[CKS_F_PARAMETERS]	 = { 0, CKS_BLOB_MAX },
	[CKS_F_CARD_REFERENCE]	 = { 1, CKS_NAME_MAX, true },
	[CKS_F_ATR]		 = { 1, 33 },
	[CKS_F_PROTOCOL]	 = { 1, 15, true },
	[CKS_F_PORT]		 = { 2, 2 },
	[CKS_F_TOKEN]		 = { CKS_ID_LEN, CKS_ID_LEN },
	[CKS_F_REPEAT]		 = { 1, 1 },
	[CKS_F_CARD_PROTOCOL]	 = { 1, 1 },
	[CKS_F_ENCRYPTION]	 = { 1, 15, true },
	[CKS_F_KEY_INDEX]	 = { 4, 4 },
	[CKS_F_RESULT_ID]	 = { 8, 8 },
	[CKS_F_VERDICT]		 = { 1, 1 },
	[CKS_F_BIN]		 = { 4, 4 },
	[CKS_F_INFORMATION]	 = { 0, CKS_BLOB_MAX },
	[CKS_F_REASON]		 = { 1, CKS_REASON_MAX, true },
	[CKS_F_NUMBER]		 = { 8, 8 },
	[CKS_F_DISPOSITION]	 = { 1, 1 },
	[CKS_F_EVIDENCE]	 = { 0, 127 },
	[CKS_F_CODE]		 = { 2, 2 },
	/* A field of data holds a response too, which may be two bytes long. */
	[CKS_F_DATA]		 = { 2, CKS_DATA_MAX },
	[CKS_F_TIMEOUT]		 = { 4, 4 },
	[CKS_F_MODE]		 = { 1, 1 },
	[CKS_F_RESET]		 = { 1, 1 },
	[CKS_F_STATUS]		 = { 2, 2 },
	[CKS_F_RESUME_FROM]	 = { 4, 4 },
	[CKS_F_OUTCOME]		 = { 1, 1 },
	[CKS_F_COMMANDS]	 = { CKS_COMMAND_HEADER + 4, CKS_COMMANDS_MAX },
	[CKS_F_STREAM]		 = { 1, 1 },
	[CKS_F_EXECUTED]	 = { 4, 4 },
	[CKS_F_STOP]		 = { 1, 1 },
	[CKS_F_RESPONSES]	 = { 0, CKS_RESPONSES_MAX },
	[CKS_F_EXTENSIONS]	 = { 4, 4 },
	[CKS_F_ORDER]		 = { 1, 1 },
	[CKS_F_INVENTORY]	 = { 0, CKS_BODY_CONTROL },
	[CKS_F_MORE]		 = { 1, 1 },
	[CKS_F_PROMPT]		 = { 4, 4 },
	[CKS_F_KIND]		 = { 1, 1 },
	[CKS_F_TEXT]		 = { 1, CKS_REASON_MAX, true },
	[CKS_F_ANSWER]		 = { 1, 1 },
	[CKS_F_ENTRY]		 = { 0, CKS_ENTRY_MAX },
	[CKS_F_CARRIED]		 = { 1, CKS_BODY_CONTROL },
	[CKS_F_CREDIT]		 = { 4, 4 },
};

/* The frames that a station takes, and the fields without which they mean nothing. */
struct type_rule {
	bool known;
	u8 required[4];
};

static const struct type_rule type_rules[CKS_T_ERROR + 1] = {
	[CKS_T_HELLO]	     = { true, { CKS_F_NAME, CKS_F_LEASE_EPOCH } },
	[CKS_T_PING]	     = { true },
	[CKS_T_PONG]	     = { true },
	[CKS_T_RESULT]	     = { true, { CKS_F_REQUEST, CKS_F_RESULT_ID, CKS_F_PRESENCE_GEN,
					 CKS_F_VERDICT } },
	[CKS_T_DISPOSED_ACK] = { true, { CKS_F_NUMBER, CKS_F_JOURNAL_EPOCH } },
	[CKS_T_ORDER]	     = { true, { CKS_F_ORDER } },
	[CKS_T_PROMPT]	     = { true, { CKS_F_REQUEST, CKS_F_PROMPT, CKS_F_KIND } },
	[CKS_T_OPEN]	     = { true, { CKS_F_TOKEN } },
	[CKS_T_COMMAND]	     = { true, { CKS_F_DATA, CKS_F_TIMEOUT } },
	[CKS_T_RESET]	     = { true, { CKS_F_RESET } },
	[CKS_T_CLOSE]	     = { true },
	[CKS_T_CANCEL]	     = { true },
	[CKS_T_BATCH]	     = { true, { CKS_F_COMMANDS } },
	[CKS_T_LINK]	     = { true, { CKS_F_COUPLER } },
	[CKS_T_CARRY]	     = { true, { CKS_F_CARRIED } },
	[CKS_T_CREDIT]	     = { true, { CKS_F_CREDIT } },
	[CKS_T_UNLINK]	     = { true },
	[CKS_T_ERROR]	     = { true, { CKS_F_CODE, CKS_F_REASON } },
};

static u16 get16(const u8 *p)
{
	return p[0] << 8 | p[1];
}

static u32 get32(const u8 *p)
{
	return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}

static void be16(u8 *p, u16 v)
{
	p[0] = v >> 8;
	p[1] = v;
}

void cks_be32(u8 *p, u32 v)
{
	be16(p, v >> 16);
	be16(p + 2, v);
}

unsigned int cks_frame_header(struct cks_header *ret_h, const u8 *p, u32 max_body,
			      const char **ret_why)
{
	u32 len = get32(p + 8);

	if (p[3] == CKS_T_BATCH && max_body == CKS_BODY_CHANNEL)
		max_body = CKS_BODY_BATCH;
	if (get16(p) != CKS_FRAME_MAGIC) {
		*ret_why = "not a frame: wrong magic";
		return CKS_CODE_MALFORMED;
	}
	if (p[2] != CKS_FRAME_VERSION) {
		*ret_why = "this station speaks version 1";
		return CKS_CODE_VERSION;
	}
	if (len > max_body) {
		*ret_why = "body longer than allowed here";
		return CKS_CODE_LIMIT;
	}
	ret_h->type = p[3];
	ret_h->number = get32(p + 4);
	ret_h->len = len;
	return 0;
}

/* Length of the UTF-8 sequence at @p, 0 if it is none or a control character. */
static u32 utf8_sequence(const u8 *p, u32 left)
{
	u32 n, i, cp, least;

	if (p[0] < 0x80)
		return p[0] >= 0x20 && p[0] != 0x7f;
	if (p[0] >= 0xc2 && p[0] < 0xe0) {
		n = 2;
		cp = p[0] & 0x1f;
		least = 0x80;
	} else if (p[0] >= 0xe0 && p[0] < 0xf0) {
		n = 3;
		cp = p[0] & 0x0f;
		least = 0x800;
	} else if (p[0] >= 0xf0 && p[0] < 0xf5) {
		n = 4;
		cp = p[0] & 0x07;
		least = 0x10000;
	} else {
		return 0;
	}
	if (left < n)
		return 0;
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | (p[i] & 0x3f);
	}
	/* Overlong forms, surrogates, what is beyond Unicode, and the C1 controls. */
	if (cp < least || (cp >= 0xd800 && cp <= 0xdfff) || cp > 0x10ffff || cp < 0xa0)
		return 0;
	return n;
}

bool cks_text_ok(const u8 *p, u32 len)
{
	while (len) {
		u32 n = utf8_sequence(p, len);

		if (!n)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

static bool values_ok(const struct cks_msg *m)
{
	switch (m->h.type) {
	case CKS_T_RESULT:
		return cks_msg_u8(m, CKS_F_VERDICT) >= 1 && cks_msg_u8(m, CKS_F_VERDICT) <= 4;
	case CKS_T_COMMAND:
		return m->f[CKS_F_DATA].len >= 4 && cks_msg_u8(m, CKS_F_MODE) <= 1;
	case CKS_T_RESET:
		return cks_msg_u8(m, CKS_F_RESET) <= CKS_RESET_OFF &&
		       cks_msg_u8(m, CKS_F_CARD_PROTOCOL) <= 1;
	case CKS_T_ORDER:
		if (cks_msg_u8(m, CKS_F_ORDER) == CKS_ORDER_STOP_LANE ||
		    cks_msg_u8(m, CKS_F_ORDER) == CKS_ORDER_START_LANE)
			return cks_msg_has(m, CKS_F_COUPLER);
		return cks_msg_u8(m, CKS_F_ORDER) >= CKS_ORDER_HOLD &&
		       cks_msg_u8(m, CKS_F_ORDER) <= CKS_ORDER_INVENTORY;
	case CKS_T_PROMPT:
		return cks_msg_u32(m, CKS_F_PROMPT) && cks_msg_u8(m, CKS_F_KIND) <= 3 &&
		       (!cks_msg_u8(m, CKS_F_KIND) || cks_msg_has(m, CKS_F_TEXT));
	case CKS_T_LINK:
		return m->h.number;
	case CKS_T_CREDIT:
		return cks_msg_u32(m, CKS_F_CREDIT);
	case CKS_T_BATCH:
		return cks_msg_u8(m, CKS_F_STREAM) <= 1 &&
		       cks_list_count(m->f[CKS_F_COMMANDS].p, m->f[CKS_F_COMMANDS].len);
	default:
		return true;
	}
}

unsigned int cks_frame_fields(struct cks_msg *m, const u8 *body, const char **ret_why)
{
	u16 seen[CKS_FIELDS_MAX];
	u32 pos = 0, left = m->h.len;
	unsigned int n = 0, i;
	const struct type_rule *type;

	memset(m->f, 0, sizeof(m->f));
	if (m->h.type > CKS_T_ERROR || !type_rules[m->h.type].known) {
		*ret_why = "type unknown, or not one that a CAS sends";
		return CKS_CODE_MALFORMED;
	}
	type = &type_rules[m->h.type];

	while (left) {
		const struct field_rule *rule;
		u16 tag;
		u32 len;

		if (left < CKS_FIELD_HEADER) {
			*ret_why = "body ends within a field's header";
			return CKS_CODE_MALFORMED;
		}
		tag = get16(body + pos);
		len = get32(body + pos + 2);
		pos += CKS_FIELD_HEADER;
		left -= CKS_FIELD_HEADER;
		if (len > left) {
			*ret_why = "field reaches beyond its body";
			return CKS_CODE_MALFORMED;
		}
		for (i = 0; i < n; i++) {
			if (seen[i] == tag) {
				*ret_why = "a tag comes twice";
				return CKS_CODE_MALFORMED;
			}
		}
		if (n == CKS_FIELDS_MAX) {
			*ret_why = "more than 64 fields";
			return CKS_CODE_LIMIT;
		}
		seen[n++] = tag;

		rule = tag <= CKS_F_LAST && field_rules[tag].max ? &field_rules[tag] : NULL;
		if (rule) {
			if (len < rule->min || len > rule->max) {
				*ret_why = "field with a wrong length";
				return CKS_CODE_MALFORMED;
			}
			if (rule->text && !cks_text_ok(body + pos, len)) {
				*ret_why = "text is not UTF-8 without control characters";
				return CKS_CODE_MALFORMED;
			}
			m->f[tag].p = body + pos;
			m->f[tag].len = len;
		} else if (tag & CKS_F_MANDATORY) {
			*ret_why = "mandatory field that is not known here";
			return CKS_CODE_MALFORMED;
		}
		pos += len;
		left -= len;
	}

	for (i = 0; i < ARRAY_SIZE(type->required); i++) {
		if (type->required[i] && !cks_msg_has(m, type->required[i])) {
			*ret_why = "a field is missing";
			return CKS_CODE_MALFORMED;
		}
	}
	if (!values_ok(m)) {
		*ret_why = "field with a value that means nothing";
		return CKS_CODE_MALFORMED;
	}
	return 0;
}

u8 cks_msg_u8(const struct cks_msg *m, enum cks_tag tag)
{
	return m->f[tag].p ? m->f[tag].p[0] : 0;
}

u32 cks_msg_u32(const struct cks_msg *m, enum cks_tag tag)
{
	return m->f[tag].p ? get32(m->f[tag].p) : 0;
}

u64 cks_msg_u64(const struct cks_msg *m, enum cks_tag tag)
{
	const u8 *p = m->f[tag].p;

	return p ? (u64)get32(p) << 32 | get32(p + 4) : 0;
}

bool cks_list_next(struct cks_list *l, struct cks_list_item *ret_item)
{
	u32 accept;

	if (l->left < CKS_COMMAND_HEADER)
		return false;
	ret_item->timeout = get32(l->p);
	ret_item->mode = l->p[4];
	ret_item->accepts = l->p[5];
	ret_item->len = get32(l->p + 6);
	l->p += CKS_COMMAND_HEADER;
	l->left -= CKS_COMMAND_HEADER;

	accept = 4 * ret_item->accepts;
	if (l->left < accept || l->left - accept < ret_item->len)
		return false;
	ret_item->accept = l->p;
	ret_item->data = l->p + accept;
	l->p += accept + ret_item->len;
	l->left -= accept + ret_item->len;
	return ret_item->mode <= 1 && ret_item->len >= 4 && ret_item->len <= CKS_DATA_MAX;
}

u32 cks_list_count(const u8 *p, u32 len)
{
	struct cks_list l = { p, len };
	struct cks_list_item item;
	u32 n;

	for (n = 0; l.left; n++)
		if (n == CKS_BATCH_MAX || !cks_list_next(&l, &item))
			return 0;
	return n;
}

bool cks_list_accepts(const struct cks_list_item *item, u16 sw)
{
	const u8 *p = item->accept;
	u8 i;

	for (i = 0; i < item->accepts; i++, p += 4)
		if ((sw & get16(p + 2)) == (get16(p) & get16(p + 2)))
			return true;
	return !item->accepts;
}

u32 cks_put_answer(u8 *p, enum cks_status status, const u8 *data, u32 len)
{
	be16(p, status);
	cks_be32(p + 2, len);
	if (len)
		memcpy(p + CKS_ANSWER_HEADER, data, len);
	return CKS_ANSWER_HEADER + len;
}

void cks_build_begin(struct cks_build *b, u8 *p, u32 size, enum cks_type type, u32 number)
{
	b->p = p;
	b->size = size;
	b->len = CKS_FRAME_HEADER;
	b->overflow = size < CKS_FRAME_HEADER;
	if (b->overflow)
		return;
	be16(p, CKS_FRAME_MAGIC);
	p[2] = CKS_FRAME_VERSION;
	p[3] = type;
	cks_be32(p + 4, number);
	cks_be32(p + 8, 0);
}

u8 *cks_put_room(struct cks_build *b, enum cks_tag tag, u32 len)
{
	u8 *p;

	if (b->overflow || b->size - b->len < CKS_FIELD_HEADER ||
	    b->size - b->len - CKS_FIELD_HEADER < len) {
		b->overflow = true;
		return NULL;
	}
	p = b->p + b->len;
	be16(p, tag);
	cks_be32(p + 2, len);
	b->len += CKS_FIELD_HEADER + len;
	return p + CKS_FIELD_HEADER;
}

void cks_put(struct cks_build *b, enum cks_tag tag, const void *data, u32 len)
{
	u8 *p = cks_put_room(b, tag, len);

	if (p && len)
		memcpy(p, data, len);
}

void cks_put_text(struct cks_build *b, enum cks_tag tag, const char *text)
{
	u32 len = strnlen(text, CKS_REASON_MAX + 1);

	/* Cut before a character, not within one. */
	if (len > CKS_REASON_MAX) {
		len = CKS_REASON_MAX;
		while (len && ((u8)text[len] & 0xc0) == 0x80)
			len--;
	}
	cks_put(b, tag, text, len);
}

void cks_put_u8(struct cks_build *b, enum cks_tag tag, u8 v)
{
	cks_put(b, tag, &v, 1);
}

void cks_put_u16(struct cks_build *b, enum cks_tag tag, u16 v)
{
	u8 p[2];

	be16(p, v);
	cks_put(b, tag, p, sizeof(p));
}

void cks_put_u32(struct cks_build *b, enum cks_tag tag, u32 v)
{
	u8 p[4];

	cks_be32(p, v);
	cks_put(b, tag, p, sizeof(p));
}

void cks_put_u64(struct cks_build *b, enum cks_tag tag, u64 v)
{
	u8 p[8];

	cks_be32(p, v >> 32);
	cks_be32(p + 4, v);
	cks_put(b, tag, p, sizeof(p));
}

u32 cks_build_end(struct cks_build *b)
{
	if (b->overflow)
		return 0;
	cks_be32(b->p + 8, b->len - CKS_FRAME_HEADER);
	return b->len;
}
