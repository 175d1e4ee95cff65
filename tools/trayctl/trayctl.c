// SPDX-License-Identifier: GPL-2.0-only
/*
 * trayctl: sends one order to the simulated transport unit (tools/cardsim/README.md) and prints
 * its answer. For tests, for the demo, and for hands.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define ORDER_MAX	256
#define ANSWER_MAX	65536
#define ANSWER_S	20

static const char usage[] =
	"Usage: trayctl SOCKET ORDER...\n"
	"\n"
	"Sends one order to a simulated transport unit and prints its answer, for example\n"
	"  trayctl /run/cardsim.sock feed 0\n"
	"  trayctl /run/cardsim.sock list good\n"
	"\n"
	"Exit status: 0 the answer was ok, 1 it was err or there was none, 2 wrong usage.\n";

static int complain(const char *what)
{
	fprintf(stderr, "trayctl: %s: %s\n", what, strerror(errno));
	return 1;
}

static int exchange(int fd, const char *order, size_t len)
{
	static char answer[ANSWER_MAX];
	size_t n = 0;

	if (send(fd, order, len, MSG_NOSIGNAL) != (ssize_t)len)
		return complain("cannot send the order");
	while (!n || answer[n - 1] != '\n') {
		ssize_t got = recv(fd, answer + n, sizeof(answer) - n, 0);

		if (!got)
			errno = ECONNRESET;
		if (got <= 0)
			return complain("no answer");
		n += got;
	}
	fwrite(answer, 1, n, stdout);
	if (fflush(stdout))
		return complain("cannot write the answer");
	return n >= 3 && !memcmp(answer, "ok", 2) && (answer[2] == ' ' || answer[2] == '\n') ?
		0 : 1;
}

int main(int argc, char **argv)
{
	const struct timeval limit = { .tv_sec = ANSWER_S };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char order[ORDER_MAX + 1] = "";
	size_t len = 0;
	int fd, rc;

	if (argc == 2 && !strcmp(argv[1], "--help")) {
		fputs(usage, stdout);
		return 0;
	}
	if (argc < 3 || strlen(argv[1]) >= sizeof(address.sun_path)) {
		fputs(usage, stderr);
		return 2;
	}
	strcpy(address.sun_path, argv[1]);
	for (int i = 2; i < argc; i++) {
		len += snprintf(order + len, sizeof(order) - len, "%s%c", argv[i],
				i + 1 < argc ? ' ' : '\n');
		if (len > ORDER_MAX) {
			fprintf(stderr, "trayctl: an order has at most %d bytes\n", ORDER_MAX);
			return 2;
		}
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return complain("socket");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)))
		rc = complain(argv[1]);
	else
		rc = exchange(fd, order, len);
	close(fd);
	return rc;
}
