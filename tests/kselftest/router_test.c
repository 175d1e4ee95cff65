// SPDX-License-Identifier: GPL-2.0-only
/*
 * The router against simulated cards: both sockets of docs/protocol.md through an independent
 * client, the netlink side through libcksnl, and what happens when either errs or goes away.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/router_bed.h"
#include "lib/wait.h"

static const char *const router[] = { "cks_router", NULL };
static const uint8_t atr_t0[] = { 0x3b, 0x02, 0x14, 0x50 };
static const uint8_t atr_bad[] = { 0x3b, 0x80, 0x01, 0x00 };	/* TCK wrong, T=1 */
static const uint8_t read8[] = { 0x00, SIMCARD_INS_READ, 0x00, 0x00, 0x08 };
static const uint8_t read8_answer[] = { 0, 1, 2, 3, 4, 5, 6, 7, 0x90, 0x00 };
static const uint8_t hold[] = { 0x00, SIMCARD_INS_HOLD, 0x00, 0x00 };
static const uint8_t mute[] = { 0x00, SIMCARD_INS_MUTE, 0x00, 0x00 };
static const uint8_t sw9000[] = { 0x90, 0x00 };

static int setup(void **state)
{
	return bed_make(state, atr_t0, sizeof(atr_t0));
}

static int setup_bad_atr(void **state)
{
	return bed_make(state, atr_bad, sizeof(atr_bad));
}

/* ------------------------------------------------------------------- the control socket */

static void hello_tells_who_the_station_is(void **state)
{
	struct bed *b = *state;
	const uint8_t *p;
	uint32_t len;

	b->control = connect_to(CONTROL_PORT);
	expect(b, b->control, HELLO);
	p = client_field(&b->f, STATION, &len);
	assert_non_null(p);
	assert_int_equal(len, 16);
	assert_memory_equal(p, uuid, 16);
	p = client_field(&b->f, BOOT_ID, &len);
	assert_non_null(p);
	assert_memory_equal(p, station(b).boot_id, 16);
	assert_int_equal(client_int(&b->f, JOURNAL_EPOCH), EPOCH);
	assert_int_equal(client_int(&b->f, LAST_DISPOSITION), 0);
	assert_int_equal(client_int(&b->f, COUPLERS),
			 (uint64_t)b->coupler << 32 | coupler(b).presence_gen);
	assert_int_equal(station(b).state, CKS_STATION_STATE_LISTENING);
	send_hello(b, b->control, "test CAS", 1);
	ping(b, 0x01020304);
	assert_int_equal(station(b).state, CKS_STATION_STATE_CONNECTED);
	assert_string_equal(station(b).cas, "test CAS");
	cas_disconnect(b);
	wait_connected(b, CKS_STATION_STATE_LISTENING);
}

static void lease_is_respected(void **state)
{
	struct bed *b = *state;
	int other;

	cas_connect(b);
	ping(b, 1);
	other = connect_to(CONTROL_PORT);
	expect(b, other, HELLO);
	send_hello(b, other, "old node", 0);
	expect_error(b, other, LEASE);
	close(other);
	ping(b, 2);	/* the first one is not touched */

	other = connect_to(CONTROL_PORT);
	expect(b, other, HELLO);
	send_hello(b, other, "new node", 2);
	expect_error(b, b->control, LEASE);
	cas_disconnect(b);
	b->control = other;
	ping(b, 3);
	assert_string_equal(station(b).cas, "new node");
	assert_int_equal(station(b).lease_epoch, 2);
}

static void wrong_frames_close_their_connection_alone(void **state)
{
	static const struct {
		uint8_t bytes[24];
		unsigned int len;
		unsigned int code;
	} bad[] = {
		{ "GET / HTTP/1.1\r\n\r\n", 18, MALFORMED },
		{ { 0x43, 0x4b, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0 }, 12, VERSION },
		{ { 0x43, 0x4b, 1, 1, 0, 0, 0, 0, 0, 0, 2, 1 }, 12, LIMIT },
		{ { 0x43, 0x4b, 1, 1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff }, 12, LIMIT },
		{ { 0x43, 0x4b, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0 }, 12, MALFORMED },
		{ { 0x43, 0x4b, 1, 0x55, 0, 0, 0, 0, 0, 0, 0, 0 }, 12, MALFORMED },
		{ { 0x43, 0x4b, 1, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0, 1, 0, 0, 0, 9, 0x41 }, 19,
		  MALFORMED },
		{ { 0x43, 0x4b, 1, 2, 0, 0, 0, 0, 0, 0, 0, 6, 0x80, 1, 0, 0, 0, 0 }, 18,
		  MALFORMED },
	};
	struct bed *b = *state;
	size_t i;
	int fd;

	cas_connect(b);
	ping(b, 1);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fd = connect_to(CONTROL_PORT);
		expect(b, fd, HELLO);
		assert_int_equal(client_send_raw(fd, bad[i].bytes, bad[i].len), 0);
		expect_error(b, fd, bad[i].code);
		close(fd);

		fd = connect_to((uint16_t)(CHANNEL_PORT + b->coupler));
		assert_int_equal(client_send_raw(fd, bad[i].bytes, bad[i].len), 0);
		expect_error(b, fd, bad[i].code);
		close(fd);
	}
	ping(b, 2);
	assert_int_equal(station(b).frames_refused, 2 * i);
	assert_int_equal(station(b).state, CKS_STATION_STATE_CONNECTED);
}

static void ack_out_of_order(struct bed *b)
{
	client_begin(&b->out, DISPOSED_ACK, 0);
	client_put_int(&b->out, NUMBER, 1, 8);
	client_put_int(&b->out, JOURNAL_EPOCH, EPOCH, 8);
	put(b, b->control);
}

static void frames_out_of_place_are_refused(void **state)
{
	struct bed *b = *state;
	int fd = connect_to(CONTROL_PORT);

	expect(b, fd, HELLO);
	client_begin(&b->out, DISPOSED_ACK, 0);
	client_put_int(&b->out, NUMBER, 1, 8);
	client_put_int(&b->out, JOURNAL_EPOCH, EPOCH, 8);
	put(b, fd);
	expect_error(b, fd, STATE);	/* before HELLO */
	close(fd);

	cas_connect(b);
	client_begin(&b->out, CLOSE, 0);
	put(b, b->control);
	expect_error(b, b->control, STATE);	/* of a channel */
	cas_disconnect(b);

	cas_connect(b);
	send_hello(b, b->control, "twice", 1);
	expect_error(b, b->control, STATE);
	cas_disconnect(b);

	cas_connect(b);
	ack_out_of_order(b);
	expect_error(b, b->control, STATE);
	cas_disconnect(b);

	/* and on a channel, which can be opened again each time */
	cas_connect(b);
	begin_session(b);
	send_command(b, 2, read8, sizeof(read8), 0);
	expect_error(b, b->channel, STATE);
	close_channel(b);
	rechannel(b);
	open_channel(b, -1);
	send_open(b, b->channel, b->token, -1);
	expect_error(b, b->channel, STATE);
	close_channel(b);
	assert_int_equal(station(b).frames_refused, 6);
}

/* The highest of all would shut out everybody else for ever. */
static void lease_cannot_be_used_up(void **state)
{
	static const uint64_t far[] = { UINT64_MAX, 1ULL << 63, (1ULL << 32) + 2 };
	struct bed *b = *state;
	int fd;

	cas_connect(b);		/* with 1 */
	ping(b, 1);
	for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
		fd = connect_to(CONTROL_PORT);
		expect(b, fd, HELLO);
		send_hello(b, fd, "far away", far[i]);
		expect_error(b, fd, LIMIT);
		close(fd);
	}
	ping(b, 2);
	assert_int_equal(station(b).lease_epoch, 1);
	assert_int_equal(station(b).leases_refused, 3);
	fd = connect_to(CONTROL_PORT);
	expect(b, fd, HELLO);
	send_hello(b, fd, "next", 1 + (1ULL << 32));
	expect_error(b, b->control, LEASE);
	close(b->control);
	b->control = fd;
	ping(b, 3);
	assert_int_equal(station(b).lease_epoch, 1 + (1ULL << 32));
}

static void silence_has_its_consequences(void **state)
{
	struct bed *b = *state;
	int control = connect_to(CONTROL_PORT);
	int channel = connect_to((uint16_t)(CHANNEL_PORT + b->coupler));

	expect(b, control, HELLO);
	cas_connect(b);
	expect_error(b, control, TIMED_OUT);
	expect_error(b, channel, TIMED_OUT);
	close(control);
	close(channel);
	expect(b, b->control, PING);
	client_begin(&b->out, PONG, b->f.number);
	put(b, b->control);
	ping(b, 1);
	assert_int_equal(station(b).channels_refused, 1);
	assert_int_equal(station(b).connections_refused, 1);
}

/* A seeded flood of rubbish behind right headers: each connection ends, the station goes on. */
static void rubbish_does_no_harm(void **state)
{
	struct bed *b = *state;
	unsigned int seed = 7816;
	int round, i, fd;

	cas_connect(b);
	ping(b, 1);
	for (round = 0; round < 60; round++) {
		uint8_t p[12 + 128] = { 0x43, 0x4b, 1 };

		p[3] = (uint8_t)rand_r(&seed) & 0x7f;
		p[11] = (uint8_t)rand_r(&seed) & 0x7f;
		for (i = 12; i < 12 + p[11]; i++)
			p[i] = (uint8_t)(rand_r(&seed) >> 8) & (i % 3 ? 0x0f : 0xff);
		fd = connect_to(round & 1 ? CONTROL_PORT : (uint16_t)(CHANNEL_PORT + b->coupler));
		assert_int_equal(client_send_raw(fd, p, 12 + (size_t)p[11]), 0);
		shutdown_and_wait(b, fd);
	}
	ping(b, 2);
	begin_session(b);
	send_command(b, 1, read8, sizeof(read8), 0);
	expect_data(b, 1, read8_answer, sizeof(read8_answer));
}

/* ------------------------------------------------------------------------ whole sessions */

static void request_carries_what_the_cas_needs(void **state)
{
	struct bed *b = *state;
	const uint8_t *p;
	uint32_t len;

	cas_connect(b);
	new_request(b);
	take_request(b);
	assert_int_equal(b->request, 1);
	assert_int_equal(client_int(&b->f, COUPLER), b->coupler);
	assert_int_equal(client_int(&b->f, PRESENCE_GEN), b->presence_gen);
	assert_int_equal(client_int(&b->f, PORT), CHANNEL_PORT + b->coupler);
	assert_int_equal(client_int(&b->f, REPEAT), 0);
	assert_int_equal(client_int(&b->f, CARD_PROTOCOL), 0);
	p = client_field(&b->f, F_ATR, &len);
	assert_non_null(p);
	assert_int_equal(len, sizeof(atr_t0));
	assert_memory_equal(p, atr_t0, len);
	p = client_field(&b->f, APPLICATION, &len);
	assert_non_null(p);
	assert_int_equal(len, 11);
	assert_memory_equal(p, "personalize", 11);
	p = client_field(&b->f, PARAMETERS, &len);
	assert_non_null(p);
	assert_int_equal(len, 3);
	assert_memory_equal(p, "\1\2\3", 3);
	p = client_field(&b->f, CARD_REFERENCE, &len);
	assert_non_null(p);
	assert_memory_equal(p, "TRAY-0001", 9);
	p = client_field(&b->f, PROTOCOL, &len);
	assert_non_null(p);
	assert_memory_equal(p, "cks", 3);
	p = client_field(&b->f, ENCRYPTION, &len);
	assert_non_null(p);
	assert_memory_equal(p, "none", 4);
	assert_int_equal(session(b).state, CKS_SESSION_STATE_OFFERED);
	assert_string_equal(coupler(b).owner, "router");
}

static void card_goes_through_to_good(void **state)
{
	struct bed *b = *state;
	struct cksnl_session s;

	cas_connect(b);
	begin_session(b);
	assert_false(client_has(&b->f, OUTCOME));
	send_command(b, 1, read8, sizeof(read8), 0);
	expect_data(b, 1, read8_answer, sizeof(read8_answer));
	send_command(b, 2, read8, sizeof(read8), 5000);
	expect_data(b, 2, read8_answer, sizeof(read8_answer));
	client_begin(&b->out, CLOSE, 0);
	put(b, b->channel);
	expect(b, b->channel, CLOSED);
	expect_closed(b, b->channel);
	close_channel(b);
	wait_coupler(b, CKS_COUPLER_STATE_INACTIVE);

	send_result(b, 4711, 1);
	s = wait_session(b, CKS_SESSION_STATE_RESULT);
	assert_int_equal(s.verdict, CKS_VERDICT_GOOD);
	assert_int_equal(s.result_id, 4711);
	assert_int_equal(s.bin, 7);
	assert_int_equal(s.information.len, 8);
	assert_int_equal(s.commands, 2);
	send_result(b, 4711, 1);	/* again: acknowledged, and nothing changes */
	send_result(b, 4712, 2);
	assert_int_equal(session(b).result_id, 4711);
	assert_string_equal(coupler(b).owner, "router");

	assert_int_equal(dispose(b, 1, CKS_DISPOSITION_GOOD, 4711), 0);
	assert_false(coupler(b).has & CKSNL_HAS(CKS_A_COUPLER_OWNER));
	assert_int_equal(cksnl_session_get(b->nl, b->request, &s), -ENOENT);
	expect_disposed(b, 1, CKS_DISPOSITION_GOOD);
	assert_int_equal(client_int(&b->f, F_REQUEST), b->request);
	assert_int_equal(client_int(&b->f, RESULT_ID), 4711);
	assert_int_equal(client_int(&b->f, COUPLER), b->coupler);
	assert_true(client_has(&b->f, EVIDENCE));
	assert_int_equal(station(b).acked_disposition, 0);
	ack_disposed(b, 1);
	assert_int_equal(station(b).acked_disposition, 1);
	assert_int_equal(station(b).last_disposition, 1);
}

static void reset_is_carried_out(void **state)
{
	struct bed *b = *state;
	uint64_t power_gen;
	const uint8_t *p;
	uint32_t len, n = 0;
	uint8_t how;

	cas_connect(b);
	begin_session(b);
	power_gen = client_int(&b->f, POWER_GEN);
	for (how = 1; how < 2; how--) {	/* warm, then cold */
		client_begin(&b->out, RESET, ++n);
		client_put_int(&b->out, F_RESET, how, 1);
		put(b, b->channel);
		expect(b, b->channel, ATR);
		assert_int_equal(b->f.number, n);
		assert_int_equal(client_int(&b->f, STATUS), 0);
		p = client_field(&b->f, F_ATR, &len);
		assert_non_null(p);
		assert_int_equal(len, sizeof(atr_t0));
		assert_memory_equal(p, atr_t0, len);
		if (how)
			assert_int_equal(client_int(&b->f, POWER_GEN), power_gen);
		else
			assert_true(client_int(&b->f, POWER_GEN) > power_gen);
		send_command(b, ++n, read8, sizeof(read8), 0);
		expect_data(b, n, read8_answer, sizeof(read8_answer));
	}
}

static void command_has_its_own_timeout(void **state)
{
	struct bed *b = *state;

	cas_connect(b);
	begin_session(b);
	send_command(b, 1, hold, sizeof(hold), 600);
	expect_response(b, 1, 3);
	send_command(b, 2, read8, sizeof(read8), 0);
	expect_response(b, 2, 6);	/* switched off */
	client_begin(&b->out, RESET, 3);
	client_put_int(&b->out, F_RESET, 1, 1);
	put(b, b->channel);
	expect(b, b->channel, ATR);	/* warm: of a card that is off */
	assert_int_equal(client_int(&b->f, STATUS), 6);
	client_begin(&b->out, RESET, 4);
	client_put_int(&b->out, F_RESET, 0, 1);
	put(b, b->channel);
	expect(b, b->channel, ATR);
	assert_int_equal(client_int(&b->f, STATUS), 0);
	send_command(b, 5, read8, sizeof(read8), 0);
	expect_data(b, 5, read8_answer, sizeof(read8_answer));
	/* The card's own waiting time; with a slow clock it is more than the station's. */
	send_command(b, 6, mute, sizeof(mute), (uint32_t)PATIENCE_MS);
	expect_response(b, 6, 1);
}

static void tpdu_passes_as_it_is(void **state)
{
	struct bed *b = *state;

	cas_connect(b);
	begin_session(b);
	client_begin(&b->out, COMMAND, 1);
	client_put(&b->out, DATA, read8, sizeof(read8));
	client_put_int(&b->out, TIMEOUT, 0, 4);
	client_put_int(&b->out, MODE, 1, 1);
	put(b, b->channel);
	expect_data(b, 1, read8_answer, sizeof(read8_answer));
}

static void malformed_command_leaves_the_card_on(void **state)
{
	static const uint8_t wrong[] = { 0x00, 0xa4, 0x04, 0x00, 0x08, 0x01 };	/* Lc 8, 1 byte */
	struct bed *b = *state;

	cas_connect(b);
	begin_session(b);
	send_command(b, 1, wrong, sizeof(wrong), 0);
	expect_response(b, 1, 5);
	send_command(b, 2, read8, sizeof(read8), 0);
	expect_data(b, 2, read8_answer, sizeof(read8_answer));
}

/* ------------------------------------------------------------------------------- tokens */

static void wrong_token_gets_nothing(void **state)
{
	struct bed *b = *state;
	uint8_t wrong[16];
	int fd;

	cas_connect(b);
	new_request(b);
	take_request(b);
	memcpy(wrong, b->token, 16);
	wrong[15] ^= 1;
	fd = connect_to(b->port);
	send_open(b, fd, wrong, -1);
	expect_error(b, fd, UNKNOWN_TOKEN);
	close(fd);
	assert_int_equal(simcard_commands(b->card), 0);
	assert_int_equal(station(b).channels_refused, 1);
	assert_int_equal(session(b).state, CKS_SESSION_STATE_OFFERED);

	open_channel(b, -1);	/* the right one is still good ... */
	fd = connect_to(b->port);
	send_open(b, fd, b->token, -1);
	expect_error(b, fd, UNKNOWN_TOKEN);	/* ... once */
	close(fd);
	send_command(b, 1, read8, sizeof(read8), 0);
	expect_data(b, 1, read8_answer, sizeof(read8_answer));
}

static void open_comes_first(void **state)
{
	struct bed *b = *state;

	cas_connect(b);
	new_request(b);
	take_request(b);
	b->channel = connect_to(b->port);
	send_command(b, 1, read8, sizeof(read8), 0);
	expect_error(b, b->channel, STATE);
	assert_int_equal(simcard_commands(b->card), 0);
}

/* ----------------------------------------------------------------------- loss and resume */

static void lost_response_is_kept(void **state)
{
	struct bed *b = *state;

	cas_connect(b);
	begin_session(b);
	send_command(b, 1, read8, sizeof(read8), 0);
	expect_data(b, 1, read8_answer, sizeof(read8_answer));
	send_command(b, 2, read8, sizeof(read8), 0);
	close_channel(b);
	wait_commands(b, 2);
	wait_session(b, CKS_SESSION_STATE_OPEN);
	rechannel(b);
	open_channel(b, 1);
	assert_int_equal(client_int(&b->f, OUTCOME), 1);
	expect_data(b, 2, read8_answer, sizeof(read8_answer));
	send_command(b, 3, read8, sizeof(read8), 0);
	expect_data(b, 3, read8_answer, sizeof(read8_answer));
}

static void nothing_was_received(void **state)
{
	struct bed *b = *state;

	cas_connect(b);
	begin_session(b);
	send_command(b, 1, read8, sizeof(read8), 0);
	expect_data(b, 1, read8_answer, sizeof(read8_answer));
	close_channel(b);
	rechannel(b);
	open_channel(b, 1);
	assert_int_equal(client_int(&b->f, OUTCOME), 0);
	send_command(b, 2, read8, sizeof(read8), 0);
	expect_data(b, 2, read8_answer, sizeof(read8_answer));
}

static void command_in_progress_survives_its_channel(void **state)
{
	struct bed *b = *state;

	cas_connect(b);
	begin_session(b);
	send_command(b, 1, hold, sizeof(hold), 0);
	wait_commands(b, 1);
	send_command(b, 2, read8, sizeof(read8), 0);	/* one at a time */
	expect_error(b, b->channel, STATE);
	close_channel(b);
	rechannel(b);
	open_channel(b, 0);
	assert_int_equal(client_int(&b->f, OUTCOME), 3);
	simcard_let_go(b->card);
	expect_data(b, 1, sw9000, sizeof(sw9000));
	send_command(b, 2, read8, sizeof(read8), 0);
	expect_data(b, 2, read8_answer, sizeof(read8_answer));
}

static void gap_in_numbers_is_refused(void **state)
{
	struct bed *b = *state;

	cas_connect(b);
	begin_session(b);
	send_command(b, 2, read8, sizeof(read8), 0);
	expect_error(b, b->channel, STATE);
	assert_int_equal(simcard_commands(b->card), 0);
	close_channel(b);
	rechannel(b);
	open_channel(b, 0);
	assert_int_equal(client_int(&b->f, OUTCOME), 0);
}

static void request_is_repeated_after_reconnect(void **state)
{
	struct bed *b = *state;
	uint8_t first[16];

	new_request(b);	/* before any CAS is there */
	wait_session(b, CKS_SESSION_STATE_OFFERED);
	cas_connect(b);
	take_request(b);
	assert_int_equal(client_int(&b->f, REPEAT), 0);
	memcpy(first, b->token, 16);
	cas_disconnect(b);
	wait_connected(b, CKS_STATION_STATE_LISTENING);
	cas_connect(b);
	take_request(b);
	assert_int_equal(client_int(&b->f, REPEAT), 1);
	assert_memory_not_equal(first, b->token, 16);
	open_channel(b, -1);
}

/* ------------------------------------------------------- dispositions and the control unit */

static void dispositions_have_no_gap_and_are_repeated(void **state)
{
	struct bed *b = *state;

	cas_connect(b);
	new_request(b);
	take_request(b);
	send_result(b, 1, 2);
	assert_int_equal(dispose(b, 2, CKS_DISPOSITION_REJECTED, 1), -EINVAL);
	assert_int_equal(dispose(b, 0, CKS_DISPOSITION_REJECTED, 1), -EINVAL);
	assert_int_equal(session(b).state, CKS_SESSION_STATE_RESULT);
	assert_int_equal(dispose(b, 1, CKS_DISPOSITION_REJECTED, 1), 0);
	expect_disposed(b, 1, CKS_DISPOSITION_REJECTED);
	assert_int_equal(dispose(b, 1, CKS_DISPOSITION_REJECTED, 1), 0);	/* came before */
	assert_int_equal(dispose(b, 2, CKS_DISPOSITION_UNKNOWN, 1), 0);
	expect_disposed(b, 2, CKS_DISPOSITION_UNKNOWN);
	cas_disconnect(b);
	wait_connected(b, CKS_STATION_STATE_LISTENING);

	b->control = connect_to(CONTROL_PORT);
	expect(b, b->control, HELLO);
	assert_int_equal(client_int(&b->f, LAST_DISPOSITION), 2);
	send_hello(b, b->control, "test CAS", 1);
	expect_disposed(b, 1, CKS_DISPOSITION_REJECTED);
	expect_disposed(b, 2, CKS_DISPOSITION_UNKNOWN);
	ack_disposed(b, 1);
	assert_int_equal(station(b).acked_disposition, 1);
	ack_disposed(b, 1);
	ack_disposed(b, 2);
	assert_int_equal(station(b).acked_disposition, 2);
	assert_int_equal(dispose(b, 2, CKS_DISPOSITION_UNKNOWN, 1), 0);
	ping(b, 5);	/* nothing is sent again */
}

static void removed_card_ends_its_session(void **state)
{
	struct bed *b = *state;
	struct cksnl_session s;
	const uint8_t *p;
	uint32_t len;

	cas_connect(b);
	begin_session(b);
	send_command(b, 1, hold, sizeof(hold), 0);
	wait_commands(b, 1);
	assert_int_equal(simcard_remove(b->card), 0);
	expect_response(b, 1, 4);
	expect_closed(b, b->channel);
	expect(b, b->control, ENDED);
	assert_int_equal(client_int(&b->f, F_REQUEST), b->request);
	p = client_field(&b->f, REASON, &len);
	assert_non_null(p);
	assert_memory_equal(p, "card removed", 12);
	s = wait_session(b, CKS_SESSION_STATE_RESULT);
	assert_int_equal(s.verdict, CKS_VERDICT_REJECT);
	assert_string_equal(s.reason, "card removed");
	send_result(b, 1, 1);	/* too late: acknowledged only */
	assert_int_equal(session(b).verdict, CKS_VERDICT_REJECT);
	assert_int_equal(dispose(b, 1, CKS_DISPOSITION_REMOVED, 0), 0);
	expect_disposed(b, 1, CKS_DISPOSITION_REMOVED);
}

static void bad_atr_is_a_result_with_its_reason(void **state)
{
	struct bed *b = *state;
	struct cksnl_coupler strict = {
		.has = CKSNL_HAS(CKS_A_COUPLER_INDEX) | CKSNL_HAS(CKS_A_COUPLER_POLICY),
		.index = b->coupler,
		.policy = CKS_POLICY_STRICT,
	};
	struct cksnl_session s;

	assert_int_equal(cksnl_coupler_change(b->nl, &strict), 0);
	cas_connect(b);
	ping(b, 1);
	new_request(b);
	s = wait_session(b, CKS_SESSION_STATE_RESULT);
	assert_int_equal(s.verdict, CKS_VERDICT_REJECT);
	assert_non_null(strstr(s.reason, "TCK"));
	ping(b, 2);	/* the CAS hears nothing of it ... */
	assert_int_equal(dispose(b, 1, CKS_DISPOSITION_REJECTED, 0), 0);
	expect_disposed(b, 1, CKS_DISPOSITION_REJECTED);	/* ... but the outcome */
}

static void requests_are_checked(void **state)
{
	struct bed *b = *state;
	uint32_t gen = coupler(b).presence_gen;

	assert_int_equal(try_request(b, gen + 1), -ESTALE);
	assert_false(coupler(b).has & CKSNL_HAS(CKS_A_COUPLER_OWNER));
	assert_int_equal(try_request(b, gen), 0);
	assert_int_equal(try_request(b, gen), -EBUSY);
	assert_int_equal(cksnl_request_cancel(b->nl, b->request + 1, "none"), -ENOENT);
	assert_int_equal(cksnl_request_cancel(b->nl, b->request, "lane stopped"), 0);
	assert_string_equal(session(b).reason, "lane stopped");
	assert_int_equal(dispose(b, 1, CKS_DISPOSITION_REJECTED, 0), 0);
	assert_int_equal(simcard_remove(b->card), 0);
	wait_coupler(b, CKS_COUPLER_STATE_EMPTY);
	assert_int_equal(try_request(b, coupler(b).presence_gen), -ENOMEDIUM);
	b->coupler = 500;
	assert_int_equal(try_request(b, 0), -ENODEV);
}

/* A CAS that wants the card once more. Return: the request that it was. */
static uint64_t asked_to_retry(struct bed *b)
{
	cas_connect(b);
	begin_session(b);
	send_result(b, 1, CKS_VERDICT_RETRY);
	expect_closed(b, b->channel);
	close_channel(b);
	assert_int_equal(wait_session(b, CKS_SESSION_STATE_RESULT).verdict, CKS_VERDICT_RETRY);
	return b->request;
}

static void retry_takes_the_same_card_once_more(void **state)
{
	struct bed *b = *state;
	struct cksnl_session s;
	uint64_t first;

	first = asked_to_retry(b);
	begin_session(b);
	assert_int_equal(b->request, first + 1);
	assert_int_equal(cksnl_session_get(b->nl, first, &s), -ENOENT);
	send_command(b, 1, read8, sizeof(read8), 0);
	expect_data(b, 1, read8_answer, sizeof(read8_answer));
}

/* Until it is made, the request before it is the one that there is. */
static void refused_retry_ends_nothing(void **state)
{
	const struct cksnl_station hold = { .has = CKSNL_HAS(CKS_A_STATION_HOLD), .hold = 1 };
	const struct cksnl_station go_on = { .has = CKSNL_HAS(CKS_A_STATION_HOLD) };
	struct bed *b = *state;
	uint32_t gen = coupler(b).presence_gen;
	struct cksnl_session s;
	uint64_t first;

	first = asked_to_retry(b);
	assert_int_equal(cksnl_station_change(b->nl, &hold), 0);
	assert_int_equal(try_request(b, gen), -EAGAIN);
	assert_int_equal(cksnl_station_change(b->nl, &go_on), 0);
	assert_int_equal(try_request(b, gen + 1), -ESTALE);
	assert_int_equal(simcard_remove(b->card), 0);
	wait_for("the card is out", !coupler(b).present);
	assert_int_equal(try_request(b, gen), -ENOMEDIUM);
	assert_int_equal(cksnl_session_get(b->nl, first, &s), 0);
	assert_int_equal(s.state, CKS_SESSION_STATE_RESULT);
	assert_int_equal(s.verdict, CKS_VERDICT_RETRY);
}

static void plaintext_stays_on_loopback(void **state)
{
	struct bed *b = *state;
	struct cksnl_station down = { .has = CKSNL_HAS(CKS_A_STATION_LISTEN) };
	struct cksnl_station withdrawn = { .has = CKSNL_HAS(CKS_A_STATION_PLAINTEXT_OK) };
	int fd;

	cas_connect(b);
	ping(b, 1);
	assert_int_equal(listen_at(b, "127.0.0.2", false), -EBUSY);
	assert_int_equal(cksnl_station_change(b->nl, &down), 0);
	expect_error(b, b->control, OPERATOR);
	fd = client_connect(CONTROL_PORT);
	assert_int_equal(fd, -1);
	assert_int_equal(errno, ECONNREFUSED);
	assert_int_equal(listen_at(b, "0.0.0.0", false), -EPERM);
	assert_int_equal(listen_at(b, "localhost", true), -EINVAL);
	assert_int_equal(station(b).state, CKS_STATION_STATE_DOWN);
	assert_int_equal(listen_at(b, "0.0.0.0", true), 0);
	assert_int_equal(station(b).state, CKS_STATION_STATE_LISTENING);
	/* Not taken back while sockets are open by it. */
	assert_int_equal(cksnl_station_change(b->nl, &withdrawn), -EBUSY);
}

/* --------------------------------------------------------------------------- going away */

static void coupler_goes_in_the_middle(void **state)
{
	struct bed *b = *state;
	struct cksnl_session s;

	cas_connect(b);
	begin_session(b);
	send_command(b, 1, hold, sizeof(hold), 0);
	wait_commands(b, 1);
	simcard_free(b->card);
	b->card = NULL;
	expect(b, b->control, ENDED);
	s = wait_session(b, CKS_SESSION_STATE_RESULT);
	assert_int_equal(s.verdict, CKS_VERDICT_REJECT);
	assert_int_equal(dispose(b, 1, CKS_DISPOSITION_UNKNOWN, 0), 0);
	expect_disposed(b, 1, CKS_DISPOSITION_UNKNOWN);
}

static void router_is_unloaded_in_the_middle(void **state)
{
	struct bed *b = *state;
	int rc;

	cas_connect(b);
	begin_session(b);
	send_command(b, 1, hold, sizeof(hold), 0);
	wait_commands(b, 1);
	assert_int_equal(modules_unload(router), 0);
	do {	/* the card has asked for more time */
		rc = client_recv(b->channel, &b->f, PATIENCE_MS);
	} while (rc == 1 && b->f.type == PROGRESS);
	assert_false(rc == 1 && b->f.type != ERROR);
	assert_false(coupler(b).has & CKSNL_HAS(CKS_A_COUPLER_OWNER));
	assert_int_equal(modules_load(router), 0);
	assert_int_equal(station(b).state, CKS_STATION_STATE_DOWN);
}

/* Clients that come, say something right or wrong, and go without a word, until told to stop. */
struct storm {
	pthread_t thread;
	atomic_bool *stop;
	unsigned int seed;
	unsigned int connected;
};

static void *storm(void *arg)
{
	static const uint8_t frame[] = {
		0x43, 0x4b, 1, HELLO, 0, 0, 0, 0, 0, 0, 0, 23,
		0, NAME, 0, 0, 0, 3, 'c', 'a', 's',
		0, LEASE_EPOCH, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 9,
	};
	struct storm *s = arg;
	uint8_t sink[64];

	while (!atomic_load(s->stop)) {
		unsigned int r = (unsigned int)rand_r(&s->seed);
		int fd = client_connect(r & 1 ? CONTROL_PORT : CHANNEL_PORT);

		if (fd < 0)
			continue;	/* it does not listen just now */
		s->connected++;
		/* All of a frame, a part of it, or nothing. */
		client_send_raw(fd, frame, r & 2 ? sizeof(frame) : (r >> 8) % sizeof(frame));
		if (r & 4)
			recv(fd, sink, sizeof(sink), r & 8 ? 0 : MSG_DONTWAIT);
		if (r & 16)
			client_send_raw(fd, frame, sizeof(frame));
		close(fd);
	}
	return NULL;
}

static void router_comes_and_goes_in_a_storm(void **state)
{
	struct storm storms[4] = { };
	atomic_bool stop = false;
	struct bed *b = *state;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		storms[i].stop = &stop;
		storms[i].seed = 7816 + i;
		assert_int_equal(pthread_create(&storms[i].thread, NULL, storm, &storms[i]), 0);
	}
	for (i = 0; i < 8; i++) {
		struct cksnl_station down = { .has = CKSNL_HAS(CKS_A_STATION_LISTEN) };

		new_request(b);
		if (i & 1)
			wait_session(b, CKS_SESSION_STATE_OFFERED);
		if (i & 2) {
			assert_int_equal(cksnl_station_change(b->nl, &down), 0);
			assert_int_equal(station(b).state, CKS_STATION_STATE_DOWN);
			assert_int_equal(listen_at(b, "127.0.0.1", false), 0);
		}
		assert_int_equal(modules_unload(router), 0);
		assert_false(coupler(b).has & CKSNL_HAS(CKS_A_COUPLER_OWNER));
		assert_int_equal(modules_load(router), 0);
		assert_int_equal(listen_at(b, "127.0.0.1", false), 0);
	}
	atomic_store(&stop, true);
	for (i = 0; i < 4; i++) {
		pthread_join(storms[i].thread, NULL);
		assert_true(storms[i].connected > 0);
	}
}

#define BED(test)	cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BED(hello_tells_who_the_station_is),
		BED(lease_is_respected),
		BED(wrong_frames_close_their_connection_alone),
		BED(frames_out_of_place_are_refused),
		BED(lease_cannot_be_used_up),
		BED(silence_has_its_consequences),
		BED(rubbish_does_no_harm),
		BED(request_carries_what_the_cas_needs),
		BED(card_goes_through_to_good),
		BED(reset_is_carried_out),
		BED(command_has_its_own_timeout),
		BED(tpdu_passes_as_it_is),
		BED(malformed_command_leaves_the_card_on),
		BED(wrong_token_gets_nothing),
		BED(open_comes_first),
		BED(lost_response_is_kept),
		BED(nothing_was_received),
		BED(command_in_progress_survives_its_channel),
		BED(gap_in_numbers_is_refused),
		BED(request_is_repeated_after_reconnect),
		BED(dispositions_have_no_gap_and_are_repeated),
		BED(removed_card_ends_its_session),
		cmocka_unit_test_setup_teardown(bad_atr_is_a_result_with_its_reason,
						setup_bad_atr, teardown),
		BED(requests_are_checked),
		BED(retry_takes_the_same_card_once_more),
		BED(refused_retry_ends_nothing),
		BED(plaintext_stays_on_loopback),
		BED(coupler_goes_in_the_middle),
		BED(router_is_unloaded_in_the_middle),
		BED(router_comes_and_goes_in_a_storm),
	};

	if (!getenv("CKS_GUEST")) {
		printf("Bail out! loads kernel modules, so it runs in a guest only\n");
		return 2;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("router", tests, NULL, NULL) ? 1 : 0;
}
