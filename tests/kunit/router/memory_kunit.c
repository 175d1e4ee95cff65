// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each allocation of the router's own ends in NULL in turn, large ones as well, which the kernel's
 * fault injection cannot bring about in its works: kvmalloc() gets from vmalloc() what kmalloc()
 * has not. Whatever it was, all comes to an end, nothing is left, and the next session is whole.
 *
 * Reached are those of a station; of listener, connection, transport (transport_tcp.c, stream.c,
 * control.c, channel.c); of each frame's body and of each that is sent; of a session and its reply
 * (session.c); of a batch, of room for its answers, of the reply of a command that is staged, of
 * one whose predecessor is still being sent, of PROGRESS, of the response for a card that is gone
 * (exchange.c); of links and their rings (link.c). Those of vpcd.c: vpcd_kunit.c.
 */
#include <linux/err.h>
#include <net/net_namespace.h>

#include "cas.h"
#include "failing.h"
#include "fixture.h"

static bool commands(struct fixture *x, struct cas *c)
{
	return !fixture_listen(x, true) && cas_greets(c) && cas_opens(c, x) && cas_commands(c) &&
	       cas_decides(c);
}

static bool batches(struct fixture *x, struct cas *c)
{
	return !fixture_listen(x, true) && cas_greets(c) && cas_opens(c, x) && cas_batches(c) &&
	       cas_decides(c);
}

static bool commands_by_a_link(struct fixture *x, struct cas *c)
{
	return !fixture_listen(x, true) && cas_greets(c) && cas_opens_link(c, x) &&
	       cas_commands(c) && cas_decides(c);
}

/* While a response is still on its way to the CAS, there is a command more. */
static bool commands_early(struct fixture *x, struct cas *c)
{
	bool whole = !fixture_listen(x, true) && cas_greets(c) && cas_opens(c, x) &&
		     cas_commands(c) && fixture_holds_reply(x, c->request) && cas_commands(c);

	fixture_lets_reply_go(x);
	return whole && cas_decides(c);
}

/* It is still on its way on a connection that is gone. */
static bool resumes(struct fixture *x, struct cas *c)
{
	bool whole = !fixture_listen(x, true) && cas_greets(c) && cas_opens(c, x) &&
		     cas_commands(c) && fixture_holds_reply(x, c->request) && cas_resumes(c, x);

	fixture_lets_reply_go(x);
	return whole && cas_decides(c);
}

static unsigned int untold;	/* commands that were answered, without PROGRESS */

static bool waits(struct fixture *x, struct cas *c)
{
	bool told;

	if (fixture_listen(x, true) || !cas_greets(c) || !cas_opens(c, x) ||
	    !cas_waits(c, x, &told))
		return false;
	untold += !told;
	return told && cas_decides(c);
}

static bool loses_card(struct fixture *x, struct cas *c)
{
	return !fixture_listen(x, true) && cas_greets(c) && cas_opens(c, x) && cas_loses_card(c, x);
}

static void session(struct kunit *test)
{
	KUNIT_EXPECT_GT(test, failing_in_turn(test, commands, CALL_ALLOC, -ENOMEM), 0);
}

static void session_with_a_batch(struct kunit *test)
{
	KUNIT_EXPECT_GT(test, failing_in_turn(test, batches, CALL_ALLOC, -ENOMEM), 0);
}

static void session_by_a_link(struct kunit *test)
{
	KUNIT_EXPECT_GT(test, failing_in_turn(test, commands_by_a_link, CALL_ALLOC, -ENOMEM), 0);
}

static void session_with_an_early_command(struct kunit *test)
{
	KUNIT_EXPECT_GT(test, failing_in_turn(test, commands_early, CALL_ALLOC, -ENOMEM), 0);
}

static void session_that_is_resumed(struct kunit *test)
{
	KUNIT_EXPECT_GT(test, failing_in_turn(test, resumes, CALL_ALLOC, -ENOMEM), 0);
}

/* What is lost with PROGRESS is that, and not the command. */
static void session_that_waits(struct kunit *test)
{
	untold = 0;
	KUNIT_EXPECT_GT(test, failing_in_turn(test, waits, CALL_ALLOC, -ENOMEM), 0);
	KUNIT_EXPECT_EQ(test, untold, 1);
}

static void session_that_loses_its_card(struct kunit *test)
{
	KUNIT_EXPECT_GT(test, failing_in_turn(test, loses_card, CALL_ALLOC, -ENOMEM), 0);
}

static void station(struct kunit *test)
{
	unsigned int nth;

	for (nth = 1; nth < 10; nth++) {
		struct cks_station *st;

		failing_arm(CALL_ALLOC, -ENOMEM, nth);
		st = cks_station_new(&init_net);
		if (!failing_disarm()) {
			KUNIT_ASSERT_FALSE(test, IS_ERR(st));
			cks_station_free(st);
			break;
		}
		KUNIT_ASSERT_EQ(test, PTR_ERR(st), -ENOMEM);
	}
	/* It, and its two queues of works. */
	KUNIT_EXPECT_EQ(test, nth, 4);
}

static void done(struct kunit *test)
{
	failing_disarm();
	fixture_exit(test);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(session),
	KUNIT_CASE(session_with_a_batch),
	KUNIT_CASE(session_by_a_link),
	KUNIT_CASE(session_with_an_early_command),
	KUNIT_CASE(session_that_is_resumed),
	KUNIT_CASE(session_that_waits),
	KUNIT_CASE(session_that_loses_its_card),
	KUNIT_CASE(station),
	{}
};

static struct kunit_suite suite = {
	.name = "cks_router_memory",
	.init = fixture_init,
	.exit = done,
	.test_cases = cases,
};

kunit_test_suite(suite);
