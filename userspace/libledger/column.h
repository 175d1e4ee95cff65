/* SPDX-License-Identifier: GPL-2.0-only */
/* The columns that a bureau delivers, and what each must look like. */
#ifndef LIBLEDGER_COLUMN_H
#define LIBLEDGER_COLUMN_H

#include "libledger/ledger.h"

enum column {
	COL_ICCID,
	COL_IMSI,
	COL_PIN1,
	COL_PUK1,
	COL_KVN,
	COL_ENC,
	COL_MAC,
	COL_DEK,
	COL_PAYLOAD,
	COL_CHIP,
	COL_REFERENCE,
	COL_COUNT,
};

const char *column_name(enum column column);

/* column_find() - COL_COUNT if there is no such column */
enum column column_find(const char *name);

/* column_is_secret() - only a test order may have it in clear */
bool column_is_secret(enum column column);

/* column_is_wanted() - whether an order that chooses records so has it; it has no other ones */
bool column_is_wanted(enum column column, enum order_choice choose);

/* column_may_be_sealed() - keys come wrapped in any case, and what names a card is no secret */
bool column_may_be_sealed(enum column column);

/* column_luhn() - whether the last of these digits is a check digit (ISO/IEC 7812-1, annex B) */
bool column_luhn(const char *value);

/* column_take() - check a value and put it in the record; NULL, or what is wrong */
const char *column_take(enum column column, const char *value, struct ledger_record *record);

#endif
