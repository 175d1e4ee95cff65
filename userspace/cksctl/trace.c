// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command trace: what happens on the contacts of a coupler of the virtual bench, from now on
 * or from a file that was recorded, until a signal comes, the time is over or the slot is gone.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cksctl.h"
#include "trace.h"

#define RECORDS		256
#define SECONDS_MAX	86400

static volatile sig_atomic_t ended;

static void on_signal(int sig)
{
	(void)sig;
	ended = 1;
}

/* Signals come while this waits, and at no other time. */
static void catch_signals(sigset_t *ret_open)
{
	struct sigaction sa = { .sa_handler = on_signal };
	sigset_t block;

	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, ret_open);
	sigdelset(ret_open, SIGINT);
	sigdelset(ret_open, SIGTERM);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

static bool is_coupler(const char *text)
{
	return isdigit((unsigned char)text[0]) || !strncmp(text, "coupler", 7) ||
	       !strncmp(text, "/dev/cks/", 9);
}

static int open_coupler(uint32_t index)
{
	int bench = open("/dev/cks_sim", O_RDWR | O_CLOEXEC), fd, err;

	if (bench < 0) {
		complain("/dev/cks_sim: %s%s", strerror(errno),
			 errno == ENOENT ? ": load the module cks_sim" : "");
		return -1;
	}
	fd = ioctl(bench, CKS_SIM_TRACE_COUPLER, &index);
	err = errno;
	close(bench);
	if (fd < 0) {
		complain("coupler %u: %s", index,
			 err == ENXIO ? "it belongs to no bench" : strerror(err));
		return -1;
	}
	if (fcntl(fd, F_SETFL, O_NONBLOCK)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int open_file(const char *name)
{
	int fd = strcmp(name, "-") ? open(name, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);

	if (fd < 0)
		complain("%s: %s", name, strerror(errno));
	return fd;
}

static void put(const struct context *ctx, struct trace_writer *w, const struct cks_sim_edge *rec,
		size_t n)
{
	if (ctx->form == FORM_RAW) {
		fwrite(rec, sizeof(*rec), n, stdout);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (ctx->form == FORM_VCD)
			trace_vcd(w, &rec[i]);
		else if (ctx->json)
			trace_json(w, &rec[i]);
		else
			trace_text(w, &rec[i]);
	}
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Until there is something to read. False when the time is over or a signal came. */
static bool wait_for(int fd, int64_t end, const sigset_t *open_mask)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct timespec ts;
	int64_t left = 0;

	if (end) {
		left = end - now_ms();
		if (left <= 0)
			return false;
		ts = (struct timespec){ .tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000 };
	}
	return !ended && ppoll(&p, 1, end ? &ts : NULL, open_mask) > 0;
}

/* A file may end, or a pipe hand over, in the middle of a record. */
static enum status copy(const struct context *ctx, struct trace_writer *w, int fd, int64_t end,
			const sigset_t *mask)
{
	struct cks_sim_edge rec[RECORDS];
	bool more = true;
	size_t have = 0;
	ssize_t n;

	for (;;) {
		n = read(fd, (char *)rec + have, sizeof(rec) - have);
		if (n < 0 && errno == EAGAIN) {
			/* What was recorded until the end is read once more. */
			if (fflush(stdout) || !more)
				break;
			more = wait_for(fd, end, mask);
			continue;
		}
		if (n < 0) {
			complain("cannot read the trace: %s", strerror(errno));
			return STATUS_FAILURE;
		}
		if (!n)
			break;
		have += (size_t)n;
		put(ctx, w, rec, have / sizeof(rec[0]));
		memmove(rec, (char *)rec + have - have % sizeof(rec[0]), have % sizeof(rec[0]));
		have %= sizeof(rec[0]);
		/* One that never stops must not keep it for ever. */
		if (ended || (end && now_ms() >= end))
			more = false;
		if (ferror(stdout))
			return STATUS_FAILURE;
	}
	if (have) {
		complain("the trace ends in the middle of a record");
		return STATUS_FAILURE;
	}
	return STATUS_OK;
}

enum status trace_command(struct context *ctx, int argc, char **argv)
{
	struct trace_writer w;
	enum status status;
	uint32_t index = 0;
	char scope[32] = "trace";
	sigset_t mask = { 0 };
	int64_t end = 0;
	int fd;

	if (argc > 1) {
		char *rest;
		unsigned long s = strtoul(argv[1], &rest, 10);

		if (rest == argv[1] || *rest || !s || s > SECONDS_MAX) {
			complain("\"%s\" is not a number of seconds", argv[1]);
			return STATUS_USAGE;
		}
		end = now_ms() + (int64_t)s * 1000;
	}
	if (is_coupler(argv[0])) {
		if (!parse_coupler(argv[0], &index))
			return STATUS_USAGE;
		snprintf(scope, sizeof(scope), "coupler%u", index);
		catch_signals(&mask);
		fd = open_coupler(index);
	} else {
		fd = open_file(argv[0]);
	}
	if (fd < 0)
		return STATUS_FAILURE;
	if (ctx->form == FORM_VCD)
		trace_vcd_start(&w, stdout, scope);
	else
		trace_start(&w, stdout);
	status = copy(ctx, &w, fd, end, &mask);
	close(fd);
	return status;
}
