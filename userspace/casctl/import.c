// SPDX-License-Identifier: GPL-2.0-only
/* import: a CSV file becomes an order. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "casctl.h"

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

static int import(const char *db, const char *order, bool free_spoiled, bool release,
		  const char *path)
{
	struct order_report report = { 0 };
	enum ledger_status status;
	struct ledger *l;
	FILE *f;
	char name[64];

	f = fopen(path, "re");
	if (!f) {
		fprintf(stderr, "casctl: %s: %s\n", path, strerror(errno));
		return 1;
	}
	l = open_database(db, false);
	if (!l) {
		fclose(f);
		return 1;
	}
	status = ledger_import(l, f, order, free_spoiled, release ? who_am_i(name) : NULL,
			       &report);
	print_problems(path, &report);
	if (status == LEDGER_OK)
		printf("order %s: %u records\n", order, report.rows);
	else
		fprintf(stderr, "casctl: %s\n", ledger_error(l));
	ledger_close(l);
	fclose(f);
	return status == LEDGER_OK ? 0 : 1;
}

int cmd_import(int argc, char **argv)
{
	static const struct option names[] = {
		{ "db", required_argument, NULL, 'd' },
		{ "order", required_argument, NULL, 'o' },
		{ "spoiled", required_argument, NULL, 's' },
		{ "needs-release", no_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	const char *db = NULL, *order = NULL;
	bool free_spoiled = false, release = false;
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (c) {
		case 'd':
			db = optarg;
			break;
		case 'o':
			order = optarg;
			break;
		case 's':
			free_spoiled = !strcmp(optarg, "free");
			if (!free_spoiled && strcmp(optarg, "void"))
				return usage_error("--spoiled is void or free");
			break;
		case 'r':
			release = true;
			break;
		default:
			return EXIT_USAGE;
		}
	}
	if (!db || !order || optind + 1 != argc)
		return usage_error("import wants --db, --order and one CSV file");
	return import(db, order, free_spoiled, release, argv[optind]);
}
