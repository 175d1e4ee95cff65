// SPDX-License-Identifier: GPL-2.0-only
/* Starts cas-keyd with a socket of its own, or connects to one that runs. */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

static int failed(struct token *t, const char *what)
{
	snprintf(t->error, sizeof(t->error), "key process: %s: %s", what, strerror(errno));
	return -1;
}

/*
 * In the child: nothing but its end of the socket, a PIN's descriptor and the log goes along. There
 * may have been other threads, whose locks are held for ever: so only calls that take none.
 */
static void run(const char *program, const char *const *argv, int fd, int pin)
{
	sigset_t none;

	/* A file can be read again by the next one, a pipe cannot. */
	if (pin >= 0)
		lseek(pin, 0, SEEK_SET);
	close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
	fcntl(fd, F_SETFD, 0);
	if (pin >= 0)
		fcntl(pin, F_SETFD, 0);
	/* Whoever calls may take no signals. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execv(program, (char *const *)argv);
	_exit(127);
}

static int start(struct token *t)
{
	const struct keyd_options *o = t->o;
	int pin = strncmp(o->pin_file, "fd:", 3) ? -1 : atoi(o->pin_file + 3);
	char number[16];
	const char *argv[12] = { "cas-keyd", "--module", o->module, "--label", o->label,
				 "--pin-file", o->pin_file, "--fd", number };
	int pair[2];

	if (o->user) {
		argv[9] = "--user";
		argv[10] = o->user;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return failed(t, "socket");
	snprintf(number, sizeof(number), "%d", pair[1]);
	t->child = fork();
	if (t->child < 0) {
		t->child = 0;
		close(pair[0]);
		close(pair[1]);
		return failed(t, "fork");
	}
	if (!t->child)
		run(o->program, argv, pair[1], pin);
	close(pair[1]);
	t->fd = pair[0];
	return 0;
}

static int reach(struct token *t)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	if (strlen(t->o->socket) >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return failed(t, t->o->socket);
	}
	strcpy(addr.sun_path, t->o->socket);
	t->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (t->fd < 0 || connect(t->fd, (struct sockaddr *)&addr, sizeof(addr)))
		return failed(t, t->o->socket);
	return 0;
}

void disconnect_keyd(struct token *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
	if (t->child) {
		/* One that hangs would hold the token and never see that its client is gone. */
		kill(t->child, SIGKILL);
		waitpid(t->child, NULL, 0);
		t->child = 0;
	}
}

static int wait_at_most(struct token *t, int seconds)
{
	struct timeval wait = { .tv_sec = seconds };

	if (setsockopt(t->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) ||
	    setsockopt(t->fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)))
		return failed(t, "socket");
	return 0;
}

int connect_keyd(struct token *t)
{
	uint8_t hello[KEYD_MESSAGE_MAX];
	struct timespec now;
	ssize_t n;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (t->tried && now.tv_sec - t->tried < 1) {
		snprintf(t->error, sizeof(t->error), "key process: it is gone");
		return -1;
	}
	t->tried = now.tv_sec;
	if (t->o->socket ? reach(t) : start(t))
		goto fail;
	if (wait_at_most(t, t->o->socket ? KEYD_WAIT : KEYD_START))
		goto fail;
	n = recv(t->fd, hello, sizeof(hello), 0);
	if (wait_at_most(t, KEYD_WAIT))
		goto fail;
	if (n == 1 && hello[0] == KEYD_OK)
		return 0;
	if (n > 1 && hello[0] == KEYD_FAILED)
		snprintf(t->error, sizeof(t->error), "%.*s", (int)n - 1, (char *)hello + 1);
	else
		snprintf(t->error, sizeof(t->error), "key process: it did not start");
fail:
	disconnect_keyd(t);
	return -1;
}
