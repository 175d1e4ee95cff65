// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each call of a socket that the station makes fails in turn, from its listening to the result of a
 * session: whatever it was, all comes to an end, nothing is left, and the next session is whole.
 * What stands for want of memory alone goes on by itself.
 */
#include "cas.h"
#include "failing.h"
#include "fixture.h"

/* From the station's listening to the result. */
static bool lives(struct fixture *x, struct cas *c)
{
	return !fixture_listen(x, true) && cas_greets(c) && cas_opens(c, x) && cas_commands(c) &&
	       cas_decides(c);
}

static unsigned int in_turn(struct kunit *test, enum failing_call call, int err)
{
	return failing_in_turn(test, lives, call, err);
}

static void no_listener(struct kunit *test)
{
	/* One for the station, one for its coupler; each is told to who wants it. */
	KUNIT_EXPECT_EQ(test, in_turn(test, CALL_CREATE, -EMFILE), 2);
	KUNIT_EXPECT_EQ(test, in_turn(test, CALL_BIND, -EADDRINUSE), 2);
	KUNIT_EXPECT_EQ(test, in_turn(test, CALL_LISTEN, -EADDRINUSE), 2);
}

static void accept_that_fails_is_tried_again(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, in_turn(test, CALL_ACCEPT, -ENFILE), 0);
}

static void connection_that_fails_ends(struct kunit *test)
{
	KUNIT_EXPECT_GT(test, in_turn(test, CALL_RECV, -ECONNRESET), 0);
	KUNIT_EXPECT_GT(test, in_turn(test, CALL_SEND, -EPIPE), 0);
}

/* There is no memory for it, and nothing under way that would make room. */
static void sending_goes_on(struct kunit *test)
{
	struct fixture *x = test->priv;
	/* Longer than the CAS waits: nor does one of these make it go on. */
	const struct cks_station_change ch = {
		.has_limit = BIT(CKS_L_GREETING) | BIT(CKS_L_PING),
		.limit = { [CKS_L_GREETING] = 60000, [CKS_L_PING] = 60000 },
	};

	KUNIT_ASSERT_EQ(test, cks_station_change(x->st, &ch, &x->extack), 0);
	KUNIT_EXPECT_EQ(test, in_turn(test, CALL_SEND, -EAGAIN), 0);
}

static void done(struct kunit *test)
{
	failing_disarm();
	fixture_exit(test);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(no_listener),
	KUNIT_CASE(accept_that_fails_is_tried_again),
	KUNIT_CASE(connection_that_fails_ends),
	KUNIT_CASE(sending_goes_on),
	{}
};

static struct kunit_suite suite = {
	.name = "cks_router_socket",
	.init = fixture_init,
	.exit = done,
	.test_cases = cases,
};

kunit_test_suite(suite);
