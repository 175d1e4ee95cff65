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

static int step(const char *db, const char *order, enum order_step what)
{
	struct ledger *l = open_database(db, false);
	enum ledger_status status;
	char name[64];

	if (!l)
		return 1;
	status = ledger_order_step(l, order, what, who_am_i(name));
	if (status != LEDGER_OK)
		fprintf(stderr, "casctl: %s\n", ledger_error(l));
	ledger_close(l);
	return status == LEDGER_OK ? 0 : 1;
}

int cmd_order(int argc, char **argv)
{
	static const char *const steps[] = {
		[ORDER_RELEASE] = "release", [ORDER_HOLD] = "hold", [ORDER_GO_ON] = "go-on",
		[ORDER_CLOSE] = "close", [ORDER_WIPE] = "wipe",
	};
	struct show_options o = { 0 };
	const char *what = argc > 1 ? argv[1] : "";
	size_t i;
	int rc;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (!strcmp(what, steps[i]))
			break;
	if (i == sizeof(steps) / sizeof(steps[0]))
		return show_orders(argc, argv);
	rc = show_options(argc - 1, argv + 1, &o);
	if (rc >= 0)
		return rc;
	if (!o.order || o.json)
		return usage_error("order %s wants --db and --order", what);
	return step(o.db, o.order, (enum order_step)i);
}
