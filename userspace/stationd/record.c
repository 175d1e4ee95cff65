// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records as lines of text, so that an operator can read a journal with nothing but a pager:
 *
 *	crc epoch type number lane coupler presence_gen boot_id request result_id disposition
 *	card text
 *
 * on one line. The checksum is the CRC-32 of Ethernet over all behind its blank. Card and text
 * are percent-encoded, "-" when empty.
 */
#include "record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const type_names[RECORD_TYPES] = {
	[RECORD_EPOCH] = "EPOCH",
	[RECORD_GOOD_INTENT] = "GOOD_INTENT",
	[RECORD_REJECTED] = "REJECTED",
	[RECORD_DISPOSED] = "DISPOSED",
	[RECORD_ACKED] = "ACKED",
	[RECORD_LEASE] = "LEASE",
};

static uint32_t crc32_of(const char *data, size_t len)
{
	uint32_t crc = ~0U;

	for (size_t i = 0; i < len; i++) {
		crc ^= (uint8_t)data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320U : 0);
	}
	return ~crc;
}

static bool plain(unsigned char c)
{
	return c > 0x20 && c < 0x7f && c != '%' && c != '-';
}

static void encode(const char *text, char *out)
{
	if (!*text) {
		strcpy(out, "-");
		return;
	}
	for (; *text; text++) {
		unsigned char c = *text;

		if (plain(c))
			*out++ = c;
		else
			out += sprintf(out, "%%%02X", c);
	}
	*out = 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The exact inverse of encode(): any other spelling is refused. */
static bool decode(const char *in, char *out, size_t size)
{
	size_t n = 0;

	if (!strcmp(in, "-")) {
		*out = 0;
		return true;
	}
	for (; *in; in++) {
		unsigned char c = *in;

		if (c == '%') {
			int high = hex_digit(in[1]), low = high < 0 ? -1 : hex_digit(in[2]);

			if (low < 0)
				return false;
			c = high << 4 | low;
			if (!c || plain(c))
				return false;
			in += 2;
		} else if (!plain(c)) {
			return false;
		}
		if (n + 1 >= size)
			return false;
		out[n++] = c;
	}
	out[n] = 0;
	return n > 0;
}

size_t record_format(const struct record *rec, char line[static RECORD_LINE_MAX])
{
	char card[3 * RECORD_CARD_MAX + 1], text[3 * RECORD_TEXT_MAX + 1];
	char boot[2 * RECORD_ID_LEN + 1], *body = line + 9;
	int len;

	for (int i = 0; i < RECORD_ID_LEN; i++)
		sprintf(boot + 2 * i, "%02X", rec->boot_id[i]);
	encode(rec->card, card);
	encode(rec->text, text);
	len = snprintf(body, RECORD_LINE_MAX - 9, "%llu %s %llu %u %u %u %s %llu %llu %u %s %s",
		       (unsigned long long)rec->epoch, type_names[rec->type],
		       (unsigned long long)rec->number, rec->lane, rec->coupler,
		       rec->presence_gen, boot, (unsigned long long)rec->request,
		       (unsigned long long)rec->result_id, (unsigned int)rec->disposition,
		       card, text);
	sprintf(line, "%08X", crc32_of(body, len));
	line[8] = ' ';
	body[len++] = '\n';
	body[len] = 0;
	return len + 9;
}

static bool number(const char *text, uint64_t max, uint64_t *ret)
{
	unsigned long long value;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (*end || errno || value > max)
		return false;
	*ret = value;
	return true;
}

static bool number32(const char *text, uint32_t *ret)
{
	uint64_t value;

	if (!number(text, UINT32_MAX, &value))
		return false;
	*ret = value;
	return true;
}

static bool boot_id(const char *text, uint8_t *ret)
{
	if (strlen(text) != 2 * RECORD_ID_LEN)
		return false;
	for (int i = 0; i < RECORD_ID_LEN; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		ret[i] = high << 4 | low;
	}
	return true;
}

static bool type(const char *text, enum record_type *ret)
{
	for (int i = 0; i < RECORD_TYPES; i++) {
		if (!strcmp(text, type_names[i])) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static bool parse_columns(struct record *rec, char *const col[static 12])
{
	uint64_t disposition;

	if (!number(col[0], UINT64_MAX, &rec->epoch) || !type(col[1], &rec->type) ||
	    !number(col[2], UINT64_MAX, &rec->number) || !number32(col[3], &rec->lane) ||
	    !number32(col[4], &rec->coupler) || !number32(col[5], &rec->presence_gen) ||
	    !boot_id(col[6], rec->boot_id) || !number(col[7], UINT64_MAX, &rec->request) ||
	    !number(col[8], UINT64_MAX, &rec->result_id) ||
	    !number(col[9], CKS_DISPOSITION_UNKNOWN, &disposition) ||
	    !decode(col[10], rec->card, sizeof(rec->card)) ||
	    !decode(col[11], rec->text, sizeof(rec->text)))
		return false;
	rec->disposition = disposition;
	return true;
}

bool record_parse(struct record *ret_rec, const char *line, size_t len)
{
	struct record rec = { .type = RECORD_EPOCH };
	char buf[RECORD_LINE_MAX], crc[9], *col[12], *p = buf;

	if (len < 10 || len >= sizeof(buf) || memchr(line, 0, len))
		return false;
	memcpy(buf, line, len);
	buf[len] = 0;
	sprintf(crc, "%08X", crc32_of(buf + 9, len - 9));
	if (memcmp(buf, crc, 8) || buf[8] != ' ')
		return false;
	p += 9;
	for (int i = 0; i < 12; i++) {
		col[i] = p;
		p = strchr(p, ' ');
		if (i < 11 ? !p : !!p)
			return false;
		if (p)
			*p++ = 0;
	}
	if (!parse_columns(&rec, col))
		return false;
	*ret_rec = rec;
	return true;
}

bool record_same_request(const struct record *a, const struct record *b)
{
	return a->request == b->request && !memcmp(a->boot_id, b->boot_id, RECORD_ID_LEN);
}
