// SPDX-License-Identifier: GPL-2.0-only
/* The transport unit: moves, and the wording of its protocol. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the above: */
#include <cmocka.h>

#include "request.h"

static unsigned int in_slot[4];
static bool jammed;

static bool insert(void *ctx, unsigned int lane, unsigned int card)
{
	(void)ctx;
	if (jammed)
		return false;
	assert_int_equal(in_slot[lane], 0);
	in_slot[lane] = card;
	return true;
}

static void take(void *ctx, unsigned int lane)
{
	(void)ctx;
	assert_int_not_equal(in_slot[lane], 0);
	in_slot[lane] = 0;
}

static const struct machine_ops ops = { .insert = insert, .remove = take };

static const char *ref_of(void *ctx, unsigned int card)
{
	static char ref[16];

	(void)ctx;
	snprintf(ref, sizeof(ref), "TRAY-%04u", card);
	return ref;
}

static void ask(struct machine *m, const char *request, const char *want)
{
	bool quit = false;
	char *answer = request_answer(m, ref_of, request, &quit);

	assert_non_null(answer);
	assert_string_equal(answer, want);
	assert_int_equal(quit, !strcmp(request, "quit"));
	free(answer);
}

static int setup(void **state)
{
	struct machine *m = malloc(sizeof(*m));

	memset(in_slot, 0, sizeof(in_slot));
	jammed = false;
	*state = m;
	return m && machine_init(m, 3, 2, &ops, NULL) ? 0 : -1;
}

static int teardown(void **state)
{
	machine_free(*state);
	free(*state);
	return 0;
}

static void test_moves(void **state)
{
	struct machine *m = *state;

	ask(m, "status", "ok feeder=3 good=0 reject=0 lanes=2");
	ask(m, "sense 0", "ok empty");
	ask(m, "feed 0", "ok card=1 ref=TRAY-0001");
	ask(m, "sense 0", "ok card=1");
	ask(m, "feed 0", "err lane occupied");
	ask(m, "feed 1", "ok card=2 ref=TRAY-0002");
	ask(m, "list feeder", "ok 3");
	ask(m, "eject 0 good", "ok card=1 bin=good");
	ask(m, "eject 0 good", "err lane empty");
	ask(m, "eject 1 reject", "ok card=2 bin=reject");
	ask(m, "feed 1", "ok card=3 ref=TRAY-0003");
	ask(m, "feed 0", "err feeder empty");
	ask(m, "feed 0 good 2", "err card is not in the good bin");
	ask(m, "feed 1 good 1", "err lane occupied");
	ask(m, "feed 0 good 1", "ok card=1 ref=TRAY-0001");
	ask(m, "list good", "ok");
	assert_int_equal(in_slot[0], 1);
	ask(m, "eject 1 good", "ok card=3 bin=good");
	ask(m, "eject 0 good", "ok card=1 bin=good");
	ask(m, "list good", "ok 3 1");
	ask(m, "list reject", "ok 2");
	ask(m, "status", "ok feeder=0 good=2 reject=1 lanes=2");
	ask(m, "quit", "ok");
}

/* A slot that takes no card leaves the card where it was. */
static void test_jam(void **state)
{
	struct machine *m = *state;

	jammed = true;
	ask(m, "feed 0", "err slot refused the card");
	ask(m, "status", "ok feeder=3 good=0 reject=0 lanes=2");
	ask(m, "sense 0", "ok empty");
	jammed = false;
	ask(m, "feed 0", "ok card=1 ref=TRAY-0001");
}

static void test_malformed(void **state)
{
	static const char unknown[] =
		"err unknown request: feed, eject, sense, list, status, quit";
	struct machine *m = *state;
	char wide[300];

	ask(m, "", unknown);
	ask(m, "  ", unknown);
	ask(m, "feedx 0", unknown);
	ask(m, "feed", "err usage: feed LANE [good CARD]");
	ask(m, "feed x", "err usage: feed LANE [good CARD]");
	ask(m, "feed -1", "err usage: feed LANE [good CARD]");
	ask(m, "feed 0 bad 1", "err usage: feed LANE [good CARD]");
	ask(m, "feed 0 good", "err usage: feed LANE [good CARD]");
	ask(m, "feed 0 good 1 2", "err usage: feed LANE [good CARD]");
	ask(m, "feed 2", "err no such lane");
	ask(m, "feed 4294967296", "err usage: feed LANE [good CARD]");
	ask(m, "feed 999999999", "err no such lane");
	ask(m, "eject 0", "err usage: eject LANE good|reject");
	ask(m, "eject 0 feeder", "err usage: eject LANE good|reject");
	ask(m, "eject 2 good", "err no such lane");
	ask(m, "sense 2", "err no such lane");
	ask(m, "sense", "err usage: sense LANE");
	ask(m, "list lanes", "err usage: list good|reject|feeder");
	memset(wide, 'x', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = 0;
	ask(m, wide, "err request too long");
	ask(m, "status", "ok feeder=3 good=0 reject=0 lanes=2");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_moves),
		T(test_jam),
		T(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
