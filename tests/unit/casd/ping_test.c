// SPDX-License-Identifier: GPL-2.0-only
/*
 * The CAS's half of keeping a control connection alive (docs/protocol.md section 2): a PING after
 * an interval of silence, the end of the connection after three, and a new one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>

#include "bed.h"

#define INTERVAL	"500"	/* ms: what a busy machine may keep a test waiting, three times */

static struct fake_station st;
static struct message m;

static void assert_ping(void)
{
	assert_true(station_read_any(st.control, &m));
	assert_int_equal(m.f.type, CK_PING);
}

static void pong(void)
{
	struct ck_builder b;

	ck_begin(&b, CK_PONG, m.f.number);
	station_write(st.control, &b);
}

static void station_that_answers_is_kept(void **state)
{
	(void)state;
	/* More of them than a silent one gets. */
	for (unsigned int i = 0; i < 5; i++) {
		assert_ping();
		pong();
	}
}

static void silent_station_is_given_up(void **state)
{
	unsigned int pings = 0;

	(void)state;
	while (pings < 7 && station_read_any(st.control, &m)) {
		assert_int_equal(m.f.type, CK_PING);
		pings++;
	}
	/* It was asked before it was given up, and not for ever. */
	assert_in_range(pings, 1, 6);
	station_hello(&st);
	assert_ping();
	pong();
	assert_ping();
	pong();
}

/* A connection on which no HELLO comes has one interval. */
static void station_without_hello_is_given_up(void **state)
{
	(void)state;
	station_accept(&st);
	assert_false(station_read_any(st.control, &m));
	station_hello(&st);
	assert_ping();
	pong();
}

static int setup(void **state)
{
	const char *const options[] = { "--ping-interval", INTERVAL, NULL };

	(void)state;
	if (bed_setup())
		return -1;
	station_start(&st);
	start_casd(&st, 1, options);
	station_hello(&st);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	end_casd(SIGTERM);
	station_stop(&st);
	return bed_teardown();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(station_that_answers_is_kept),
		cmocka_unit_test(silent_station_is_given_up),
		cmocka_unit_test(station_without_hello_is_given_up),
	};

	return cmocka_run_group_tests_name("casd_ping", tests, setup, teardown);
}
