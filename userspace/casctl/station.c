// SPDX-License-Identifier: GPL-2.0-only
/* station: orders to a station, by way of the casd that serves it. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "casctl.h"

#define ANSWER_LINE	256
#define BLANKS		"\n "	/* which the line has between its parts */

/**
 * struct order - what is to be asked for
 * @socket: of casd
 * @station: address, "-" for the only one
 * @word: hold, ...
 * @lane: number as text, or NULL
 * @reason: "" for none
 */
struct order {
	const char *socket;
	const char *station;
	const char *word;
	const char *lane;
	const char *reason;
};

static int parse(int argc, char **argv, struct order *o)
{
	static const struct option names[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "station", required_argument, NULL, 'a' },
		{ "lane", required_argument, NULL, 'l' },
		{ "reason", required_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	bool of_lane;
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (c) {
		case 's':
			o->socket = optarg;
			break;
		case 'a':
			o->station = optarg;
			break;
		case 'l':
			o->lane = optarg;
			break;
		case 'r':
			o->reason = optarg;
			break;
		default:
			return EXIT_USAGE;
		}
	}
	if (optind + 1 != argc || !o->socket)
		return usage_error("station wants one order and --socket");
	o->word = argv[optind];
	of_lane = !strcmp(o->word, "stop") || !strcmp(o->word, "start");
	if (of_lane != !!o->lane)
		return usage_error(of_lane ? "which --lane?" : "--lane has no meaning here");
	if (strpbrk(o->station, BLANKS) || strpbrk(o->word, BLANKS) ||
	    (o->lane && strpbrk(o->lane, BLANKS)) || strchr(o->reason, '\n'))
		return usage_error("blanks and new lines have no place here");
	return -1;
}

static FILE *dial(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	FILE *f = NULL;
	int fd;

	if (strlen(path) >= sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	strcpy(sun.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && !connect(fd, (struct sockaddr *)&sun, sizeof(sun)))
		f = fdopen(fd, "r+");
	if (!f && fd >= 0)
		close(fd);
	return f;
}

/* What comes before "ok" is for the reader. */
static int show_answer(FILE *f)
{
	char line[ANSWER_LINE];

	while (fgets(line, sizeof(line), f)) {
		if (!strcmp(line, "ok\n"))
			return 0;
		if (!strncmp(line, "err ", 4)) {
			fprintf(stderr, "casctl: %s", line + 4);
			return 1;
		}
		fputs(line, stdout);
	}
	fputs("casctl: casd closed the connection\n", stderr);
	return 1;
}

int cmd_station(int argc, char **argv)
{
	struct order o = { .station = "-", .reason = "" };
	int rc = parse(argc, argv, &o);
	FILE *f;

	if (rc >= 0)
		return rc;
	f = dial(o.socket);
	if (!f) {
		fprintf(stderr, "casctl: %s: %s\n", o.socket, strerror(errno));
		return 1;
	}
	fprintf(f, "%s %s%s%s%s%s\n", o.station, o.word, o.lane ? " " : "", o.lane ? o.lane : "",
		*o.reason ? " " : "", o.reason);
	fflush(f);
	rc = show_answer(f);
	fclose(f);
	return rc;
}
