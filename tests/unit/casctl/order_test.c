// SPDX-License-Identifier: GPL-2.0-only
/* An order and its key, by casctl: what the bureau sealed, the token's key, and its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libgp/aes.h"
#include "libgp/gcm.h"
#include "libgp/hex.h"
#include "libledger/ledger.h"
#include "libtoken/token.h"
#include "../libtoken/softhsm.h"

#define KEY	"000102030405060708090A0B0C0D0E0F1011121314151617"
#define ICCID	"8949000000000000018"
#define PIN	"59070417"
#define PUK	"87654321"

static const uint8_t data_key[16] = { 0x71, 0x0d, 0xba, 0x9c, 0x43, 0xf8, 0x2e, 0x15 };
static char dir[64], output[4096];
static char wrapped[49];	/* a key under the transport key */

/* Runs a shell command in the test's directory; returns its status, @output is what it said. */
static int run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int run(const char *format, ...)
{
	char command[1024];
	va_list ap;
	size_t n;
	FILE *f;
	int rc;

	n = (size_t)snprintf(command, sizeof(command), "cd %s && exec 2>&1; ", dir);
	va_start(ap, format);
	vsnprintf(command + n, sizeof(command) - n, format, ap);
	va_end(ap);
	f = popen(command, "r");
	assert_non_null(f);
	n = fread(output, 1, sizeof(output) - 1, f);
	output[n] = '\0';
	rc = pclose(f);
	return WIFEXITED(rc) ? WEXITSTATUS(rc) : -1;
}

static void succeeds(int rc)
{
	if (rc)
		fail_msg("status %d: %s", rc, output);
}

static void fails(int rc, const char *text)
{
	if (rc != 1 || !strstr(output, text))
		fail_msg("status %d: %s", rc, output);
}

static void write_file(const char *name, const char *text)
{
	char path[96];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void seal(const char *with, const char *clear, char hex[128])
{
	uint8_t out[64];

	assert_int_equal(gp_seal(data_key, with, (const uint8_t *)clear, strlen(clear), out), 0);
	hex_encode(out, strlen(clear) + GP_SEAL, hex);
}

/* One row; @with: what the PIN is sealed with */
static void write_order(const char *with)
{
	char pin[128], puk[128], text[1024];

	seal(with, PIN, pin);
	seal("puk1:" ICCID, PUK, puk);
	snprintf(text, sizeof(text),
		 "iccid,imsi,pin1.enc,puk1.enc,kvn,enc,mac,dek,payload\n"
		 ICCID ",262011234567890,%s,%s,31," KEY "," KEY "," KEY ",010101AA\n", pin, puk);
	write_file("order.csv", text);
}

static void fresh(void)
{
	assert_int_equal(run("rm -f db db-wal db-shm copy"), 0);
}

/* What an order permits is taken from the options, and is in the ledger. */
static void limits_are_in_the_ledger(void **state)
{
	static const char *const bad[] = {
		"--cards 0", "--cards 1x", "--choose last", "--security tls", "--retries -1",
	};

	(void)state;
	fresh();
	write_order("pin1:" ICCID);
	succeeds(run(CASCTL " import --db db --order first --data bureau --label cards"
		     " --pin-file pin --station %032d --station %032d --cards 7 --cards-per-day 5"
		     " --stop-after 3 --retries 0 --initial-key batch-7 --security encrypted"
		     " order.csv", 1, 2));
	succeeds(run(CASCTL " ledger show --db db --json | grep -q '%032d,%032d.*batch-7.*cards.*:7"
		     ".*cards_per_day.*:5.*stop_after.*:3.*retries.*:0.*next.*encrypted'", 1, 2));
	succeeds(run(CASCTL " order --db db --json | grep '\"cards\":0,\"failures\":0'"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(run(CASCTL " import --db db --order x --pin-file pin %s order.csv",
				     bad[i]), 2);
	fails(run(CASCTL " import --db db --order x --label cards --pin-file pin --station here"
		  " order.csv"), "uuid");
}

/* Columns by the bureau's names, problems by them too; and it is shown how far it is. */
static void file_is_mapped_and_progress_shown(void **state)
{
	(void)state;
	fresh();
	write_order("pin1:" ICCID);
	succeeds(run("sed 's/iccid/Card Number/; s/pin1.enc/Sealed PIN/' order.csv >theirs.csv;"
		     " { head -1 order.csv | tr , '\\n' | grep -v 'iccid\\|pin1' |"
		     " sed 's/.*/& = &/';"
		     " echo 'iccid luhn = Card Number';"
		     " echo 'pin1.enc length=8 = Sealed PIN'; } >map"));
	succeeds(run(CASCTL " import --db db --order first --data bureau --label cards"
		     " --pin-file pin --mapping map theirs.csv"));
	fresh();
	succeeds(run("sed -i 's/length=8/length=4/' map"));
	fails(run(CASCTL " import --db db --order first --data bureau --label cards"
		  " --pin-file pin --mapping map theirs.csv"),
	      "theirs.csv: line 2, column Sealed PIN: has another length");
	succeeds(run("echo 'x' >>map"));
	fails(run(CASCTL " import --db db --order first --pin-file pin --mapping map theirs.csv"),
	      "map: line 10: COLUMN");
	/* 1,100 rows, of a test order: the Luhn digit of ICCIDs that are counted by awk. */
	succeeds(run("awk 'BEGIN { print \"iccid,imsi,pin1,puk1,kvn,enc,mac,dek,payload\";"
		     " for (n = 0; n < 1100; n++) { d = sprintf(\"894900000000%%06d\", n); s = 0;"
		     " for (i = 18; i; i--) { v = substr(d, i, 1) * (i %% 2 ? 1 : 2);"
		     " s += v > 9 ? v - 9 : v } print d (10 - s %% 10) %% 10"
		     " \",262011234567890,1234,12345678,31," KEY "," KEY "," KEY ",010101AA\" } }'"
		     " >many.csv"));
	succeeds(run(CASCTL " import --db db --order many --test --pin-file pin --progress"
		     " many.csv | tr '\\r' '\\n' >said; grep ' 9[0-9] %%.*##.* 1024 rows' said;"
		     " grep '1100 records' said"));
}

/* The transport key of the test wraps nothing that KEY is: an order with such keys is found out. */
static void check_tries_each_record(void **state)
{
	(void)state;
	fresh();
	write_order("pin1:" ICCID);
	succeeds(run(CASCTL " import --db db --order first --needs-release --data bureau"
		     " --pin-file pin order.csv"));
	fails(run(CASCTL " order check --db db --order first --pin-file pin"),
	      "line 2: token: no key");
	fails(run(CASCTL " order check --db db --order first --pin-file pin --transport bank"),
	      "line 2: token: C_UnwrapKey");
	fails(run(CASCTL " order release --db db --order first"), "is imported");
	succeeds(run("sed -i s/" KEY "/%s/g order.csv", wrapped));
	succeeds(run(CASCTL " order close --db db --order first"));
	succeeds(run(CASCTL " order wipe --db db --order first --pin-file pin"));
	fresh();
	succeeds(run(CASCTL " import --db db --order first --needs-release --data bureau"
		     " --pin-file pin order.csv"));
	succeeds(run(CASCTL " order check --db db --order first --pin-file pin --transport bank"));
	fails(run(CASCTL " order release --db db --order first"), "another one releases it");
	succeeds(run(CASCTL " order close --db db --order first"));
	succeeds(run(CASCTL " order wipe --db db --order first --pin-file pin"));
	succeeds(run(CASCTL " ledger verify --db db"));
}

static int import(const char *order)
{
	return run(CASCTL " import --db db --order %s --data bureau --pin-file pin order.csv",
		   order);
}

static int keys(void)
{
	succeeds(run(CASCTL " key list --pin-file pin | grep -c '^order-' || :"));
	return atoi(output);
}

static int setup(void **state)
{
	uint8_t key[24];
	char hex[33];

	(void)state;
	strcpy(dir, "/tmp/casctl-test-XXXXXX");
	if (!mkdtemp(dir) || softhsm_directory())
		return -1;
	write_file("pin", "123456\n");
	hex_encode(data_key, 16, hex);
	gp_aes_wrap(data_key, data_key, key);
	hex_encode(key, sizeof(key), wrapped);
	return run("printf 'bureau data %%s\\nbank transport %%s\\n' %s %s | " CASCTL
		   " key init --pin-file pin --import -", hex, hex);
}

static int teardown(void **state)
{
	(void)state;
	softhsm_remove();
	return run("rm -rf %s", dir);
}

static void sealed_order_is_sealed_anew(void **state)
{
	(void)state;
	fresh();
	write_order("pin1:" ICCID);
	succeeds(import("first"));
	assert_int_equal(keys(), 1);
	/* Nothing of it is to be read, but what tells records apart. */
	assert_int_equal(run("cat db db-wal | grep -aqF -e " PIN " -e " PUK " -e 26201123456789"),
			 1);
	succeeds(run("cat db db-wal | grep -aqF " ICCID));
	succeeds(run(CASCTL " order hold --db db --order first"));
	succeeds(run(CASCTL " order close --db db --order first"));
	succeeds(run(CASCTL " order wipe --db db --order first --pin-file pin"));
}

static void refused_order_leaves_no_key(void **state)
{
	(void)state;
	fresh();
	write_order("pin1:8949000000000000026");
	fails(import("first"), "line 2, column pin1: was not sealed for this column and record");
	assert_int_equal(keys(), 0);
	write_file("order.csv", "iccid,imsi,pin1,puk1,kvn,enc,mac,dek,payload\n");
	fails(import("first"), "column pin1: must be sealed");
	assert_int_equal(keys(), 0);
	write_order("pin1:" ICCID);
	fails(run(CASCTL " import --db db --order first --data none --pin-file pin order.csv"),
	      "was not sealed");
	assert_int_equal(keys(), 0);
}

static bool copy_opens(struct token *token, char pin1[12])
{
	uint8_t secrets[sizeof(((struct ledger_record *)0)->sealed)];
	char path[96], error[192];
	struct ledger_request r = { .number = 1 };
	struct ledger_record record;
	struct ledger *l;
	token_key key;
	bool known, ok;
	uint64_t epoch;

	snprintf(path, sizeof(path), "%s/copy", dir);
	l = ledger_open(path, false, error, sizeof(error));
	if (!l)
		fail_msg("%s", error);
	assert_int_equal(ledger_start(l, 30, &epoch), LEDGER_OK);
	assert_int_equal(ledger_lease(l, r.station, &epoch), LEDGER_OK);
	r.number = (uint64_t)random();
	assert_int_equal(ledger_request_open(l, &r, &known), LEDGER_OK);
	snprintf(path, sizeof(path), "KDD:%llu", (unsigned long long)r.number);
	assert_int_equal(ledger_claim(l, r.id, NULL, NULL, path, &record), LEDGER_OK);
	ok = !token_find(token, record.key, &key) &&
	     !token_unseal(token, key, record.iccid, record.sealed, record.sealed_len, secrets) &&
	     ledger_record_unpack(&record, secrets, record.sealed_len - TOKEN_SEAL);
	if (ok)
		memcpy(pin1, record.pin1, sizeof(record.pin1));
	ledger_close(l);
	return ok;
}

/* The order is gone from its copies too, since they never had its key. */
static void wiped_order_is_gone_from_copies(void **state)
{
	struct token_pin pin = { "123456", 6 };
	char error[192], pin1[12];
	struct token *token;

	(void)state;
	fresh();
	write_order("pin1:" ICCID);
	succeeds(import("first"));
	succeeds(run("cp db copy; cp copy again"));
	token = token_open(SOFTHSM_MODULE, "cards", &pin, error, sizeof(error));
	if (!token)
		fail_msg("%s", error);
	assert_true(copy_opens(token, pin1));
	assert_string_equal(pin1, PIN);
	fails(run(CASCTL " order wipe --db db --order first --pin-file pin"), "is released");
	assert_int_equal(keys(), 1);
	succeeds(run(CASCTL " order close --db db --order first"));
	succeeds(run(CASCTL " order wipe --db db --order first --pin-file pin"));
	assert_int_equal(keys(), 0);
	succeeds(run("mv again copy"));
	assert_false(copy_opens(token, pin1));
	token_close(token);
	succeeds(run(CASCTL " ledger verify --db db"));
}

/* The key is gone and the order is not written over yet: it was begun and not ended. */
static void wipe_goes_on_after_it_was_cut_off(void **state)
{
	struct token_pin pin = { "123456", 6 };
	char error[192], label[64];
	struct token *token;

	(void)state;
	fresh();
	write_order("pin1:" ICCID);
	succeeds(import("first"));
	succeeds(run(CASCTL " order close --db db --order first"));
	succeeds(run(CASCTL " key list --pin-file pin | grep -o '^order-[0-9A-F]*'"));
	snprintf(label, sizeof(label), "%.22s", output);
	token = token_open(SOFTHSM_MODULE, "cards", &pin, error, sizeof(error));
	assert_non_null(token);
	assert_int_equal(token_remove(token, label), 0);
	token_close(token);
	succeeds(run(CASCTL " order wipe --db db --order first --pin-file pin"));
	succeeds(run(CASCTL " order --db db | grep -q wiped"));
}

#define AS_ANOTHER "unshare --user --map-user=12345 "
#define COMPONENT CASCTL " key component --db db --pin-file pin --use %s --components 2" \
		  " --name %s %s"

/* Check values as openssl has them: @bytes are hexadecimal digits of a byte of each key. */
static void check_values(const char *cipher, const char *block, const char *bytes, char *out)
{
	succeeds(run("s='1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16'; for b in %s; do printf '%s' |"
		     " openssl enc -%s -nopad -K $(printf $b'%%.0s' $s) | od -An -tx1 -N3 |"
		     " tr -d ' \\n' | tr a-f A-F; printf ' '; done", bytes, block, cipher));
	strcpy(out, output);
}

#define ONES	"\\1\\1\\1\\1\\1\\1\\1\\1\\1\\1\\1\\1\\1\\1\\1\\1"
#define ZEROS	"\\0\\0\\0\\0\\0\\0\\0\\0"

/* 5A..5A xor F0..F0 is AA..AA: two people, and nobody can do it alone. */
static void keys_come_in_components(void **state)
{
	static const char *const use[] = { "master", "master-3des" };
	char want[sizeof(output)], got[sizeof(output) + 8];

	(void)state;
	fresh();
	succeeds(run("for b in 5A F0; do printf $b'%%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16"
		     " >$b; done; printf 5A5A >short"));
	fails(run(CASCTL " key import --pin-file pin --name kmc --use master 5A"),
	      "several people");
	fails(run("echo kmc master $(cat 5A) | " CASCTL
		  " key init --label other --pin-file pin --import -"), "several people");
	for (int i = 0; i < 2; i++) {
		if (i)
			check_values("des-ede", ZEROS, "5A AA F0", want);
		else
			check_values("aes-128-ecb", ONES, "5A AA F0", want);
		succeeds(run(COMPONENT " | awk '{ print $NF }'", use[i], use[i], "5A"));
		snprintf(got, sizeof(got), "%.6s ", output);
		fails(run(COMPONENT, use[i], use[i], "F0"), "has entered a component");
		fails(run(AS_ANOTHER COMPONENT, use[!i], use[i], "F0"), "another use");
		fails(run(CASCTL " key list --pin-file pin | grep -w '^%s '", use[i]), "");
		/* Whose memory cannot be locked; that is said. */
		succeeds(run(AS_ANOTHER COMPONENT " 2>/dev/null | awk '{ print $NF }' |"
			     " tr '\\n' ' '", use[i], use[i], "F0"));
		strcat(got, output);
		assert_string_equal(got, want);
		succeeds(run(CASCTL " key list --pin-file pin | grep -w '^%s '", use[i]));
	}
	succeeds(run(CASCTL " ledger show --db db | grep -c 'component\\|\"key\"' | grep -qx 6"));
	succeeds(run(CASCTL " ledger verify --db db"));
	fails(run(CASCTL " key list --pin-file pin | grep ceremony-"), "");
}

static void components_begin_anew(void **state)
{
	(void)state;
	fresh();
	succeeds(run("printf 5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A >long"));
	succeeds(run(COMPONENT, "master", "new", "5A"));
	fails(run(AS_ANOTHER COMPONENT, "master", "new", "long"), "of one length");
	fails(run(AS_ANOTHER COMPONENT, "master", "new", "short"), "digits");
	fails(run(CASCTL " key list --pin-file pin | grep -w '^new '"), "");
	succeeds(run(AS_ANOTHER CASCTL " key drop --db db --pin-file pin --name new"));
	fails(run(CASCTL " key drop --db db --pin-file pin --name new"), "no component");
	succeeds(run(COMPONENT, "master", "new", "long"));
	succeeds(run(AS_ANOTHER COMPONENT, "master", "new", "long"));
	/* What is in every manual may come whole. */
	succeeds(run("printf 404142434445464748494A4B4C4D4E4F | " CASCTL
		     " key import --pin-file pin --name manual --use master - | grep -q 504A77"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sealed_order_is_sealed_anew),
		cmocka_unit_test(check_tries_each_record),
		cmocka_unit_test(refused_order_leaves_no_key),
		cmocka_unit_test(wiped_order_is_gone_from_copies),
		cmocka_unit_test(keys_come_in_components),
		cmocka_unit_test(components_begin_anew),
		cmocka_unit_test(wipe_goes_on_after_it_was_cut_off),
		cmocka_unit_test(limits_are_in_the_ledger),
		cmocka_unit_test(file_is_mapped_and_progress_shown),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
