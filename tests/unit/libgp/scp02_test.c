// SPDX-License-Identifier: GPL-2.0-only
/* The host's SCP02, and what card keys come from, against published values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../vectors/schemes.h"
#include "../../vectors/scp02.h"
#include "libgp/des.h"
#include "libgp/hex.h"
#include "libgp/publickey.h"
#include "libgp/putkey.h"
#include "libgp/scheme.h"
#include "libgp/scp02.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static size_t bytes(const char *text, uint8_t *out, size_t cap)
{
	ssize_t n = hex_decode(text, strlen(text), out, cap);

	assert_true(n >= 0);
	return (size_t)n;
}

static void start(const struct scp02_session *v, struct gp_scp02 *s, struct gp_init_update *iu)
{
	uint8_t rsp[64], context[16], want[64], apdu[GP_APDU_MAX], level;
	struct gp_session_keys keys = { .enc = { 0 } };
	size_t n = bytes(v->init_update_rsp, rsp, sizeof(rsp));

	assert_null(gp_init_update_parse(rsp, n, iu));
	assert_int_equal(iu->scp, 2);
	bytes(v->s_enc, keys.enc, 16);
	bytes(v->s_mac, keys.mac, 16);
	bytes(v->host_challenge, context, 8);
	memcpy(context + 8, iu->challenge, 8);
	bytes(v->level, &level, 1);
	assert_null(gp_scp02_begin(s, &keys, context, iu, level));
	n = bytes(v->ext_auth, want, sizeof(want));
	assert_int_equal(gp_scp02_external_authenticate(s, apdu), n);
	assert_memory_equal(apdu, want, n);
	s->open = true;
}

static void published_sessions(void **state)
{
	unsigned int commands = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(scp02_sessions); i++) {
		const struct scp02_session *v = &scp02_sessions[i];
		struct gp_init_update iu;
		struct gp_scp02 s;

		start(v, &s, &iu);
		for (size_t j = 0; j < COUNT(v->commands) && v->commands[j][0]; j++) {
			uint8_t apdu[GP_APDU_MAX], want[GP_APDU_MAX], out[GP_APDU_MAX];
			size_t n = bytes(v->commands[j][0], apdu, sizeof(apdu));
			size_t m = bytes(v->commands[j][1], want, sizeof(want));

			assert_int_equal(gp_scp02_wrap(&s, apdu, n, out), m);
			assert_memory_equal(out, want, m);
			commands++;
		}
	}
	assert_int_equal(commands, 7);
}

static void wrong_card_cryptogram(void **state)
{
	const struct scp02_session *v = &scp02_sessions[0];
	struct gp_session_keys keys = { .enc = { 0 } };
	struct gp_init_update iu;
	struct gp_scp02 s;
	uint8_t context[16];

	(void)state;
	start(v, &s, &iu);
	bytes(v->s_enc, keys.enc, 16);
	bytes(v->host_challenge, context, 8);
	memcpy(context + 8, iu.challenge, 8);
	iu.cryptogram[7] ^= 1;
	assert_string_equal(gp_scp02_begin(&s, &keys, context, &iu, 3), "wrong card cryptogram");
	iu.cryptogram[7] ^= 1;
	assert_null(gp_scp02_begin(&s, &keys, context, &iu, 3));
	assert_non_null(gp_scp02_begin(&s, &keys, context, &iu, 0));
	assert_non_null(gp_scp02_begin(&s, &keys, context, &iu, 0x33));
}

static void wrap_refuses(void **state)
{
	uint8_t apdu[GP_APDU_MAX] = { 0x80, 0xe2, 0, 0, 240 }, out[GP_APDU_MAX];
	struct gp_init_update iu;
	struct gp_scp02 s;

	(void)state;
	start(&scp02_sessions[1], &s, &iu);
	assert_int_equal(gp_scp02_wrap(&s, apdu, 245, out), -1);	/* 239 are the most */
	apdu[4] = 239;
	assert_int_equal(gp_scp02_wrap(&s, apdu, 243, out), -1);
	assert_int_equal(gp_scp02_wrap(&s, apdu, 3, out), -1);
	assert_int_equal(gp_scp02_wrap(&s, apdu, 244, out), 5 + 240 + 8);
	s.open = false;
	assert_int_equal(gp_scp02_wrap(&s, apdu, 244, out), -1);
}

static void schemes_published(void **state)
{
	uint8_t master[16], kdd[10], block[GP_SCHEME_BLOCKS], key[16], want[16], kcv[3];

	(void)state;
	bytes("404142434445464748494A4B4C4D4E4F", master, 16);
	bytes("00010203040506070809", kdd, 10);
	for (size_t i = 0; i < COUNT(scheme_vectors); i++) {
		for (unsigned int k = 0; k < 6; k++) {
			struct gp_scheme s;

			assert_null(gp_scheme_parse(k < 3 ? scheme_vectors[i].scheme :
						    scheme_vectors[i].described, &s));
			assert_false(s.cmac);
			gp_scheme_blocks(&s, k % 3 + 1, kdd, block);
			assert_int_equal(gp_des3_ecb(master, block, 16, key), 0);
			bytes(scheme_vectors[i].key[k % 3], want, 16);
			assert_memory_equal(key, want, 16);
			assert_int_equal(gp_des_kcv(key, kcv), 0);
			bytes(scheme_vectors[i].kcv[k % 3], want, 3);
			assert_memory_equal(kcv, want, 3);
		}
	}
}

/* A scheme by which cards or keys would be alike, or which is none. */
static void schemes_refused(void **state)
{
	static const char *const bad[] = {
		"", "visa3", "ecb", "ecb:", "cmac:", "xts:nn000000kk00#0#1#2#3#4#5#6#7#8#9",
		"cmac:nn000000kk00#0#1#2#3#4#5#6#7#8",
		"cmac:nn000000kk00#0#1#2#3#4#5#6#7#8#90",
		"cmac:nn000000kk00#0#1#2#3#4#5#6#7#8#9#0",
		"cmac:nn000000kk00#0#1#2#3#4#5#6#7#8#a",
		"cmac:nn000000kk00#0#1#2#3#4#5#6#7#8 9",
		"cmac:nn000000kk0000000000000000000000",
		"cmac:nn000000nn00#0#1#2#3#4#5#6#7#8#9",
	};
	struct gp_scheme s;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (!gp_scheme_parse(bad[i], &s))
			fail_msg("\"%s\" was taken", bad[i]);
	assert_null(gp_scheme_parse("kdf3", &s));
	assert_true(s.cmac);
}

static void put_key_command(void **state)
{
	struct gp_put_key keys[3] = { 0 };
	uint8_t apdu[GP_PUT_KEY_MAX];

	(void)state;
	for (int i = 0; i < 3; i++)
		memset(keys[i].encrypted, 0x10 + i, 16);
	assert_int_equal(gp_put_key(true, 0x20, 0x21, keys, apdu), 6 + 3 * 22 + 1);
	assert_memory_equal(apdu, "\x80\xd8\x20\x81\x43\x21\x80\x10\x10", 9);
	assert_int_equal(apdu[6 + 22], 0x80);
	assert_int_equal(apdu[6 + 3 * 22], 0);
}

static void public_keys(void **state)
{
	(void)state;
	assert_true(gp_kcv_is_public((const uint8_t *)"\x50\x4a\x77"));	/* AES */
	assert_true(gp_kcv_is_public((const uint8_t *)"\x8b\xaf\x47"));	/* triple DES */
	assert_true(gp_kcv_is_public((const uint8_t *)"\xc3\x52\x80"));	/* 00 01 .. 0F */
	assert_false(gp_kcv_is_public((const uint8_t *)"\x50\x4a\x76"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_sessions),
		cmocka_unit_test(wrong_card_cryptogram),
		cmocka_unit_test(wrap_refuses),
		cmocka_unit_test(schemes_published),
		cmocka_unit_test(schemes_refused),
		cmocka_unit_test(put_key_command),
		cmocka_unit_test(public_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
