// SPDX-License-Identifier: GPL-2.0-only
/* The GlobalPlatform card's commands: sessions, PUT KEY, STORE DATA, GET DATA, and refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* after the above: */
#include <cmocka.h>

#include "host.h"
#include "gpcard.h"
#include "hex.h"
#include "vectors/scp03_sessions.h"

struct bench {
	struct gp_card card;
	struct host host;
	struct aes_key initial[KEY_COUNT];
	struct aes_key fresh[KEY_COUNT];
};

static const struct aes_key master = {
	.bytes = { 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x4b, 0x4c,
		   0x4d, 0x4e, 0x4f },
	.len = 16,
};

static size_t transmit(void *ctx, const uint8_t *apdu, size_t len, uint8_t rsp[258])
{
	/* an exact copy, so that a read past the end is seen by the sanitizer */
	uint8_t *copy = malloc(len);
	size_t n;

	assert_non_null(copy);
	memcpy(copy, apdu, len);
	n = gp_card_command(ctx, copy, len, rsp);
	free(copy);
	assert_in_range(n, 2, 258);
	return n;
}

static unsigned int plain(struct bench *b, const char *apdu, const char *want)
{
	uint8_t cmd[300], rsp[258], data[258];
	ssize_t n = hex_decode(apdu, cmd, sizeof(cmd));
	size_t len;

	assert_true(n > 0);
	len = transmit(&b->card, cmd, (size_t)n, rsp);
	if (want) {
		n = hex_decode(want, data, sizeof(data));
		assert_int_equal(n, len - 2);
		assert_memory_equal(data, rsp, len - 2);
	}
	return host_sw(rsp, len);
}

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct identity id;

	identity_make(&id, 17);
	if (!b || !gp_card_init(&b->card, &id, &master, 0x01) ||
	    !identity_keys(&id, &master, b->initial))
		return -1;
	for (int i = 0; i < KEY_COUNT; i++) {
		b->fresh[i].len = 16;
		memset(b->fresh[i].bytes, 0x11 * (i + 1), 16);
	}
	b->host.transmit = transmit;
	b->host.ctx = &b->card;
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	gp_card_free(&b->card);
	free(b);
	return 0;
}

/* Byte for byte what real cards answered to INITIALIZE UPDATE and EXTERNAL AUTHENTICATE. */
static void test_published(void **state)
{
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof(scp03_sessions) / sizeof(scp03_sessions[0]); i++) {
		const struct scp03_session *v = &scp03_sessions[i];
		const char *const key[] = { v->enc, v->mac, v->dek };
		struct keyset *set = &b->card.keys.sets[0];
		uint8_t rsp[32], seq[3];

		assert_int_equal(hex_decode(v->init_update_rsp, rsp, 32), 32);
		memcpy(b->card.id.kdd, rsp, KDD_LEN);
		memset(set, 0, sizeof(*set));
		set->kvn = rsp[10];
		for (int k = 0; k < KEY_COUNT; k++)
			set->keys[k].len = (size_t)hex_decode(key[k], set->keys[k].bytes, 32);
		assert_int_equal(hex_decode(v->sequence, seq, 3), 3);
		set->sequence = (uint32_t)(seq[0] << 16 | seq[1] << 8 | seq[2]) - 1;
		b->card.aid_len = (uint8_t)hex_decode(v->aid, b->card.aid, GP_AID_MAX);
		assert_int_equal(plain(b, v->init_update, v->init_update_rsp), 0x9000);
		assert_int_equal(plain(b, v->ext_auth, ""), 0x9000);
	}
}

static void test_clear(void **state)
{
	struct bench *b = *state;

	assert_int_equal(plain(b, "00A4040008A00000015100000000",
			       "6F108408A000000151000000A5049F6501FF"), 0x9000);
	assert_int_equal(plain(b, "00A4040000", NULL), 0x9000);
	assert_int_equal(plain(b, "00A4040007A0000000031010", ""), 0x6a82);
	assert_int_equal(plain(b, "80CA00CF00", "CF0AFFFF9999000100000011"), 0x9000);
	assert_int_equal(plain(b, "80CA00E000", "E012C00401018810C00402018810C00403018810"),
			 0x9000);
	assert_int_equal(plain(b, "80CA00C100", "C103000000"), 0x9000);
	assert_int_equal(plain(b, "80CA9F7F02", ""), 0x6c2d);
	assert_int_equal(plain(b, "80CA9F7F2D", NULL), 0x9000);
	assert_int_equal(plain(b, "80CA006600", NULL), 0x9000);
	assert_int_equal(plain(b, "80CA010100", ""), 0x6a88);
	assert_int_equal(plain(b, "80F28002024F0000", ""), 0x6982);
	assert_int_equal(plain(b, "80E28800050101020000", ""), 0x6982);
	assert_int_equal(plain(b, "80D800810100", ""), 0x6982);
	assert_int_equal(plain(b, "8050020008010203040506070800", ""), 0x6a88);
	assert_int_equal(plain(b, "80500000070102030405060700", ""), 0x6700);
	assert_int_equal(plain(b, "8482010010000102030405060708090A0B0C0D0E0F", ""), 0x6985);
	assert_int_equal(plain(b, "80FE0000", ""), 0x6d00);
	assert_int_equal(plain(b, "A0A40000023F00", ""), 0x6e00);
	assert_int_equal(plain(b, "81CA00CF00", ""), 0x6881);
	assert_int_equal(plain(b, "00A404000AA000", ""), 0x6700);
	assert_int_equal(plain(b, "00A4040000000100", ""), 0x6700);
	assert_int_equal(plain(b, "00A404", ""), 0x6700);
}

static void test_levels(void **state)
{
	static const uint8_t levels[] = { 0x01, 0x03, 0x11, 0x13, 0x33 };
	static const uint8_t search[] = { 0x4f, 0x00 };
	static const uint8_t want[] = { 0xe3, 0x11, 0x4f, 0x08, 0xa0, 0x00, 0x00, 0x01, 0x51, 0x00,
					0x00, 0x00, 0x9f, 0x70, 0x01, 0x07, 0xc5, 0x01, 0x9e };
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof(levels); i++) {
		uint8_t out[256];
		size_t n;

		assert_int_equal(host_open(&b->host, b->initial, 0, levels[i]), 0x9000);
		/* several in a row, with data and without, so that counter and chain go on */
		for (int k = 0; k < 3; k++) {
			assert_int_equal(host_command(&b->host, 0xf2, 0x80, 0x02, search, 2, out,
						      &n), 0x9000);
			assert_int_equal(n, sizeof(want));
			assert_memory_equal(out, want, n);
			assert_int_equal(host_command(&b->host, 0xca, 0x9f, 0x7f, NULL, 0, out,
						      &n), 0x9000);
			assert_int_equal(n, 3 + CPLC_LEN);
			assert_int_equal(host_command(&b->host, 0xca, 0x77, 0x77, NULL, 0, NULL,
						      NULL), 0x6a88);
		}
	}
	assert_int_equal(host_open(&b->host, b->initial, 0, 0x00), 0x6a86);
	assert_int_equal(host_open(&b->host, b->initial, 0, 0x31), 0x6a86);
	assert_int_equal(b->card.mac_errors, 0);
}

static void test_personalize(void **state)
{
	static const uint8_t levels[] = { 0x03, 0x33 };
	struct bench *b = *state;
	uint8_t data[120], out[256], long_dgi[200];
	size_t n = host_put_key_data(&b->initial[KEY_DEK], 0x30, b->fresh, data);

	assert_int_equal(host_open(&b->host, b->initial, 0x01, 0x33), 0x9000);
	assert_int_equal(host_command(&b->host, 0xd8, 0x00, 0x81, data, n, out, &n), 0x9000);
	assert_int_equal(n, 10);
	assert_int_equal(out[0], 0x30);
	for (int i = 0; i < KEY_COUNT; i++) {
		uint8_t kcv[3];

		assert_true(aes_kcv(&b->fresh[i], kcv));
		assert_memory_equal(out + 1 + 3 * i, kcv, 3);
	}
	/* the session goes on under the keys that opened it: two DGIs, the second in two parts */
	memset(long_dgi, 0x5a, sizeof(long_dgi));
	memcpy(long_dgi, (uint8_t[]){ 0x01, 0x01, 0x02, 0xca, 0xfe, 0x80, 0x10, 0xff, 0x00, 0xbf },
	       10);
	assert_int_equal(host_command(&b->host, 0xe2, 0x08, 0, long_dgi, 100, NULL, NULL), 0x9000);
	assert_int_equal(host_command(&b->host, 0xe2, 0x88, 1, long_dgi + 100, 100, NULL,
				      NULL), 0x6a80);
	assert_int_equal(host_command(&b->host, 0xe2, 0x08, 0, long_dgi, 100, NULL, NULL), 0x9000);
	long_dgi[9] = 0xbe;
	assert_int_equal(host_command(&b->host, 0xe2, 0x08, 0, long_dgi, 100, NULL, NULL), 0x9000);
	assert_int_equal(host_command(&b->host, 0xe2, 0x88, 1, long_dgi + 100, 100, NULL, NULL),
			 0x9000);
	gp_card_reset(&b->card);

	/* the initial set is gone, the new one is the default one, and the data are still there */
	assert_int_equal(host_open(&b->host, b->initial, 0x01, 0x33), 0);
	for (size_t i = 0; i < sizeof(levels); i++) {
		bool renc = levels[i] == 0x33;

		assert_int_equal(host_open(&b->host, b->fresh, i ? 0x30 : 0x00, levels[i]), 0x9000);
		assert_int_equal(host_command(&b->host, 0xca, 0x01, 0x01, NULL, 0, out, &n),
				 renc ? 0x9000 : 0x6982);
		if (!renc)
			continue;
		assert_int_equal(n, 2);
		assert_memory_equal(out, "\xca\xfe", 2);
		assert_int_equal(host_command(&b->host, 0xca, 0x80, 0x10, NULL, 0, out, &n),
				 0x9000);
		assert_int_equal(n, 190);
		assert_memory_equal(out, long_dgi + 10, 190);
	}
	gp_card_reset(&b->card);
	assert_int_equal(plain(b, "80CA010100", ""), 0x6982);
}

static void test_encrypted_dgi(void **state)
{
	static const uint8_t zero[16];
	struct bench *b = *state;
	uint8_t key[16], data[3 + 16 + 4] = { 0x80, 0x00, 0x10 }, out[256];
	size_t n;

	memset(key, 0x77, sizeof(key));
	assert_true(aes_cbc_encrypt(&b->initial[KEY_DEK], zero, key, 16, data + 3));
	memcpy(data + 19, (uint8_t[]){ 0x91, 0x04, 0x01, 0xaa }, 4);
	assert_int_equal(host_open(&b->host, b->initial, 0, 0x33), 0x9000);
	/* by identifier: 8000 is encrypted, 9104 is not; then "all": 9104 is no whole block */
	assert_int_equal(host_command(&b->host, 0xe2, 0xa8, 0, data, 23, NULL, NULL), 0x9000);
	assert_int_equal(host_command(&b->host, 0xca, 0x80, 0x00, NULL, 0, out, &n), 0x9000);
	assert_int_equal(n, 16);
	assert_memory_equal(out, key, 16);
	assert_int_equal(host_command(&b->host, 0xca, 0x91, 0x04, NULL, 0, out, &n), 0x9000);
	assert_int_equal(n, 1);
	assert_int_equal(host_command(&b->host, 0xe2, 0xe8, 0, data, 23, NULL, NULL), 0x6a80);
}

static void test_put_key_refused(void **state)
{
	struct bench *b = *state;
	uint8_t data[120], bad[120], out[256];
	size_t n = host_put_key_data(&b->initial[KEY_DEK], 0x30, b->fresh, data);

	assert_int_equal(host_open(&b->host, b->initial, 0, 0x33), 0x9000);
	memcpy(bad, data, n);
	bad[n - 1] ^= 1;
	assert_int_equal(host_command(&b->host, 0xd8, 0, 0x81, bad, n, NULL, NULL), 0x9485);
	memcpy(bad, data, n);
	bad[1] = 0x80;
	assert_int_equal(host_command(&b->host, 0xd8, 0, 0x81, bad, n, NULL, NULL), 0x9484);
	for (size_t len = 0; len < n; len++)
		assert_int_not_equal(host_command(&b->host, 0xd8, 0, 0x81, data, len, NULL, NULL),
				     0x9000);
	assert_int_equal(host_command(&b->host, 0xd8, 0, 0x01, data, n, NULL, NULL), 0x6a86);
	assert_int_equal(host_command(&b->host, 0xd8, 0x22, 0x81, data, n, NULL, NULL), 0x6a88);
	/* nothing of this has changed the card: the initial keys still open it */
	assert_int_equal(host_open(&b->host, b->initial, 0x01, 0x33), 0x9000);
	/* replace 01 by 30, then 30 by itself with other keys */
	assert_int_equal(host_command(&b->host, 0xd8, 0x01, 0x81, data, n, out, &n), 0x9000);
	assert_int_equal(host_open(&b->host, b->fresh, 0x30, 0x01), 0x9000);
	n = host_put_key_data(&b->fresh[KEY_DEK], 0x30, b->initial, data);
	assert_int_equal(host_command(&b->host, 0xd8, 0x00, 0x81, data, n, NULL, NULL), 0x6985);
	assert_int_equal(host_command(&b->host, 0xd8, 0x30, 0x81, data, n, out, &n), 0x9000);
	assert_int_equal(host_open(&b->host, b->initial, 0x30, 0x01), 0x9000);
	/* a second set beside it */
	n = host_put_key_data(&b->initial[KEY_DEK], 0x31, b->fresh, data);
	assert_int_equal(host_command(&b->host, 0xd8, 0x00, 0x81, data, n, out, &n), 0x9000);
	assert_int_equal(host_open(&b->host, b->initial, 0x30, 0x01), 0x9000);
	assert_int_equal(host_open(&b->host, b->fresh, 0x31, 0x01), 0x9000);
}

static void test_store_refused(void **state)
{
	static const uint8_t dgi[] = { 0x01, 0x02, 0x03, 0xaa, 0xbb, 0xcc };
	static const uint8_t reserved[] = { 0x9f, 0x7f, 0x01, 0xaa };
	static const uint8_t huge[] = { 0x01, 0x02, 0xff, 0xff, 0xff };
	struct bench *b = *state;
	uint8_t out[256];
	size_t n;

	assert_int_equal(host_open(&b->host, b->initial, 0, 0x33), 0x9000);
	assert_int_equal(host_command(&b->host, 0xe2, 0x80, 0, dgi, 6, NULL, NULL), 0x6a86);
	assert_int_equal(host_command(&b->host, 0xe2, 0x88, 1, dgi, 6, NULL, NULL), 0x6a86);
	assert_int_equal(host_command(&b->host, 0xe2, 0x88, 0, dgi, 5, NULL, NULL), 0x6a80);
	assert_int_equal(host_command(&b->host, 0xe2, 0x88, 0, reserved, 4, NULL, NULL), 0x6a80);
	assert_int_equal(host_command(&b->host, 0xe2, 0x88, 0, huge, 5, NULL, NULL), 0x6a84);
	assert_int_equal(host_command(&b->host, 0xca, 0x01, 0x02, NULL, 0, NULL, NULL), 0x6a88);
	/* 64 values of 200 bytes do not fit 8192: refused in the end, and nothing overwritten */
	for (unsigned int i = 0;; i++) {
		uint8_t big[203] = { 0x02, (uint8_t)i, 200 };
		unsigned int sw = host_command(&b->host, 0xe2, 0x88, 0, big, 203, NULL, NULL);

		if (sw == 0x6a84) {
			assert_int_equal(i, STORE_MAX_BYTES / 200);
			break;
		}
		assert_int_equal(sw, 0x9000);
	}
	assert_int_equal(host_command(&b->host, 0xca, 0x02, 0x00, NULL, 0, out, &n), 0x9000);
	assert_int_equal(n, 200);
}

static void test_mac_errors(void **state)
{
	struct bench *b = *state;

	/* clear in a session, wrong MAC in a session, MAC without a session */
	assert_int_equal(host_open(&b->host, b->initial, 0, 0x01), 0x9000);
	assert_int_equal(plain(b, "80CA00CF00", ""), 0x6982);
	assert_int_equal(b->card.mac_errors, 1);
	assert_int_equal(plain(b, "80CA00CF00", NULL), 0x9000);
	assert_int_equal(host_open(&b->host, b->initial, 0, 0x01), 0x9000);
	assert_int_equal(plain(b, "84CA00CF08000000000000000000", ""), 0x6982);
	assert_int_equal(b->card.mac_errors, 2);
	assert_int_equal(plain(b, "84CA00CF08000000000000000000", ""), 0x6982);
	assert_int_equal(host_command(&b->host, 0xca, 0x00, 0xcf, NULL, 0, NULL, NULL), 0x6982);
}

static void test_attempts(void **state)
{
	struct bench *b = *state;
	uint8_t cryptogram[8];

	/* nine failures, one success, ten failures: blocked for good */
	for (int i = 0; i < 9 + 10; i++) {
		assert_true(host_initialize(&b->host, b->initial, 0, cryptogram));
		cryptogram[0] ^= 1;
		assert_int_equal(host_authenticate(&b->host, 0x01, cryptogram), 0x6300);
		if (i == 8)
			assert_int_equal(host_open(&b->host, b->initial, 0, 0x01), 0x9000);
	}
	gp_card_reset(&b->card);
	assert_int_equal(plain(b, "8050000008010203040506070800", ""), 0x6983);
}

static void test_defects(void **state)
{
	struct bench *b = *state;
	uint8_t apdu[] = { 0x84, 0xca, 0x00, 0xcf, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	uint8_t rsp[258], mac[16], cryptogram[8];
	struct iovec parts[] = { { b->host.mcv, 16 }, { rsp, 12 }, { rsp + 20, 2 } };
	size_t n;

	b->card.wrong_cryptogram = true;
	assert_false(host_initialize(&b->host, b->initial, 0, cryptogram));
	b->card.wrong_cryptogram = false;
	b->card.wrong_rmac = true;
	assert_int_equal(host_open(&b->host, b->initial, 0, 0x11), 0x9000);
	host_mac(&b->host, apdu, 5);
	apdu[13] = 0;
	n = transmit(&b->card, apdu, 14, rsp);
	assert_int_equal(n, 12 + 8 + 2);
	assert_true(aes_cmac(&b->host.rmac, parts, 3, mac));
	assert_memory_not_equal(mac, rsp + 12, 8);
}

/* Seeded noise in and out of a session: never a crash, always a status word. */
static void test_noise(void **state)
{
	static const uint8_t ins[] = { 0x50, 0x82, 0xa4, 0xca, 0xd8, 0xe2, 0xf2 };
	struct bench *b = *state;

	srandom(7816);
	for (int i = 0; i < 200000; i++) {
		uint8_t apdu[300], rsp[258];
		size_t len = 1 + (size_t)random() % (random() % 4 ? 24 : sizeof(apdu) - 1);

		for (size_t k = 0; k < len; k++)
			apdu[k] = (uint8_t)random();
		if (len > 5 && random() % 4) {
			apdu[0] = random() % 2 ? 0x80 : 0x84;
			apdu[1] = ins[(size_t)random() % sizeof(ins)];
			apdu[4] = (uint8_t)(len - 5 - (size_t)random() % 2);
		}
		if (i % 50 == 0)
			host_open(&b->host, b->initial, 0, 0x01);
		transmit(&b->card, apdu, len, rsp);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_published),
		T(test_clear),
		T(test_levels),
		T(test_personalize),
		T(test_encrypted_dgi),
		T(test_put_key_refused),
		T(test_store_refused),
		T(test_mac_errors),
		T(test_attempts),
		T(test_defects),
		T(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
