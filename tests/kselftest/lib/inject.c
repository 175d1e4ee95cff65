// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's fault injection by its files in debugfs and /proc/thread-self/fail-nth.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "inject.h"

#define PROBES	100000	/* calls of a probe; far more than the counter is ever away */

static const char *const kinds[] = { "failslab", "fail_page_alloc", "fail_usercopy" };

static int fail_nth = -1;
/*
 * The kernel counts what could fail from its start on, and makes fail what is a multiple of
 * "interval": by the number that it has reached, the next multiple can be any that one likes. At
 * most @count, and exactly that if @exact.
 */
static uint64_t count;
static bool exact = true;
static unsigned int placed;	/* armed at a place, for so many from @count on; or 0 */
static bool large;		/* armed for what is large */

static const struct inject_place everywhere = { .end = UINT64_MAX };
static const struct inject_place nowhere;

static int put(const char *kind, const char *file, const char *text)
{
	char path[128];
	int fd, rc;

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", kind, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	rc = write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
	close(fd);
	return rc;
}

static void set(const char *kind, const char *file, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	if (put(kind, file, text))
		fail_msg("%s/%s cannot be set to %s", kind, file, text);
}

static uint64_t get(const char *path)
{
	char text[64] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	return strtoull(text, NULL, 0);
}

/* Of this kind, what is not called from there neither counts nor fails. */
static void confine(const char *kind, const struct inject_place *to)
{
	set(kind, "require-start", to->start);
	set(kind, "require-end", to->end);
}

/* Whether this thread is one of those whose calls a "task-filter" lets fail. */
static void set_filtered(bool on)
{
	int fd = open("/proc/thread-self/make-it-fail", O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, on ? "1" : "0", 1), 1);
	close(fd);
}

bool inject_setup(void)
{
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fail_nth < 0)
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		set(kinds[i], "probability", 0);
		/* A stack for each failure would be a complaint in the log. */
		set(kinds[i], "verbose", 0);
	}
	/* What may sleep must be able to fail as well. */
	assert_int_equal(put("failslab", "ignore-gfp-wait", "N"), 0);
	assert_int_equal(put("fail_page_alloc", "ignore-gfp-wait", "N"), 0);
	set("fail_page_alloc", "min-order", 0);
	set("failslab", "stacktrace-depth", 32);
	set("fail_page_alloc", "stacktrace-depth", 32);
	/* What kmemleak notes of an allocation would be half of what fails, and nobody sees it. */
	inject_spare("__create_object");
	return true;
}

void inject_spare(const char *symbol)
{
	struct inject_place spared;

	inject_in_function(&spared, symbol);
	for (size_t i = 0; i < 2; i++) {
		set(kinds[i], "reject-start", spared.start);
		set(kinds[i], "reject-end", spared.end);
	}
}

static void arm_this_thread(unsigned int nth)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u", nth);

	placed = 0;
	assert_int_equal(pwrite(fail_nth, text, (size_t)n, 0), n);
}

void inject_arm(unsigned int nth)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		confine(kinds[i], &everywhere);
	arm_this_thread(nth);
}

/*
 * kvmalloc() asks kmalloc() first, and then vmalloc(). fail-nth is for one failure; with that spent
 * the attributes hold, and by them the memory of the kernel's own that vmalloc() begins with fails
 * at once.
 */
void inject_arm_large(unsigned int nth)
{
	static struct inject_place kvmalloc;

	if (!kvmalloc.start)
		inject_in_function(&kvmalloc, "__kvmalloc_node_noprof");
	confine("failslab", &kvmalloc);
	confine("fail_page_alloc", &kvmalloc);
	confine("fail_usercopy", &nowhere);
	set_filtered(true);
	set("failslab", "task-filter", 1);
	set("failslab", "interval", 1);
	/* The first of both is kmalloc()'s own, up to 8 KiB. */
	set("failslab", "times", 2);
	set("failslab", "probability", 100);
	large = true;
	arm_this_thread(nth);
}

bool inject_disarm(void)
{
	char text[16] = "";
	bool happened;

	if (placed) {
		/* First this: other tasks count as well. */
		set("failslab", "probability", 0);
		happened = !get("/sys/kernel/debug/failslab/times");
		exact = happened || placed == 1;
		/* With an interval of 1 it does not count. */
		if (count + placed > 1)
			count += happened ? placed : placed - 1;
		return happened;
	}
	/* Both of these are copies that may be the one to fail: then it has not happened before. */
	happened = pread(fail_nth, text, sizeof(text) - 1, 0) > 0 && !strtoul(text, NULL, 10);
	if (pwrite(fail_nth, "0", 1, 0) != 1)
		assert_int_equal(pwrite(fail_nth, "0", 1, 0), 1);
	if (large) {
		set("failslab", "probability", 0);
		set("failslab", "task-filter", 0);
		set_filtered(false);
		large = false;
	}
	return happened;
}

/* All text of a module lies before its data. */
void inject_in_module(struct inject_place *ret_place, const char *module)
{
	char path[128], line[512], name[64];
	unsigned long size;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/module/%s/sections/.text", module);
	ret_place->start = get(path);
	ret_place->end = 0;
	f = fopen("/proc/modules", "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %lu", name, &size) == 2 && !strcmp(name, module))
			ret_place->end = ret_place->start + size;
	fclose(f);
	assert_int_not_equal(ret_place->end, 0);
}

/* Up to the symbol that follows it. */
void inject_in_function(struct inject_place *ret_place, const char *symbol)
{
	char line[512], name[256];
	unsigned long long at;

	ret_place->start = 0;
	for (int pass = 0; pass < 2; pass++) {
		FILE *f = fopen("/proc/kallsyms", "re");

		assert_non_null(f);
		ret_place->end = UINT64_MAX;
		while (fgets(line, sizeof(line), f)) {
			if (sscanf(line, "%llx %*c %255s", &at, name) != 2)
				continue;
			if (!pass && !strcmp(name, symbol))
				ret_place->start = at;
			if (pass && at > ret_place->start && at < ret_place->end)
				ret_place->end = at;
		}
		fclose(f);
		if (!ret_place->start)
			fail_msg("the kernel has no %s", symbol);
	}
}

void inject_arm_in(const struct inject_place *place, unsigned int nth, int (*probe)(void *arg),
		   void *arg)
{
	unsigned int i;

	confine("failslab", place);
	set("failslab", "probability", 100);
	if (!exact) {
		set("failslab", "interval", count + 1);
		set("failslab", "times", 1);
		for (i = 0; get("/sys/kernel/debug/failslab/times"); i++) {
			assert_in_range(i, 0, PROBES);
			probe(arg);
		}
		count++;
		exact = true;
	}
	set("failslab", "interval", count + nth);
	set("failslab", "times", 1);
	placed = nth;
}

void inject_in_turn(const char *name, int (*op)(void *ctx, unsigned int nth), void *ctx)
{
	unsigned int nth, failures = 0;

	for (nth = 1;; nth++) {
		int err;

		assert_in_range(nth, 1, INJECT_MAX);
		err = op(ctx, nth);
		if (!inject_disarm()) {
			if (err)
				fail_msg("%s: %s, and nothing was made to fail", name,
					 strerror(-err));
			break;
		}
		failures += !!err;
	}
	printf("# %s: %u made to fail, %u of them seen\n", name, nth - 1, failures);
	assert_in_range(failures, 1, INJECT_MAX);
}
