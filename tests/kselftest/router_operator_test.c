// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a CAS says to the station beyond its sessions: hold, stop a lane, inventory; and to the
 * card holder and the operator: prompts, which netlink carries to userspace and back.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/router_bed.h"

static const uint8_t atr_t0[] = { 0x3b, 0x02, 0x14, 0x50 };

static int setup(void **state)
{
	return bed_make(state, atr_t0, sizeof(atr_t0));
}

/* ------------------------------------------------------------------------------- orders */

static void order(struct bed *b, uint32_t n, uint8_t what, int64_t lane, const char *reason)
{
	client_begin(&b->out, ORDER, n);
	client_put_int(&b->out, F_ORDER, what, 1);
	if (lane >= 0)
		client_put_int(&b->out, COUPLER, (uint64_t)lane, 4);
	if (reason)
		client_put(&b->out, REASON, reason, (uint32_t)strlen(reason));
	put(b, b->control);
	if (what == 5)
		return;
	expect(b, b->control, ORDER_ACK);
	assert_int_equal(b->f.number, n);
	assert_int_equal(client_int(&b->f, F_ORDER), what);
}

static void station_is_held(void **state)
{
	struct bed *b = *state;
	uint32_t gen = coupler(b).presence_gen;
	struct cksnl_station go = { .has = CKSNL_HAS(CKS_A_STATION_HOLD) };

	cas_connect(b);
	order(b, 1, 1, -1, "out of records");
	assert_int_equal(client_int(&b->f, STATUS), 0);
	assert_int_equal(station(b).hold, 1);
	assert_string_equal(station(b).hold_reason, "out of records");
	assert_int_equal(try_request(b, gen), -EAGAIN);
	assert_non_null(strstr(cksnl_error(b->nl), "out of records"));
	cas_disconnect(b);
	wait_connected(b, CKS_STATION_STATE_LISTENING);
	assert_int_equal(station(b).hold, 1);	/* over connections */
	cas_connect(b);
	order(b, 2, 2, -1, NULL);
	assert_int_equal(station(b).hold, 0);
	begin_session(b);
	order(b, 3, 1, -1, "again");	/* what is open goes on */
	assert_int_equal(session(b).state, CKS_SESSION_STATE_OPEN);
	assert_int_equal(cksnl_station_change(b->nl, &go), 0);	/* the operator */
	assert_int_equal(station(b).hold, 0);
}

static void lane_is_stopped(void **state)
{
	struct bed *b = *state;
	uint32_t gen = coupler(b).presence_gen;

	cas_connect(b);
	order(b, 1, 3, b->coupler, "contacts worn");
	assert_int_equal(station(b).lanes_stopped.len, 64);
	assert_int_equal(station(b).lanes_stopped.data[b->coupler / 8], 1 << b->coupler % 8);
	assert_int_equal(try_request(b, gen), -EAGAIN);
	assert_non_null(strstr(cksnl_error(b->nl), "contacts worn"));
	order(b, 2, 3, 512, NULL);
	assert_int_equal(client_int(&b->f, STATUS), 7);
	order(b, 3, 3, b->coupler + 1, NULL);	/* another one */
	order(b, 4, 4, b->coupler, NULL);
	assert_int_equal(try_request(b, gen), 0);
}

static void lane_is_missing_in_the_order(void **state)
{
	struct bed *b = *state;

	cas_connect(b);
	client_begin(&b->out, ORDER, 1);
	client_put_int(&b->out, F_ORDER, 3, 1);
	put(b, b->control);
	expect_error(b, b->control, MALFORMED);
}

static void inventory_lists_what_is_open(void **state)
{
	struct bed *b = *state;
	const uint8_t *p;
	uint32_t len;

	cas_connect(b);
	order(b, 1, 5, -1, NULL);
	expect(b, b->control, INVENTORY);
	assert_int_equal(client_int(&b->f, MORE), 0);
	assert_non_null(client_field(&b->f, F_INVENTORY, &len));
	assert_int_equal(len, 0);
	begin_session(b);
	order(b, 2, 5, -1, NULL);
	expect(b, b->control, INVENTORY);
	assert_int_equal(b->f.number, 2);
	p = client_field(&b->f, F_INVENTORY, &len);
	assert_non_null(p);
	assert_int_equal(len, 17);
	assert_int_equal(p[7], b->request);
	assert_int_equal(p[11], b->coupler);
	assert_int_equal(p[15], b->presence_gen);
	assert_int_equal(p[16], CKS_SESSION_STATE_OPEN);

	/* What the station ended itself has no result of the CAS. */
	assert_int_equal(simcard_remove(b->card), 0);
	expect_closed(b, b->channel);
	expect(b, b->control, ENDED);
	order(b, 3, 5, -1, NULL);
	expect(b, b->control, INVENTORY);
	p = client_field(&b->f, F_INVENTORY, &len);
	assert_non_null(p);
	assert_int_equal(len, 17);
	assert_int_equal(p[16], 6);
}

/* ------------------------------------------------------------------------------ prompts */

static void prompt(struct bed *b, uint32_t n, uint8_t kind, const char *text)
{
	client_begin(&b->out, PROMPT, 0);
	client_put_int(&b->out, F_REQUEST, b->request, 8);
	client_put_int(&b->out, F_PROMPT, n, 4);
	client_put_int(&b->out, KIND, kind, 1);
	if (text)
		client_put(&b->out, TEXT, text, (uint32_t)strlen(text));
	put(b, b->control);
	ping(b, n);	/* frames are taken in order */
}

static int answer(struct bed *b, uint32_t n, uint32_t what, const char *entry)
{
	struct cksnl_session s = {
		.has = CKSNL_HAS(CKS_A_SESSION_REQUEST) | CKSNL_HAS(CKS_A_SESSION_PROMPT) |
		       CKSNL_HAS(CKS_A_SESSION_ANSWER),
		.request = b->request,
		.prompt = n,
		.answer = what,
	};

	if (entry) {
		s.has |= CKSNL_HAS(CKS_A_SESSION_ENTRY);
		s.entry.len = (uint16_t)strlen(entry);
		memcpy(s.entry.data, entry, s.entry.len);
	}
	return cksnl_prompt_answer(b->nl, &s);
}

static void expect_entry(struct bed *b, uint32_t n, uint32_t what, const char *entry)
{
	const uint8_t *p;
	uint32_t len;

	expect(b, b->control, ENTRY);
	assert_int_equal(client_int(&b->f, F_REQUEST), b->request);
	assert_int_equal(client_int(&b->f, F_PROMPT), n);
	assert_int_equal(client_int(&b->f, ANSWER), what);
	p = client_field(&b->f, F_ENTRY, &len);
	if (!entry) {
		assert_null(p);
		return;
	}
	assert_non_null(p);
	assert_int_equal(len, strlen(entry));
	assert_memory_equal(p, entry, len);
}

static void note(const struct cksnl_event *event, void *arg)
{
	struct cksnl_event *seen = arg;

	if (event->cmd == CKS_CMD_PROMPT_NTF)
		*seen = *event;
}

static void card_holder_is_asked(void **state)
{
	struct bed *b = *state;
	struct cksnl_events *events;
	struct cksnl_event seen = { .cmd = 0 };
	struct cksnl_session s;
	struct pollfd p;

	assert_int_equal(cksnl_events_open(&events, CKSNL_GROUP_REQUEST), 0);
	p = (struct pollfd){ .fd = cksnl_events_fd(events), .events = POLLIN };
	cas_connect(b);
	begin_session(b);
	assert_false(session(b).has & CKSNL_HAS(CKS_A_SESSION_PROMPT));
	prompt(b, 1, 3, "PIN?");
	s = session(b);
	assert_int_equal(s.prompt, 1);
	assert_int_equal(s.prompt_kind, CKS_PROMPT_KIND_ENTRY);
	assert_string_equal(s.prompt_text, "PIN?");
	while (seen.cmd != CKS_CMD_PROMPT_NTF) {
		assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
		assert_int_equal(cksnl_events_read(events, note, &seen), 0);
	}
	assert_int_equal(seen.session.request, b->request);
	assert_string_equal(seen.session.prompt_text, "PIN?");

	assert_int_equal(answer(b, 2, CKS_PROMPT_ANSWER_GIVEN, "1234"), -ESTALE);
	assert_int_equal(answer(b, 1, CKS_PROMPT_ANSWER_REFUSED, "1234"), -EINVAL);
	assert_int_equal(answer(b, 1, 7, NULL), -ERANGE);
	assert_int_equal(answer(b, 1, CKS_PROMPT_ANSWER_GIVEN, "1234"), 0);
	expect_entry(b, 1, 1, "1234");
	s = session(b);
	assert_false(s.has & (CKSNL_HAS(CKS_A_SESSION_PROMPT) | CKSNL_HAS(CKS_A_SESSION_ENTRY)));
	assert_int_equal(answer(b, 1, CKS_PROMPT_ANSWER_GIVEN, "1234"), -ESTALE);

	prompt(b, 2, 1, "Thank you");
	prompt(b, 3, 2, "New tariff?");	/* in its place */
	assert_int_equal(answer(b, 2, CKS_PROMPT_ANSWER_GIVEN, NULL), -ESTALE);
	assert_int_equal(answer(b, 3, CKS_PROMPT_ANSWER_GIVEN, "yes"), -EINVAL);
	assert_int_equal(answer(b, 3, CKS_PROMPT_ANSWER_REFUSED, NULL), 0);
	expect_entry(b, 3, 2, NULL);
	prompt(b, 4, 1, "Bye");
	prompt(b, 5, 0, NULL);
	assert_false(session(b).has & CKSNL_HAS(CKS_A_SESSION_PROMPT));
	cksnl_events_close(events);
}

static void entry_waits_for_a_cas(void **state)
{
	struct bed *b = *state;

	cas_connect(b);
	begin_session(b);
	prompt(b, 1, 3, "PIN?");
	cas_disconnect(b);
	wait_connected(b, CKS_STATION_STATE_LISTENING);
	assert_int_equal(answer(b, 1, CKS_PROMPT_ANSWER_GIVEN, "1234"), 0);
	cas_connect(b);
	expect_entry(b, 1, 1, "1234");
	take_request(b);
}

static void prompt_ends_with_its_session(void **state)
{
	struct bed *b = *state;

	cas_connect(b);
	begin_session(b);
	prompt(b, 1, 2, "Go on?");
	assert_int_equal(simcard_remove(b->card), 0);
	wait_session(b, CKS_SESSION_STATE_RESULT);
	assert_int_equal(answer(b, 1, CKS_PROMPT_ANSWER_GIVEN, NULL), -ESTALE);
	expect(b, b->control, ENDED);
	prompt(b, 2, 2, "Go on?");	/* of a card that is decided: nobody is asked */
	assert_false(session(b).has & CKSNL_HAS(CKS_A_SESSION_PROMPT));
}

#define BED(test)	cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BED(station_is_held),
		BED(lane_is_stopped),
		BED(lane_is_missing_in_the_order),
		BED(inventory_lists_what_is_open),
		BED(card_holder_is_asked),
		BED(entry_waits_for_a_cas),
		BED(prompt_ends_with_its_session),
	};

	if (!getenv("CKS_GUEST")) {
		printf("Bail out! loads kernel modules, so it runs in a guest only\n");
		return 2;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("router_operator", tests, NULL, NULL) ? 1 : 0;
}
