// SPDX-License-Identifier: GPL-2.0-only
/* The key operations in a SoftHSM token of its own, against published vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../vectors/kdf3.h"
#include "libgp/aes.h"
#include "libgp/hex.h"
#include "libgp/kdf.h"
#include "libtoken/token.h"
#include "softhsm.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct token_pin pin = { "123456", 6 };
static const uint8_t transport[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
static struct token *token;

static void bytes(const char *text, uint8_t *out, size_t len)
{
	assert_int_equal(hex_decode(text, strlen(text), out, len), len);
}

static int setup(void **state)
{
	char error[192];

	(void)state;
	if (softhsm_directory() || token_init(SOFTHSM_MODULE, "cards", &pin, &pin, error, 192)) {
		print_error("%s\n", error);
		return -1;
	}
	token = token_open(SOFTHSM_MODULE, "cards", &pin, error, sizeof(error));
	if (!token) {
		print_error("%s\n", error);
		return -1;
	}
	for (size_t i = 0; i < COUNT(kdf3_vectors); i++) {
		uint8_t key[32];
		size_t len = strlen(kdf3_vectors[i].master) / 2;

		hex_decode(kdf3_vectors[i].master, 2 * len, key, sizeof(key));
		if (token_import(token, kdf3_vectors[i].name, TOKEN_MASTER, key, len))
			return -1;
	}
	return token_import(token, "transport", TOKEN_TRANSPORT, transport, 16) ||
	       token_import(token, "kmc", TOKEN_MASTER, transport, 16);
}

static int teardown(void **state)
{
	(void)state;
	token_close(token);
	softhsm_remove();
	return 0;
}

static void kdf3_published(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(kdf3_vectors); i++) {
		token_key master, key;
		uint8_t kdd[10], want[3], got[3];

		assert_int_equal(token_find(token, kdf3_vectors[i].name, &master), 0);
		bytes(kdf3_vectors[i].kdd, kdd, 10);
		for (unsigned int k = 1; k <= 3; k++) {
			assert_int_equal(token_derive_kdf3(token, master, k, kdd, &key), 0);
			assert_int_equal(token_kcv(token, key, got), 0);
			bytes(kdf3_vectors[i].kcv[k - 1], want, 3);
			assert_memory_equal(got, want, 3);
			token_destroy(token, key);
			assert_int_equal(token_kcv(token, key, got), -1);
		}
	}
}

static void kdf3_aes128(void **state)
{
	static const uint8_t kdd[10] = { 9, 8, 7, 6, 5, 4, 3, 2, 1, 0 };
	uint8_t key[16], want[16], got[16], data[32] = { 1 };
	token_key master, card;

	(void)state;
	assert_int_equal(token_find(token, "kmc", &master), 0);
	assert_int_equal(token_derive_kdf3(token, master, 2, kdd, &card), 0);
	assert_int_equal(gp_kdf3(transport, 2, kdd, key), 0);
	assert_int_equal(gp_aes_cmac(key, data, 32, NULL, 0, want), 0);
	assert_int_equal(token_cmac(token, card, data, 32, got), 0);
	assert_memory_equal(got, want, 16);
	/* A card key stays where it is. */
	assert_int_equal(token_wrap_cbc(token, card, card, got), -1);
	token_destroy(token, card);
}

static void unwrap_and_wrap(void **state)
{
	static const uint8_t kdd[10] = { 1 };
	uint8_t fresh[16], wrapped[24], want[16], got[16], dek_key[16], iv[16] = { 0 };
	token_key t, key, master, dek;

	(void)state;
	memset(fresh, 0x5a, sizeof(fresh));
	assert_int_equal(gp_aes_wrap(transport, fresh, wrapped), 0);
	assert_int_equal(token_find(token, "transport", &t), 0);
	assert_int_equal(token_find(token, "kmc", &master), 0);
	assert_int_equal(token_unwrap(token, t, wrapped, &key), 0);
	assert_int_equal(token_derive_kdf3(token, master, 3, kdd, &dek), 0);
	assert_int_equal(token_wrap_cbc(token, dek, key, got), 0);
	gp_kdf3(transport, 3, kdd, dek_key);
	gp_aes_cbc(dek_key, iv, 1, fresh, 16, want);
	assert_memory_equal(got, want, 16);
	token_destroy(token, key);
	token_destroy(token, dek);

	wrapped[5] ^= 1;
	assert_int_equal(token_unwrap(token, t, wrapped, &key), -1);
	assert_int_equal(key, 0);
	assert_non_null(strstr(token_error(token), "C_UnwrapKey"));
}

static void keys_have_one_use(void **state)
{
	static const uint8_t wrapped[24] = { 0 }, kdd[10] = { 0 };
	token_key t, master, key;
	uint8_t mac[16];

	(void)state;
	assert_int_equal(token_find(token, "transport", &t), 0);
	assert_int_equal(token_find(token, "kmc", &master), 0);
	assert_int_equal(token_unwrap(token, master, wrapped, &key), -1);
	assert_int_equal(token_derive_kdf3(token, t, 1, kdd, &key), -1);
	assert_int_equal(token_cmac(token, master, wrapped, 16, mac), -1);
}

/* The token signs and its public half verifies; nothing else can be done with the pair. */
static void signs(void **state)
{
	uint8_t point[TOKEN_POINT], digest[TOKEN_DIGEST] = { 7 }, a[TOKEN_SIGNATURE];
	token_key key, other;

	(void)state;
	assert_int_equal(token_find_signer(token, "heads", &key), -1);
	assert_int_equal(token_make_signer(token, "heads"), 0);
	assert_int_equal(token_make_signer(token, "heads"), -1);
	assert_int_equal(token_find_signer(token, "heads", &key), 0);
	assert_int_equal(token_sign(token, key, digest, a), 0);
	assert_int_equal(token_signer_public(token, "heads", point), 0);
	assert_int_equal(point[0], 4);
	assert_int_equal(token_find(token, "heads", &other), -1);
	assert_int_equal(token_find(token, "kmc", &other), 0);
	assert_int_equal(token_sign(token, other, digest, a), -1);
	assert_int_equal(token_unseal(token, key, "", a, sizeof(a), digest), -1);
}

static void seals(void **state)
{
	uint8_t data[100], sealed[sizeof(data) + TOKEN_SEAL], got[sizeof(data)];
	token_key key, again, t;

	(void)state;
	memset(data, 0x5c, sizeof(data));
	assert_int_equal(token_generate(token, "order"), 0);
	assert_int_equal(token_generate(token, "order"), -1);
	assert_int_equal(token_find(token, "order", &key), 0);
	assert_int_equal(token_seal(token, key, "a", data, sizeof(data), sealed), 0);
	assert_int_equal(token_unseal(token, key, "a", sealed, sizeof(sealed), got), 0);
	assert_memory_equal(got, data, sizeof(data));
	assert_int_equal(token_unseal(token, key, "b", sealed, sizeof(sealed), got), -1);
	sealed[TOKEN_SEAL] ^= 1;
	assert_int_equal(token_unseal(token, key, "a", sealed, sizeof(sealed), got), -1);
	assert_int_equal(token_unseal(token, key, "a", sealed, TOKEN_SEAL - 1, got), -1);
	assert_int_equal(token_find(token, "transport", &t), 0);
	assert_int_equal(token_unseal(token, t, "a", sealed, sizeof(sealed), got), -1);
	assert_int_equal(token_remove(token, "order"), 0);
	assert_int_equal(token_find(token, "order", &again), -1);
	assert_int_equal(token_seal(token, key, "a", data, sizeof(data), sealed), -1);
}

static void labels(void **state)
{
	token_key key;

	(void)state;
	assert_int_equal(token_find(token, "nothing", &key), -1);
	assert_int_equal(token_import(token, "kmc", TOKEN_MASTER, transport, 16), -1);
	assert_int_equal(token_import(token, "short", TOKEN_MASTER, transport, 15), -1);
}

static void pin_file(void **state)
{
	char path[] = "/tmp/pin-XXXXXX";
	int fd = mkstemp(path);
	struct token_pin p;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "12345678\nrest", 13), 13);
	close(fd);
	assert_null(token_pin_read(path, &p));
	assert_int_equal(p.len, 8);
	assert_memory_equal(p.text, "12345678", 8);
	unlink(path);
	assert_non_null(token_pin_read(path, &p));
	assert_non_null(token_pin_read("fd:x", &p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kdf3_published),
		cmocka_unit_test(kdf3_aes128),
		cmocka_unit_test(unwrap_and_wrap),
		cmocka_unit_test(keys_have_one_use),
		cmocka_unit_test(signs),
		cmocka_unit_test(seals),
		cmocka_unit_test(labels),
		cmocka_unit_test(pin_file),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
