// SPDX-License-Identifier: GPL-2.0-only
/* The CAS's command line: picks the command. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "casctl.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "import", cmd_import,
	  "import --db FILE --order NAME --pin-file FILE [--spoiled void|free] [--test]\n"
	  "          [--needs-release] [--data NAME] [--module FILE] [--label NAME]\n"
	  "          [--station UUID]... [--initial-key NAME] [--security none|encrypted]\n"
	  "          [--cards N] [--cards-per-day N] [--stop-after N] [--retries N]\n"
	  "          [--choose next|chip|reference] [--mapping FILE] [--progress] CSV\n"
	  "                                          import an order, all rows or none; --data: key\n"
	  "                                          in the token for sealed columns (default: data);\n"
	  "                                          --test: secrets may be in clear" },
	{ "status", cmd_status,
	  "status --db FILE [--json]                 records by state, cards, sessions" },
	{ "order", cmd_order,
	  "order --db FILE [--json]                  orders and how far they are"
	  "\n  casctl order release|hold|go-on|close --db FILE --order NAME"
	  "\n  casctl order check --db FILE --order NAME --pin-file FILE [--transport NAME]"
	  "\n  casctl order wipe --db FILE --order NAME --pin-file FILE [--module FILE]"
	  "\n          [--label NAME]" },
	{ "records", cmd_records,
	  "records --db FILE [--order NAME] [--json] records with state and card, no secrets" },
	{ "intent", cmd_intent,
	  "intent list --db FILE [--json]            records that wait for their card\n"
	  "  casctl intent free --db FILE --iccid N    take one back: its card will not come" },
	{ "role", cmd_role,
	  "role list|set --db FILE [--person NAME --role operator|officer|none]" },
	{ "decide", cmd_decide,
	  "decide list --db FILE [--json]            records in doubt, and what was asked for\n"
	  "  casctl decide ask --db FILE --iccid N --outcome good|void|free|reprint\n"
	  "  casctl decide grant|refuse --db FILE --iccid N" },
	{ "adopt", cmd_adopt,
	  "adopt --db FILE --station HEX --journal HEX --number N [--lease N]\n"
	  "                                          take over a station of another database,\n"
	  "                                          which committed its dispositions up to N;\n"
	  "                                          --lease: the highest that it saw" },
	{ "sessions", cmd_sessions,
	  "sessions --db FILE [--json]               sessions with verdict and disposition" },
	{ "ledger", cmd_ledger,
	  "ledger show --db FILE [--json]            its entries\n"
	  "  casctl ledger export --db FILE --csv|--json\n"
	  "  casctl ledger verify --db FILE [--json] [--expect-head HASH]\n"
	  "          [--heads FILE [--public FILE]]" },
	{ "reconcile", cmd_reconcile,
	  "reconcile --db FILE [--by order|batch|station|day] [--order NAME] [--from TIME]\n"
	  "          [--to TIME] [--json|--csv]      what became of the cards" },
	{ "response", cmd_response,
	  "response --db FILE --order NAME [--json|--csv]\n"
	  "                                          what became of each record, for the bureau" },
	{ "station", cmd_station,
	  "station ORDER --socket PATH [--station ADDRESS:PORT] [--lane N] [--reason TEXT]\n"
	  "                                          hold, go-on, stop, start or inventory, by the\n"
	  "                                          socket of casd --control" },
	{ "profile", cmd_profile,
	  "profile check|run|sign [...]              profiles; see casctl profile --help" },
	{ "key", cmd_key,
	  "key init|import|component|list [...]      the token; see casctl key --help" },
};

static void help(FILE *f)
{
	fputs("usage: casctl COMMAND [options]\n\n", f);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(f, "  casctl %s\n", commands[i].help);
	fputs("\nExit status: 0 done, 1 failure, 2 usage.\n", f);
}

int usage_error(const char *format, ...)
{
	va_list ap;

	fputs("casctl: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputs("; see casctl --help\n", stderr);
	return EXIT_USAGE;
}

struct ledger *open_database(const char *path, bool readonly)
{
	char error[256];
	struct ledger *l = ledger_open(path, readonly, error, sizeof(error));

	if (!l)
		fprintf(stderr, "casctl: %s\n", error);
	return l;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		help(stderr);
		return EXIT_USAGE;
	}
	/* key and profile have a help of their own. */
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help") ||
	    (argc > 2 && !strcmp(argv[2], "--help") && strcmp(argv[1], "key") &&
	     strcmp(argv[1], "profile"))) {
		help(stdout);
		return 0;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	return usage_error("no command \"%s\"", argv[1]);
}
