// SPDX-License-Identifier: GPL-2.0-only
/* ledger show, export and verify. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
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
	rc = show_query(l, "SELECT node AS chain, seq AS \"seq#\", time, kind, body,"
			" lower(hex(hash)) AS hash FROM ledger ORDER BY node, seq", NULL,
			o->format);
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

/**
 * struct verified - what came out
 * @chains: that there are
 * @entries: that are right, of each
 * @head: hash of its last one
 * @total: entries of all
 * @heads: that were kept
 * @wrong: what is wrong, or NULL
 */
struct verified {
	struct ledger_chains chains;
	uint64_t entries[LEDGER_CHAINS];
	char head[LEDGER_CHAINS][65];
	unsigned long long total;
	unsigned int heads;
	const char *wrong;
};

static void verify_chains(const struct ledger_options *o, struct ledger *l, struct verified *v)
{
	bool expected = !o->head;

	if (ledger_chains(l, &v->chains) != LEDGER_OK) {
		v->wrong = ledger_error(l);
		return;
	}
	/* An empty ledger is one chain without entries. */
	if (!v->chains.count)
		v->chains.name[v->chains.count++][0] = '\0';
	for (unsigned int i = 0; i < v->chains.count && !v->wrong; i++) {
		if (ledger_verify(l, v->chains.name[i], &v->entries[i], v->head[i]) != LEDGER_OK)
			v->wrong = ledger_error(l);
		v->total += v->entries[i];
		expected |= o->head && !strcasecmp(o->head, v->head[i]);
	}
	if (!v->wrong && !expected)
		v->wrong = "ledger: the last entry is not the one expected";
	if (!v->wrong)
		v->wrong = check_heads(o, l, &v->heads);
}

static void print_text(const struct verified *v, bool heads)
{
	if (v->wrong) {
		fprintf(stderr, "casctl: %s (%llu entries before it are right)\n", v->wrong,
			v->total);
		return;
	}
	for (unsigned int i = 0; i < v->chains.count; i++)
		printf("%sledger%s%s: %llu entries, head %s", i ? "\n" : "",
		       *v->chains.name[i] ? " " : "", v->chains.name[i],
		       (unsigned long long)v->entries[i], v->head[i]);
	if (heads)
		printf(", %u heads kept", v->heads);
	putchar('\n');
}

static void print_json(const struct verified *v)
{
	bool one = v->chains.count <= 1;

	printf("{\"valid\":%s,\"entries\":%llu,\"head\":\"%s\",\"heads\":%u,\"error\":\"%s\"",
	       v->wrong ? "false" : "true", v->total, one ? v->head[0] : "", v->heads,
	       v->wrong ? v->wrong : "");
	for (unsigned int i = 0; i < v->chains.count && *v->chains.name[i]; i++)
		printf("%s{\"chain\":\"%s\",\"entries\":%llu,\"head\":\"%s\"}",
		       i ? "," : ",\"chains\":[", v->chains.name[i],
		       (unsigned long long)v->entries[i], v->head[i]);
	puts(v->chains.count && *v->chains.name[v->chains.count - 1] ? "]}" : "}");
}

static int verify(const struct ledger_options *o)
{
	struct ledger *l = open_database(o->db, true);
	struct verified *v = calloc(1, sizeof(*v));
	int rc = 1;

	if (l && v) {
		verify_chains(o, l, v);
		if (o->format == SHOW_JSON)
			print_json(v);
		else
			print_text(v, o->heads);
		rc = v->wrong ? 1 : 0;
	}
	free(v);
	ledger_close(l);
	return rc;
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
