// SPDX-License-Identifier: GPL-2.0-only
/* The columns that a bureau delivers. No message repeats a value: it may be a secret. */
#include "column.h"

#include <stdio.h>
#include <string.h>

#include "libgp/dgi.h"
#include "libgp/hex.h"

static const char *const names[COL_COUNT] = {
	[COL_ICCID] = "iccid", [COL_IMSI] = "imsi", [COL_PIN1] = "pin1",
	[COL_PUK1] = "puk1",   [COL_KVN] = "kvn",   [COL_ENC] = "enc",
	[COL_MAC] = "mac",     [COL_DEK] = "dek",   [COL_PAYLOAD] = "payload",
	[COL_CHIP] = "chip",   [COL_REFERENCE] = "reference",
};

const char *column_name(enum column column)
{
	return names[column];
}

enum column column_find(const char *name)
{
	enum column c = 0;

	while (c < COL_COUNT && strcmp(names[c], name))
		c++;
	return c;
}

bool column_is_secret(enum column column)
{
	return column == COL_PIN1 || column == COL_PUK1;
}

bool column_is_wanted(enum column column, enum order_choice choose)
{
	if (column == COL_CHIP)
		return choose == ORDER_BY_CHIP;
	return column != COL_REFERENCE || choose == ORDER_BY_REFERENCE;
}

bool column_may_be_sealed(enum column column)
{
	return column_is_secret(column) || column == COL_IMSI || column == COL_PAYLOAD;
}

static bool digits(const char *value, size_t min, size_t max)
{
	size_t n = strspn(value, "0123456789");

	return !value[n] && n >= min && n <= max;
}

/* ISO/IEC 7812-1 annex B: from the right, every second digit is doubled. */
bool column_luhn(const char *value)
{
	size_t len = strlen(value);
	unsigned int sum = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned int d = (unsigned int)(value[len - 1 - i] - '0');

		if (i % 2)
			d = d * 2 > 9 ? d * 2 - 9 : d * 2;
		sum += d;
	}
	return sum % 10 == 0;
}

static const char *take_kvn(const char *value, struct ledger_record *record)
{
	if (hex_decode(value, strlen(value), &record->kvn, 1) != 1 || !record->kvn ||
	    record->kvn > 0x7f)
		return "must be a key version, 01 to 7F";
	return NULL;
}

static const char *take_payload(const char *value, struct ledger_record *record)
{
	ssize_t n = hex_decode(value, strlen(value), record->payload, sizeof(record->payload));

	if (n < 0)
		return "must be hexadecimal, at most 2048 bytes";
	record->payload_len = (size_t)n;
	return gp_dgi_check(record->payload, record->payload_len);
}

/* As casd names a card: by its key diversification data. */
static const char *take_chip(const char *value, struct ledger_record *record)
{
	uint8_t kdd[10];
	char hex[2 * sizeof(kdd) + 1];

	if (hex_decode(value, strlen(value), kdd, sizeof(kdd)) != sizeof(kdd))
		return "must be key diversification data, 20 hexadecimal digits";
	snprintf(record->bound, sizeof(record->bound), "KDD:%s",
		 hex_encode(kdd, sizeof(kdd), hex));
	return NULL;
}

static const char *take_reference(const char *value, struct ledger_record *record)
{
	size_t len = strlen(value);

	for (size_t i = 0; i < len; i++)
		if (value[i] < 0x21 || value[i] > 0x7e)
			return "must be 1 to 63 printable characters";
	if (!len || len > 63)
		return "must be 1 to 63 printable characters";
	snprintf(record->bound, sizeof(record->bound), "REF:%s", value);
	return NULL;
}

const char *column_take(enum column column, const char *value, struct ledger_record *record)
{
	uint8_t *key;

	switch (column) {
	case COL_ICCID:
		if (!digits(value, 19, 20))
			return "must be 19 or 20 digits";
		if (!column_luhn(value))
			return "the Luhn check digit is wrong";
		strcpy(record->iccid, value);
		return NULL;
	case COL_IMSI:
		if (!digits(value, 15, 15))
			return "must be 15 digits";
		strcpy(record->imsi, value);
		return NULL;
	case COL_PIN1:
		if (!digits(value, 4, 8))
			return "must be 4 to 8 digits";
		strcpy(record->pin1, value);
		return NULL;
	case COL_PUK1:
		if (!digits(value, 8, 8))
			return "must be 8 digits";
		strcpy(record->puk1, value);
		return NULL;
	case COL_KVN:
		return take_kvn(value, record);
	case COL_PAYLOAD:
		return take_payload(value, record);
	case COL_CHIP:
		return take_chip(value, record);
	case COL_REFERENCE:
		return take_reference(value, record);
	default:
		key = record->keys[column - COL_ENC];
		if (hex_decode(value, strlen(value), key, LEDGER_WRAPPED) != LEDGER_WRAPPED)
			return "must be a wrapped key, 48 hexadecimal digits";
		return NULL;
	}
}
