// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels over the control connection: credits both ways, what a client can do wrong, and what
 * the loss of a link or of the connection means.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/router_bed.h"
#include "lib/wait.h"

#define WINDOW	65536

static const uint8_t atr_t0[] = { 0x3b, 0x02, 0x14, 0x50 };
static const uint8_t read8[] = { 0x00, SIMCARD_INS_READ, 0x00, 0x00, 0x08 };
static const uint8_t read8_answer[] = { 0, 1, 2, 3, 4, 5, 6, 7, 0x90, 0x00 };
static const uint8_t hold[] = { 0x00, SIMCARD_INS_HOLD, 0x00, 0x00 };

static void link_to(struct bed *b, uint32_t number, uint32_t coupler)
{
	client_begin(&b->out, LINK, number);
	client_put_int(&b->out, COUPLER, coupler, 4);
	put(b, b->control);
}

static void credit(struct bed *b, uint32_t number, uint32_t n)
{
	client_begin(&b->out, CREDIT, number);
	client_put_int(&b->out, F_CREDIT, n, 4);
	put(b, b->control);
}

static void unlink_it(struct bed *b, uint32_t number)
{
	client_begin(&b->out, UNLINK, number);
	put(b, b->control);
}

/* Bytes for a link's channel, in one CARRY. */
static void carry(struct bed *b, uint32_t number, const void *data, uint32_t len)
{
	client_begin(&b->out, CARRY, number);
	client_put(&b->out, CARRIED, data, len);
	put(b, b->control);
}

/* The frame that was built in b->out. */
static void carry_frame(struct bed *b, uint32_t number)
{
	uint8_t p[512] = { 0x43, 0x4b, 1, b->out.type };

	assert_in_range(b->out.len, 0, sizeof(p) - 12);
	p[7] = (uint8_t)b->out.number;
	p[10] = (uint8_t)(b->out.len >> 8);
	p[11] = (uint8_t)b->out.len;
	memcpy(p + 12, b->out.body, b->out.len);
	carry(b, number, p, 12 + b->out.len);
}

static void carry_open(struct bed *b, uint32_t number, const uint8_t *token, int64_t resume_from)
{
	client_begin(&b->out, OPEN, 0);
	client_put(&b->out, TOKEN, token, 16);
	if (resume_from >= 0)
		client_put_int(&b->out, RESUME_FROM, (uint64_t)resume_from, 4);
	carry_frame(b, number);
}

static void carry_command(struct bed *b, uint32_t number, uint32_t command, const uint8_t *apdu,
			  uint32_t len)
{
	client_begin(&b->out, COMMAND, command);
	client_put(&b->out, DATA, apdu, len);
	client_put_int(&b->out, TIMEOUT, 0, 4);
	carry_frame(b, number);
}

/* CARRY of so many bytes. */
static const uint8_t *expect_carried(struct bed *b, uint32_t number, uint32_t len)
{
	const uint8_t *p;
	uint32_t n;

	expect(b, b->control, CARRY);
	assert_int_equal(b->f.number, number);
	p = client_field(&b->f, CARRIED, &n);
	assert_non_null(p);
	assert_int_equal(n, len);
	return p;
}

/* OPENED is 46 bytes, RESPONSE with ten bytes of data 46 as well. */
#define OPENED_LEN	46
#define RESPONSE_LEN	46

static uint8_t carried_type(struct bed *b)
{
	uint32_t n;
	const uint8_t *p = client_field(&b->f, CARRIED, &n);

	return p && n >= 12 ? p[3] : 0;
}

/* What is carried before it does not matter. */
static void skip_to(struct bed *b, uint8_t type)
{
	do
		assert_int_equal(client_recv(b->control, &b->f, PATIENCE_MS), 1);
	while (b->f.type == CARRY && type != CARRY);
	assert_int_equal(b->f.type, type);
}

static void expect_read8(struct bed *b, uint32_t number)
{
	const uint8_t *p = expect_carried(b, number, RESPONSE_LEN);

	assert_int_equal(p[3], RESPONSE);
	assert_memory_equal(p + RESPONSE_LEN - 10, read8_answer, 10);
}

static void request(struct bed *b)
{
	cas_connect(b);
	new_request(b);
	take_request(b);
}

static void begin_link(struct bed *b, uint32_t number)
{
	request(b);
	link_to(b, number, b->coupler);
	carry_open(b, number, b->token, -1);
	assert_int_equal(expect_carried(b, number, OPENED_LEN)[3], OPENED);
}

static void expect_refused(struct bed *b, unsigned int code)
{
	expect_error(b, b->control, code);
	cas_disconnect(b);
}

static void link_before_hello_is_refused(void **state)
{
	struct bed *b = *state;

	b->control = connect_to(CONTROL_PORT);
	expect(b, b->control, HELLO);
	link_to(b, 1, b->coupler);
	expect_refused(b, STATE);
}

static void wrong_frames_close_the_connection(void **state)
{
	struct bed *b = *state;
	uint64_t before = station(b).frames_refused;

	/* numbers rise, and none is 0 */
	cas_connect(b);
	link_to(b, 0, b->coupler);
	expect_refused(b, MALFORMED);
	cas_connect(b);
	link_to(b, 5, b->coupler);
	link_to(b, 5, b->coupler);
	expect_refused(b, STATE);
	cas_connect(b);
	link_to(b, 5, b->coupler);
	link_to(b, 4, b->coupler);
	expect_refused(b, STATE);
	/* of a link that never was */
	cas_connect(b);
	carry(b, 1, "x", 1);
	expect_refused(b, STATE);
	cas_connect(b);
	unlink_it(b, 1);
	expect_refused(b, STATE);
	/* credit of nothing, and of more than can be */
	cas_connect(b);
	link_to(b, 1, b->coupler);
	credit(b, 1, 0);
	expect_refused(b, MALFORMED);
	cas_connect(b);
	link_to(b, 1, b->coupler);
	credit(b, 1, 1U << 30);
	expect_refused(b, STATE);
	/* nothing is carried */
	cas_connect(b);
	client_begin(&b->out, CARRY, 1);
	put(b, b->control);
	expect_refused(b, MALFORMED);
	assert_int_equal(station(b).frames_refused, before + 8);
}

/* With a credit for less than OPENED the link stops, and it alone. */
static void link_without_credit_stops_alone(void **state)
{
	static const uint8_t zeros[4096];
	struct bed *b = *state;
	uint32_t left = WINDOW - 34, n;		/* the length of OPEN */
	uint8_t first[40];

	request(b);
	client_begin(&b->out, LINK, 1);
	client_put_int(&b->out, COUPLER, b->coupler, 4);
	client_put_int(&b->out, F_CREDIT, sizeof(first), 4);
	put(b, b->control);
	carry_open(b, 1, b->token, -1);
	memcpy(first, expect_carried(b, 1, sizeof(first)), sizeof(first));
	assert_int_equal(first[3], OPENED);
	carry_command(b, 1, 1, read8, sizeof(read8));
	left -= 12 + 6 + sizeof(read8) + 6 + 4;
	ping(b, 1);
	assert_int_equal(simcard_commands(b->card), 0);	/* nothing is taken from it either */
	credit(b, 1, 4);
	expect_carried(b, 1, 4);
	credit(b, 1, 2 + RESPONSE_LEN);
	expect_carried(b, 1, 2);
	expect_read8(b, 1);

	/* and what the CAS may send is as much as there is room for */
	carry_command(b, 1, 2, read8, sizeof(read8));
	wait_commands(b, 2);
	wait_session(b, CKS_SESSION_STATE_OPEN);	/* its response waits */
	left -= 12 + 6 + sizeof(read8) + 6 + 4;
	for (; left; left -= n) {
		n = left < sizeof(zeros) ? left : sizeof(zeros);
		carry(b, 1, zeros, n);
	}
	ping(b, 2);
	carry(b, 1, zeros, 1);
	expect_refused(b, STATE);
}

static void credit_comes_back(void **state)
{
	static uint8_t p[12 + 6 + 40000 + 10] = { 0x43, 0x4b, 1, COMMAND, 0, 0, 0, 1 };
	struct bed *b = *state;
	uint32_t at, n = sizeof(p) - 12;

	/* one command, though no valid one */
	p[10] = (uint8_t)(n >> 8);
	p[11] = (uint8_t)n;
	p[13] = DATA;
	p[16] = 40000 >> 8;
	p[17] = 40000 & 0xff;
	p[sizeof(p) - 9] = TIMEOUT;
	p[sizeof(p) - 5] = 4;
	begin_link(b, 1);
	for (at = 0; at < sizeof(p); at += n) {
		n = sizeof(p) - at < 4096 ? sizeof(p) - at : 4096;
		carry(b, 1, p + at, n);
	}
	expect(b, b->control, CREDIT);
	assert_int_equal(b->f.number, 1);
	assert_in_range(client_int(&b->f, F_CREDIT), WINDOW / 2, WINDOW);
	expect(b, b->control, CARRY);
	assert_int_equal(carried_type(b), RESPONSE);
}

static void coupler_that_is_not_there(void **state)
{
	struct bed *b = *state;

	cas_connect(b);
	link_to(b, 1, 511);
	expect(b, b->control, UNLINK);
	assert_int_equal(b->f.number, 1);
	link_to(b, 2, 0xffffffff);
	expect(b, b->control, UNLINK);
	/* what was on its way is no error */
	carry(b, 1, "x", 1);
	unlink_it(b, 1);
	ping(b, 1);
}

static void wrong_token_ends_the_link_alone(void **state)
{
	static const uint8_t wrong[16];
	struct bed *b = *state;

	begin_link(b, 1);
	link_to(b, 2, b->coupler);
	carry_open(b, 2, wrong, -1);
	expect(b, b->control, CARRY);
	assert_int_equal(b->f.number, 2);
	assert_int_equal(carried_type(b), ERROR);
	expect(b, b->control, UNLINK);
	assert_int_equal(b->f.number, 2);
	unlink_it(b, 2);
	assert_int_equal(station(b).channels_refused, 1);
	carry_command(b, 1, 1, read8, sizeof(read8));
	expect_read8(b, 1);
}

/* As a channel socket that is closed. */
static void unlinked_channel_is_opened_again(void **state)
{
	struct bed *b = *state;

	begin_link(b, 1);
	carry_command(b, 1, 1, hold, sizeof(hold));
	wait_commands(b, 1);
	unlink_it(b, 1);
	skip_to(b, UNLINK);	/* the card asks for more time meanwhile */
	rechannel(b);
	carry(b, 1, "x", 1);	/* too late, which is no error */
	link_to(b, 2, b->coupler);
	carry_open(b, 2, b->token, 0);
	assert_int_equal(expect_carried(b, 2, OPENED_LEN + 7)[3], OPENED);
	simcard_let_go(b->card);
	do
		expect(b, b->control, CARRY);
	while (carried_type(b) == PROGRESS);
	assert_int_equal(carried_type(b), RESPONSE);
}

/* All channels break with it, and a socket takes one over. */
static void connection_is_lost(void **state)
{
	struct bed *b = *state;

	begin_link(b, 1);
	carry_command(b, 1, 1, read8, sizeof(read8));
	expect_read8(b, 1);
	cas_disconnect(b);
	wait_for("no connection is left", !station(b).connections);
	cas_connect(b);
	take_request(b);
	assert_int_equal(client_int(&b->f, REPEAT), 1);
	open_channel(b, 0);
	assert_int_equal(client_int(&b->f, OUTCOME), 1);
	expect_data(b, 1, read8_answer, sizeof(read8_answer));
}

static void links_count_as_connections(void **state)
{
	struct cksnl_station two = {
		.has = CKSNL_HAS(CKS_A_STATION_CONNECTIONS_MAX), .connections_max = 2,
	};
	struct bed *b = *state;

	assert_int_equal(cksnl_station_change(b->nl, &two), 0);
	begin_link(b, 1);
	link_to(b, 2, b->coupler);
	expect(b, b->control, UNLINK);
	assert_int_equal(b->f.number, 2);
	assert_int_equal(station(b).connections_refused, 1);
	carry_command(b, 1, 1, read8, sizeof(read8));
	expect_read8(b, 1);
}

static int setup(void **state)
{
	return bed_make(state, atr_t0, sizeof(atr_t0));
}

#define TEST(test)	cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(link_before_hello_is_refused),
		TEST(wrong_frames_close_the_connection),
		TEST(link_without_credit_stops_alone),
		TEST(credit_comes_back),
		TEST(coupler_that_is_not_there),
		TEST(wrong_token_ends_the_link_alone),
		TEST(unlinked_channel_is_opened_again),
		TEST(connection_is_lost),
		TEST(links_count_as_connections),
	};

	if (!getenv("CKS_GUEST")) {
		printf("Bail out! loads kernel modules, so it runs in a guest only\n");
		return 2;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("router_link", tests, NULL, NULL) ? 1 : 0;
}
