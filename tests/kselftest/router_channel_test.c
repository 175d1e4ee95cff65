// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a CAS can do on a channel beyond one command after the other: power off, protocol, cancel,
 * progress, and batches, with what becomes of them when the channel breaks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/router_bed.h"

static const uint8_t atr_t0[] = { 0x3b, 0x02, 0x14, 0x50 };
static const uint8_t atr_t1[] = { 0x3b, 0x80, 0x01, 0x81 };
static const uint8_t atr_both[] = { 0x3b, 0x80, 0x80, 0x01, 0x01 };	/* T=0, T=1 */
static const uint8_t read2[] = { 0x00, SIMCARD_INS_READ, 0x00, 0x00, 0x02 };
static const uint8_t read2_answer[] = { 0, 1, 0x90, 0x00 };
static const uint8_t read8[] = { 0x00, SIMCARD_INS_READ, 0x00, 0x00, 0x08 };
static const uint8_t read8_answer[] = { 0, 1, 2, 3, 4, 5, 6, 7, 0x90, 0x00 };
static const uint8_t hold[] = { 0x00, SIMCARD_INS_HOLD, 0x00, 0x00 };
static const uint8_t mute[] = { 0x00, SIMCARD_INS_MUTE, 0x00, 0x00 };
static const uint8_t wrong[] = { 0x00, 0xa4, 0x04, 0x00, 0x08, 0x01 };	/* Lc 8, 1 byte */
static const uint8_t sw9000[] = { 0x90, 0x00 };

static int setup(void **state)
{
	return bed_make(state, atr_t0, sizeof(atr_t0));
}

static int setup_both(void **state)
{
	return bed_make(state, atr_both, sizeof(atr_both));
}

static int setup_t1(void **state)
{
	return bed_make(state, atr_t1, sizeof(atr_t1));
}

static void send_reset(struct bed *b, uint32_t n, uint8_t how, int t)
{
	client_begin(&b->out, RESET, n);
	client_put_int(&b->out, F_RESET, how, 1);
	if (t >= 0)
		client_put_int(&b->out, CARD_PROTOCOL, (uint64_t)t, 1);
	put(b, b->channel);
	expect(b, b->channel, ATR);
	assert_int_equal(b->f.number, n);
}

static void power_off_is_carried_out(void **state)
{
	struct bed *b = *state;
	uint64_t power_gen;

	cas_connect(b);
	begin_session(b);
	power_gen = client_int(&b->f, POWER_GEN);
	send_reset(b, 1, 2, -1);
	assert_int_equal(client_int(&b->f, STATUS), 0);
	assert_false(client_has(&b->f, F_ATR));
	assert_int_equal(client_int(&b->f, POWER_GEN), power_gen + 1);
	assert_int_equal(client_int(&b->f, PRESENCE_GEN), b->presence_gen);
	assert_int_equal(coupler(b).state, CKS_COUPLER_STATE_INACTIVE);
	send_command(b, 2, read8, sizeof(read8), 0);
	expect_response(b, 2, 6);
	send_reset(b, 3, 0, -1);
	assert_int_equal(client_int(&b->f, STATUS), 0);
	send_command(b, 4, read8, sizeof(read8), 0);
	expect_data(b, 4, read8_answer, sizeof(read8_answer));
}

static void protocol_is_selected(void **state)
{
	struct bed *b = *state;
	uint32_t n = 0;
	int t;

	cas_connect(b);
	begin_session(b);
	for (t = 1; t >= 0; t--) {
		send_reset(b, ++n, 0, t);
		assert_int_equal(client_int(&b->f, STATUS), 0);
		assert_int_equal(client_int(&b->f, CARD_PROTOCOL), t);
		assert_int_equal(coupler(b).protocol, t);
		send_command(b, ++n, read8, sizeof(read8), 0);
		expect_data(b, n, read8_answer, sizeof(read8_answer));
	}
	send_reset(b, ++n, 1, 1);
	assert_int_equal(client_int(&b->f, CARD_PROTOCOL), 1);
	send_reset(b, ++n, 0, -1);	/* this one as the coupler is set */
	assert_int_equal(client_int(&b->f, CARD_PROTOCOL), 0);
}

static void protocol_that_is_not_offered_is_refused(void **state)
{
	struct bed *b = *state;

	cas_connect(b);
	begin_session(b);
	send_reset(b, 1, 0, 1);
	assert_int_equal(client_int(&b->f, STATUS), 2);
	assert_true(client_has(&b->f, REASON));
	send_reset(b, 2, 0, -1);
	assert_int_equal(client_int(&b->f, STATUS), 0);
}

/* NULL in T=0, S(WTX request) in T=1. */
static void progress_is_told(void **state)
{
	struct bed *b = *state;
	uint64_t last;

	cas_connect(b);
	begin_session(b);
	send_command(b, 1, hold, sizeof(hold), 0);
	expect(b, b->channel, PROGRESS);
	assert_int_equal(b->f.number, 1);
	last = client_int(&b->f, EXTENSIONS);
	assert_true(last >= 1);
	expect(b, b->channel, PROGRESS);
	assert_true(client_int(&b->f, EXTENSIONS) > last);
	simcard_let_go(b->card);
	expect_data(b, 1, sw9000, sizeof(sw9000));
}

static void send_cancel(struct bed *b, uint32_t n)
{
	client_begin(&b->out, CANCEL, n);
	put(b, b->channel);
}

static void command_is_cancelled(void **state)
{
	struct bed *b = *state;

	cas_connect(b);
	begin_session(b);
	send_cancel(b, 1);	/* never came */
	send_command(b, 1, read8, sizeof(read8), 0);
	expect_data(b, 1, read8_answer, sizeof(read8_answer));
	send_cancel(b, 1);	/* is over */
	send_command(b, 2, hold, sizeof(hold), 0);
	wait_commands(b, 2);
	send_cancel(b, 3);
	send_cancel(b, 1);
	send_cancel(b, 2);
	expect(b, b->channel, RESPONSE);
	assert_int_equal(b->f.number, 2);
	assert_int_equal(client_int(&b->f, STATUS), 8);
	assert_int_equal(coupler(b).state, CKS_COUPLER_STATE_INACTIVE);
	send_command(b, 3, read8, sizeof(read8), 0);
	expect_response(b, 3, 6);
}

/* ------------------------------------------------------------------------------ batches */

/* The next response of a BATCHED that came. */
static void expect_answer(struct bed *b, uint32_t *pos, uint16_t status, const uint8_t *data,
			  uint32_t len)
{
	const uint8_t *p;
	uint32_t n;

	p = client_field(&b->f, RESPONSES, &n);
	assert_non_null(p);
	assert_true(n >= *pos + 6 + len);
	p += *pos;
	assert_int_equal(p[0] << 8 | p[1], status);
	assert_int_equal((uint32_t)p[2] << 24 | (uint32_t)p[3] << 16 | (uint32_t)p[4] << 8 | p[5],
			 len);
	if (len)
		assert_memory_equal(p + 6, data, len);
	*pos += 6 + len;
}

static void expect_no_more(struct bed *b, uint32_t pos)
{
	uint32_t n;

	client_field(&b->f, RESPONSES, &n);
	assert_int_equal(n, pos);
}

static void batch_is_played(void **state)
{
	struct bed *b = *state;
	struct batch_list l = { .len = 0 };
	uint32_t pos = 0;

	cas_connect(b);
	begin_session(b);
	batch_add(&l, read8, sizeof(read8), 0x9000, 0xffff);
	batch_add(&l, read2, sizeof(read2), 0, 0);
	batch_add(&l, read8, sizeof(read8), 0x9000, 0xff00);
	send_batch(b, 1, &l, false);
	expect_batched(b, 1, 3, 0);
	expect_answer(b, &pos, 0, read8_answer, sizeof(read8_answer));
	expect_answer(b, &pos, 0, read2_answer, sizeof(read2_answer));
	expect_answer(b, &pos, 0, read8_answer, sizeof(read8_answer));
	expect_no_more(b, pos);
	assert_int_equal(session(b).commands, 3);
	send_command(b, 4, read8, sizeof(read8), 0);
	expect_data(b, 4, read8_answer, sizeof(read8_answer));
}

static void batch_stops_at_a_status_word(void **state)
{
	struct bed *b = *state;
	struct batch_list l = { .len = 0 };
	uint32_t pos = 0;

	cas_connect(b);
	begin_session(b);
	batch_add(&l, read2, sizeof(read2), 0x9000, 0xffff);
	batch_add(&l, read8, sizeof(read8), 0x6100, 0xff00);
	batch_add(&l, read8, sizeof(read8), 0, 0);
	send_batch(b, 1, &l, false);
	expect_batched(b, 1, 2, 1);
	expect_answer(b, &pos, 0, read2_answer, sizeof(read2_answer));
	expect_answer(b, &pos, 0, read8_answer, sizeof(read8_answer));
	expect_no_more(b, pos);
	assert_int_equal(simcard_commands(b->card), 2);
	send_command(b, 3, read8, sizeof(read8), 0);	/* what was not begun has no number */
	expect_data(b, 3, read8_answer, sizeof(read8_answer));
}

static void batch_stops_at_a_failure(void **state)
{
	struct bed *b = *state;
	struct batch_list l = { .len = 0 };
	uint32_t pos = 0;

	cas_connect(b);
	begin_session(b);
	batch_add(&l, read2, sizeof(read2), 0, 0);
	batch_add(&l, wrong, sizeof(wrong), 0, 0);
	batch_add(&l, read8, sizeof(read8), 0, 0);
	send_batch(b, 1, &l, false);
	expect_batched(b, 1, 2, 2);
	expect_answer(b, &pos, 0, read2_answer, sizeof(read2_answer));
	expect_answer(b, &pos, 5, NULL, 0);
	expect_no_more(b, pos);

	/* After a malformed one the card stays on; a mute one is switched off. */
	l.len = 0;
	batch_add(&l, read8, sizeof(read8), 0, 0);
	batch_add(&l, mute, sizeof(mute), 0, 0);
	batch_add(&l, read8, sizeof(read8), 0, 0);
	send_batch(b, 3, &l, false);
	pos = 0;
	expect_batched(b, 3, 2, 2);
	expect_answer(b, &pos, 0, read8_answer, sizeof(read8_answer));
	expect_answer(b, &pos, 1, NULL, 0);
	assert_int_equal(coupler(b).present, 1);
	send_command(b, 5, read8, sizeof(read8), 0);
	expect_response(b, 5, 6);
}

static void batch_is_streamed(void **state)
{
	struct bed *b = *state;
	struct batch_list l = { .len = 0 };

	cas_connect(b);
	begin_session(b);
	batch_add(&l, read2, sizeof(read2), 0, 0);
	batch_add(&l, hold, sizeof(hold), 0, 0);
	send_batch(b, 1, &l, true);
	expect_data(b, 1, read2_answer, sizeof(read2_answer));	/* before the second one ends */
	simcard_let_go(b->card);
	expect(b, b->channel, RESPONSE);
	assert_int_equal(b->f.number, 2);
	expect_batched(b, 1, 2, 0);
	assert_false(client_has(&b->f, RESPONSES));
}

static void batch_stops_with_its_channel(void **state)
{
	struct bed *b = *state;
	struct batch_list l = { .len = 0 };
	uint32_t pos = 0;

	cas_connect(b);
	begin_session(b);
	batch_add(&l, read2, sizeof(read2), 0, 0);
	batch_add(&l, hold, sizeof(hold), 0, 0);
	batch_add(&l, read8, sizeof(read8), 0, 0);
	send_batch(b, 1, &l, true);
	expect_data(b, 1, read2_answer, sizeof(read2_answer));
	wait_commands(b, 2);
	close_channel(b);
	rechannel(b);
	simcard_let_go(b->card);
	wait_session(b, CKS_SESSION_STATE_OPEN);
	open_channel(b, 1);	/* the first response arrived */
	assert_int_equal(client_int(&b->f, OUTCOME), 1);
	expect_batched(b, 1, 2, 3);
	expect_answer(b, &pos, 0, sw9000, sizeof(sw9000));
	expect_no_more(b, pos);
	assert_int_equal(simcard_commands(b->card), 2);

	close_channel(b);	/* and once more, now with both */
	rechannel(b);
	open_channel(b, 2);
	assert_int_equal(client_int(&b->f, OUTCOME), 2);
	send_command(b, 3, read8, sizeof(read8), 0);
	expect_data(b, 3, read8_answer, sizeof(read8_answer));
}

static void batch_in_progress_is_resumed(void **state)
{
	struct bed *b = *state;
	struct batch_list l = { .len = 0 };
	uint32_t pos = 0;

	cas_connect(b);
	begin_session(b);
	batch_add(&l, read2, sizeof(read2), 0, 0);
	batch_add(&l, hold, sizeof(hold), 0, 0);
	batch_add(&l, read8, sizeof(read8), 0, 0);
	send_batch(b, 1, &l, false);
	wait_commands(b, 2);
	close_channel(b);
	rechannel(b);
	open_channel(b, 0);
	assert_int_equal(client_int(&b->f, OUTCOME), 3);
	simcard_let_go(b->card);
	expect_batched(b, 1, 2, 3);
	expect_answer(b, &pos, 0, read2_answer, sizeof(read2_answer));
	expect_answer(b, &pos, 0, sw9000, sizeof(sw9000));
	expect_no_more(b, pos);
}

/* The old connection is not known to be dead: a new control connection brings a new token. */
static void batch_is_resumed_beside_its_channel(void **state)
{
	struct bed *b = *state;
	struct batch_list l = { .len = 0 };
	uint32_t pos = 0;
	int old;

	cas_connect(b);
	begin_session(b);
	batch_add(&l, read2, sizeof(read2), 0, 0);
	batch_add(&l, hold, sizeof(hold), 0, 0);
	batch_add(&l, read8, sizeof(read8), 0, 0);
	send_batch(b, 1, &l, true);
	expect_data(b, 1, read2_answer, sizeof(read2_answer));
	wait_commands(b, 2);
	old = b->channel;
	cas_disconnect(b);
	cas_connect(b);
	take_request(b);
	open_channel(b, 0);	/* the first response did not arrive */
	assert_int_equal(client_int(&b->f, OUTCOME), 3);
	expect_error(b, old, 3);
	simcard_let_go(b->card);
	expect_batched(b, 1, 2, 3);
	expect_answer(b, &pos, 0, read2_answer, sizeof(read2_answer));
	expect_answer(b, &pos, 0, sw9000, sizeof(sw9000));
	expect_no_more(b, pos);
	close(old);
}

static void batch_ends_with_its_card(void **state)
{
	struct bed *b = *state;
	struct batch_list l = { .len = 0 };
	uint32_t pos = 0;

	cas_connect(b);
	begin_session(b);
	batch_add(&l, read2, sizeof(read2), 0, 0);
	batch_add(&l, hold, sizeof(hold), 0, 0);
	batch_add(&l, read8, sizeof(read8), 0, 0);
	send_batch(b, 1, &l, false);
	wait_commands(b, 2);
	assert_int_equal(simcard_remove(b->card), 0);
	expect_batched(b, 1, 2, 2);
	expect_answer(b, &pos, 0, read2_answer, sizeof(read2_answer));
	expect_answer(b, &pos, 4, NULL, 0);
	expect_closed(b, b->channel);
	expect(b, b->control, ENDED);
}

static void batch_is_cancelled(void **state)
{
	struct bed *b = *state;
	struct batch_list l = { .len = 0 };
	uint32_t pos = 0;

	cas_connect(b);
	begin_session(b);
	batch_add(&l, hold, sizeof(hold), 0, 0);
	batch_add(&l, read8, sizeof(read8), 0, 0);
	send_batch(b, 1, &l, false);
	wait_commands(b, 1);
	send_cancel(b, 1);
	expect_batched(b, 1, 1, 2);
	expect_answer(b, &pos, 8, NULL, 0);
	assert_int_equal(coupler(b).state, CKS_COUPLER_STATE_INACTIVE);
}

static void malformed_batch_executes_nothing(void **state)
{
	struct bed *b = *state;
	struct batch_list l = { .len = 0 };

	cas_connect(b);
	begin_session(b);
	batch_add(&l, read8, sizeof(read8), 0, 0);
	batch_add(&l, read8, sizeof(read8), 0, 0);
	l.len--;
	send_batch(b, 1, &l, false);
	expect_error(b, b->channel, MALFORMED);
	assert_int_equal(simcard_commands(b->card), 0);
	close_channel(b);
	rechannel(b);
	open_channel(b, 0);
	assert_int_equal(client_int(&b->f, OUTCOME), 0);
}

#define BED(test)	cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BED(power_off_is_carried_out),
		cmocka_unit_test_setup_teardown(protocol_is_selected, setup_both, teardown),
		BED(protocol_that_is_not_offered_is_refused),
		BED(progress_is_told),
		{ "progress_of_t1_is_told", progress_is_told, setup_t1, teardown, NULL },
		BED(command_is_cancelled),
		BED(batch_is_played),
		BED(batch_stops_at_a_status_word),
		BED(batch_stops_at_a_failure),
		BED(batch_is_streamed),
		BED(batch_stops_with_its_channel),
		BED(batch_in_progress_is_resumed),
		BED(batch_is_resumed_beside_its_channel),
		BED(batch_ends_with_its_card),
		BED(batch_is_cancelled),
		BED(malformed_batch_executes_nothing),
	};

	if (!getenv("CKS_GUEST")) {
		printf("Bail out! loads kernel modules, so it runs in a guest only\n");
		return 2;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("router_channel", tests, NULL, NULL) ? 1 : 0;
}
