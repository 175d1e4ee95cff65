// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compares a card with the order. The row is found by the keys that the card proves to have, not by
 * anything that the card says, so that a card with another's data is noticed.
 */
#include "compare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "libgp/aes.h"
#include "libgp/dgi.h"
#include "libledger/column.h"
#include "libledger/csv.h"

/* Where profiles/personalize.lua puts what is not in the payload. */
#define DGI_ICCID	0x9f01
#define DGI_IMSI	0x9f02
#define DGI_PIN1	0x8010
#define DGI_PUK1	0x8011

/* The columns of the first line. What chooses a record for a card is no part of the card. */
struct header {
	enum column map[COL_COUNT];
	size_t count;
};

static int read_header(struct csv *csv, struct header *h)
{
	bool have[COL_COUNT] = { false };

	if (csv_next(csv) != 1 || csv->count > COL_COUNT)
		return -1;
	h->count = csv->count;
	for (size_t i = 0; i < h->count; i++) {
		h->map[i] = column_find(csv->field[i]);
		if (h->map[i] == COL_COUNT || have[h->map[i]])
			return -1;
		have[h->map[i]] = true;
	}
	for (enum column c = 0; c < COL_COUNT; c++)
		if (!have[c] && column_is_wanted(c, ORDER_NEXT))
			return -1;
	return 0;
}

static int read_row(struct csv *csv, const struct header *h, struct ledger_record *row)
{
	if (csv->count != h->count) {
		fprintf(stderr, "readback: line %u: %zu columns, not %zu\n", csv->line, csv->count,
			h->count);
		return -1;
	}
	memset(row, 0, sizeof(*row));
	for (size_t i = 0; i < h->count; i++) {
		const char *why = column_take(h->map[i], csv->field[i], row);

		if (why) {
			fprintf(stderr, "readback: line %u, column %s: %s\n", csv->line,
				column_name(h->map[i]), why);
			return -1;
		}
	}
	return 0;
}

int order_read(struct order *order, const char *path)
{
	struct header header;
	struct csv csv;
	FILE *f = fopen(path, "r");
	int ret;

	memset(order, 0, sizeof(*order));
	if (!f) {
		fprintf(stderr, "readback: %s: %s\n", path, strerror(errno));
		return -1;
	}
	csv_init(&csv, f);
	ret = read_header(&csv, &header);
	if (ret)
		fprintf(stderr, "readback: %s: the first line must name the columns\n", path);
	while (!ret && (ret = csv_next(&csv)) == 1) {
		struct ledger_record *rows = reallocarray(order->rows, order->count + 1,
							  sizeof(*rows));

		ret = rows ? 0 : -1;
		if (rows) {
			order->rows = rows;
			ret = read_row(&csv, &header, &rows[order->count]);
			order->count += !ret;
		}
	}
	if (ret && csv.error)
		fprintf(stderr, "readback: %s: line %u: %s\n", path, csv.line, csv.error);
	csv_wipe(&csv);
	fclose(f);
	if (ret)
		order_free(order);
	return ret;
}

void order_free(struct order *order)
{
	if (order->rows)
		OPENSSL_cleanse(order->rows, order->count * sizeof(*order->rows));
	free(order->rows);
	memset(order, 0, sizeof(*order));
}

static int initialize_update(struct card *card, uint8_t kvn, uint8_t context[16],
			     struct gp_init_update *iu)
{
	uint8_t apdu[14] = { 0x80, 0x50, kvn, 0x00, 8 };
	const char *why;

	if (RAND_bytes(apdu + 5, 8) != 1) {
		snprintf(card->error, sizeof(card->error), "no random numbers");
		return -1;
	}
	if (card_send(card, apdu, sizeof(apdu)))
		return -1;
	why = gp_init_update_parse(card->rsp, card->rsp_len, iu);
	if (why) {
		snprintf(card->error, sizeof(card->error), "INITIALIZE UPDATE: %s", why);
		return -1;
	}
	memcpy(context, apdu + 5, 8);
	memcpy(context + 8, iu->challenge, 8);
	return 0;
}

/* 0 if the card's cryptogram was made with this row's keys; the session is then begun. */
static int try_row(struct card *card, const struct ledger_record *row, const uint8_t transport[16],
		   const uint8_t context[16], const struct gp_init_update *iu)
{
	struct gp_session_keys keys;
	uint8_t enc[16], mac[16];
	int ret = -1;

	if (!gp_aes_unwrap(transport, row->keys[0], enc) &&
	    !gp_aes_unwrap(transport, row->keys[1], mac) &&
	    !gp_scp03_derive(enc, GP_DERIVE_S_ENC, 128, context, keys.enc) &&
	    !gp_scp03_derive(mac, GP_DERIVE_S_MAC, 128, context, keys.mac) &&
	    !gp_scp03_derive(mac, GP_DERIVE_S_RMAC, 128, context, keys.rmac) &&
	    !gp_scp03_begin(&card->scp, &keys, context, iu,
			    GP_LEVEL_C_MAC | GP_LEVEL_C_ENC | GP_LEVEL_R_MAC | GP_LEVEL_R_ENC))
		ret = 0;
	OPENSSL_cleanse(enc, sizeof(enc));
	OPENSSL_cleanse(mac, sizeof(mac));
	OPENSSL_cleanse(&keys, sizeof(keys));
	return ret;
}

const struct ledger_record *order_match(const struct order *order, struct card *card,
					const uint8_t transport[16])
{
	static const uint8_t select[] = { 0x00, 0xa4, 0x04, 0x00, 0x00 };
	uint8_t auth[GP_APDU_MAX], context[16];
	struct gp_init_update iu;
	uint8_t kvn = 0;

	if (card_send(card, select, sizeof(select)))
		return NULL;
	for (size_t i = 0; i < order->count; i++) {
		const struct ledger_record *row = &order->rows[i];
		ssize_t n;

		/* one challenge serves all rows of a key version */
		if (row->kvn != kvn && initialize_update(card, row->kvn, context, &iu))
			return NULL;
		kvn = row->kvn;
		if (try_row(card, row, transport, context, &iu))
			continue;
		n = gp_scp03_external_authenticate(&card->scp, auth);
		if (n < 0 || card_send(card, auth, (size_t)n))
			return NULL;
		card->scp.open = true;
		return row;
	}
	snprintf(card->error, sizeof(card->error), "the card has no row's keys");
	return NULL;
}

static int compare_dgi(struct card *card, uint16_t id, const void *value, size_t len)
{
	const uint8_t apdu[] = { 0x80, 0xca, (uint8_t)(id >> 8), (uint8_t)id, 0x00 };

	if (card_send_secure(card, apdu, sizeof(apdu)))
		return -1;
	if (card->rsp_len != len || CRYPTO_memcmp(card->rsp, value, len)) {
		snprintf(card->error, sizeof(card->error), "DGI %04X differs from the row", id);
		return -1;
	}
	return 0;
}

/* Digits packed two to a byte, filled up with F, as tag 5A and the files of a SIM have them. */
static size_t packed(const char *digits, uint8_t out[16])
{
	size_t len = strlen(digits);

	memset(out, 0xff, 16);
	for (size_t i = 0; i < len && i < 32; i++) {
		unsigned int shift = i % 2 ? 0 : 4;

		out[i / 2] &= (uint8_t)~(0xf << shift);
		out[i / 2] |= (uint8_t)((digits[i] - '0') << shift);
	}
	return (len + 1) / 2;
}

static int compare_digits(struct card *card, uint16_t id, const char *digits)
{
	uint8_t value[16];

	return compare_dgi(card, id, value, packed(digits, value));
}

/* A PIN or PUK: ASCII digits, filled up with FF to 8 bytes (ETSI TS 102 221, 9.5.1). */
static int compare_pin(struct card *card, uint16_t id, const char *digits)
{
	uint8_t value[8];
	int ret;

	memset(value, 0xff, sizeof(value));
	memcpy(value, digits, strnlen(digits, sizeof(value)));
	ret = compare_dgi(card, id, value, sizeof(value));
	OPENSSL_cleanse(value, sizeof(value));
	return ret;
}

int compare(struct card *card, const struct ledger_record *row)
{
	const uint8_t *p = row->payload;
	size_t left = row->payload_len;
	struct gp_dgi dgi;

	if (compare_digits(card, DGI_ICCID, row->iccid) ||
	    compare_digits(card, DGI_IMSI, row->imsi) ||
	    compare_pin(card, DGI_PIN1, row->pin1) || compare_pin(card, DGI_PUK1, row->puk1))
		return -1;
	while (left) {
		if (gp_dgi_next(p, left, &dgi) || compare_dgi(card, dgi.id, dgi.value, dgi.len))
			return -1;
		p += dgi.size;
		left -= dgi.size;
	}
	return 0;
}
