// SPDX-License-Identifier: GPL-2.0-only
/* The key process of the CAS: opens the token, gives up what it can, and answers requests. */
#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../casd/lock.h"
#include "../casd/log.h"
#include "confine.h"
#include "libkeyd/protocol.h"
#include "serve.h"

#define MODULE "/usr/lib/softhsm/libsofthsm2.so"

static const char usage[] =
	"usage: cas-keyd --pin-file FILE --socket PATH [options]\n"
	"\n"
	"Holds the token of the CAS and does what casd asks of it.\n"
	"\n"
	"  --socket PATH    where clients connect\n"
	"  --client USER    that clients are of (default: the user that this one runs as)\n"
	"  --fd N           serve this socket alone, and end with it; casd does that\n"
	"  --module FILE    PKCS#11 module (default: " MODULE ")\n"
	"  --label NAME     of the token, or a PKCS#11 URI (default: cards)\n"
	"  --pin-file FILE  PIN of the token: a file, fd:N, or credential:NAME of systemd\n"
	"  --user NAME      become this user\n"
	"  --network        the module reaches its HSM by network: keep sockets\n"
	"  --help\n"
	"\n"
	"Exit status: 0 the client of --fd is gone, 1 failure, 2 usage.\n";

/**
 * struct options - from the command line
 * @socket: path, or NULL
 * @client: user, or NULL
 * @fd: of a socket pair, -1 for none
 * @module: path of the PKCS#11 module
 * @label: of the token
 * @pin_file: where the PIN is
 * @user: to become, or NULL
 * @network: keep sockets
 */
struct options {
	const char *socket;
	const char *client;
	int fd;
	const char *module;
	const char *label;
	const char *pin_file;
	const char *user;
	bool network;
};

/* Return: -1 to go on, else the exit status. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option names[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "client", required_argument, NULL, 'c' },
		{ "fd", required_argument, NULL, 'f' },
		{ "module", required_argument, NULL, 'm' },
		{ "label", required_argument, NULL, 'l' },
		{ "pin-file", required_argument, NULL, 'P' },
		{ "user", required_argument, NULL, 'u' },
		{ "network", no_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	bool one;
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (c) {
		case 's':
			o->socket = optarg;
			break;
		case 'c':
			o->client = optarg;
			break;
		case 'f':
			o->fd = atoi(optarg);
			break;
		case 'm':
			o->module = optarg;
			break;
		case 'l':
			o->label = optarg;
			break;
		case 'P':
			o->pin_file = optarg;
			break;
		case 'u':
			o->user = optarg;
			break;
		case 'n':
			o->network = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			return 2;
		}
	}
	one = o->socket ? o->fd < 0 : o->fd >= 0;
	if (optind != argc || !o->pin_file || !one) {
		fputs("cas-keyd: wants --pin-file, and --socket or --fd; see cas-keyd --help\n",
		      stderr);
		return 2;
	}
	return -1;
}

/* Why there is no service: to the log, and to a client that waits for the first message. */
static int refuse(const struct options *o, const char *reason)
{
	char answer[KEYD_MESSAGE_MAX];
	int n;

	log_error("start", "reason=\"%s\"", reason);
	if (o->fd >= 0) {
		n = snprintf(answer, sizeof(answer), "%c%s", KEYD_FAILED, reason);
		if (n > 0 && n < (int)sizeof(answer))
			send(o->fd, answer, (size_t)n, MSG_NOSIGNAL);
	}
	return 1;
}

/* The socket is made before the user changes; its mode lets its owner's group in, no more. */
static int listen_at(const char *path, const char *user)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const struct passwd *pw = user ? getpwnam(user) : NULL;
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -1;
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	unlink(path);
	umask(0117);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 8) ||
	    (pw && chown(path, pw->pw_uid, pw->pw_gid)))
		return -1;
	umask(077);
	return fd;
}

int main(int argc, char **argv)
{
	struct options o = { .fd = -1, .module = MODULE, .label = "cards" };
	const struct passwd *client = NULL;
	struct token_pin pin;
	const char *wrong;
	struct token *t;
	char error[256];
	int rc, fd = -1;

	setvbuf(stderr, NULL, _IOLBF, 0);
	rc = parse(argc, argv, &o);
	if (rc >= 0)
		return rc;
	signal(SIGPIPE, SIG_IGN);
	if (!lock_process())
		return refuse(&o, "key process: memory cannot be locked");
	if (o.client) {
		client = getpwnam(o.client);
		if (!client)
			return refuse(&o, "key process: no such user as --client says");
	}
	wrong = token_pin_read(o.pin_file, &pin);
	if (wrong)
		return refuse(&o, wrong);
	if (o.socket) {
		fd = listen_at(o.socket, o.user);
		if (fd < 0)
			return refuse(&o, "key process: the socket cannot be made");
	}
	if (o.user && !confine_user(o.user))
		return refuse(&o, "key process: it cannot become that user");
	t = token_open(o.module, o.label, &pin, error, sizeof(error));
	explicit_bzero(&pin, sizeof(pin));
	if (!t)
		return refuse(&o, error);
	/* A change of user makes a process dumpable again. */
	if (prctl(PR_SET_DUMPABLE, 0) || !confine_calls(o.network))
		return refuse(&o, "key process: it cannot be confined");
	if (o.fd >= 0)
		serve_one(t, o.fd);
	else
		serve_all(t, fd, client ? client->pw_uid : geteuid());
	token_close(t);
	return 0;
}
