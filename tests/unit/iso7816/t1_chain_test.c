// SPDX-License-Identifier: GPL-2.0-only
/* Chains of T=1 by script: whole ones, and those that S(ABORT) ends (ISO/IEC 7816-3 11.6.2.3). */
#include "t1_script.h"

/* The coupler's chain, IFSC of 5. */
TEST(chain_out)
{
	struct script *s = ready_with(ISO7816_STRICT, "3B80811105 15", 0);

	begin(s, "00D6000007 01020304050607");
	block_sends(s, "002005 00D6000007");
	block_gives(s, "009000");
	block_sends(s, "006005 0102030405");
	block_gives(s, "008000");
	block_sends(s, "000002 0607");
	block_gives(s, "000002 9000");
	responds(s, "9000");
	begin(s, "00B0000001");
	block_sends(s, "004005 00B0000001");
	block_gives(s, "004003 AA9000");
	responds(s, "AA9000");
	free(s);
}

TEST(chain_in)
{
	struct script *s = ready();

	begin(s, "00B0000006");
	block_sends(s, "000005 00B0000006");
	block_gives(s, "002003 010203");
	block_sends(s, "009000");
	block_gives(s, "006003 040506");
	block_sends(s, "008000");
	block_gives(s, "002000");		/* empty I-blocks are legal */
	block_sends(s, "009000");
	block_gives(s, "004002 9000");
	responds(s, "010203040506 9000");
	free(s);
}

TEST(too_small_buffer)
{
	struct script *s = ready();

	script_hex(s->cmd, "00B0000004");
	s->x = (struct iso7816_exchange){
		.cmd = s->cmd, .cmd_len = 5, .rsp = s->rsp, .rsp_size = 5,
	};
	memset(s->rsp, 0xee, 8);
	assert_int_equal(iso7816_coupler_exchange(&s->c, s->t, &s->x), ISO7816_OK);
	block_sends(s, "000005 00B0000004");
	block_gives(s, "002003 010203");
	block_sends(s, "009000");
	block_gives(s, "004003 049000");
	done(s, ISO7816_E_OVERFLOW);
	assert_int_equal(s->rsp[5], 0xee);
	assert_true(iso7816_coupler_ready(&s->c));
	begin(s, "00440000");
	block_sends(s, "004004 00440000");
	block_gives(s, "000002 9000");
	responds(s, "9000");
	free(s);
}

/*
 * S(ABORT), rule 9 of 11.6.2.3. The card ends the coupler's chain, or its own; then an R-block
 * gives the turn back, and its N(R) is the number of the next command's first block.
 */
TEST(abort_by_card)
{
	struct script *s = ready_with(ISO7816_STRICT, "3B80811105 15", 0);
	u64 bwt = 11 * ETU0 + CLK(16 * 960 * 372) + (1 + 12) * ETU0;
	int i;

	begin(s, "00D6000001 AA");
	block_sends(s, "002005 00D6000001");
	block_gives(s, "00C200");
	block_sends(s, "00E200");
	block_gives(s, "009000");
	done(s, ISO7816_E_ABORTED);
	assert_true(iso7816_coupler_ready(&s->c));
	begin(s, "00440000");
	block_sends(s, "004004 00440000");
	block_gives(s, "000002 9000");
	responds(s, "9000");
	/* the card did not take the first block, and says so */
	begin(s, "00D6000001 AA");
	block_sends(s, "002005 00D6000001");
	block_gives(s, "00C200");
	block_sends(s, "00E200");
	block_gives(s, "008000");
	done(s, ISO7816_E_ABORTED);
	begin(s, "00440000");
	block_sends(s, "000004 00440000");
	block_gives(s, "004002 9000");
	responds(s, "9000");
	free(s);

	/* in the middle of its own chain; the response gets lost, and the R-block */
	s = ready();
	begin(s, "00B0000006");
	block_sends(s, "000005 00B0000006");
	block_gives(s, "002003 010203");
	block_sends(s, "009000");
	block_gives(s, "00C200");
	block_sends(s, "00E200");
	block_gives(s, "00C200");
	block_sends(s, "00E200");
	expires(s, bwt);
	block_sends(s, "009200");
	block_gives(s, "009000");
	done(s, ISO7816_E_ABORTED);
	begin(s, "00440000");
	block_sends(s, "004004 00440000");
	block_gives(s, "004002 9000");
	responds(s, "9000");
	free(s);

	/* a card that goes on all the same, or aborts without an end */
	s = ready();
	begin(s, "00B0000006");
	block_sends(s, "000005 00B0000006");
	block_gives(s, "002003 010203");
	block_sends(s, "009000");
	block_gives(s, "00C200");
	block_sends(s, "00E200");
	block_gives(s, "004002 9000");
	block_sends(s, "009200");
	block_gives(s, "004002 9000");
	block_sends(s, "009200");
	block_gives(s, "004002 9000");
	block_sends(s, "00C000");
	block_gives(s, "00E000");
	done(s, ISO7816_E_ABORTED);
	assert_true(iso7816_coupler_ready(&s->c));
	/* ... an R-block that comes in answer to S(RESYNCH request) gives nothing back */
	begin(s, "00B0000006");
	block_sends(s, "000005 00B0000006");
	block_gives(s, "002003 010203");
	block_sends(s, "009000");
	block_gives(s, "00C200");
	block_sends(s, "00E200");
	for (i = 0; i < 2; i++) {
		block_gives(s, "004002 9000");
		block_sends(s, "009200");
	}
	block_gives(s, "004002 9000");
	block_sends(s, "00C000");
	block_gives(s, "008000");
	block_sends(s, "00C000");
	block_gives(s, "00E000");
	done(s, ISO7816_E_ABORTED);
	heard(s);
	free(s);
	s = script_new(ISO7816_STRICT);
	s->cfg.ifsd = 0;
	s->cfg.max_wtx = 2;
	script_ready(s, "3B80811105 15", 1);
	begin(s, "00D6000001 AA");
	block_sends(s, "002005 00D6000001");
	block_gives(s, "00C200");
	block_sends(s, "00E200");
	block_gives(s, "00C200");
	block_sends(s, "00E200");
	block_gives(s, "00C200");
	done(s, ISO7816_E_LOOP);
	free(s);

	/* EMV: the end */
	s = ready_with(ISO7816_EMV, "3BE00000813110 45 05", 0);
	begin(s, "00D600000D 0102030405060708090A0B0C0D");
	block_sends(s, "002010 00D600000D 0102030405060708090A0B");
	block_gives(s, "00C200");
	done(s, ISO7816_E_ABORTED);
	assert_false(iso7816_coupler_ready(&s->c));
	free(s);
}

static void begin_sized(struct script *s, const char *cmd, u32 rsp_size, u64 timeout)
{
	s->x = (struct iso7816_exchange){
		.cmd_len = script_hex(s->cmd, cmd), .cmd = s->cmd, .rsp = s->rsp,
		.rsp_size = rsp_size, .timeout = timeout,
	};
	assert_int_equal(iso7816_coupler_exchange(&s->c, s->t, &s->x), ISO7816_OK);
}

/* The coupler ends the card's chain when the response does not fit. EMV takes it to its end. */
TEST(abort_of_a_long_response)
{
	struct script *s = ready();
	int i;

	begin_sized(s, "00B0000000", 4, 0);
	block_sends(s, "000005 00B0000000");
	block_gives(s, "002003 010203");
	block_sends(s, "009000");
	block_gives(s, "006003 040506");
	block_sends(s, "00C200");
	block_gives(s, "00E200");
	done(s, ISO7816_E_OVERFLOW);
	assert_true(iso7816_coupler_ready(&s->c));
	begin(s, "00440000");
	block_sends(s, "004004 00440000");
	block_gives(s, "000002 9000");
	responds(s, "9000");
	/* asked again, three times in all; then RESYNCH, and never is the command repeated */
	begin_sized(s, "00B0000000", 2, 0);
	block_sends(s, "000005 00B0000000");
	block_gives(s, "006003 040506");
	for (i = 0; i < 3; i++) {
		block_sends(s, "00C200");
		block_gives(s, "008200");
	}
	block_sends(s, "00C000");
	block_gives(s, "00E000");
	done(s, ISO7816_E_OVERFLOW);
	assert_true(iso7816_coupler_ready(&s->c));
	heard(s);
	free(s);

	s = ready_with(ISO7816_EMV, "3BE00000813110 45 05", 0);
	begin_sized(s, "00B0000000", 4, 0);
	block_sends(s, "000005 00B0000000");
	block_gives(s, "002003 010203");
	block_sends(s, "009000");
	block_gives(s, "006003 040506");
	block_sends(s, "008000");
	block_gives(s, "000002 9000");
	done(s, ISO7816_E_OVERFLOW);
	assert_true(iso7816_coupler_ready(&s->c));
	free(s);
}

/* @n blocks of a chain of the card, from its @from-th on, each acknowledged. */
static void chained(struct script *s, int from, int n, const char *inf)
{
	char block[64];
	int i;

	for (i = from; i < from + n; i++) {
		snprintf(block, sizeof(block), "00%s%02zX %s", i % 2 ? "60" : "20",
			 strlen(inf) / 2, inf);
		block_gives(s, block);
		block_sends(s, i % 2 ? "008000" : "009000");
	}
}

/*
 * Without a timeout too a chain has an end. An empty block is legal, and gives the card as much
 * time as S(WTX): both are counted together, and data begin the count anew.
 */
TEST(endless_chain)
{
	static const char *const atrs[] = { "3B800181", "3B800181", "3BE00000813110 45 05" };
	enum iso7816_policy policy;

	for (policy = ISO7816_STRICT; policy <= ISO7816_EMV; policy++) {
		struct script *s = script_new(policy);

		s->cfg.ifsd = 0;
		s->cfg.max_wtx = 3;
		script_ready(s, atrs[policy], 1);
		begin(s, "00B0000006");
		block_sends(s, "000005 00B0000006");
		chained(s, 0, 3, "");
		chained(s, 3, 1, "AA");
		chained(s, 4, 3, "");
		chained(s, 7, 1, "BB");
		block_gives(s, "000002 9000");
		responds(s, "AABB9000");
		begin(s, "00B0000006");
		block_sends(s, "004005 00B0000006");
		block_gives(s, "00C30101");
		block_sends(s, "00E30101");
		chained(s, 1, 2, "");
		block_gives(s, "006000");
		done(s, ISO7816_E_LOOP);
		assert_false(iso7816_coupler_ready(&s->c));
		free(s);
	}
}

/* Nor does EMV, which has no S(ABORT), take what does not fit for ever. */
TEST(endless_response)
{
	struct script *s = script_new(ISO7816_EMV);

	s->cfg.ifsd = 0;
	s->cfg.max_wtx = 3;
	script_ready(s, "3BE00000813110 45 05", 1);
	begin_sized(s, "00B0000000", 4, 0);
	block_sends(s, "000005 00B0000000");
	chained(s, 0, 1, "010203");
	chained(s, 1, 3, "040506");
	block_gives(s, "002003 040506");
	done(s, ISO7816_E_LOOP);
	assert_false(iso7816_coupler_ready(&s->c));
	free(s);
}

/* The exchange's own time ends: a chain by S(ABORT), and that again by a time of its own. */
TEST(abort_in_time)
{
	u64 grace = 11 * ETU0 + CLK(16 * 960 * 372) + 3 * 259 * 12 * ETU0;
	struct script *s = ready_with(ISO7816_STRICT, "3B80811105 15", 0);
	u64 from = s->t;

	/* the coupler's chain */
	begin_sized(s, "00D6000001 AA", 100, 1000 * ETU0);
	block_sends(s, "002005 00D6000001");
	iso7816_coupler_timer(&s->c, from + 1000 * ETU0 - 1);
	assert_int_equal(iso7816_coupler_deadline(&s->c), from + 1000 * ETU0);
	s->t = from + 1000 * ETU0;
	iso7816_coupler_timer(&s->c, s->t);
	nothing(s);
	block_gives(s, "009000");
	block_sends(s, "00C200");
	block_gives(s, "00E200");
	done(s, ISO7816_E_TIMEOUT);
	assert_true(iso7816_coupler_ready(&s->c));
	/* the last block is out: there is no chain to end */
	from = s->t;
	begin_sized(s, "00440000", 100, 1000 * ETU0);
	block_sends(s, "004004 00440000");
	s->t = from + 1000 * ETU0;
	iso7816_coupler_timer(&s->c, s->t);
	done(s, ISO7816_E_TIMEOUT);
	assert_false(iso7816_coupler_ready(&s->c));
	free(s);

	/* the card's chain; and a card that finishes it in spite of all has finished it */
	s = ready();
	from = s->t;
	begin_sized(s, "00B0000006", 100, 1000 * ETU0);
	block_sends(s, "000005 00B0000006");
	block_gives(s, "002003 010203");
	block_sends(s, "009000");
	s->t = from + 1000 * ETU0;
	iso7816_coupler_timer(&s->c, s->t);
	nothing(s);
	block_gives(s, "006003 040506");
	block_sends(s, "00C200");
	block_gives(s, "00E200");
	done(s, ISO7816_E_TIMEOUT);
	from = s->t;
	begin_sized(s, "00B0000006", 100, 1000 * ETU0);
	block_sends(s, "004005 00B0000006");
	block_gives(s, "002003 010203");
	block_sends(s, "009000");
	s->t = from + 1000 * ETU0;
	iso7816_coupler_timer(&s->c, s->t);
	nothing(s);
	block_gives(s, "004002 9000");
	responds(s, "010203 9000");
	/* a card that is silent: not a tick longer than S(ABORT) may take */
	from = s->t;
	begin_sized(s, "00B0000006", 100, 1000 * ETU0);
	block_sends(s, "000005 00B0000006");
	block_gives(s, "002003 010203");
	block_sends(s, "009000");
	s->t = from + 1000 * ETU0;
	iso7816_coupler_timer(&s->c, s->t);
	while (iso7816_coupler_deadline(&s->c) < s->t + grace) {
		struct iso7816_action act;

		iso7816_coupler_timer(&s->c, iso7816_coupler_deadline(&s->c));
		take(s, ISO7816_DO_SEND, &act);
		iso7816_coupler_sent(&s->c, act.send.at + (act.send.len - 1) * act.send.gap, 0);
	}
	expires(s, grace);
	done(s, ISO7816_E_TIMEOUT);
	assert_false(iso7816_coupler_ready(&s->c));
	free(s);

	/* RESYNCH in that time: in step again, and the reason is still the time */
	s = ready_with(ISO7816_STRICT, "3B80811105 15", 0);
	from = s->t;
	begin_sized(s, "00D6000001 AA", 100, 1000 * ETU0);
	block_sends(s, "002005 00D6000001");
	s->t = from + 1000 * ETU0;
	iso7816_coupler_timer(&s->c, s->t);
	block_gives(s, "00E000");
	block_sends(s, "008200");
	block_gives(s, "00E000");
	block_sends(s, "008200");
	block_gives(s, "00E000");
	block_sends(s, "00C000");
	block_gives(s, "00E000");
	done(s, ISO7816_E_TIMEOUT);
	assert_true(iso7816_coupler_ready(&s->c));
	free(s);

	/* EMV knows no S(ABORT) */
	s = ready_with(ISO7816_EMV, "3BE00000813110 45 05", 0);
	from = s->t;
	begin_sized(s, "00B0000006", 100, 1000 * ETU0);
	block_sends(s, "000005 00B0000006");
	block_gives(s, "002003 010203");
	block_sends(s, "009000");
	s->t = from + 1000 * ETU0;
	iso7816_coupler_timer(&s->c, s->t);
	done(s, ISO7816_E_TIMEOUT);
	free(s);
}

static TEST_CASE cases[] = {
	RUN(chain_out),
	RUN(chain_in),
	RUN(too_small_buffer),
	RUN(abort_by_card),
	RUN(abort_of_a_long_response),
	RUN(endless_chain),
	RUN(endless_response),
	RUN(abort_in_time),
	{}
};

TEST_SUITE("iso7816_t1_chain");
