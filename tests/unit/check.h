/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tests take from their surroundings: cmocka and libc, or, as modules of an
 * instrumented kernel (tests/kunit), KUnit and the kernel. The tests themselves are the same.
 *
 *	TEST(name)
 *	{
 *		assert_int_equal(...);
 *	}
 *	static TEST_CASE cases[] = {
 *		RUN(name),
 *		{}
 *	};
 *	TEST_SUITE("name");
 */
#ifndef UNIT_CHECK_H
#define UNIT_CHECK_H

#ifdef __KERNEL__

#include <kunit/test-bug.h>
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/slab.h>

/* So much slower is the kernel that these suites are for: they do fewer rounds, of short APDUs. */
#define SLOWER 25

#define TEST(name) static void name(struct kunit *test_)
#define RUN(name) KUNIT_CASE(name)
#define TEST_CASE struct kunit_case
#define TEST_SUITE(name_)							\
	static struct kunit_suite suite = { .name = name_, .test_cases = cases };	\
	kunit_test_suite(suite)

/* cmocka's, out of line: there are hundreds of them, some in functions that know of no test. */
#define fail_msg(fmt, ...)							\
	KUNIT_FAIL_AND_ABORT(kunit_get_current_test(), fmt, ##__VA_ARGS__)

static __maybe_unused noinline void check_true(bool ok, const char *what, int line)
{
	if (!ok)
		fail_msg("%d: %s", line, what);
}

static __maybe_unused noinline void check_int(u64 a, u64 b, const char *what, int line)
{
	if (a != b)
		fail_msg("%d: %s: %#llx, %#llx", line, what, a, b);
}

static __maybe_unused noinline void check_range(u64 v, u64 min, u64 max, const char *what, int line)
{
	if (v < min || v > max)
		fail_msg("%d: %s: %llu is not within %llu and %llu", line, what, v, min, max);
}

#define assert_true(c)		check_true(c, #c, __LINE__)
#define assert_false(c)		check_true(!(c), "!" #c, __LINE__)
#define assert_null(p)		check_true(!(p), #p " is NULL", __LINE__)
#define assert_non_null(p)	check_true(p, #p " is not NULL", __LINE__)
#define assert_int_equal(a, b)	check_int(a, b, #a " is " #b, __LINE__)
#define assert_int_not_equal(a, b)						\
	check_true((u64)(a) != (u64)(b), #a " is not " #b, __LINE__)
#define assert_in_range(v, min, max)						\
	check_range(v, min, max, #v, __LINE__)
#define assert_memory_equal(a, b, n)						\
	check_true(!memcmp(a, b, n), #a " is as " #b, __LINE__)
#define assert_string_equal(a, b)						\
	check_true(!strcmp(a, b), #a " is " #b, __LINE__)
#define assert_string_not_equal(a, b)						\
	check_true(strcmp(a, b), #a " is not " #b, __LINE__)

/* libc's */
#define malloc(size)		kvmalloc(size, GFP_KERNEL)
#define calloc(n, size)		kvcalloc(n, size, GFP_KERNEL)
#define free(p)			kvfree(p)
#define printf(fmt, ...)	kunit_info(kunit_get_current_test(), fmt, ##__VA_ARGS__)

#else

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define SLOWER 1

#define TEST(name) static void name(void **state __attribute__((__unused__)))
#define RUN(name) cmocka_unit_test(name)
#define TEST_CASE const struct CMUnitTest
#define TEST_SUITE(name)							\
	int main(void)								\
	{									\
		exit(cmocka_run_group_tests_name(name, cases, NULL, NULL));	\
	}									\
	_Static_assert(1, "")

#endif

#include "iso7816/port.h"

#endif
