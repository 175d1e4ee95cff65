// SPDX-License-Identifier: GPL-2.0-only
/* Builds frames. Errors stick, so that only ck_end() need be checked. */
#include "libframe/frame.h"

#include <stdlib.h>
#include <string.h>

static uint8_t *grow(struct ck_builder *b, size_t n)
{
	uint8_t *p;

	if (b->failed)
		return NULL;
	if (b->cap - b->len < n) {
		size_t cap = (b->len + n) * 2 + 64;

		/* Not realloc(): a command's bytes may be secret and the old copy is wiped. */
		p = malloc(cap);
		if (!p) {
			b->failed = true;
			return NULL;
		}
		if (b->data) {
			memcpy(p, b->data, b->len);
			explicit_bzero(b->data, b->cap);
			free(b->data);
		}
		b->data = p;
		b->cap = cap;
	}
	p = b->data + b->len;
	b->len += n;
	return p;
}

static void be(uint8_t *p, uint64_t v, size_t n)
{
	while (n--) {
		p[n] = (uint8_t)v;
		v >>= 8;
	}
}

void ck_begin(struct ck_builder *b, enum ck_type type, uint32_t number)
{
	uint8_t *p;

	memset(b, 0, sizeof(*b));
	p = grow(b, CK_HEADER);
	if (!p)
		return;
	be(p, CK_MAGIC, 2);
	p[2] = CK_VERSION;
	p[3] = type;
	be(p + 4, number, 4);
	be(p + 8, 0, 4);
}

void ck_put(struct ck_builder *b, enum ck_tag tag, const void *data, size_t len)
{
	uint8_t *p;

	if (len > CK_BATCH_MAX) {
		b->failed = true;
		return;
	}
	p = grow(b, 6 + len);
	if (!p)
		return;
	be(p, tag, 2);
	be(p + 2, len, 4);
	if (len)
		memcpy(p + 6, data, len);
}

void ck_put_text(struct ck_builder *b, enum ck_tag tag, const char *text)
{
	ck_put(b, tag, text, strlen(text));
}

static void put_number(struct ck_builder *b, enum ck_tag tag, uint64_t value, size_t n)
{
	uint8_t tmp[8];

	be(tmp, value, n);
	ck_put(b, tag, tmp, n);
}

void ck_put_u8(struct ck_builder *b, enum ck_tag tag, uint8_t value)
{
	put_number(b, tag, value, 1);
}

void ck_put_u16(struct ck_builder *b, enum ck_tag tag, uint16_t value)
{
	put_number(b, tag, value, 2);
}

void ck_put_u32(struct ck_builder *b, enum ck_tag tag, uint32_t value)
{
	put_number(b, tag, value, 4);
}

void ck_put_u64(struct ck_builder *b, enum ck_tag tag, uint64_t value)
{
	put_number(b, tag, value, 8);
}

bool ck_end(struct ck_builder *b)
{
	if (b->failed || b->len < CK_HEADER)
		return false;
	be(b->data + 8, b->len - CK_HEADER, 4);
	return true;
}

void ck_free(struct ck_builder *b)
{
	if (b->data) {
		explicit_bzero(b->data, b->cap);
		free(b->data);
	}
	memset(b, 0, sizeof(*b));
}
