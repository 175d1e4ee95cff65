// SPDX-License-Identifier: GPL-2.0-only
/* Prints the rows of a query, as a table or as JSON. */
#include <cjson/cJSON.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "casctl.h"
#include "libledger/statement.h"

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
static void column_name(struct statement *s, int i, char name[NAME_LEN], bool *number)
{
	size_t n;

	snprintf(name, NAME_LEN, "%s", db_column_name(s, i));
	n = strlen(name);
	*number = n && name[n - 1] == '#';
	if (*number)
		name[n - 1] = '\0';
}

static cJSON *row_object(struct statement *s)
{
	cJSON *row = cJSON_CreateObject();

	for (int i = 0; i < db_columns(s); i++) {
		const char *text = db_column(s, i);
		char name[NAME_LEN];
		bool number;

		column_name(s, i, name, &number);
		if (!text)
			cJSON_AddNullToObject(row, name);
		else if (number)
			cJSON_AddNumberToObject(row, name, strtod(text, NULL));
		else
			cJSON_AddStringToObject(row, name, text);
	}
	return row;
}

/* Row by row: there may be more of them than memory. */
static bool print_json(struct ledger *l, struct statement *s)
{
	const char *before = "[";
	bool failed;

	while (db_next(l, s, &failed)) {
		cJSON *row = row_object(s);
		char *text = cJSON_PrintUnformatted(row);

		cJSON_Delete(row);
		if (!text)
			return false;
		printf("%s\n%s", before, text);
		cJSON_free(text);
		before = ",";
	}
	puts(*before == '[' ? "[]" : "\n]");
	return !failed;
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

static bool print_csv(struct ledger *l, struct statement *s)
{
	int columns = db_columns(s);
	char name[NAME_LEN];
	bool number, failed;

	for (int i = 0; i < columns; i++) {
		column_name(s, i, name, &number);
		print_field(name, i == columns - 1);
	}
	while (db_next(l, s, &failed)) {
		for (int i = 0; i < columns; i++) {
			const char *text = db_column(s, i);

			print_field(text ? text : "", i == columns - 1);
		}
	}
	return !failed;
}

static void measure(struct statement *s, int width[COLUMNS_MAX])
{
	for (int i = 0; i < db_columns(s) && i < COLUMNS_MAX; i++) {
		const char *text = db_column(s, i);
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

/* @order is bound again, for the second run. */
static bool print_table(struct ledger *l, struct statement *s, const char *order)
{
	int columns = db_columns(s), width[COLUMNS_MAX] = { 0 };
	bool number[COLUMNS_MAX], failed;
	char name[NAME_LEN];

	for (int i = 0; i < columns && i < COLUMNS_MAX; i++) {
		column_name(s, i, name, &number[i]);
		width[i] = (int)strlen(name);
	}
	while (db_next(l, s, &failed))
		measure(s, width);
	if (failed || !db_bind(l, s, order ? "t" : "", order))
		return false;
	for (int i = 0; i < columns && i < COLUMNS_MAX; i++) {
		column_name(s, i, name, &number[i]);
		print_cell(name, width[i], number[i], i == columns - 1);
	}
	while (db_next(l, s, &failed)) {
		for (int i = 0; i < columns && i < COLUMNS_MAX; i++) {
			const char *text = db_column(s, i);

			print_cell(text ? text : "-", width[i], number[i], i == columns - 1);
		}
	}
	return !failed;
}

int show_query(struct ledger *l, const char *sql, const char *order, enum show_format format)
{
	struct statement *s = db_prepare(l, sql, order ? "t" : "", order);
	bool ok = s && (format == SHOW_JSON ? print_json(l, s) :
			format == SHOW_CSV ? print_csv(l, s) : print_table(l, s, order));

	if (!ok)
		fprintf(stderr, "casctl: %s\n", ledger_error(l));
	db_finalize(s);
	return ok ? 0 : 1;
}
