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

#include "../../vectors/kdf3.h"
#include "../../vectors/schemes.h"
#include "libgp/aes.h"
#include "libgp/hex.h"
#include "libgp/kdf.h"
#include "libtoken/token.h"
#include "libtoken/token_internal.h"
#include "kdf3_derive.h"
#include "softhsm.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct token_pin pin = { "123456", 6 };
static const uint8_t transport[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
static uint8_t test_key[16];
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
	hex_decode("404142434445464748494A4B4C4D4E4F", 32, test_key, sizeof(test_key));
	return token_import(token, "transport", TOKEN_TRANSPORT, transport, 16) ||
	       token_import(token, "kmc-des", TOKEN_MASTER_DES, test_key, 16) ||
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
			assert_int_equal(derive_kdf3(token, master, k, kdd, &key), 0);
			assert_int_equal(token_kcv(token, key, got), 0);
			bytes(kdf3_vectors[i].kcv[k - 1], want, 3);
			assert_memory_equal(got, want, 3);
			token_destroy(token, key);
			assert_int_equal(token_kcv(token, key, got), -1);
		}
	}
}

/* VISA2 and EMV CPS: keys for triple DES, as published, and as AES keys of the same bytes. */
static void schemes_published(void **state)
{
	uint8_t kdd[10], want[16], got[16];
	token_key master, key;

	(void)state;
	bytes("00010203040506070809", kdd, 10);
	assert_int_equal(token_find(token, "kmc-des", &master), 0);
	for (size_t i = 0; i < 2 * 3 * COUNT(scheme_vectors); i++) {
		struct token_derivation d = { .des = i % 2, .dek = false };
		unsigned int k = i / 2 % 3;
		struct gp_scheme s;

		assert_null(gp_scheme_parse(scheme_vectors[i / 6].scheme, &s));
		gp_scheme_blocks(&s, k + 1, kdd, d.blocks);
		assert_int_equal(token_derive(token, master, &d, &key), 0);
		assert_int_equal(token_kcv(token, key, got), 0);
		if (d.des) {
			bytes(scheme_vectors[i / 6].kcv[k], want, 3);
		} else {
			bytes(scheme_vectors[i / 6].key[k], want, 16);
			gp_aes_kcv(want, want);
		}
		assert_memory_equal(got, want, 3);
		token_destroy(token, key);
		/* There is no CMAC by triple DES. */
		d.cmac = true;
		assert_int_equal(token_derive(token, master, &d, &key), -1);
	}
}

static bool count_key(const char *label, const char *cipher, const uint8_t kcv[3], void *arg)
{
	if (!strcmp(label, "kmc-des") && !strcmp(cipher, "3DES-112") &&
	    !memcmp(kcv, "\x8b\xaf\x47", 3))
		++*(int *)arg;
	if (!strcmp(label, "kmc") && !strcmp(cipher, "AES-128"))
		++*(int *)arg;
	return true;
}

static void keys_are_listed(void **state)
{
	int found = 0;

	(void)state;
	assert_int_equal(token_list(token, count_key, &found), 0);
	assert_int_equal(found, 2);
}

static void kdf3_aes128(void **state)
{
	static const uint8_t kdd[10] = { 9, 8, 7, 6, 5, 4, 3, 2, 1, 0 };
	uint8_t key[16], want[16], got[16], data[32] = { 1 };
	token_key master, card;

	(void)state;
	assert_int_equal(token_find(token, "kmc", &master), 0);
	assert_int_equal(derive_kdf3(token, master, 2, kdd, &card), 0);
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
	assert_int_equal(token_unwrap(token, t, wrapped, false, &key), 0);
	assert_int_equal(derive_kdf3(token, master, 3, kdd, &dek), 0);
	assert_int_equal(token_wrap_cbc(token, dek, key, got), 0);
	gp_kdf3(transport, 3, kdd, dek_key);
	gp_aes_cbc(dek_key, iv, 1, fresh, 16, want);
	assert_memory_equal(got, want, 16);
	token_destroy(token, key);
	token_destroy(token, dek);

	wrapped[5] ^= 1;
	assert_int_equal(token_unwrap(token, t, wrapped, false, &key), -1);
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
	assert_int_equal(token_unwrap(token, master, wrapped, false, &key), -1);
	assert_int_equal(derive_kdf3(token, t, 1, kdd, &key), -1);
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

/* A module that computes something else than it says, by one mechanism. */
static CK_FUNCTION_LIST_PTR right;
static CK_MECHANISM_TYPE wrong_one;

static CK_RV wrong_derive(CK_SESSION_HANDLE session, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE key,
			  CK_ATTRIBUTE_PTR attrs, CK_ULONG count, CK_OBJECT_HANDLE_PTR derived)
{
	if (m->mechanism == CKM_DES3_CBC_ENCRYPT_DATA && wrong_one == m->mechanism)
		((CK_DES_CBC_ENCRYPT_DATA_PARAMS *)m->pParameter)->pData[1] ^= 0x10;
	else if (wrong_one == m->mechanism)
		((CK_KEY_DERIVATION_STRING_DATA *)m->pParameter)->pData[1] ^= 0x10;
	return right->C_DeriveKey(session, m, key, attrs, count, derived);
}

static CK_RV wrong_encrypt_init(CK_SESSION_HANDLE session, CK_MECHANISM_PTR m,
				CK_OBJECT_HANDLE key)
{
	CK_MECHANISM other = *m;

	if (wrong_one == m->mechanism && wrong_one == CKM_DES3_CBC)
		other = (CK_MECHANISM){ CKM_DES3_ECB, NULL, 0 };
	return right->C_EncryptInit(session, &other, key);
}

static void self_test_finds_a_wrong_mechanism(void **state)
{
	static const struct {
		CK_MECHANISM_TYPE type;
		const char *reason;
	} cases[] = {
		{ CKM_AES_ECB_ENCRYPT_DATA, "key derivation gives a wrong result" },
		{ CKM_DES3_ECB_ENCRYPT_DATA, "visa2 gives a wrong result" },
		{ CKM_DES3_CBC_ENCRYPT_DATA, "wrapping for SCP02 gives a wrong result" },
		{ CKM_DES3_CBC, "SCP02's session key gives a wrong result" },
	};
	CK_FUNCTION_LIST wrong = *token->f;

	(void)state;
	right = token->f;
	wrong.C_DeriveKey = wrong_derive;
	wrong.C_EncryptInit = wrong_encrypt_init;
	token->f = &wrong;
	for (size_t i = 0; i < COUNT(cases); i++) {
		wrong_one = cases[i].type;
		assert_false(token_self_test(token));
		if (!strstr(token_error(token), cases[i].reason))
			fail_msg("\"%s\", not \"%s\"", token_error(token), cases[i].reason);
	}
	wrong_one = 0;
	assert_true(token_self_test(token));
	token->f = right;
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

/* What systemd passes by LoadCredential=. */
static void pin_credential(void **state)
{
	char path[128];
	struct token_pin p;
	FILE *f;

	(void)state;
	assert_string_equal(token_pin_read("credential:pin", &p),
			    "PIN: systemd has passed no such credential");
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", softhsm_dir, 1), 0);
	snprintf(path, sizeof(path), "%s/pin", softhsm_dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("654321\n", f);
	fclose(f);
	assert_null(token_pin_read("credential:pin", &p));
	assert_memory_equal(p.text, "654321", 6);
	assert_non_null(token_pin_read("credential:../pin", &p));
	assert_non_null(token_pin_read("credential:", &p));
	unsetenv("CREDENTIALS_DIRECTORY");
}

static void assert_opens(const char *module, const char *name)
{
	char error[192];
	struct token *t = token_open(module, name, &pin, error, sizeof(error));
	token_key key;

	if (!t)
		fail_msg("%s: %s", name, error);
	assert_int_equal(token_find(t, "kmc", &key), 0);
	token_close(t);
}

static void assert_refused(const char *name, const char *reason)
{
	char error[192];

	assert_null(token_open(SOFTHSM_MODULE, name, &pin, error, sizeof(error)));
	if (!strstr(error, reason))
		fail_msg("%s: \"%s\", not \"%s\"", name, error, reason);
	assert_null(strstr(error, "123456"));
}

/* It closes the token of the other tests: one module, one C_Finalize(). */
static void uris(void **state)
{
	char error[192];

	(void)state;
	token_close(token);
	token = NULL;
	assert_null(token_init(SOFTHSM_MODULE, "pkcs11:token=other%20one", &pin, &pin, error,
			       sizeof(error)));
	assert_opens("/nowhere", "pkcs11:token=cards?module-path=" SOFTHSM_MODULE);
	assert_opens(SOFTHSM_MODULE, "pkcs11:token=cards;manufacturer=SoftHSM%20project");
	assert_refused("pkcs11:token=cards;manufacturer=another", "no token \"cards\"");
	assert_refused("pkcs11:token=cards;serial=0", "no token");
	assert_refused("pkcs11:token=cards;slot-id=99", "no token");
	assert_refused("pkcs11:model=SoftHSM%20v2", "more than one");
	assert_refused("pkcs11:token=cards?pin-value=123456", "PIN");
	assert_refused("pkcs11:token=cards?pin-source=file:/pin", "PIN");
	assert_refused("pkcs11:token=cards;object=kmc", "name a token");
	assert_refused("pkcs11:token=cards?module-name=softhsm2", "name a token");
	assert_refused("pkcs11:token=%ZZ", "no PKCS#11 URI");
	assert_refused("pkcs11:token=cards?module-path=/nowhere", "cannot load the module");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kdf3_published),
		cmocka_unit_test(schemes_published),
		cmocka_unit_test(keys_are_listed),
		cmocka_unit_test(kdf3_aes128),
		cmocka_unit_test(unwrap_and_wrap),
		cmocka_unit_test(keys_have_one_use),
		cmocka_unit_test(signs),
		cmocka_unit_test(seals),
		cmocka_unit_test(self_test_finds_a_wrong_mechanism),
		cmocka_unit_test(labels),
		cmocka_unit_test(pin_file),
		cmocka_unit_test(pin_credential),
		cmocka_unit_test(uris),		/* the last one */
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
