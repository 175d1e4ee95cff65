// SPDX-License-Identifier: GPL-2.0-only
/* order release, hold, go-on, close, wipe: steps of an order's life, by the user who runs this. */
#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "casctl.h"

const char *who_am_i(char name[64])
{
	const struct passwd *pw = getpwuid(getuid());

	if (pw)
		snprintf(name, 64, "%s", pw->pw_name);
	else
		snprintf(name, 64, "uid %u", (unsigned int)getuid());
	return name;
}

/**
 * struct step_options - from the command line
 * @db: database
 * @order: name
 * @token: that has the order's key, for check and wipe
 * @transport: key in it that the records' keys are wrapped under, for check
 */
struct step_options {
	const char *db;
	const char *order;
	struct token_options token;
	const char *transport;
};

static int step(const struct step_options *o, enum order_step what)
{
	struct ledger *l = open_database(o->db, false);
	struct token *token = NULL;
	enum ledger_status status;
	char name[64];

	if (!l)
		return 1;
	if (what == ORDER_WIPE || what == ORDER_CHECK) {
		token = open_token(&o->token);
		if (!token) {
			ledger_close(l);
			return 1;
		}
	}
	if (what == ORDER_WIPE) {
		status = ledger_order_wipe(l, o->order, who_am_i(name), orderkey_destroy, token);
	} else if (what == ORDER_CHECK) {
		struct orderkey_check check = { token, o->transport };

		status = ledger_order_check(l, o->order, who_am_i(name), orderkey_try, &check);
	} else {
		status = ledger_order_step(l, o->order, what, who_am_i(name));
	}
	if (status != LEDGER_OK)
		fprintf(stderr, "casctl: %s\n", ledger_error(l));
	token_close(token);
	ledger_close(l);
	return status == LEDGER_OK ? 0 : 1;
}

/* Return: -1 to go on, else the exit status. */
static int parse(int argc, char **argv, struct step_options *o)
{
	static const struct option names[] = {
		{ "db", required_argument, NULL, 'd' },
		{ "order", required_argument, NULL, 'o' },
		{ "module", required_argument, NULL, 'm' },
		{ "label", required_argument, NULL, 'l' },
		{ "pin-file", required_argument, NULL, 'p' },
		{ "transport", required_argument, NULL, 't' },
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
		case 'm':
			o->token.module = optarg;
			break;
		case 'l':
			o->token.label = optarg;
			break;
		case 'p':
			o->token.pin_file = optarg;
			break;
		case 't':
			o->transport = optarg;
			break;
		default:
			return EXIT_USAGE;
		}
	}
	return -1;
}

int cmd_order(int argc, char **argv)
{
	static const char *const steps[] = {
		[ORDER_CHECK] = "check", [ORDER_RELEASE] = "release", [ORDER_HOLD] = "hold",
		[ORDER_GO_ON] = "go-on", [ORDER_CLOSE] = "close", [ORDER_WIPE] = "wipe",
	};
	struct step_options o = {
		.token = { .module = MODULE, .label = "cards" }, .transport = "transport",
	};
	const char *what = argc > 1 ? argv[1] : "";
	size_t i;
	int rc;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (!strcmp(what, steps[i]))
			break;
	if (i == sizeof(steps) / sizeof(steps[0]))
		return show_orders(argc, argv);
	rc = parse(argc - 1, argv + 1, &o);
	if (rc >= 0)
		return rc;
	if (!o.db || !o.order || optind + 1 != argc)
		return usage_error("order %s wants --db and --order", what);
	if ((i == ORDER_WIPE || i == ORDER_CHECK) && !o.token.pin_file)
		return usage_error("the order's key is in the token: --pin-file");
	return step(&o, (enum order_step)i);
}
