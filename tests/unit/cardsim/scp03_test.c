// SPDX-License-Identifier: GPL-2.0-only
/* The simulated card's SCP03 against sessions of real cards, and its key derivations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* after the above: */
#include <cmocka.h>

#include "hex.h"
#include "kdf.h"
#include "scp03_card.h"
#include "vectors/kdf3.h"
#include "vectors/scp03_sessions.h"

#define SESSIONS (sizeof(scp03_sessions) / sizeof(scp03_sessions[0]))

static size_t bytes(const char *text, uint8_t *out, size_t size)
{
	ssize_t n = hex_decode(text, out, size);

	assert_true(n >= 0);
	return (size_t)n;
}

static void key(const char *text, struct aes_key *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->len = bytes(text, ret->bytes, sizeof(ret->bytes));
}

static void check(const char *text, const void *data, size_t len)
{
	uint8_t want[300];

	assert_int_equal(bytes(text, want, sizeof(want)), len);
	assert_memory_equal(want, data, len);
}

/* The session of @v just before EXTERNAL AUTHENTICATE, card challenge and cryptogram checked. */
static void start(const struct scp03_session *v, struct scp03 *s)
{
	uint8_t aid[16], host[8], seq[3], rsp[64], cryptogram[8];
	size_t aid_len = bytes(v->aid, aid, sizeof(aid));
	struct keyset set = { 0 };

	memset(s, 0, sizeof(*s));
	key(v->enc, &set.keys[KEY_ENC]);
	key(v->mac, &set.keys[KEY_MAC]);
	key(v->dek, &set.keys[KEY_DEK]);
	bytes(v->host, host, sizeof(host));
	bytes(v->sequence, seq, sizeof(seq));
	set.sequence = (uint32_t)(seq[0] << 16 | seq[1] << 8 | seq[2]) - 1;
	assert_int_equal(bytes(v->init_update_rsp, rsp, sizeof(rsp)), 32);
	set.kvn = rsp[10];
	assert_true(scp03_start(s, &set, host, aid, aid_len, cryptogram));
	assert_memory_equal(rsp + 13, s->challenge, 8);
	assert_memory_equal(rsp + 21, cryptogram, 8);
	assert_memory_equal(rsp + 29, seq, 3);
}

static enum scp03_result authenticate(const struct scp03_session *v, struct scp03 *s, int flip)
{
	uint8_t apdu[21];

	assert_int_equal(bytes(v->ext_auth, apdu, sizeof(apdu)), 21);
	if (flip >= 0)
		apdu[flip] ^= 0x01;
	return scp03_authenticate(s, apdu, apdu + 5);
}

/* Data field of a command in @data, with the Le that may follow left out. */
static size_t data_of(const char *text, uint8_t header[4], uint8_t data[255])
{
	uint8_t apdu[262];
	size_t n = bytes(text, apdu, sizeof(apdu));

	assert_true(n >= 4);
	memcpy(header, apdu, 4);
	if (n <= 5)
		return 0;
	assert_true(n >= 5U + apdu[4]);
	memcpy(data, apdu + 5, apdu[4]);
	return apdu[4];
}

static void test_sessions(void **state)
{
	(void)state;
	for (size_t i = 0; i < SESSIONS; i++) {
		const struct scp03_session *v = &scp03_sessions[i];
		struct scp03 s;

		start(v, &s);
		assert_int_equal(authenticate(v, &s, -1), SCP03_OK);
		for (const struct scp03_exchange *x = v->exchange; x->plain; x++) {
			uint8_t header[4], clear[4], data[255], want[255], out[256];
			size_t len = data_of(x->wrapped, header, data), got;
			size_t want_len = data_of(x->plain, clear, want);

			assert_int_equal(scp03_unwrap(&s, header, data, len, out, &got), SCP03_OK);
			assert_memory_equal(header + 1, clear + 1, 3);
			assert_int_equal(got, want_len);
			assert_memory_equal(out, want, want_len);
			if (!x->rsp)
				continue;
			got = bytes(x->rsp_plain, out, sizeof(out));
			assert_true(scp03_wrap(&s, out, got, 0x9000, &got));
			check(x->rsp, out, got);
		}
	}
}

/* Any one bit of EXTERNAL AUTHENTICATE that the MAC covers, and the MAC itself. */
static void test_wrong_authenticate(void **state)
{
	static const int covered[] = { 0, 1, 2, 3, 5, 12, 13, 20 };

	(void)state;
	for (size_t i = 0; i < sizeof(covered) / sizeof(covered[0]); i++) {
		struct scp03 s;

		start(&scp03_sessions[0], &s);
		assert_int_equal(authenticate(&scp03_sessions[0], &s, covered[i]), SCP03_BAD_MAC);
		assert_int_equal(s.state, SCP03_CLOSED);
	}
}

static void test_wrong_command(void **state)
{
	(void)state;
	for (size_t i = 0; i < SESSIONS; i++) {
		const struct scp03_session *v = &scp03_sessions[i];
		uint8_t header[4], data[255], out[255];
		size_t len, got;

		if (!v->exchange[0].wrapped)
			continue;
		len = data_of(v->exchange[0].wrapped, header, data);
		for (size_t at = 0; at < 4 + len; at++) {
			struct scp03 s;

			start(v, &s);
			assert_int_equal(authenticate(v, &s, -1), SCP03_OK);
			*(at < 4 ? &header[at] : &data[at - 4]) ^= 0x80;
			assert_int_equal(scp03_unwrap(&s, header, data, len, out, &got),
					 SCP03_BAD_MAC);
			assert_int_equal(s.state, SCP03_CLOSED);
			*(at < 4 ? &header[at] : &data[at - 4]) ^= 0x80;
		}
	}
}

/* The same command twice: the chaining value has moved on. */
static void test_replay(void **state)
{
	const struct scp03_session *v = &scp03_sessions[0];
	uint8_t header[4], data[255], out[255];
	size_t len = data_of(v->exchange[0].wrapped, header, data), got;
	struct scp03 s;

	(void)state;
	start(v, &s);
	assert_int_equal(authenticate(v, &s, -1), SCP03_OK);
	assert_int_equal(scp03_unwrap(&s, header, data, len, out, &got), SCP03_OK);
	assert_int_equal(scp03_unwrap(&s, header, data, len, out, &got), SCP03_BAD_MAC);
}

/* Every data field shorter than a MAC. */
static void test_short(void **state)
{
	uint8_t header[4] = { 0x84, 0xe2, 0, 0 }, data[8] = { 0 }, out[255];
	size_t got;

	(void)state;
	for (size_t len = 0; len < 8; len++) {
		struct scp03 s;

		start(&scp03_sessions[0], &s);
		assert_int_equal(authenticate(&scp03_sessions[0], &s, -1), SCP03_OK);
		assert_int_equal(scp03_unwrap(&s, header, data, len, out, &got), SCP03_BAD_MAC);
	}
}

/* Error status words go out bare; warnings are protected. */
static void test_response_status(void **state)
{
	uint8_t rsp[256] = { 0 };
	struct scp03 s;
	size_t got;

	(void)state;
	for (size_t i = 0; i < SESSIONS; i++) {
		const struct scp03_session *v = &scp03_sessions[i];
		bool rmac;

		start(v, &s);
		assert_int_equal(authenticate(v, &s, -1), SCP03_OK);
		rmac = s.level & SCP03_R_MAC;
		assert_true(scp03_wrap(&s, rsp, 0, 0x6a88, &got));
		assert_int_equal(got, 0);
		assert_true(scp03_wrap(&s, rsp, 0, 0x6310, &got));
		assert_int_equal(got, rmac ? 8 : 0);
		assert_true(scp03_wrap(&s, rsp, scp03_response_room(s.level), 0x9000, &got));
		assert_true(got <= 256);
	}
}

static void test_kdf3(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(kdf3_vectors) / sizeof(kdf3_vectors[0]); i++) {
		struct aes_key master, got;
		uint8_t kdd[KDD_LEN], kcv[3];

		key(kdf3_vectors[i].master, &master);
		bytes(kdf3_vectors[i].kdd, kdd, sizeof(kdd));
		for (uint8_t k = 0; k < 3; k++) {
			assert_true(kdf_kdf3(&master, kdd, k + 1, &got));
			check(kdf3_vectors[i].key[k], got.bytes, got.len);
			assert_true(aes_kcv(&got, kcv));
			check(kdf3_vectors[i].kcv[k], kcv, sizeof(kcv));
		}
	}
}

static void test_kcv(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(aes_kcv_vectors) / sizeof(aes_kcv_vectors[0]); i++) {
		struct aes_key k;
		uint8_t out[3];

		key(aes_kcv_vectors[i].key, &k);
		assert_true(aes_kcv(&k, out));
		check(aes_kcv_vectors[i].kcv, out, sizeof(out));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_wrong_authenticate),
		cmocka_unit_test(test_wrong_command),
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_response_status),
		cmocka_unit_test(test_kdf3),
		cmocka_unit_test(test_kcv),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
