// SPDX-License-Identifier: GPL-2.0-only
/* ledger show, export and verify. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "casctl.h"
#include "libgp/hex.h"

/**
 * struct ledger_options - of all three
 * @db: database
 * @format: of what is printed
 * @head: hash that the last entry must have, NULL if any
 * @heads: file of heads that were kept, or NULL
 * @public: file with the public key that signed them, or NULL
 */
struct ledger_options {
	const char *db;
	enum show_format format;
	const char *head;
	const char *heads;
	const char *public;
};

static int show(const struct ledger_options *o)
{
	struct ledger *l = open_database(o->db, true);
	int rc;

	if (!l)
		return 1;
	rc = show_query(l, "SELECT seq AS \"seq#\", time, kind, body, lower(hex(hash)) AS hash"
			" FROM ledger ORDER BY seq", NULL, o->format);
	ledger_close(l);
	return rc;
}

/* 130 hexadecimal digits, as casctl key public prints them. */
static const char *read_point(const char *path, uint8_t point[TOKEN_POINT])
{
	char line[2 * TOKEN_POINT + 3] = "";
	FILE *f = fopen(path, "re");
	bool ok;

	if (!f)
		return "the public key cannot be read";
	ok = fgets(line, sizeof(line), f) &&
	     hex_decode(line, strcspn(line, "\r\n"), point, TOKEN_POINT) == TOKEN_POINT;
	fclose(f);
	return ok ? NULL : "a public key has 130 hexadecimal digits";
}

/* The heads that were kept. NULL, or what is wrong. */
static const char *check_heads(const struct ledger_options *o, struct ledger *l,
			       unsigned int *count)
{
	const char *wrong = NULL;
	uint8_t point[TOKEN_POINT];
	FILE *f;

	*count = 0;
	if (!o->heads)
		return NULL;
	if (o->public)
		wrong = read_point(o->public, point);
	if (wrong)
		return wrong;
	f = fopen(o->heads, "re");
	if (!f)
		return strerror(errno);
	if (ledger_verify_heads(l, f, o->public ? point : NULL, count) != LEDGER_OK)
		wrong = ledger_error(l);
	fclose(f);
	return wrong;
}

static int verify(const struct ledger_options *o)
{
	struct ledger *l = open_database(o->db, true);
	enum ledger_status status;
	unsigned long long n;
	unsigned int heads = 0;
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
	} else {
		wrong = check_heads(o, l, &heads);
		status = wrong ? LEDGER_REFUSED : LEDGER_OK;
		wrong = wrong ? wrong : "";
	}
	if (o->format == SHOW_JSON)
		printf("{\"valid\":%s,\"entries\":%llu,\"head\":\"%s\",\"heads\":%u,"
		       "\"error\":\"%s\"}\n",
		       status == LEDGER_OK ? "true" : "false", n, head, heads, wrong);
	else if (status == LEDGER_OK && o->heads)
		printf("ledger: %llu entries, head %s, %u heads kept\n", n, head, heads);
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
		{ "csv", no_argument, NULL, 'c' },
		{ "expect-head", required_argument, NULL, 'e' },
		{ "heads", required_argument, NULL, 'h' },
		{ "public", required_argument, NULL, 'p' },
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
			o.format = SHOW_JSON;
			break;
		case 'c':
			o.format = SHOW_CSV;
			break;
		case 'h':
			o.heads = optarg;
			break;
		case 'p':
			o.public = optarg;
			break;
		case 'e':
			o.head = optarg;
			break;
		default:
			return EXIT_USAGE;
		}
	}
	if (!o.db || optind + 1 != argc)
		return usage_error("ledger wants show, export or verify, and --db");
	if (!strcmp(argv[optind], "show"))
		return show(&o);
	if (!strcmp(argv[optind], "export") && o.format != SHOW_TABLE)
		return show(&o);
	if (!strcmp(argv[optind], "verify"))
		return verify(&o);
	return usage_error("ledger wants show, verify, or export and --csv or --json");
}
