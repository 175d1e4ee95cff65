// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/cks/couplerN, against simulated cards on the virtual bench: what each call returns when
 * all is well, when the caller errs, and when card or coupler go away in the middle.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/cks.h>
#include <linux/cks_netlink.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/modules.h"
#include "lib/simcard.h"
#include "lib/thread.h"
#include "lib/wait.h"

static const char *const modules[] = { "cks", "cks_sim", "cks_uart", NULL };

/* 8.2.4: TCK only where a protocol other than T=0 is offered. */
/* T=0 with the shortest waiting time (TC2 01); T=1 with F 372, D 12, for which it takes PPS. */
static const uint8_t atr_t0[] = { 0x3b, 0x82, 0x40, 0x01, 0x14, 0x50 };
static const uint8_t atr_t1[] = { 0x3b, 0x90, 0x18, 0x01, 0x89 };

static const uint8_t case1[] = { 0x00, 0x44, 0x00, 0x00 };
static const uint8_t read16[] = { 0x00, SIMCARD_INS_READ, 0x00, 0x00, 0x10 };
static const uint8_t write4[] = { 0x00, 0x10, 0x00, 0x00, 0x04, 0xde, 0xad, 0xbe, 0xef };
static const uint8_t echo4[] = { 0x00, 0x10, 0x00, 0x00, 0x04, 0xde, 0xad, 0xbe, 0xef, 0x00 };
static const uint8_t hold[] = { 0x00, SIMCARD_INS_HOLD, 0x00, 0x00 };
static const uint8_t mute[] = { 0x00, SIMCARD_INS_MUTE, 0x00, 0x00 };

struct station {
	int bench;
	struct simcard *card;
	int fd;
};

static int open_coupler(unsigned int n, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/cks/coupler%u", n);
	return open(path, O_RDWR | O_CLOEXEC | flags);
}

static int reset(int fd, uint8_t kind, struct cks_reset *ret_reset)
{
	struct cks_reset r = { .size = sizeof(r), .kind = kind };
	int err = ioctl(fd, CKS_IOC_RESET, &r) ? errno : 0;

	if (ret_reset)
		*ret_reset = r;
	return err;
}

static struct cks_state state(int fd)
{
	struct cks_state s = { .size = sizeof(s) };

	assert_int_equal(ioctl(fd, CKS_IOC_STATE, &s), 0);
	return s;
}

static short events(int fd, short wanted, int ms)
{
	struct pollfd p = { .fd = fd, .events = wanted };

	assert_true(poll(&p, 1, ms) >= 0);
	return p.revents;
}

static void wait_present(int fd, bool present)
{
	wait_for(present ? "card in" : "card out", state(fd).present == present);
}

static void wait_commands(struct simcard *card, unsigned int n)
{
	wait_for("the card has the command", simcard_commands(card) >= n);
}

static void station_up(struct station *s, const uint8_t *atr, size_t len)
{
	s->bench = simbench_open();
	assert_true(s->bench >= 0);
	s->card = simcard_new(s->bench, atr, len);
	assert_non_null(s->card);
	s->fd = open_coupler(simcard_coupler(s->card), 0);
	assert_true(s->fd >= 0);
}

static void station_ready(struct station *s, const uint8_t *atr, size_t len)
{
	station_up(s, atr, len);
	assert_int_equal(simcard_insert(s->card), 0);
	wait_present(s->fd, true);
	assert_int_equal(reset(s->fd, CKS_COLD, NULL), 0);
}

static void station_down(struct station *s)
{
	if (s->fd >= 0)
		close(s->fd);
	simcard_free(s->card);
	if (s->bench >= 0)
		close(s->bench);
}

static void exchange(int fd, const uint8_t *cmd, size_t len, const uint8_t *rsp, size_t rsp_len)
{
	uint8_t buf[300];

	assert_int_equal(write(fd, cmd, len), len);
	assert_int_equal(read(fd, buf, sizeof(buf)), rsp_len);
	assert_memory_equal(buf, rsp, rsp_len);
}

static const uint8_t ok_sw[] = { 0x90, 0x00 };

static void test_exclusive(void **ctx)
{
	struct station s;
	int second;

	(void)ctx;
	station_up(&s, atr_t0, sizeof(atr_t0));
	assert_int_equal(open_coupler(simcard_coupler(s.card), 0), -1);
	assert_int_equal(errno, EBUSY);
	close(s.fd);
	second = open_coupler(simcard_coupler(s.card), 0);
	assert_true(second >= 0);
	s.fd = second;
	station_down(&s);
}

static void test_no_card(void **ctx)
{
	struct station s;

	(void)ctx;
	station_up(&s, atr_t0, sizeof(atr_t0));
	assert_int_equal(state(s.fd).state, CKS_COUPLER_STATE_EMPTY);
	assert_int_equal(reset(s.fd, CKS_COLD, NULL), ENOMEDIUM);
	assert_int_equal(write(s.fd, case1, sizeof(case1)), -1);
	assert_int_equal(errno, ENOMEDIUM);
	assert_true(events(s.fd, POLLIN | POLLOUT, 0) & POLLHUP);
	station_down(&s);
}

static void test_reset(void **ctx)
{
	struct cks_reset r;
	struct station s;

	(void)ctx;
	station_up(&s, atr_t0, sizeof(atr_t0));
	assert_int_equal(simcard_insert(s.card), 0);
	wait_present(s.fd, true);
	assert_int_equal(write(s.fd, case1, sizeof(case1)), -1);
	assert_int_equal(errno, EHOSTDOWN);
	assert_int_equal(reset(s.fd, CKS_WARM, NULL), EHOSTDOWN);

	assert_int_equal(reset(s.fd, CKS_COLD, &r), 0);
	assert_int_equal(r.atr_len, sizeof(atr_t0));
	assert_memory_equal(r.atr, atr_t0, sizeof(atr_t0));
	assert_int_equal(r.protocol, 0);
	assert_int_equal(state(s.fd).state, CKS_COUPLER_STATE_READY);

	assert_int_equal(reset(s.fd, CKS_WARM, &r), 0);
	assert_int_equal(r.atr_len, sizeof(atr_t0));
	assert_int_equal(r.power_gen, state(s.fd).power_gen);

	/* A cold reset takes VCC away. */
	assert_int_equal(reset(s.fd, CKS_COLD, NULL), 0);
	assert_int_equal(state(s.fd).power_gen, r.power_gen + 1);
	station_down(&s);
}

static void test_t0(void **ctx)
{
	uint8_t rsp[18];
	struct station s;

	(void)ctx;
	for (int i = 0; i < 16; i++)
		rsp[i] = (uint8_t)i;
	rsp[16] = 0x90;
	rsp[17] = 0x00;

	station_ready(&s, atr_t0, sizeof(atr_t0));
	exchange(s.fd, case1, sizeof(case1), ok_sw, 2);
	exchange(s.fd, read16, sizeof(read16), rsp, 18);
	exchange(s.fd, echo4, sizeof(echo4), (const uint8_t *)"\xde\xad\xbe\xef\x90\x00", 6);
	station_down(&s);
}

static void test_t1(void **ctx)
{
	struct cks_reset r;
	struct station s;

	(void)ctx;
	station_ready(&s, atr_t1, sizeof(atr_t1));
	assert_int_equal(reset(s.fd, CKS_COLD, &r), 0);
	assert_int_equal(r.protocol, 1);
	exchange(s.fd, case1, sizeof(case1), ok_sw, 2);
	exchange(s.fd, echo4, sizeof(echo4), (const uint8_t *)"\xde\xad\xbe\xef\x90\x00", 6);
	station_down(&s);
}

static void test_boundaries(void **ctx)
{
	uint8_t big[CKS_APDU_MAX + 1] = { 0 }, buf[32];
	struct station s;

	(void)ctx;
	station_ready(&s, atr_t0, sizeof(atr_t0));
	assert_int_equal(write(s.fd, case1, 3), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(write(s.fd, big, sizeof(big)), -1);
	assert_int_equal(errno, EMSGSIZE);
	/* Lc says more than there is. */
	assert_int_equal(write(s.fd, write4, sizeof(write4) - 2), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(read(s.fd, buf, sizeof(buf)), -1);
	assert_int_equal(errno, ENODATA);

	/* What does not fit stays readable, and holds up the next command. */
	assert_int_equal(write(s.fd, read16, sizeof(read16)), sizeof(read16));
	assert_int_equal(read(s.fd, buf, 17), -1);
	assert_int_equal(errno, EMSGSIZE);
	assert_int_equal(write(s.fd, case1, sizeof(case1)), -1);
	assert_int_equal(errno, EBUSY);
	assert_int_equal(read(s.fd, buf, 18), 18);
	exchange(s.fd, case1, sizeof(case1), ok_sw, 2);
	station_down(&s);
}

static void test_nonblock(void **ctx)
{
	uint8_t buf[8];
	struct station s;

	(void)ctx;
	station_ready(&s, atr_t0, sizeof(atr_t0));
	assert_int_equal(fcntl(s.fd, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(events(s.fd, POLLIN | POLLOUT, 0), POLLOUT);
	assert_int_equal(write(s.fd, hold, sizeof(hold)), sizeof(hold));
	wait_commands(s.card, 1);
	assert_int_equal(state(s.fd).state, CKS_COUPLER_STATE_EXCHANGING);
	assert_int_equal(read(s.fd, buf, sizeof(buf)), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(write(s.fd, case1, sizeof(case1)), -1);
	assert_int_equal(errno, EBUSY);
	assert_int_equal(reset(s.fd, CKS_COLD, NULL), EBUSY);
	assert_int_equal(events(s.fd, POLLIN | POLLOUT, 0), 0);

	simcard_let_go(s.card);
	assert_int_equal(events(s.fd, POLLIN, PATIENCE_MS), POLLIN);
	assert_int_equal(read(s.fd, buf, sizeof(buf)), 2);
	assert_memory_equal(buf, ok_sw, 2);
	station_down(&s);
}

struct poller {
	int fd;
	atomic_int tid;
	int ret;
	short events;
	bool late;
};

static void *await_turn(void *arg)
{
	struct poller *p = arg;
	struct pollfd pfd = { .fd = p->fd, .events = POLLOUT };
	struct timespec patience = { .tv_sec = 3 * PATIENCE_MS / 1000 };
	int64_t end = wait_now() + 1000 * patience.tv_sec;

	p->tid = gettid();
	p->ret = ppoll(&pfd, 1, &patience, NULL);
	p->events = pfd.revents;
	/* When its time is over it looks once more, though nobody has woken it up. */
	p->late = wait_now() >= end;
	return NULL;
}

/* Whoever waits in poll() to write is woken up by whoever reads the response before. */
static void test_poll_while_another_reads(void **ctx)
{
	struct station s;
	struct poller p;
	pthread_t thread;
	uint8_t buf[8];

	(void)ctx;
	station_ready(&s, atr_t0, sizeof(atr_t0));
	assert_int_equal(write(s.fd, case1, sizeof(case1)), sizeof(case1));
	assert_int_equal(events(s.fd, POLLIN | POLLOUT, PATIENCE_MS), POLLIN);

	p = (struct poller){ .fd = s.fd };
	assert_int_equal(pthread_create(&thread, NULL, await_turn, &p), 0);
	wait_for("a thread in poll()", thread_sleeps_in(p.tid, SYS_ppoll));
	assert_int_equal(read(s.fd, buf, sizeof(buf)), 2);
	pthread_join(thread, NULL);
	assert_int_equal(p.ret, 1);
	assert_int_equal(p.events, POLLOUT);
	assert_false(p.late);
	station_down(&s);
}

static void on_signal(int sig)
{
	(void)sig;
}

/* Sends SIGUSR1 to the main thread until it is told to stop: one may come too early. */
static void *pester(void *arg)
{
	volatile bool *stop = ((void **)arg)[0];
	pthread_t *thread = ((void **)arg)[1];

	while (!*stop) {
		pthread_kill(*thread, SIGUSR1);
		usleep(10000);
	}
	return NULL;
}

static void test_signal(void **ctx)
{
	struct sigaction act = { .sa_handler = on_signal };
	pthread_t self = pthread_self(), thread;
	volatile bool stop = false;
	void *arg[] = { (void *)&stop, &self };
	struct station s;
	uint8_t buf[8];
	ssize_t n;
	int err;

	(void)ctx;
	station_ready(&s, atr_t0, sizeof(atr_t0));
	assert_int_equal(sigaction(SIGUSR1, &act, NULL), 0);
	assert_int_equal(write(s.fd, hold, sizeof(hold)), sizeof(hold));
	wait_commands(s.card, 1);

	assert_int_equal(pthread_create(&thread, NULL, pester, arg), 0);
	n = read(s.fd, buf, sizeof(buf));
	err = errno;
	stop = true;
	pthread_join(thread, NULL);
	assert_int_equal(n, -1);
	assert_int_equal(err, EINTR);

	/* The command went on. */
	simcard_let_go(s.card);
	assert_int_equal(read(s.fd, buf, sizeof(buf)), 2);
	station_down(&s);
}

static int transmit(int fd, const uint8_t *cmd, uint32_t len, uint8_t *rsp, uint32_t *rsp_len,
		    uint32_t timeout_ms, uint32_t mode)
{
	struct cks_transmit t = {
		.size = sizeof(t),
		.mode = mode,
		.timeout_ms = timeout_ms,
		.cmd_len = len,
		.rsp_len = *rsp_len,
		.cmd = (uintptr_t)cmd,
		.rsp = (uintptr_t)rsp,
	};
	int err = ioctl(fd, CKS_IOC_TRANSMIT, &t) ? errno : 0;

	*rsp_len = t.rsp_len;
	return err;
}

static void test_transmit(void **ctx)
{
	uint32_t len = 32;
	uint8_t buf[32];
	struct station s;

	(void)ctx;
	station_ready(&s, atr_t0, sizeof(atr_t0));
	assert_int_equal(transmit(s.fd, read16, sizeof(read16), buf, &len, 0, CKS_MODE_APDU), 0);
	assert_int_equal(len, 18);
	assert_int_equal(buf[15], 15);

	/* T=0 as it is on the line: what a case 4 command leaves in the card is announced by 61. */
	len = 32;
	assert_int_equal(transmit(s.fd, write4, sizeof(write4), buf, &len, 0, CKS_MODE_TPDU), 0);
	assert_int_equal(len, 2);
	assert_int_equal(buf[0], 0x61);
	assert_int_equal(buf[1], 4);

	/* A card that keeps asking for time is not for ever. */
	len = 32;
	assert_int_equal(transmit(s.fd, hold, sizeof(hold), buf, &len, 500, CKS_MODE_APDU),
			 ETIMEDOUT);
	assert_int_equal(write(s.fd, case1, sizeof(case1)), -1);
	assert_int_equal(errno, EHOSTDOWN);
	assert_int_equal(state(s.fd).state, CKS_COUPLER_STATE_FAILED);
	assert_int_equal(reset(s.fd, CKS_COLD, NULL), 0);
	exchange(s.fd, case1, sizeof(case1), ok_sw, 2);

	/* A card that says nothing at all: WT of 7.2 is enough. */
	len = 32;
	assert_int_equal(transmit(s.fd, mute, sizeof(mute), buf, &len, 0, CKS_MODE_APDU),
			 ETIMEDOUT);
	station_down(&s);
}

static void test_arguments(void **ctx)
{
	struct cks_transmit t = { .size = sizeof(t) };
	struct cks_reset r = { .size = sizeof(r) };
	struct {
		struct cks_state s;
		uint32_t more;
	} longer = { .s.size = sizeof(longer) };
	uint8_t buf[8];
	uint32_t len;
	struct station s;

	(void)ctx;
	station_ready(&s, atr_t0, sizeof(atr_t0));

	r.size = sizeof(r) - 1;
	assert_int_equal(ioctl(s.fd, CKS_IOC_RESET, &r), -1);
	assert_int_equal(errno, EINVAL);
	r.size = sizeof(r);
	r.kind = 2;
	assert_int_equal(ioctl(s.fd, CKS_IOC_RESET, &r), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(ioctl(s.fd, CKS_IOC_RESET, NULL), -1);
	assert_int_equal(errno, EFAULT);
	assert_int_equal(ioctl(s.fd, _IO('C', 0x7f)), -1);
	assert_int_equal(errno, ENOTTY);
	assert_int_equal(ioctl(s.fd, TIOCEXCL), -1);
	assert_int_equal(errno, ENOTTY);

	/* A caller that knows more fields than the kernel: fine while they are 0. */
	assert_int_equal(ioctl(s.fd, CKS_IOC_STATE, &longer), 0);
	assert_int_equal(longer.s.size, sizeof(struct cks_state));
	longer.s = (struct cks_state){ .size = sizeof(longer) };
	longer.more = 1;
	assert_int_equal(ioctl(s.fd, CKS_IOC_STATE, &longer), -1);
	assert_int_equal(errno, E2BIG);

	len = sizeof(buf);
	assert_int_equal(transmit(s.fd, case1, 3, buf, &len, 0, CKS_MODE_APDU), EINVAL);
	assert_int_equal(transmit(s.fd, case1, CKS_APDU_MAX + 1, buf, &len, 0, 0), EMSGSIZE);
	assert_int_equal(transmit(s.fd, case1, 4, buf, &len, 0, 2), EINVAL);
	assert_int_equal(transmit(s.fd, NULL, 4, buf, &len, 0, CKS_MODE_APDU), EFAULT);
	len = 1;
	assert_int_equal(transmit(s.fd, case1, 4, buf, &len, 0, CKS_MODE_APDU), EMSGSIZE);
	exchange(s.fd, case1, sizeof(case1), ok_sw, 2);
	station_down(&s);
}

static void test_power_off(void **ctx)
{
	struct cks_state before;
	struct station s;
	uint8_t buf[8];

	(void)ctx;
	station_ready(&s, atr_t0, sizeof(atr_t0));
	before = state(s.fd);
	assert_int_equal(write(s.fd, hold, sizeof(hold)), sizeof(hold));
	wait_commands(s.card, 1);
	assert_int_equal(ioctl(s.fd, CKS_IOC_POWER_OFF), 0);
	assert_int_equal(read(s.fd, buf, sizeof(buf)), -1);
	assert_int_equal(errno, ECANCELED);
	assert_int_equal(state(s.fd).state, CKS_COUPLER_STATE_INACTIVE);
	assert_int_equal(state(s.fd).power_gen, before.power_gen + 1);
	assert_int_equal(state(s.fd).presence_gen, before.presence_gen);
	station_down(&s);
}

static void test_card_removed(void **ctx)
{
	struct cks_state before;
	struct station s;
	uint8_t buf[8];

	(void)ctx;
	station_ready(&s, atr_t0, sizeof(atr_t0));
	before = state(s.fd);
	assert_int_equal(write(s.fd, hold, sizeof(hold)), sizeof(hold));
	wait_commands(s.card, 1);
	assert_int_equal(simcard_remove(s.card), 0);
	assert_int_equal(read(s.fd, buf, sizeof(buf)), -1);
	assert_int_equal(errno, ENOMEDIUM);
	assert_true(events(s.fd, POLLIN, 0) & POLLHUP);
	assert_int_equal(state(s.fd).presence_gen, before.presence_gen + 1);
	assert_int_equal(state(s.fd).power_gen, before.power_gen + 1);

	/* The next card is not active by itself. */
	assert_int_equal(simcard_insert(s.card), 0);
	wait_present(s.fd, true);
	assert_int_equal(write(s.fd, case1, sizeof(case1)), -1);
	assert_int_equal(errno, EHOSTDOWN);
	assert_int_equal(reset(s.fd, CKS_COLD, NULL), 0);
	exchange(s.fd, case1, sizeof(case1), ok_sw, 2);
	station_down(&s);
}

static void *close_bench(void *arg)
{
	close(*(int *)arg);
	return NULL;
}

static void test_coupler_removed(void **ctx)
{
	struct station s;
	pthread_t thread;
	uint8_t buf[8];

	(void)ctx;
	station_ready(&s, atr_t0, sizeof(atr_t0));
	assert_int_equal(write(s.fd, hold, sizeof(hold)), sizeof(hold));
	wait_commands(s.card, 1);

	/* While read() waits. */
	assert_int_equal(pthread_create(&thread, NULL, close_bench, &s.bench), 0);
	assert_int_equal(read(s.fd, buf, sizeof(buf)), -1);
	assert_int_equal(errno, ENODEV);
	pthread_join(thread, NULL);
	s.bench = -1;

	assert_int_equal(reset(s.fd, CKS_COLD, NULL), ENODEV);
	assert_int_equal(write(s.fd, case1, sizeof(case1)), -1);
	assert_int_equal(errno, ENODEV);
	assert_int_equal(ioctl(s.fd, CKS_IOC_POWER_OFF), -1);
	assert_int_equal(errno, ENODEV);
	assert_true(events(s.fd, POLLIN, 0) & POLLERR);
	assert_int_equal(open_coupler(simcard_coupler(s.card), 0), -1);
	station_down(&s);
}

static void test_closed_while_running(void **ctx)
{
	struct station s;
	int n;

	(void)ctx;
	station_ready(&s, atr_t0, sizeof(atr_t0));
	for (n = 1; n <= 3; n++) {
		assert_int_equal(write(s.fd, hold, sizeof(hold)), sizeof(hold));
		wait_commands(s.card, (unsigned int)n);
		close(s.fd);
		s.fd = open_coupler(simcard_coupler(s.card), 0);
		assert_true(s.fd >= 0);
		/* The next owner finds the card switched off. */
		assert_int_equal(state(s.fd).state, CKS_COUPLER_STATE_INACTIVE);
		assert_int_equal(reset(s.fd, CKS_COLD, NULL), 0);
	}
	station_down(&s);
}

static void test_extended(void **ctx)
{
	enum { LC = 600 };
	uint8_t cmd[7 + LC + 2] = { 0x00, 0x10, 0x00, 0x00, 0x00, LC >> 8, LC & 0xff };
	uint8_t rsp[LC + 2];
	struct station s;

	(void)ctx;
	for (int i = 0; i < LC; i++)
		cmd[7 + i] = (uint8_t)(i * 7);
	station_ready(&s, atr_t1, sizeof(atr_t1));
	assert_int_equal(write(s.fd, cmd, sizeof(cmd)), sizeof(cmd));
	assert_int_equal(read(s.fd, rsp, sizeof(rsp)), sizeof(rsp));
	assert_memory_equal(rsp, cmd + 7, LC);
	station_down(&s);
}

#define TRACING	"/sys/kernel/tracing/"

static void put_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* Lines of the trace that have both words. */
static int traced(const char *one, const char *two)
{
	FILE *f = fopen(TRACING "trace", "re");
	char line[512];
	int n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, one) && strstr(line, two);
	fclose(f);
	return n;
}

static void test_trace(void **ctx)
{
	struct station s;

	(void)ctx;
	put_file(TRACING "trace", "\n");
	put_file(TRACING "events/cks/enable", "1");
	station_ready(&s, atr_t0, sizeof(atr_t0));
	exchange(s.fd, echo4, sizeof(echo4), (const uint8_t *)"\xde\xad\xbe\xef\x90\x00", 6);
	station_down(&s);
	put_file(TRACING "events/cks/enable", "0");

	assert_int_equal(traced("cks_activate:", " on "), 1);
	assert_int_equal(traced("cks_activate:", " off "), 1);
	assert_int_equal(traced("cks_atr:", "atr=3b8240011450 err=0"), 1);
	assert_int_equal(traced("cks_exchange:", "cmd_len=10 rsp_len=6 err=0"), 1);
	/* Nothing of what was sent. */
	assert_int_equal(traced("cks_", "deadbeef"), 0);
}

static int load(void **ctx)
{
	(void)ctx;
	return modules_load(modules);
}

static int unload(void **ctx)
{
	(void)ctx;
	return modules_unload(modules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exclusive),
		cmocka_unit_test(test_no_card),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_t0),
		cmocka_unit_test(test_t1),
		cmocka_unit_test(test_boundaries),
		cmocka_unit_test(test_nonblock),
		cmocka_unit_test(test_poll_while_another_reads),
		cmocka_unit_test(test_signal),
		cmocka_unit_test(test_transmit),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_power_off),
		cmocka_unit_test(test_card_removed),
		cmocka_unit_test(test_coupler_removed),
		cmocka_unit_test(test_closed_while_running),
		cmocka_unit_test(test_extended),
		cmocka_unit_test(test_trace),
	};

	return cmocka_run_group_tests_name("chardev", tests, load, unload);
}
