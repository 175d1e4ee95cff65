// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every module is loaded, worked with and unloaded in the middle of the work, again and again: a
 * CAS on a channel, a user of a character device, one of a coupler on a tty, and a reader of
 * netlink. All of them come to a stated end, and the memory comes back.
 *
 * CKS_UNLOAD_ROUNDS (10) says how often.
 */
#include <asm/ioctls.h>
#include <fcntl.h>
#include <linux/cks.h>
#include <linux/cks_tty.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/kernel_memory.h"
#include "lib/router_bed.h"
#include "lib/wait.h"

#define WARM_ROUNDS	2	/* for the kernel's own caches to fill */
#define MEMORY_SLACK_KB	16384
#define EXCHANGES	2	/* of each user, before anything goes */

static const char *const modules[] = {
	"cks", "cks_sim", "cks_uart", "cks_tty", "cks_router", NULL,
};

static const uint8_t atr_t0[] = { 0x3b, 0x02, 0x14, 0x50 };
static const uint8_t read8[] = { 0x00, SIMCARD_INS_READ, 0x00, 0x00, 0x08 };

/**
 * struct user - one that works until its coupler goes
 * @thread: which does
 * @fd: of the character device
 * @done: exchanges so far
 * @err: errno of the end
 */
struct user {
	pthread_t thread;
	int fd;
	atomic_uint done;
	int err;
};

static void *use_device(void *arg)
{
	struct user *u = arg;
	uint8_t rsp[16];

	for (;;) {
		struct cks_reset r = { .size = sizeof(r) };
		int i;

		if (ioctl(u->fd, CKS_IOC_RESET, &r)) {
			/* a card goes before its coupler; one of a busy machine may miss its ATR */
			if (errno != ENODEV)
				continue;
			break;
		}
		for (i = 0; i < 4; i++) {
			if (write(u->fd, read8, sizeof(read8)) < 0 ||
			    read(u->fd, rsp, sizeof(rsp)) != 10)
				break;
			atomic_fetch_add(&u->done, 1);
		}
	}
	u->err = errno;
	return NULL;
}

/* The end is ERROR, or the connection's. */
static void *use_channel(void *arg)
{
	struct client_frame *f = malloc(sizeof(*f));
	struct user *u = arg;
	uint32_t n = 0;
	int rc = f ? 1 : -1;

	while (rc == 1) {
		client_begin(f, COMMAND, ++n);
		client_put(f, DATA, read8, sizeof(read8));
		client_put_int(f, TIMEOUT, 0, 4);
		if (client_send(u->fd, f))
			break;
		rc = client_recv(u->fd, f, PATIENCE_MS);
		if (rc != 1 || f->type != RESPONSE)
			break;
		atomic_fetch_add(&u->done, 1);
	}
	u->err = rc < 0 ? errno : 0;
	free(f);
	return NULL;
}

static int nothing(const void *obj, void *arg)
{
	(void)obj;
	(void)arg;
	return 0;
}

/* Until the family is gone. */
static void *use_netlink(void *arg)
{
	struct cksnl_station st;
	struct user *u = arg;
	char why[128];
	struct cksnl *nl;

	u->err = cksnl_open(&nl, PATIENCE_MS, why, sizeof(why));
	if (u->err)
		return NULL;
	while (!u->err) {
		u->err = cksnl_coupler_dump(nl, nothing, NULL);
		cksnl_session_dump(nl, nothing, NULL);
		cksnl_station_get(nl, &st);
		atomic_fetch_add(&u->done, 1);
	}
	cksnl_close(nl);
	return NULL;
}

static void start(struct user *u, void *(*fn)(void *), int fd)
{
	memset(u, 0, sizeof(*u));
	u->fd = fd;
	assert_int_equal(pthread_create(&u->thread, NULL, fn, u), 0);
}

static void wait_done(struct user *u)
{
	unsigned int wanted = atomic_load(&u->done) + EXCHANGES;

	wait_for("exchanges", atomic_load(&u->done) >= wanted);
}

static int open_device(unsigned int index)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/cks/coupler%u", index);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

/* ---------------------------------------------------------------------------- the round */

/**
 * struct round - what there is in one round
 * @b: station with the CAS's coupler
 * @tty_bench: the bench of @tty_card; that of @b has the others
 * @card: of the character device's user
 * @tty_card: of the user of the coupler on a tty
 * @tty: that
 * @cas: on the channel
 * @device: on the character device
 * @on_tty: on the character device of the tty's coupler
 * @reader: of netlink
 */
struct round {
	struct bed *b;
	int tty_bench;
	struct simcard *card;
	struct simcard *tty_card;
	int tty;
	struct user cas;
	struct user device;
	struct user on_tty;
	struct user reader;
};

static void wait_card(struct bed *b, unsigned int index)
{
	struct cksnl_coupler c = { .present = 0 };

	wait_for("card in", !cksnl_coupler_get(b->nl, index, &c) && c.present);
}

static void tty_up(struct round *r)
{
	struct cksnl_coupler c = {
		.has = CKSNL_HAS(CKS_A_COUPLER_INDEX) | CKSNL_HAS(CKS_A_COUPLER_CLK_HZ) |
		       CKSNL_HAS(CKS_A_COUPLER_POWER_LINE) | CKSNL_HAS(CKS_A_COUPLER_DETECT_LINE),
		.clk_hz = simcard_clk_hz(),
		.power_line = CKS_MODEM_LINE_DTR,
		.detect_line = CKS_MODEM_LINE_CTS,
	};
	int ldisc = CKS_TTY_LDISC, index;
	struct cks_sim_slot slot;
	char path[32];

	simcard_slot_default(&slot);
	slot.flags = CKS_SIM_8250;
	r->tty_bench = simbench_open();
	assert_true(r->tty_bench >= 0);
	r->tty_card = simcard_new_in(r->tty_bench, &slot, atr_t0, sizeof(atr_t0));
	assert_non_null(r->tty_card);
	snprintf(path, sizeof(path), "/dev/ttyS%u", slot.coupler);
	r->tty = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	assert_true(r->tty >= 0);
	assert_int_equal(ioctl(r->tty, TIOCSETD, &ldisc), 0);
	index = ioctl(r->tty, CKS_TTY_IOC_COUPLER);
	assert_true(index >= 0);
	c.index = (uint32_t)index;
	assert_int_equal(cksnl_coupler_change(r->b->nl, &c), 0);
	assert_int_equal(simcard_insert(r->tty_card), 0);
	wait_card(r->b, c.index);
	start(&r->on_tty, use_device, open_device(c.index));
}

/* A card that was too slow with its ATR is offered once more. */
static void channel_up(struct bed *b)
{
	uint64_t number = 0;

	cas_connect(b);
	for (;;) {
		new_request(b);
		wait_for("the request is told", session(b).state != CKS_SESSION_STATE_REQUESTED);
		if (session(b).state != CKS_SESSION_STATE_RESULT)
			break;
		assert_int_equal(dispose(b, ++number, CKS_DISPOSITION_REJECTED, 0), 0);
		expect_disposed(b, number, CKS_DISPOSITION_REJECTED);
	}
	take_request(b);
	open_channel(b, -1);
}

static void round_up(struct round *r)
{
	void *b;

	assert_int_equal(modules_load(modules), 0);
	bed_make(&b, atr_t0, sizeof(atr_t0));
	r->b = b;
	r->card = simcard_new(r->b->bench, atr_t0, sizeof(atr_t0));
	assert_non_null(r->card);
	assert_int_equal(simcard_insert(r->card), 0);
	wait_card(r->b, simcard_coupler(r->card));
	tty_up(r);
	start(&r->device, use_device, open_device(simcard_coupler(r->card)));
	channel_up(r->b);
	start(&r->cas, use_channel, r->b->channel);
	start(&r->reader, use_netlink, -1);
	wait_done(&r->cas);
	wait_done(&r->device);
	wait_done(&r->on_tty);
	wait_done(&r->reader);
}

static void ends(struct user *u, int err)
{
	pthread_join(u->thread, NULL);
	assert_int_equal(u->err, err);
	close(u->fd);
}

static void unload(const char *name)
{
	int err = module_unload(name);

	if (err)
		fail_msg("cannot unload %s: %s", name, strerror(-err));
}

static void router_down(struct round *r)
{
	unload("cks_router");
	pthread_join(r->cas.thread, NULL);
	assert_in_set(r->cas.err, ((unsigned long[]){ 0, ECONNRESET }), 2);
	shutdown_and_wait(r->b, r->b->control);
}

/* A driver stays as long as its couplers are in use: they go in the middle of their exchanges. */
static void uart_down(struct round *r)
{
	close(r->b->bench);
	ends(&r->device, ENODEV);
	unload("cks_uart");
}

static void tty_down(struct round *r)
{
	close(r->tty);
	ends(&r->on_tty, ENODEV);
	unload("cks_tty");
}

static void round_down(struct round *r, unsigned int i)
{
	/* Each of them is the first one to go in some round. */
	switch (i % 3) {
	case 0:
		router_down(r);
		uart_down(r);
		tty_down(r);
		break;
	case 1:
		uart_down(r);
		tty_down(r);
		router_down(r);
		break;
	default:
		tty_down(r);
		router_down(r);
		uart_down(r);
		break;
	}
	close(r->b->channel);
	simcard_free(r->tty_card);
	simcard_free(r->card);
	simcard_free(r->b->card);
	close(r->tty_bench);
	unload("cks_sim");
	wait_done(&r->reader);
	unload("cks");
	pthread_join(r->reader.thread, NULL);
	assert_int_not_equal(r->reader.err, 0);
	cksnl_close(r->b->nl);
	free(r->b);
}

static void everything_unloads_under_traffic(void **state)
{
	const char *text = getenv("CKS_UNLOAD_ROUNDS");
	unsigned int rounds = text && *text ? (unsigned int)strtoul(text, NULL, 10) : 10, i;
	long before = 0;

	(void)state;
	for (i = 0; i < rounds; i++) {
		struct round r;

		memset(&r, 0, sizeof(r));
		if (i == WARM_ROUNDS)
			before = kernel_memory();
		round_up(&r);
		round_down(&r, i);
	}
	if (rounds > WARM_ROUNDS) {
		printf("# %u rounds, kernel memory %+ld kB\n", rounds, kernel_memory() - before);
		assert_true(kernel_memory() - before < MEMORY_SLACK_KB);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_unloads_under_traffic),
	};

	if (!getenv("CKS_GUEST")) {
		printf("Bail out! loads kernel modules, so it runs in a guest only\n");
		return 2;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("unload", tests, NULL, NULL) ? 1 : 0;
}
