// SPDX-License-Identifier: GPL-2.0-only
/* The key process: what it does for a client, what it does not, and what is in its memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libgp/aes.h"
#include "libgp/des.h"
#include "libgp/hex.h"
#include "libgp/kdf.h"
#include "libkeyd/internal.h"
#include "../libtoken/kdf3_derive.h"
#include "memory_scan.h"
#include "../libtoken/softhsm.h"

static const uint8_t kmc[16] = { 0x9d, 0x31, 0x5e, 0xc2, 0x07, 0xb8, 0x44, 0xf1,
				 0x6a, 0x1c, 0xe3, 0x92, 0x58, 0x0d, 0xa7, 0x73 };
static const uint8_t transport[16] = { 0x4b, 0xe6, 0x18, 0xd9, 0x82, 0x35, 0xaf, 0x60,
				       0xc4, 0x1e, 0x77, 0xfb, 0x29, 0x90, 0x5d, 0x0a };
static const uint8_t record[16] = { 0xb1, 0x5a, 0x07, 0xec, 0x93, 0x4d, 0x28, 0xf6,
				    0x61, 0xce, 0x1f, 0x84, 0x3b, 0xd0, 0x79, 0xa5 };
static const uint8_t kdd[GP_KDD_LEN] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
static char pin_file[96], socket_path[96];
static struct keyd_options own = { .program = BIN "/cas-keyd",
				   .module = SOFTHSM_MODULE, .label = "cards" };
static struct keyd_options shared;
static struct token *client;	/* a well-behaved one of the process that listens */
static pid_t listening;

/* ------------------------------------------------------------------------------ surroundings */

#define CASCTL_KEY BIN "/casctl key "

/* A key that not everybody knows comes in two components, of two people. */
static int enter_key(const char *name, const char *use, const uint8_t key[16])
{
	char command[1024], a[40];
	uint8_t other[16];

	for (int i = 0; i < 16; i++)
		other[i] = key[i] ^ 0x3c;
	snprintf(command, sizeof(command),
		 "enter() { \"$@\" " CASCTL_KEY "component --db %1$s/keys.db --pin-file %2$s"
		 " --use %3$s --components 2 --name %4$s - >/dev/null 2>&1; };"
		 " echo %5$s | enter && echo 3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c |"
		 " enter unshare --user --map-user=12345",
		 softhsm_dir, pin_file, use, name, hex_encode(other, 16, a));
	return system(command);
}

static int make_token(void)
{
	char command[512], hex[40];

	snprintf(command, sizeof(command),
		 "echo %1$s %1$s %2$s | " CASCTL_KEY
		 "init --label cards --pin-file %3$s --import - >/dev/null", "transport",
		 hex_encode(transport, 16, hex), pin_file);
	return system(command) || enter_key("kmc", "master", kmc) ||
	       enter_key("kmc-des", "master-3des", kmc);
}

/* The first message tells that it serves. */
static int raw_client(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct timeval wait = { .tv_sec = 20 };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	uint8_t hello;

	strcpy(addr.sun_path, socket_path);
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)), 0);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) || recv(fd, &hello, 1, 0) != 1) {
		close(fd);
		return -1;
	}
	return fd;
}

static int setup(void **state)
{
	char error[192];
	FILE *f;

	(void)state;
	if (softhsm_directory())
		return -1;
	snprintf(pin_file, sizeof(pin_file), "%s/pin", softhsm_dir);
	snprintf(socket_path, sizeof(socket_path), "%s/keyd", softhsm_dir);
	f = fopen(pin_file, "w");
	if (!f || fputs("123456\n", f) < 0 || fclose(f) || make_token())
		return -1;
	own.pin_file = pin_file;
	shared.socket = socket_path;
	listening = fork();
	if (!listening) {
		execl(BIN "/cas-keyd", "cas-keyd", "--socket", socket_path, "--pin-file",
		      pin_file, NULL);
		_exit(127);
	}
	for (int i = 0; i < 200 && !client; i++) {
		client = keyd_open(&shared, error, sizeof(error));
		if (!client)
			poll(NULL, 0, 100);
	}
	return client ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	token_close(client);
	kill(listening, SIGTERM);
	waitpid(listening, NULL, 0);
	softhsm_remove();
	return 0;
}

static void wrap_record(uint8_t wrapped[TOKEN_WRAPPED_LEN])
{
	assert_int_equal(gp_aes_wrap(transport, record, wrapped), 0);
}

/* The same of a card with SCP02: the record's key is put on it as one for triple DES. */
static void work_scp02(struct token *t)
{
	static const uint8_t sequence[2] = { 0, 1 }, iv[8];
	uint8_t data[16] = { 1, TOKEN_SCP02_MAC, 0, 1 }, dek_data[16] = { 1, 0x81, 0, 1 };
	uint8_t wrapped[TOKEN_WRAPPED_LEN], key[16], want[16], got[16], kcv[3];
	struct token_derivation d = { .des = true, .dek = true };
	token_key master, bureau, card, dek;
	struct gp_scheme s;

	assert_null(gp_scheme_parse("visa2", &s));
	gp_scheme_blocks(&s, GP_KEY_DEK, kdd, d.blocks);
	if (token_find(t, "kmc-des", &master) || token_find(t, "transport", &bureau) ||
	    token_derive(t, master, &d, &card) || token_scp02_dek(t, card, sequence, &dek))
		fail_msg("%s", token_error(t));
	gp_des3_ecb(kmc, d.blocks, 16, key);
	gp_des3_cbc(key, iv, data, 16, want);
	assert_int_equal(token_scp02_key(t, card, TOKEN_SCP02_MAC, sequence, got), 0);
	assert_memory_equal(got, want, 16);
	/* The DEK does not leave. */
	assert_int_equal(token_scp02_key(t, card, 0x81, sequence, got), -1);
	wrap_record(wrapped);
	if (token_wrap_des(t, dek, bureau, wrapped, got, kcv))
		fail_msg("%s", token_error(t));
	gp_des3_cbc(key, iv, dek_data, 16, key);
	gp_des3_ecb(key, record, 16, want);
	assert_memory_equal(got, want, 16);
	gp_des_kcv(record, want);
	assert_memory_equal(kcv, want, 3);
	token_destroy(t, card);
	token_destroy(t, dek);
	explicit_bzero(key, sizeof(key));
}

/* The way of one card's keys through @t; all results as the software has them. */
static void work(struct token *t)
{
	uint8_t wrapped[TOKEN_WRAPPED_LEN], key[16], want[16], got[16], iv[16] = { 0 };
	token_key master, bureau, mac, dek, fresh;

	if (token_find(t, "kmc", &master) || token_find(t, "transport", &bureau) ||
	    derive_kdf3(t, master, GP_KEY_MAC, kdd, &mac) ||
	    derive_kdf3(t, master, GP_KEY_DEK, kdd, &dek))
		fail_msg("%s", token_error(t));
	gp_kdf3(kmc, GP_KEY_MAC, kdd, key);
	gp_aes_cmac(key, (const uint8_t *)"message", 7, NULL, 0, want);
	assert_int_equal(token_cmac(t, mac, (const uint8_t *)"message", 7, got), 0);
	assert_memory_equal(got, want, 16);
	wrap_record(wrapped);
	if (token_unwrap(t, bureau, wrapped, false, &fresh))
		fail_msg("%s", token_error(t));
	gp_aes_kcv(record, want);
	assert_int_equal(token_kcv(t, fresh, got), 0);
	assert_memory_equal(got, want, 3);
	gp_kdf3(kmc, GP_KEY_DEK, kdd, key);
	assert_int_equal(gp_aes_cbc(key, iv, 1, record, 16, want), 0);
	assert_int_equal(token_wrap_cbc(t, dek, fresh, got), 0);
	assert_memory_equal(got, want, 16);
	token_destroy(t, mac);
	token_destroy(t, dek);
	token_destroy(t, fresh);
	explicit_bzero(key, sizeof(key));
	work_scp02(t);
}

/* -------------------------------------------------------------------------------------- tests */

static void does_what_the_token_does(void **state)
{
	char error[192];
	struct token *t;

	(void)state;
	work(client);
	t = keyd_open(&own, error, sizeof(error));
	if (!t)
		fail_msg("%s", error);
	work(t);
	token_close(t);
}

static void says_why_it_does_not_start(void **state)
{
	struct keyd_options o = own;
	char error[192];

	(void)state;
	o.label = "none";
	assert_null(keyd_open(&o, error, sizeof(error)));
	assert_non_null(strstr(error, "no token \"none\""));
	o = own;
	o.program = "/nowhere";
	assert_null(keyd_open(&o, error, sizeof(error)));
	assert_non_null(strstr(error, "did not start"));
	o = shared;
	o.socket = "/nowhere";
	assert_null(keyd_open(&o, error, sizeof(error)));
}

static void end_of_it_is_an_error_once(void **state)
{
	token_key master, key;
	uint8_t kcv[3];
	char error[192];
	struct token *t = keyd_open(&own, error, sizeof(error));

	(void)state;
	assert_non_null(t);
	assert_int_equal(token_find(t, "kmc", &master), 0);
	assert_int_equal(derive_kdf3(t, master, GP_KEY_MAC, kdd, &key), 0);
	kill(t->child, SIGKILL);
	assert_int_equal(token_kcv(t, key, kcv), -1);
	assert_non_null(strstr(token_error(t), "gone"));
	/* Started again, it knows nothing of what was before. */
	assert_int_equal(token_kcv(t, key, kcv), -1);
	assert_non_null(strstr(token_error(t), "started anew"));
	assert_int_equal(token_kcv(t, master, kcv), -1);
	token_destroy(t, key);
	work(t);
	token_close(t);
}

static ssize_t ask(int fd, const void *request, size_t len, uint8_t answer[KEYD_MESSAGE_MAX])
{
	assert_int_equal(send(fd, request, len, MSG_NOSIGNAL), len);
	return recv(fd, answer, KEYD_MESSAGE_MAX, 0);
}

/* A message that is not one of the protocol ends its connection, and no other. */
static void malformed_messages_end_their_connection(void **state)
{
	static const struct {
		uint8_t op;
		size_t len;	/* after the op */
	} bad[] = {
		{ 0, 0 }, { 0, 8 }, { 8, 8 }, { 255, 100 },
		{ KEYD_FIND, 0 }, { KEYD_FIND, 65 }, { KEYD_FIND, 511 },
		{ KEYD_DERIVE, 0 }, { KEYD_DERIVE, 40 }, { KEYD_DERIVE, 42 },
		{ KEYD_CMAC, 7 }, { KEYD_CMAC, 265 },
		{ KEYD_UNWRAP, 32 }, { KEYD_UNWRAP, 34 },
		{ KEYD_SCP02_KEY, 10 }, { KEYD_SCP02_DEK, 11 }, { KEYD_WRAP_DES, 39 },
		{ KEYD_WRAP, 8 }, { KEYD_WRAP, 17 },
		{ KEYD_KCV, 0 }, { KEYD_KCV, 9 }, { KEYD_DESTROY, 7 }, { KEYD_DESTROY, 9 },
		{ KEYD_FIND, 4000 }, { KEYD_CMAC, 60000 },
	};
	static uint8_t message[65536], answer[KEYD_MESSAGE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int fd = raw_client();

		assert_true(fd >= 0);
		memset(message, 'k', sizeof(message));
		message[0] = bad[i].op;
		if (ask(fd, message, 1 + bad[i].len, answer) > 0)
			fail_msg("op %u with %zu bytes was answered", bad[i].op, bad[i].len);
		close(fd);
		work(client);
	}
}

static void refuse(int fd, uint8_t op, uint64_t key, const void *more, size_t len)
{
	uint8_t message[64], answer[KEYD_MESSAGE_MAX];

	message[0] = op;
	memcpy(message + 1, &key, 8);
	memcpy(message + 9, more, len);
	assert_true(ask(fd, message, 9 + len, answer) > 1);
	if (answer[0] != KEYD_FAILED)
		fail_msg("op %u was done", op);
}

static uint64_t raw_find(int fd, const char *label)
{
	uint8_t message[64] = { KEYD_FIND }, answer[KEYD_MESSAGE_MAX];
	uint64_t key;

	memcpy(message + 1, label, strlen(label));
	assert_int_equal(ask(fd, message, 1 + strlen(label), answer), 9);
	assert_int_equal(answer[0], KEYD_OK);
	memcpy(&key, answer + 1, 8);
	return key;
}

/* Well-formed, and not to be done: a master key is not used, wrapped or destroyed like others. */
static void keys_are_for_what_they_are_for(void **state)
{
	uint8_t more[33] = { 1 }, answer[KEYD_MESSAGE_MAX];
	token_key master, theirs;
	uint64_t kmc_key, bureau;
	int fd = raw_client();

	(void)state;
	assert_true(fd >= 0);
	kmc_key = raw_find(fd, "kmc");
	bureau = raw_find(fd, "transport");
	assert_true(raw_find(fd, "kmc") == kmc_key);
	refuse(fd, KEYD_CMAC, kmc_key, more, 16);
	memcpy(more, &bureau, 8);
	refuse(fd, KEYD_WRAP, kmc_key, more, 8);
	more[0] = 8;
	refuse(fd, KEYD_DERIVE, kmc_key, more, 33);
	more[0] = 1;
	refuse(fd, KEYD_DERIVE, bureau, more, 33);
	wrap_record(more + 1);
	more[4] ^= 1;
	refuse(fd, KEYD_UNWRAP, bureau, more, 25);
	refuse(fd, KEYD_SCP02_KEY, kmc_key, more, 3);
	refuse(fd, KEYD_SCP02_DEK, kmc_key, more, 2);
	memcpy(more, &bureau, 8);
	wrap_record(more + 8);
	refuse(fd, KEYD_WRAP_DES, kmc_key, more, 32);
	refuse(fd, KEYD_KCV, 0, more, 0);
	refuse(fd, KEYD_KCV, ~0ull, more, 0);
	refuse(fd, KEYD_KCV, kmc_key + 2, more, 0);
	refuse(fd, KEYD_KCV, kmc_key ^ 1ull << 32, more, 0);

	/* Another client's keys. */
	assert_int_equal(token_find(client, "kmc", &master), 0);
	assert_int_equal(derive_kdf3(client, master, GP_KEY_MAC, kdd, &theirs), 0);
	refuse(fd, KEYD_KCV, theirs, more, 0);
	refuse(fd, KEYD_CMAC, theirs, more, 16);
	refuse(fd, KEYD_DESTROY, theirs, more, 0);
	assert_int_equal(token_kcv(client, theirs, answer), 0);
	token_destroy(client, theirs);
	assert_int_equal(token_kcv(client, theirs, answer), -1);

	/* Forgotten, but not gone from the token. */
	more[0] = KEYD_DESTROY;
	memcpy(more + 1, &kmc_key, 8);
	assert_int_equal(ask(fd, more, 9, answer), 1);
	refuse(fd, KEYD_KCV, kmc_key, more, 0);
	raw_find(fd, "kmc");
	close(fd);
	work(client);
}

static void any_bytes(void **state)
{
	uint8_t message[KEYD_MESSAGE_MAX], answer[KEYD_MESSAGE_MAX];
	uint32_t chance = 1;
	int fd = -1;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		size_t len;

		for (size_t j = 0; j < 40; j++) {
			chance = chance * 1664525 + 1013904223;
			message[j] = (uint8_t)(chance >> 24);
		}
		message[0] %= 10;
		len = 1 + message[1] % 39;
		if (fd < 0)
			fd = raw_client();
		assert_true(fd >= 0);
		if (ask(fd, message, len, answer) > 0)
			continue;
		close(fd);
		fd = -1;
	}
	if (fd >= 0)
		close(fd);
	work(client);
}

static void keys_of_one_client_are_limited(void **state)
{
	token_key master, key;
	char error[192];
	struct token *t = keyd_open(&shared, error, sizeof(error));
	int n = 0;

	(void)state;
	assert_non_null(t);
	assert_int_equal(token_find(t, "kmc", &master), 0);
	while (!derive_kdf3(t, master, GP_KEY_MAC, kdd, &key) && n < 20000)
		n++;
	assert_non_null(strstr(token_error(t), "too many keys"));
	assert_int_equal(n, 16383);
	work(client);
	token_close(t);
	work(client);
}

static void other_users_are_not_served(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(chmod(softhsm_dir, 0711), 0);
	assert_int_equal(chmod(socket_path, 0666), 0);
	pid = fork();
	if (!pid) {
		if (setuid(65534))
			_exit(2);
		_exit(raw_client() >= 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void assert_status(const char *field, const char *want)
{
	char name[64], line[256];
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/status", (int)listening);
	f = fopen(name, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, field, strlen(field)))
			break;
	fclose(f);
	line[strcspn(line, "\n")] = '\0';
	if (strcmp(line + strlen(field), want))
		fail_msg("%s, not %s", line, want);
}

static void it_is_confined(void **state)
{
	(void)state;
	assert_status("NoNewPrivs:", "\t1");
	assert_status("Seccomp:", "\t2");
}

static void assert_clean(pid_t pid, const uint8_t card[16])
{
	assert_int_equal(memory_count(pid, kmc, 16), 0);
	assert_int_equal(memory_count(pid, transport, 16), 0);
	assert_int_equal(memory_count(pid, record, 16), 0);
	assert_int_equal(memory_count(pid, card, 16), 0);
}

static void no_key_is_in_its_memory(void **state)
{
	uint8_t wrapped[TOKEN_WRAPPED_LEN], card[16];
	token_key master, bureau, mac, fresh;

	(void)state;
	if (memory_count(listening, "cas-keyd", 8) < 0)
		skip();
	/* What is there is found: the scan is no pretence. */
	assert_true(memory_count(listening, "not of this protocol", 20) > 0);
	assert_true(memory_count(listening, "transport", 9) > 0);
	for (int i = 0; i < 100; i++)
		work(client);
	wrap_record(wrapped);
	assert_int_equal(token_find(client, "kmc", &master), 0);
	assert_int_equal(token_find(client, "transport", &bureau), 0);
	assert_int_equal(derive_kdf3(client, master, GP_KEY_MAC, kdd, &mac), 0);
	assert_int_equal(token_unwrap(client, bureau, wrapped, false, &fresh), 0);
	gp_kdf3(kmc, GP_KEY_MAC, kdd, card);
	assert_clean(listening, card);
	token_destroy(client, mac);
	token_destroy(client, fresh);
	assert_clean(listening, card);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(does_what_the_token_does),
		cmocka_unit_test(says_why_it_does_not_start),
		cmocka_unit_test(end_of_it_is_an_error_once),
		cmocka_unit_test(malformed_messages_end_their_connection),
		cmocka_unit_test(keys_are_for_what_they_are_for),
		cmocka_unit_test(any_bytes),
		cmocka_unit_test(keys_of_one_client_are_limited),
		cmocka_unit_test(other_users_are_not_served),
		cmocka_unit_test(it_is_confined),
		cmocka_unit_test(no_key_is_in_its_memory),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, setup, teardown);
}
