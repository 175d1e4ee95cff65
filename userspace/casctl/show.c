// SPDX-License-Identifier: GPL-2.0-only
/* status, order, records, sessions: what the database has, without secrets. */
#include "casctl.h"

static int show(int argc, char **argv, const char *all, const char *one)
{
	struct show_options o = { 0 };
	struct ledger *l;
	int rc = show_options(argc, argv, &o);

	if (rc >= 0)
		return rc;
	if (o.order && !one)
		return usage_error("--order has no meaning here");
	l = open_database(o.db, true);
	if (!l)
		return 1;
	rc = show_query(l, o.order ? one : all, o.order, o.format);
	ledger_close(l);
	return rc;
}

int cmd_status(int argc, char **argv)
{
	return show(argc, argv,
		    "SELECT 'record' AS what, state, count(*) AS \"count#\" FROM record GROUP BY state"
		    " UNION ALL SELECT 'card', state, count(*) FROM card GROUP BY state"
		    " UNION ALL SELECT 'session', state, count(*) FROM request GROUP BY state",
		    NULL);
}

int show_orders(int argc, char **argv)
{
	return show(argc, argv,
		    "SELECT o.name AS \"order\", o.state, o.rows AS \"rows#\","
		    " count(*) FILTER(WHERE r.state = 'FREE') AS \"free#\","
		    " count(*) FILTER(WHERE r.state IN('INTENT','ISSUED')) AS \"open#\","
		    " count(*) FILTER(WHERE r.state = 'DELIVERED') AS \"delivered#\","
		    " count(*) FILTER(WHERE r.state = 'VOID') AS \"void#\","
		    " count(*) FILTER(WHERE r.state = 'DOUBT') AS \"doubt#\","
		    " o.tried AS \"cards#\", o.failures AS \"failures#\""
		    " FROM orders o LEFT JOIN record r ON r.orders = o.id GROUP BY o.id", NULL);
}

#define RECORDS								\
	"SELECT o.name AS \"order\", r.line AS \"line#\", r.iccid, r.state,"	\
	" r.attempt AS \"attempt#\", r.card, r.request AS \"request#\""		\
	" FROM record r JOIN orders o ON o.id = r.orders "

int cmd_records(int argc, char **argv)
{
	return show(argc, argv, RECORDS "ORDER BY r.id", RECORDS "WHERE o.name = ? ORDER BY r.id");
}

int cmd_sessions(int argc, char **argv)
{
	return show(argc, argv,
		    "SELECT id AS \"request#\", opened, coupler AS \"coupler#\", application, reference,"
		    " state, CASE verdict WHEN 1 THEN 'good' WHEN 2 THEN 'reject' WHEN 3 THEN 'retry'"
		    " WHEN 4 THEN 'hold' END AS verdict, CASE disposition WHEN 1 THEN 'good'"
		    " WHEN 2 THEN 'rejected' WHEN 3 THEN 'removed' WHEN 4 THEN 'unknown' END"
		    " AS disposition, reason FROM request ORDER BY id", NULL);
}
