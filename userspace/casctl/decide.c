// SPDX-License-Identifier: GPL-2.0-only
/* role: who may do what. decide: two people about what no station can settle. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "casctl.h"

/**
 * struct decide_options - of both commands
 * @db: database
 * @format: of what is printed
 * @iccid: of the record
 * @outcome: that is asked for
 * @person: whose role
 * @role: that one gets
 */
struct decide_options {
	const char *db;
	enum show_format format;
	const char *iccid;
	const char *outcome;
	const char *person;
	const char *role;
};

/* -1 to go on, else the exit status. */
static int parse(int argc, char **argv, struct decide_options *o)
{
	static const struct option names[] = {
		{ "db", required_argument, NULL, 'd' },
		{ "json", no_argument, NULL, 'j' },
		{ "iccid", required_argument, NULL, 'i' },
		{ "outcome", required_argument, NULL, 'o' },
		{ "person", required_argument, NULL, 'p' },
		{ "role", required_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (c) {
		case 'd':
			o->db = optarg;
			break;
		case 'j':
			o->format = SHOW_JSON;
			break;
		case 'i':
			o->iccid = optarg;
			break;
		case 'o':
			o->outcome = optarg;
			break;
		case 'p':
			o->person = optarg;
			break;
		case 'r':
			o->role = optarg;
			break;
		default:
			return EXIT_USAGE;
		}
	}
	if (!o->db || optind + 1 != argc)
		return usage_error("one command and --db must be given");
	return -1;
}

static int list(const struct decide_options *o, const char *sql)
{
	struct ledger *l = open_database(o->db, true);
	int rc;

	if (!l)
		return 1;
	rc = show_query(l, sql, NULL, o->format);
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

int cmd_role(int argc, char **argv)
{
	struct decide_options o = { 0 };
	int rc = parse(argc, argv, &o);
	struct ledger *l;
	char by[64];

	if (rc >= 0)
		return rc;
	if (!strcmp(argv[optind], "list"))
		return list(&o, "SELECT person, role FROM role ORDER BY person");
	if (strcmp(argv[optind], "set") || !o.person || !o.role)
		return usage_error("role wants list, or set with --person and --role");
	l = open_database(o.db, false);
	if (!l)
		return 1;
	return finish(l, ledger_role_set(l, o.person, strcmp(o.role, "none") ? o.role : NULL,
					 who_am_i(by)));
}

int cmd_decide(int argc, char **argv)
{
	struct decide_options o = { 0 };
	int rc = parse(argc, argv, &o);
	const char *what;
	struct ledger *l;
	bool ask;
	char by[64];

	if (rc >= 0)
		return rc;
	what = argv[optind];
	if (!strcmp(what, "list"))
		return list(&o, "SELECT r.iccid, o.name AS \"order\", r.state, r.card, d.outcome,"
			    " d.asked_by FROM record r JOIN orders o ON o.id = r.orders"
			    " LEFT JOIN decision d ON d.record = r.id AND d.state = 'asked'"
			    " WHERE r.state = 'DOUBT' OR d.id IS NOT NULL ORDER BY r.id");
	ask = !strcmp(what, "ask");
	if ((!ask && strcmp(what, "grant") && strcmp(what, "refuse")) || !o.iccid ||
	    ask != !!o.outcome)
		return usage_error("decide wants list, or ask, grant, refuse and --iccid");
	l = open_database(o.db, false);
	if (!l)
		return 1;
	return finish(l, ask ? ledger_decision_ask(l, o.iccid, o.outcome, who_am_i(by)) :
			       ledger_decision_grant(l, o.iccid, *what == 'g', who_am_i(by)));
}
