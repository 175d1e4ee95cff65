// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the station keeps for others, and up to where: requests while there is no CAS, dispositions
 * that no CAS has acknowledged, a connection on which nothing comes, the numbers of a journal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <sys/socket.h>

#include "lib/router_bed.h"

#define DISPOSITIONS_MAX	4096	/* docs/sessions.md, without a setting */
#define REQUESTS_MAX		2
#define DUMPED			24	/* sessions: a dump takes several messages for them */

static const uint8_t atr_t0[] = { 0x3b, 0x02, 0x14, 0x50 };

static int setup(void **state)
{
	return bed_make(state, atr_t0, sizeof(atr_t0));
}

static void requests_wait_for_a_cas(void **state)
{
	const struct cksnl_station bound = {
		.has = CKSNL_HAS(CKS_A_STATION_REQUESTS_MAX), .requests_max = REQUESTS_MAX,
	};
	struct bed *b = *state;
	struct simcard *card[REQUESTS_MAX + 1] = { b->card };
	unsigned int i, round;

	assert_int_equal(cksnl_station_change(b->nl, &bound), 0);
	for (i = 0; i <= REQUESTS_MAX; i++) {
		if (i) {
			card[i] = simcard_new(b->bench, atr_t0, sizeof(atr_t0));
			assert_non_null(card[i]);
			b->card = card[i];
			b->coupler = simcard_coupler(card[i]);
			insert(b);
		}
		assert_int_equal(try_request(b, coupler(b).presence_gen),
				 i < REQUESTS_MAX ? 0 : -ENOBUFS);
		if (i < REQUESTS_MAX)
			assert_int_equal(b->request, i + 1);
	}
	assert_int_equal(station(b).requests_refused, 1);
	for (b->request = 1; b->request <= REQUESTS_MAX; b->request++)
		wait_session(b, CKS_SESSION_STATE_OFFERED);

	/* The next CAS can tell that it is not the first. */
	for (round = 0; round < 2; round++) {
		cas_connect(b);
		for (b->request = 1; b->request <= REQUESTS_MAX; b->request++) {
			take_request(b);
			assert_int_equal(client_int(&b->f, REPEAT), round);
		}
		cas_disconnect(b);
		wait_connected(b, CKS_STATION_STATE_LISTENING);
	}
	for (i = 1; i <= REQUESTS_MAX; i++)
		simcard_free(card[i]);
	b->card = card[0];
}

/* Of an earlier load of the station: there is no session to end. */
static int dispose_number(struct bed *b, uint64_t number)
{
	b->request = number;
	memset(b->boot_id, 0x55, sizeof(b->boot_id));
	return dispose(b, number, CKS_DISPOSITION_REJECTED, 0);
}

static void dispositions_wait_for_a_cas(void **state)
{
	/* On a slow kernel they take long enough for a PING between. */
	const struct cksnl_station rarely = {
		.has = CKSNL_HAS(CKS_A_STATION_PING_INTERVAL), .ping_interval = 60000,
	};
	const struct cksnl_station more = {
		.has = CKSNL_HAS(CKS_A_STATION_DISPOSITIONS_MAX),
		.dispositions_max = DISPOSITIONS_MAX + 1,
	};
	struct bed *b = *state;
	uint64_t n;

	assert_int_equal(cksnl_station_change(b->nl, &rarely), 0);
	for (n = 1; n <= DISPOSITIONS_MAX; n++)
		assert_int_equal(dispose_number(b, n), 0);
	assert_int_equal(dispose_number(b, n), -ENOBUFS);
	assert_int_equal(station(b).last_disposition, DISPOSITIONS_MAX);
	assert_int_equal(cksnl_station_change(b->nl, &more), 0);
	assert_int_equal(dispose_number(b, n), 0);
	assert_int_equal(dispose_number(b, n + 1), -ENOBUFS);

	cas_connect(b);
	for (n = 1; n <= DISPOSITIONS_MAX + 1; n++)
		expect_disposed(b, n, CKS_DISPOSITION_REJECTED);
	ack_disposed(b, 1);
	assert_int_equal(dispose_number(b, n), 0);
	expect_disposed(b, n, CKS_DISPOSITION_REJECTED);
	assert_int_equal(dispose_number(b, n + 1), -ENOBUFS);
}

/* The CAS has said that it goes, and still holds its end: what is due then goes to the next one. */
static void unsent_request_is_no_repeat(void **state)
{
	struct bed *b = *state;

	cas_connect(b);
	client_begin(&b->out, ERROR, 0);
	client_put_int(&b->out, CODE, OPERATOR, 2);
	client_put(&b->out, REASON, "bye", 3);
	put(b, b->control);
	expect_closed(b, b->control);
	new_request(b);
	wait_session(b, CKS_SESSION_STATE_OFFERED);
	/* It has two seconds; a slow kernel tells nothing. */
	if (station(b).state != CKS_STATION_STATE_CONNECTED)
		printf("# the connection was gone before the card was contacted\n");
	cas_disconnect(b);
	cas_connect(b);
	take_request(b);
	assert_int_equal(client_int(&b->f, REPEAT), 0);
}

static void new_journal_begins_anew(void **state)
{
	const struct cksnl_station renewed = {
		.has = CKSNL_HAS(CKS_A_STATION_JOURNAL_EPOCH), .journal_epoch = EPOCH + 1,
	};
	struct bed *b = *state;

	cas_connect(b);
	assert_int_equal(dispose_number(b, 1), 0);
	expect_disposed(b, 1, CKS_DISPOSITION_REJECTED);
	assert_int_equal(cksnl_station_change(b->nl, &renewed), 0);
	expect_error(b, b->control, OPERATOR);
	cas_disconnect(b);

	b->control = connect_to(CONTROL_PORT);
	expect(b, b->control, HELLO);
	assert_int_equal(client_int(&b->f, JOURNAL_EPOCH), EPOCH + 1);
	assert_int_equal(client_int(&b->f, LAST_DISPOSITION), 0);
	send_hello(b, b->control, "test CAS", 1);
	ping(b, 1);		/* nothing of the old one comes before */
	assert_int_equal(dispose_number(b, 2), -EINVAL);
	assert_int_equal(dispose_number(b, 1), 0);
	expect(b, b->control, DISPOSED);
	assert_int_equal(client_int(&b->f, NUMBER), 1);
	assert_int_equal(client_int(&b->f, JOURNAL_EPOCH), EPOCH + 1);
}

/* One that is in the middle of its greeting would take it for the old one. */
static void new_journal_before_hello(void **state)
{
	const struct cksnl_station renewed = {
		.has = CKSNL_HAS(CKS_A_STATION_JOURNAL_EPOCH), .journal_epoch = EPOCH + 1,
	};
	struct bed *b = *state;

	b->control = connect_to(CONTROL_PORT);
	expect(b, b->control, HELLO);
	assert_int_equal(client_int(&b->f, JOURNAL_EPOCH), EPOCH);
	assert_int_equal(cksnl_station_change(b->nl, &renewed), 0);
	send_hello(b, b->control, "test CAS", 1);
	expect_error(b, b->control, OPERATOR);
	cas_disconnect(b);
	assert_int_equal(station(b).state, CKS_STATION_STATE_LISTENING);

	b->control = connect_to(CONTROL_PORT);
	expect(b, b->control, HELLO);
	assert_int_equal(client_int(&b->f, JOURNAL_EPOCH), EPOCH + 1);
	send_hello(b, b->control, "test CAS", 1);
	ping(b, 1);
}

/* Whether a dump of the sessions says that it is of no one time; @change: one goes meanwhile. */
static bool dump_is_interrupted(struct bed *b, bool change)
{
	struct nl_sock *sock = nl_socket_alloc();
	struct nl_msg *msg = nlmsg_alloc();
	bool interrupted = false, done = false;
	unsigned int sessions = 0;
	static uint8_t buf[32768];

	assert_true(sock && msg && !genl_connect(sock));
	assert_non_null(genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ,
				    genl_ctrl_resolve(sock, CKS_FAMILY_NAME), 0, NLM_F_DUMP,
				    CKS_CMD_SESSION_GET, CKS_FAMILY_VERSION));
	/* The first piece is made while the question is sent. */
	assert_true(nl_send_auto(sock, msg) > 0);
	nlmsg_free(msg);
	if (change)
		assert_int_equal(dispose(b, 1, CKS_DISPOSITION_REJECTED, 0), 0);
	while (!done) {
		ssize_t n = recv(nl_socket_get_fd(sock), buf, sizeof(buf), 0);
		struct nlmsghdr *nlh = (struct nlmsghdr *)buf;
		int left = (int)n;

		assert_true(n > 0);
		for (; nlmsg_ok(nlh, left) && !done; nlh = nlmsg_next(nlh, &left)) {
			interrupted |= nlh->nlmsg_flags & NLM_F_DUMP_INTR;
			done = nlh->nlmsg_type == NLMSG_DONE;
			sessions += !done;
		}
	}
	nl_socket_free(sock);
	if (!change)
		assert_int_equal(sessions, DUMPED);
	return interrupted;
}

static void dump_tells_of_a_change(void **state)
{
	struct cksnl_session s = {
		.has = CKSNL_HAS(CKS_A_SESSION_COUPLER) | CKSNL_HAS(CKS_A_SESSION_APPLICATION) |
		       CKSNL_HAS(CKS_A_SESSION_CARD_REFERENCE),
	};
	struct bed *b = *state;
	struct simcard *card[DUMPED] = { b->card };
	unsigned int i;

	memset(s.application, 'a', 63);
	memset(s.card_reference, 'r', 63);
	for (i = 0; i < DUMPED; i++) {
		if (i) {
			card[i] = simcard_new(b->bench, atr_t0, sizeof(atr_t0));
			assert_non_null(card[i]);
			b->card = card[i];
			b->coupler = simcard_coupler(card[i]);
			insert(b);
		}
		s.coupler = b->coupler;
		if (cksnl_request_new(b->nl, &s, &b->request, b->boot_id))
			fail_msg("request-new %u: %s", i, cksnl_error(b->nl));
	}
	wait_session(b, CKS_SESSION_STATE_OFFERED);
	assert_false(dump_is_interrupted(b, false));
	assert_true(dump_is_interrupted(b, true));
	for (i = 1; i < DUMPED; i++)
		simcard_free(card[i]);
	b->card = card[0];
}

static void silent_cas_is_given_up(void **state)
{
	struct cksnl_station often = {
		.has = CKSNL_HAS(CKS_A_STATION_PING_INTERVAL), .ping_interval = 500,
	};
	struct bed *b = *state;

	new_request(b);
	wait_session(b, CKS_SESSION_STATE_OFFERED);
	assert_int_equal(cksnl_station_change(b->nl, &often), 0);
	cas_connect(b);
	take_request(b);
	expect(b, b->control, PING);
	expect(b, b->control, PING);
	expect_error(b, b->control, TIMED_OUT);
	cas_disconnect(b);
	wait_connected(b, CKS_STATION_STATE_LISTENING);
	/* The next one goes on with the same card. */
	often.ping_interval = 10000;
	assert_int_equal(cksnl_station_change(b->nl, &often), 0);
	cas_connect(b);
	take_request(b);
	assert_int_equal(client_int(&b->f, REPEAT), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(requests_wait_for_a_cas, setup, teardown),
		cmocka_unit_test_setup_teardown(dispositions_wait_for_a_cas, setup, teardown),
		cmocka_unit_test_setup_teardown(new_journal_begins_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(new_journal_before_hello, setup, teardown),
		cmocka_unit_test_setup_teardown(unsent_request_is_no_repeat, setup, teardown),
		cmocka_unit_test_setup_teardown(dump_tells_of_a_change, setup, teardown),
		cmocka_unit_test_setup_teardown(silent_cas_is_given_up, setup, teardown),
	};

	if (!getenv("CKS_GUEST")) {
		printf("Bail out! loads kernel modules, so it runs in a guest only\n");
		return 2;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("router_bounds", tests, NULL, NULL) ? 1 : 0;
}
