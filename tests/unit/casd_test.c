// SPDX-License-Identifier: GPL-2.0-only
/*
 * The CAS daemon as a whole: a process of its own, a station that speaks the protocol, a token, a
 * database, and the simulated GlobalPlatform card, which is a second implementation of SCP03.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "casd_bed.h"
#include "fake_station.h"
#include "identity.h"
#include "libgp/hex.h"
#include "libgp/kdf.h"
#include "libledger/ledger.h"
#include "libledger/statement.h"
#include "memory_scan.h"
#include "scp02_card.h"

/* Of records: the one of the last request; those that have none come first in PostgreSQL. */
#define LATEST " ORDER BY coalesce(request, 0) DESC LIMIT 1"

static struct fake_station st;
static uint64_t number, disposition;
static struct message m;

static void start(void)
{
	const char *const options[] = {
		"--control", bed.orders, "--heads", bed.heads,
		*bed.signer ? "--profile-key" : NULL, bed.signer, NULL,
	};

	start_casd(&st, 1, options);
}

static int setup(void **state)
{
	(void)state;
	if (bed_setup())
		return -1;
	station_start(&st);
	start();
	station_hello(&st);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	end_casd(SIGTERM);
	station_stop(&st);
	return bed_teardown();
}

/* A whole session; the result is in @m. */
static void session(const char *application, struct gp_card *card)
{
	station_request(&st, ++number, application, false);
	station_serve(&st, number, card);
	station_result(&st, number, &m);
}

static void dispose(enum ck_disposition what)
{
	uint64_t result_id = ck_u(&m.f, CK_T_RESULT_ID);

	station_dispose(&st, ++disposition, number, result_id, what);
}

static void assert_reject(const char *reason)
{
	char text[128];

	assert_int_equal(ck_u(&m.f, CK_T_VERDICT), CK_REJECT);
	snprintf(text, sizeof(text), "%.*s", (int)m.f.field[CK_T_REASON].len,
		 (const char *)m.f.field[CK_T_REASON].data);
	if (!strstr(text, reason))
		fail_msg("reason is \"%s\", not \"%s\"", text, reason);
}

/* ---- tests ---- */

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
	assert_int_equal(ck_u(&m.f, CK_T_VERDICT), CK_GOOD);
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
	station_dispose(&st, disposition, number, ck_u(&m.f, CK_T_RESULT_ID), CK_DISP_GOOD);
	assert_query("SELECT count(*) FROM ledger WHERE kind = 'disposition'", "1");
	gp_card_free(&card);
}

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
	st.mute_after = 4;
	session("personalize", &card);
	st.mute_after = 0;
	assert_int_equal(ck_u(&m.f, CK_T_VERDICT), CK_REJECT);
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
	st.other = scp02_card_command;
	st.other_card = &card;
	session("scp02", NULL);
	st.other = NULL;
	assert_int_equal(ck_u(&m.f, CK_T_VERDICT), CK_GOOD);
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
	st.other = scp02_card_command;
	st.other_card = &card;
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
	st.other = NULL;
	assert_query("SELECT count(*) FROM record WHERE state = 'FREE'", before);
}

static void repeat_gets_the_same_result(void **state)
{
	uint64_t result_id;
	struct gp_card card;
	char before[16];

	(void)state;
	blank(&card, 2);
	session("personalize", &card);
	result_id = ck_u(&m.f, CK_T_RESULT_ID);
	query("SELECT count(*) FROM record WHERE state = 'FREE'", before, sizeof(before));
	station_request(&st, number, "personalize", true);
	station_result(&st, number, &m);
	assert_int_equal(ck_u(&m.f, CK_T_RESULT_ID), result_id);
	assert_int_equal(ck_u(&m.f, CK_T_VERDICT), CK_GOOD);
	assert_query("SELECT count(*) FROM record WHERE state = 'FREE'", before);
	dispose(CK_DISP_GOOD);
	gp_card_free(&card);
}

static void unknown_repeat_is_rejected(void **state)
{
	(void)state;
	station_request(&st, ++number, "personalize", true);
	station_result(&st, number, &m);
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
	assert_int_equal(st.commands, 2);
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
		st.cut_after = cuts[i];
		session("personalize", &card);
		st.cut_after = 0;
		assert_int_equal(ck_u(&m.f, CK_T_VERDICT), CK_GOOD);
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
	st.mute_after = 4;
	session("personalize", &card);
	st.mute_after = 0;
	assert_int_equal(ck_u(&m.f, CK_T_VERDICT), CK_RETRY);
	query("SELECT record FROM request ORDER BY id DESC LIMIT 1", record, sizeof(record));
	dispose(CK_DISP_REMOVED);
	assert_query("SELECT state FROM record" LATEST, "INTENT");
	gp_card_reset(&card);
	session("personalize", &card);
	assert_int_equal(ck_u(&m.f, CK_T_VERDICT), CK_GOOD);
	assert_query("SELECT record FROM request ORDER BY id DESC LIMIT 1", record);
	dispose(CK_DISP_GOOD);
	assert_query("SELECT state FROM record" LATEST, "DELIVERED");
	gp_card_free(&card);

	/* One that always falls silent ends. */
	blank(&card, 18);
	st.mute_after = 4;
	for (int i = 1; i <= 3; i++) {
		session("personalize", &card);
		assert_int_equal(ck_u(&m.f, CK_T_VERDICT), i < 3 ? CK_RETRY : CK_REJECT);
		dispose(i < 3 ? CK_DISP_REMOVED : CK_DISP_REJECTED);
		gp_card_reset(&card);
	}
	st.mute_after = 0;
	assert_query("SELECT state FROM record" LATEST, "VOID");
	gp_card_free(&card);
}

static void unknown_dispositions_are_doubt(void **state)
{
	struct gp_card card;

	(void)state;
	blank(&card, 20);
	session("personalize", &card);
	assert_int_equal(ck_u(&m.f, CK_T_VERDICT), CK_GOOD);
	dispose(CK_DISP_UNKNOWN);
	assert_query("SELECT state FROM record WHERE request ="
		     " (SELECT max(id) FROM request)", "DOUBT");
	gp_card_free(&card);
}

static void unknown_application(void **state)
{
	static const char *const names[] = { "nothing", "../profiles/personalize", "PERSONALIZE" };

	(void)state;
	for (int i = 0; i < 3; i++) {
		station_request(&st, ++number, names[i], false);
		station_result(&st, number, &m);
		assert_reject("no such application");
		dispose(CK_DISP_REJECTED);
	}
}

static void hostile_profiles_end_alone(void **state)
{
	static const struct {
		const char *text;
		const char *reason;
	} bad[] = {
		{ "while true do end", "instruction limit" },
		{ "while true do pcall(function() while true do end end) end",
		  "instruction limit" },
		{ "local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end",
		  "too much memory" },
		{ "return", "no verdict" },
		{ "return {verdict = 'good', reason = '\\10x'}", "" },
		{ "local c, r = ... ; local k = c:claim(('x'):rep(10)); return {verdict = 'good'}",
		  "did not verify" },
		{ "os.exit(1)", "'os'" },
		{ "io.open('/etc/passwd')", "'io'" },
		{ "setmetatable({}, {})", "'setmetatable'" },
		{ "('x'):find('x')", "'find'" },
	};
	struct gp_card card;

	(void)state;
	blank(&card, 30);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		profile("bad", bad[i].text);
		session("bad", &card);
		if (*bad[i].reason)
			assert_reject(bad[i].reason);
		else
			assert_int_equal(ck_u(&m.f, CK_T_VERDICT), CK_GOOD);
		dispose(*bad[i].reason ? CK_DISP_REJECTED : CK_DISP_GOOD);
	}
	gp_card_free(&card);
}

/* A script must not get at a secret: it is a handle that only store_data takes. */
static void secrets_are_handles(void **state)
{
	struct gp_card card;

	(void)state;
	profile("peek",
		"local card = ...\n"
		"local scp = card:open_scp03{kmc = 'kmc'}\n"
		"local r = card:claim(scp:kdd())\n"
		"local ok = type(r.pin1) == 'userdata' and tostring(r.pin1) == 'secret'\n"
		"  and tostring(r.keys) == 'keyset' and not pcall(function() return r.pin1 .. '' end)\n"
		"  and not pcall(function() return #r.pin1 end) and not r.enc\n"
		"  and not pcall(hex, r.pin1)\n"
		"  and not pcall(card.send, card, {ins = 0xE2, data = r.pin1})\n"
		"card:reject(ok and 'no way' or 'leak')\n");
	blank(&card, 40);
	session("peek", &card);
	assert_reject("no way");
	dispose(CK_DISP_REJECTED);
	gp_card_free(&card);
}

/* A profile may catch the error of a claim; a card that is known does not leave as good. */
static void refused_claim_is_not_good(void **state)
{
	struct gp_card card;

	(void)state;
	profile("catch",
		"local card = ...\n"
		"local scp = card:open_scp03{kmc = 'kmc'}\n"
		"pcall(function() card:claim(scp:kdd()) end)\n"
		"return {verdict = 'good'}\n");
	blank(&card, 1);
	session("catch", &card);
	assert_reject("the claim of a record failed");
	dispose(CK_DISP_REJECTED);
	gp_card_free(&card);
}

/* An emulated blank under the key of every manual: it gets no record of a real order. */
static void public_keys_collect_nothing(void **state)
{
	struct aes_key master = { .len = 16 };
	struct gp_card card;
	struct identity id;
	char before[16];

	(void)state;
	query("SELECT count(*) FROM record WHERE state = 'FREE'", before, sizeof(before));
	profile("public",
		"local card = ...\n"
		"local scp = card:open_scp03{kmc = 'public'}\n"
		"local r = card:claim(scp:kdd())\n"
		"return {verdict = 'hold'}\n");
	memset(&card, 0, sizeof(card));
	memcpy(master.bytes, public_key, 16);
	identity_make(&id, 41);
	assert_true(gp_card_init(&card, &id, &master, 1));
	session("public", &card);
	assert_reject("public keys");
	dispose(CK_DISP_REJECTED);
	assert_query("SELECT count(*) FROM record WHERE state = 'FREE'", before);
	gp_card_free(&card);
}

/* The keys must be on the card that the record was claimed for. */
static void evidence_is_of_the_claimed_card(void **state)
{
	struct gp_card card;

	(void)state;
	profile("other",
		"local card = ...\n"
		"local scp = card:open_scp03{kmc = 'kmc', kvn = 0, level = 0x33}\n"
		"local r = card:claim(('y'):rep(10))\n"
		"scp:put_key{keys = r.keys, kvn = r.kvn}\n"
		"card:open_scp03{keys = r.keys, kvn = r.kvn, level = 0x33}\n"
		"return {verdict = 'good'}\n");
	blank(&card, 45);
	session("other", &card);
	assert_reject("did not verify");
	dispose(CK_DISP_REJECTED);
	assert_query("SELECT state FROM record WHERE request ="
		     " (SELECT max(id) FROM request)", "VOID");
	gp_card_free(&card);
}

/* The station's journal goes further than the database: no record is given out before it knows. */
static void old_database_gives_nothing_out(void **state)
{
	struct gp_card card;
	char before[16];

	(void)state;
	query("SELECT count(*) FROM record WHERE state = 'FREE'", before, sizeof(before));
	st.last_disposition = disposition + 1;
	station_hello(&st);
	station_request(&st, ++number, "personalize", false);
	station_result(&st, number, &m);
	assert_reject("does not know yet");
	assert_query("SELECT count(*) FROM record WHERE state = 'FREE'", before);
	dispose(CK_DISP_REJECTED);
	blank(&card, 46);
	session("personalize", &card);
	assert_int_equal(ck_u(&m.f, CK_T_VERDICT), CK_GOOD);
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
	assert_int_equal(ck_u(&m.f, CK_T_VERDICT), CK_GOOD);
	given = number;
	query("SELECT count(*) FROM record WHERE state = 'FREE'", before, sizeof(before));
	st.no_inventory = true;
	station_hello(&st);
	station_request(&st, ++number, "personalize", false);
	st.has_result = 4711;
	station_inventory(&st);
	/* The session was not begun: it asks again, and then the answer is better. */
	assert_true(station_read(st.control, &m));
	assert_int_equal(m.f.type, CK_ORDER);
	assert_query("SELECT count(*) FROM record WHERE state = 'FREE'", before);
	assert_query("SELECT state FROM request ORDER BY id DESC LIMIT 1", "open");
	st.has_result = given;
	station_inventory(&st);
	gp_card_free(&card);
	blank(&card, 48);
	station_serve(&st, number, &card);
	station_result(&st, number, &m);
	assert_int_equal(ck_u(&m.f, CK_T_VERDICT), CK_GOOD);
	dispose(CK_DISP_GOOD);
	st.no_inventory = false;
	st.has_result = 0;
	gp_card_free(&card);
}

static void malformed_frame_is_refused(void **state)
{
	static const uint8_t bad[CK_HEADER] = { 'X', 'K', 1, CK_PING };

	(void)state;
	assert_int_equal(send(st.control, bad, sizeof(bad), MSG_NOSIGNAL), sizeof(bad));
	assert_true(station_read(st.control, &m));
	assert_int_equal(m.f.type, CK_ERROR);
	assert_int_equal(ck_u(&m.f, CK_T_CODE), CK_E_MALFORMED);
	assert_false(station_read(st.control, &m));
	station_hello(&st);
}

/*
 * Master, transport, card and record keys, and what is in records: neither process has one that can
 * be read. Only the session in work has, in casd's locked memory, its own session keys and its own
 * record's PIN and PUK, each once; @working is that record, -1 for none.
 */
static void assert_no_key_in(const struct memory *mem, const struct gp_card *card, int working)
{
	const struct aes_key *const session_keys[] = {
		&card->scp.enc, &card->scp.mac, &card->scp.rmac,
	};
	char pin1[12], puk1[12];
	uint8_t key[16];

	assert_int_equal(memory_has(mem, kmc, 16), 0);
	assert_int_equal(memory_has(mem, transport, 16), 0);
	assert_int_equal(memory_has(mem, data_key, 16), 0);
	for (unsigned int j = 0; j < 3; j++) {
		gp_kdf3(kmc, j + 1, card->id.kdd, key);
		assert_int_equal(memory_has(mem, key, 16), 0);
		assert_int_equal(memory_has(mem, session_keys[j]->bytes, 16), working >= 0);
	}
	/* Each alone would take longer than the CAS waits for its station. */
	assert_int_equal(memory_has(mem, RECORD_KEYS, 8), 0);
	assert_int_equal(memory_has(mem, RECORD_PINS, 5), working >= 0);
	assert_int_equal(memory_has(mem, RECORD_PUKS, 5), working >= 0);
	if (working >= 0) {
		record_pins((unsigned int)working, pin1, puk1);
		assert_int_equal(memory_has(mem, pin1, 8), 1);
		assert_int_equal(memory_has(mem, puk1, 8), 1);
	}
}

static void assert_no_key_in_memory(const struct gp_card *card, int working)
{
	pid_t pids[] = { bed.casd, key_process() };
	struct memory mem;

	for (int i = 0; i < 2 && memory_read(pids[i], &mem); i++) {
		/* What is there is found: the scan is no pretence. */
		assert_true(memory_has(&mem, i ? "transport" : "personalize", 9) > 0);
		assert_no_key_in(&mem, card, i ? -1 : working);
		memory_free(&mem);
	}
}

static void keys_are_not_in_memory(void **state)
{
	struct gp_card card;

	(void)state;
	for (unsigned int i = 0; i < 100; i++) {
		blank(&card, 1000 + i);
		session("personalize", &card);
		assert_int_equal(ck_u(&m.f, CK_T_VERDICT), CK_GOOD);
		if (i == 99)
			assert_no_key_in_memory(&card, -1);
		dispose(CK_DISP_GOOD);
		gp_card_free(&card);
	}
}

/* A session that meets the end of the key process is rejected; the next one has a new process. */
static void key_process_may_end(void **state)
{
	struct gp_card card;
	pid_t before = key_process();

	(void)state;
	blank(&card, 51);
	assert_int_equal(kill(before, SIGKILL), 0);
	session("personalize", &card);
	assert_reject("key process: it is gone");
	dispose(CK_DISP_REJECTED);
	gp_card_free(&card);
	blank(&card, 52);
	session("personalize", &card);
	assert_int_equal(ck_u(&m.f, CK_T_VERDICT), CK_GOOD);
	dispose(CK_DISP_GOOD);
	assert_true(key_process() != before);
	gp_card_free(&card);
}

static void killed_cas_rejects_what_was_open(void **state)
{
	struct gp_card card;
	uint64_t epoch;
	char record[16];

	(void)state;
	profile("stop", "local card = ...\n"
		"local scp = card:open_scp03{kmc = 'kmc'}\ncard:claim(scp:kdd())\n"
		"while true do card:send{ins = 0xCA, p1 = 0, p2 = 0x66, le = 0, expect = false} end");
	blank(&card, 50);
	station_request(&st, ++number, "stop", false);
	{
		/* Serve until the claim is made, then the CAS dies. */
		uint8_t rsp[GP_RESPONSE_MAX];
		struct ck_builder b;
		int fd = accept(st.channel_listen, NULL, NULL);

		assert_true(station_read(fd, &m));
		ck_begin(&b, CK_OPENED, 0);
		ck_put_u64(&b, CK_T_REQUEST, number);
		ck_put_u32(&b, CK_T_PRESENCE_GEN, 7);
		ck_put_u32(&b, CK_T_POWER_GEN, 1);
		station_write(fd, &b);
		for (int i = 0; i < 2; i++) {
			size_t len;

			assert_true(station_read(fd, &m));
			len = gp_card_command(&card, m.f.field[CK_T_DATA].data,
					      m.f.field[CK_T_DATA].len, rsp);
			ck_begin(&b, CK_RESPONSE, m.f.number);
			ck_put_u16(&b, CK_T_STATUS, 0);
			ck_put_u32(&b, CK_T_POWER_GEN, 1);
			ck_put(&b, CK_T_DATA, rsp, len);
			station_write(fd, &b);
		}
		assert_true(station_read(fd, &m));
		assert_query("SELECT state FROM record WHERE request ="
			     " (SELECT max(id) FROM request)", "INTENT");
		query("SELECT record - 1 FROM request ORDER BY id DESC LIMIT 1", record,
		      sizeof(record));
		assert_no_key_in_memory(&card, atoi(record));
		/* What ends it by accident writes no core file either, however large it may be. */
		end_casd(SIGABRT);
		close(fd);
	}
	start();
	epoch = station_hello(&st);
	/* Of this test's fourth casd: each one counts at its start, and for the lease. */
	assert_int_equal(epoch, 8);
	station_request(&st, number, "stop", true);
	station_result(&st, number, &m);
	assert_reject("the CAS was restarted");
	dispose(CK_DISP_REJECTED);
	assert_query("SELECT state FROM record WHERE request ="
		     " (SELECT max(id) FROM request)", "VOID");
	gp_card_free(&card);
}

static int shell_status(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int shell_status(const char *format, ...)
{
	char command[768];
	va_list ap;
	size_t n;

	n = (size_t)snprintf(command, sizeof(command), "cd %s && exec >said 2>&1; ", bed.dir);
	va_start(ap, format);
	vsnprintf(command + n, sizeof(command) - n, format, ap);
	va_end(ap);
	return system(command);
}

#ifndef POSTGRES
#define VERIFY CASCTL " ledger verify --heads heads --public point --db "

/* A chain that holds together is not enough: it must be the one that was seen before. */
static void heads_show_what_the_chain_does_not(void **state)
{
	(void)state;
	assert_int_equal(shell_status(CASCTL " key public --pin-file pin --name ledger >point"), 0);
	end_casd(SIGTERM);
	assert_int_equal(shell_status(VERIFY "cas.db | grep -E '[1-9][0-9]* heads kept'"), 0);
	/* cut off */
	assert_int_equal(shell_status("sqlite3 cas.db '.backup cut.db' && sqlite3 cut.db"
				      " 'DROP TRIGGER ledger_no_delete; DELETE FROM ledger"
				      " WHERE seq > (SELECT max(seq) - 3 FROM ledger)'"), 0);
	assert_int_equal(shell_status(CASCTL " ledger verify --db cut.db"), 0);
	assert_int_not_equal(shell_status(VERIFY "cut.db"), 0);
	assert_int_equal(shell_status(VERIFY "cut.db 2>&1 | grep 'cut off'"), 0);
	/* heads that somebody else made, or that belong to another chain */
	assert_int_equal(shell_status("sed 's/.$/0/;t' heads | sed '$s/0$/1/' >forged"), 0);
	assert_int_not_equal(shell_status(CASCTL " ledger verify --heads forged --public point"
					  " --db cas.db"), 0);
	assert_int_equal(shell_status("tac heads | sed '1s/^[0-9]*/1/' >moved"), 0);
	assert_int_not_equal(shell_status(CASCTL " ledger verify --heads moved --public point"
					  " --db cas.db"), 0);
	start();
	station_hello(&st);
}

/* A backup that is put back, and its witness with it, is found out by the heads. */
static void heads_know_an_old_copy(void **state)
{
	struct gp_card card;
	int status;

	(void)state;
	end_casd(SIGTERM);
	assert_int_equal(shell_status("cp cas.db old.db"), 0);
	start();
	station_hello(&st);
	blank(&card, 61);
	session("personalize", &card);
	assert_int_equal(ck_u(&m.f, CK_T_VERDICT), CK_GOOD);
	dispose(CK_DISP_GOOD);
	gp_card_free(&card);
	end_casd(SIGTERM);
	assert_int_equal(shell_status("mv cas.db new.db; cp old.db cas.db; mv witness w"),
			 0);
	start();
	assert_int_equal(waitpid(bed.casd, &status, 0), bed.casd);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	assert_int_equal(shell_status("grep -E 'event=heads.*(old copy|not the one)' casd.log"), 0);
	assert_int_equal(shell_status("rm -f cas.db-wal cas.db-shm; mv new.db cas.db;"
				      " mv w witness"), 0);
	start();
	station_hello(&st);
}
#endif

/* Cards, as they were issued, are all accounted for; so are the records. */
static void cards_and_records_add_up(void **state)
{
	(void)state;
	assert_int_equal(shell_status(CASCTL " reconcile --db " DB " --csv | tr -d '\\r' |"
				      " awk -F, 'NR > 1 { n++; if ($1 != \"first\" || $3 < 5 ||"
				      " $4 < 2 || $5 < 1 || $2 != $3 + $4 + $5 + $6 + $7) exit 1 }"
				      " END { exit n != 1 }'"), 0);
	for (int i = 0; i < 3; i++) {
		static const char *const by[] = { "day", "station", "batch" };

		assert_int_equal(shell_status(CASCTL " reconcile --db " DB " --by %s --csv |"
					      " awk -F, 'NR > 1 { n += $2 } END { exit n < 10 }'",
					      by[i]), 0);
	}
	assert_int_equal(shell_status(CASCTL " reconcile --db " DB " --to '2001-01-01' --csv |"
				      " awk 'END { exit NR != 1 }'"), 0);
	assert_int_not_equal(shell_status(CASCTL " reconcile --db " DB " --to \"0'\""), 0);
	assert_int_equal(shell_status(CASCTL " response --db " DB " --order first --csv |"
				      " awk 'END { exit NR != %d }'", RECORDS + 1), 0);
	assert_int_equal(shell_status(CASCTL " response --db " DB " --order first --csv |"
				      " grep -c ,good, >n; " CASCTL " records --db " DB " |"
				      " grep -c DELIVERED | cmp n"), 0);
}

#ifndef POSTGRES
/* What is exported has every entry, and text of any kind is whole. */
static void ledger_is_exported(void **state)
{
	(void)state;
	assert_int_equal(shell_status(CASCTL " ledger export --db cas.db --csv >l.csv &&"
				      " sqlite3 :memory: '.import --csv l.csv l'"
				      " 'SELECT count(*), sum(json_valid(body)) FROM l' >a &&"
				      " sqlite3 cas.db 'SELECT count(*), count(*) FROM ledger' |"
				      " cmp a"), 0);
	assert_int_equal(shell_status(CASCTL " ledger export --db cas.db --json >l.json &&"
				      " sqlite3 :memory: \"SELECT count(*), count(hash) FROM"
				      " (SELECT json_extract(value, '\\$.hash') AS hash"
				      " FROM json_each(readfile('l.json')))\" >b && cmp a b"), 0);
	assert_int_not_equal(shell_status(CASCTL " ledger export --db cas.db"), 0);
}
#endif

static void new_journal_puts_issued_in_doubt(void **state)
{
	struct gp_card card;

	(void)state;
	blank(&card, 60);
	session("personalize", &card);
	assert_int_equal(ck_u(&m.f, CK_T_VERDICT), CK_GOOD);
	st.journal_epoch = 6;
	st.last_disposition = 0;
	disposition = 0;
	station_hello(&st);
	assert_query("SELECT state FROM record WHERE request ="
		     " (SELECT max(id) FROM request)", "DOUBT");
	gp_card_free(&card);
}

static void ledger_holds_together(void **state)
{
	char error[192], head[65];
	struct ledger *l = ledger_open(bed.db, true, error, sizeof(error));
	struct ledger_chains chains;
	uint64_t entries, all = 0;

	(void)state;
	assert_non_null(l);
	assert_int_equal(ledger_chains(l, &chains), LEDGER_OK);
	for (unsigned int i = 0; i < chains.count; i++) {
		assert_int_equal(ledger_verify(l, chains.name[i], &entries, head), LEDGER_OK);
		all += entries;
	}
	assert_true(all > 40);
	ledger_close(l);
	assert_query("SELECT count(*) FROM ledger WHERE body LIKE '%5907%' OR body LIKE '%87654%'",
		     "0");
}

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
	assert_int_equal(ck_u(&m.f, CK_T_VERDICT), CK_HOLD);
	assert_int_equal(st.batches, 1);
	assert_int_equal(st.commands, 4);
	assert_int_equal(st.last_number, 4);
	dispose(CK_DISP_REJECTED);

	/* the channel breaks after two of them: the third follows by itself */
	st.cut_after = 2;
	session("batch", &card);
	st.cut_after = 0;
	assert_int_equal(ck_u(&m.f, CK_T_VERDICT), CK_HOLD);
	assert_int_equal(st.batches, 2);
	assert_int_equal(st.last_number, 4);
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
	assert_int_equal(st.batches, 2);
	assert_int_equal(st.commands, 5);
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
	st.entry = "Hagn";
	session("ask", &card);
	assert_int_equal(ck_u(&m.f, CK_T_VERDICT), CK_HOLD);
	assert_int_equal(m.f.field[CK_T_REASON].len, 9);
	assert_memory_equal(m.f.field[CK_T_REASON].data, "true Hagn", 9);
	assert_int_equal(st.prompts, 3);
	assert_int_equal(st.prompt_kind, CK_PROMPT_ENTRY);
	assert_string_equal(st.prompt_text, "Name f\303\274r die Karte?");
	dispose(CK_DISP_REJECTED);

	st.entry = NULL;
	session("ask", &card);
	assert_memory_equal(m.f.field[CK_T_REASON].data, "false nil", 9);
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
	st.hang_at = 2;
	session("long", &card);
	st.hang_at = 0;
	assert_true(st.cancelled);
	assert_reject("the card was changed");
	dispose(CK_DISP_REJECTED);
	gp_card_free(&card);
}

/* Who runs keeps the profile that he began with; the next card has the new one. */
static void profiles_change_while_sessions_run(void **state)
{
	struct pollfd channel = { .fd = st.channel_listen, .events = POLLIN };
	struct gp_card card;

	(void)state;
	blank(&card, 74);
	profile("old", "local card = ...\n"
		"card:prompt{kind = 'confirm', text = 'change it now'}\n"
		"card:send{ins = 0xa4, p1 = 4, expect = false}\n"
		"return {verdict = 'hold', reason = 'the old one'}\n");
	station_request(&st, ++number, "old", false);
	/* The session is there when its channel is asked for; the script runs after that. */
	assert_int_equal(poll(&channel, 1, 20000), 1);
	profile("old", "return {verdict = 'hold', reason = 'the new one'}\n");
	station_serve(&st, number, &card);
	station_result(&st, number, &m);
	assert_int_equal(ck_u(&m.f, CK_T_VERDICT), CK_HOLD);
	assert_memory_equal(m.f.field[CK_T_REASON].data, "the old one", 11);
	dispose(CK_DISP_REJECTED);
	session("old", &card);
	assert_memory_equal(m.f.field[CK_T_REASON].data, "the new one", 11);
	dispose(CK_DISP_REJECTED);
	gp_card_free(&card);
}

static void shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void shell(const char *format, ...)
{
	char command[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(command, sizeof(command), format, ap);
	va_end(ap);
	assert_int_equal(system(command), 0);
}

/* No session begins. */
static void refused(const char *application, const char *reason)
{
	station_request(&st, ++number, application, false);
	station_result(&st, number, &m);
	assert_reject(reason);
	dispose(CK_DISP_REJECTED);
}

static void only_signed_profiles_run(void **state)
{
	struct gp_card card;

	(void)state;
	blank(&card, 75);
	shell("openssl genpkey -algorithm ed25519 -out %s/private", bed.dir);
	shell("openssl pkey -in %s/private -pubout -out %s/public", bed.dir, bed.dir);
	profile("sign", "return {verdict = 'hold', reason = 'signed'}\n");
	end_casd(SIGTERM);
	snprintf(bed.signer, sizeof(bed.signer), "%s/public", bed.dir);
	start();
	station_hello(&st);
	refused("sign", "is not signed");
	shell(CASCTL " profile sign --key %s/private %s/sign.lua", bed.dir, bed.profiles);
	session("sign", &card);
	assert_int_equal(ck_u(&m.f, CK_T_VERDICT), CK_HOLD);
	dispose(CK_DISP_REJECTED);
	shell("cp %s/sign.lua %s/other.lua; cp %s/sign.lua.sig %s/other.lua.sig", bed.profiles,
	      bed.profiles, bed.profiles, bed.profiles);
	refused("other", "not what was signed");
	profile("sign", "return {verdict = 'good'}\n");
	refused("sign", "not what was signed");
	end_casd(SIGTERM);
	*bed.signer = '\0';
	start();
	station_hello(&st);
	gp_card_free(&card);
}

/* ---- orders ---- */

/* casctl station, in the background; what it prints is in orders.out. */
static pid_t casctl_station(const char *const *args)
{
	const char *argv[12] = { "casctl", "station", "--socket", bed.orders };
	char out[192];
	pid_t pid;

	for (int i = 4; *args; args++)
		argv[i++] = *args;
	snprintf(out, sizeof(out), "%s/orders.out", bed.dir);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		dup2(fd, 1);
		dup2(fd, 2);
		execv(CASCTL, (char *const *)argv);
		_exit(127);
	}
	return pid;
}

static void casctl_ends(pid_t pid, int status, const char *text)
{
	char path[192], got[512];
	size_t n;
	FILE *f;
	int s;

	assert_int_equal(waitpid(pid, &s, 0), pid);
	snprintf(path, sizeof(path), "%s/orders.out", bed.dir);
	f = fopen(path, "r");
	assert_non_null(f);
	n = fread(got, 1, sizeof(got) - 1, f);
	got[n] = '\0';
	fclose(f);
	if (!WIFEXITED(s) || WEXITSTATUS(s) != status || !strstr(got, text))
		fail_msg("status %x: \"%s\"", (unsigned int)s, got);
}

static void expect_order(enum ck_order order)
{
	assert_true(station_read(st.control, &m));
	assert_int_equal(m.f.type, CK_ORDER);
	assert_int_equal(ck_u(&m.f, CK_T_ORDER), order);
}

static void acknowledge_order(uint16_t status)
{
	struct ck_builder b;

	ck_begin(&b, CK_ORDER_ACK, m.f.number);
	ck_put_u8(&b, CK_T_ORDER, (uint8_t)ck_u(&m.f, CK_T_ORDER));
	ck_put_u16(&b, CK_T_STATUS, status);
	station_write(st.control, &b);
}

static void send_inventory(uint32_t order, uint8_t request, bool more)
{
	const uint8_t item[17] = { [7] = request, [11] = 2, [15] = 7, [16] = 3 };
	struct ck_builder b;

	ck_begin(&b, CK_INVENTORY, order);
	ck_put_u8(&b, CK_T_MORE, more);
	ck_put(&b, CK_T_INVENTORY, item, sizeof(item));
	station_write(st.control, &b);
}

static void orders_go_to_the_station(void **state)
{
	uint32_t order;
	pid_t pid;

	(void)state;
	pid = casctl_station((const char *const[]){ "hold", "--reason", "no more blanks", NULL });
	expect_order(CK_ORDER_HOLD);
	assert_int_equal(m.f.field[CK_T_REASON].len, 14);
	assert_memory_equal(m.f.field[CK_T_REASON].data, "no more blanks", 14);
	acknowledge_order(0);
	casctl_ends(pid, 0, "");

	pid = casctl_station((const char *const[]){ "stop", "--lane", "9", NULL });
	expect_order(CK_ORDER_STOP_LANE);
	assert_int_equal(ck_u(&m.f, CK_T_COUPLER), 9);
	acknowledge_order(CK_STATUS_COUPLER);
	casctl_ends(pid, 1, "no such lane");

	pid = casctl_station((const char *const[]){ "inventory", NULL });
	expect_order(CK_ORDER_INVENTORY);
	order = m.f.number;
	send_inventory(order, 4, true);
	send_inventory(order - 1, 99, false);	/* of another order, whose client has gone */
	send_inventory(order, 5, false);
	casctl_ends(pid, 0, "request=4 coupler=2 presence_gen=7 state=running\n"
			    "request=5 coupler=2 presence_gen=7 state=running\n");
}

static void wrong_orders_reach_no_station(void **state)
{
	static const char *const wrong[] = {
		"- explode\n", "-\n", "- stop\n", "- stop x\n", "- stop 99999999999\n",
		"- hold \001\n", "192.0.2.1:1 hold\n", " x\n", "\n",
	};
	char line[300], got[128];

	(void)state;
	casctl_ends(casctl_station((const char *const[]){ "stop", NULL }), 2, "which --lane");
	casctl_ends(casctl_station((const char *const[]){ "hold", "--station", "::1", NULL }), 1,
		    "no such station");
	memset(line, 'x', sizeof(line));
	for (size_t i = 0; i <= sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct sockaddr_un sun = { .sun_family = AF_UNIX };
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		const char *text = i < sizeof(wrong) / sizeof(wrong[0]) ? wrong[i] : line;
		ssize_t n;

		strcpy(sun.sun_path, bed.orders);
		assert_int_equal(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
		n = text == line ? (ssize_t)sizeof(line) : (ssize_t)strlen(text);
		assert_int_equal(write(fd, text, (size_t)n), n);
		n = read(fd, got, sizeof(got));
		assert_true(n > 4 && !memcmp(got, "err ", 4));
		assert_true(read(fd, got, sizeof(got)) <= 0);
		close(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(personalizes_a_card),
		cmocka_unit_test(repeat_gets_the_same_result),
		cmocka_unit_test(unknown_repeat_is_rejected),
		cmocka_unit_test(wrong_cryptogram_takes_no_record),
		cmocka_unit_test(wrong_rmac_spoils_the_record),
		cmocka_unit_test(good_card_never_twice),
		cmocka_unit_test(broken_channel_goes_on),
		cmocka_unit_test(silent_card_is_tried_again),
		cmocka_unit_test(unknown_dispositions_are_doubt),
		cmocka_unit_test(unknown_application),
		cmocka_unit_test(hostile_profiles_end_alone),
		cmocka_unit_test(secrets_are_handles),
		cmocka_unit_test(refused_claim_is_not_good),
		cmocka_unit_test(public_keys_collect_nothing),
		cmocka_unit_test(evidence_is_of_the_claimed_card),
		cmocka_unit_test(old_database_gives_nothing_out),
		cmocka_unit_test(unknown_result_starts_nothing),
		cmocka_unit_test(malformed_frame_is_refused),
		cmocka_unit_test(batch_is_played_in_one_frame),
		cmocka_unit_test(batch_stops_at_what_is_not_accepted),
		cmocka_unit_test(card_holder_is_asked),
		cmocka_unit_test(session_that_ends_cancels_its_command),
		cmocka_unit_test(profiles_change_while_sessions_run),
		cmocka_unit_test(personalizes_by_scp02),
		cmocka_unit_test(order_permits),
		cmocka_unit_test(wrong_scheme_takes_no_record),
		cmocka_unit_test(only_signed_profiles_run),
		cmocka_unit_test(wrong_orders_reach_no_station),
		cmocka_unit_test(orders_go_to_the_station),
		cmocka_unit_test(keys_are_not_in_memory),
		cmocka_unit_test(key_process_may_end),
		cmocka_unit_test(killed_cas_rejects_what_was_open),
#ifndef POSTGRES
		cmocka_unit_test(heads_show_what_the_chain_does_not),
		cmocka_unit_test(heads_know_an_old_copy),
#endif
		cmocka_unit_test(cards_and_records_add_up),
#ifndef POSTGRES
		cmocka_unit_test(ledger_is_exported),
#endif
		cmocka_unit_test(new_journal_puts_issued_in_doubt),
		cmocka_unit_test(ledger_holds_together),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
