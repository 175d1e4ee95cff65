// SPDX-License-Identifier: GPL-2.0-only
/* Profiles that are not there, err or want harm, and signatures that are not as they should be. */
#include "cases.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scene.h"
#include "identity.h"

static void unknown_application(void **state)
{
	static const char *const names[] = { "nothing", "../profiles/personalize", "PERSONALIZE" };

	(void)state;
	for (int i = 0; i < 3; i++) {
		station_request(&station, ++request, names[i], false);
		station_result(&station, request, &message);
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
			assert_int_equal(ck_u(&message.f, CK_T_VERDICT), CK_GOOD);
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
	station_request(&station, ++request, application, false);
	station_result(&station, request, &message);
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
	station_hello(&station);
	refused("sign", "is not signed");
	shell(CASCTL " profile sign --key %s/private %s/sign.lua", bed.dir, bed.profiles);
	session("sign", &card);
	assert_int_equal(ck_u(&message.f, CK_T_VERDICT), CK_HOLD);
	dispose(CK_DISP_REJECTED);
	shell("cp %s/sign.lua %s/other.lua; cp %s/sign.lua.sig %s/other.lua.sig", bed.profiles,
	      bed.profiles, bed.profiles, bed.profiles);
	refused("other", "not what was signed");
	profile("sign", "return {verdict = 'good'}\n");
	refused("sign", "not what was signed");
	end_casd(SIGTERM);
	*bed.signer = '\0';
	start();
	station_hello(&station);
	gp_card_free(&card);
}

const struct CMUnitTest profile_cases[] = {
	cmocka_unit_test(unknown_application),
	cmocka_unit_test(hostile_profiles_end_alone),
	cmocka_unit_test(secrets_are_handles),
	cmocka_unit_test(refused_claim_is_not_good),
	cmocka_unit_test(public_keys_collect_nothing),
	cmocka_unit_test(evidence_is_of_the_claimed_card),
	{}
};

const struct CMUnitTest signature_cases[] = {
	cmocka_unit_test(only_signed_profiles_run),
	{}
};
