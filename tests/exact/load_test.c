// SPDX-License-Identifier: GPL-2.0-only
/*
 * load_test [COUPLERS:SECONDS...]: so many couplers at once at TA1 11, each with a card that is
 * read and written without a pause, for so many seconds; T=0 and T=1. By default 64:10.
 *
 * No character may be lost or wrong. How much of the line's time and of the processor's is used is
 * printed, and what the bench takes of the latter, but not judged.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/cks.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "kselftest/lib/modules.h"
#include "kselftest/lib/simcard.h"

#define CARD_CLK	3571200
#define UART_CLK	1843200
#define ETU_NS		104167
#define COUPLERS_MAX	128
#define SECONDS_MAX	600
#define READ		250	/* bytes */
#define ECHO		60	/* bytes, there and back */

static const char *const modules[] = { "cks", "cks_sim", "cks_uart", NULL };

/* T=0; T=1 with IFSC 254, BWI 4, CWI 13. */
static const uint8_t atr_t0[] = { 0x3b, 0x00 };
static const uint8_t atr_t1[] = { 0x3b, 0x80, 0x81, 0x31, 0xfe, 0x4d, 0x03 };
static const uint8_t read_cmd[] = { 0x00, SIMCARD_INS_READ, 0x00, 0x00, READ };
static uint8_t echo_cmd[5 + ECHO + 1] = { 0x00, 0xda, 0x00, 0x00, ECHO };
static uint8_t counted[READ];

/**
 * struct lane - a coupler with its card
 * @card: in the slot
 * @fd: coupler
 * @thread: that reads the card
 * @failed: what went wrong, or empty
 * @exchanges: that were well
 * @begin: of the first one, ns
 * @end: of the last one
 */
struct lane {
	struct simcard *card;
	int fd;
	pthread_t thread;
	char failed[80];
	unsigned int exchanges;
	uint64_t begin;
	uint64_t end;
};

static struct lane lanes[COUPLERS_MAX];
static uint64_t stop_at;

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

__attribute__((format(printf, 2, 3)))
static bool fail(struct lane *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(l->failed, sizeof(l->failed), fmt, ap);
	va_end(ap);
	return false;
}

static bool exchange(struct lane *l, const uint8_t *cmd, size_t len, const uint8_t *want, size_t n)
{
	uint8_t rsp[READ + 2];

	if (write(l->fd, cmd, len) != (ssize_t)len)
		return fail(l, "command %u: %s", l->exchanges, strerror(errno));
	if (read(l->fd, rsp, sizeof(rsp)) != (ssize_t)n + 2)
		return fail(l, "response %u: %s", l->exchanges, strerror(errno));
	if (memcmp(rsp, want, n) || rsp[n] != 0x90)
		return fail(l, "response %u is wrong", l->exchanges);
	return true;
}

/* One of each. */
static bool both(struct lane *l)
{
	return exchange(l, read_cmd, sizeof(read_cmd), counted, READ) &&
	       exchange(l, echo_cmd, sizeof(echo_cmd), echo_cmd + 5, ECHO);
}

static void *play(void *arg)
{
	struct lane *l = arg;
	struct cks_reset r = { .size = sizeof(r) };

	if (ioctl(l->fd, CKS_IOC_RESET, &r)) {
		fail(l, "reset: %s", strerror(errno));
		return NULL;
	}
	l->begin = now();
	while (now() < stop_at && both(l)) {
		l->exchanges++;
		l->end = now();
	}
	return NULL;
}

static bool open_lane(struct lane *l, int bench, int t)
{
	struct cks_sim_slot slot = {
		.size = sizeof(slot), .card_clk = CARD_CLK, .uart_clk = UART_CLK, .clk_div = 1,
	};
	struct cks_state st = { .size = sizeof(st) };
	char path[64];

	memset(l, 0, sizeof(*l));
	l->fd = -1;
	l->card = simcard_new_in(bench, &slot, t ? atr_t1 : atr_t0,
				 t ? sizeof(atr_t1) : sizeof(atr_t0));
	if (!l->card)
		return fail(l, "no slot: %s", strerror(errno));
	snprintf(path, sizeof(path), "/dev/cks/coupler%u", simcard_coupler(l->card));
	l->fd = open(path, O_RDWR | O_CLOEXEC);
	if (l->fd < 0 || simcard_insert(l->card))
		return fail(l, "%s: %s", path, strerror(errno));
	for (int i = 0; i < 1000 && !st.present; i++) {
		if (ioctl(l->fd, CKS_IOC_STATE, &st))
			return fail(l, "no state: %s", strerror(errno));
		usleep(1000);
	}
	return st.present || fail(l, "the card is not seen");
}

/* Nanoseconds that the processors were idle, since the start. */
static double idle_ns(void)
{
	unsigned long user, nice, sys, idle = 0;
	FILE *f = fopen("/proc/stat", "r");

	if (f && fscanf(f, "cpu %lu %lu %lu %lu", &user, &nice, &sys, &idle) != 4)
		idle = 0;
	if (f)
		fclose(f);
	return (double)idle * 1e9 / (double)sysconf(_SC_CLK_TCK);
}

static double cost_ns(unsigned int n)
{
	double sum = 0;

	for (unsigned int i = 0; i < n; i++) {
		struct cks_sim_cost cost;

		if (!ioctl(simcard_fd(lanes[i].card), CKS_SIM_COST, &cost))
			sum += (double)cost.ns;
	}
	return sum;
}

/* Characters of both exchanges. */
static unsigned int characters(int t)
{
	if (!t)
		return 5 + 1 + READ + 2 + 5 + 1 + ECHO + 2 + 5 + 1 + ECHO + 2;
	return 4 + sizeof(read_cmd) + 4 + READ + 2 + 4 + sizeof(echo_cmd) + 4 + ECHO + 2;
}

/* The shortest time that they can take: 12 etu each; T=1: 22 at each turn. */
static double shortest_ns(int t)
{
	return (characters(t) * 12 + (t ? 4 * 10 : 0)) * (double)ETU_NS;
}

static void tell(unsigned int n, int t, double idle, double cost, double ns)
{
	double used = 0, chars = 0;

	for (unsigned int i = 0; i < n; i++) {
		double taken = (double)(lanes[i].end - lanes[i].begin);

		chars += lanes[i].exchanges * (double)characters(t);
		if (lanes[i].exchanges)
			used += lanes[i].exchanges * shortest_ns(t) / taken / n;
	}
	printf("# %u couplers, T=%d: %.1f %% of the lines' time used, %.0f characters/s;", n, t,
	       100 * used, chars / ns * 1e9);
	printf(" processor %.1f %%, of it the bench %.1f %%: %.1f us a character without it\n",
	       100 - 100 * idle / ns, 100 * cost / ns,
	       chars ? (ns - idle - cost) / chars / 1000 : 0);
}

static bool test(int bench, unsigned int n, unsigned int seconds, int t)
{
	unsigned int i, running = 0;
	double idle, cost, begin;
	bool ok = true;

	for (i = 0; i < n && ok; i++)
		ok = open_lane(&lanes[i], bench, t);
	idle = idle_ns();
	cost = cost_ns(i);
	begin = (double)now();
	stop_at = now() + seconds * 1000000000ULL;
	for (; ok && running < n; running++)
		ok = !pthread_create(&lanes[running].thread, NULL, play, &lanes[running]);
	for (unsigned int k = 0; k < running; k++)
		pthread_join(lanes[k].thread, NULL);
	if (ok)
		tell(n, t, idle_ns() - idle, cost_ns(n) - cost, (double)now() - begin);
	while (i--) {
		if (lanes[i].failed[0]) {
			printf("# coupler %u: %s\n", i, lanes[i].failed);
			ok = false;
		}
		if (lanes[i].fd >= 0)
			close(lanes[i].fd);
		simcard_free(lanes[i].card);
	}
	return ok;
}

static bool parse(const char *text, unsigned int *ret_n, unsigned int *ret_seconds)
{
	return sscanf(text, "%u:%u", ret_n, ret_seconds) == 2 && *ret_n && *ret_n <= COUPLERS_MAX &&
	       *ret_seconds && *ret_seconds <= SECONDS_MAX;
}

static bool run(const char *text)
{
	static unsigned int number;
	unsigned int n, seconds;
	bool all = true;

	if (!parse(text, &n, &seconds)) {
		printf("Bail out! \"%s\" is not COUPLERS:SECONDS\n", text);
		return false;
	}
	for (int t = 0; t < 2; t++) {
		int bench = simbench_open();
		bool ok = bench >= 0 && test(bench, n, seconds, t);

		close(bench);
		printf("%sok %u - %u couplers, T=%d, %u s\n", ok ? "" : "not ", ++number, n, t,
		       seconds);
		fflush(stdout);
		all = all && ok;
	}
	return all;
}

int main(int argc, char **argv)
{
	bool ok = true;

	if (!getenv("CKS_GUEST")) {
		fprintf(stderr, "loads kernel modules: run it in the guest, make exact\n");
		return 2;
	}
	if (modules_load(modules))
		return 1;
	for (unsigned int i = 0; i < READ; i++)
		counted[i] = (uint8_t)i;
	for (unsigned int i = 0; i < ECHO; i++)
		echo_cmd[5 + i] = (uint8_t)(i * 37);
	printf("1..%d\n", argc > 1 ? 2 * (argc - 1) : 2);
	if (argc < 2)
		ok = run("64:10");
	for (int i = 1; i < argc; i++)
		ok = run(argv[i]) && ok;
	return modules_unload(modules) || !ok;
}
