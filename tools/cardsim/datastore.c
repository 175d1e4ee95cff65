// SPDX-License-Identifier: GPL-2.0-only
/* STORE DATA: DGIs that arrive in blocks, and the values that stay. */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "datastore.h"
#include "status.h"

#define P1_LAST		0x80
#define P1_ENCRYPTION	0x60
#define P1_ENC_BY_ID	0x20
#define P1_ENC_ALL	0x60
#define P1_STRUCTURE	0x18
#define P1_DGI		0x08

/* A STORE DATA of 255 bytes after a pending part holds at most this many DGIs. */
#define PARSED_MAX	STORE_MAX_DGIS

struct parsed {
	struct dgi dgis[PARSED_MAX];
	unsigned int count;
};

/* These are the card's own data objects; a DGI of the same number would hide them. */
static bool reserved(uint16_t id)
{
	return id == 0x0042 || id == 0x0045 || id == 0x0066 || id == 0x00c1 || id == 0x00cf ||
	       id == 0x00e0 || id == 0x9f7f;
}

static bool encrypted(uint8_t p1, uint16_t id)
{
	switch (p1 & P1_ENCRYPTION) {
	case P1_ENC_ALL:
		return true;
	case P1_ENC_BY_ID:
		return id >= 0x8000 && id <= 0x8fff;
	default:
		return false;
	}
}

static void free_dgi(struct dgi *d)
{
	if (d->value)
		OPENSSL_clear_free(d->value, d->len);
	d->value = NULL;
}

static void free_parsed(struct parsed *p)
{
	for (unsigned int i = 0; i < p->count; i++)
		free_dgi(&p->dgis[i]);
	p->count = 0;
}

/* Identifier and length; false when they are not complete yet. */
static bool parse_head(const uint8_t *p, size_t len, struct dgi *d, size_t *ret_head)
{
	if (len < 3 || (p[2] == 0xff && len < 5))
		return false;
	d->id = (uint16_t)(p[0] << 8 | p[1]);
	d->len = p[2] == 0xff ? (uint16_t)(p[3] << 8 | p[4]) : p[2];
	*ret_head = p[2] == 0xff ? 5 : 3;
	return true;
}

static uint16_t parse_value(struct parsed *res, struct dgi d, uint8_t p1,
			    const struct aes_key *dek, const uint8_t *p)
{
	static const uint8_t zero_iv[AES_BLOCK];

	if (res->count == PARSED_MAX)
		return SW_NO_ROOM;
	d.value = OPENSSL_malloc(d.len ? d.len : 1);
	if (!d.value)
		return SW_NO_ROOM;
	if (!encrypted(p1, d.id)) {
		memcpy(d.value, p, d.len);
	} else if (d.len % AES_BLOCK || !aes_cbc_decrypt(dek, zero_iv, p, d.len, d.value)) {
		free_dgi(&d);
		return SW_WRONG_DATA;
	}
	res->dgis[res->count++] = d;
	return SW_OK;
}

/* All complete DGIs of @p; *ret_used bytes of it belong to them. */
static uint16_t parse(struct parsed *res, uint8_t p1, const struct aes_key *dek, const uint8_t *p,
		      size_t len, size_t *ret_used)
{
	struct dgi d = { 0 };
	size_t at = 0, head;
	uint16_t sw;

	while (parse_head(p + at, len - at, &d, &head)) {
		if (reserved(d.id))
			return SW_WRONG_DATA;
		if (d.len > STORE_MAX_VALUE)
			return SW_NO_ROOM;
		if (len - at - head < d.len)
			break;
		sw = parse_value(res, d, p1, dek, p + at + head);
		if (sw != SW_OK)
			return sw;
		at += head + d.len;
	}
	*ret_used = at;
	return SW_OK;
}

static struct dgi *find(struct datastore *store, uint16_t id)
{
	for (unsigned int i = 0; i < store->count; i++)
		if (store->dgis[i].id == id)
			return &store->dgis[i];
	return NULL;
}

const struct dgi *datastore_find(const struct datastore *store, uint16_t id)
{
	return find((struct datastore *)store, id);
}

/* Whether all of @p fits, counted as if every identifier were new. */
static bool fits(const struct datastore *store, const struct parsed *p)
{
	size_t bytes = store->bytes;

	for (unsigned int i = 0; i < p->count; i++)
		bytes += p->dgis[i].len;
	return bytes <= STORE_MAX_BYTES && store->count + p->count <= STORE_MAX_DGIS;
}

static void commit(struct datastore *store, struct parsed *p)
{
	for (unsigned int i = 0; i < p->count; i++) {
		struct dgi *d = find(store, p->dgis[i].id);

		if (d) {
			store->bytes -= d->len;
			free_dgi(d);
		} else {
			d = &store->dgis[store->count++];
		}
		*d = p->dgis[i];
		store->bytes += d->len;
	}
	p->count = 0;
}

void datastore_abandon(struct datastore *store)
{
	OPENSSL_cleanse(store->pending, store->pending_len);
	store->pending_len = 0;
	store->next_block = 0;
	store->open = false;
}

uint16_t datastore_command(struct datastore *store, uint8_t p1, uint8_t p2,
			   const struct aes_key *dek, const uint8_t *data, size_t len)
{
	struct parsed p = { .count = 0 };
	size_t used = 0, total;
	uint16_t sw = SW_WRONG_P1P2;

	if ((p1 & P1_STRUCTURE) != P1_DGI || (p1 & P1_ENCRYPTION) == 0x40 || (p1 & 0x07))
		goto fail;
	if (!p2)
		datastore_abandon(store);	/* block 0 begins anew */
	if (p2 != store->next_block || (p2 && !store->open))
		goto fail;
	sw = SW_NO_ROOM;
	if (len > sizeof(store->pending) - store->pending_len)
		goto fail;
	memcpy(store->pending + store->pending_len, data, len);
	total = store->pending_len + len;
	store->pending_len = total;
	sw = parse(&p, p1, dek, store->pending, total, &used);
	if (sw == SW_OK && !fits(store, &p))
		sw = SW_NO_ROOM;
	if (sw == SW_OK && (p1 & P1_LAST) && used != total)
		sw = SW_WRONG_DATA;
	if (sw != SW_OK)
		goto fail;
	commit(store, &p);
	memmove(store->pending, store->pending + used, total - used);
	store->pending_len = total - used;
	if (p1 & P1_LAST) {
		datastore_abandon(store);
	} else {
		store->open = true;
		store->next_block++;
	}
	return SW_OK;
fail:
	free_parsed(&p);
	datastore_abandon(store);
	return sw;
}

void datastore_free(struct datastore *store)
{
	for (unsigned int i = 0; i < store->count; i++)
		free_dgi(&store->dgis[i]);
	store->count = 0;
	store->bytes = 0;
	datastore_abandon(store);
}
