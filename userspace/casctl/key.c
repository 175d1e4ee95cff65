// SPDX-License-Identifier: GPL-2.0-only
/* key: makes the token, puts keys in, lists them. Key bytes come from a file, never from argv. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "casctl.h"
#include "libgp/aes.h"
#include "libgp/hex.h"
#include "libgp/publickey.h"

static const char usage[] =
	"usage: casctl key init --pin-file FILE [--so-pin-file FILE] [--import FILE] [options]\n"
	"       casctl key import --pin-file FILE --name NAME --use USE FILE\n"
	"       casctl key component --pin-file FILE --db DB --name NAME --use USE --components N FILE\n"
	"       casctl key drop --pin-file FILE --db DB --name NAME\n"
	"       casctl key signer|public --pin-file FILE --name NAME\n"
	"       casctl key list --pin-file FILE [--json]\n"
	"\n"
	"  init    makes the token and sets its PINs (--so-pin-file: default as --pin-file)\n"
	"  import  puts one key in: 32, 48 or 64 hexadecimal digits in FILE (-: standard input);\n"
	"          USE is master, master-3des, transport or data. A master key only if all know it\n"
	"  component  the same in N components of as many people, each of whom runs this; the last one\n"
	"          makes the key, which is all of them by exclusive or. Check values are printed\n"
	"  drop    forgets the components that are there: one was wrong\n"
	"  signer  makes a key pair that signs the heads of the ledger\n"
	"  public  prints its public key, a point of P-256 in hexadecimal\n"
	"  list    names, lengths and check values of the keys in the token\n"
	"\n"
	"  --module FILE   PKCS#11 module (default: " MODULE ")\n"
	"  --label NAME    of the token, or a PKCS#11 URI (default: cards)\n"
	"  --pin-file FILE PIN: a file, fd:N, or credential:NAME of systemd\n"
	"  --import FILE   init: keys to put in as import does, a line each: NAME USE HEX\n"
	"                  (- is standard input; --import-test-keys is the same)\n"
	"\n"
	"A master key can only derive card keys, a transport key can only unwrap keys, a data key can\n"
	"only unseal what a bureau sealed. All are for AES but the master key that is master-3des. None\n"
	"can be read again. Clear keys are for tests and for components that were combined.\n";

/**
 * struct key_options - from the command line
 * @token: where it is
 * @so_pin_file: where the security officer's PIN is
 * @import: file with keys
 * @name: of the key
 * @use: what it is for
 * @db: database, for components
 * @components: that the key comes in, 0 for the key itself
 * @json: machine-readable
 * @arg: the argument that is no option
 */
struct key_options {
	struct token_options token;
	const char *so_pin_file;
	const char *import;
	const char *name;
	const char *use;
	const char *db;
	unsigned int components;
	bool json;
	const char *arg;
};

static int fail(const char *text)
{
	fprintf(stderr, "casctl: %s\n", text);
	return 1;
}

static FILE *open_input(const char *path)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;

	if (!f)
		fprintf(stderr, "casctl: %s: %s\n", path, strerror(errno));
	else
		setvbuf(f, NULL, _IONBF, 0);	/* no copy of the key in a buffer of stdio */
	return f;
}

static const char *const uses[] = {
	[TOKEN_MASTER] = "master", [TOKEN_MASTER_DES] = "master-3des",
	[TOKEN_TRANSPORT] = "transport", [TOKEN_DATA] = "data",
};

static bool find_use(const char *name, enum token_use *use)
{
	for (unsigned int i = 0; i <= TOKEN_DATA; i++) {
		if (!strcmp(name, uses[i])) {
			*use = (enum token_use)i;
			return true;
		}
	}
	fail("a key is for master, master-3des, transport or data");
	return false;
}

/* One who knows a master key can make any card's: only what everybody knows comes in whole. */
static bool may_be_whole(const char *use, const uint8_t *key, size_t len)
{
	uint8_t kcv[3];

	if (strncmp(use, "master", 6))
		return true;
	return !gp_aes_kcv_of(key, len, kcv) && gp_kcv_is_public(kcv);
}

static int put_bytes(struct token *t, const char *name, const char *text, const uint8_t *key,
		     size_t len)
{
	enum token_use use;

	if (!find_use(text, &use))
		return 1;
	if (!may_be_whole(text, key, len))
		return fail("a master key comes in components, of several people");
	return token_import(t, name, use, key, len) ? fail(token_error(t)) : 0;
}

static int put_key(struct token *t, const char *name, const char *use, const char *hex)
{
	uint8_t key[32];
	ssize_t n = hex_decode(hex, strlen(hex), key, sizeof(key));
	int rc;

	if (n < 0)
		return fail("a key is given in hexadecimal digits");
	rc = put_bytes(t, name, use, key, (size_t)n);
	explicit_bzero(key, sizeof(key));
	return rc;
}

static int import_file(struct token *t, const char *path)
{
	FILE *f = open_input(path);
	char line[160], name[65], use[16], hex[65];
	int rc = f ? 0 : 1;

	while (!rc && fgets(line, sizeof(line), f)) {
		if (line[strspn(line, " \t\r\n")] == '\0' || *line == '#')
			continue;
		if (sscanf(line, "%64s %15s %64s", name, use, hex) != 3)
			rc = fail("a line of keys is NAME master|master-3des|transport|data HEX");
		else
			rc = put_key(t, name, use, hex);
	}
	explicit_bzero(line, sizeof(line));
	explicit_bzero(hex, sizeof(hex));
	if (f && f != stdin)
		fclose(f);
	return rc;
}

static int make_token(const struct key_options *o)
{
	struct token_pin pin, so_pin;
	const char *wrong = token_pin_read(o->token.pin_file, &pin);
	char error[256];

	so_pin = pin;
	if (!wrong && o->so_pin_file)
		wrong = token_pin_read(o->so_pin_file, &so_pin);
	if (!wrong)
		wrong = token_init(o->token.module, o->token.label, &so_pin, &pin, error,
				   sizeof(error));
	explicit_bzero(&pin, sizeof(pin));
	explicit_bzero(&so_pin, sizeof(so_pin));
	return wrong ? fail(wrong) : 0;
}

static int key_init(const struct key_options *o)
{
	struct token *t;
	int rc = make_token(o);

	if (rc)
		return rc;
	/* Opening it tests every operation that the CAS needs of it. */
	t = open_token(&o->token);
	if (!t)
		return 1;
	if (o->import)
		rc = import_file(t, o->import);
	token_close(t);
	if (!rc)
		printf("token %s is ready\n", o->token.label);
	return rc;
}

/* One line of hexadecimal digits; -1 if it is none. */
static ssize_t read_key(FILE *f, uint8_t key[32])
{
	char hex[80] = "";
	ssize_t n = -1;

	if (fgets(hex, sizeof(hex), f))
		n = hex_decode(hex, strcspn(hex, "\r\n"), key, 32);
	explicit_bzero(hex, sizeof(hex));
	return n;
}

/* What the token says of it: it knows the cipher. */
static int print_kcv(struct token *t, const char *name)
{
	uint8_t kcv[3];
	token_key key;

	if (token_find(t, name, &key) || token_kcv(t, key, kcv))
		return fail(token_error(t));
	printf("%s  KCV %02X%02X%02X\n", name, kcv[0], kcv[1], kcv[2]);
	return 0;
}

static int import_whole(const struct key_options *o, const uint8_t *key, size_t len)
{
	struct token *t;
	int rc;

	t = open_token(&o->token);
	if (!t)
		return 1;
	rc = put_bytes(t, o->name, o->use, key, len);
	if (!rc)
		rc = print_kcv(t, o->name);
	token_close(t);
	return rc;
}

static int import_component(const struct key_options *o, const uint8_t *part, size_t len)
{
	struct key_component k = {
		.name = o->name, .use_name = o->use, .parts = o->components, .part = part,
		.len = len,
	};
	struct token *t;
	struct ledger *l;
	int rc = 1;

	if (!find_use(o->use, &k.use))
		return 1;
	l = open_database(o->db, false);
	t = l ? open_token(&o->token) : NULL;
	if (t)
		rc = ceremony_component(l, t, &k);
	token_close(t);
	ledger_close(l);
	return rc;
}

static int key_import(const struct key_options *o, bool component)
{
	uint8_t key[32];
	ssize_t n;
	FILE *f;
	int rc;

	if (!o->name || !o->use || !o->arg || component != (o->db && o->components))
		return usage_error("key %s wants %s--name, --use and a file",
				   component ? "component" : "import",
				   component ? "--db, --components, " : "");
	f = open_input(o->arg);
	if (!f)
		return 1;
	lock_memory();
	if (isatty(fileno(f)))
		fputs(component ? "component: " : "key: ", stderr);
	n = read_key(f, key);
	if (n < 0)
		rc = fail("a key is given in 32, 48 or 64 hexadecimal digits");
	else
		rc = component ? import_component(o, key, (size_t)n) :
				 import_whole(o, key, (size_t)n);
	explicit_bzero(key, sizeof(key));
	if (f != stdin)
		fclose(f);
	return rc;
}

/* The key that sealed them goes as well: there is nothing to be read any more. */
static int key_drop(const struct key_options *o)
{
	struct token *t = NULL;
	char label[TOKEN_LABEL_MAX + 1], by[64];
	struct ledger *l;
	int rc = 1;

	if (!o->db || !o->name)
		return usage_error("key drop wants --db and --name");
	l = open_database(o->db, false);
	if (l && ledger_component_drop(l, o->name, who_am_i(by)) != LEDGER_OK)
		fail(ledger_error(l));
	else if (l)
		t = open_token(&o->token);
	if (t) {
		snprintf(label, sizeof(label), "ceremony-%.48s", o->name);
		rc = token_remove(t, label) ? fail(token_error(t)) : 0;
	}
	token_close(t);
	ledger_close(l);
	return rc;
}

/* What has been listed, for the commas of JSON. */
struct listing {
	bool json;
	unsigned int count;
};

static bool print_key(const char *label, const char *cipher, const uint8_t kcv[3], void *arg)
{
	struct listing *list = arg;

	if (list->json)
		printf("%s{\"name\":\"%s\",\"cipher\":\"%s\",\"kcv\":\"%02X%02X%02X\"}",
		       list->count ? "," : "", label, cipher, kcv[0], kcv[1], kcv[2]);
	else
		printf("%-32s %-8s KCV %02X%02X%02X\n", label, cipher, kcv[0], kcv[1], kcv[2]);
	list->count++;
	return true;
}

static int key_list(const struct key_options *o)
{
	struct listing list = { .json = o->json };
	struct token *t = open_token(&o->token);
	int rc;

	if (!t)
		return 1;
	if (o->json)
		putchar('[');
	rc = token_list(t, print_key, &list);
	if (o->json)
		puts("]");
	if (rc)
		fail(token_error(t));
	token_close(t);
	return rc ? 1 : 0;
}

static int key_signer(const struct key_options *o, bool make)
{
	struct token *t = o->name ? open_token(&o->token) : NULL;
	char hex[2 * TOKEN_POINT + 1];
	uint8_t point[TOKEN_POINT];
	int rc;

	if (!o->name)
		return usage_error("which --name?");
	if (!t)
		return 1;
	rc = make ? token_make_signer(t, o->name) : token_signer_public(t, o->name, point);
	if (rc)
		fail(token_error(t));
	else if (!make)
		puts(hex_encode(point, sizeof(point), hex));
	token_close(t);
	return rc ? 1 : 0;
}

static int parse(int argc, char **argv, struct key_options *o)
{
	static const struct option names[] = {
		{ "module", required_argument, NULL, 'm' },
		{ "label", required_argument, NULL, 'l' },
		{ "pin-file", required_argument, NULL, 'p' },
		{ "so-pin-file", required_argument, NULL, 's' },
		{ "import", required_argument, NULL, 'i' },
		{ "import-test-keys", required_argument, NULL, 'i' },
		{ "name", required_argument, NULL, 'n' },
		{ "use", required_argument, NULL, 'u' },
		{ "db", required_argument, NULL, 'd' },
		{ "components", required_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (c) {
		case 'm':
			o->token.module = optarg;
			break;
		case 'l':
			o->token.label = optarg;
			break;
		case 'p':
			o->token.pin_file = optarg;
			break;
		case 's':
			o->so_pin_file = optarg;
			break;
		case 'i':
			o->import = optarg;
			break;
		case 'n':
			o->name = optarg;
			break;
		case 'u':
			o->use = optarg;
			break;
		case 'd':
			o->db = optarg;
			break;
		case 'c':
			o->components = (unsigned int)atoi(optarg);
			if (o->components < 2 || o->components > 9)
				return usage_error("--components is 2 to 9");
			break;
		case 'j':
			o->json = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			return EXIT_USAGE;
		}
	}
	return -1;
}

int cmd_key(int argc, char **argv)
{
	struct key_options o = { .token = { .module = MODULE, .label = "cards" } };
	const char *what;
	int rc = parse(argc, argv, &o);

	if (rc >= 0)
		return rc;
	if (optind == argc || !o.token.pin_file)
		return usage_error("key wants a command, and --pin-file");
	what = argv[optind];
	o.arg = optind + 1 < argc ? argv[optind + 1] : NULL;
	lock_memory();
	if (!strcmp(what, "init"))
		return key_init(&o);
	if (!strcmp(what, "import") || !strcmp(what, "component"))
		return key_import(&o, *what == 'c');
	if (!strcmp(what, "drop"))
		return key_drop(&o);
	if (!strcmp(what, "list"))
		return key_list(&o);
	if (!strcmp(what, "signer") || !strcmp(what, "public"))
		return key_signer(&o, *what == 's');
	return usage_error("key wants init, import, component, drop, signer, public or list");
}
