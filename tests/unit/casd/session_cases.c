// SPDX-License-Identifier: GPL-2.0-only
/* What a profile does in its session: batches, prompts, a command that is cancelled. */
#include "cases.h"

#include <poll.h>

#include "scene.h"

static void batch_is_played_in_one_frame(void **state)
{
	struct gp_card card;

	(void)state;
	blank(&card, 70);
	profile("batch",
		"local card = ...\n"
		"local get = {cla = 0x80, ins = 0xca, p1 = 0x9f, p2 = 0x7f, le = 0}\n"
		"local r = card:batch{{ins = 0xa4, p1 = 4, le = 0, expect = false}, get, get}\n"
		"local d, sw = card:send(get)\n"
		"assert(d == r[3].data and sw == r[2].sw)\n"
		"return {verdict = 'hold', reason = #r .. ' responses'}\n");
	session("batch", &card);
	assert_int_equal(ck_u(&message.f, CK_T_VERDICT), CK_HOLD);
	assert_int_equal(station.batches, 1);
	assert_int_equal(station.commands, 4);
	assert_int_equal(station.last_number, 4);
	dispose(CK_DISP_REJECTED);

	/* the channel breaks after two of them: the third follows by itself */
	station.cut_after = 2;
	session("batch", &card);
	station.cut_after = 0;
	assert_int_equal(ck_u(&message.f, CK_T_VERDICT), CK_HOLD);
	assert_int_equal(station.batches, 2);
	assert_int_equal(station.last_number, 4);
	dispose(CK_DISP_REJECTED);
	gp_card_free(&card);
}

static void batch_stops_at_what_is_not_accepted(void **state)
{
	struct gp_card card;

	(void)state;
	blank(&card, 71);
	profile("stops",
		"local card = ...\n"
		"local get = {cla = 0x80, ins = 0xca, p1 = 0x9f, p2 = 0x7f, le = 0}\n"
		"local unknown = {ins = 0xff, name = 'NOTHING'}\n"
		"local ok = pcall(card.batch, card, {get, unknown, get})\n"
		"assert(not ok)\n"
		"card:batch{get, {ins = 0xff, expect = {0x6d00, 0x6e00, 0x6985}}, unknown, get}\n");
	session("stops", &card);
	assert_reject("NOTHING: the card answered 6");
	assert_int_equal(station.batches, 2);
	assert_int_equal(station.commands, 5);
	dispose(CK_DISP_REJECTED);
	profile("empty", "local card = ...\ncard:batch{}\n");
	session("empty", &card);
	assert_reject("wants 1 to 4096 commands");
	dispose(CK_DISP_REJECTED);
	gp_card_free(&card);
}

static void card_holder_is_asked(void **state)
{
	struct gp_card card;

	(void)state;
	blank(&card, 72);
	profile("ask",
		"local card = ...\n"
		"card:prompt{text = 'Bitte warten'}\n"
		"local sure = card:prompt{kind = 'confirm', text = 'Sure?'}\n"
		"local name = card:prompt{kind = 'entry', text = 'Name f\303\274r die Karte?'}\n"
		"return {verdict = 'hold', reason = tostring(sure) .. ' ' .. tostring(name)}\n");
	station.entry = "Hagn";
	session("ask", &card);
	assert_int_equal(ck_u(&message.f, CK_T_VERDICT), CK_HOLD);
	assert_int_equal(message.f.field[CK_T_REASON].len, 9);
	assert_memory_equal(message.f.field[CK_T_REASON].data, "true Hagn", 9);
	assert_int_equal(station.prompts, 3);
	assert_int_equal(station.prompt_kind, CK_PROMPT_ENTRY);
	assert_string_equal(station.prompt_text, "Name f\303\274r die Karte?");
	dispose(CK_DISP_REJECTED);

	station.entry = NULL;
	session("ask", &card);
	assert_memory_equal(message.f.field[CK_T_REASON].data, "false nil", 9);
	dispose(CK_DISP_REJECTED);

	/* what no station would take is the profile's error, not the connection's */
	profile("rude", "local card = ...\ncard:prompt{text = 'a\\nb'}\n");
	session("rude", &card);
	assert_reject("127 bytes of UTF-8");
	dispose(CK_DISP_REJECTED);
	gp_card_free(&card);
}

static void session_that_ends_cancels_its_command(void **state)
{
	struct gp_card card;

	(void)state;
	blank(&card, 73);
	profile("long", "local card = ...\ncard:send{ins = 0xa4, p1 = 4, expect = false}\n"
			"card:send{ins = 0xa4, p1 = 4, expect = false}\n");
	station.hang_at = 2;
	session("long", &card);
	station.hang_at = 0;
	assert_true(station.cancelled);
	assert_reject("the card was changed");
	dispose(CK_DISP_REJECTED);
	gp_card_free(&card);
}

/* Who runs keeps the profile that he began with; the next card has the new one. */
static void profiles_change_while_sessions_run(void **state)
{
	struct pollfd channel = { .fd = station.channel_listen, .events = POLLIN };
	struct gp_card card;

	(void)state;
	blank(&card, 74);
	profile("old", "local card = ...\n"
		"card:prompt{kind = 'confirm', text = 'change it now'}\n"
		"card:send{ins = 0xa4, p1 = 4, expect = false}\n"
		"return {verdict = 'hold', reason = 'the old one'}\n");
	station_request(&station, ++request, "old", false);
	/* The session is there when its channel is asked for; the script runs after that. */
	assert_int_equal(poll(&channel, 1, 20000), 1);
	profile("old", "return {verdict = 'hold', reason = 'the new one'}\n");
	station_serve(&station, request, &card);
	station_result(&station, request, &message);
	assert_int_equal(ck_u(&message.f, CK_T_VERDICT), CK_HOLD);
	assert_memory_equal(message.f.field[CK_T_REASON].data, "the old one", 11);
	dispose(CK_DISP_REJECTED);
	session("old", &card);
	assert_memory_equal(message.f.field[CK_T_REASON].data, "the new one", 11);
	dispose(CK_DISP_REJECTED);
	gp_card_free(&card);
}

const struct CMUnitTest session_cases[] = {
	cmocka_unit_test(batch_is_played_in_one_frame),
	cmocka_unit_test(batch_stops_at_what_is_not_accepted),
	cmocka_unit_test(card_holder_is_asked),
	cmocka_unit_test(session_that_ends_cancels_its_command),
	cmocka_unit_test(profiles_change_while_sessions_run),
	{}
};
