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

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_station.h"
#include "libtoken/token.h"
#include "softhsm.h"

#define INTERVAL	"500"	/* ms: what a busy machine may keep a test waiting, three times */

static const uint8_t transport[16] = { 0x11, 0x22, 0x33 };
static char dir[64];
static struct fake_station st;
static struct message m;
static pid_t casd = -1;

static void start_casd(void)
{
	char db[96], pin[96], address[32], log[96];

	snprintf(db, sizeof(db), "%s/cas.db", dir);
	snprintf(pin, sizeof(pin), "%s/pin", dir);
	snprintf(log, sizeof(log), "%s/casd.log", dir);
	snprintf(address, sizeof(address), "127.0.0.1:%u", st.control_port);
	casd = fork();
	assert_true(casd >= 0);
	if (!casd) {
		int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

		dup2(fd, 2);
		execl(CASD, "casd", "--db", db, "--station", address, "--pin-file", pin,
		      "--ping-interval", INTERVAL, NULL);
		_exit(127);
	}
}

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
	struct token_pin pin = { "123456", 6 };
	char error[192], path[96];
	struct token *token;
	FILE *f;

	(void)state;
	strcpy(dir, "/tmp/casd-ping-test-XXXXXX");
	if (!mkdtemp(dir) || softhsm_directory() ||
	    token_init(SOFTHSM_MODULE, "cards", &pin, &pin, error, sizeof(error)))
		return -1;
	token = token_open(SOFTHSM_MODULE, "cards", &pin, error, sizeof(error));
	if (!token || token_import(token, "transport", TOKEN_TRANSPORT, transport, 16))
		return -1;
	token_close(token);
	snprintf(path, sizeof(path), "%s/pin", dir);
	f = fopen(path, "w");
	if (!f || fputs("123456\n", f) < 0 || fclose(f))
		return -1;
	station_start(&st);
	start_casd();
	station_hello(&st);
	return 0;
}

static int teardown(void **state)
{
	char command[96];
	int status = -1;

	(void)state;
	if (casd > 0) {
		kill(casd, SIGTERM);
		waitpid(casd, &status, 0);
	}
	station_stop(&st);
	softhsm_remove();
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return status || system(command);
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
