// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is lost in which phase of a session, and what follows: the table of docs/sessions.md, a
 * test for each cell, named "PHASE: what is lost".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/router_bed.h"

static const char *const router[] = { "cks_router", NULL };
static const uint8_t atr_t0[] = { 0x3b, 0x02, 0x14, 0x50 };
static const uint8_t hold[] = { 0x00, SIMCARD_INS_HOLD, 0x00, 0x00 };
static const uint8_t sw9000[] = { 0x90, 0x00 };

#define SOON_MS	300	/* a bound that is to pass */

enum stage {
	REQUESTED,
	WAITING,
	OFFERED,
	OPENED_UP,
	RUNNING,
	LOST,
	CLOSED_DOWN,
	DECIDED,
	PHASES,
};

enum loss {
	CONTROL,
	CHANNEL,
	CARD,
	SILENCE,
	GONE,
	UNLOAD,
	LOSSES,
};

static const char *const phases[] = {
	"requested", "waiting", "offered", "open", "running", "lost", "closed", "result",
};

static const char *const losses[] = {
	"control connection", "channel", "card", "CAS silent", "coupler", "router unloaded",
};

struct cell {
	enum stage phase;
	enum loss loss;
	char name[64];
};

static struct bed *bed;
static uint64_t number;		/* of the last disposition */

/* Whether the CAS has been told of the request. */
static bool told(enum stage phase)
{
	return phase >= OFFERED && phase < DECIDED;
}

/* The bounds that the cells of @phase are about; 0 puts the default back. */
static void set_bound(struct bed *b, enum stage phase, uint32_t ms)
{
	struct cksnl_station st = { .has = 0 };

	switch (phase) {
	case REQUESTED:
		st.has = CKSNL_HAS(CKS_A_STATION_DEADLINE_RESET);
		st.deadline_reset = ms ? 1 : 60000;	/* sooner than the card can be given up */
		break;
	case WAITING:
	case OFFERED:
		st.has = CKSNL_HAS(CKS_A_STATION_DEADLINE_OPEN);
		st.deadline_open = ms ? ms : 30000;
		break;
	case OPENED_UP:
		st.has = CKSNL_HAS(CKS_A_STATION_DEADLINE_IDLE);
		st.deadline_idle = ms ? ms : 120000;
		break;
	case RUNNING:
		st.has = CKSNL_HAS(CKS_A_STATION_DEADLINE_COMMAND);
		st.deadline_command = ms ? ms : 60000;
		break;
	case LOST:
		st.has = CKSNL_HAS(CKS_A_STATION_DEADLINE_REOPEN);
		st.deadline_reopen = ms ? ms : 30000;
		break;
	case CLOSED_DOWN:
		st.has = CKSNL_HAS(CKS_A_STATION_DEADLINE_RESULT);
		st.deadline_result = ms ? ms : 30000;
		break;
	default:
		return;
	}
	assert_int_equal(cksnl_station_change(b->nl, &st), 0);
}

static void reach(struct bed *b, enum stage phase)
{
	unsigned int before = simcard_commands(b->card);

	simcard_silence(b->card, phase == REQUESTED);
	if (phase != WAITING) {
		cas_connect(b);
		ping(b, 1);
	}
	new_request(b);
	if (phase == WAITING)
		wait_session(b, CKS_SESSION_STATE_OFFERED);
	if (phase < OFFERED)
		return;
	take_request(b);
	if (phase == OFFERED || phase == DECIDED)
		return;
	open_channel(b, -1);
	if (phase == RUNNING) {
		send_command(b, 1, hold, sizeof(hold), 0);
		wait_commands(b, before + 1);
	} else if (phase == LOST) {
		close_channel(b);
		rechannel(b);
	} else if (phase == CLOSED_DOWN) {
		client_begin(&b->out, CLOSE, 0);
		put(b, b->channel);
		expect(b, b->channel, CLOSED);
		close_channel(b);
	}
}

/* A rejection that the station came to by itself, and of which the CAS hears if it was told. */
static void expect_reject(struct bed *b, enum stage phase, const char *reason)
{
	struct cksnl_session s = wait_session(b, CKS_SESSION_STATE_RESULT);
	const uint8_t *p;
	uint32_t len;

	assert_string_equal(s.reason, reason);
	assert_int_equal(s.verdict, CKS_VERDICT_REJECT);
	assert_int_equal(s.result_id, 0);
	if (!told(phase))
		return;
	expect(b, b->control, ENDED);
	p = client_field(&b->f, REASON, &len);
	assert_non_null(p);
	assert_int_equal(len, strlen(reason));
	assert_memory_equal(p, reason, len);
}

static void expect_good(struct bed *b)
{
	send_result(b, 4711, 1);
	assert_int_equal(wait_session(b, CKS_SESSION_STATE_RESULT).verdict, CKS_VERDICT_GOOD);
}

static void lose_control(struct bed *b, enum stage phase)
{
	if (phase != WAITING)
		cas_disconnect(b);
	wait_connected(b, CKS_STATION_STATE_LISTENING);
	simcard_silence(b->card, false);
	if (phase == RUNNING) {
		simcard_let_go(b->card);
		expect_data(b, 1, sw9000, sizeof(sw9000));
	}
	if (phase == DECIDED) {
		assert_int_equal(session(b).verdict, CKS_VERDICT_GOOD);
		cas_connect(b);
		ping(b, 2);
		return;
	}
	if (phase < OPENED_UP)
		wait_session(b, CKS_SESSION_STATE_OFFERED);
	cas_connect(b);
	take_request(b);
	assert_int_equal(client_int(&b->f, REPEAT), phase >= OFFERED);
	expect_good(b);
}

static void lose_channel(struct bed *b, enum stage phase)
{
	close_channel(b);
	rechannel(b);
	open_channel(b, 0);
	assert_int_equal(client_int(&b->f, OUTCOME), phase == RUNNING ? 3 : 0);
	if (phase == RUNNING) {
		simcard_let_go(b->card);
		expect_data(b, 1, sw9000, sizeof(sw9000));
	}
	expect_good(b);
}

static void lose_card(struct bed *b, enum stage phase)
{
	assert_int_equal(simcard_remove(b->card), 0);
	wait_coupler(b, CKS_COUPLER_STATE_EMPTY);
	if (phase == DECIDED)
		assert_int_equal(session(b).verdict, CKS_VERDICT_GOOD);
	else
		expect_reject(b, phase, "card removed");
	simcard_silence(b->card, false);
}

static void lose_patience(struct bed *b, enum stage phase)
{
	static const char *const reasons[] = {
		[REQUESTED] = "coupler did not finish the reset",
		[OFFERED] = "CAS did not open the channel",
		[OPENED_UP] = "CAS sent no command",
		[LOST] = "channel lost and not opened again",
		[CLOSED_DOWN] = "CAS sent no result",
	};
	uint64_t passed = station(b).deadlines_passed;

	switch (phase) {
	case WAITING:
		assert_int_equal(session(b).state, CKS_SESSION_STATE_OFFERED);
		assert_int_equal(station(b).deadlines_passed, passed);
		set_bound(b, phase, 0);
		cas_connect(b);
		take_request(b);
		expect_good(b);
		return;
	case RUNNING:
		set_bound(b, OPENED_UP, SOON_MS);
		expect_response(b, 1, 3);
		expect_reject(b, phase, reasons[OPENED_UP]);
		set_bound(b, OPENED_UP, 0);
		break;
	case DECIDED:
		assert_int_equal(session(b).verdict, CKS_VERDICT_GOOD);
		return;
	default:
		expect_reject(b, phase, reasons[phase]);
	}
	assert_true(station(b).deadlines_passed > 0);
}

static void lose_coupler(struct bed *b, enum stage phase)
{
	simcard_free(b->card);
	b->card = NULL;
	if (phase == DECIDED)
		assert_int_equal(session(b).verdict, CKS_VERDICT_GOOD);
	else
		expect_reject(b, phase, "coupler removed");
}

static void lose_router(struct bed *b, enum stage phase)
{
	struct cksnl_station st;

	assert_int_equal(modules_unload(router), 0);
	if (phase >= OPENED_UP && phase <= RUNNING)
		expect_error(b, b->channel, OPERATOR);
	assert_false(coupler(b).has & CKSNL_HAS(CKS_A_COUPLER_OWNER));
	wait_coupler(b, CKS_COUPLER_STATE_INACTIVE);
	assert_int_equal(cksnl_station_get(b->nl, &st), -EOPNOTSUPP);
	assert_int_equal(modules_load(router), 0);
	assert_int_equal(listen_at(b, "127.0.0.1", false), 0);
	number = 0;
}

/* The control unit's part, and what must be so after it; then all is as it was. */
static void dispose_of(struct bed *b)
{
	struct cksnl_session s;

	assert_int_equal(dispose(b, ++number, CKS_DISPOSITION_REJECTED, 0), 0);
	assert_int_equal(cksnl_session_get(b->nl, b->request, &s), -ENOENT);
	if (b->control < 0)
		cas_connect(b);
	expect_disposed(b, number, CKS_DISPOSITION_REJECTED);
	ack_disposed(b, number);
}

static void restore(struct bed *b)
{
	if (b->channel >= 0)
		close_channel(b);
	if (b->control >= 0)
		cas_disconnect(b);
	wait_connected(b, CKS_STATION_STATE_LISTENING);
	if (!b->card) {
		b->card = simcard_new(b->bench, atr_t0, sizeof(atr_t0));
		assert_non_null(b->card);
		b->coupler = simcard_coupler(b->card);
	}
	assert_false(coupler(b).has & CKSNL_HAS(CKS_A_COUPLER_OWNER));
	if (!coupler(b).present)
		insert(b);
	wait_coupler(b, CKS_COUPLER_STATE_INACTIVE);
}

static void cell(void **state)
{
	const struct cell *c = *state;
	struct bed *b = bed;

	if (c->loss == SILENCE)
		set_bound(b, c->phase, SOON_MS);
	reach(b, c->phase);
	if (c->phase == DECIDED)
		expect_good(b);
	switch (c->loss) {
	case CONTROL:
		lose_control(b, c->phase);
		break;
	case CHANNEL:
		lose_channel(b, c->phase);
		break;
	case CARD:
		lose_card(b, c->phase);
		break;
	case SILENCE:
		lose_patience(b, c->phase);
		break;
	case GONE:
		lose_coupler(b, c->phase);
		break;
	default:
		lose_router(b, c->phase);
		break;
	}
	if (b->card)
		simcard_silence(b->card, false);
	if (c->loss == SILENCE)
		set_bound(b, c->phase, 0);
	if (c->loss != UNLOAD)
		dispose_of(b);
	restore(b);
}

/* A node with a higher lease takes over from one that is alive: that one is fenced at once. */
static void higher_lease_fences_the_channels(void **state)
{
	struct bed *b = bed;
	uint64_t refused = station(b).leases_refused;
	int other;

	(void)state;
	reach(b, RUNNING);
	other = connect_to(CONTROL_PORT);
	expect(b, other, HELLO);
	send_hello(b, other, "new node", 2);
	expect_error(b, b->channel, LEASE);
	expect_error(b, b->control, LEASE);
	close_channel(b);
	close(b->control);
	b->control = other;
	take_request(b);
	assert_int_equal(client_int(&b->f, REPEAT), 1);
	simcard_let_go(b->card);
	open_channel(b, 0);
	expect_data(b, 1, sw9000, sizeof(sw9000));

	other = connect_to(CONTROL_PORT);
	expect(b, other, HELLO);
	send_hello(b, other, "old node", 1);
	expect_error(b, other, LEASE);
	close(other);
	assert_int_equal(station(b).leases_refused, refused + 1);
	expect_good(b);
	dispose_of(b);
}

static void bounds_are_checked(void **state)
{
	struct cksnl_station st = { .has = CKSNL_HAS(CKS_A_STATION_DEADLINE_COMMAND) };

	(void)state;
	st.deadline_command = 0;
	assert_int_equal(cksnl_station_change(bed->nl, &st), -ERANGE);
	assert_non_null(strstr(cksnl_error(bed->nl), "deadline-command can be 1 to 60000"));
	st.deadline_command = 60001;
	assert_int_equal(cksnl_station_change(bed->nl, &st), -ERANGE);
	st = station(bed);
	assert_int_equal(st.deadline_command, 60000);
	assert_int_equal(st.connections_max, 1024);
}

static int setup_group(void **state)
{
	int rc = bed_make(state, atr_t0, sizeof(atr_t0));

	bed = *state;
	return rc;
}

int main(void)
{
	static struct cell all[PHASES * LOSSES];
	static struct CMUnitTest tests[PHASES * LOSSES + 2];
	unsigned int n = 0;
	enum stage p;
	enum loss l;

	if (!getenv("CKS_GUEST")) {
		printf("Bail out! loads kernel modules, so it runs in a guest only\n");
		return 2;
	}
	for (p = 0; p < PHASES; p++) {
		for (l = 0; l < LOSSES; l++) {
			struct cell *c = &all[n];

			if (l == CHANNEL && p != OPENED_UP && p != RUNNING)
				continue;	/* there is none */
			c->phase = p;
			c->loss = l;
			snprintf(c->name, sizeof(c->name), "%s: %s", phases[p], losses[l]);
			tests[n++] = (struct CMUnitTest){ c->name, cell, NULL, NULL, c };
		}
	}
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(bounds_are_checked);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(higher_lease_fences_the_channels);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return _cmocka_run_group_tests("router_loss", tests, n, setup_group, teardown) ? 1 : 0;
}
