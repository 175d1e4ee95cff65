// SPDX-License-Identifier: GPL-2.0-only
/*
 * Couplers that go away, cards that come and go, and owners that change, all while commands run
 * and others look on: nothing hangs, everybody is told, and the modules unload afterwards.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/cks.h>
#include <pthread.h>
#include <setjmp.h>
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

#include "libcksnl/cksnl.h"
#include "lib/modules.h"
#include "lib/simcard.h"
#include "lib/wait.h"

#define SLOTS		4
#define ROUNDS		4
#define NL_TIMEOUT_MS	30000

static const char *const modules[] = { "cks", "cks_sim", "cks_uart", NULL };
static const uint8_t atr_t0[] = { 0x3b, 0x82, 0x40, 0x01, 0x14, 0x50 };
static const uint8_t case1[] = { 0x00, 0x44, 0x00, 0x00 };

/* One who uses a coupler as hard as possible. */
struct user {
	pthread_t thread;
	unsigned int coupler;
	atomic_bool *stop;
	atomic_uint exchanges;
	int unexpected;		/* errno that no removal explains */
};

static void expect(struct user *u, int err)
{
	switch (err) {
	case ENODEV:
	case ENOENT:
	case ENXIO:
	case ENOMEDIUM:
	case EHOSTDOWN:
	case EBUSY:		/* by the one before, or by netlink */
		return;
	default:
		if (!u->unexpected)
			u->unexpected = err;
	}
}

/* Until the first failure. */
static void use(struct user *u, int fd)
{
	struct cks_reset r = { .size = sizeof(r) };
	uint8_t buf[16];

	if (ioctl(fd, CKS_IOC_RESET, &r)) {
		expect(u, errno);
		return;
	}
	while (!atomic_load(u->stop)) {
		if (write(fd, case1, sizeof(case1)) < 0 || read(fd, buf, sizeof(buf)) < 0) {
			expect(u, errno);
			return;
		}
		atomic_fetch_add(&u->exchanges, 1);
	}
}

static void *user(void *arg)
{
	struct user *u = arg;
	char path[64];

	snprintf(path, sizeof(path), "/dev/cks/coupler%u", u->coupler);
	while (!atomic_load(u->stop)) {
		int fd = open(path, O_RDWR | O_CLOEXEC);

		if (fd < 0) {
			expect(u, errno);
			usleep(1000);
			continue;
		}
		use(u, fd);
		close(fd);
	}
	return NULL;
}

static int each(const void *obj, void *arg)
{
	(void)obj;
	++*(unsigned int *)arg;
	return 0;
}

/* One who looks at all couplers all the time, and resets one. */
struct onlooker {
	pthread_t thread;
	atomic_bool *stop;
	atomic_uint dumps;
	int unexpected;
};

static void *onlooker(void *arg)
{
	struct onlooker *o = arg;
	struct cksnl_coupler c;
	struct cksnl *nl;
	char why[128];

	o->unexpected = cksnl_open(&nl, NL_TIMEOUT_MS, why, sizeof(why));
	if (o->unexpected)
		return NULL;
	while (!atomic_load(o->stop)) {
		unsigned int n = 0;
		int err = cksnl_coupler_dump(nl, each, &n);

		/* A dump that a removal interrupted is to be repeated. */
		if (err && err != -EINTR && err != -EAGAIN)
			o->unexpected = err;
		err = cksnl_coupler_reset(nl, 0, CKS_RESET_KIND_COLD, &c);
		if (err == -EOPNOTSUPP || err == -EPERM)
			o->unexpected = err;
		atomic_fetch_add(&o->dumps, 1);
	}
	cksnl_close(nl);
	return NULL;
}

static void start(struct user *u, struct simcard *card, atomic_bool *stop)
{
	memset(u, 0, sizeof(*u));
	u->coupler = simcard_coupler(card);
	u->stop = stop;
	assert_int_equal(pthread_create(&u->thread, NULL, user, u), 0);
}

static void wait_exchanges(struct user *u, unsigned int n)
{
	n += atomic_load(&u->exchanges);
	wait_for("exchanges", atomic_load(&u->exchanges) >= n);
}

static void test_removal_under_load(void **ctx)
{
	(void)ctx;
	for (int round = 0; round < ROUNDS; round++) {
		struct onlooker o = { 0 };
		struct simcard *card[SLOTS];
		struct user u[SLOTS];
		atomic_bool stop = false;
		int bench = simbench_open();

		assert_true(bench >= 0);
		o.stop = &stop;
		for (int i = 0; i < SLOTS; i++) {
			card[i] = simcard_new(bench, atr_t0, sizeof(atr_t0));
			assert_non_null(card[i]);
			assert_int_equal(simcard_insert(card[i]), 0);
		}
		for (int i = 0; i < SLOTS; i++)
			start(&u[i], card[i], &stop);
		assert_int_equal(pthread_create(&o.thread, NULL, onlooker, &o), 0);
		/* Coupler 0 is contended for by the onlooker. */
		for (int i = 1; i < SLOTS; i++)
			wait_exchanges(&u[i], 2);

		/* In the middle of exchanges. */
		close(bench);
		atomic_store(&stop, true);
		for (int i = 0; i < SLOTS; i++) {
			pthread_join(u[i].thread, NULL);
			assert_int_equal(u[i].unexpected, 0);
			simcard_free(card[i]);
		}
		pthread_join(o.thread, NULL);
		assert_int_equal(o.unexpected, 0);
	}
}

static void test_cards_come_and_go(void **ctx)
{
	struct simcard *card;
	struct cks_state s = { .size = sizeof(s) };
	atomic_bool stop = false;
	uint32_t before;
	struct user u;
	char path[64];
	int bench, fd;

	(void)ctx;
	bench = simbench_open();
	assert_true(bench >= 0);
	card = simcard_new(bench, atr_t0, sizeof(atr_t0));
	assert_non_null(card);
	snprintf(path, sizeof(path), "/dev/cks/coupler%u", simcard_coupler(card));
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ioctl(fd, CKS_IOC_STATE, &s), 0);
	before = s.presence_gen;
	close(fd);
	start(&u, card, &stop);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(simcard_insert(card), 0);
		if (i % 2)
			wait_exchanges(&u, 1);
		assert_int_equal(simcard_remove(card), 0);
	}
	assert_int_equal(simcard_insert(card), 0);
	wait_exchanges(&u, 3);
	atomic_store(&stop, true);
	pthread_join(u.thread, NULL);
	assert_int_equal(u.unexpected, 0);

	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ioctl(fd, CKS_IOC_STATE, &s), 0);
	/* No card that was used left unnoticed; some of the others were too quick for a sensor. */
	assert_in_range(s.presence_gen - before, 5, 10);
	close(fd);
	close(bench);
	simcard_free(card);
}

static void test_module_pinned(void **ctx)
{
	struct simcard *card;
	char path[64];
	int bench, fd;

	(void)ctx;
	bench = simbench_open();
	assert_true(bench >= 0);
	card = simcard_new(bench, atr_t0, sizeof(atr_t0));
	assert_non_null(card);
	snprintf(path, sizeof(path), "/dev/cks/coupler%u", simcard_coupler(card));
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	/* The driver and the core stay as long as somebody has a coupler, even one that is gone. */
	close(bench);
	simcard_free(card);
	assert_int_equal(modules_unload((const char *const[]){ "cks_uart", NULL }), -1);
	assert_int_equal(modules_unload((const char *const[]){ "cks", NULL }), -1);
	close(fd);
}

static void test_reload(void **ctx)
{
	(void)ctx;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(modules_unload(modules), 0);
		assert_int_equal(modules_load(modules), 0);
	}
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
		cmocka_unit_test(test_removal_under_load),
		cmocka_unit_test(test_cards_come_and_go),
		cmocka_unit_test(test_module_pinned),
		cmocka_unit_test(test_reload),
	};

	return cmocka_run_group_tests_name("core", tests, load, unload);
}
