// SPDX-License-Identifier: GPL-2.0-only
/* ledger show and verify. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "casctl.h"

/**
 * struct ledger_options - of both commands
 * @db: database
 * @json: machine-readable
 * @head: hash that the last entry must have, NULL if any
 */
struct ledger_options {
	const char *db;
	bool json;
	const char *head;
};

static int show(const struct ledger_options *o)
{
	struct ledger *l = open_database(o->db, true);
	int rc;

	if (!l)
		return 1;
	rc = show_query(l, "SELECT seq AS 'seq#', time, kind, body, lower(hex(hash)) AS hash"
			" FROM ledger ORDER BY seq", NULL, o->json);
	ledger_close(l);
	return rc;
}

static int verify(const struct ledger_options *o)
{
	struct ledger *l = open_database(o->db, true);
	enum ledger_status status;
	unsigned long long n;
	const char *wrong = "";
	uint64_t entries;
	char head[65];

	if (!l)
		return 1;
	status = ledger_verify(l, &entries, head);
	n = entries;
	if (status != LEDGER_OK) {
		wrong = ledger_error(l);
	} else if (o->head && strcasecmp(o->head, head)) {
		status = LEDGER_REFUSED;
		wrong = "ledger: the last entry is not the one expected";
	}
	if (o->json)
		printf("{\"valid\":%s,\"entries\":%llu,\"head\":\"%s\",\"error\":\"%s\"}\n",
		       status == LEDGER_OK ? "true" : "false", n, head, wrong);
	else if (status == LEDGER_OK)
		printf("ledger: %llu entries, head %s\n", n, head);
	else
		fprintf(stderr, "casctl: %s (%llu entries before it are right)\n", wrong, n);
	ledger_close(l);
	return status == LEDGER_OK ? 0 : 1;
}

int cmd_ledger(int argc, char **argv)
{
	static const struct option names[] = {
		{ "db", required_argument, NULL, 'd' },
		{ "json", no_argument, NULL, 'j' },
		{ "expect-head", required_argument, NULL, 'e' },
		{ NULL, 0, NULL, 0 },
	};
	struct ledger_options o = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (c) {
		case 'd':
			o.db = optarg;
			break;
		case 'j':
			o.json = true;
			break;
		case 'e':
			o.head = optarg;
			break;
		default:
			return EXIT_USAGE;
		}
	}
	if (!o.db || optind + 1 != argc)
		return usage_error("ledger wants show or verify, and --db");
	if (!strcmp(argv[optind], "show"))
		return show(&o);
	if (!strcmp(argv[optind], "verify"))
		return verify(&o);
	return usage_error("ledger wants show or verify");
}
