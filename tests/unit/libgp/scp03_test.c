// SPDX-License-Identifier: GPL-2.0-only
/* The host's SCP03 against published sessions, and what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../vectors/kdf3.h"
#include "../../vectors/scp03_aes128.h"
#include "libgp/aes.h"
#include "libgp/dgi.h"
#include "libgp/hex.h"
#include "libgp/putkey.h"
#include "libgp/scp03.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static size_t bytes(const char *text, uint8_t *out, size_t cap)
{
	ssize_t n = hex_decode(text, strlen(text), out, cap);

	assert_true(n >= 0);
	return (size_t)n;
}

static void start(const struct scp03_session *v, struct gp_scp03 *s)
{
	struct gp_session_keys keys;
	struct gp_init_update iu;
	uint8_t enc[16], mac[16], context[16], rsp[64], want[64], apdu[GP_APDU_MAX], level;
	size_t n = bytes(v->init_update_rsp, rsp, sizeof(rsp));

	assert_null(gp_init_update_parse(rsp, n, &iu));
	bytes(v->enc, enc, 16);
	bytes(v->mac, mac, 16);
	bytes(v->host_challenge, context, 8);
	memcpy(context + 8, iu.challenge, 8);
	assert_int_equal(gp_scp03_derive(enc, GP_DERIVE_S_ENC, 128, context, keys.enc), 0);
	assert_int_equal(gp_scp03_derive(mac, GP_DERIVE_S_MAC, 128, context, keys.mac), 0);
	assert_int_equal(gp_scp03_derive(mac, GP_DERIVE_S_RMAC, 128, context, keys.rmac), 0);
	if (v->s_enc) {
		bytes(v->s_enc, want, 16);
		assert_memory_equal(keys.enc, want, 16);
	}
	if (v->s_rmac) {
		bytes(v->s_rmac, want, 16);
		assert_memory_equal(keys.rmac, want, 16);
	}
	bytes(v->level, &level, 1);
	assert_null(gp_scp03_begin(s, &keys, context, &iu, level));
	n = bytes(v->ext_auth, want, sizeof(want));
	assert_int_equal(gp_scp03_external_authenticate(s, apdu), n);
	assert_memory_equal(apdu, want, n);
	s->open = true;
}

/* Without R-MAC a published response is what went over the line. */
static void check_response(struct gp_scp03 *s, const struct scp03_command *c)
{
	uint8_t rsp[GP_RESPONSE_MAX], out[GP_RESPONSE_MAX], want[GP_RESPONSE_MAX];
	size_t n = bytes(c->response, rsp, 256), m = bytes(c->response_plain, want, 256), got;

	n += bytes(c->sw ? c->sw : "9000", rsp + n, 2);
	assert_null(gp_scp03_unwrap(s, rsp, n, out, &got));
	assert_int_equal(got, m + 2);
	assert_memory_equal(out, want, m);
	if (!(s->level & GP_LEVEL_R_MAC))
		return;
	for (size_t i = 0; i < n; i++) {
		struct gp_scp03 again = *s;

		rsp[i] ^= 0x40;
		assert_non_null(gp_scp03_unwrap(&again, rsp, n, out, &got));
		assert_false(again.open);
		rsp[i] ^= 0x40;
	}
}

static void published_sessions(void **state)
{
	unsigned int commands = 0, responses = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(scp03_sessions); i++) {
		const struct scp03_session *v = &scp03_sessions[i];
		struct gp_scp03 s;

		start(v, &s);
		for (size_t j = 0; j < COUNT(v->commands) && v->commands[j].plain; j++) {
			const struct scp03_command *c = &v->commands[j];
			uint8_t apdu[GP_APDU_MAX], want[GP_APDU_MAX], out[GP_APDU_MAX];
			size_t n = bytes(c->plain, apdu, sizeof(apdu));
			size_t m = bytes(c->wrapped, want, sizeof(want));
			ssize_t got = gp_scp03_wrap(&s, apdu, n, out);

			/* Samsung's data set leaves Le out of what is sent. */
			if (got == (ssize_t)m + 1)
				got--;
			assert_int_equal(got, m);
			assert_memory_equal(out, want, m);
			commands++;
			if (c->response && c->response_plain) {
				check_response(&s, c);
				responses++;
			}
		}
	}
	assert_true(commands >= 15 && responses >= 4);
}

static void wrong_card_cryptogram(void **state)
{
	const struct scp03_session *v = &scp03_sessions[2];
	struct gp_session_keys keys = { .enc = { 0 } };
	struct gp_init_update iu;
	struct gp_scp03 s;
	uint8_t rsp[64], context[16];
	size_t n = bytes(v->init_update_rsp, rsp, sizeof(rsp));

	(void)state;
	assert_null(gp_init_update_parse(rsp, n, &iu));
	bytes(v->host_challenge, context, 8);
	memcpy(context + 8, iu.challenge, 8);
	bytes(v->s_mac, keys.mac, 16);
	assert_null(gp_scp03_begin(&s, &keys, context, &iu, 0x33));
	iu.cryptogram[7] ^= 1;
	assert_string_equal(gp_scp03_begin(&s, &keys, context, &iu, 0x33),
			    "wrong card cryptogram");
}

static void hostile_init_update(void **state)
{
	struct gp_init_update iu;
	uint8_t rsp[64] = { 0 };

	(void)state;
	for (size_t n = 0; n < sizeof(rsp); n++) {
		rsp[11] = 1;
		assert_non_null(gp_init_update_parse(rsp, n, &iu));
		rsp[11] = 2;
		assert_int_equal(!gp_init_update_parse(rsp, n, &iu), n == 28);
		rsp[11] = 3;
		rsp[12] = 0x70;
		assert_int_equal(!gp_init_update_parse(rsp, n, &iu), n == 32);
		rsp[12] = 0x60;
		assert_int_equal(!gp_init_update_parse(rsp, n, &iu), n == 29);
	}
}

static void levels(void **state)
{
	(void)state;
	assert_true(gp_level_offered(0x70, 0x33));
	assert_true(gp_level_offered(0x10, 0x03));
	assert_false(gp_level_offered(0x10, 0x11));
	assert_false(gp_level_offered(0x30, 0x33));
	assert_false(gp_level_offered(0x70, 0x31));
	assert_false(gp_level_offered(0x70, 0x02));
}

static void wrap_refuses(void **state)
{
	uint8_t apdu[300] = { 0x80, 0xe2, 0, 0 }, out[GP_APDU_MAX];
	struct gp_scp03 s;

	(void)state;
	start(&scp03_sessions[2], &s);
	assert_int_equal(gp_scp03_wrap(&s, apdu, 3, out), -1);
	apdu[4] = 0;
	assert_int_equal(gp_scp03_wrap(&s, apdu, 8, out), -1);
	apdu[4] = 10;
	assert_int_equal(gp_scp03_wrap(&s, apdu, 14, out), -1);
	assert_int_equal(gp_scp03_wrap(&s, apdu, 17, out), -1);
	apdu[4] = 240;
	assert_int_equal(gp_scp03_wrap(&s, apdu, 245, out), -1);
	apdu[4] = 239;
	assert_int_equal(gp_scp03_wrap(&s, apdu, 245, out), 261 - 8 + 1);
}

static void error_status_is_bare(void **state)
{
	uint8_t out[GP_RESPONSE_MAX], bare[2] = { 0x6a, 0x88 };
	uint8_t loaded[10] = { 0, 0, 0, 0, 0, 0, 0, 0, 0x6a, 0x88 };
	uint8_t good[2] = { 0x90, 0x00 };
	struct gp_scp03 s;
	size_t n;

	(void)state;
	start(&scp03_sessions[2], &s);
	assert_null(gp_scp03_unwrap(&s, bare, 2, out, &n));
	assert_int_equal(n, 2);
	assert_true(s.open);
	assert_string_equal(gp_scp03_unwrap(&s, good, 2, out, &n), "R-MAC missing");
	assert_false(s.open);
	start(&scp03_sessions[2], &s);
	assert_non_null(gp_scp03_unwrap(&s, loaded, 10, out, &n));
	assert_false(s.open);
}

static void key_check_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(aes_kcv_vectors); i++) {
		uint8_t key[16], want[3], got[3];

		bytes(aes_kcv_vectors[i].key, key, 16);
		bytes(aes_kcv_vectors[i].kcv, want, 3);
		assert_int_equal(gp_aes_kcv(key, got), 0);
		assert_memory_equal(got, want, 3);
	}
}

/* RFC 3394 section 4.1. */
static void key_wrap(void **state)
{
	uint8_t kek[16], key[16], want[24], got[24], back[16];

	(void)state;
	bytes("000102030405060708090A0B0C0D0E0F", kek, 16);
	bytes("00112233445566778899AABBCCDDEEFF", key, 16);
	bytes("1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5", want, 24);
	assert_int_equal(gp_aes_wrap(kek, key, got), 0);
	assert_memory_equal(got, want, 24);
	assert_int_equal(gp_aes_unwrap(kek, got, back), 0);
	assert_memory_equal(back, key, 16);
	got[23] ^= 1;
	assert_int_equal(gp_aes_unwrap(kek, got, back), -1);
}

static void put_key_command(void **state)
{
	struct gp_put_key keys[3] = { 0 };
	uint8_t apdu[GP_PUT_KEY_MAX], rsp[10] = { 0x31 };

	(void)state;
	for (int i = 0; i < 3; i++) {
		memset(keys[i].encrypted, 0x10 + i, 16);
		memset(keys[i].kcv, 0xa0 + i, 3);
		memset(rsp + 1 + 3 * i, 0xa0 + i, 3);
	}
	gp_put_key(false, 0, 0x31, keys, apdu);
	assert_memory_equal(apdu, "\x80\xd8\x00\x81\x46\x31\x88\x11\x10\x10", 10);
	assert_int_equal(apdu[GP_PUT_KEY_MAX - 1], 0);
	assert_memory_equal(apdu + GP_PUT_KEY_MAX - 5, "\x03\xa2\xa2\xa2", 4);
	assert_null(gp_put_key_confirmed(rsp, 10, 0x31, keys));
	assert_non_null(gp_put_key_confirmed(rsp, 9, 0x31, keys));
	rsp[9] ^= 1;
	assert_non_null(gp_put_key_confirmed(rsp, 10, 0x31, keys));
}

static void dgi_lists(void **state)
{
	static const uint8_t two[] = { 1, 1, 2, 0xaa, 0xbb, 0x9f, 1, 0 };
	static const uint8_t twice[] = { 1, 1, 0, 1, 1, 0 };
	static const uint8_t longer[] = { 1, 1, 3, 0xaa, 0xbb };
	static const uint8_t cut[] = { 1, 1, 0xff, 1 };

	(void)state;
	assert_null(gp_dgi_check(two, sizeof(two)));
	assert_string_equal(gp_dgi_check(twice, sizeof(twice)), "DGI twice");
	assert_string_equal(gp_dgi_check(longer, sizeof(longer)), "DGI longer than the data");
	assert_string_equal(gp_dgi_check(cut, sizeof(cut)), "DGI cut off");
	assert_non_null(gp_dgi_check(two, 0));
}

static void store_data_blocks(void **state)
{
	uint8_t list[900], value[400] = { 0 };
	size_t len = 0, rest = 0, at = 0;
	const size_t want[] = { 203, 239, 166, 13 };

	(void)state;
	len += gp_dgi_put(0x0101, value, 100, list + len, sizeof(list) - len);
	len += gp_dgi_put(0x0102, value, 97, list + len, sizeof(list) - len);
	len += gp_dgi_put(0x0103, value, 400, list + len, sizeof(list) - len);
	len += gp_dgi_put(0x0104, value, 10, list + len, sizeof(list) - len);
	for (size_t i = 0; i < COUNT(want); i++) {
		size_t n = gp_store_data_next(list + at, len - at, 239, &rest);

		assert_int_equal(n, want[i]);
		at += n;
	}
	assert_int_equal(at, len);
	assert_int_equal(gp_store_data_next(list + at, 0, 239, &rest), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_sessions),
		cmocka_unit_test(wrong_card_cryptogram),
		cmocka_unit_test(hostile_init_update),
		cmocka_unit_test(levels),
		cmocka_unit_test(wrap_refuses),
		cmocka_unit_test(error_status_is_bare),
		cmocka_unit_test(key_check_values),
		cmocka_unit_test(key_wrap),
		cmocka_unit_test(put_key_command),
		cmocka_unit_test(dgi_lists),
		cmocka_unit_test(store_data_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
