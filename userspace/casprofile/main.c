// SPDX-License-Identifier: GPL-2.0-only
/* Checks, tries and signs profiles. casctl profile calls it. */
#include <getopt.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "casd/application.h"
#include "casd/profile.h"
#include "dry.h"

static const char usage[] =
	"usage: casctl profile check [--key FILE] NAME.lua...\n"
	"       casctl profile run --dry [--key FILE] [--card FILE] [--record CSV]\n"
	"                          [--reference TEXT] [--parameters TEXT] NAME.lua\n"
	"       casctl profile sign --key FILE NAME.lua...\n"
	"\n"
	"  check  its syntax, names, methods and fields that nothing has, and with --key its signature\n"
	"  run    against a card that is a file of commands and answers; without --card one that\n"
	"         accepts everything. Prints the exchange, with the record's secrets masked, and the\n"
	"         verdict\n"
	"  sign   writes NAME.lua.sig, for casd --profile-key\n"
	"\n"
	"  --key FILE        Ed25519 in PEM: public, for sign private\n"
	"  --record CSV      its first row, in clear, is the record; else one is made up\n"
	"  --reference TEXT  of the card, --parameters TEXT of the request\n"
	"\n"
	"Exit status: 0 nothing is wrong, or the profile has a verdict; 1 else; 2 usage.\n";

/**
 * struct options - from the command line
 * @dry: given, since there is no other way to run one here
 * @key: file
 * @card: file
 * @record: file
 * @reference: of the card
 * @parameters: of the request
 */
struct options {
	bool dry;
	const char *key;
	const char *card;
	const char *record;
	const char *reference;
	const char *parameters;
};

/* DIRECTORY/NAME.lua; false if it is not that. */
static bool split(const char *path, char directory[4096], char name[64])
{
	const char *slash = strrchr(path, '/'), *file = slash ? slash + 1 : path;
	size_t len = strlen(file), n = slash ? (size_t)(slash - path) : 1;

	if (len < 5 || len - 4 >= 64 || strcmp(file + len - 4, ".lua") || n >= 4096)
		return false;
	memcpy(directory, slash ? path : ".", n);
	directory[n] = '\0';
	memcpy(name, file, len - 4);
	name[len - 4] = '\0';
	return true;
}

static int say(const char *path, const char *wrong)
{
	if (wrong)
		fprintf(stderr, "%s: %s\n", path, wrong);
	return wrong ? 1 : 0;
}

static int load(const struct options *o, const char *path, char name[64], char **text, size_t *len)
{
	char directory[4096];
	EVP_PKEY *key = NULL;
	const char *wrong = NULL;

	*text = NULL;
	if (!split(path, directory, name))
		return say(path, "a profile is a file NAME.lua");
	if (o->key)
		wrong = profile_key(o->key, &key);
	if (!wrong)
		wrong = profile_load(directory, name, key, text, len);
	EVP_PKEY_free(key);
	return say(path, wrong);
}

static int check(const struct options *o, const char *path)
{
	lua_State *L = luaL_newstate();
	char name[64], *text;
	size_t len;
	int rc = L ? load(o, path, name, &text, &len) : 1;

	if (!rc) {
		/* Text only, as casd takes it; the message has the line. */
		lua_pushfstring(L, "@%s", path);
		rc = luaL_loadbufferx(L, text, len, lua_tostring(L, -1), "t") != LUA_OK;
		if (rc)
			fprintf(stderr, "%s\n", lua_tostring(L, -1));
		else
			rc = names_check(path, text, len) + members_check(path, text, len) > 0;
		free(text);
	}
	if (L)
		lua_close(L);
	return rc;
}

static int sign(const struct options *o, const char *path)
{
	char directory[4096], name[64];

	if (!split(path, directory, name))
		return say(path, "a profile is a file NAME.lua");
	return say(path, profile_sign(directory, name, o->key));
}

static int run(const struct options *o, const char *path)
{
	static struct casd casd = { .transport = "transport" };
	static struct station station = { .casd = &casd };
	static struct session s = { .station = &station };
	int rc = load(o, path, s.req.application, &s.source, &s.source_len);

	if (rc)
		return rc;
	snprintf(s.req.reference, sizeof(s.req.reference), "%s", o->reference);
	s.parameters_len = strnlen(o->parameters, sizeof(s.parameters));
	memcpy(s.parameters, o->parameters, s.parameters_len);
	rc = card_open(o->card) && record_open(o->record) ? dry_run(&s) : 1;
	card_close();
	free(s.source);
	return rc;
}

/* Return: -1 to go on, else the exit status. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option names[] = {
		{ "dry", no_argument, NULL, 'd' },
		{ "key", required_argument, NULL, 'k' },
		{ "card", required_argument, NULL, 'c' },
		{ "record", required_argument, NULL, 'r' },
		{ "reference", required_argument, NULL, 'R' },
		{ "parameters", required_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (c) {
		case 'd':
			o->dry = true;
			break;
		case 'k':
			o->key = optarg;
			break;
		case 'c':
			o->card = optarg;
			break;
		case 'r':
			o->record = optarg;
			break;
		case 'R':
			o->reference = optarg;
			break;
		case 'p':
			o->parameters = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			return 2;
		}
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct options o = { .reference = "", .parameters = "" };
	int rc = parse(argc, argv, &o), count;
	const char *what;

	if (rc >= 0)
		return rc;
	what = optind < argc ? argv[optind] : "";
	count = argc - optind - 1;
	rc = 0;
	if (!strcmp(what, "run") && o.dry && count == 1)
		return run(&o, argv[optind + 1]);
	if (count < 1 || (strcmp(what, "check") && (strcmp(what, "sign") || !o.key))) {
		fputs(usage, stderr);
		return 2;
	}
	for (int i = optind + 1; i < argc; i++)
		rc |= *what == 'c' ? check(&o, argv[i]) : sign(&o, argv[i]);
	return rc;
}
