// SPDX-License-Identifier: GPL-2.0-only
/*
 * Batches of a CAS, on the bench, each checked against all rules of check.h: the station knows the
 * next command while one is in progress, so it follows the response as soon as the guard time
 * allows, at every rate. It has to be written to THR 5 us after it at the latest.
 *
 * For each rate and protocol: N of 0 and 255, one of them in inverse convention.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest/lib/router_bed.h"
#include "session.h"

static const uint8_t nothing[] = { 0x00, 0x44, 0x00, 0x00 };
static const uint8_t read_40[] = { 0x00, SIMCARD_INS_READ, 0x00, 0x00, 40 };
static const uint8_t echo_9[] = { 0x00, 0xda, 0x00, 0x00, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0 };

static void batch(struct bed *b, struct session *s)
{
	struct batch_list l = { .len = 0 };
	uint32_t len;

	batch_add(&l, nothing, sizeof(nothing), 0x9000, 0xffff);
	batch_add(&l, nothing, sizeof(nothing), 0x9000, 0xffff);
	batch_add(&l, read_40, sizeof(read_40), 0x9000, 0xffff);
	batch_add(&l, echo_9, sizeof(echo_9), 0x9000, 0xf000);
	batch_add(&l, read_40, sizeof(read_40), 0, 0);
	batch_add(&l, nothing, sizeof(nothing), 0x6a82, 0xffff);	/* 9000: the last */
	batch_add(&l, read_40, sizeof(read_40), 0, 0);

	/* For the first one the station has to wait, for none of the others. */
	s->given[s->commands++] = session_now();
	send_batch(b, 1, &l, false);
	expect_batched(b, 1, 6, 1);
	client_field(&b->f, RESPONSES, &len);
	assert_int_equal(len, 6 * (6 + 2) + 40 + 40 + 9);
}

static bool session_in(struct session s)
{
	struct cks_sim_slot slot;
	struct bed *b;
	void *state;
	bool ok;

	session_plan(&s, &slot);
	bed_make_in(&state, &slot, s.atr, s.atr_len);
	b = state;
	s.card = b->card;
	assert_true(session_record(&s));
	cas_connect(b);
	begin_session(b);
	batch(b, &s);
	client_begin(&b->out, CLOSE, 0);
	put(b, b->channel);
	expect(b, b->channel, CLOSED);
	ok = session_check(&s);
	close(s.trace);
	teardown(&state);
	return ok;
}

static void follows_in_time(void **state)
{
	const struct rate *rate = *state;
	bool ok = true;

	for (uint8_t t = 0; t < 2; t++)
		for (unsigned int i = 0; i < 2; i++)
			ok = session_in((struct session){
				.rate = rate, .t = t, .n = i ? 255 : 0, .inverse = i == t,
			}) && ok;
	assert_true(ok);
}

int main(void)
{
	struct CMUnitTest tests[SESSION_RATES] = { };
	char names[SESSION_RATES][16];

	if (!getenv("CKS_GUEST")) {
		fprintf(stderr, "loads kernel modules: run it in the guest, make exact\n");
		return 2;
	}
	for (size_t i = 0; i < SESSION_RATES; i++) {
		snprintf(names[i], sizeof(names[i]), "TA1 %02x", session_rates[i].ta1);
		tests[i] = (struct CMUnitTest){
			.name = names[i], .test_func = follows_in_time,
			.initial_state = (void *)&session_rates[i],
		};
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
