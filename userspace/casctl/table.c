// SPDX-License-Identifier: GPL-2.0-only
/* Prints the rows of a query, as a table or as JSON. */
#include <cjson/cJSON.h>
#include <getopt.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "casctl.h"

#define COLUMNS_MAX 16
#define NAME_LEN 24

int show_options(int argc, char **argv, struct show_options *o)
{
	static const struct option names[] = {
		{ "db", required_argument, NULL, 'd' },
		{ "order", required_argument, NULL, 'o' },
		{ "json", no_argument, NULL, 'j' },
		{ "csv", no_argument, NULL, 'c' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (c) {
		case 'd':
			o->db = optarg;
			break;
		case 'o':
			o->order = optarg;
			break;
		case 'j':
			o->format = SHOW_JSON;
			break;
		case 'c':
			o->format = SHOW_CSV;
			break;
		default:
			return EXIT_USAGE;
		}
	}
	if (optind != argc)
		return usage_error("\"%s\" is not expected", argv[optind]);
	if (!o->db)
		return usage_error("--db must be given");
	return -1;
}

/* The name without its mark; @number receives whether it had it. */
static void column_name(sqlite3_stmt *s, int i, char name[NAME_LEN], bool *number)
{
	size_t n;

	snprintf(name, NAME_LEN, "%s", sqlite3_column_name(s, i));
	n = strlen(name);
	*number = n && name[n - 1] == '#';
	if (*number)
		name[n - 1] = '\0';
}

static cJSON *row_object(sqlite3_stmt *s)
{
	cJSON *row = cJSON_CreateObject();

	for (int i = 0; i < sqlite3_column_count(s); i++) {
		const char *text = (const char *)sqlite3_column_text(s, i);
		char name[NAME_LEN];
		bool number;

		column_name(s, i, name, &number);
		if (!text)
			cJSON_AddNullToObject(row, name);
		else if (number)
			cJSON_AddNumberToObject(row, name, sqlite3_column_double(s, i));
		else
			cJSON_AddStringToObject(row, name, text);
	}
	return row;
}

/* Row by row: there may be more of them than memory. */
static int print_json(sqlite3_stmt *s)
{
	const char *before = "[";
	int rc;

	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		cJSON *row = row_object(s);
		char *text = cJSON_PrintUnformatted(row);

		cJSON_Delete(row);
		if (!text)
			return SQLITE_NOMEM;
		printf("%s\n%s", before, text);
		cJSON_free(text);
		before = ",";
	}
	puts(*before == '[' ? "[]" : "\n]");
	return rc;
}

static void print_field(const char *text, bool last)
{
	bool quoted = text[strcspn(text, ",\"\r\n")];

	if (quoted)
		putchar('"');
	for (; *text; text++) {
		if (*text == '"')
			putchar('"');
		putchar(*text);
	}
	if (quoted)
		putchar('"');
	fputs(last ? "\r\n" : ",", stdout);
}

static int print_csv(sqlite3_stmt *s)
{
	int columns = sqlite3_column_count(s), rc;
	char name[NAME_LEN];
	bool number;

	for (int i = 0; i < columns; i++) {
		column_name(s, i, name, &number);
		print_field(name, i == columns - 1);
	}
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		for (int i = 0; i < columns; i++) {
			const char *text = (const char *)sqlite3_column_text(s, i);

			print_field(text ? text : "", i == columns - 1);
		}
	}
	return rc;
}

static void measure(sqlite3_stmt *s, int width[COLUMNS_MAX])
{
	for (int i = 0; i < sqlite3_column_count(s) && i < COLUMNS_MAX; i++) {
		const char *text = (const char *)sqlite3_column_text(s, i);
		int n = text ? (int)strlen(text) : 0;

		if (n > width[i])
			width[i] = n;
	}
}

static void print_cell(const char *text, int width, bool number, bool last)
{
	if (number)
		printf("%*s", width, text);
	else
		printf("%-*s", last ? 0 : width, text);
	fputs(last ? "\n" : "  ", stdout);
}

static int print_table(sqlite3_stmt *s)
{
	int columns = sqlite3_column_count(s), width[COLUMNS_MAX] = { 0 }, rc;
	bool number[COLUMNS_MAX];
	char name[NAME_LEN];

	for (int i = 0; i < columns && i < COLUMNS_MAX; i++) {
		column_name(s, i, name, &number[i]);
		width[i] = (int)strlen(name);
	}
	while ((rc = sqlite3_step(s)) == SQLITE_ROW)
		measure(s, width);
	if (rc != SQLITE_DONE)
		return rc;
	sqlite3_reset(s);
	for (int i = 0; i < columns && i < COLUMNS_MAX; i++) {
		column_name(s, i, name, &number[i]);
		print_cell(name, width[i], number[i], i == columns - 1);
	}
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		for (int i = 0; i < columns && i < COLUMNS_MAX; i++) {
			const char *text = (const char *)sqlite3_column_text(s, i);

			print_cell(text ? text : "-", width[i], number[i], i == columns - 1);
		}
	}
	return rc;
}

int show_query(struct ledger *l, const char *sql, const char *order, enum show_format format)
{
	sqlite3 *db = ledger_sqlite(l);
	sqlite3_stmt *s;
	int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);

	if (rc == SQLITE_OK && order)
		rc = sqlite3_bind_text(s, 1, order, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = format == SHOW_JSON ? print_json(s) :
		     format == SHOW_CSV ? print_csv(s) : print_table(s);
	if (rc != SQLITE_DONE)
		fprintf(stderr, "casctl: %s\n", sqlite3_errmsg(db));
	sqlite3_finalize(s);
	return rc == SQLITE_DONE ? 0 : 1;
}
