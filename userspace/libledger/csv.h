/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads CSV (RFC 4180) row by row: quoted fields, LF or CRLF, every length bounded. */
#ifndef LIBLEDGER_CSV_H
#define LIBLEDGER_CSV_H

#include <stddef.h>
#include <stdio.h>

#define CSV_COLUMNS_MAX 32
#define CSV_ROW_MAX 16384	/* bytes of all fields of a row with their NULs */

/**
 * struct csv - a reader
 * @file: input
 * @next_line: of the row that comes next, from 1
 * @line: where the row begins
 * @count: fields of the row
 * @field: fields, NUL-terminated, within @buf
 * @buf: storage
 * @len: used of @buf
 * @error: what is malformed, in static storage
 */
struct csv {
	FILE *file;
	unsigned int next_line;
	unsigned int line;
	size_t count;
	char *field[CSV_COLUMNS_MAX];
	char buf[CSV_ROW_MAX];
	size_t len;
	const char *error;
};

void csv_init(struct csv *csv, FILE *file);

/* csv_next() - Return: 1 a row, 0 the end, -1 malformed: @line and @error say where and why. */
int csv_next(struct csv *csv);

/* Wipes the row: it may hold secrets. */
void csv_wipe(struct csv *csv);

#endif
