// SPDX-License-Identifier: GPL-2.0-only
/* intent list and free, adopt: what no station will settle, an operator does. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "casctl.h"

/**
 * struct intent_options - of these commands
 * @db: database
 * @json: machine-readable
 * @iccid: of the record
 * @station: uuid
 * @journal: epoch
 * @number: of a disposition
 * @lease: epoch
 */
struct intent_options {
	const char *db;
	bool json;
	const char *iccid;
	const char *station;
	const char *journal;
	const char *number;
	const char *lease;
};

/* -1 to go on, else the exit status. @wanted: first letters of the options that there are */
static int options(int argc, char **argv, const char *wanted, struct intent_options *o)
{
	static const struct option names[] = {
		{ "db", required_argument, NULL, 'd' },
		{ "json", no_argument, NULL, 'j' },
		{ "iccid", required_argument, NULL, 'i' },
		{ "station", required_argument, NULL, 's' },
		{ "journal", required_argument, NULL, 'e' },
		{ "number", required_argument, NULL, 'n' },
		{ "lease", required_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (c == '?')
			return EXIT_USAGE;
		if (!strchr(wanted, c))
			return usage_error("an option has no meaning here");
		switch (c) {
		case 'd':
			o->db = optarg;
			break;
		case 'j':
			o->json = true;
			break;
		case 'i':
			o->iccid = optarg;
			break;
		case 's':
			o->station = optarg;
			break;
		case 'e':
			o->journal = optarg;
			break;
		case 'n':
			o->number = optarg;
			break;
		case 'l':
			o->lease = optarg;
			break;
		}
	}
	if (!o->db)
		return usage_error("--db must be given");
	return -1;
}

static int list(const struct intent_options *o)
{
	struct ledger *l = open_database(o->db, true);
	int rc;

	if (!l)
		return 1;
	rc = show_query(l, "SELECT r.iccid, o.name AS \"order\", r.line AS \"line#\", r.card,"
			" r.attempt AS \"attempt#\", r.request AS \"request#\", q.opened,"
			" q.state AS session, CASE q.verdict WHEN 2 THEN 'reject' WHEN 3 THEN 'retry'"
			" WHEN 4 THEN 'hold' END AS verdict, CASE q.disposition WHEN 3 THEN 'removed'"
			" END AS disposition FROM record r JOIN orders o ON o.id = r.orders"
			" LEFT JOIN request q ON q.id = r.request WHERE r.state = 'INTENT'"
			" ORDER BY r.id", NULL, o->json);
	ledger_close(l);
	return rc;
}

static int finish(struct ledger *l, enum ledger_status status)
{
	if (status != LEDGER_OK)
		fprintf(stderr, "casctl: %s\n", ledger_error(l));
	ledger_close(l);
	return status == LEDGER_OK ? 0 : 1;
}

static int release(const struct intent_options *o)
{
	struct ledger *l = open_database(o->db, false);
	enum ledger_status status;
	char state[8];

	if (!l)
		return 1;
	status = ledger_release(l, o->iccid, state);
	if (status == LEDGER_OK)
		printf("record %s is %s; its card is spoiled\n", o->iccid, state);
	return finish(l, status);
}

int cmd_intent(int argc, char **argv)
{
	struct intent_options o = { 0 };
	bool is_list = argc > 1 && !strcmp(argv[1], "list");
	int rc;

	if (!is_list && (argc < 2 || strcmp(argv[1], "free")))
		return usage_error("intent wants list or free");
	rc = options(argc, argv, is_list ? "dj" : "di", &o);
	if (rc >= 0)
		return rc;
	if (optind + 1 != argc || (!is_list && !o.iccid))
		return usage_error("intent wants list, or free and --iccid");
	return is_list ? list(&o) : release(&o);
}

static bool number(const char *text, uint64_t *ret)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	*ret = value;
	return !errno && !*end && *text >= '0' && *text <= '9';
}

int cmd_adopt(int argc, char **argv)
{
	struct intent_options o = { .lease = "0" };
	int rc = options(argc, argv, "dsenl", &o);
	uint64_t last, lease;
	struct ledger *l;

	if (rc >= 0)
		return rc;
	if (optind != argc || !o.station || !o.journal || !o.number)
		return usage_error("adopt wants --station, --journal and --number");
	if (!number(o.number, &last) || !number(o.lease, &lease))
		return usage_error("--number and --lease want a number");
	l = open_database(o.db, false);
	if (!l)
		return 1;
	return finish(l, ledger_adopt(l, o.station, o.journal, last, lease));
}
