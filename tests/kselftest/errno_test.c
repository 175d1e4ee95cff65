// SPDX-License-Identifier: GPL-2.0-only
/*
 * The errors of /dev/cks/couplerN as docs/cks.4 has them: one test for each, and the page's list
 * is compared with that of the tests. Then many threads on one open file, with cards and at last
 * the coupler going away under them: each call ends, with one of these errors or none.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/cks.h>
#include <linux/cks_sim.h>
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
#include <unistd.h>

#include <cmocka.h>

#include "lib/modules.h"
#include "lib/simcard.h"
#include "lib/wait.h"

#define ETU		(372ULL * CKS_SIM_TICKS_PER_CLK)
#define TURN		(40 * ETU)	/* from a character to the other side's: BGT is 22 */

static const char *const modules[] = { "cks", "cks_sim", "cks_uart", NULL };

/* T=0 with the shortest waiting time (TC2 01). */
static const uint8_t atr_t0[] = { 0x3b, 0x82, 0x40, 0x01, 0x14, 0x50 };
static const uint8_t atr_t1[] = { 0x3b, 0x80, 0x01, 0x81 };
static const uint8_t case1[] = { 0x00, 0x44, 0x00, 0x00 };
static const uint8_t read16[] = { 0x00, SIMCARD_INS_READ, 0x00, 0x00, 0x10 };
static const uint8_t hold[] = { 0x00, SIMCARD_INS_HOLD, 0x00, 0x00 };
static const uint8_t mute[] = { 0x00, SIMCARD_INS_MUTE, 0x00, 0x00 };

/* One coupler; @card plays in its slot, or the test itself does when it is NULL. */
struct bed {
	int bench;
	struct simcard *card;
	int slot;
	unsigned int coupler;
	int fd;
};

static int open_coupler(unsigned int n)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/cks/coupler%u", n);
	return open(path, O_RDWR | O_CLOEXEC);
}

/* What a call that failed said; 0 if it did not fail. */
static int err_of(long ret)
{
	return ret < 0 ? errno : 0;
}

static int reset(int fd, uint8_t kind)
{
	struct cks_reset r = { .size = sizeof(r), .kind = kind };

	return err_of(ioctl(fd, CKS_IOC_RESET, &r));
}

static int transmit(int fd, const uint8_t *cmd, uint32_t len, uint32_t timeout_ms)
{
	uint8_t rsp[300];
	struct cks_transmit t = {
		.size = sizeof(t),
		.timeout_ms = timeout_ms,
		.cmd_len = len,
		.rsp_len = sizeof(rsp),
		.cmd = (uintptr_t)cmd,
		.rsp = (uintptr_t)rsp,
	};

	return err_of(ioctl(fd, CKS_IOC_TRANSMIT, &t));
}

static int put(int fd, const uint8_t *cmd, size_t len)
{
	return err_of(write(fd, cmd, len));
}

static int take(int fd)
{
	uint8_t rsp[300];

	return err_of(read(fd, rsp, sizeof(rsp)));
}

static void wait_present(int fd)
{
	struct cks_state s = { .size = sizeof(s) };

	wait_for("card in", !ioctl(fd, CKS_IOC_STATE, &s) && s.present);
}

static void wait_commands(struct bed *b, unsigned int n)
{
	wait_for("the card has the command", simcard_commands(b->card) >= n);
}

static void empty(struct bed *b)
{
	*b = (struct bed){ .bench = simbench_open() };
	assert_true(b->bench >= 0);
	b->card = simcard_new(b->bench, atr_t0, sizeof(atr_t0));
	assert_non_null(b->card);
	b->coupler = simcard_coupler(b->card);
	b->fd = open_coupler(b->coupler);
	assert_true(b->fd >= 0);
}

static void ready(struct bed *b)
{
	empty(b);
	assert_int_equal(simcard_insert(b->card), 0);
	wait_present(b->fd);
	assert_int_equal(reset(b->fd, CKS_COLD), 0);
}

/* A slot that the test plays, and an answer to reset that the bench gives. */
static void bare(struct bed *b, const uint8_t *atr, size_t len)
{
	struct cks_sim_event ev = { .type = CKS_SIM_CHAR, .flags = CKS_SIM_ON_RESET };
	struct cks_sim_slot slot;
	uint32_t in = 1;

	*b = (struct bed){ .bench = simbench_open() };
	assert_true(b->bench >= 0);
	simcard_slot_default(&slot);
	b->slot = ioctl(b->bench, CKS_SIM_ADD_SLOT, &slot);
	assert_true(b->slot >= 0);
	for (size_t i = 0; i < len; i++) {
		ev.time = 1000 * CKS_SIM_TICKS_PER_CLK + i * 12 * ETU;
		ev.value = atr[i];
		assert_int_equal(write(b->slot, &ev, sizeof(ev)), sizeof(ev));
	}
	b->coupler = slot.coupler;
	b->fd = open_coupler(b->coupler);
	assert_true(b->fd >= 0);
	assert_int_equal(ioctl(b->slot, CKS_SIM_PRESENT, &in), 0);
	wait_present(b->fd);
}

static void down(struct bed *b)
{
	if (b->fd >= 0)
		close(b->fd);
	if (b->card)
		simcard_free(b->card);
	else
		close(b->slot);
	if (b->bench >= 0)
		close(b->bench);
}

/* The next characters that the card hears; returns the time of the last. */
static uint64_t hear(struct bed *b, uint8_t *buf, size_t n)
{
	struct pollfd p = { .fd = b->slot, .events = POLLIN };
	struct cks_sim_event ev = { .time = 0 };

	while (n) {
		assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
		assert_int_equal(read(b->slot, &ev, sizeof(ev)), sizeof(ev));
		if (ev.type != CKS_SIM_CHAR)
			continue;
		*buf++ = ev.value;
		n--;
	}
	return ev.time;
}

/* A block of T=1, with its LRC, after what was heard at @time. */
static void say(struct bed *b, uint64_t time, uint8_t pcb, const uint8_t *inf, uint8_t len)
{
	uint8_t block[8] = { 0, pcb, len }, lrc = 0;

	assert_true(len <= 4);
	if (len)
		memcpy(block + 3, inf, len);
	for (int i = 0; i < 3 + len; i++)
		lrc ^= block[i];
	block[3 + len] = lrc;
	for (int i = 0; i < 4 + len; i++) {
		struct cks_sim_event ev = {
			.type = CKS_SIM_CHAR,
			.time = time + TURN + (uint64_t)i * 12 * ETU,
			.value = block[i],
		};

		assert_int_equal(write(b->slot, &ev, sizeof(ev)), sizeof(ev));
	}
}

/* ------------------------------------------------------------------------------ threads */

static void on_signal(int sig)
{
	(void)sig;
}

struct pest {
	pthread_t thread;
	pthread_t victim;
	atomic_bool stop;
};

/* One signal may come too early: until it is told to stop. */
static void *pester(void *arg)
{
	struct pest *p = arg;

	while (!atomic_load(&p->stop)) {
		pthread_kill(p->victim, SIGUSR1);
		usleep(10000);
	}
	return NULL;
}

static void pest_begin(struct pest *p)
{
	struct sigaction act = { .sa_handler = on_signal };

	assert_int_equal(sigaction(SIGUSR1, &act, NULL), 0);
	p->victim = pthread_self();
	atomic_store(&p->stop, false);
	assert_int_equal(pthread_create(&p->thread, NULL, pester, p), 0);
}

static void pest_end(struct pest *p)
{
	atomic_store(&p->stop, true);
	pthread_join(p->thread, NULL);
}

static void *read_in_thread(void *arg)
{
	return (void *)(intptr_t)take(*(int *)arg);
}

/* -------------------------------------------------------------------------- each error */

static void again(void)
{
	pthread_t thread;
	struct bed b;
	void *ret;
	int err;

	ready(&b);
	assert_int_equal(put(b.fd, hold, sizeof(hold)), 0);
	wait_commands(&b, 1);
	assert_int_equal(pthread_create(&thread, NULL, read_in_thread, &b.fd), 0);
	/* The other thread, which waits, has it; before it is there, only the command runs. */
	for (int ms = 0; ; ms++) {
		assert_int_equal(fcntl(b.fd, F_SETFL, 0), 0);
		usleep(1000);
		assert_int_equal(fcntl(b.fd, F_SETFL, O_NONBLOCK), 0);
		err = put(b.fd, case1, sizeof(case1));
		if (err != EBUSY)
			break;
		assert_in_range(ms, 0, PATIENCE_MS);
	}
	assert_int_equal(err, EAGAIN);
	assert_int_equal(reset(b.fd, CKS_COLD), EAGAIN);
	assert_int_equal(transmit(b.fd, case1, sizeof(case1), 0), EAGAIN);
	assert_int_equal(take(b.fd), EAGAIN);
	simcard_let_go(b.card);
	pthread_join(thread, &ret);
	assert_true((intptr_t)ret == 0 || (intptr_t)ret == EAGAIN);

	/* Nobody else: the command itself runs. */
	if ((intptr_t)ret == EAGAIN) {
		assert_int_equal(fcntl(b.fd, F_SETFL, 0), 0);
		assert_int_equal(take(b.fd), 0);
		assert_int_equal(fcntl(b.fd, F_SETFL, O_NONBLOCK), 0);
	}
	assert_int_equal(put(b.fd, hold, sizeof(hold)), 0);
	assert_int_equal(take(b.fd), EAGAIN);
	down(&b);
}

static void busy(void)
{
	struct bed b;

	ready(&b);
	assert_int_equal(err_of(open_coupler(b.coupler)), EBUSY);
	assert_int_equal(put(b.fd, read16, sizeof(read16)), 0);
	assert_int_equal(put(b.fd, case1, sizeof(case1)), EBUSY);	/* runs, or is not read */
	assert_int_equal(take(b.fd), 0);
	assert_int_equal(put(b.fd, case1, sizeof(case1)), 0);
	down(&b);
}

static void canceled(void)
{
	struct bed b;

	ready(&b);
	assert_int_equal(put(b.fd, hold, sizeof(hold)), 0);
	wait_commands(&b, 1);
	assert_int_equal(ioctl(b.fd, CKS_IOC_POWER_OFF), 0);
	assert_int_equal(take(b.fd), ECANCELED);
	down(&b);
}

/* The card gives up a chain of blocks: S(ABORT request), and then hands over by an R-block. */
static void aborted(void)
{
	uint8_t cmd[5 + 100] = { 0x00, 0xd6, 0x00, 0x00, 100 }, block[40];
	uint64_t at;
	struct bed b;

	bare(&b, atr_t1, sizeof(atr_t1));
	assert_int_equal(reset(b.fd, CKS_COLD), 0);
	assert_int_equal(put(b.fd, cmd, sizeof(cmd)), 0);
	at = hear(&b, block, 3);
	if (block[1] == 0xc1) {		/* S(IFS request) */
		at = hear(&b, block + 3, 2);
		say(&b, at, 0xe1, block + 3, 1);
		at = hear(&b, block, 3);
	}
	assert_int_equal(block[1] & 0xa0, 0x20);	/* I-block, more to come */
	assert_in_range(block[2], 1, 32);
	at = hear(&b, block + 3, block[2] + 1);
	say(&b, at, 0xc2, NULL, 0);
	at = hear(&b, block, 4);
	assert_int_equal(block[1], 0xe2);
	say(&b, at, 0x80, NULL, 0);
	assert_int_equal(take(b.fd), ECONNABORTED);
	down(&b);
}

static void host_down(void)
{
	struct bed b;

	empty(&b);
	assert_int_equal(simcard_insert(b.card), 0);
	wait_present(b.fd);
	assert_int_equal(put(b.fd, case1, sizeof(case1)), EHOSTDOWN);
	assert_int_equal(transmit(b.fd, case1, sizeof(case1), 0), EHOSTDOWN);
	assert_int_equal(reset(b.fd, CKS_WARM), EHOSTDOWN);
	down(&b);
}

static void interrupted(void)
{
	struct cks_state s = { .size = sizeof(s) };
	struct pest pest;
	struct bed b;
	int err;

	ready(&b);
	assert_int_equal(put(b.fd, hold, sizeof(hold)), 0);
	wait_commands(&b, 1);
	pest_begin(&pest);
	err = take(b.fd);
	pest_end(&pest);
	assert_int_equal(err, EINTR);
	simcard_let_go(b.card);
	assert_int_equal(take(b.fd), 0);

	/* The response of an interrupted transmit is for read(). */
	pest_begin(&pest);
	err = transmit(b.fd, hold, sizeof(hold), 0);
	pest_end(&pest);
	assert_int_equal(err, EINTR);
	wait_commands(&b, 2);
	simcard_let_go(b.card);
	assert_int_equal(take(b.fd), 0);

	/* An interrupted reset leaves the card off. A card that is silent is waited for. */
	simcard_silence(b.card, true);
	pest_begin(&pest);
	err = reset(b.fd, CKS_COLD);
	pest_end(&pest);
	assert_int_equal(err, EINTR);
	assert_int_equal(ioctl(b.fd, CKS_IOC_STATE, &s), 0);
	assert_int_equal(s.present, 1);
	assert_int_equal(put(b.fd, case1, sizeof(case1)), EHOSTDOWN);
	down(&b);
}

static void invalid(void)
{
	static const uint8_t lc_too_long[] = { 0x00, 0x10, 0x00, 0x00, 0x04, 0x01 };
	struct cks_reset r = { .size = sizeof(r), .kind = 2 };
	struct bed b;

	ready(&b);
	assert_int_equal(put(b.fd, case1, 3), EINVAL);
	assert_int_equal(put(b.fd, lc_too_long, sizeof(lc_too_long)), EINVAL);
	assert_int_equal(err_of(ioctl(b.fd, CKS_IOC_RESET, &r)), EINVAL);
	down(&b);
}

static void io(void)
{
	const struct cks_sim_fault damage = {
		.type = CKS_SIM_FAULT_CARD_PARITY, .nth = 1, .every = 1,
	};
	struct bed b;

	ready(&b);
	assert_int_equal(ioctl(simcard_fd(b.card), CKS_SIM_FAULT, &damage), 0);
	assert_int_equal(put(b.fd, read16, sizeof(read16)), 0);
	assert_int_equal(take(b.fd), EIO);
	down(&b);
}

static void message_size(void)
{
	static const uint8_t big[CKS_APDU_MAX + 1];
	uint8_t rsp[17];
	struct bed b;

	ready(&b);
	assert_int_equal(put(b.fd, big, sizeof(big)), EMSGSIZE);
	assert_int_equal(put(b.fd, read16, sizeof(read16)), 0);
	assert_int_equal(err_of(read(b.fd, rsp, sizeof(rsp))), EMSGSIZE);
	assert_int_equal(take(b.fd), 0);
	down(&b);
}

static void no_data(void)
{
	struct bed b;

	ready(&b);
	assert_int_equal(take(b.fd), ENODATA);
	down(&b);
}

static void no_device(void)
{
	struct bed b;

	ready(&b);
	assert_int_equal(put(b.fd, hold, sizeof(hold)), 0);
	wait_commands(&b, 1);
	close(b.bench);
	b.bench = -1;
	assert_int_equal(take(b.fd), ENODEV);
	assert_int_equal(put(b.fd, case1, sizeof(case1)), ENODEV);
	assert_int_equal(reset(b.fd, CKS_COLD), ENODEV);
	assert_int_equal(transmit(b.fd, case1, sizeof(case1), 0), ENODEV);
	assert_int_equal(err_of(ioctl(b.fd, CKS_IOC_POWER_OFF)), ENODEV);
	down(&b);
}

static void no_medium(void)
{
	struct bed b;

	ready(&b);
	assert_int_equal(put(b.fd, hold, sizeof(hold)), 0);
	wait_commands(&b, 1);
	assert_int_equal(simcard_remove(b.card), 0);
	assert_int_equal(take(b.fd), ENOMEDIUM);
	assert_int_equal(put(b.fd, case1, sizeof(case1)), ENOMEDIUM);
	assert_int_equal(reset(b.fd, CKS_COLD), ENOMEDIUM);
	down(&b);
}

static void protocol(void)
{
	static const uint8_t atr_no_ts[] = { 0x23, 0x00 };
	struct bed b;

	bare(&b, atr_no_ts, sizeof(atr_no_ts));
	assert_int_equal(reset(b.fd, CKS_COLD), EPROTO);
	down(&b);
}

static void protocol_not_supported(void)
{
	static const uint8_t atr_t14[] = { 0x3b, 0x80, 0x0e, 0x8e };
	struct bed b;

	bare(&b, atr_t14, sizeof(atr_t14));
	assert_int_equal(reset(b.fd, CKS_COLD), EPROTONOSUPPORT);
	down(&b);
}

/* Specific mode, TA2 80: F 512, D 64, and nothing else; more than a UART of 1.8432 MHz can do. */
static void rate_not_supported(void)
{
	static const uint8_t atr_fast[] = { 0x3b, 0x90, 0x97, 0x10, 0x80 };
	struct bed b;

	bare(&b, atr_fast, sizeof(atr_fast));
	assert_int_equal(reset(b.fd, CKS_COLD), EOPNOTSUPP);
	down(&b);
}

static void timed_out(void)
{
	struct bed b;

	ready(&b);
	assert_int_equal(transmit(b.fd, hold, sizeof(hold), 500), ETIMEDOUT);
	assert_int_equal(reset(b.fd, CKS_COLD), 0);
	assert_int_equal(transmit(b.fd, mute, sizeof(mute), 0), ETIMEDOUT);
	simcard_silence(b.card, true);
	assert_int_equal(reset(b.fd, CKS_COLD), ETIMEDOUT);
	down(&b);
}

static const struct {
	const char *name;
	int err;
	void (*provoke)(void);
} errors[] = {
	{ "EAGAIN", EAGAIN, again },
	{ "EBUSY", EBUSY, busy },
	{ "ECANCELED", ECANCELED, canceled },
	{ "ECONNABORTED", ECONNABORTED, aborted },
	{ "EHOSTDOWN", EHOSTDOWN, host_down },
	{ "EINTR", EINTR, interrupted },
	{ "EINVAL", EINVAL, invalid },
	{ "EIO", EIO, io },
	{ "EMSGSIZE", EMSGSIZE, message_size },
	{ "ENODATA", ENODATA, no_data },
	{ "ENODEV", ENODEV, no_device },
	{ "ENOMEDIUM", ENOMEDIUM, no_medium },
	{ "EPROTO", EPROTO, protocol },
	{ "EPROTONOSUPPORT", EPROTONOSUPPORT, protocol_not_supported },
	{ "EOPNOTSUPP", EOPNOTSUPP, rate_not_supported },
	{ "ETIMEDOUT", ETIMEDOUT, timed_out },
};

#define ERRORS	(sizeof(errors) / sizeof(errors[0]))

static void test_error(void **state)
{
	const size_t *i = *state;

	errors[*i].provoke();
}

/* Every word that begins with E and a capital, in the names of the section ERRORS. */
static void test_the_page_has_these(void **state)
{
	FILE *page = fopen(CKS_TOP "/docs/cks.4", "re");
	bool found[ERRORS] = { false }, inside = false, known;
	char line[256], *word, *rest;
	size_t i;

	(void)state;
	assert_non_null(page);
	while (fgets(line, sizeof(line), page)) {
		if (!strncmp(line, ".SH", 3))
			inside = !strcmp(line, ".SH ERRORS\n");
		if (!inside || strncmp(line, ".B", 2))
			continue;
		for (word = strtok_r(line, " \",\n", &rest); word;
		     word = strtok_r(NULL, " \",\n", &rest)) {
			if (word[0] != 'E' || strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ2") < 3)
				continue;
			known = false;
			for (i = 0; i < ERRORS; i++) {
				if (strcmp(word, errors[i].name))
					continue;
				found[i] = true;
				known = true;
			}
			if (!known)
				fail_msg("%s of the page has no test", word);
		}
	}
	fclose(page);
	for (i = 0; i < ERRORS; i++)
		if (!found[i])
			fail_msg("%s is not in the page", errors[i].name);
}

/* ---------------------------------------------------------------------------- a crowd */

#define CROWD		6
#define CROWD_ROUNDS	2
#define CROWD_CALLS	5	/* of each one, before anything goes */

static bool documented(int err)
{
	for (size_t i = 0; i < ERRORS; i++)
		if (errors[i].err == err)
			return true;
	return false;
}

struct crowd {
	int fd;
	unsigned int coupler;
	atomic_bool stop;
	atomic_bool closed;	/* then there may be no such descriptor */
	atomic_uint calls[CROWD];
	atomic_int odd;		/* an error that the page does not have */
};

struct one {
	struct crowd *crowd;
	unsigned int n;
	pthread_t thread;
};

/* Some only read, some only write; a reset, a poll, another open, a transmit with a timeout. */
static int one_call(struct crowd *c, unsigned int n)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN | POLLOUT };
	int fd, err;

	switch (n) {
	case 0:
		return put(c->fd, read16, sizeof(read16));
	case 1:
	case 2:
		return take(c->fd);
	case 3:
		return reset(c->fd, CKS_COLD);
	case 4:
		err = err_of(poll(&p, 1, 1));
		fd = open_coupler(c->coupler);
		if (fd >= 0)
			close(fd);
		return err;
	default:
		return transmit(c->fd, case1, sizeof(case1), 2000);
	}
}

static void *one_of_them(void *arg)
{
	struct one *o = arg;
	struct crowd *c = o->crowd;

	while (!atomic_load(&c->stop)) {
		int err = one_call(c, o->n);

		if (err && !documented(err) && !(err == EBADF && atomic_load(&c->closed)))
			atomic_store(&c->odd, err);
		atomic_fetch_add(&c->calls[o->n], 1);
	}
	return NULL;
}

static bool all_called(struct crowd *c, const unsigned int before[CROWD])
{
	for (unsigned int i = 0; i < CROWD; i++)
		if (atomic_load(&c->calls[i]) - before[i] < CROWD_CALLS)
			return false;
	return true;
}

static void wait_calls(struct crowd *c)
{
	unsigned int before[CROWD];

	for (unsigned int i = 0; i < CROWD; i++)
		before[i] = atomic_load(&c->calls[i]);
	wait_for("calls of everybody", all_called(c, before));
}

static void test_crowd(void **state)
{
	(void)state;
	for (int round = 0; round < CROWD_ROUNDS; round++) {
		struct crowd c = { .stop = false };
		struct one one[CROWD];
		struct bed b;

		ready(&b);
		c.fd = b.fd;
		c.coupler = b.coupler;
		for (unsigned int i = 0; i < CROWD; i++) {
			one[i] = (struct one){ .crowd = &c, .n = i };
			assert_int_equal(pthread_create(&one[i].thread, NULL, one_of_them,
							&one[i]), 0);
		}
		wait_calls(&c);
		assert_int_equal(simcard_remove(b.card), 0);
		wait_calls(&c);
		assert_int_equal(simcard_insert(b.card), 0);
		wait_calls(&c);
		/* In the second round the coupler goes first, in the first one the file. */
		if (round % 2) {
			close(b.bench);
			b.bench = -1;
			wait_calls(&c);
		}
		atomic_store(&c.closed, true);
		close(b.fd);	/* what is in a call keeps it */
		b.fd = -1;
		atomic_store(&c.stop, true);
		for (unsigned int i = 0; i < CROWD; i++)
			pthread_join(one[i].thread, NULL);
		assert_int_equal(atomic_load(&c.odd), 0);
		if (!(round % 2)) {
			b.fd = open_coupler(b.coupler);
			assert_true(b.fd >= 0);
			assert_int_equal(reset(b.fd, CKS_COLD), 0);
			assert_int_equal(transmit(b.fd, case1, sizeof(case1), 0), 0);
		}
		down(&b);
	}
}

static int load(void **state)
{
	(void)state;
	return modules_load(modules);
}

static int unload(void **state)
{
	(void)state;
	return modules_unload(modules);
}

int main(void)
{
	struct CMUnitTest tests[ERRORS + 2];
	size_t index[ERRORS], i;

	for (i = 0; i < ERRORS; i++) {
		index[i] = i;
		tests[i] = (struct CMUnitTest){
			.name = errors[i].name,
			.test_func = test_error,
			.initial_state = &index[i],
		};
	}
	tests[i++] = (struct CMUnitTest)cmocka_unit_test(test_the_page_has_these);
	tests[i++] = (struct CMUnitTest)cmocka_unit_test(test_crowd);
	if (!getenv("CKS_GUEST")) {
		printf("Bail out! loads kernel modules, so it runs in a guest only\n");
		return 2;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("errno", tests, load, unload) ? 1 : 0;
}
