// SPDX-License-Identifier: GPL-2.0-only
/* Reads CSV (RFC 4180) row by row. */
#include "csv.h"

#include <string.h>

void csv_init(struct csv *csv, FILE *file)
{
	memset(csv, 0, sizeof(*csv));
	csv->file = file;
	csv->next_line = 1;
}

void csv_wipe(struct csv *csv)
{
	explicit_bzero(csv->buf, sizeof(csv->buf));
	csv->len = 0;
	csv->count = 0;
}

static int malformed(struct csv *csv, const char *error)
{
	csv->error = error;
	return -1;
}

static int put(struct csv *csv, int c)
{
	if (csv->len == sizeof(csv->buf))
		return malformed(csv, "line too long");
	csv->buf[csv->len++] = (char)c;
	return 0;
}

static int begin_field(struct csv *csv)
{
	if (csv->count == CSV_COLUMNS_MAX)
		return malformed(csv, "too many columns");
	csv->field[csv->count++] = csv->buf + csv->len;
	return 0;
}

static int next_char(struct csv *csv)
{
	int c = getc(csv->file);

	if (c == '\n')
		csv->next_line++;
	return c;
}

/* After a CR: only LF may follow. */
static int expect_lf(struct csv *csv)
{
	return next_char(csv) == '\n' ? '\n' : malformed(csv, "CR without LF");
}

/* Contents of a quoted field; returns what follows the closing quote: comma, LF, EOF. */
static int quoted(struct csv *csv)
{
	for (;;) {
		int c = next_char(csv);

		if (c == EOF) {
			malformed(csv, "quote is not closed");
			return 0;
		}
		if (c == '"') {
			c = next_char(csv);
			if (c == '\r')
				c = expect_lf(csv);
			if (c == ',' || c == '\n' || c == EOF)
				return csv->error ? 0 : c;
			if (c != '"') {
				malformed(csv, "text after a closing quote");
				return 0;
			}
		}
		if (!c) {
			malformed(csv, "NUL byte");
			return 0;
		}
		if (put(csv, c))
			return 0;
	}
}

/* One field from its first character @c on; returns what ended it, 0 on error. */
static int read_field(struct csv *csv, int c)
{
	if (begin_field(csv))
		return 0;
	if (c == '"')
		return quoted(csv);
	for (;; c = next_char(csv)) {
		if (c == '\r')
			c = expect_lf(csv);
		if (csv->error)
			return 0;
		if (c == ',' || c == '\n' || c == EOF)
			return c;
		if (c == '"')
			malformed(csv, "quote within a field that is not quoted");
		else if (!c)
			malformed(csv, "NUL byte");
		else
			put(csv, c);
		if (csv->error)
			return 0;
	}
}

int csv_next(struct csv *csv)
{
	int c;

	csv_wipe(csv);
	csv->line = csv->next_line;
	if (csv->error)
		return -1;
	c = next_char(csv);
	/* A byte order mark, as some spreadsheets write it. */
	if (csv->line == 1 && c == 0xef) {
		if (next_char(csv) != 0xbb || next_char(csv) != 0xbf)
			return malformed(csv, "not UTF-8");
		c = next_char(csv);
	}
	if (c == EOF)
		return ferror(csv->file) ? malformed(csv, "cannot be read") : 0;
	for (;;) {
		c = read_field(csv, c);
		if (csv->error)
			return -1;
		if (put(csv, '\0'))
			return -1;
		if (c != ',')
			break;
		c = next_char(csv);
	}
	return ferror(csv->file) ? malformed(csv, "cannot be read") : 1;
}
