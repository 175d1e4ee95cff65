// SPDX-License-Identifier: GPL-2.0-only
/*
 * reconcile: every card that took a record is good, waste, in doubt, returned to come again, or
 * still open; by order, batch, station or day, and between two times for a shift. response: what
 * became of each record of an order.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "casctl.h"

/* What a card was last in: a request, and the record that it was about. */
#define CARDS								\
	"WITH cards AS (SELECT c.state, o.name AS \"order\", q.station,"		\
	" substr(q.opened, 1, 10) AS day, CASE WHEN q.reference LIKE '%%-%%'"	\
	" THEN rtrim(rtrim(q.reference, '0123456789'), '-')"			\
	" ELSE q.reference END AS batch,"					\
	" r.state = 'DOUBT' AND r.card = c.identity AS doubt, q.disposition = 3 AS removed"	\
	" FROM card c JOIN request q ON q.id = c.request JOIN record r ON r.id = q.record"	\
	" JOIN orders o ON o.id = r.orders WHERE q.opened >= '%s' AND q.opened < '%s'%s)"
#define SUMS								\
	" SELECT %s, count(*) AS \"cards#\","					\
	" count(*) FILTER(WHERE state = 'good') AS \"good#\","			\
	" count(*) FILTER(WHERE state = 'spoiled' AND NOT doubt) AS \"waste#\","	\
	" count(*) FILTER(WHERE doubt) AS \"doubt#\","				\
	" count(*) FILTER(WHERE state = 'open' AND NOT doubt AND removed IS TRUE)"	\
	" AS \"returned#\","							\
	" count(*) FILTER(WHERE state = 'open' AND NOT doubt AND removed IS NOT TRUE)"	\
	" AS \"open#\""								\
	" FROM cards GROUP BY %s ORDER BY %s"

/**
 * struct reconcile_options - from the command line
 * @show: database, order, format
 * @by: column that cards are counted by
 * @from: first time
 * @to: time after the last one
 */
struct reconcile_options {
	struct show_options show;
	const char *by;
	const char *from;
	const char *to;
};

/* ISO 8601, as the database has it: only what can be in one gets into the query. */
static bool is_time(const char *text)
{
	return *text && strlen(text) <= 19 && !text[strspn(text, "0123456789-: ")];
}

static const char *column(const char *by)
{
	static const char *const names[][2] = {
		{ "order", "\"order\"" }, { "batch", "batch" }, { "station", "station" },
		{ "day", "day" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(by, names[i][0]))
			return names[i][1];
	return NULL;
}

/* -1 to go on, else the exit status. */
static int parse(int argc, char **argv, struct reconcile_options *o)
{
	static const struct option names[] = {
		{ "db", required_argument, NULL, 'd' },
		{ "order", required_argument, NULL, 'o' },
		{ "by", required_argument, NULL, 'b' },
		{ "from", required_argument, NULL, 'f' },
		{ "to", required_argument, NULL, 't' },
		{ "json", no_argument, NULL, 'j' },
		{ "csv", no_argument, NULL, 'c' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (c) {
		case 'd':
			o->show.db = optarg;
			break;
		case 'o':
			o->show.order = optarg;
			break;
		case 'b':
			o->by = column(optarg);
			break;
		case 'f':
			o->from = optarg;
			break;
		case 't':
			o->to = optarg;
			break;
		case 'j':
			o->show.format = SHOW_JSON;
			break;
		case 'c':
			o->show.format = SHOW_CSV;
			break;
		default:
			return EXIT_USAGE;
		}
	}
	if (!o->show.db || optind != argc)
		return usage_error("reconcile wants --db");
	if (!o->by)
		return usage_error("--by is order, batch, station or day");
	if (!is_time(o->from) || !is_time(o->to))
		return usage_error("a time is like 2026-11-26 14:00:00, UTC");
	return -1;
}

int cmd_reconcile(int argc, char **argv)
{
	struct reconcile_options o = { .by = "\"order\"", .from = "0", .to = "9999" };
	char sql[sizeof(CARDS) + sizeof(SUMS) + 128];
	int rc = parse(argc, argv, &o);
	struct ledger *l;

	if (rc >= 0)
		return rc;
	l = open_database(o.show.db, true);
	if (!l)
		return 1;
	snprintf(sql, sizeof(sql), CARDS SUMS, o.from, o.to,
		 o.show.order ? " AND o.name = ?" : "", o.by, o.by, o.by);
	rc = show_query(l, sql, o.show.order, o.show.format);
	ledger_close(l);
	return rc;
}

int cmd_response(int argc, char **argv)
{
	struct show_options o = { 0 };
	struct ledger *l;
	int rc = show_options(argc, argv, &o);

	if (rc >= 0)
		return rc;
	if (!o.order)
		return usage_error("response wants --order");
	l = open_database(o.db, true);
	if (!l)
		return 1;
	rc = show_query(l,
			"SELECT r.line AS \"line#\", r.iccid, CASE r.state WHEN 'DELIVERED' THEN 'good'"
			" WHEN 'VOID' THEN 'waste' WHEN 'DOUBT' THEN 'doubt' WHEN 'FREE' THEN 'unused'"
			" ELSE 'open' END AS outcome, r.attempt AS \"attempts#\", r.card, q.station,"
			" q.reference, q.opened AS time, q.information"
			" FROM record r JOIN orders o ON o.id = r.orders"
			" LEFT JOIN request q ON q.id = r.request WHERE o.name = ? ORDER BY r.line",
			o.order, o.format);
	ledger_close(l);
	return rc;
}
