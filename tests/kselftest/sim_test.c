// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtual bench and the UART driver in the guest: slots come and go, a card written here by
 * hand answers its reset and a command through the simulated UART, and what is wrong is refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <linux/cks.h>
#include <linux/cks_sim.h>

#include "lib/modules.h"
#include "lib/thread.h"

#define CLK		3571200U
#define UART_CLK	1843200U
#define TICKS		((uint64_t)CKS_SIM_TICKS_PER_CLK)
#define ETU		(372 * TICKS)
#define PATIENCE_MS	20000

static int count;
static bool failed;

static bool tap(bool ok, const char *name)
{
	printf("%sok %d - %s\n", ok ? "" : "not ", ++count, name);
	fflush(stdout);
	failed |= !ok;
	return ok;
}

/* ----------------------------------------------------------------------------- modules */

static const char *const modules[] = { "cks", "cks_uart", "cks_sim", NULL };

/* ------------------------------------------------------------------------ the card's side */

/**
 * struct card - a card and what it has seen
 * @fd: slot
 * @atr: as a UART with LSB first and @odd parity sends it
 * @atr_len: length
 * @etu: of its ATR, in ticks
 * @odd: odd parity
 * @pps: answers a PPS by the same bytes and then changes to @pps_etu
 * @pps_etu: etu after PPS
 * @answer: to a header of five characters
 * @answer_len: its length
 * @stop: pipe whose end tells the thread to end
 * @thread: reads the events
 * @lock: for what follows
 * @rst_high: time of the last RST high
 * @vcc_off: VCC has gone off since it last went on
 * @flags: all flags of received characters
 * @chars: received
 * @char_at: times of the first of them
 * @n: characters since RST
 * @header: last ones
 */
struct card {
	int fd;
	uint8_t atr[33];
	unsigned int atr_len;
	uint32_t etu;
	bool odd;
	bool pps;
	uint32_t pps_etu;
	uint8_t answer[8];
	unsigned int answer_len;
	int stop[2];
	pthread_t thread;
	pthread_mutex_t lock;
	uint64_t rst_high;
	bool vcc_off;
	unsigned int flags;
	unsigned int chars;
	uint64_t char_at[64];
	unsigned int n;
	uint8_t header[8];
};

static void card_line(struct card *c, uint32_t etu, uint8_t flags)
{
	struct cks_sim_event e = {
		.type = CKS_SIM_LINE,
		.etu = etu,
		.flags = (c->odd ? CKS_SIM_ODD : 0) | flags,
	};

	if (write(c->fd, &e, sizeof(e)) != sizeof(e))
		printf("# line: %s\n", strerror(errno));
}

static void card_send(struct card *c, uint64_t at, const uint8_t *data, unsigned int len,
		      uint8_t flags)
{
	struct cks_sim_event e = { .type = CKS_SIM_CHAR, .time = at, .flags = flags };
	unsigned int i;

	for (i = 0; i < len; i++) {
		e.value = data[i];
		if (write(c->fd, &e, sizeof(e)) != sizeof(e))
			printf("# send: %s\n", strerror(errno));
	}
}

static void card_event(struct card *c, const struct cks_sim_event *e)
{
	switch (e->type) {
	case CKS_SIM_VCC:
		c->vcc_off = !e->value;
		c->n = 0;
		break;
	case CKS_SIM_RST:
		c->n = 0;
		if (e->value)
			c->rst_high = e->time;
		break;
	case CKS_SIM_CHAR:
		c->flags |= e->flags;
		if (c->chars < 64)
			c->char_at[c->chars] = e->time;
		c->chars++;
		c->header[c->n++ & 7] = e->value;
		if (c->pps && c->header[0] == 0xff) {
			if (c->n == 4) {
				card_send(c, e->time + 16 * ETU, c->header, 4, 0);
				card_line(c, c->pps_etu, 0);
				c->n = 0;
			}
		} else if (c->n == 5) {
			card_send(c, e->time + 16 * ETU, c->answer, c->answer_len, 0);
			c->n = 0;
		}
		break;
	}
}

static bool card_read(struct card *c)
{
	struct cks_sim_event e[16];
	ssize_t n, i;

	n = read(c->fd, e, sizeof(e));
	pthread_mutex_lock(&c->lock);
	for (i = 0; i < n / (ssize_t)sizeof(e[0]); i++)
		card_event(c, &e[i]);
	pthread_mutex_unlock(&c->lock);
	return n > 0;
}

static void *card_run(void *arg)
{
	struct card *c = arg;
	struct pollfd p[2] = { { .fd = c->fd, .events = POLLIN },
			       { .fd = c->stop[0], .events = POLLIN } };

	for (;;) {
		if (poll(p, 2, -1) < 0 || p[1].revents || p[0].revents & (POLLERR | POLLHUP))
			return NULL;
		if (!card_read(c))
			return NULL;
	}
}

static bool card_start(struct card *c)
{
	pthread_mutex_init(&c->lock, NULL);
	return !pipe(c->stop) && !pthread_create(&c->thread, NULL, card_run, c);
}

static void card_stop(struct card *c)
{
	close(c->stop[1]);
	pthread_join(c->thread, NULL);
	close(c->stop[0]);
	/* What has happened and was not read yet. */
	if (!fcntl(c->fd, F_SETFL, O_NONBLOCK))
		while (card_read(c))
			;
	close(c->fd);
}

/* ---------------------------------------------------------------------- the coupler's side */

static int add_slot(int bench, uint32_t uart_clk, uint32_t *ret_coupler)
{
	struct cks_sim_slot s = { .size = sizeof(s), .card_clk = CLK, .uart_clk = uart_clk };
	int fd = ioctl(bench, CKS_SIM_ADD_SLOT, &s);

	if (fd < 0)
		printf("# slot: %s\n", strerror(errno));
	*ret_coupler = s.coupler;
	return fd;
}

static void coupler_path(char path[64], uint32_t coupler)
{
	snprintf(path, 64, "/dev/cks/coupler%u", coupler);
}

static bool card_in(int slot, bool in)
{
	uint32_t present = in;

	return !ioctl(slot, CKS_SIM_PRESENT, &present);
}

/* The coupler has to hear of the card by its interrupt: a condition, looked at until it holds. */
static bool wait_present(int coupler, bool in)
{
	struct cks_state st = { .size = sizeof(st) };
	const struct timespec pause = { .tv_nsec = 1000000 };
	int i;

	for (i = 0; i < PATIENCE_MS; i++) {
		if (ioctl(coupler, CKS_IOC_STATE, &st))
			return false;
		if (st.present == in)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

static bool reset(int coupler, const uint8_t *atr, unsigned int len)
{
	struct cks_reset r = { .size = sizeof(r), .kind = CKS_COLD };
	unsigned int i;

	if (ioctl(coupler, CKS_IOC_RESET, &r)) {
		printf("# reset: %s\n", strerror(errno));
		return false;
	}
	if (r.atr_len == len && !memcmp(r.atr, atr, len))
		return true;
	printf("# ATR:");
	for (i = 0; i < r.atr_len && i < CKS_ATR_MAX; i++)
		printf(" %02X", r.atr[i]);
	printf("\n");
	return false;
}

static bool exchange(int coupler, const uint8_t *cmd, size_t len, const uint8_t *rsp, size_t rlen)
{
	uint8_t buf[300];
	ssize_t n;

	if (write(coupler, cmd, len) != (ssize_t)len) {
		printf("# write: %s\n", strerror(errno));
		return false;
	}
	n = read(coupler, buf, sizeof(buf));
	if (n < 0)
		printf("# read: %s\n", strerror(errno));
	return n == (ssize_t)rlen && !memcmp(buf, rsp, rlen);
}

/* --------------------------------------------------------------------------------- tests */

static bool refuses(int bench, const struct cks_sim_slot *s, int err)
{
	struct cks_sim_slot arg = *s;

	return ioctl(bench, CKS_SIM_ADD_SLOT, &arg) < 0 && errno == err;
}

static void test_refusals(int bench)
{
	const struct cks_sim_slot good = {
		.size = sizeof(good), .card_clk = CLK, .uart_clk = UART_CLK,
	};
	struct cks_sim_slot s;
	bool ok = true;

	s = good;
	s.size = 8;
	ok &= refuses(bench, &s, EINVAL);
	s = good;
	s.flags = CKS_SIM_SLOT_FLAGS + 1;
	ok &= refuses(bench, &s, EINVAL);
	s = good;
	s.family = 99;
	ok &= refuses(bench, &s, EINVAL);
	s = good;
	s.card_clk = 0;
	ok &= refuses(bench, &s, EINVAL);
	s = good;
	s.card_clk = UINT32_MAX;
	ok &= refuses(bench, &s, EINVAL);
	s = good;
	s.uart_clk = 0;
	ok &= refuses(bench, &s, EINVAL);
	s = good;
	s.clk_div = UINT32_MAX;
	ok &= refuses(bench, &s, EINVAL);
	tap(ok, "malformed slots are refused");

	/* 4 MHz from 1.8432 MHz: 11 is the best divisor, 2.6 % off. */
	s = good;
	s.card_clk = 4000000;
	tap(refuses(bench, &s, ENODEV), "a slot whose UART cannot do 372/1 is refused");
}

static bool bad_record(int slot, const struct cks_sim_event *e)
{
	return write(slot, e, sizeof(*e)) < 0 && errno == EINVAL;
}

static void test_records(int bench)
{
	struct cks_sim_event e = { .type = CKS_SIM_LINE, .etu = ETU };
	uint32_t coupler, two = 2;
	int slot = add_slot(bench, UART_CLK, &coupler);
	bool ok = slot >= 0;

	ok &= write(slot, &e, sizeof(e) - 1) < 0 && errno == EINVAL;
	ok &= read(slot, &e, sizeof(e) - 1) < 0 && errno == EINVAL;
	e.etu = 0;
	ok &= bad_record(slot, &e);
	e.etu = UINT32_MAX;
	ok &= bad_record(slot, &e);
	e.etu = ETU;
	e.gap = 10 * ETU;
	ok &= bad_record(slot, &e);
	e.gap = 0;
	e.reserved = 1;
	ok &= bad_record(slot, &e);
	e = (struct cks_sim_event){ .type = CKS_SIM_VCC };
	ok &= bad_record(slot, &e);
	e.type = CKS_SIM_CHAR;
	e.flags = CKS_SIM_ODD;
	ok &= bad_record(slot, &e);
	ok &= ioctl(slot, CKS_SIM_PRESENT, &two) < 0 && errno == EINVAL;
	ok &= ioctl(slot, CKS_SIM_ADD_SLOT, &two) < 0 && errno == ENOTTY;
	ok &= !fcntl(slot, F_SETFL, O_NONBLOCK) && read(slot, &e, sizeof(e)) < 0 && errno == EAGAIN;
	tap(ok, "malformed records are refused");
	close(slot);
}

static const uint8_t atr_t0[] = { 0x3b, 0x02, 0x14, 0x50 };
/* The same in inverse convention: what goes over the line as a UART with LSB first reads it. */
static const uint8_t atr_inverse[] = { 0x3f, 0x02, 0x14, 0x50 };
static const uint8_t atr_inverse_line[] = { 0x03, 0xbf, 0xd7, 0xf5 };
static const uint8_t atr_ta1_13[] = { 0x3b, 0x12, 0x13, 0x14, 0x50 };
static const uint8_t atr_wrong_rate[] = { 0x3b, 0x02, 0x14, 0x50 };

static const uint8_t select_mf[] = { 0x00, 0xa4, 0x00, 0x00 };
static const uint8_t ok_9000[] = { 0x90, 0x00 };

/* Put the card in; the bench sends its ATR, since 40,000 clock cycles are short for a program. */
static bool insert(struct card *c, int coupler)
{
	card_line(c, c->etu, CKS_SIM_ON_RESET);
	card_send(c, 400 * TICKS, c->atr, c->atr_len, CKS_SIM_ON_RESET);
	return card_in(c->fd, true) && wait_present(coupler, true);
}

/* A card in a fresh slot, its coupler open; -1 if anything of it fails. */
static int prepare(struct card *c, int bench, uint32_t *ret_number)
{
	char path[64];
	int fd;

	c->fd = add_slot(bench, UART_CLK, ret_number);
	if (c->fd < 0 || !card_start(c))
		return -1;
	coupler_path(path, *ret_number);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		printf("# %s: %s\n", path, strerror(errno));
	if (fd >= 0 && insert(c, fd))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Characters from @from up to @to keep a distance; a nanosecond of the model is 3.4 ticks. */
static bool apart(const struct card *c, unsigned int from, unsigned int to, uint64_t distance)
{
	if (c->chars != to)
		return false;
	while (++from < to) {
		if (c->char_at[from] + 8 < c->char_at[from - 1] + distance)
			return false;
	}
	return true;
}

static void test_direct(int bench)
{
	struct card c = { .etu = ETU, .answer = { 0x90, 0x00 }, .answer_len = 2 };
	uint32_t number;
	int fd;

	memcpy(c.atr, atr_t0, sizeof(atr_t0));
	c.atr_len = sizeof(atr_t0);
	fd = prepare(&c, bench, &number);
	tap(fd >= 0, "a card that is put in is seen on CTS");
	tap(fd >= 0 && reset(fd, atr_t0, sizeof(atr_t0)), "a cold reset brings the ATR");
	tap(c.rst_high >= 400 * TICKS, "RST stays low for 400 clock cycles");
	tap(fd >= 0 && exchange(fd, select_mf, sizeof(select_mf), ok_9000, sizeof(ok_9000)),
	    "a T=0 command goes to the card and its status words come back");
	tap(c.chars == 5 && !c.flags, "the card has seen five characters without an error");
	tap(apart(&c, 0, 5, 12 * ETU), "they were 12 etu apart at least");
	if (fd >= 0)
		close(fd);
	card_stop(&c);
	/* The thread is gone: its results may be read without the lock. */
	tap(c.vcc_off, "closing the coupler takes the power from the card");
}

static void test_inverse(int bench)
{
	struct card c = { .etu = ETU, .odd = true, .answer = { 0xf6, 0xff }, .answer_len = 2 };
	uint32_t number;
	int fd;

	memcpy(c.atr, atr_inverse_line, sizeof(atr_inverse_line));
	c.atr_len = sizeof(atr_inverse_line);
	fd = prepare(&c, bench, &number);
	tap(fd >= 0 && reset(fd, atr_inverse, sizeof(atr_inverse)) &&
	    exchange(fd, select_mf, sizeof(select_mf), ok_9000, sizeof(ok_9000)) && !c.flags,
	    "a card of the inverse convention answers");
	if (fd >= 0)
		close(fd);
	card_stop(&c);
}

static void test_pps(int bench)
{
	struct card c = {
		.etu = ETU, .pps = true, .pps_etu = ETU / 4,
		.answer = { 0x90, 0x00 }, .answer_len = 2,
	};
	uint32_t number;
	int fd;

	memcpy(c.atr, atr_ta1_13, sizeof(atr_ta1_13));
	c.atr_len = sizeof(atr_ta1_13);
	fd = prepare(&c, bench, &number);
	tap(fd >= 0 && reset(fd, atr_ta1_13, sizeof(atr_ta1_13)) &&
	    exchange(fd, select_mf, sizeof(select_mf), ok_9000, sizeof(ok_9000)) && !c.flags,
	    "after PPS both go on at 372/4");
	tap(apart(&c, 4, 9, 12 * ETU / 4), "and keep the guard time there");
	if (fd >= 0)
		close(fd);
	card_stop(&c);
}

static void test_wrong_rate(int bench)
{
	/* 10 % slow: the receiver samples wrong bits, no ATR can come of it. */
	struct card c = { .etu = ETU * 11 / 10, .answer = { 0x90, 0x00 }, .answer_len = 2 };
	struct cks_reset r = { .size = sizeof(r), .kind = CKS_COLD };
	uint32_t number;
	int fd, err;

	memcpy(c.atr, atr_wrong_rate, sizeof(atr_wrong_rate));
	c.atr_len = sizeof(atr_wrong_rate);
	fd = prepare(&c, bench, &number);
	err = fd >= 0 ? ioctl(fd, CKS_IOC_RESET, &r) : 0;
	tap(err < 0, "a card with a wrong rate is not understood");

	c.etu = ETU;
	tap(fd >= 0 && card_in(c.fd, false) && wait_present(fd, false) && insert(&c, fd) &&
	    reset(fd, atr_t0, sizeof(atr_t0)), "the coupler is none the worse for it");
	if (fd >= 0)
		close(fd);
	card_stop(&c);
}

static void *pull_out(void *arg)
{
	struct card *c = arg;
	const struct timespec pause = { .tv_nsec = 1000000 };
	bool ready = false;

	/* Once the command has arrived, and nothing can end it but this. */
	while (!ready) {
		pthread_mutex_lock(&c->lock);
		ready = c->chars >= 5;
		pthread_mutex_unlock(&c->lock);
		nanosleep(&pause, NULL);
	}
	card_in(c->fd, false);
	return NULL;
}

static void test_removal(int bench)
{
	struct card c = { .etu = ETU };
	uint8_t buf[2];
	pthread_t puller;
	uint32_t number;
	ssize_t n;
	int fd;

	memcpy(c.atr, atr_t0, sizeof(atr_t0));
	c.atr_len = sizeof(atr_t0);
	fd = prepare(&c, bench, &number);
	if (!tap(fd >= 0 && reset(fd, atr_t0, sizeof(atr_t0)), "a card is there to be taken out"))
		return;
	pthread_create(&puller, NULL, pull_out, &c);
	n = write(fd, select_mf, sizeof(select_mf));
	if (n > 0)
		n = read(fd, buf, sizeof(buf));
	tap(n < 0 && errno == ENOMEDIUM, "a command ends when its card is taken out");
	pthread_join(puller, NULL);
	tap(wait_present(fd, false), "and the coupler knows that it is empty");
	close(fd);
	card_stop(&c);
}

static bool gone(uint32_t number)
{
	char path[64];
	struct stat st;

	coupler_path(path, number);
	return stat(path, &st) < 0 && errno == ENOENT;
}

static void test_order_of_closing(void)
{
	struct cks_sim_event e = { .type = CKS_SIM_LINE, .etu = ETU };
	struct pollfd p = { .events = POLLIN };
	struct card c = { .etu = ETU };
	uint32_t number, present = 1;
	int bench, slot, fd;
	char path[64];
	bool ok;

	bench = open("/dev/cks_sim", O_RDWR | O_CLOEXEC);
	slot = add_slot(bench, UART_CLK, &number);
	close(slot);
	ok = !gone(number);
	close(bench);
	tap(ok && gone(number), "slot before bench: the coupler goes with the bench");

	bench = open("/dev/cks_sim", O_RDWR | O_CLOEXEC);
	slot = add_slot(bench, UART_CLK, &number);
	card_in(slot, true);
	close(bench);
	p.fd = slot;
	ok = gone(number);
	ok &= poll(&p, 1, 0) == 1 && p.revents & POLLHUP;
	ok &= ioctl(slot, CKS_SIM_PRESENT, &present) < 0 && errno == ENODEV;
	ok &= write(slot, &e, sizeof(e)) < 0 && errno == ENODEV;
	ok &= read(slot, &e, sizeof(e)) == 0;
	close(slot);
	tap(ok, "bench before slot: the slot's descriptor says so");

	bench = open("/dev/cks_sim", O_RDWR | O_CLOEXEC);
	memcpy(c.atr, atr_t0, sizeof(atr_t0));
	c.atr_len = sizeof(atr_t0);
	fd = prepare(&c, bench, &number);
	ok = fd >= 0 && reset(fd, atr_t0, sizeof(atr_t0));
	close(bench);
	ok &= write(fd, select_mf, sizeof(select_mf)) < 0 && errno == ENODEV;
	close(fd);
	card_stop(&c);
	coupler_path(path, number);
	tap(ok && gone(number), "bench before an open coupler with an active card");
}

struct reader {
	int slot;
	atomic_int tid;
	ssize_t ret;
};

static void *read_one(void *arg)
{
	struct reader *r = arg;
	struct cks_sim_event e;

	r->tid = gettid();
	r->ret = read(r->slot, &e, sizeof(e));
	return NULL;
}

static void test_two_readers(void)
{
	struct reader r = { .ret = -1 };
	struct cks_sim_event e;
	pthread_t thread;
	uint32_t number;
	int bench, ms;
	bool ok;

	bench = open("/dev/cks_sim", O_RDWR | O_CLOEXEC);
	r.slot = add_slot(bench, UART_CLK, &number);
	pthread_create(&thread, NULL, read_one, &r);
	for (ms = 0; ms < PATIENCE_MS && !thread_sleeps_in(r.tid, SYS_read); ms++)
		usleep(1000);
	ok = ms < PATIENCE_MS;
	fcntl(r.slot, F_SETFL, O_RDWR | O_NONBLOCK);
	ok &= read(r.slot, &e, sizeof(e)) < 0 && errno == EAGAIN;
	close(bench);
	pthread_join(thread, NULL);
	tap(ok && !r.ret, "a reader that does not block does not wait for one that does");
	close(r.slot);
}

static void test_many(void)
{
	int slot[CKS_SIM_MAX_SLOTS], bench, extra;
	uint32_t number;
	unsigned int n;
	bool ok = true;

	bench = open("/dev/cks_sim", O_RDWR | O_CLOEXEC);
	for (n = 0; n < CKS_SIM_MAX_SLOTS && ok; n++) {
		slot[n] = add_slot(bench, UART_CLK, &number);
		ok = slot[n] >= 0;
	}
	tap(ok, "256 slots on one bench");
	extra = add_slot(bench, UART_CLK, &number);
	tap(extra < 0 && errno == ENOSPC, "and not one more");
	while (n--) {
		if (n & 1)
			close(slot[n]);
	}
	close(bench);
	for (n = 0; n < CKS_SIM_MAX_SLOTS; n += 2)
		close(slot[n]);
	tap(gone(number), "all go with it");
}

int main(void)
{
	bool ok;
	int bench;

	printf("1..27\n");
	if (!getenv("CKS_GUEST")) {
		printf("Bail out! loads kernel modules: run it in the guest\n");
		return 2;
	}
	ok = !modules_load(modules);
	bench = open("/dev/cks_sim", O_RDWR | O_CLOEXEC);
	if (!tap(ok && bench >= 0, "the bench opens"))
		return 1;
	test_refusals(bench);
	test_records(bench);
	test_direct(bench);
	test_inverse(bench);
	test_pps(bench);
	test_wrong_rate(bench);
	test_removal(bench);
	close(bench);
	test_order_of_closing();
	test_two_readers();
	test_many();
	tap(!modules_unload(modules), "the modules unload");
	return failed;
}
