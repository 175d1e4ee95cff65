// SPDX-License-Identifier: GPL-2.0-only
/* import: a CSV file becomes an order. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "casctl.h"
#include "libledger/mapping.h"

#define STATIONS_MAX 4096

static void print_problems(const char *path, const struct order_report *r)
{
	for (unsigned int i = 0; i < r->count; i++) {
		const struct order_problem *p = &r->problems[i];

		fprintf(stderr, "%s: line %u%s%s: %s\n", path, p->line,
			*p->column ? ", column " : "", p->column, p->text);
	}
	if (r->count == ORDER_PROBLEMS_MAX)
		fprintf(stderr, "%s: there may be more\n", path);
}

/* Where the bar is: of one file at a time. */
static FILE *shown;
static long long shown_size;
static bool drawn;

static void show_progress(unsigned int rows)
{
	long long at = ftello(shown);
	int percent = shown_size > 0 && at > 0 ? (int)(100 * at / shown_size) : 0;

	fprintf(stderr, "\r%3d %%  [%-50.*s] %u rows", percent, percent / 2,
		"##################################################", rows);
	fflush(stderr);
	drawn = true;
}

/* On a terminal, and where the size of the file is known. */
static void begin_progress(FILE *f, struct order_import *how, bool wanted)
{
	struct stat st;

	if (!wanted || fstat(fileno(f), &st) || !S_ISREG(st.st_mode))
		return;
	shown = f;
	shown_size = st.st_size;
	how->progress = show_progress;
}

/**
 * struct import_options - from the command line
 * @db: database
 * @token: that makes the order's key
 * @data: key in it that the bureau sealed with
 * @release: another user is to release it
 * @mapping: file, or NULL
 * @progress: show how far it is
 * @how: the rest
 * @stations: that are permitted
 */
struct import_options {
	const char *db;
	struct token_options token;
	const char *data;
	bool release;
	const char *mapping;
	bool progress;
	struct order_import how;
	char stations[STATIONS_MAX];
};

/* A whole number from @least on; false and it says why. */
static bool number(const char *option, const char *text, unsigned int least, unsigned int *out)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || *end || end == text || *text == '-' || n < least || n > INT_MAX) {
		usage_error("--%s wants a number, %u or more", option, least);
		return false;
	}
	*out = (unsigned int)n;
	return true;
}

/* One of two words; false and it says why. */
static bool word(const char *option, const char *text, const char *no, const char *yes, bool *out)
{
	*out = !strcmp(text, yes);
	if (!*out && strcmp(text, no)) {
		usage_error("--%s is %s or %s", option, no, yes);
		return false;
	}
	return true;
}

static bool choice(const char *text, enum order_choice *choose)
{
	static const char *const choices[] = {
		[ORDER_NEXT] = "next", [ORDER_BY_CHIP] = "chip", [ORDER_BY_REFERENCE] = "reference",
	};

	for (unsigned int i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		if (!strcmp(text, choices[i])) {
			*choose = (enum order_choice)i;
			return true;
		}
	}
	usage_error("--choose is next, chip or reference");
	return false;
}

/* Another one of the list. */
static bool station(struct import_options *o, const char *uuid)
{
	size_t len = strlen(o->stations);

	o->how.limits.stations = o->stations;
	if ((size_t)snprintf(o->stations + len, sizeof(o->stations) - len, "%s%s",
			     len ? "," : "", uuid) < sizeof(o->stations) - len)
		return true;
	usage_error("too many stations");
	return false;
}

/* What the order permits; false if it is wrong, which was said. */
static bool limit(struct import_options *o, int option, const char *value)
{
	struct order_limits *l = &o->how.limits;

	switch (option) {
	case 'S':
		return station(o, value);
	case 'k':
		l->initial_key = value;
		return true;
	case 'n':
		return number("cards", value, 1, &l->cards);
	case 'N':
		return number("cards-per-day", value, 1, &l->cards_per_day);
	case 'f':
		return number("stop-after", value, 1, &l->stop_after);
	case 'R':
		if (!number("retries", value, 0, &l->retries))
			return false;
		l->retries = l->retries ? l->retries : ORDER_NO_RETRY;
		return true;
	case 'e':
		return word("security", value, "none", "encrypted", &l->encrypted);
	case 'c':
		return choice(value, &l->choose);
	default:
		return false;
	}
}

static int import_rows(struct import_options *o, struct ledger *l, const char *path, FILE *f)
{
	struct order_report report = { 0 };
	enum ledger_status status;
	char name[64];

	if (o->release)
		o->how.by = who_am_i(name);
	begin_progress(f, &o->how, o->progress);
	status = ledger_import(l, f, &o->how, &report);
	if (drawn)
		fputc('\n', stderr);
	print_problems(path, &report);
	if (status == LEDGER_OK)
		printf("order %s: %u records\n", o->how.order, report.rows);
	else
		fprintf(stderr, "casctl: %s\n", ledger_error(l));
	return status == LEDGER_OK ? 0 : 1;
}

/* An order that is not imported leaves no key behind. */
static int import_sealed(struct import_options *o, struct ledger *l, const char *path, FILE *f)
{
	struct token *token = open_token(&o->token);
	struct orderkey key;
	int rc = 1;

	if (!token)
		return 1;
	if (orderkey_make(&key, token, o->data)) {
		fprintf(stderr, "casctl: %s\n", token_error(token));
	} else {
		o->how.seal = &key.seal;
		rc = import_rows(o, l, path, f);
		o->how.seal = NULL;
		if (rc)
			token_remove(token, key.label);
	}
	token_close(token);
	return rc;
}

static bool read_mapping(const char *path, struct mapping *m)
{
	FILE *f = fopen(path, "re");
	const char *wrong;
	unsigned int line = 0;

	if (!f) {
		fprintf(stderr, "casctl: %s: %s\n", path, strerror(errno));
		return false;
	}
	wrong = mapping_read(f, m, &line);
	fclose(f);
	if (wrong)
		fprintf(stderr, "%s: line %u: %s\n", path, line, wrong);
	return !wrong;
}

static int import(struct import_options *o, const char *path)
{
	static struct mapping mapping;
	struct ledger *l;
	int rc = 1;
	FILE *f;

	if (o->mapping) {
		if (!read_mapping(o->mapping, &mapping))
			return 1;
		o->how.mapping = &mapping;
	}
	f = fopen(path, "re");
	if (!f) {
		fprintf(stderr, "casctl: %s: %s\n", path, strerror(errno));
		return 1;
	}
	setvbuf(f, NULL, _IOFBF, 65536);
	l = open_database(o->db, false);
	if (l)
		rc = import_sealed(o, l, path, f);
	ledger_close(l);
	fclose(f);
	mapping_end(&mapping);
	return rc;
}

int cmd_import(int argc, char **argv)
{
	static const struct option names[] = {
		{ "db", required_argument, NULL, 'd' },
		{ "order", required_argument, NULL, 'o' },
		{ "spoiled", required_argument, NULL, 's' },
		{ "needs-release", no_argument, NULL, 'r' },
		{ "test", no_argument, NULL, 't' },
		{ "data", required_argument, NULL, 'D' },
		{ "mapping", required_argument, NULL, 'M' },
		{ "progress", no_argument, NULL, 'P' },
		{ "station", required_argument, NULL, 'S' },
		{ "initial-key", required_argument, NULL, 'k' },
		{ "cards", required_argument, NULL, 'n' },
		{ "cards-per-day", required_argument, NULL, 'N' },
		{ "stop-after", required_argument, NULL, 'f' },
		{ "retries", required_argument, NULL, 'R' },
		{ "security", required_argument, NULL, 'e' },
		{ "choose", required_argument, NULL, 'c' },
		{ "module", required_argument, NULL, 'm' },
		{ "label", required_argument, NULL, 'l' },
		{ "pin-file", required_argument, NULL, 'p' },
		{ NULL, 0, NULL, 0 },
	};
	struct import_options o = {
		.token = { .module = MODULE, .label = "cards" }, .data = "data",
		.progress = isatty(STDERR_FILENO),
	};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (c) {
		case 'd':
			o.db = optarg;
			break;
		case 'o':
			o.how.order = optarg;
			break;
		case 's':
			if (!word("spoiled", optarg, "void", "free", &o.how.free_spoiled))
				return EXIT_USAGE;
			break;
		case 'r':
			o.release = true;
			break;
		case 't':
			o.how.test = true;
			break;
		case 'D':
			o.data = optarg;
			break;
		case 'M':
			o.mapping = optarg;
			break;
		case 'P':
			o.progress = true;
			break;
		case 'm':
			o.token.module = optarg;
			break;
		case 'l':
			o.token.label = optarg;
			break;
		case 'p':
			o.token.pin_file = optarg;
			break;
		default:
			if (!limit(&o, c, optarg))
				return EXIT_USAGE;
		}
	}
	if (!o.db || !o.how.order || !o.token.pin_file || optind + 1 != argc)
		return usage_error("import wants --db, --order, --pin-file and one CSV file");
	return import(&o, argv[optind]);
}
