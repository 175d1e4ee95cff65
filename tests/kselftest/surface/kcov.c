// SPDX-License-Identifier: GPL-2.0-only
/*
 * KCOV, read after each program. A thread is traced either by itself or for the works that it has
 * caused: hence there are two.
 */
#include <fcntl.h>
#include <linux/kcov.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "kcov.h"

#define AREA		(64 * 1024)	/* addresses of one program */
#define EDGE_BITS	20
#define HANDLE		0x7816		/* any but 0 */
#define NEAR		4096		/* addresses further apart are not of one function */

struct area {
	int fd;
	uint64_t *pc;
};

static struct area local = { .fd = -1 }, remote = { .fd = -1 };
static uint8_t seen[1 << (EDGE_BITS - 3)];
static unsigned int edges;

static pthread_t thread;
static sem_t go, done;
static void (*call)(void *arg);
static void *call_arg;

static bool area_open(struct area *a)
{
	a->fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);
	if (a->fd < 0)
		return false;
	assert_int_equal(ioctl(a->fd, KCOV_INIT_TRACE, AREA), 0);
	a->pc = mmap(NULL, AREA * sizeof(*a->pc), PROT_READ | PROT_WRITE, MAP_SHARED, a->fd, 0);
	assert_true(a->pc != MAP_FAILED);
	return true;
}

static void area_close(struct area *a)
{
	munmap(a->pc, AREA * sizeof(*a->pc));
	close(a->fd);
	a->fd = -1;
}

static void *remote_thread(void *arg)
{
	struct kcov_remote_arg enable = {
		.trace_mode = KCOV_TRACE_PC,
		.area_size = AREA,
		.common_handle = kcov_remote_handle(KCOV_SUBSYSTEM_COMMON, HANDLE),
	};
	bool *ok = arg;

	*ok = !ioctl(remote.fd, KCOV_REMOTE_ENABLE, &enable);
	sem_post(&done);
	for (;;) {
		sem_wait(&go);
		if (!call)
			break;
		call(call_arg);
		sem_post(&done);
	}
	ioctl(remote.fd, KCOV_DISABLE, 0);
	return NULL;
}

bool kcov_open(void)
{
	sigset_t all, before;
	bool ok;

	if (!area_open(&local) || !area_open(&remote))
		return false;
	sem_init(&go, 0, 0);
	sem_init(&done, 0, 0);
	/* The alarm is for the other one. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	assert_int_equal(pthread_create(&thread, NULL, remote_thread, &ok), 0);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	sem_wait(&done);
	assert_true(ok);
	return true;
}

void kcov_close(void)
{
	if (remote.fd < 0)
		return;
	kcov_in_remote(NULL, NULL);
	pthread_join(thread, NULL);
	area_close(&local);
	area_close(&remote);
}

void kcov_in_remote(void (*fn)(void *arg), void *arg)
{
	if (remote.fd < 0) {
		fn(arg);
		return;
	}
	call = fn;
	call_arg = arg;
	sem_post(&go);
	/* An alarm may come meanwhile. */
	while (fn && sem_wait(&done))
		;
}

void kcov_begin(void)
{
	if (local.fd < 0)
		return;
	__atomic_store_n(&remote.pc[0], 0, __ATOMIC_RELAXED);
	assert_int_equal(ioctl(local.fd, KCOV_ENABLE, KCOV_TRACE_PC), 0);
	__atomic_store_n(&local.pc[0], 0, __ATOMIC_RELAXED);
}

static unsigned int look(const struct area *a)
{
	uint64_t i, n = __atomic_load_n(&a->pc[0], __ATOMIC_RELAXED), before = 0;
	unsigned int new_ones = 0;

	for (i = 1; i <= n && i < AREA; i++) {
		uint64_t pc = a->pc[i];
		uint64_t edge = pc;
		uint32_t h;

		/* Works come in any order: what follows by chance is no edge. */
		if (pc - before + NEAR < 2 * NEAR)
			edge ^= before << 20;
		before = pc;
		h = (uint32_t)(edge * 0x9e3779b97f4a7c15ULL >> (64 - EDGE_BITS));
		if (!(seen[h / 8] & 1 << h % 8)) {
			seen[h / 8] |= (uint8_t)(1 << h % 8);
			new_ones++;
		}
	}
	return new_ones;
}

unsigned int kcov_end(void)
{
	unsigned int new_ones;

	if (local.fd < 0)
		return 0;
	ioctl(local.fd, KCOV_DISABLE, 0);
	new_ones = look(&local) + look(&remote);
	edges += new_ones;
	return new_ones;
}

unsigned int kcov_edges(void)
{
	return edges;
}

void kcov_forget(void)
{
	memset(seen, 0, sizeof(seen));
	edges = 0;
}
