/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the columns of a bureau's file are, and what else is checked in them:
 *
 *	# comment
 *	COLUMN [digits] [hex] [luhn] [unique] [length=N[-M]] = HEADER
 *
 * COLUMN is one of the ledger's, with .enc if it is sealed, or "-": checked, and not kept. HEADER
 * is its name in the file, up to the end of the line.
 */
#ifndef LIBLEDGER_MAPPING_H
#define LIBLEDGER_MAPPING_H

#include <stdbool.h>
#include <stdio.h>

#include "csv.h"

#define MAPPING_UNIQUE_MAX (1u << 22)	/* values of a column that can be told apart */

struct mapping_seen;

/**
 * struct mapping_column - one line
 * @header: name in the file
 * @column: of the ledger, "-" for none
 * @digits: characters 0 to 9 alone
 * @hex: hexadecimal digits, two for a byte
 * @luhn: the last digit is a check digit
 * @unique: no other row has the same
 * @min: characters
 * @max: characters, 0 for any number
 * @seen: what was there already
 */
struct mapping_column {
	char header[64];
	char column[24];
	bool digits;
	bool hex;
	bool luhn;
	bool unique;
	unsigned int min;
	unsigned int max;
	struct mapping_seen *seen;
};

/**
 * struct mapping - all of them
 * @column: each
 * @count: of them
 * @key: for what is told apart by a hash
 */
struct mapping {
	struct mapping_column column[CSV_COLUMNS_MAX];
	size_t count;
	unsigned char key[16];
};

/*
 * mapping_read() - a mapping file
 * @line: receives where it is wrong
 *
 * Return: NULL, or what is wrong, in static storage. mapping_end() in any case.
 */
const char *mapping_read(FILE *f, struct mapping *m, unsigned int *line);
void mapping_end(struct mapping *m);

/* mapping_find() - by its name in the file, NULL if it is not there */
struct mapping_column *mapping_find(struct mapping *m, const char *header);

/* mapping_check() - a value; NULL, or what is wrong, without the value: it may be a secret */
const char *mapping_check(struct mapping *m, struct mapping_column *c, const char *value);

#endif
