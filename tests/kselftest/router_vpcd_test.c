// SPDX-License-Identifier: GPL-2.0-only
/*
 * Couplers as readers of vpcd, byte by byte; vpcd.sh has the same with a stock pcscd.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/router_bed.h"
#include "lib/wait.h"

#define VPCD_PORT	35963
#define ROUNDS		20

enum { OFF = 0, ON = 1, RST = 2, GET_ATR = 4 };

/* TC2 01: the shortest waiting time, since a mute card is waited for. */
static const uint8_t atr_t0[] = { 0x3b, 0x82, 0x40, 0x01, 0x14, 0x50 };
static const uint8_t read8[] = { 0x00, SIMCARD_INS_READ, 0x00, 0x00, 0x08 };
static const uint8_t read8_answer[] = { 0, 1, 2, 3, 4, 5, 6, 7, 0x90, 0x00 };
static const uint8_t hold[] = { 0x00, SIMCARD_INS_HOLD, 0x00, 0x00 };
static const uint8_t mute[] = { 0x00, SIMCARD_INS_MUTE, 0x00, 0x00 };

static int set_vpcd(struct bed *b, bool on)
{
	const struct cksnl_station st = {
		.has = on ? CKSNL_HAS(CKS_A_STATION_VPCD_LANE) :
			    CKSNL_HAS(CKS_A_STATION_VPCD_OFF_LANE),
		.vpcd_lane = b->coupler,
		.vpcd_off_lane = b->coupler,
	};

	return cksnl_station_change(b->nl, &st);
}

/* What the reader's driver does: it listens. */
static int listener = -1;

static void begin_to_listen(struct bed *b)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)(VPCD_PORT + b->coupler)),
	};
	int one = 1;

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(listener >= 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_int_equal(bind(listener, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(listen(listener, 0), 0);
}

/* A card has come. It comes over loopback. */
static int card(void)
{
	struct pollfd p = { .fd = listener, .events = POLLIN };
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	int fd;

	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
	fd = accept4(listener, (struct sockaddr *)&sin, &len, SOCK_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(sin.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	return fd;
}

static bool is_reader(struct bed *b)
{
	return station(b).vpcd_lanes.data[b->coupler / 8] & 1 << b->coupler % 8;
}

static bool no_card(void)
{
	return accept(listener, NULL, NULL) < 0 && errno == EAGAIN;
}

static void say(int fd, const void *data, uint16_t len)
{
	uint8_t p[2 + 512] = { (uint8_t)(len >> 8), (uint8_t)len };

	memcpy(p + 2, data, len);
	assert_int_equal(client_send_raw(fd, p, 2 + (size_t)len), 0);
}

static void control(int fd, uint8_t what)
{
	say(fd, &what, 1);
}

/* So many bytes, or the end. Return: bytes */
static size_t hear(int fd, uint8_t *p, size_t len)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	size_t have = 0;

	while (have < len) {
		ssize_t n;

		assert_int_equal(poll(&pfd, 1, PATIENCE_MS), 1);
		n = recv(fd, p + have, len - have, 0);
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	return have;
}

static void expect_message(int fd, const uint8_t *data, size_t len)
{
	uint8_t p[2 + 512];

	assert_int_equal(hear(fd, p, 2 + len), 2 + len);
	assert_int_equal(p[0] << 8 | p[1], len);
	assert_memory_equal(p + 2, data, len);
}

static void expect_end(int fd)
{
	uint8_t p;

	assert_int_equal(hear(fd, &p, 1), 0);
	close(fd);
}

/* With a card whose ATR came in time; a busy machine's may be too late. */
static int reader(void)
{
	uint8_t p[2 + sizeof(atr_t0)];
	int i, fd;

	for (i = 0; i < ROUNDS; i++) {
		fd = card();
		control(fd, GET_ATR);
		if (hear(fd, p, sizeof(p)) == sizeof(p)) {
			assert_memory_equal(p + 2, atr_t0, sizeof(atr_t0));
			return fd;
		}
		close(fd);
	}
	fail_msg("no ATR");
	return -1;
}

static void wait_free(struct bed *b)
{
	wait_for("the coupler is free", !(coupler(b).has & CKSNL_HAS(CKS_A_COUPLER_OWNER)));
}

static void off_until_it_is_switched_on(void **state)
{
	struct bed *b = *state;
	int fd;

	assert_true(no_card());
	assert_int_equal(set_vpcd(b, true), 0);
	assert_int_equal(set_vpcd(b, true), 0);
	assert_true(is_reader(b));
	/* nothing is switched on before the reader asks */
	fd = card();
	assert_int_equal(coupler(b).state, CKS_COUPLER_STATE_INACTIVE);
	close(fd);
	fd = reader();
	assert_string_equal(coupler(b).owner, "vpcd");
	/* and off: the connection ends, the card is off, the coupler free when the call returns */
	assert_int_equal(set_vpcd(b, false), 0);
	assert_false(coupler(b).has & CKSNL_HAS(CKS_A_COUPLER_OWNER));
	assert_int_equal(coupler(b).state, CKS_COUPLER_STATE_INACTIVE);
	expect_end(fd);
	assert_true(no_card());
}

/* pcscd is stopped and started again. */
static void driver_that_was_away(void **state)
{
	struct bed *b = *state;
	int fd;

	close(listener);
	assert_int_equal(set_vpcd(b, true), 0);
	begin_to_listen(b);
	fd = reader();
	close(listener);
	close(fd);
	wait_free(b);
	begin_to_listen(b);
	close(reader());
}

static void commands_and_resets(void **state)
{
	struct bed *b = *state;
	uint64_t power_gen;
	int fd;

	assert_int_equal(set_vpcd(b, true), 0);
	fd = reader();
	control(fd, ON);	/* which it is */
	say(fd, read8, sizeof(read8));
	expect_message(fd, read8_answer, sizeof(read8_answer));
	/* off, and the ATR is still known */
	power_gen = coupler(b).power_gen;
	control(fd, OFF);
	control(fd, GET_ATR);
	expect_message(fd, atr_t0, sizeof(atr_t0));
	assert_int_equal(coupler(b).power_gen, power_gen + 1);
	assert_int_equal(coupler(b).state, CKS_COUPLER_STATE_INACTIVE);
	/* a command to a card that is off: the reader sees it go */
	say(fd, read8, sizeof(read8));
	expect_end(fd);
	wait_free(b);

	fd = reader();
	control(fd, RST);
	control(fd, GET_ATR);
	expect_message(fd, atr_t0, sizeof(atr_t0));
	say(fd, read8, sizeof(read8));
	expect_message(fd, read8_answer, sizeof(read8_answer));
	close(fd);
	wait_free(b);
	assert_int_equal(coupler(b).state, CKS_COUPLER_STATE_INACTIVE);
}

static void no_card_is_a_closed_connection(void **state)
{
	struct bed *b = *state;
	int fd;

	assert_int_equal(set_vpcd(b, true), 0);
	fd = reader();
	assert_int_equal(simcard_remove(b->card), 0);
	expect_end(fd);
	wait_free(b);
	assert_true(no_card());
	insert(b);
	fd = reader();
	/* in the middle of a command */
	say(fd, hold, sizeof(hold));
	wait_commands(b, 1);
	assert_int_equal(simcard_remove(b->card), 0);
	expect_end(fd);
	insert(b);
	/* and a card that does not answer is none either */
	fd = reader();
	say(fd, mute, sizeof(mute));
	expect_end(fd);
	wait_free(b);
}

/* What comes by the number of one that has gone is no reader, even if it did not ask yet. */
static void another_coupler_is_no_reader(void **state)
{
	struct bed *b = *state;
	int fd;

	assert_int_equal(set_vpcd(b, true), 0);
	fd = card();
	close(b->bench);
	simcard_free(b->card);
	wait_for("the station knows that it has gone", !is_reader(b));
	b->bench = simbench_open();
	assert_true(b->bench >= 0);
	b->card = simcard_new(b->bench, atr_t0, sizeof(atr_t0));
	assert_non_null(b->card);
	/* the same number again, unless the connection keeps it */
	b->coupler = simcard_coupler(b->card);
	insert(b);
	control(fd, GET_ATR);
	expect_end(fd);
	assert_false(coupler(b).has & CKSNL_HAS(CKS_A_COUPLER_OWNER));
	assert_int_equal(coupler(b).state, CKS_COUPLER_STATE_INACTIVE);
}

static void orders_and_readers_exclude_each_other(void **state)
{
	struct bed *b = *state;

	cas_connect(b);
	begin_session(b);
	assert_int_equal(set_vpcd(b, true), -EBUSY);
	send_result(b, 1, 2);
	assert_int_equal(dispose(b, 1, CKS_DISPOSITION_REJECTED, 1), 0);
	assert_int_equal(set_vpcd(b, true), 0);
	assert_int_equal(try_request(b, coupler(b).presence_gen), -EBUSY);
	close(reader());
	assert_int_equal(try_request(b, coupler(b).presence_gen), -EBUSY);
	assert_int_equal(set_vpcd(b, false), 0);
	expect_disposed(b, 1, CKS_DISPOSITION_REJECTED);
	begin_session(b);
}

static void what_a_reader_can_do_wrong(void **state)
{
	static const uint8_t empty[2], unknown[] = { 0, 1, 9 };
	static const uint8_t cut[] = { 0xff, 0xff, 0x00, 0xb0 };
	static const uint8_t no_command[] = { 0, 3, 0x00, 0xb0, 0x00 };
	struct bed *b = *state;
	int fd;

	assert_int_equal(set_vpcd(b, true), 0);
	/* nothing, what is no control, and what is no command */
	fd = reader();
	client_send_raw(fd, empty, sizeof(empty));
	expect_end(fd);
	wait_free(b);
	fd = reader();
	client_send_raw(fd, unknown, sizeof(unknown));
	expect_end(fd);
	wait_free(b);
	fd = reader();
	client_send_raw(fd, no_command, sizeof(no_command));
	expect_end(fd);
	wait_free(b);
	/* a message that never ends: the card is the reader's until the operator says otherwise */
	fd = reader();
	client_send_raw(fd, cut, sizeof(cut));
	assert_int_equal(set_vpcd(b, false), 0);
	expect_end(fd);
}

/* teardown() unloads the router with a reader at work. */
static void unloaded_at_work(void **state)
{
	static const char *const router[] = { "cks_router", NULL };
	struct bed *b = *state;
	int fd;

	assert_int_equal(set_vpcd(b, true), 0);
	fd = reader();
	say(fd, hold, sizeof(hold));
	wait_commands(b, 1);
	assert_int_equal(modules_unload(router), 0);
	expect_end(fd);
	assert_false(coupler(b).has & CKSNL_HAS(CKS_A_COUPLER_OWNER));
	assert_int_equal(modules_load(router), 0);
}

static int setup(void **state)
{
	bed_make(state, atr_t0, sizeof(atr_t0));
	begin_to_listen(*state);
	return 0;
}

static int down(void **state)
{
	close(listener);
	return teardown(state);
}

#define TEST(test)	cmocka_unit_test_setup_teardown(test, setup, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(off_until_it_is_switched_on),
		TEST(driver_that_was_away),
		TEST(commands_and_resets),
		TEST(no_card_is_a_closed_connection),
		TEST(another_coupler_is_no_reader),
		TEST(orders_and_readers_exclude_each_other),
		TEST(what_a_reader_can_do_wrong),
		TEST(unloaded_at_work),
	};

	if (!getenv("CKS_GUEST")) {
		printf("Bail out! loads kernel modules, so it runs in a guest only\n");
		return 2;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("router_vpcd", tests, NULL, NULL) ? 1 : 0;
}
