// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control unit against a machine and a router that go wrong: docs/handover.md, durable point 3,
 * and what follows from it. Each test's world checks that no card moves without its record.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "world.h"

static struct world w;

static int setup(void **state)
{
	(void)state;
	world_begin(&w, 8);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_end(&w);
	return 0;
}

static void test_all_good(void **state)
{
	(void)state;
	world_run(&w);
	assert_int_equal(world_count(&w, GOOD), 8);
	assert_int_equal(w.dispositions, 8);
	assert_int_equal(w.journal->acked, 8);
	assert_int_equal(w.lanes[0].stats.good + w.lanes[1].stats.good, 8);
	assert_false(w.st.failed);
	for (unsigned int c = 1; c <= 8; c++) {
		assert_int_equal(w.disposed[c], CKS_DISPOSITION_GOOD);
		assert_true(w.disposed_result[c] > 5000);
	}
}

/* Whether a record of @card in the journal has this text. */
static bool journal_has_text(unsigned int card, const char *text)
{
	char path[80], line[RECORD_LINE_MAX];
	struct record rec;
	bool found = false;
	FILE *in;

	snprintf(path, sizeof(path), "%s/journal", w.dir);
	in = fopen(path, "r");
	assert_non_null(in);
	while (fgets(line, sizeof(line), in))
		found |= record_parse(&rec, line, strlen(line) - 1) &&
			 (unsigned int)atoi(rec.card) == card && !strcmp(rec.text, text);
	fclose(in);
	return found;
}

static void test_rejected_is_sorted_out(void **state)
{
	(void)state;
	w.verdict[3][0] = CKS_VERDICT_REJECT;
	world_run(&w);
	assert_int_equal(w.card[3], REJECT);
	assert_int_equal(w.disposed[3], CKS_DISPOSITION_REJECTED);
	assert_true(journal_has_text(3, "wrong card cryptogram"));
	assert_int_equal(world_count(&w, GOOD), 7);
	assert_false(w.st.failed);
}

static void card_swapped(struct world *world, unsigned int lane)
{
	if (world->in_lane[lane] == 2)
		world->gen[lane]++;
}

static void test_result_of_another_presentation(void **state)
{
	(void)state;
	w.before_gate = card_swapped;
	world_run(&w);
	assert_int_equal(w.card[2], REJECT);
	assert_int_equal(w.disposed[2], CKS_DISPOSITION_REJECTED);
	assert_int_equal(world_count(&w, GOOD), 7);
}

static void card_taken(struct world *world, unsigned int lane)
{
	unsigned int card = world->in_lane[lane];

	if (card != 2)
		return;
	world->card[card] = NOWHERE;
	world->in_lane[lane] = 0;
	world->gen[lane]++;
}

static void test_card_taken_out_by_hand(void **state)
{
	(void)state;
	w.before_gate = card_taken;
	world_run(&w);
	/* Nobody moved it, so nobody can say that it was rejected. */
	assert_int_equal(w.dispositions, 8);
	assert_int_equal(world_count(&w, GOOD), 7);
	assert_int_equal(w.disposed[2], CKS_DISPOSITION_REMOVED);
}

static void router_reloaded(struct world *world, unsigned int lane)
{
	(void)lane;
	if (world->boot_id[0] == 2)
		return;
	world->boot_id[0] = 2;
	world->listening = false;
	world->last_request = 0;
	world->numbered = 0;
	world->acked = 0;
	memset(world->session_open, 0, sizeof(world->session_open));
}

static void test_router_reloaded_before_gate(void **state)
{
	(void)state;
	w.before_gate = router_reloaded;
	world_run(&w);
	assert_int_equal(world_count(&w, GOOD), 6);
	assert_int_equal(world_count(&w, REJECT), 2);
	assert_int_equal(w.journal->acked, 8);
	assert_int_equal(w.disposed[1], CKS_DISPOSITION_REJECTED);
	assert_int_equal(w.disposed[2], CKS_DISPOSITION_REJECTED);
}

static void test_gate_answer_lost_card_dropped(void **state)
{
	(void)state;
	w.fault[4] = FAULT_LOST_MOVED;
	world_run(&w);
	assert_int_equal(w.disposed[4], CKS_DISPOSITION_GOOD);
	assert_int_equal(world_count(&w, GOOD), 8);
}

static void test_gate_answer_lost_card_stayed(void **state)
{
	(void)state;
	w.fault[4] = FAULT_LOST_STAYED;
	world_run(&w);
	assert_int_equal(w.card[4], REJECT);
	assert_int_equal(w.disposed[4], CKS_DISPOSITION_REJECTED);
	assert_int_equal(world_count(&w, GOOD), 7);
}

static void test_gate_answer_lost_card_vanished(void **state)
{
	(void)state;
	w.fault[4] = FAULT_LOST_VANISHED;
	world_run(&w);
	assert_int_equal(w.disposed[4], CKS_DISPOSITION_UNKNOWN);
	assert_int_equal(world_count(&w, GOOD), 7);
}

static void test_good_card_in_wrong_bin(void **state)
{
	(void)state;
	w.fault[4] = FAULT_WRONG_BIN;
	world_run(&w);
	assert_int_equal(w.disposed[4], CKS_DISPOSITION_REJECTED);
}

static void test_jam_stops_one_lane(void **state)
{
	(void)state;
	w.fault[1] = FAULT_JAM;
	world_run(&w);
	assert_int_equal(w.lanes[0].state, LANE_STOPPED);
	assert_int_equal(w.disposed[1], CKS_DISPOSITION_REJECTED);
	assert_int_equal(w.lanes[1].stats.good, 7);
	assert_true(w.st.failed);
	assert_int_equal(w.journal->acked, 8);
}

static void test_silent_machine_stops_one_lane(void **state)
{
	(void)state;
	w.fault[1] = FAULT_SILENT;
	world_run(&w);
	assert_int_equal(w.lanes[0].state, LANE_STOPPED);
	assert_int_equal(w.lanes[1].stats.good, 7);
	/* It cannot be decided now, so it is not. */
	assert_int_equal(w.disposed[1], CKS_DISPOSITION_NONE);
	assert_int_equal(TAILQ_FIRST(&w.journal->open)->rec.type, RECORD_GOOD_INTENT);
	/* The next start does. */
	w.fault[1] = FAULT_NONE;
	world_restart(&w);
	world_run(&w);
	assert_int_equal(w.disposed[1], CKS_DISPOSITION_REJECTED);
	assert_int_equal(w.card[1], REJECT);
	assert_int_equal(w.journal->acked, 8);
}

static void test_no_result_by_deadline(void **state)
{
	(void)state;
	w.verdict[5][0] = CKS_VERDICT_NONE;
	world_run(&w);
	assert_int_equal(w.cancelled, 1);
	assert_int_equal(w.card[5], REJECT);
	assert_int_equal(w.disposed[5], CKS_DISPOSITION_REJECTED);
	assert_int_equal(world_count(&w, GOOD), 7);
}

static void test_retry_then_good(void **state)
{
	(void)state;
	w.verdict[5][0] = CKS_VERDICT_RETRY;
	world_run(&w);
	assert_int_equal(w.answers[5], 2);
	assert_int_equal(w.disposed[5], CKS_DISPOSITION_GOOD);
	assert_int_equal(w.dispositions, 9);
	assert_int_equal(world_count(&w, GOOD), 8);
}

static void test_retry_is_bounded(void **state)
{
	(void)state;
	for (int n = 0; n < 4; n++)
		w.verdict[5][n] = CKS_VERDICT_RETRY;
	world_run(&w);
	assert_int_equal(w.answers[5], 2);
	assert_int_equal(w.card[5], REJECT);
	assert_int_equal(w.disposed[5], CKS_DISPOSITION_REJECTED);
}

static void test_contact_is_tried_again(void **state)
{
	(void)state;
	w.verdict[5][0] = WORLD_NO_ATR;
	w.verdict[6][0] = WORLD_NO_ATR;
	w.verdict[6][1] = WORLD_NO_ATR;
	world_run(&w);
	assert_int_equal(w.disposed[5], CKS_DISPOSITION_GOOD);
	assert_int_equal(w.answers[6], 2);
	assert_int_equal(w.disposed[6], CKS_DISPOSITION_REJECTED);
	assert_true(journal_has_text(6, "no answer to reset"));
	assert_int_equal(world_count(&w, GOOD), 7);
}

static void test_machine_rejects_another_card(void **state)
{
	(void)state;
	w.verdict[5][0] = CKS_VERDICT_REJECT;
	w.fault[5] = FAULT_OTHER_CARD;
	world_run(&w);
	assert_int_equal(w.disposed[5], CKS_DISPOSITION_UNKNOWN);
	assert_true(w.st.failed);
}

static void test_hold_is_not_good(void **state)
{
	(void)state;
	w.verdict[5][0] = CKS_VERDICT_HOLD;
	world_run(&w);
	assert_int_equal(w.card[5], REJECT);
}

/* Held before a card is fed, and after it. */
static void test_held_station_feeds_nothing(void **state)
{
	(void)state;
	w.held_until = w.now + 60000;
	world_run(&w);
	assert_true(w.first_feed >= 61000);
	assert_int_equal(world_count(&w, GOOD), 8);
	assert_false(w.st.failed);
}

static void test_card_waits_while_held(void **state)
{
	(void)state;
	w.hold_at = 3;
	world_run(&w);
	assert_true(w.held_until > 0);
	assert_int_equal(world_count(&w, GOOD), 8);
	assert_int_equal(w.lanes[0].stats.rejected + w.lanes[1].stats.rejected, 0);
	assert_false(w.st.failed);
}

/* The other lane does the work. */
static void test_stopped_lane_feeds_nothing(void **state)
{
	(void)state;
	w.lane_stopped[0] = true;
	w.settings.once = false;
	assert_int_equal(station_begin(&w.st), 0);
	world_steps(&w, 600000);
	assert_int_equal(world_count(&w, GOOD), 8);
	assert_int_equal(w.lanes[0].stats.good, 0);
	assert_int_equal(w.lanes[1].stats.good, 8);
}

static void test_failures_stop_a_lane(void **state)
{
	(void)state;
	w.settings.max_failures = 2;
	for (unsigned int c = 1; c <= 8; c++)
		w.verdict[c][0] = c % 2 ? CKS_VERDICT_REJECT : CKS_VERDICT_GOOD;
	world_run(&w);
	assert_true(w.st.failed);
	assert_int_equal(w.lanes[0].state, LANE_STOPPED);
	assert_int_equal(w.lanes[0].stats.rejected, 2);
	assert_int_equal(w.lanes[1].state, LANE_EMPTY);
	assert_int_equal(world_count(&w, FEEDER), 0);
}

/* ---------------------------------------------------------------------------- a full disk */

static struct rlimit unlimited;

static void disk_full(struct world *world, unsigned int lane)
{
	struct rlimit full = unlimited;
	struct stat st;
	char path[80];

	(void)lane;
	if (world->in_lane[lane] != 1)
		return;
	snprintf(path, sizeof(path), "%s/journal", world->dir);
	stat(path, &st);
	full.rlim_cur = st.st_size;
	setrlimit(RLIMIT_FSIZE, &full);
	world->before_gate = NULL;
}

static void test_disk_full_no_good(void **state)
{
	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &unlimited);
	w.card[2] = NOWHERE;
	for (unsigned int c = 3; c <= 8; c++)
		w.card[c] = NOWHERE;
	w.before_gate = disk_full;
	assert_int_equal(station_begin(&w.st), 0);
	/* All that can happen does, for a minute: the card stays in its lane. */
	for (uint64_t end = w.now + 60000; w.now < end;) {
		bool due = false;

		for (int i = 0; i < 8; i++) {
			if (!w.queue[i].active)
				continue;
			w.queue[i].active = false;
			w.queue[i].fn(&w.queue[i].answer, w.queue[i].arg);
			due = true;
		}
		for (int i = 0; i < WORLD_LANES; i++) {
			if (!w.timers[i] || w.timers[i] > w.now)
				continue;
			w.timers[i] = 0;
			lane_timer(&w.lanes[i]);
			due = true;
		}
		if (!due)
			w.now += 100;
		if (!due && !(w.now % 1000))
			station_tick(&w.st);
	}
	assert_int_equal(w.lanes[0].state, LANE_RECORDING);
	assert_int_equal(w.card[1], LANE0);
	setrlimit(RLIMIT_FSIZE, &unlimited);
	/* Another start settles it: what was not journalled did not happen. */
	world_restart(&w);
	world_run(&w);
	assert_int_equal(w.card[1], REJECT);
	assert_int_equal(w.disposed[1], CKS_DISPOSITION_REJECTED);
}

static void test_disk_full_no_new_card(void **state)
{
	(void)state;
	world_run(&w);
	assert_true(station_may_feed(&w.st, 0));
	w.lanes[0].state = LANE_RECORDING;
	assert_false(station_may_feed(&w.st, 0));
}

/* ------------------------------------------------------------------------------- restarts */

static void left_by_last_run(enum record_type type, unsigned int card)
{
	struct record rec = {
		.type = type, .lane = 0, .coupler = 0, .presence_gen = w.gen[0],
		.request = 77, .result_id = 5077,
	};

	memcpy(rec.boot_id, w.boot_id, sizeof(rec.boot_id));
	snprintf(rec.card, sizeof(rec.card), "%u", card);
	assert_int_equal(journal_append(w.journal, &rec), 0);
	world_restart(&w);
}

static void test_start_gate_open_card_dropped(void **state)
{
	(void)state;
	w.card[16] = GOOD;
	left_by_last_run(RECORD_GOOD_INTENT, 16);
	world_run(&w);
	assert_int_equal(w.disposed[16], CKS_DISPOSITION_GOOD);
	assert_int_equal(w.disposed_result[16], 5077);
	assert_int_equal(world_count(&w, GOOD), 9);
}

static void test_start_gate_open_no_proof(void **state)
{
	(void)state;
	left_by_last_run(RECORD_GOOD_INTENT, 16);
	world_run(&w);
	assert_int_equal(w.disposed[16], CKS_DISPOSITION_UNKNOWN);
}

static void test_start_gate_open_card_still_there(void **state)
{
	(void)state;
	w.card[16] = LANE0;
	w.in_lane[0] = 16;
	left_by_last_run(RECORD_GOOD_INTENT, 16);
	world_run(&w);
	assert_int_equal(w.disposed[16], CKS_DISPOSITION_REJECTED);
	assert_int_equal(w.card[16], REJECT);
}

static void test_start_gate_open_other_card_there(void **state)
{
	(void)state;
	w.card[16] = GOOD;
	w.card[15] = LANE0;
	w.in_lane[0] = 15;
	left_by_last_run(RECORD_GOOD_INTENT, 16);
	world_run(&w);
	assert_int_equal(w.disposed[16], CKS_DISPOSITION_GOOD);
	assert_int_equal(w.card[15], REJECT);
	assert_int_equal(w.disposed[15], CKS_DISPOSITION_NONE);	/* it never had a request */
}

static void test_start_rejected_card_gone(void **state)
{
	(void)state;
	left_by_last_run(RECORD_REJECTED, 16);
	world_run(&w);
	assert_int_equal(w.disposed[16], CKS_DISPOSITION_REJECTED);
}

/* An order to the gate that the machine carried out late, after the card had been rejected. */
static void test_start_rejected_card_in_good_bin(void **state)
{
	(void)state;
	w.card[16] = GOOD;
	left_by_last_run(RECORD_REJECTED, 16);
	world_run(&w);
	assert_int_equal(w.disposed[16], CKS_DISPOSITION_UNKNOWN);
	assert_true(w.st.failed);
	assert_int_equal(w.lanes[0].state, LANE_STOPPED);
}

/* Somebody put another card in the place of the one that the router's session is about. */
static void test_start_session_of_another_card(void **state)
{
	(void)state;
	w.card[16] = LANE1;
	w.in_lane[1] = 16;
	w.session_open[1] = true;
	w.session[1].has = CKSNL_HAS(CKS_A_SESSION_BOOT_ID);
	w.session[1].request = ++w.last_request;
	w.session[1].coupler = 1;
	w.session[1].presence_gen = w.gen[1];
	w.session[1].state = CKS_SESSION_STATE_RESULT;
	w.session[1].verdict = CKS_VERDICT_GOOD;
	w.session[1].result_id = 5001;
	memcpy(w.session[1].boot_id, w.boot_id, CKSNL_ID_LEN);
	w.gen[1]++;
	world_run(&w);
	/* Its card has no name in the journal. */
	assert_int_equal(w.disposed[0], CKS_DISPOSITION_REMOVED);
	assert_int_equal(w.disposed_result[0], 5001);
	assert_int_equal(w.card[16], REJECT);
	assert_int_equal(w.disposed[16], CKS_DISPOSITION_NONE);
	assert_int_equal(world_count(&w, GOOD), 8);
}

static void test_lease_outlives_the_router(void **state)
{
	(void)state;
	w.lease = 3;
	world_run(&w);
	assert_int_equal(w.journal->lease, 3);
	router_reloaded(&w, 0);
	w.lease = 0;
	world_restart(&w);
	world_run(&w);
	assert_int_equal(w.lease, 3);
}

/* Its next numbers would be taken for repeated ones. */
static void test_journal_cut_back(void **state)
{
	(void)state;
	w.numbered = 3;
	w.acked = 3;
	assert_int_equal(station_begin(&w.st), -EBADMSG);
	assert_int_equal(world_count(&w, FEEDER), 8);
}

/* The last run ended between the CAS's result and the journal: never good, whatever it says. */
static void test_start_session_without_journal(void **state)
{
	(void)state;
	w.card[16] = LANE1;
	w.in_lane[1] = 16;
	w.session_open[1] = true;
	w.session[1].has = CKSNL_HAS(CKS_A_SESSION_BOOT_ID);
	w.session[1].request = ++w.last_request;
	w.session[1].coupler = 1;
	w.session[1].presence_gen = w.gen[1];
	w.session[1].state = CKS_SESSION_STATE_RESULT;
	w.session[1].verdict = CKS_VERDICT_GOOD;
	w.session[1].result_id = 5001;
	memcpy(w.session[1].boot_id, w.boot_id, CKSNL_ID_LEN);
	world_run(&w);
	assert_int_equal(w.card[16], REJECT);
	assert_int_equal(w.disposed[16], CKS_DISPOSITION_REJECTED);
	assert_int_equal(w.disposed_result[16], 5001);
	assert_int_equal(world_count(&w, GOOD), 8);
}

static void test_dispositions_are_repeated(void **state)
{
	(void)state;
	w.acks = false;
	world_run(&w);		/* gives up waiting for acknowledgments */
	assert_true(w.st.failed);
	assert_int_equal(w.journal->npending, 8);
	assert_int_equal(w.journal->acked, 0);

	/* Both sides begin anew; nothing is lost, nothing comes twice. */
	router_reloaded(&w, 0);
	w.acks = true;
	world_restart(&w);
	world_run(&w);
	assert_int_equal(w.dispositions, 16);
	assert_int_equal(w.numbered, 8);
	assert_int_equal(w.journal->acked, 8);
	assert_int_equal(w.journal->npending, 0);
	assert_false(w.st.failed);
}

static void test_no_cas_no_card_moves(void **state)
{
	(void)state;
	w.cas = false;
	world_run(&w);
	assert_true(w.st.failed);
	assert_int_equal(world_count(&w, FEEDER), 8);
	assert_int_equal(w.last_request, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_all_good),
		T(test_rejected_is_sorted_out),
		T(test_result_of_another_presentation),
		T(test_card_taken_out_by_hand),
		T(test_router_reloaded_before_gate),
		T(test_gate_answer_lost_card_dropped),
		T(test_gate_answer_lost_card_stayed),
		T(test_gate_answer_lost_card_vanished),
		T(test_good_card_in_wrong_bin),
		T(test_jam_stops_one_lane),
		T(test_silent_machine_stops_one_lane),
		T(test_no_result_by_deadline),
		T(test_retry_then_good),
		T(test_retry_is_bounded),
		T(test_contact_is_tried_again),
		T(test_machine_rejects_another_card),
		T(test_hold_is_not_good),
		T(test_held_station_feeds_nothing),
		T(test_card_waits_while_held),
		T(test_stopped_lane_feeds_nothing),
		T(test_failures_stop_a_lane),
		T(test_disk_full_no_good),
		T(test_disk_full_no_new_card),
		T(test_start_gate_open_card_dropped),
		T(test_start_gate_open_no_proof),
		T(test_start_gate_open_card_still_there),
		T(test_start_gate_open_other_card_there),
		T(test_start_rejected_card_gone),
		T(test_start_rejected_card_in_good_bin),
		T(test_start_session_of_another_card),
		T(test_start_session_without_journal),
		T(test_lease_outlives_the_router),
		T(test_journal_cut_back),
		T(test_dispositions_are_repeated),
		T(test_no_cas_no_card_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
