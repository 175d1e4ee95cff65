// SPDX-License-Identifier: GPL-2.0-only
/* The card application server: options, start, end. */
#include <getopt.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "casd.h"
#include "control.h"
#include "heads.h"
#include "lease.h"
#include "libkeyd/keyd.h"
#include "lock.h"
#include "log.h"
#include "orders.h"
#include "pool.h"
#include "profile.h"
#include "stations.h"

#define MODULE "/usr/lib/softhsm/libsofthsm2.so"
#define PING_MIN 100	/* ms */
#define PING_MAX 60000
#define DRAIN 10000	/* ms at the end, until workers begin nothing any more */

static const char usage[] =
	"usage: casd --db FILE --station ADDRESS:PORT --pin-file FILE [options]\n"
	"\n"
	"Serves card stations: runs the application that each asks for, card by card.\n"
	"\n"
	"  --db DATABASE        of records and ledger: a file, or a PostgreSQL server that several\n"
	"                       casd share: postgresql://..., host=..., service=...\n"
	"  --witness WHERE      notes what was given out, to notice an old database: a file, or a\n"
	"                       server, which several casd need\n"
	"                       (default: that of --db with .witness; with a server none)\n"
	"  --heads FILE         keeps heads of the ledger, signed; best on another machine's disk\n"
	"  --signer NAME        key pair in the token for them (default: ledger)\n"
	"  --stations FILE      addresses of stations, one a line\n"
	"  --station ADDR:PORT  control socket of a station; may be given several times.\n"
	"                       ADDR:PORT,mux: all channels come over this one connection\n"
	"  --profiles DIR       applications, one NAME.lua each (default: profiles)\n"
	"  --profile-key FILE   run only what this key signed: a public one for Ed25519, in PEM\n"
	"  --order NAME         take records of this order only\n"
	"  --name NAME          of this CAS (default: casd), its own among those that share a server\n"
	"  --lease SECONDS      after so long without a sign of this one another CAS takes its\n"
	"                       stations over: 1 to 3600 (default: 30)\n"
	"  --module FILE        PKCS#11 module (default: " MODULE ")\n"
	"  --label NAME         of the token, or a PKCS#11 URI (default: cards)\n"
	"  --pin-file FILE      PIN of the token: a file, fd:N, or credential:NAME of systemd\n"
	"  --transport NAME     transport key in the token (default: transport)\n"
	"  --keyd SOCKET        of a cas-keyd that runs; without it one is started\n"
	"  --keyd-user NAME     that it becomes\n"
	"  --control PATH       Unix socket for the operator's orders; see casctl station\n"
	"  --ping-interval MS   a station is asked for a sign of life after so much silence, and\n"
	"                       given up after three times as much (default: 10000)\n"
	"  --help\n"
	"\n"
	"It runs in the foreground, logs to standard error and ends on SIGTERM.\n"
	"Exit status: 0 ended by a signal, 1 failure, 2 usage.\n";

/**
 * struct options - from the command line
 * @db: path
 * @witness: path or server, NULL for that of @db with .witness
 * @heads: file of the ledger's heads, or NULL
 * @signer: key pair for them
 * @stations: addresses
 * @count: of them
 * @list: file with more of them, or NULL
 * @keyd: the key process, and the token that it opens
 * @profile_key: file, NULL if profiles need no signature
 * @control: path of the socket for orders, or NULL
 */
struct options {
	const char *db;
	const char *witness;
	const char *heads;
	const char *signer;
	const char *stations[64];
	unsigned int count;
	const char *list;
	struct keyd_options keyd;
	const char *profile_key;
	const char *control;
};

static int wrong_usage(const char *what)
{
	fprintf(stderr, "casd: %s; see casd --help\n", what);
	return 2;
}

/* Return: -1 to go on, else the exit status. */
static int parse(int argc, char **argv, struct options *o, struct casd *casd)
{
	static const struct option names[] = {
		{ "db", required_argument, NULL, 'd' },
		{ "witness", required_argument, NULL, 'w' },
		{ "heads", required_argument, NULL, 'H' },
		{ "signer", required_argument, NULL, 'S' },
		{ "stations", required_argument, NULL, 'f' },
		{ "station", required_argument, NULL, 's' },
		{ "profiles", required_argument, NULL, 'p' },
		{ "profile-key", required_argument, NULL, 'K' },
		{ "order", required_argument, NULL, 'o' },
		{ "lease", required_argument, NULL, 'L' },
		{ "name", required_argument, NULL, 'n' },
		{ "module", required_argument, NULL, 'm' },
		{ "label", required_argument, NULL, 'l' },
		{ "pin-file", required_argument, NULL, 'P' },
		{ "transport", required_argument, NULL, 't' },
		{ "keyd", required_argument, NULL, 'k' },
		{ "keyd-user", required_argument, NULL, 'u' },
		{ "control", required_argument, NULL, 'c' },
		{ "ping-interval", required_argument, NULL, 'i' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned long ms;
	char *end;
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (c) {
		case 'd':
			o->db = optarg;
			break;
		case 'w':
			o->witness = optarg;
			break;
		case 'H':
			o->heads = optarg;
			break;
		case 'S':
			o->signer = optarg;
			break;
		case 'f':
			o->list = optarg;
			break;
		case 's':
			if (o->count == sizeof(o->stations) / sizeof(o->stations[0]))
				return wrong_usage("more than 64 stations: --stations");
			o->stations[o->count++] = optarg;
			break;
		case 'p':
			casd->profiles = optarg;
			break;
		case 'K':
			o->profile_key = optarg;
			break;
		case 'o':
			casd->order = optarg;
			break;
		case 'n':
			casd->name = optarg;
			break;
		case 'L':
			casd->lease = (unsigned int)strtoul(optarg, &end, 10);
			if (*end || casd->lease < 1 || casd->lease > 3600)
				return wrong_usage("--lease is 1 to 3600 seconds");
			break;
		case 'm':
			o->keyd.module = optarg;
			break;
		case 'l':
			o->keyd.label = optarg;
			break;
		case 'P':
			o->keyd.pin_file = optarg;
			break;
		case 't':
			casd->transport = optarg;
			break;
		case 'k':
			o->keyd.socket = optarg;
			break;
		case 'u':
			o->keyd.user = optarg;
			break;
		case 'c':
			o->control = optarg;
			break;
		case 'i':
			ms = strtoul(optarg, &end, 10);
			if (*end || ms < PING_MIN || ms > PING_MAX)
				return wrong_usage("--ping-interval is 100 to 60000 ms");
			casd->ping_interval = (unsigned int)ms;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			return 2;
		}
	}
	if (optind != argc)
		return wrong_usage("arguments without an option");
	if (!o->db || (!o->count && !o->list) || (!o->keyd.pin_file && !o->keyd.socket))
		return wrong_usage("--db, --station, and --pin-file or --keyd must be given");
	if (!*casd->name || strlen(casd->name) > 63)
		return wrong_usage("--name has 1 to 63 characters");
	return -1;
}

static bool open_token(struct casd *casd, struct options *o)
{
	static char beside[4096];
	char error[256];
	token_key key;
	ssize_t n;
	char *end;

	n = readlink("/proc/self/exe", beside, sizeof(beside) - sizeof("cas-keyd"));
	if (n > 0) {
		beside[n] = '\0';
		end = strrchr(beside, '/');
		strcpy(end ? end + 1 : beside, "cas-keyd");
	}
	o->keyd.program = beside;
	casd->token = keyd_open(&o->keyd, error, sizeof(error));
	if (!casd->token) {
		log_error("start", "reason=\"%s\"", error);
		return false;
	}
	if (token_find(casd->token, casd->transport, &key)) {
		log_error("start", "reason=\"%s; --transport names it\"",
			  token_error(casd->token));
		return false;
	}
	return true;
}

static bool open_ledger(struct casd *casd, const struct options *o)
{
	char error[256], path[4096];
	uint64_t epoch;

	casd->ledger = ledger_open(o->db, false, error, sizeof(error));
	if (!casd->ledger) {
		log_error("start", "reason=\"%s\"", error);
		return false;
	}
	if (!o->witness && ledger_is_server(o->db)) {
		log_error("start", "reason=\"--witness must be given with a server\"");
		return false;
	}
	if (!o->witness && snprintf(path, sizeof(path), "%s.witness", o->db) >= (int)sizeof(path)) {
		log_error("start", "reason=\"--db is too long\"");
		return false;
	}
	/* What the witness has of this CAS is under its name. */
	if (ledger_name(casd->ledger, casd->name) != LEDGER_OK ||
	    ledger_witness(casd->ledger, o->witness ? o->witness : path) != LEDGER_OK ||
	    ledger_start(casd->ledger, casd->lease, &epoch) != LEDGER_OK) {
		log_error("start", "reason=\"%s\"", ledger_error(casd->ledger));
		return false;
	}
	return true;
}

static bool open_key(struct casd *casd, const struct options *o)
{
	const char *wrong = o->profile_key ? profile_key(o->profile_key, &casd->profile_key) : NULL;

	if (wrong)
		log_error("start", "reason=\"%s\"", wrong);
	return !wrong;
}

static void on_signal(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(arg);
}

/* A socket for each station and each session. */
static void raise_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files))
		log_warn("start", "reason=\"the limit of descriptors cannot be raised\"");
}

static bool run(struct casd *casd, const struct options *o)
{
	unsigned int count = o->count;
	struct event *term = NULL, *intr = NULL;
	struct heads *heads = NULL;
	const char *wrong = NULL;
	bool ok = false;

	casd->base = event_base_new();
	if (casd->base)
		casd->pool = pool_open(casd->base);
	if (casd->pool) {
		term = evsignal_new(casd->base, SIGTERM, on_signal, casd->base);
		intr = evsignal_new(casd->base, SIGINT, on_signal, casd->base);
	}
	if (!term || !intr || event_add(term, NULL) || event_add(intr, NULL))
		wrong = "no event loop, or no threads for its workers";
	for (unsigned int i = 0; !wrong && i < o->count; i++)
		wrong = control_add(casd, o->stations[i]);
	if (!wrong && o->list)
		wrong = stations_add(casd, o->list, &count);
	if (!wrong && o->control)
		casd->orders = orders_open(casd, o->control);
	if (!wrong && o->heads)
		heads = heads_open(casd, o->heads, o->signer);
	if (wrong) {
		log_error("start", "reason=\"%s\"", wrong);
	} else if (lease_open(casd) && (!o->control || casd->orders) && (!o->heads || heads)) {
		log_info("start", "name=%s stations=%u", casd->name, count);
		ok = event_base_dispatch(casd->base) >= 0;
		log_info("stop", "name=%s", casd->name);
	}
	orders_close(casd->orders);
	control_end_all(casd);
	pool_close(casd->pool, DRAIN);
	lease_close(casd);
	heads_close(heads);
	control_remove_all(casd);
	if (term)
		event_free(term);
	if (intr)
		event_free(intr);
	if (casd->base)
		event_base_free(casd->base);
	return ok;
}

int main(int argc, char **argv)
{
	struct options o = {
		.keyd = { .module = MODULE, .label = "cards" },
		.signer = "ledger",
	};
	struct casd casd = {
		.profiles = "profiles",
		.name = "casd",
		.transport = "transport",
		.ping_interval = 10000,
		.lease = 30,
	};
	bool ok;
	int rc;

	setvbuf(stderr, NULL, _IOLBF, 0);
	rc = parse(argc, argv, &o, &casd);
	if (rc >= 0)
		return rc;
	LIST_INIT(&casd.stations);
	signal(SIGPIPE, SIG_IGN);
	/* A file that may not grow is a full disk: no result, but no end either. */
	signal(SIGXFSZ, SIG_IGN);
	raise_files();
	ok = lock_process() && open_key(&casd, &o) && open_token(&casd, &o) &&
	     open_ledger(&casd, &o) && run(&casd, &o);
	EVP_PKEY_free(casd.profile_key);
	token_close(casd.token);
	ledger_close(casd.ledger);
	return ok ? 0 : 1;
}
