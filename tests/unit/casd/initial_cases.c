// SPDX-License-Identifier: GPL-2.0-only
/* A card's initial keys: those that its order permits, and those of SCP02. */
#include "cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scene.h"
#include "libledger/ledger.h"
#include "libledger/statement.h"
#include "scp02_card.h"

static void change_order(const char *set)
{
	char sql[128], error[192];
	struct ledger *l = ledger_open(bed.db, false, error, sizeof(error));

	snprintf(sql, sizeof(sql), "UPDATE orders SET %s", set);
	assert_non_null(l);
	assert_true(db_run(l, NULL, sql, ""));
	ledger_close(l);
}

static void refused_by_order(const char *set)
{
	struct gp_card card;

	change_order(set);
	blank(&card, 80);
	session("personalize", &card);
	assert_reject("permits");
	dispose(CK_DISP_REJECTED);
	gp_card_free(&card);
}

/* The daemon says what the ledger compares: the card's master key, the connection, attempts. */
static void order_permits(void **state)
{
	struct gp_card card;

	(void)state;
	refused_by_order("initial_key = 'another'");
	refused_by_order("initial_key = 'kmc', security = 'encrypted'");
	change_order("security = 'none', retries = 0");
	blank(&card, 80);
	station.mute_after = 4;
	session("personalize", &card);
	station.mute_after = 0;
	assert_int_equal(ck_u(&message.f, CK_T_VERDICT), CK_REJECT);
	dispose(CK_DISP_REJECTED);
	change_order("initial_key = '', retries = 2");
	gp_card_free(&card);
}

/* A card of another make: SCP02, its keys by VISA2, new keys for triple DES. */
static void personalizes_by_scp02(void **state)
{
	struct scp02_card card;
	char want[64], line[32];
	uint8_t key[16];

	(void)state;
	profile("scp02", "local card = ...\n"
		"local scp = card:open_scp02{kmc = 'kmc-des', scheme = 'visa2'}\n"
		"local record = card:claim(scp:kdd())\n"
		"scp:store_data{{0x9F01, bcd(record.iccid)}, {0x8010, record.pin1, pad = 8}}\n"
		"scp:put_key{keys = record.keys, kvn = record.kvn, replace = scp:kvn()}\n"
		"scp = card:open_scp02{keys = record.keys, kvn = record.kvn}\n"
		"return {verdict = 'good'}\n");
	scp02_card_init(&card, 1, kmc);
	station.other = scp02_card_command;
	station.other_card = &card;
	session("scp02", NULL);
	station.other = NULL;
	assert_int_equal(ck_u(&message.f, CK_T_VERDICT), CK_GOOD);
	assert_int_equal(card.mac_errors, 0);
	assert_int_equal(card.kvn, 0x31);
	query("SELECT line - 2 FROM record" LATEST, line, sizeof(line));
	for (unsigned int j = 0; j < 3; j++) {
		record_key((unsigned int)atoi(line), j, key);
		assert_memory_equal(card.keys[j], key, 16);
	}
	snprintf(want, sizeof(want), "5907%04d", atoi(line));
	assert_int_equal(card.store_len, 3 + 10 + 3 + 8);
	assert_memory_equal(card.store + 16, want, 8);
	assert_query("SELECT substr(evidence, 1, 12) FROM request ORDER BY id DESC LIMIT 1",
		     "SCP02 kvn=31");
	dispose(CK_DISP_GOOD);
}

/* The profile says by which scheme: a wrong one is seen before anything is claimed. */
static void wrong_scheme_takes_no_record(void **state)
{
	struct scp02_card card;
	char before[16];

	(void)state;
	query("SELECT count(*) FROM record WHERE state = 'FREE'", before, sizeof(before));
	profile("scheme", "local card = ...\n"
		"local scp = card:open_scp02{kmc = 'kmc-des', scheme = 'emv-cps'}\n"
		"card:claim(scp:kdd())\n");
	scp02_card_init(&card, 2, kmc);
	station.other = scp02_card_command;
	station.other_card = &card;
	session("scheme", NULL);
	assert_reject("wrong card cryptogram");
	dispose(CK_DISP_REJECTED);
	profile("scheme", "local card = ...\n"
		"card:open_scp02{kmc = 'kmc-des', scheme = 'cps'}\n");
	session("scheme", NULL);
	assert_reject("a scheme is kdf3, visa2, emv-cps");
	dispose(CK_DISP_REJECTED);
	profile("scheme", "local card = ...\n"
		"card:open_scp03{kmc = 'kmc'}\n");
	session("scheme", NULL);
	assert_reject("the card's key set is for SCP02");
	dispose(CK_DISP_REJECTED);
	station.other = NULL;
	assert_query("SELECT count(*) FROM record WHERE state = 'FREE'", before);
}

const struct CMUnitTest initial_cases[] = {
	cmocka_unit_test(personalizes_by_scp02),
	cmocka_unit_test(order_permits),
	cmocka_unit_test(wrong_scheme_takes_no_record),
	{}
};
