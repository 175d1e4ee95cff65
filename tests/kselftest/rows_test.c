// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the system is for, row by row of the table in docs/evidence.md: each test is one row, shown
 * on a station with four couplers, through an independent client of docs/protocol.md.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/cks_mux.h"
#include "lib/router_bed.h"

#define LANES	4

/* The first card is a fast one (TA1 = 18), for the test that moves most bytes. */
static const uint8_t atrs[LANES][8] = {
	{ 0x3b, 0x12, 0x18, 0x14, 0x50 },
	{ 0x3b, 0x01, 0x77 },
	{ 0x3b, 0x03, 0x4c, 0x41, 0x33 },
	{ 0x3b, 0x04, 0x4c, 0x41, 0x4e, 0x45 },
};

static const size_t atr_lens[LANES] = { 5, 3, 5, 6 };

static const uint8_t read8[] = { 0x00, SIMCARD_INS_READ, 0x00, 0x00, 0x08 };
static const uint8_t read8_answer[] = { 0, 1, 2, 3, 4, 5, 6, 7, 0x90, 0x00 };
static const uint8_t hold[] = { 0x00, SIMCARD_INS_HOLD, 0x00, 0x00 };
static const uint8_t sw9000[] = { 0x90, 0x00 };

/* Lane 0 has modules, bench and netlink; the others share them, and the control socket. */
static struct bed *lane[LANES];

static int rows_setup(void **state)
{
	int ret = bed_make(state, atrs[0], atr_lens[0]);

	lane[0] = *state;
	for (int i = 1; i < LANES; i++) {
		lane[i] = calloc(1, sizeof(*lane[i]));
		assert_non_null(lane[i]);
		lane[i]->bench = lane[0]->bench;
		lane[i]->nl = lane[0]->nl;
		lane[i]->control = -1;
		lane[i]->channel = -1;
		lane[i]->card = simcard_new(lane[i]->bench, atrs[i], atr_lens[i]);
		assert_non_null(lane[i]->card);
		lane[i]->coupler = simcard_coupler(lane[i]->card);
		insert(lane[i]);
	}
	return ret;
}

static int rows_teardown(void **state)
{
	for (int i = 1; i < LANES; i++) {
		if (lane[i]->channel >= 0)
			close(lane[i]->channel);
		simcard_free(lane[i]->card);
		free(lane[i]);
	}
	return teardown(state);
}

static void connect_all(void)
{
	cas_connect(lane[0]);
	for (int i = 1; i < LANES; i++)
		lane[i]->control = lane[0]->control;
}

/* Ports of this network namespace that a TCP socket listens on, among those of the station. */
static unsigned int listeners(uint16_t first, uint16_t last)
{
	FILE *f = fopen("/proc/net/tcp", "r");
	unsigned int n = 0, port, state;
	char line[256];

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, " %*u: %*x:%x %*x:%*x %x", &port, &state) == 2 &&
		    state == 0x0a && port >= first && port <= last)
			n++;
	}
	fclose(f);
	return n;
}

static void assert_field(const struct client_frame *f, uint16_t tag, const void *data, uint32_t len)
{
	uint32_t n;
	const uint8_t *p = client_field(f, tag, &n);

	assert_non_null(p);
	assert_int_equal(n, len);
	assert_memory_equal(p, data, len);
}

static void row_01_station_contacts_resets_and_reads_the_atr(void **state)
{
	(void)state;
	for (int i = 0; i < LANES; i++) {
		struct cksnl_coupler c;

		assert_int_equal(cksnl_coupler_reset(lane[i]->nl, lane[i]->coupler,
						     CKS_RESET_KIND_COLD, &c), 0);
		assert_int_equal(c.atr.len, atr_lens[i]);
		assert_memory_equal(c.atr.data, atrs[i], atr_lens[i]);
		/* nobody wants it: switched off again */
		wait_coupler(lane[i], CKS_COUPLER_STATE_INACTIVE);
	}
}

static void row_02_each_coupler_offers_a_server_socket(void **state)
{
	(void)state;
	connect_all();
	assert_int_equal(listeners(CHANNEL_PORT, CHANNEL_PORT + LANES - 1), LANES);
	for (int i = 0; i < LANES; i++) {
		begin_session(lane[i]);
		assert_int_equal(lane[i]->port, CHANNEL_PORT + lane[i]->coupler);
		send_command(lane[i], 1, read8, sizeof(read8), 0);
		expect_data(lane[i], 1, read8_answer, sizeof(read8_answer));
		/* through this coupler to this card, and no other */
		for (int k = 0; k < LANES; k++)
			assert_int_equal(simcard_commands(lane[k]->card), k <= i);
	}
}

static void row_03_one_control_socket_apart_from_the_channels(void **state)
{
	struct bed *b = *state;
	int fd;

	connect_all();
	assert_int_equal(listeners(1, 65535), 1 + LANES);
	assert_int_equal(listeners(CONTROL_PORT, CONTROL_PORT), 1);
	ping(b, 1);

	/* what belongs to the control socket is refused on a channel, and the other way round */
	fd = connect_to((uint16_t)(CHANNEL_PORT + b->coupler));
	send_hello(b, fd, "test CAS", 1);
	expect_error(b, fd, STATE);
	close(fd);
	ping(b, 2);
	client_begin(&b->out, OPEN, 0);
	client_put(&b->out, TOKEN, uuid, 16);
	put(b, b->control);
	expect_error(b, b->control, STATE);
}

static void row_04_request_carries_what_the_cas_needs(void **state)
{
	(void)state;
	connect_all();
	for (int i = 0; i < LANES; i++) {
		struct bed *b = lane[i];

		new_request(b);
		take_request(b);
		/* the channel's address, its protocol, the application and its parameters */
		assert_int_equal(b->port, CHANNEL_PORT + b->coupler);
		assert_field(&b->f, PROTOCOL, "cks", 3);
		assert_field(&b->f, APPLICATION, "personalize", 11);
		assert_field(&b->f, PARAMETERS, "\1\2\3", 3);
		/* the ATR and other facts of the card */
		assert_field(&b->f, F_ATR, atrs[i], (uint32_t)atr_lens[i]);
		assert_int_equal(client_int(&b->f, CARD_PROTOCOL), 0);
		assert_field(&b->f, CARD_REFERENCE, "TRAY-0001", 9);
		assert_int_equal(client_int(&b->f, COUPLER), b->coupler);
		/* the request's id within the station, and how the channel is encrypted */
		assert_int_equal(client_int(&b->f, F_REQUEST), i + 1);
		assert_field(&b->f, ENCRYPTION, "none", 4);
	}
}

static void row_06_commands_and_responses_pass_unchanged(void **state)
{
	static const unsigned int lengths[] = { 1, 2, 3, 7, 8, 15, 16, 17, 64, 127, 128, 254, 255 };
	struct bed *b = *state;
	uint8_t apdu[261] = { 0x00, 0x10, 0x12, 0x34 };
	uint8_t rsp[257];
	unsigned int seed = 1997;

	connect_all();
	begin_session(b);
	for (uint32_t n = 0; n < sizeof(lengths) / sizeof(lengths[0]); n++) {
		unsigned int lc = lengths[n];

		apdu[4] = (uint8_t)lc;
		for (unsigned int i = 0; i < lc; i++)
			apdu[5 + i] = (uint8_t)(rand_r(&seed) >> 8);
		apdu[5 + lc] = 0x00;
		memcpy(rsp, apdu + 5, lc);
		rsp[lc] = 0x90;
		rsp[lc + 1] = 0x00;
		/* the card sends back what it got: a byte changed either way would be seen */
		send_command(b, n + 1, apdu, lc + 6, 0);
		expect_data(b, n + 1, rsp, lc + 2);
	}
}

static void row_08_reset_by_the_cas_gives_the_atr_unchanged(void **state)
{
	static const uint8_t resets[] = { 1, 0 };	/* warm, cold */

	(void)state;
	connect_all();
	for (int i = 0; i < LANES; i++) {
		struct bed *b = lane[i];
		uint32_t n = 0;

		begin_session(b);
		for (size_t k = 0; k < sizeof(resets); k++) {
			uint64_t power_gen = coupler(b).power_gen;

			send_command(b, ++n, read8, sizeof(read8), 0);
			expect_data(b, n, read8_answer, sizeof(read8_answer));
			client_begin(&b->out, RESET, ++n);
			client_put_int(&b->out, F_RESET, resets[k], 1);
			put(b, b->channel);
			expect(b, b->channel, ATR);
			assert_int_equal(client_int(&b->f, STATUS), 0);
			assert_field(&b->f, F_ATR, atrs[i], (uint32_t)atr_lens[i]);
			/* an electrical signal: the cold one takes the power away */
			assert_int_equal(client_int(&b->f, POWER_GEN), power_gen + !resets[k]);
		}
		/* the sequence goes on */
		send_command(b, ++n, read8, sizeof(read8), 0);
		expect_data(b, n, read8_answer, sizeof(read8_answer));
	}
}

static void row_09_cas_reports_end_and_result(void **state)
{
	(void)state;
	connect_all();
	for (int i = 0; i < LANES; i++) {
		struct cksnl_session s;
		uint64_t id = 100 + (uint64_t)i;
		bool good = i % 2 == 0;

		begin_session(lane[i]);
		send_result(lane[i], id, good ? 1 : 2);
		/* with the request's id, and what the control unit needs for the card's way on */
		s = wait_session(lane[i], CKS_SESSION_STATE_RESULT);
		assert_int_equal(s.request, lane[i]->request);
		assert_int_equal(s.result_id, id);
		assert_int_equal(s.verdict, good ? CKS_VERDICT_GOOD : CKS_VERDICT_REJECT);
		assert_int_equal(s.bin, 7);
		assert_int_equal(s.information.len, 8);
		assert_memory_equal(s.information.data, "print me", 8);
	}
}

static void row_10_channel_is_torn_down_and_the_card_released(void **state)
{
	struct bed *b = *state;
	int fd;

	connect_all();
	begin_session(b);
	send_result(b, 1, 2);
	assert_int_equal(dispose(b, 1, CKS_DISPOSITION_REJECTED, 1), 0);
	expect_disposed(b, 1, CKS_DISPOSITION_REJECTED);
	ack_disposed(b, 1);
	/* the channel is closed, its token worthless, the card off and the coupler free */
	expect_closed(b, b->channel);
	fd = connect_to(b->port);
	send_open(b, fd, b->token, -1);
	expect_error(b, fd, UNKNOWN_TOKEN);
	close(fd);
	assert_false(coupler(b).has & CKSNL_HAS(CKS_A_COUPLER_OWNER));
	wait_coupler(b, CKS_COUPLER_STATE_INACTIVE);

	/* and a failed card may be tried again */
	close_channel(b);
	begin_session(b);
	send_command(b, 1, read8, sizeof(read8), 0);
	expect_data(b, 1, read8_answer, sizeof(read8_answer));
}

static void row_12_many_cards_at_the_same_time(void **state)
{
	(void)state;
	connect_all();
	for (int i = 0; i < LANES; i++)
		begin_session(lane[i]);
	/* each card has a command that it does not answer yet, and none waits for another */
	for (int i = 0; i < LANES; i++)
		send_command(lane[i], 1, hold, sizeof(hold), 0);
	for (int i = 0; i < LANES; i++) {
		wait_commands(lane[i], 1);
		assert_int_equal(coupler(lane[i]).state, CKS_COUPLER_STATE_EXCHANGING);
	}
	/* the last one first: the order is theirs */
	for (int i = LANES - 1; i >= 0; i--) {
		simcard_let_go(lane[i]->card);
		expect_data(lane[i], 1, sw9000, sizeof(sw9000));
	}
}

/* Connections to the station's ports that are there now, of one side. */
static unsigned int connections(void)
{
	FILE *f = fopen("/proc/net/tcp", "r");
	unsigned int n = 0, port, state;
	char line[256];

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, " %*u: %*x:%x %*x:%*x %x", &port, &state) == 2 &&
		    state == 0x01 && port >= CONTROL_PORT && port < CHANNEL_PORT + LANES)
			n++;
	}
	fclose(f);
	return n;
}

static void row_17_control_and_channels_share_one_connection(void **state)
{
	static const uint8_t big[] = { 0x00, SIMCARD_INS_READ, 0x00, 0x00, 0x00 };
	struct bed *b = *state;
	struct mux *m = mux_new(connect_to(CONTROL_PORT));
	uint32_t n;

	assert_non_null(m);
	b->control = mux_control(m);
	expect(b, b->control, HELLO);
	send_hello(b, b->control, "test CAS", 1);
	for (int i = 0; i < LANES; i++) {
		lane[i]->control = b->control;
		new_request(lane[i]);
		take_request(lane[i]);
		lane[i]->channel = mux_link(m, lane[i]->coupler);
		assert_true(lane[i]->channel >= 0);
		send_open(lane[i], lane[i]->channel, lane[i]->token, -1);
		expect(lane[i], lane[i]->channel, OPENED);
		assert_int_equal(client_int(&lane[i]->f, F_REQUEST), lane[i]->request);
	}
	assert_int_equal(connections(), 1);

	/* all work at the same time, each with its own card */
	for (int i = 0; i < LANES; i++)
		send_command(lane[i], 1, hold, sizeof(hold), 0);
	for (int i = LANES - 1; i >= 0; i--) {
		wait_commands(lane[i], 1);
		simcard_let_go(lane[i]->card);
		expect_data(lane[i], 1, sw9000, sizeof(sw9000));
	}
	/* and while nobody reads what one of them says, the others go on */
	for (n = 2; n < 6; n++) {
		send_command(lane[0], n, big, sizeof(big), 0);
		wait_commands(lane[0], n);
		for (int i = 1; i < LANES; i++) {
			send_command(lane[i], n, read8, sizeof(read8), 0);
			expect_data(lane[i], n, read8_answer, sizeof(read8_answer));
		}
		expect_response(lane[0], n, 0);
	}
	ping(b, 17);
	assert_int_equal(connections(), 1);
	for (int i = 0; i < LANES; i++) {
		client_begin(&lane[i]->out, CLOSE, 0);
		put(lane[i], lane[i]->channel);
		expect(lane[i], lane[i]->channel, CLOSED);
		expect_closed(lane[i], lane[i]->channel);
		send_result(lane[i], 100 + (uint64_t)i, 1);
	}
	mux_free(m);
}

#define ROW(test)	cmocka_unit_test_setup_teardown(test, rows_setup, rows_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(row_01_station_contacts_resets_and_reads_the_atr),
		ROW(row_02_each_coupler_offers_a_server_socket),
		ROW(row_03_one_control_socket_apart_from_the_channels),
		ROW(row_04_request_carries_what_the_cas_needs),
		ROW(row_06_commands_and_responses_pass_unchanged),
		ROW(row_08_reset_by_the_cas_gives_the_atr_unchanged),
		ROW(row_09_cas_reports_end_and_result),
		ROW(row_10_channel_is_torn_down_and_the_card_released),
		ROW(row_12_many_cards_at_the_same_time),
		ROW(row_17_control_and_channels_share_one_connection),
	};

	if (!getenv("CKS_GUEST")) {
		printf("Bail out! loads kernel modules, so it runs in a guest only\n");
		return 2;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("rows", tests, NULL, NULL) ? 1 : 0;
}
