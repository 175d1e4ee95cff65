// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects of the netlink family as text and as JSON, both from the tables of libcksnl; and the
 * reading of arguments.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cksctl.h"

void complain(const char *fmt, ...)
{
	va_list ap;

	fputs("cksctl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

enum status call_failed(struct context *ctx, const char *what)
{
	complain("%s: %s", what, cksnl_error(ctx->nl));
	return STATUS_FAILURE;
}

/* ------------------------------------------------------------------------------- values */

static uint64_t number_of(const struct cksnl_field *field, const void *obj)
{
	const uint8_t *at = (const uint8_t *)obj + field->offset;
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;

	switch (field->kind) {
	case CKSNL_BOOL:
	case CKSNL_U8:
		return *at;
	case CKSNL_U16:
		memcpy(&u16, at, sizeof(u16));
		return u16;
	case CKSNL_U64:
		memcpy(&u64, at, sizeof(u64));
		return u64;
	default:
		memcpy(&u32, at, sizeof(u32));
		return u32;
	}
}

static void format_hex(const uint8_t *data, size_t len, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = 0;
	for (size_t i = 0; i < len && n + 3 <= size; i++, n += 2)
		snprintf(buf + n, size - n, "%02X", data[i]);
}

static void format_flags(const struct cksnl_field *field, uint32_t value, char *buf, size_t size)
{
	size_t n = 0;

	snprintf(buf, size, "none");
	for (unsigned int i = 0; i < field->nnames && n < size; i++)
		if (value & 1U << i)
			n += snprintf(buf + n, size - n, "%s%s", n ? " " : "", field->names[i]);
}

void format_field(const struct cksnl_field *field, const void *obj, char *buf, size_t size)
{
	const uint8_t *at = (const uint8_t *)obj + field->offset;
	uint16_t len;

	switch (field->kind) {
	case CKSNL_BOOL:
		snprintf(buf, size, "%s", *at ? "yes" : "no");
		break;
	case CKSNL_ENUM:
		snprintf(buf, size, "%s", cksnl_name(field, number_of(field, obj)));
		break;
	case CKSNL_FLAGS:
		format_flags(field, number_of(field, obj), buf, size);
		break;
	case CKSNL_STRING:
		snprintf(buf, size, "%s", (const char *)at);
		break;
	case CKSNL_BINARY:
		memcpy(&len, at, sizeof(len));
		format_hex(at + sizeof(len), len, buf, size);
		break;
	case CKSNL_ID:
		format_hex(at, CKSNL_ID_LEN, buf, size);
		break;
	default:
		snprintf(buf, size, "%llu", (unsigned long long)number_of(field, obj));
	}
}

static uint64_t has_of(const void *obj)
{
	uint64_t has;

	memcpy(&has, obj, sizeof(has));
	return has;
}

/* Text from a card, a CAS or an operator must not steer the terminal. */
static void print_safe(const char *text)
{
	for (; *text; text++)
		putchar((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
}

void print_object(const struct cksnl_set *set, const void *obj, const char *indent)
{
	char value[2 * CKSNL_INFO_MAX + 1];

	for (unsigned int i = 0; i < set->nfields; i++) {
		const struct cksnl_field *f = &set->fields[i];

		if (!(has_of(obj) & CKSNL_HAS(f->attr)))
			continue;
		format_field(f, obj, value, sizeof(value));
		printf("%s%s: ", indent, f->name);
		print_safe(value);
		putchar('\n');
	}
}

static cJSON *flags_to_json(const struct cksnl_field *field, uint32_t value)
{
	cJSON *list = cJSON_CreateArray();

	for (unsigned int i = 0; i < field->nnames; i++)
		if (value & 1U << i)
			cJSON_AddItemToArray(list, cJSON_CreateString(field->names[i]));
	return list;
}

/* A double holds 53 bits; what may be larger goes as a string. */
static cJSON *number_to_json(uint64_t value)
{
	char text[24];

	if (value < 1ULL << 53)
		return cJSON_CreateNumber(value);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return cJSON_CreateString(text);
}

struct cJSON *object_to_json(const struct cksnl_set *set, const void *obj)
{
	cJSON *json = cJSON_CreateObject();
	char value[2 * CKSNL_INFO_MAX + 1];

	for (unsigned int i = 0; i < set->nfields; i++) {
		const struct cksnl_field *f = &set->fields[i];
		cJSON *item;

		if (!(has_of(obj) & CKSNL_HAS(f->attr)))
			continue;
		switch (f->kind) {
		case CKSNL_BOOL:
			item = cJSON_CreateBool(number_of(f, obj));
			break;
		case CKSNL_FLAGS:
			item = flags_to_json(f, number_of(f, obj));
			break;
		case CKSNL_U8:
		case CKSNL_U16:
		case CKSNL_U32:
		case CKSNL_U64:
			item = number_to_json(number_of(f, obj));
			break;
		default:
			format_field(f, obj, value, sizeof(value));
			item = cJSON_CreateString(value);
		}
		cJSON_AddItemToObject(json, f->name, item);
	}
	return json;
}

bool print_json(struct cJSON *json, bool pretty)
{
	char *text = json ? pretty ? cJSON_Print(json) : cJSON_PrintUnformatted(json) : NULL;
	bool good = text && puts(text) >= 0 && !fflush(stdout);

	if (!good)
		complain("cannot write JSON: %s", strerror(text ? errno : ENOMEM));
	cJSON_free(text);
	cJSON_Delete(json);
	return good;
}

/* ---------------------------------------------------------------------------- arguments */

bool parse_coupler(const char *text, uint32_t *ret_index)
{
	static const char *const prefixes[] = { "/dev/cks/coupler", "coupler" };
	unsigned long value;
	const char *at = text;
	char *end;

	for (int i = 0; i < 2; i++) {
		if (!strncmp(text, prefixes[i], strlen(prefixes[i]))) {
			at = text + strlen(prefixes[i]);
			break;
		}
	}
	errno = 0;
	value = *at >= '0' && *at <= '9' ? strtoul(at, &end, 10) : 0;
	if (*at < '0' || *at > '9' || *end || errno || value > UINT32_MAX) {
		complain("\"%s\" is not the number of a coupler", text);
		return false;
	}
	*ret_index = value;
	return true;
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool parse_bytes(const char *what, const char *text, uint8_t *buf, size_t size, size_t *ret_len)
{
	const char *p = text;
	size_t n = 0;

	for (;;) {
		while (*p == ' ' || *p == ':')
			p++;
		if (!*p)
			break;
		if (nibble(p[0]) < 0 || nibble(p[1]) < 0) {
			complain("%s: not pairs of hexadecimal digits from \"%.8s\" on", what, p);
			return false;
		}
		if (n == size) {
			complain("%s: longer than %zu bytes", what, size);
			return false;
		}
		buf[n++] = nibble(p[0]) << 4 | nibble(p[1]);
		p += 2;
	}
	*ret_len = n;
	return true;
}

static void list_keys(const struct cksnl_set *set, uint64_t allowed)
{
	fputs("cksctl: keys are:", stderr);
	for (unsigned int i = 0; i < set->nfields; i++)
		if (allowed & CKSNL_HAS(set->fields[i].attr))
			fprintf(stderr, " %s", set->fields[i].name);
	fputc('\n', stderr);
}

bool parse_pairs(const struct cksnl_set *set, void *obj, uint64_t allowed, int argc, char **argv)
{
	for (int i = 0; i < argc; i += 2) {
		const struct cksnl_field *f = cksnl_field(set, argv[i]);
		int err;

		if (!f || !(allowed & CKSNL_HAS(f->attr))) {
			complain("\"%s\" cannot be set", argv[i]);
			list_keys(set, allowed);
			return false;
		}
		if (i + 1 == argc) {
			complain("\"%s\" needs a value", argv[i]);
			return false;
		}
		err = cksnl_field_parse(f, obj, argv[i + 1]);
		if (err) {
			complain("\"%s\" is %s %s", argv[i + 1],
				 err == -ERANGE ? "too large for" : "no value of", argv[i]);
			if (f->kind == CKSNL_ENUM) {
				fputs("cksctl: values are:", stderr);
				for (unsigned int n = 0; n < f->nnames; n++)
					fprintf(stderr, " %s", f->names[n]);
				fputc('\n', stderr);
			}
			return false;
		}
	}
	return true;
}
