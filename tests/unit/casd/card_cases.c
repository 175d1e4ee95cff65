// SPDX-License-Identifier: GPL-2.0-only
/* The way of a card and its record: once, again, with a wrong card, over a line that breaks. */
#include "cases.h"

#include <stdio.h>
#include <string.h>

#include "scene.h"

static void assert_dgi(const struct gp_card *card, uint16_t id, const void *want, size_t len)
{
	const struct dgi *d = datastore_find(&card->store, id);

	assert_non_null(d);
	assert_int_equal(d->len, len);
	assert_memory_equal(d->value, want, len);
}

static void personalizes_a_card(void **state)
{
	uint8_t long_dgi[260], key[16];
	struct gp_card card;
	struct keyset *set;

	(void)state;
	blank(&card, 1);
	session("personalize", &card);
	assert_int_equal(ck_u(&message.f, CK_T_VERDICT), CK_GOOD);
	assert_query("SELECT state FROM record WHERE id = 1", "ISSUED");
	assert_query("SELECT state FROM card", "open");

	assert_int_equal(card.mac_errors, 0);
	assert_dgi(&card, 0x8010, "59070000", 8);
	assert_dgi(&card, 0x8011, "87654000", 8);
	assert_dgi(&card, 0x9f02, "\x26\x20\x11\x23\x45\x67\x00\x0f", 8);
	assert_dgi(&card, 0x0101, "\xaa\xbb\xcc", 3);
	for (int i = 0; i < 260; i++)
		long_dgi[i] = (uint8_t)i;
	assert_dgi(&card, 0x3000, long_dgi, 260);
	set = keyring_find(&card.keys, 0x31);
	assert_non_null(set);
	for (unsigned int j = 0; j < 3; j++) {
		record_key(0, j, key);
		assert_memory_equal(set->keys[j].bytes, key, 16);
	}
	assert_null(keyring_find(&card.keys, 1));

	dispose(CK_DISP_GOOD);
	assert_query("SELECT state FROM record WHERE id = 1", "DELIVERED");
	assert_query("SELECT state FROM card", "good");
	/* The same disposition again is acknowledged and changes nothing. */
	station_dispose(&station, disposition, request, ck_u(&message.f, CK_T_RESULT_ID),
			CK_DISP_GOOD);
	assert_query("SELECT count(*) FROM ledger WHERE kind = 'disposition'", "1");
	gp_card_free(&card);
}

static void repeat_gets_the_same_result(void **state)
{
	uint64_t result_id;
	struct gp_card card;
	char before[16];

	(void)state;
	blank(&card, 2);
	session("personalize", &card);
	result_id = ck_u(&message.f, CK_T_RESULT_ID);
	query("SELECT count(*) FROM record WHERE state = 'FREE'", before, sizeof(before));
	station_request(&station, request, "personalize", true);
	station_result(&station, request, &message);
	assert_int_equal(ck_u(&message.f, CK_T_RESULT_ID), result_id);
	assert_int_equal(ck_u(&message.f, CK_T_VERDICT), CK_GOOD);
	assert_query("SELECT count(*) FROM record WHERE state = 'FREE'", before);
	dispose(CK_DISP_GOOD);
	gp_card_free(&card);
}

static void unknown_repeat_is_rejected(void **state)
{
	(void)state;
	station_request(&station, ++request, "personalize", true);
	station_result(&station, request, &message);
	assert_reject("repeated request that is not known");
	dispose(CK_DISP_REJECTED);
}

static void wrong_cryptogram_takes_no_record(void **state)
{
	struct gp_card card;
	char before[16];

	(void)state;
	query("SELECT count(*) FROM record WHERE state = 'FREE'", before, sizeof(before));
	blank(&card, 3);
	card.wrong_cryptogram = true;
	session("personalize", &card);
	assert_reject("wrong card cryptogram");
	assert_int_equal(station.commands, 2);
	dispose(CK_DISP_REJECTED);
	assert_query("SELECT count(*) FROM record WHERE state = 'FREE'", before);
	gp_card_free(&card);
}

static void wrong_rmac_spoils_the_record(void **state)
{
	struct gp_card card;

	(void)state;
	blank(&card, 4);
	card.wrong_rmac = true;
	session("personalize", &card);
	assert_reject("STORE DATA: wrong R-MAC");
	assert_query("SELECT state FROM record WHERE id = 3", "INTENT");
	dispose(CK_DISP_REJECTED);
	assert_query("SELECT state FROM record WHERE id = 3", "VOID");
	assert_query("SELECT state FROM card" LATEST, "spoiled");
	gp_card_free(&card);

	/* A spoiled card that comes again. */
	blank(&card, 4);
	session("personalize", &card);
	assert_reject("the card is known as spoiled");
	dispose(CK_DISP_REJECTED);
	gp_card_free(&card);
}

static void good_card_never_twice(void **state)
{
	struct gp_card card;

	(void)state;
	blank(&card, 1);
	session("personalize", &card);
	assert_reject("the card has left as good before");
	dispose(CK_DISP_REJECTED);
	assert_query("SELECT state FROM card WHERE identity ="
		     " (SELECT card FROM record WHERE id = 1)", "good");
	gp_card_free(&card);
}

static void broken_channel_goes_on(void **state)
{
	static const unsigned int cuts[] = { 1, 3, 5, 7 };

	(void)state;
	for (unsigned int i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		struct gp_card card;

		blank(&card, 10 + i);
		station.cut_after = cuts[i];
		session("personalize", &card);
		station.cut_after = 0;
		assert_int_equal(ck_u(&message.f, CK_T_VERDICT), CK_GOOD);
		assert_int_equal(card.mac_errors, 0);
		dispose(CK_DISP_GOOD);
		gp_card_free(&card);
	}
}

/* The card falls silent after its data were stored; presented anew it gets the same record. */
static void silent_card_is_tried_again(void **state)
{
	struct gp_card card;
	char record[32];

	(void)state;
	blank(&card, 19);
	station.mute_after = 4;
	session("personalize", &card);
	station.mute_after = 0;
	assert_int_equal(ck_u(&message.f, CK_T_VERDICT), CK_RETRY);
	query("SELECT record FROM request ORDER BY id DESC LIMIT 1", record, sizeof(record));
	dispose(CK_DISP_REMOVED);
	assert_query("SELECT state FROM record" LATEST, "INTENT");
	gp_card_reset(&card);
	session("personalize", &card);
	assert_int_equal(ck_u(&message.f, CK_T_VERDICT), CK_GOOD);
	assert_query("SELECT record FROM request ORDER BY id DESC LIMIT 1", record);
	dispose(CK_DISP_GOOD);
	assert_query("SELECT state FROM record" LATEST, "DELIVERED");
	gp_card_free(&card);

	/* One that always falls silent ends. */
	blank(&card, 18);
	station.mute_after = 4;
	for (int i = 1; i <= 3; i++) {
		session("personalize", &card);
		assert_int_equal(ck_u(&message.f, CK_T_VERDICT), i < 3 ? CK_RETRY : CK_REJECT);
		dispose(i < 3 ? CK_DISP_REMOVED : CK_DISP_REJECTED);
		gp_card_reset(&card);
	}
	station.mute_after = 0;
	assert_query("SELECT state FROM record" LATEST, "VOID");
	gp_card_free(&card);
}

static void unknown_dispositions_are_doubt(void **state)
{
	struct gp_card card;

	(void)state;
	blank(&card, 20);
	session("personalize", &card);
	assert_int_equal(ck_u(&message.f, CK_T_VERDICT), CK_GOOD);
	dispose(CK_DISP_UNKNOWN);
	assert_query("SELECT state FROM record WHERE request ="
		     " (SELECT max(id) FROM request)", "DOUBT");
	gp_card_free(&card);
}

const struct CMUnitTest card_cases[] = {
	cmocka_unit_test(personalizes_a_card),
	cmocka_unit_test(repeat_gets_the_same_result),
	cmocka_unit_test(unknown_repeat_is_rejected),
	cmocka_unit_test(wrong_cryptogram_takes_no_record),
	cmocka_unit_test(wrong_rmac_spoils_the_record),
	cmocka_unit_test(good_card_never_twice),
	cmocka_unit_test(broken_channel_goes_on),
	cmocka_unit_test(silent_card_is_tried_again),
	cmocka_unit_test(unknown_dispositions_are_doubt),
	{}
};
