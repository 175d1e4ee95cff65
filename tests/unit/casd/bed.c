// SPDX-License-Identifier: GPL-2.0-only
/* A token, a database with an order, profiles, and the CAS daemon. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "casctl/casctl.h"
#include "bed.h"
#include "database.h"
#include "identity.h"
#include "libgp/aes.h"
#include "libgp/gcm.h"
#include "libgp/hex.h"
#include "libledger/ledger.h"
#include "libledger/statement.h"
#include "libtoken/token.h"
#include "../libtoken/softhsm_token.h"

const uint8_t kmc[16] = { 0x9d, 0x31, 0x5e, 0xc2, 0x07, 0xb8, 0x44, 0xf1,
				 0x6a, 0x1c, 0xe3, 0x92, 0x58, 0x0d, 0xa7, 0x73 };
const uint8_t transport[16] = { 0x4b, 0xe6, 0x18, 0xd9, 0x82, 0x35, 0xaf, 0x60 };
const uint8_t data_key[16] = { 0x71, 0x0d, 0xba, 0x9c, 0x43, 0xf8, 0x2e, 0x15 };
const uint8_t public_key[16] = { 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47,
					0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f };
struct casd_bed bed;
static struct token *token;	/* casctl's; casd has its own */

void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static int make_token(void)
{
	token = softhsm_token();
	if (!token)
		return -1;
	return token_import(token, "kmc", TOKEN_MASTER, kmc, 16) ||
	       token_import(token, "kmc-des", TOKEN_MASTER_DES, kmc, 16) ||
	       token_import(token, "public", TOKEN_MASTER, public_key, 16) ||
	       token_import(token, "data", TOKEN_DATA, data_key, 16) ||
	       token_make_signer(token, "ledger") ||
	       token_import(token, "transport", TOKEN_TRANSPORT, transport, 16);
}

static void luhn(char *digits)
{
	unsigned int sum = 0;
	size_t n = strlen(digits);

	for (size_t i = 0; i < n; i++) {
		unsigned int d = (unsigned int)(digits[n - 1 - i] - '0') * (i % 2 ? 1 : 2);

		sum += d / 10 + d % 10;
	}
	digits[n] = (char)('0' + (10 - sum % 10) % 10);
	digits[n + 1] = '\0';
}

void record_key(unsigned int i, unsigned int j, uint8_t key[16])
{
	memset(key, (int)(10 * i + j), 16);
	memcpy(key, RECORD_KEYS, 8);
	key[8] = (uint8_t)i;
}

static void record_iccid(unsigned int i, char iccid[24])
{
	snprintf(iccid, 24, "894900000000000%03u", i);
	luhn(iccid);
}

void record_pins(unsigned int i, char pin1[12], char puk1[12])
{
	snprintf(pin1, 12, "5907%04u", i);
	snprintf(puk1, 12, "87654%03u", i);
}

static void put_sealed(FILE *f, const char *column, const char *iccid, const char *clear)
{
	uint8_t sealed[64];
	char with[64], hex[129];

	snprintf(with, sizeof(with), "%s:%s", column, iccid);
	gp_seal(data_key, with, (const uint8_t *)clear, strlen(clear), sealed);
	fprintf(f, ",%s", hex_encode(sealed, strlen(clear) + GP_SEAL, hex));
}

static int make_order(void)
{
	struct order_import how = { .order = "first" };
	struct order_report report;
	char path[192], error[192], pin1[12], puk1[12];
	struct orderkey orderkey;
	struct ledger *l;
	FILE *f;
	int rc;

	if (orderkey_make(&orderkey, token, "data"))
		return -1;
	how.seal = &orderkey.seal;
	snprintf(path, sizeof(path), "%s/order.csv", bed.dir);
	f = fopen(path, "w+");
	if (!f)
		return -1;
	fprintf(f, "iccid,imsi,pin1.enc,puk1.enc,kvn,enc,mac,dek,payload\r\n");
	for (unsigned int i = 0; i < RECORDS; i++) {
		uint8_t key[16], wrapped[24];
		char iccid[24], hex[64];

		record_iccid(i, iccid);
		record_pins(i, pin1, puk1);
		fprintf(f, "%s,262011234567%03u", iccid, i);
		put_sealed(f, "pin1", iccid, pin1);
		put_sealed(f, "puk1", iccid, puk1);
		fprintf(f, ",31");
		for (unsigned int j = 0; j < 3; j++) {
			record_key(i, j, key);
			gp_aes_wrap(transport, key, wrapped);
			fprintf(f, ",%s", hex_encode(wrapped, 24, hex));
		}
		/* One DGI of 3 bytes, and one that does not fit into one STORE DATA */
		fprintf(f, ",010103AABBCC3000FF0104");
		for (int k = 0; k < 260; k++)
			fprintf(f, "%02X", (unsigned int)k & 0xff);
		fprintf(f, "\r\n");
	}
	rewind(f);
	l = ledger_open(bed.db, false, error, sizeof(error));
	rc = l ? (int)ledger_import(l, f, &how, &report) : -1;
	if (rc)
		print_error("line %u, %s: %s\n", report.problems[0].line,
			    report.problems[0].column, report.problems[0].text);
	ledger_close(l);
	fclose(f);
	return rc;
}

void start_casd(const struct fake_station *stations, unsigned int count,
		const char *const *options)
{
	const char *argv[32] = {
		"casd", "--db", bed.db, "--witness", bed.witness, "--pin-file", bed.pin_file,
		"--profiles", bed.profiles,
	};
	char address[4][32], log[192];
	unsigned int n = 9;

	assert_in_range(count, 1, 4);
	for (unsigned int i = 0; i < count; i++) {
		snprintf(address[i], sizeof(address[i]), "127.0.0.1:%u", stations[i].control_port);
		argv[n++] = "--station";
		argv[n++] = address[i];
	}
	while (options && *options && n < 31)
		argv[n++] = *options++;
	snprintf(log, sizeof(log), "%s/casd.log", bed.dir);
	bed.casd = fork();
	assert_true(bed.casd >= 0);
	if (!bed.casd) {
		int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

		dup2(fd, 2);
		execv(CASD, (char *const *)argv);
		_exit(127);
	}
}

void end_casd(int sig)
{
	int status;

	kill(bed.casd, sig);
	assert_int_equal(waitpid(bed.casd, &status, 0), bed.casd);
	assert_true(WIFEXITED(status) || !WCOREDUMP(status));
	if (sig == SIGTERM)
		assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
}

/* A thread of it may have started it. */
pid_t key_process(void)
{
	char pattern[64];
	glob_t children;
	int pid = 0;

	snprintf(pattern, sizeof(pattern), "/proc/%d/task/*/children", (int)bed.casd);
	assert_int_equal(glob(pattern, 0, NULL, &children), 0);
	for (size_t i = 0; !pid && i < children.gl_pathc; i++) {
		FILE *f = fopen(children.gl_pathv[i], "r");

		if (f && fscanf(f, "%d", &pid) != 1)
			pid = 0;
		if (f)
			fclose(f);
	}
	globfree(&children);
	assert_true(pid > 0);
	return pid;
}

void profile(const char *name, const char *text)
{
	char path[224];

	snprintf(path, sizeof(path), "%s/%s.lua", bed.profiles, name);
	write_file(path, text);
}

int bed_setup(void)
{
	char command[400];

	strcpy(bed.dir, "/tmp/casd-test-XXXXXX");
	if (!mkdtemp(bed.dir) || make_token())
		return -1;
	if (!database_begin(bed.dir, bed.db, sizeof(bed.db)))
		return -1;
	snprintf(bed.witness, sizeof(bed.witness), "%s/witness", bed.dir);
	snprintf(bed.pin_file, sizeof(bed.pin_file), "%s/pin", bed.dir);
	snprintf(bed.profiles, sizeof(bed.profiles), "%s/profiles", bed.dir);
	snprintf(bed.orders, sizeof(bed.orders), "%s/orders", bed.dir);
	snprintf(bed.heads, sizeof(bed.heads), "%s/heads", bed.dir);
	snprintf(command, sizeof(command), "cp -r '%s/profiles' '%s'", CKS_TOP, bed.dir);
	if (system(command) || make_order())
		return -1;
	write_file(bed.pin_file, "123456\n");
	return 0;
}

int bed_teardown(void)
{
	char command[160];

	token_close(token);
	softhsm_remove();
	database_end();
	snprintf(command, sizeof(command), "rm -rf '%s'", bed.dir);
	return system(command);
}

void blank(struct gp_card *card, uint32_t serial)
{
	struct aes_key master = { .len = 16 };
	struct identity id;

	memset(card, 0, sizeof(*card));
	memcpy(master.bytes, kmc, 16);
	identity_make(&id, serial);
	assert_true(gp_card_init(card, &id, &master, 1));
}

void query(const char *sql, char *out, size_t cap)
{
	char error[192];
	struct ledger *l = ledger_open(bed.db, true, error, sizeof(error));
	struct statement *s;
	bool failed;

	assert_non_null(l);
	s = db_prepare(l, sql, "");
	if (!s || !db_next(l, s, &failed))
		fail_msg("%s: %s", sql, ledger_error(l));
	assert_true(db_text(s, 0, out, cap));
	db_finalize(s);
	ledger_close(l);
}

void assert_query(const char *sql, const char *want)
{
	char got[128];

	query(sql, got, sizeof(got));
	assert_string_equal(got, want);
}
