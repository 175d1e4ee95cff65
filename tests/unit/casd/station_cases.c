// SPDX-License-Identifier: GPL-2.0-only
/* What the station says that is not about a card: its journal, its inventory, and rubbish. */
#include "cases.h"

#include <sys/socket.h>

#include "scene.h"

/* The station's journal goes further than the database: no record is given out before it knows. */
static void old_database_gives_nothing_out(void **state)
{
	struct gp_card card;
	char before[16];

	(void)state;
	query("SELECT count(*) FROM record WHERE state = 'FREE'", before, sizeof(before));
	station.last_disposition = disposition + 1;
	station_hello(&station);
	station_request(&station, ++request, "personalize", false);
	station_result(&station, request, &message);
	assert_reject("does not know yet");
	assert_query("SELECT count(*) FROM record WHERE state = 'FREE'", before);
	dispose(CK_DISP_REJECTED);
	blank(&card, 46);
	session("personalize", &card);
	assert_int_equal(ck_u(&message.f, CK_T_VERDICT), CK_GOOD);
	dispose(CK_DISP_GOOD);
	gp_card_free(&card);
}

/* What the station has a result for must have been decided here; until that is known, all wait. */
static void unknown_result_starts_nothing(void **state)
{
	struct gp_card card;
	uint64_t given;
	char before[16];

	(void)state;
	blank(&card, 47);
	session("personalize", &card);
	assert_int_equal(ck_u(&message.f, CK_T_VERDICT), CK_GOOD);
	given = request;
	query("SELECT count(*) FROM record WHERE state = 'FREE'", before, sizeof(before));
	station.no_inventory = true;
	station_hello(&station);
	station_request(&station, ++request, "personalize", false);
	station.has_result = 4711;
	station_inventory(&station);
	/* The session was not begun: it asks again, and then the answer is better. */
	assert_true(station_read(station.control, &message));
	assert_int_equal(message.f.type, CK_ORDER);
	assert_query("SELECT count(*) FROM record WHERE state = 'FREE'", before);
	assert_query("SELECT state FROM request ORDER BY id DESC LIMIT 1", "open");
	station.has_result = given;
	station_inventory(&station);
	gp_card_free(&card);
	blank(&card, 48);
	station_serve(&station, request, &card);
	station_result(&station, request, &message);
	assert_int_equal(ck_u(&message.f, CK_T_VERDICT), CK_GOOD);
	dispose(CK_DISP_GOOD);
	station.no_inventory = false;
	station.has_result = 0;
	gp_card_free(&card);
}

static void malformed_frame_is_refused(void **state)
{
	static const uint8_t bad[CK_HEADER] = { 'X', 'K', 1, CK_PING };

	(void)state;
	assert_int_equal(send(station.control, bad, sizeof(bad), MSG_NOSIGNAL), sizeof(bad));
	assert_true(station_read(station.control, &message));
	assert_int_equal(message.f.type, CK_ERROR);
	assert_int_equal(ck_u(&message.f, CK_T_CODE), CK_E_MALFORMED);
	assert_false(station_read(station.control, &message));
	station_hello(&station);
}

static void new_journal_puts_issued_in_doubt(void **state)
{
	struct gp_card card;

	(void)state;
	blank(&card, 60);
	session("personalize", &card);
	assert_int_equal(ck_u(&message.f, CK_T_VERDICT), CK_GOOD);
	station.journal_epoch = 6;
	station.last_disposition = 0;
	disposition = 0;
	station_hello(&station);
	assert_query("SELECT state FROM record WHERE request ="
		     " (SELECT max(id) FROM request)", "DOUBT");
	gp_card_free(&card);
}

const struct CMUnitTest station_cases[] = {
	cmocka_unit_test(old_database_gives_nothing_out),
	cmocka_unit_test(unknown_result_starts_nothing),
	cmocka_unit_test(malformed_frame_is_refused),
	{}
};

const struct CMUnitTest journal_cases[] = {
	cmocka_unit_test(new_journal_puts_issued_in_doubt),
	{}
};
