// SPDX-License-Identifier: GPL-2.0-only
/* Records, orders, dispositions and the chain: the rules of the hand-over in the database. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libgp/hex.h"
#include "libledger/ledger.h"
#include "libledger/mapping.h"
#include "libledger/statement.h"
#include "pgserver.h"
#include "software_seal.h"

#define HEADER "iccid,imsi,pin1,puk1,kvn,enc,mac,dek,payload\n"
#define KEY "000102030405060708090A0B0C0D0E0F1011121314151617"
#define REST "262011234567890,1234,12345678,31," KEY "," KEY "," KEY ",010101AA\n"
#define ROW1 "8949000000000000018," REST
#define ROW2 "8949000000000000026," REST
#define ROW3 "8949000000000000034," REST

#ifdef POSTGRES
#define CHAIN "cas1"
#define CANNOT_WRITE "SET default_transaction_read_only = on"
#define CAN_WRITE "SET default_transaction_read_only = off"
#define OLDER "UPDATE meta SET value = 0 WHERE name = 'schema'"
static const char *const triggers[] = { "DROP TRIGGER ledger_grows ON ledger" };
#else
#define CHAIN ""
#define CANNOT_WRITE "PRAGMA query_only = ON"
#define CAN_WRITE "PRAGMA query_only = OFF"
#define OLDER "PRAGMA user_version = 0"
static const char *const triggers[] = {
	"DROP TRIGGER ledger_no_update", "DROP TRIGGER ledger_no_delete",
};
#endif

static char path[128];
static struct ledger *l;

static const uint8_t station[16];

/* As a daemon, which has the one station that most tests are about. */
static bool serve(void)
{
	uint64_t epoch;

	return ledger_name(l, "cas1") == LEDGER_OK && ledger_start(l, 3600, &epoch) == LEDGER_OK &&
	       ledger_lease(l, station, &epoch) == LEDGER_OK;
}

static void lease_again(void)
{
	uint64_t epoch;

	assert_int_equal(ledger_lease(l, station, &epoch), LEDGER_OK);
}

#ifdef POSTGRES
static char name[16], copy[16];
static bool damaged;	/* a test changed more than rows */

static int start_server(void **state)
{
	(void)state;
	return pgserver_start() ? 0 : -1;
}

static int stop_server(void **state)
{
	(void)state;
	pgserver_stop();
	return 0;
}

static int setup(void **state)
{
	static unsigned int count;
	char error[192];

	(void)state;
	if (count && !damaged) {
		if (!pgserver_empty(name))
			return -1;
	} else {
		snprintf(name, sizeof(name), "ledger%u", count++);
		if (!pgserver_make(name, NULL))
			return -1;
		damaged = false;
	}
	pgserver_where(name, path, sizeof(path));
	l = ledger_open(path, false, error, sizeof(error));
	if (!l)
		print_error("%s\n", error);
	return l && serve() ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	ledger_close(l);
	return 0;
}

/* A copy of the database as it is; @where receives where. */
static void copy_database(char *where, size_t cap)
{
	static unsigned int count;
	char error[192];

	snprintf(copy, sizeof(copy), "copy%u", count++);
	/* The server copies what nobody uses. */
	ledger_close(l);
	assert_true(pgserver_make(copy, name));
	pgserver_where(copy, where, cap);
	l = ledger_open(path, false, error, sizeof(error));
	assert_non_null(l);
	assert_true(serve());
}

static void remove_copy(const char *where)
{
	(void)where;
}
#else
#define start_server NULL
static bool damaged;
#define stop_server NULL

static int setup(void **state)
{
	char error[192];
	int fd;

	(void)state;
	strcpy(path, "/tmp/ledger-test-XXXXXX");
	fd = mkstemp(path);
	if (fd < 0)
		return -1;
	close(fd);
	l = ledger_open(path, false, error, sizeof(error));
	return l && serve() ? 0 : -1;
}

static void remove_copy(const char *where)
{
	char name[192];

	unlink(where);
	snprintf(name, sizeof(name), "%s-wal", where);
	unlink(name);
	snprintf(name, sizeof(name), "%s-shm", where);
	unlink(name);
}

static int teardown(void **state)
{
	(void)state;
	ledger_close(l);
	remove_copy(path);
	return 0;
}

static void copy_database(char *where, size_t cap)
{
	sqlite3 *from, *to;
	sqlite3_backup *b;

	snprintf(where, cap, "%s.old", path);
	assert_int_equal(sqlite3_open(path, &from), SQLITE_OK);
	assert_int_equal(sqlite3_open(where, &to), SQLITE_OK);
	b = sqlite3_backup_init(to, "main", from, "main");
	assert_non_null(b);
	assert_int_equal(sqlite3_backup_step(b, -1), SQLITE_DONE);
	sqlite3_backup_finish(b);
	sqlite3_close(to);
	sqlite3_close(from);
}
#endif

static void sql(const char *text)
{
	if (!db_run(l, NULL, text, ""))
		fail_msg("%s: %s", text, ledger_error(l));
}

static enum ledger_status import_as(const char *text, bool free_spoiled, bool test,
				    struct order_report *r)
{
	static unsigned int count;
	enum ledger_status status;
	char name[32];
	struct order_import how = {
		.order = name, .free_spoiled = free_spoiled, .test = test, .seal = &software_order,
	};
	FILE *f = fmemopen((void *)text, strlen(text), "r");

	assert_non_null(f);
	snprintf(name, sizeof(name), "order-%u", count++);
	status = ledger_import(l, f, &how, r);
	fclose(f);
	return status;
}

static enum ledger_status import(const char *text, bool free_spoiled, struct order_report *r)
{
	return import_as(text, free_spoiled, true, r);
}

static void stock(void)
{
	struct order_report r;

	assert_int_equal(import(HEADER ROW1 ROW2 ROW3, false, &r), LEDGER_OK);
	assert_int_equal(r.rows, 3);
}

static int64_t number(const char *sql)
{
	struct statement *s = db_prepare(l, sql, "");
	bool failed;
	int64_t v;

	assert_non_null(s);
	assert_true(db_next(l, s, &failed));
	v = db_number(s, 0);
	db_finalize(s);
	return v;
}

static void assert_state(int64_t record, const char *want)
{
	char sql[128];

	snprintf(sql, sizeof(sql), "SELECT state = '%s' FROM record WHERE id = %lld", want,
		 (long long)record);
	assert_int_equal(number(sql), 1);
}

static void open_request(uint64_t n, struct ledger_request *r)
{
	bool known;

	memset(r, 0, sizeof(*r));
	r->number = n;
	r->presence_gen = 3;
	strcpy(r->application, "personalize");
	assert_int_equal(ledger_request_open(l, r, &known), LEDGER_OK);
	assert_false(known);
}

static enum ledger_status dispose_with(uint64_t n, uint64_t request, uint64_t result_id,
				       uint8_t what)
{
	struct ledger_disposition d = {
		.journal_epoch = 1,
		.number = n,
		.request = request,
		.result_id = result_id,
		.disposition = what,
		.evidence = "sensor",
	};

	return ledger_dispose(l, &d);
}

/* ---- import ---- */

static const struct {
	const char *text;
	unsigned int line;
	const char *column;
	const char *says;
} bad_files[] = {
	{ "", 1, "", "header" },
	{ HEADER, 2, "", "no rows" },
	{ "iccid,imsi\n", 1, "pin1", "missing" },
	{ "iccid,iccid,imsi,pin1,puk1,kvn,enc,mac,dek,payload\n", 1, "iccid", "twice" },
	{ "number,imsi,pin1,puk1,kvn,enc,mac,dek,payload\n", 1, "number", "no such" },
	{ HEADER "8949000000000000019," REST, 2, "iccid", "Luhn" },
	{ HEADER ROW1 "894900000000000001," REST, 3, "iccid", "19 or 20" },
	{ HEADER ROW1 "89490000000000000a8," REST, 3, "iccid", "digits" },
	{ HEADER ROW1 ROW1, 3, "iccid", "twice" },
	{ HEADER "8949000000000000018,2620,1234,12345678,31," KEY "," KEY "," KEY ",010101AA\n",
	  2, "imsi", "15 digits" },
	{ HEADER "8949000000000000018,262011234567890,123,12345678,31," KEY "," KEY "," KEY
	  ",010101AA\n", 2, "pin1", "4 to 8" },
	{ HEADER "8949000000000000018,262011234567890,1234,1234567,31," KEY "," KEY "," KEY
	  ",010101AA\n", 2, "puk1", "8 digits" },
	{ HEADER "8949000000000000018,262011234567890,1234,12345678,80," KEY "," KEY "," KEY
	  ",010101AA\n", 2, "kvn", "01 to 7F" },
	{ HEADER "8949000000000000018,262011234567890,1234,12345678,00," KEY "," KEY "," KEY
	  ",010101AA\n", 2, "kvn", "01 to 7F" },
	{ HEADER "8949000000000000018,262011234567890,1234,12345678,31," KEY ",0011," KEY
	  ",010101AA\n", 2, "mac", "48" },
	{ HEADER "8949000000000000018,262011234567890,1234,12345678,31," KEY "," KEY "," KEY
	  ",010102AA\n", 2, "payload", "DGI longer" },
	{ HEADER "8949000000000000018,262011234567890,1234,12345678,31," KEY "," KEY "," KEY
	  ",\n", 2, "payload", "no DGI" },
	{ HEADER ROW1 "8949000000000000026,1\n", 3, "", "number of fields" },
	{ HEADER ROW1 "\"8949000000000000026\"x," REST, 3, "", "closing quote" },
	{ HEADER ROW1 "8949\"000000000000026," REST, 3, "", "not quoted" },
	{ HEADER ROW1 "\"8949000000000000026", 3, "", "not closed" },
	{ HEADER ROW1 "8949000000000000026\r," REST, 3, "", "CR" },
};

static void bad_rows_import_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_files) / sizeof(bad_files[0]); i++) {
		struct order_report r;

		assert_int_equal(import(bad_files[i].text, false, &r), LEDGER_REFUSED);
		assert_int_equal(r.rows, 0);
		assert_true(r.count >= 1);
		if (r.problems[0].line != bad_files[i].line ||
		    strcmp(r.problems[0].column, bad_files[i].column) ||
		    !strstr(r.problems[0].text, bad_files[i].says))
			fail_msg("file %zu: line %u, column \"%s\": %s", i, r.problems[0].line,
				 r.problems[0].column, r.problems[0].text);
		assert_int_equal(number("SELECT count(*) FROM record"), 0);
		assert_int_equal(number("SELECT count(*) FROM orders"), 0);
		assert_int_equal(number("SELECT count(*) FROM ledger WHERE kind = 'import'"), 0);
	}
}

static void every_problem_is_listed(void **state)
{
	static const char text[] = HEADER
		"1,2,3,4,5,6,7,8,9\n" ROW1 "1,2,3,4,5,6,7,8,9\n1,2,3,4,5,6,7,8,9\n";
	struct order_report r;

	(void)state;
	assert_int_equal(import(text, false, &r), LEDGER_REFUSED);
	assert_int_equal(r.count, ORDER_PROBLEMS_MAX);
	assert_int_equal(r.problems[0].line, 2);
	assert_int_equal(r.problems[9].line, 4);
}

static void quotes_and_crlf(void **state)
{
	static const char text[] =
		"\xef\xbb\xbfpayload,iccid,imsi,pin1,puk1,kvn,enc,mac,dek\r\n"
		"\"010101AA\",\"8949000000000000018\",262011234567890,\"1234\",12345678,31,"
		KEY "," KEY ",\"" KEY "\"\r\n";
	struct order_report r;

	(void)state;
	assert_int_equal(import(text, false, &r), LEDGER_OK);
	assert_int_equal(r.rows, 1);
}

/* ---- records ---- */

static void a_record_goes_its_way(void **state)
{
	struct ledger_record record;
	struct ledger_request r;

	(void)state;
	stock();
	open_request(1, &r);
	assert_int_equal(ledger_claim(l, r.id, NULL, NULL, "KDD:01", &record), LEDGER_OK);
	assert_string_equal(record.iccid, "8949000000000000018");
	/* Nothing secret is there before it is unsealed, and nothing if it is another record's. */
	assert_string_equal(record.pin1, "");
	assert_int_equal(record.keys[0][1], 0);
	assert_true(software_open(&record));
	assert_string_equal(record.pin1, "1234");
	assert_int_equal(record.keys[0][1], 1);
	assert_int_equal(record.payload_len, 4);
	strcpy(record.iccid, "8949000000000000026");
	assert_false(software_open(&record));
	assert_int_equal(record.attempt, 1);
	assert_state(record.id, "INTENT");
	/* One record for a request. */
	assert_int_equal(ledger_claim(l, r.id, NULL, NULL, "KDD:02", &record), LEDGER_REFUSED);
	record.id = 1;
	record.attempt = 1;
	r.verdict = 1;
	assert_int_equal(ledger_decide(l, &r), LEDGER_REFUSED);
	assert_int_equal(ledger_issue(l, &r, &record, ""), LEDGER_REFUSED);
	assert_int_equal(ledger_issue(l, &r, &record, "evidence"), LEDGER_OK);
	assert_state(1, "ISSUED");
	assert_int_equal(ledger_issue(l, &r, &record, "evidence"), LEDGER_REFUSED);
	assert_int_equal(dispose_with(1, 1, (uint64_t)r.id, 1), LEDGER_OK);
	assert_state(1, "DELIVERED");
	/* Nothing moves it any more. */
	assert_int_equal(dispose_with(2, 1, (uint64_t)r.id, 2), LEDGER_OK);
	assert_state(1, "DELIVERED");
	assert_int_equal(number("SELECT state = 'good' FROM card WHERE identity = 'KDD:01'"), 1);
}

static void claim_on(uint64_t n, const char *card, struct ledger_request *r,
		     struct ledger_record *record)
{
	open_request(n, r);
	assert_int_equal(ledger_claim(l, r->id, NULL, NULL, card, record), LEDGER_OK);
}

static void one_card_one_record(void **state)
{
	struct ledger_request a, b;
	struct ledger_record record;

	(void)state;
	stock();
	claim_on(1, "KDD:01", &a, &record);
	open_request(2, &b);
	assert_int_equal(ledger_claim(l, b.id, NULL, NULL, "KDD:01", &record), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(l), "open in another request"));
	assert_int_equal(number("SELECT count(*) FROM record WHERE state = 'FREE'"), 2);
}

static void retry_keeps_the_record(void **state)
{
	struct ledger_request a, b;
	struct ledger_record first, second;

	(void)state;
	stock();
	claim_on(1, "KDD:01", &a, &first);
	a.verdict = 3;
	strcpy(a.reason, "again");
	assert_int_equal(ledger_decide(l, &a), LEDGER_OK);
	claim_on(2, "KDD:01", &b, &second);
	assert_int_equal(second.id, first.id);
	assert_int_equal(second.attempt, 2);
	/* The first attempt can no longer issue it, and its disposition does not touch it. */
	b.verdict = 1;
	assert_int_equal(ledger_issue(l, &b, &first, "evidence"), LEDGER_REFUSED);
	assert_int_equal(dispose_with(1, 1, (uint64_t)a.id, 2), LEDGER_OK);
	assert_state(first.id, "INTENT");
	assert_int_equal(ledger_issue(l, &b, &second, "evidence"), LEDGER_OK);
}

/* A station that presents a card anew says that the first request's card was removed. */
static void retry_after_removal(void **state)
{
	struct ledger_request a, b, c;
	struct ledger_record first, second;

	(void)state;
	stock();
	claim_on(1, "KDD:01", &a, &first);
	a.verdict = 3;
	strcpy(a.reason, "again");
	assert_int_equal(ledger_decide(l, &a), LEDGER_OK);
	assert_int_equal(dispose_with(1, 1, (uint64_t)a.id, 3), LEDGER_OK);
	assert_state(first.id, "INTENT");
	/* Another card does not get it. */
	claim_on(2, "KDD:02", &b, &second);
	assert_int_not_equal(second.id, first.id);
	claim_on(3, "KDD:01", &c, &second);
	assert_int_equal(second.id, first.id);
	c.verdict = 2;
	strcpy(c.reason, "no");
	assert_int_equal(ledger_decide(l, &c), LEDGER_OK);
	assert_int_equal(dispose_with(2, 3, (uint64_t)c.id, 2), LEDGER_OK);
	assert_state(first.id, "VOID");
}

static void dispositions_decide(void **state)
{
	static const struct {
		bool issued;
		bool wrong_result;
		uint8_t disposition;
		const char *state;
	} cases[] = {
		{ true, false, 1, "DELIVERED" }, { true, true, 1, "DOUBT" },
		{ true, false, 2, "VOID" },      { true, false, 3, "DOUBT" },
		{ true, false, 4, "DOUBT" },     { false, false, 1, "DOUBT" },
		{ false, false, 2, "VOID" },     { false, false, 3, "VOID" },
		{ false, false, 4, "DOUBT" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ledger_record record;
		struct ledger_request r;

		stock();
		claim_on(1, "KDD:01", &r, &record);
		if (cases[i].issued) {
			r.verdict = 1;
			assert_int_equal(ledger_issue(l, &r, &record, "evidence"), LEDGER_OK);
		} else {
			r.verdict = 2;
			assert_int_equal(ledger_decide(l, &r), LEDGER_OK);
		}
		assert_int_equal(dispose_with(1, 1, (uint64_t)r.id + cases[i].wrong_result,
					      cases[i].disposition), LEDGER_OK);
		assert_state(record.id, cases[i].state);
		teardown(state);
		assert_int_equal(setup(state), 0);
	}
}

static void spoiled_may_be_free_again(void **state)
{
	struct ledger_record record;
	struct ledger_request r;
	struct order_report report;

	(void)state;
	assert_int_equal(import(HEADER ROW1, true, &report), LEDGER_OK);
	claim_on(1, "KDD:01", &r, &record);
	r.verdict = 2;
	assert_int_equal(ledger_decide(l, &r), LEDGER_OK);
	assert_int_equal(dispose_with(1, 1, 0, 2), LEDGER_OK);
	assert_state(record.id, "FREE");
	claim_on(2, "KDD:02", &r, &record);
	assert_int_equal(record.attempt, 2);
	open_request(3, &r);
	assert_int_equal(ledger_claim(l, r.id, NULL, NULL, "KDD:01", &record), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(l), "spoiled"));
}

static void dispositions_without_gaps(void **state)
{
	static const char uuid[] = "00000000000000000000000000000000";

	(void)state;
	assert_int_equal(ledger_adopt(l, uuid, "0000000000000001", 6, 1), LEDGER_OK);
	assert_int_equal(dispose_with(7, 1, 0, 2), LEDGER_OK);
	assert_int_equal(dispose_with(9, 1, 0, 2), LEDGER_GAP);
	assert_int_equal(dispose_with(8, 1, 0, 2), LEDGER_OK);
	assert_int_equal(dispose_with(7, 1, 0, 2), LEDGER_OK);
	assert_int_equal(dispose_with(6, 1, 0, 2), LEDGER_GAP);
	assert_int_equal(number("SELECT count(*) FROM disposition"), 3);
	assert_int_equal(dispose_with(9, 1, 0, 5), LEDGER_REFUSED);
	assert_int_equal(dispose_with(0, 1, 0, 2), LEDGER_REFUSED);
}

static void ended_request_issues_nothing(void **state)
{
	struct ledger_record record;
	struct ledger_request r;

	(void)state;
	stock();
	claim_on(1, "KDD:01", &r, &record);
	assert_int_equal(ledger_ended(l, r.id, "card removed"), LEDGER_OK);
	r.verdict = 1;
	assert_int_equal(ledger_issue(l, &r, &record, "evidence"), LEDGER_REFUSED);
	assert_state(record.id, "INTENT");
}

static void no_record_left(void **state)
{
	struct ledger_record record;
	struct ledger_request r;

	(void)state;
	open_request(1, &r);
	assert_int_equal(ledger_claim(l, r.id, NULL, NULL, "KDD:01", &record), LEDGER_REFUSED);
	assert_string_equal(ledger_error(l), "no record is free");
	stock();
	assert_int_equal(ledger_claim(l, r.id, "another", NULL, "KDD:01", &record),
			 LEDGER_REFUSED);
}

static void full_disk_stops_claims(void **state)
{
	struct ledger_record record;
	struct ledger_request r;

	(void)state;
	stock();
	open_request(1, &r);
	sql(CANNOT_WRITE);
	assert_int_equal(ledger_claim(l, r.id, NULL, NULL, "KDD:01", &record), LEDGER_FAILED);
	assert_int_equal(record.sealed_len, 0);
	sql(CAN_WRITE);
	assert_int_equal(number("SELECT count(*) FROM record WHERE state != 'FREE'"), 0);
	assert_int_equal(ledger_claim(l, r.id, NULL, NULL, "KDD:01", &record), LEDGER_OK);
}

static void lease_epoch_rises(void **state)
{
	uint64_t a, b;

	(void)state;
	assert_int_equal(ledger_start(l, 3600, &a), LEDGER_OK);
	assert_int_equal(ledger_start(l, 3600, &b), LEDGER_OK);
	assert_int_equal(b, a + 1);
}

/* Two daemons, one station: it is served by one of them, and the other one is shut out. */
static void lease_passes_to_another(void **state)
{
	struct ledger_record record, second;
	struct ledger_request r, next;
	uint64_t before, epoch;
	struct ledger *other;
	unsigned int held;
	char error[192];
	bool known;

	(void)state;
	stock();
	assert_int_equal(ledger_lease(l, station, &before), LEDGER_OK);
	other = ledger_open(path, false, error, sizeof(error));
	assert_non_null(other);
	assert_int_equal(ledger_name(other, "cas2"), LEDGER_OK);
	assert_int_equal(ledger_start(other, 3600, &epoch), LEDGER_OK);
	assert_int_equal(ledger_lease(other, station, &epoch), LEDGER_LEASED);
	assert_non_null(strstr(ledger_error(other), "cas1"));
	claim_on(1, "KDD:01", &r, &record);
	open_request(2, &next);

	/* The first one was stopped for too long. */
	sql("UPDATE station SET lease_until = unixepoch() - 1");
	assert_int_equal(ledger_claim(l, next.id, NULL, NULL, "KDD:02", &second), LEDGER_LEASED);
	assert_int_equal(ledger_lease(other, station, &epoch), LEDGER_OK);
	assert_true(epoch > before);
	r.verdict = 1;
	assert_int_equal(ledger_issue(l, &r, &record, "evidence"), LEDGER_LEASED);
	assert_int_equal(ledger_claim(l, next.id, NULL, NULL, "KDD:02", &second), LEDGER_LEASED);
	assert_int_equal(second.sealed_len, 0);
	assert_int_equal(dispose_with(1, 1, 0, 2), LEDGER_LEASED);
	assert_int_equal(ledger_renew(l, &held), LEDGER_OK);
	assert_int_equal(held, 0);
	next.number = 3;
	assert_int_equal(ledger_request_open(l, &next, &known), LEDGER_LEASED);
	assert_state(record.id, "INTENT");
	assert_int_equal(number("SELECT count(*) FROM request WHERE state = 'open'"), 0);

	/* What is given back can be had at once, and what was open before has ended. */
	assert_int_equal(ledger_let_go(other, station), LEDGER_OK);
	before = epoch;
	assert_int_equal(ledger_lease(l, station, &epoch), LEDGER_OK);
	assert_true(epoch > before);
	assert_int_equal(ledger_issue(l, &r, &record, "evidence"), LEDGER_REFUSED);
	assert_int_equal(dispose_with(1, 1, 0, 2), LEDGER_OK);
	assert_state(record.id, "VOID");
	ledger_close(other);
}

static void journal_cut_back_is_noticed(void **state)
{
	static const uint8_t boot[16];
	unsigned int doubted;

	(void)state;
	assert_int_equal(ledger_hello(l, station, boot, 1, 0, &doubted), LEDGER_OK);
	assert_int_equal(dispose_with(1, 1, 0, 2), LEDGER_OK);
	assert_int_equal(ledger_hello(l, station, boot, 1, 1, &doubted), LEDGER_OK);
	assert_int_equal(ledger_hello(l, station, boot, 1, 0, &doubted), LEDGER_REFUSED);
}

/* What became of request @n, which was in the presentation of open_request(). */
static enum ledger_status dispose_presented(uint64_t n, uint64_t request, uint8_t what)
{
	struct ledger_disposition d = {
		.journal_epoch = 1,
		.number = n,
		.request = request,
		.presence_gen = 3,
		.disposition = what,
		.evidence = "sensor",
	};

	return ledger_dispose(l, &d);
}

static void to_be_retried(uint64_t n, const char *card, struct ledger_record *record)
{
	struct ledger_request r;

	claim_on(n, card, &r, record);
	r.verdict = 3;
	strcpy(r.reason, "again");
	assert_int_equal(ledger_decide(l, &r), LEDGER_OK);
	assert_int_equal(dispose_with(n, n, (uint64_t)r.id, 3), LEDGER_OK);
	assert_state(record->id, "INTENT");
}

/* The card that was to be retried is rejected in a request that the CAS never saw. */
static void retry_that_ends_unseen(void **state)
{
	struct ledger_record record;
	struct ledger_request r;

	(void)state;
	stock();
	to_be_retried(1, "KDD:01", &record);
	/* Of another presentation: not this card. */
	assert_int_equal(dispose_with(2, 2, 0, 2), LEDGER_OK);
	assert_state(record.id, "INTENT");
	/* Tried once more and still in the lane; then it is rejected. */
	assert_int_equal(dispose_presented(3, 3, 3), LEDGER_OK);
	assert_state(record.id, "INTENT");
	assert_int_equal(dispose_presented(4, 4, 2), LEDGER_OK);
	assert_state(record.id, "VOID");
	open_request(5, &r);
	assert_int_equal(ledger_claim(l, r.id, NULL, NULL, "KDD:01", &record), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(l), "spoiled"));
}

static void intent_can_be_taken_back(void **state)
{
	struct ledger_record record, again;
	struct order_report report;
	struct ledger_request r;
	char became[8];

	(void)state;
	assert_int_equal(import(HEADER ROW1, true, &report), LEDGER_OK);
	assert_int_equal(ledger_release(l, "8949000000000000018", became), LEDGER_REFUSED);
	to_be_retried(1, "KDD:01", &record);
	assert_int_equal(ledger_release(l, "8949000000000000026", became), LEDGER_REFUSED);
	assert_int_equal(ledger_release(l, "8949000000000000018", became), LEDGER_OK);
	assert_string_equal(became, "FREE");
	/* The card cannot come for it any more; another one can. */
	open_request(2, &r);
	assert_int_equal(ledger_claim(l, r.id, NULL, NULL, "KDD:01", &again), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(l), "spoiled"));
	claim_on(3, "KDD:02", &r, &again);
	assert_int_equal(again.id, record.id);
	/* Not under a session that works with it, and not what is issued. */
	assert_int_equal(ledger_release(l, "8949000000000000018", became), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(l), "session"));
	r.verdict = 1;
	assert_int_equal(ledger_issue(l, &r, &again, "evidence"), LEDGER_OK);
	assert_int_equal(ledger_release(l, "8949000000000000018", became), LEDGER_REFUSED);
	assert_state(again.id, "ISSUED");
}

/* A session that the database takes for open issues nothing that was taken from it. */
static void freed_intent_is_not_issued(void **state)
{
	struct ledger_record record;
	struct ledger_request r;

	(void)state;
	stock();
	claim_on(1, "KDD:01", &r, &record);
	sql("UPDATE record SET state = 'VOID' WHERE id = 1");
	r.verdict = 1;
	assert_int_equal(ledger_issue(l, &r, &record, "evidence"), LEDGER_REFUSED);
	assert_state(1, "VOID");
	assert_int_equal(number("SELECT state = 'open' FROM request WHERE id = 1"), 1);
}

/* Restored from a copy, a database knows less than its stations: no session before it does. */
static void old_database_is_noticed(void **state)
{
	static const uint8_t boot[16];
	unsigned int doubted;

	(void)state;
	assert_int_equal(ledger_hello(l, station, boot, 1, 0, &doubted), LEDGER_OK);
	assert_int_equal(ledger_caught_up(l, station, 1, 0), LEDGER_OK);
	assert_int_equal(ledger_caught_up(l, station, 1, 2), LEDGER_GAP);
	assert_int_equal(dispose_with(1, 1, 0, 2), LEDGER_OK);
	assert_int_equal(ledger_caught_up(l, station, 1, 2), LEDGER_GAP);
	assert_int_equal(dispose_with(2, 2, 0, 2), LEDGER_OK);
	assert_int_equal(ledger_caught_up(l, station, 1, 2), LEDGER_OK);
	assert_int_equal(ledger_caught_up(l, station, 2, 1), LEDGER_GAP);
	/* The station acted on a result that this database never gave. */
	assert_int_equal(dispose_with(3, 9, 4711, 1), LEDGER_GAP);
	assert_int_equal(number("SELECT count(*) FROM disposition"), 2);
}

static void repeated_disposition_must_be_the_same(void **state)
{
	struct ledger_record record;
	struct ledger_request r;

	(void)state;
	stock();
	claim_on(1, "KDD:01", &r, &record);
	r.verdict = 1;
	assert_int_equal(ledger_issue(l, &r, &record, "evidence"), LEDGER_OK);
	assert_int_equal(dispose_with(1, 7, 0, 2), LEDGER_OK);
	/* A journal that was cut back gives the number again, to another card. */
	assert_int_equal(dispose_with(1, 1, (uint64_t)r.id, 1), LEDGER_GAP);
	assert_int_equal(dispose_with(1, 7, 0, 1), LEDGER_GAP);
	assert_int_equal(dispose_with(1, 7, 0, 2), LEDGER_OK);
	assert_state(record.id, "ISSUED");
}

/*
 * An old copy may know the request and not the result that a station acted on: a card that has
 * left as good, or may have, can carry a record that is free here.
 */
static void result_that_was_not_given_here(void **state)
{
	struct ledger_request r;

	(void)state;
	open_request(1, &r);
	assert_int_equal(dispose_with(1, 1, (uint64_t)r.id, 1), LEDGER_GAP);
	assert_int_equal(dispose_with(1, 1, (uint64_t)r.id, 4), LEDGER_GAP);
	assert_int_equal(number("SELECT count(*) FROM disposition"), 0);
	r.verdict = 2;
	assert_int_equal(ledger_decide(l, &r), LEDGER_OK);
	assert_int_equal(dispose_with(1, 1, (uint64_t)r.id, 1), LEDGER_GAP);
	assert_int_equal(dispose_with(1, 1, (uint64_t)r.id, 4), LEDGER_OK);
}

/* An old copy may have no disposition at all; the station's go on from those that it lost. */
static void first_disposition_is_number_one(void **state)
{
	static const uint8_t boot[16];
	unsigned int doubted;

	(void)state;
	assert_int_equal(ledger_hello(l, station, boot, 1, 5, &doubted), LEDGER_OK);
	assert_int_equal(dispose_with(5, 5, 0, 2), LEDGER_GAP);
	assert_int_equal(ledger_caught_up(l, station, 1, 5), LEDGER_GAP);
	assert_int_equal(dispose_with(1, 1, 0, 2), LEDGER_OK);
}

/* Result ids come again after a database was put back: a good card needs a good result. */
static void rejected_request_delivers_nothing(void **state)
{
	struct ledger_request r;

	(void)state;
	stock();
	open_request(1, &r);
	r.verdict = 2;
	assert_int_equal(ledger_decide(l, &r), LEDGER_OK);
	assert_int_equal(dispose_with(1, 1, (uint64_t)r.id, 1), LEDGER_GAP);
	assert_int_equal(number("SELECT count(*) FROM disposition"), 0);
	assert_int_equal(dispose_with(1, 1, (uint64_t)r.id, 2), LEDGER_OK);
}

static void restart_leaves_no_verdict(void **state)
{
	struct ledger_record record;
	struct ledger_request r, found;
	uint64_t lease;

	(void)state;
	stock();
	claim_on(1, "KDD:01", &r, &record);
	assert_int_equal(ledger_start(l, 3600, &lease), LEDGER_OK);
	lease_again();
	assert_int_equal(ledger_request_find(l, r.boot_id, 1, &found), LEDGER_OK);
	assert_false(found.decided);
	r.verdict = 1;
	assert_int_equal(ledger_issue(l, &r, &record, "evidence"), LEDGER_REFUSED);
	r.verdict = 3;
	assert_int_equal(ledger_decide(l, &r), LEDGER_REFUSED);
	r.verdict = 2;
	assert_int_equal(ledger_decide(l, &r), LEDGER_OK);
	assert_int_equal(ledger_decide(l, &r), LEDGER_REFUSED);
	assert_state(record.id, "INTENT");
}

/* A session that outlives the journal of its station issues nothing: no disposition would come. */
static void lost_journal_ends_its_sessions(void **state)
{
	static const uint8_t boot[16];
	struct ledger_record record;
	struct ledger_request r;
	unsigned int doubted;

	(void)state;
	stock();
	assert_int_equal(ledger_hello(l, station, boot, 1, 0, &doubted), LEDGER_OK);
	claim_on(1, "KDD:01", &r, &record);
	assert_int_equal(ledger_hello(l, station, boot, 2, 0, &doubted), LEDGER_OK);
	r.verdict = 1;
	assert_int_equal(ledger_issue(l, &r, &record, "evidence"), LEDGER_REFUSED);
	assert_state(record.id, "INTENT");
}

static void station_of_another_database(void **state)
{
	static const char uuid[] = "00000000000000000000000000000000";
	uint64_t lease;

	(void)state;
	assert_int_equal(ledger_caught_up(l, station, 1, 6), LEDGER_GAP);
	assert_int_equal(ledger_adopt(l, "0", "0000000000000001", 6, 4), LEDGER_REFUSED);
	assert_int_equal(ledger_adopt(l, uuid, "0000000000000001", 0, 4), LEDGER_REFUSED);
	assert_int_equal(ledger_adopt(l, uuid, "0000000000000001", 6, 4), LEDGER_OK);
	assert_int_equal(ledger_caught_up(l, station, 1, 6), LEDGER_OK);
	assert_int_equal(ledger_adopt(l, uuid, "0000000000000001", 5, 4), LEDGER_REFUSED);
	assert_int_equal(dispose_with(8, 1, 0, 2), LEDGER_GAP);
	assert_int_equal(dispose_with(7, 1, 0, 2), LEDGER_OK);
	/* The station has seen 4, and refuses a lower one. */
	assert_int_equal(ledger_start(l, 3600, &lease), LEDGER_OK);
	assert_int_equal(lease, 5);
}

/* ---- an order's life ---- */

static enum ledger_status step(enum order_step what, const char *by)
{
	return ledger_order_step(l, "life", what, by);
}

static void import_life(const char *by)
{
	static const char text[] = HEADER ROW1 ROW2;
	struct order_import how = {
		.order = "life", .test = true, .by = by, .seal = &software_order,
	};
	struct order_report r;
	FILE *f = fmemopen((void *)text, strlen(text), "r");

	assert_non_null(f);
	assert_int_equal(ledger_import(l, f, &how, &r), LEDGER_OK);
	fclose(f);
}

static unsigned int destroyed;

static bool destroy(void *arg, const char *key)
{
	destroyed++;
	assert_string_equal(key, "order-key");
	return *(bool *)arg;
}

static bool try_record(void *arg, struct ledger_record *record, const char **wrong)
{
	*wrong = "it does not fit";
	return software_open(record) && strcmp(record->iccid, arg);
}

static enum ledger_status check_life(const char *by, const char *bad)
{
	return ledger_order_check(l, "life", by, try_record, (void *)bad);
}

/* Nobody gives out alone what he imported. */
static void release_needs_another_one(void **state)
{
	struct ledger_record record;
	struct ledger_request r;

	(void)state;
	import_life("anna");
	open_request(1, &r);
	assert_int_equal(ledger_claim(l, r.id, NULL, NULL, "KDD:01", &record), LEDGER_REFUSED);
	assert_int_equal(step(ORDER_GO_ON, "otto"), LEDGER_REFUSED);
	/* First its records are looked at; one that is none has its line. */
	assert_int_equal(step(ORDER_RELEASE, "otto"), LEDGER_REFUSED);
	assert_int_equal(step(ORDER_CHECK, "anna"), LEDGER_REFUSED);
	assert_int_equal(check_life("anna", "8949000000000000026"), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(l), "line 3: it does not fit"));
	assert_int_equal(check_life("anna", ""), LEDGER_OK);
	assert_int_equal(check_life("anna", ""), LEDGER_REFUSED);
	assert_int_equal(ledger_claim(l, r.id, NULL, NULL, "KDD:01", &record), LEDGER_REFUSED);
	assert_int_equal(step(ORDER_RELEASE, "anna"), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(l), "another one releases it"));
	assert_int_equal(ledger_claim(l, r.id, NULL, NULL, "KDD:01", &record), LEDGER_REFUSED);
	assert_int_equal(step(ORDER_RELEASE, "otto"), LEDGER_OK);
	assert_int_equal(step(ORDER_RELEASE, "otto"), LEDGER_REFUSED);
	assert_int_equal(ledger_claim(l, r.id, NULL, NULL, "KDD:01", &record), LEDGER_OK);
	assert_int_equal(number("SELECT state = 'running' FROM orders"), 1);
	assert_int_equal(number("SELECT count(*) FROM ledger WHERE kind = 'order'"), 2);
}

/* ---- two people, two roles ---- */

static void roles_are_apart(void **state)
{
	bool can = true;

	(void)state;
	assert_int_equal(ledger_role_set(l, "anna", "king", "anna"), LEDGER_REFUSED);
	assert_int_equal(ledger_role_set(l, "otto", "officer", "anna"), LEDGER_OK);
	/* From now on it takes an officer, and nobody helps himself. */
	assert_int_equal(ledger_role_set(l, "anna", "officer", "anna"), LEDGER_REFUSED);
	assert_int_equal(ledger_role_set(l, "otto", "operator", "otto"), LEDGER_REFUSED);
	assert_int_equal(ledger_role_set(l, "anna", "operator", "otto"), LEDGER_OK);
	assert_int_equal(ledger_role_set(l, "emil", "operator", "anna"), LEDGER_REFUSED);
	import_life("anna");
	assert_int_equal(check_life("otto", ""), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(l), "otto is no operator"));
	assert_int_equal(check_life("anna", ""), LEDGER_OK);
	assert_int_equal(step(ORDER_RELEASE, "emil"), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(l), "emil is no officer"));
	assert_int_equal(step(ORDER_RELEASE, "otto"), LEDGER_OK);
	assert_int_equal(step(ORDER_CLOSE, "anna"), LEDGER_OK);
	assert_int_equal(ledger_order_wipe(l, "life", "anna", destroy, &can), LEDGER_REFUSED);
	assert_int_equal(ledger_order_wipe(l, "life", "otto", destroy, &can), LEDGER_OK);
	assert_int_equal(number("SELECT count(*) FROM ledger WHERE kind = 'role'"), 2);
}

static void in_doubt(uint64_t n, const char *card, struct ledger_record *record)
{
	struct ledger_request r;

	claim_on(n, card, &r, record);
	r.verdict = 1;
	assert_int_equal(ledger_issue(l, &r, record, "evidence"), LEDGER_OK);
	assert_int_equal(dispose_with(n, n, (uint64_t)r.id, 4), LEDGER_OK);
	assert_state(record->id, "DOUBT");
}

static enum ledger_status decide(const struct ledger_record *record, const char *outcome,
				 const char *a, const char *b)
{
	enum ledger_status status = ledger_decision_ask(l, record->iccid, outcome, a);

	return status == LEDGER_OK ? ledger_decision_grant(l, record->iccid, true, b) : status;
}

/* What is in doubt is used again, or not, as two people say. */
static void two_people_decide(void **state)
{
	struct ledger_record a, b, c;
	struct ledger_request r;

	(void)state;
	stock();
	in_doubt(1, "KDD:01", &a);
	in_doubt(2, "KDD:02", &b);
	in_doubt(3, "KDD:03", &c);
	assert_int_equal(ledger_decision_ask(l, a.iccid, "lost", "anna"), LEDGER_REFUSED);
	assert_int_equal(ledger_decision_ask(l, "1", "void", "anna"), LEDGER_REFUSED);
	assert_int_equal(ledger_decision_ask(l, a.iccid, "reprint", "anna"), LEDGER_REFUSED);
	assert_int_equal(ledger_decision_grant(l, a.iccid, true, "otto"), LEDGER_REFUSED);
	assert_int_equal(decide(&a, "free", "anna", "anna"), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(l), "another one grants it"));
	assert_state(a.id, "DOUBT");
	assert_int_equal(ledger_decision_ask(l, a.iccid, "void", "otto"), LEDGER_REFUSED);
	assert_int_equal(ledger_decision_grant(l, a.iccid, true, "otto"), LEDGER_OK);
	assert_state(a.id, "FREE");
	assert_int_equal(ledger_decision_grant(l, a.iccid, true, "otto"), LEDGER_REFUSED);
	assert_int_equal(decide(&b, "void", "anna", "otto"), LEDGER_OK);
	assert_state(b.id, "VOID");
	/* One that is refused leaves things as they are, and can be asked for anew. */
	assert_int_equal(ledger_decision_ask(l, c.iccid, "void", "anna"), LEDGER_OK);
	assert_int_equal(ledger_decision_grant(l, c.iccid, false, "anna"), LEDGER_OK);
	assert_state(c.id, "DOUBT");
	assert_int_equal(decide(&c, "good", "anna", "otto"), LEDGER_OK);
	assert_state(c.id, "DELIVERED");
	/* The card of the one that is free is not taken again; another one gets its record. */
	open_request(4, &r);
	assert_int_equal(ledger_claim(l, r.id, NULL, NULL, "KDD:01", &a), LEDGER_REFUSED);
	assert_int_equal(ledger_claim(l, r.id, NULL, NULL, "KDD:04", &a), LEDGER_OK);
}

/* A card that was lost after it left: its record is for another card, and it is no good one. */
static void reprints_take_two(void **state)
{
	struct ledger_record record, again;
	struct ledger_request r;

	(void)state;
	stock();
	claim_on(1, "KDD:01", &r, &record);
	r.verdict = 1;
	assert_int_equal(ledger_issue(l, &r, &record, "evidence"), LEDGER_OK);
	assert_int_equal(dispose_with(1, 1, (uint64_t)r.id, 1), LEDGER_OK);
	assert_int_equal(ledger_decision_ask(l, record.iccid, "free", "anna"), LEDGER_REFUSED);
	assert_int_equal(decide(&record, "reprint", "anna", "anna"), LEDGER_REFUSED);
	assert_int_equal(ledger_decision_grant(l, record.iccid, true, "otto"), LEDGER_OK);
	assert_int_equal(number("SELECT state = 'spoiled' FROM card WHERE identity = 'KDD:01'"), 1);
	claim_on(2, "KDD:02", &r, &again);
	assert_int_equal(again.id, record.id);
	/* A disposition of the first card that comes late changes nothing. */
	assert_int_equal(dispose_with(2, 1, 1, 2), LEDGER_OK);
	assert_state(record.id, "INTENT");
}

static void decisions_need_roles(void **state)
{
	struct ledger_record record;

	(void)state;
	stock();
	in_doubt(1, "KDD:01", &record);
	assert_int_equal(ledger_role_set(l, "otto", "officer", "otto"), LEDGER_OK);
	assert_int_equal(ledger_role_set(l, "anna", "operator", "otto"), LEDGER_OK);
	assert_int_equal(decide(&record, "void", "otto", "anna"), LEDGER_REFUSED);
	assert_int_equal(decide(&record, "void", "anna", "emil"), LEDGER_REFUSED);
	assert_state(record.id, "DOUBT");
	assert_int_equal(ledger_decision_grant(l, record.iccid, true, "otto"), LEDGER_OK);
	assert_state(record.id, "VOID");
}

#include "ledger_orders.h"

/* While an order is held no card begins; one that has its record comes to its end. */
static void held_order_begins_nothing(void **state)
{
	struct ledger_record first, record;
	struct ledger_request r;

	(void)state;
	import_life(NULL);
	to_be_retried(1, "KDD:01", &first);
	assert_int_equal(step(ORDER_HOLD, "anna"), LEDGER_OK);
	open_request(2, &r);
	assert_int_equal(ledger_claim(l, r.id, NULL, NULL, "KDD:02", &record), LEDGER_REFUSED);
	assert_int_equal(ledger_claim(l, r.id, "life", NULL, "KDD:02", &record), LEDGER_REFUSED);
	assert_int_equal(ledger_claim(l, r.id, NULL, NULL, "KDD:01", &record), LEDGER_OK);
	assert_int_equal(record.id, first.id);
	assert_int_equal(step(ORDER_GO_ON, "anna"), LEDGER_OK);
	open_request(3, &r);
	assert_int_equal(ledger_claim(l, r.id, NULL, NULL, "KDD:02", &record), LEDGER_OK);
}

#ifdef POSTGRES
/* What statements can see: old versions of a row are the server's. */
static bool in_database(const void *bytes, size_t len)
{
	struct statement *s = db_prepare(l, "SELECT 1 FROM record WHERE position(? IN sealed) > 0",
					 "b", bytes, len);
	bool failed, found;

	assert_non_null(s);
	found = db_next(l, s, &failed);
	assert_false(failed);
	db_finalize(s);
	return found;
}
#else
static bool in_file(const char *tail, const void *bytes, size_t len)
{
	char name[160], *buf;
	bool found = false;
	long size;
	FILE *f;

	snprintf(name, sizeof(name), "%s%s", path, tail);
	f = fopen(name, "r");
	if (!f)
		return false;
	fseek(f, 0, SEEK_END);
	size = ftell(f);
	rewind(f);
	buf = malloc((size_t)size + 1);
	assert_non_null(buf);
	assert_int_equal(fread(buf, 1, (size_t)size, f), size);
	for (long i = 0; i + (long)len <= size && !found; i++)
		found = !memcmp(buf + i, bytes, len);
	free(buf);
	fclose(f);
	return found;
}

/* Whether the file of the database, or the log beside it, has these bytes. */
static bool in_database(const void *bytes, size_t len)
{
	return in_file("", bytes, len) || in_file("-wal", bytes, len);
}
#endif

static void wiped_order_leaves_no_secret(void **state)
{
	uint8_t sealed[64];
	struct ledger_record record;
	struct ledger_request r;
	bool can = true;

	(void)state;
	destroyed = 0;
	import_life(NULL);
	claim_on(1, "KDD:01", &r, &record);
	assert_false(in_database("12345678", 8));
	memcpy(sealed, record.sealed, sizeof(sealed));
	assert_true(in_database(sealed, sizeof(sealed)));
	assert_int_equal(step(ORDER_WIPE, "anna"), LEDGER_REFUSED);
	assert_int_equal(ledger_order_wipe(l, "life", "anna", destroy, &can), LEDGER_REFUSED);
	assert_int_equal(step(ORDER_CLOSE, "anna"), LEDGER_OK);
	assert_int_equal(ledger_order_wipe(l, "life", "anna", destroy, &can), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(l), "open"));
	assert_int_equal(destroyed, 0);
	r.verdict = 1;
	assert_int_equal(ledger_issue(l, &r, &record, "evidence"), LEDGER_OK);
	assert_int_equal(dispose_with(1, 1, (uint64_t)r.id, 1), LEDGER_OK);
	/* A key that is still there leaves the order as it was. */
	can = false;
	assert_int_equal(ledger_order_wipe(l, "life", "anna", destroy, &can), LEDGER_REFUSED);
	assert_int_equal(number("SELECT state = 'closed' FROM orders"), 1);
	can = true;
	assert_int_equal(ledger_order_wipe(l, "life", "anna", destroy, &can), LEDGER_OK);
	assert_false(in_database(sealed, sizeof(sealed)));
	assert_state(record.id, "DELIVERED");
	assert_int_equal(step(ORDER_GO_ON, "anna"), LEDGER_REFUSED);
	open_request(2, &r);
	assert_int_equal(ledger_claim(l, r.id, NULL, NULL, "KDD:02", &record), LEDGER_REFUSED);
}

/* One whose secrets are in clear is not gone on with. */
static void older_database_is_refused(void **state)
{
	char error[192];

	(void)state;
	import_life(NULL);
	sql(OLDER);
	damaged = true;
	ledger_close(l);
	l = ledger_open(path, false, error, sizeof(error));
	assert_null(l);
	assert_non_null(strstr(error, "another version"));
}

/* ---- what the bureau seals ---- */

/* @clear, sealed for @with, in hexadecimal. */
static const char *sealed_field(const char *clear, const char *with)
{
	static char hex[8][2 * (64 + GP_SEAL) + 1];
	static unsigned int i;
	uint8_t out[64 + GP_SEAL];

	i = (i + 1) % 8;
	assert_int_equal(gp_seal(software_key, with, (const uint8_t *)clear, strlen(clear), out),
			 0);
	return hex_encode(out, strlen(clear) + GP_SEAL, hex[i]);
}

static void one_sealed_row(const char *pin, const char *puk, const char *imsi, char text[2048])
{
	snprintf(text, 2048,
		 "pin1.enc,kvn,puk1.enc,imsi.enc,enc,mac,dek,payload,iccid\n"
		 "%s,31,%s,%s," KEY "," KEY "," KEY ",010101AA,8949000000000000018\n",
		 pin, puk, imsi);
}

static void sealed_columns_are_taken(void **state)
{
	struct ledger_record record;
	struct ledger_request req;
	struct order_report r;
	char text[2048];

	(void)state;
	one_sealed_row(sealed_field("4711", "pin1:8949000000000000018"),
		       sealed_field("87654321", "puk1:8949000000000000018"),
		       sealed_field("262011234567890", "imsi:8949000000000000018"), text);
	assert_int_equal(import_as(text, false, false, &r), LEDGER_OK);
	claim_on(1, "KDD:01", &req, &record);
	assert_true(software_open(&record));
	assert_string_equal(record.pin1, "4711");
	assert_string_equal(record.puk1, "87654321");
	assert_string_equal(record.imsi, "262011234567890");
}

static void wrongly_sealed_columns_are_named(void **state)
{
	const char *imsi = sealed_field("262011234567890", "imsi:8949000000000000018");
	const char *puk = sealed_field("87654321", "puk1:8949000000000000018");
	static const struct {
		const char *clear;
		const char *with;
		const char *says;
	} bad[] = {
		{ "4711", "pin1:8949000000000000026", "not sealed for this" },
		{ "4711", "puk1:8949000000000000018", "not sealed for this" },
		{ "47x1", "pin1:8949000000000000018", "4 to 8 digits" },
		{ "", "pin1:8949000000000000018", "4 to 8 digits" },
	};
	struct order_report r;
	char text[2048];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		one_sealed_row(sealed_field(bad[i].clear, bad[i].with), puk, imsi, text);
		assert_int_equal(import_as(text, false, false, &r), LEDGER_REFUSED);
		assert_int_equal(r.count, 1);
		assert_string_equal(r.problems[0].column, "pin1");
		if (!strstr(r.problems[0].text, bad[i].says))
			fail_msg("case %zu: %s", i, r.problems[0].text);
	}
	one_sealed_row("4711", puk, imsi, text);
	assert_int_equal(import_as(text, false, false, &r), LEDGER_REFUSED);
	assert_non_null(strstr(r.problems[0].text, "must be sealed"));
	/* Keys are wrapped anyway; and what tells cards apart is no secret. */
	assert_int_equal(import_as("iccid.enc\n", false, false, &r), LEDGER_REFUSED);
	assert_non_null(strstr(r.problems[0].text, "no such column"));
}

/* Clear secrets, and cards under keys that everybody has, are for test orders. */
static const struct ledger_master everybodys = { "kmc", true };

static void test_orders_are_apart(void **state)
{
	struct ledger_record record;
	struct ledger_request req;
	struct order_report r;
	char text[2048];

	(void)state;
	assert_int_equal(import_as(HEADER ROW2, false, false, &r), LEDGER_REFUSED);
	assert_string_equal(r.problems[0].column, "pin1");
	assert_string_equal(r.problems[1].column, "puk1");
	one_sealed_row(sealed_field("4711", "pin1:8949000000000000018"),
		       sealed_field("87654321", "puk1:8949000000000000018"),
		       sealed_field("262011234567890", "imsi:8949000000000000018"), text);
	assert_int_equal(import_as(text, false, false, &r), LEDGER_OK);
	open_request(1, &req);
	assert_int_equal(ledger_claim(l, req.id, NULL, &everybodys, "KDD:01", &record),
			 LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(l), "public keys"));
	assert_int_equal(import_as(HEADER ROW2, false, true, &r), LEDGER_OK);
	assert_int_equal(ledger_claim(l, req.id, NULL, &everybodys, "KDD:01", &record), LEDGER_OK);
	assert_string_equal(record.iccid, "8949000000000000026");
}

/* A copy of the database that lacks the last claim gives the same record out again. */
static void witness_knows_an_old_copy(void **state)
{
	char witness[] = "/tmp/ledger-witness-XXXXXX", old[160], error[192];
	struct ledger_record record;
	struct ledger_request r;
	struct ledger *copy;

	(void)state;
	stock();
	close(mkstemp(witness));
	assert_int_equal(ledger_witness(l, witness), LEDGER_OK);
	copy_database(old, sizeof(old));
	assert_int_equal(ledger_witness(l, witness), LEDGER_OK);
	copy = ledger_open(old, false, error, sizeof(error));
	assert_non_null(copy);
	assert_int_equal(ledger_name(copy, "cas1"), LEDGER_OK);
	/* Nothing was given out since: the copy is as good. */
	assert_int_equal(ledger_witness(copy, witness), LEDGER_OK);
	ledger_close(copy);

	claim_on(1, "KDD:01", &r, &record);
	copy = ledger_open(old, false, error, sizeof(error));
	assert_non_null(copy);
	assert_int_equal(ledger_name(copy, "cas1"), LEDGER_OK);
	assert_int_equal(ledger_witness(copy, witness), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(copy), "old copy"));
	ledger_close(copy);
	/* What is newer than its witness is not old. */
	r.verdict = 2;
	assert_int_equal(ledger_decide(l, &r), LEDGER_OK);
	copy = ledger_open(path, false, error, sizeof(error));
	assert_int_equal(ledger_name(copy, "cas1"), LEDGER_OK);
	assert_int_equal(ledger_witness(copy, witness), LEDGER_OK);
	ledger_close(copy);
	unlink(witness);
	remove_copy(old);
}

/* A claim that cannot be noted gives nothing out. */
static void claim_without_witness_fails(void **state)
{
	struct ledger_record record;
	struct ledger_request r;
	char witness[32];
	int fd;

	(void)state;
	stock();
	fd = memfd_create("witness", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_true(fd >= 0);
	snprintf(witness, sizeof(witness), "/proc/self/fd/%d", fd);
	assert_int_equal(ledger_witness(l, witness), LEDGER_OK);
	open_request(1, &r);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	assert_int_equal(ledger_claim(l, r.id, NULL, NULL, "KDD:01", &record), LEDGER_FAILED);
	assert_string_equal(record.iccid, "");
	close(fd);
}

/* ---- the chain ---- */

static void tampering_shows(void **state)
{
	static const char *const changes[] = {
		"UPDATE ledger SET body = replace(body, 'KDD:01', 'KDD:09') WHERE seq = 4",
		"UPDATE ledger SET time = '2001-01-01T00:00:00Z' WHERE seq = 1",
		"UPDATE ledger SET kind = 'result' WHERE seq = 1",
		"UPDATE ledger SET hash = (SELECT hash FROM ledger WHERE seq = 1) WHERE seq = 3",
		"UPDATE ledger SET hash = substr(hash, 1, 1) WHERE seq = 1",
		"DELETE FROM ledger WHERE seq = 2",
		"DELETE FROM ledger WHERE seq = 1",
		"UPDATE ledger SET seq = 99 WHERE seq = 3",
	};

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct ledger_record record;
		struct ledger_request r;
		uint64_t entries;
		char head[65];
		int changed;

		stock();
		claim_on(1, "KDD:01", &r, &record);
		r.verdict = 2;
		assert_int_equal(ledger_decide(l, &r), LEDGER_OK);
		assert_int_equal(ledger_verify(l, CHAIN, &entries, head), LEDGER_OK);
		assert_int_equal(entries, 5);
		/* SQL alone is stopped by triggers; who drops them is found out by the hashes. */
		assert_false(db_run(l, NULL, changes[i], ""));
		for (size_t j = 0; j < sizeof(triggers) / sizeof(triggers[0]); j++)
			sql(triggers[j]);
		damaged = true;
		assert_true(db_run(l, &changed, changes[i], ""));
		assert_int_equal(changed, 1);
		assert_int_equal(ledger_verify(l, CHAIN, &entries, head), LEDGER_REFUSED);
		teardown(state);
		assert_int_equal(setup(state), 0);
	}
}

#ifdef POSTGRES
#include "server_tests.h"
#endif

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bad_rows_import_nothing),
		TEST(every_problem_is_listed),
		TEST(quotes_and_crlf),
		TEST(a_record_goes_its_way),
		TEST(one_card_one_record),
		TEST(retry_keeps_the_record),
		TEST(retry_after_removal),
		TEST(dispositions_decide),
		TEST(spoiled_may_be_free_again),
		TEST(dispositions_without_gaps),
		TEST(ended_request_issues_nothing),
		TEST(no_record_left),
		TEST(full_disk_stops_claims),
		TEST(lease_epoch_rises),
		TEST(lease_passes_to_another),
		TEST(journal_cut_back_is_noticed),
		TEST(retry_that_ends_unseen),
		TEST(intent_can_be_taken_back),
		TEST(freed_intent_is_not_issued),
		TEST(old_database_is_noticed),
		TEST(repeated_disposition_must_be_the_same),
		TEST(first_disposition_is_number_one),
		TEST(result_that_was_not_given_here),
		TEST(rejected_request_delivers_nothing),
		TEST(restart_leaves_no_verdict),
		TEST(lost_journal_ends_its_sessions),
		TEST(station_of_another_database),
		TEST(release_needs_another_one),
		TEST(held_order_begins_nothing),
		TEST(columns_are_mapped),
		TEST(mapped_columns_are_checked),
		TEST(wrong_mappings),
		TEST(many_values_are_unique),
		TEST(components_are_of_several_people),
		TEST(components_want_both_roles),
		TEST(only_permitted_stations),
		TEST(wrong_limits),
		TEST(plain_connection_is_refused),
		TEST(initial_key_is_of_the_batch),
		TEST(cards_are_counted),
		TEST(cards_of_a_day_are_counted),
		TEST(failures_in_a_row_hold_it),
		TEST(record_is_chosen_by_the_chip),
		TEST(record_is_chosen_by_the_reference),
		TEST(what_records_are_chosen_by_is_checked),
		TEST(wiped_order_leaves_no_secret),
		TEST(older_database_is_refused),
		TEST(roles_are_apart),
		TEST(two_people_decide),
		TEST(reprints_take_two),
		TEST(decisions_need_roles),
		TEST(sealed_columns_are_taken),
		TEST(wrongly_sealed_columns_are_named),
		TEST(test_orders_are_apart),
		TEST(witness_knows_an_old_copy),
		TEST(claim_without_witness_fails),
		TEST(tampering_shows),
#ifdef POSTGRES
		TEST(forgetful_server_is_refused),
		TEST(server_without_fsync_is_refused),
		TEST(passwords_are_not_for_command_lines),
		TEST(other_databases_are_left_alone),
		TEST(lost_connections_come_again),
		TEST(lost_commit_is_looked_up),
		TEST(older_server_is_noticed),
		TEST(daemons_have_one_witness),
		TEST(second_daemon_wants_a_server),
		TEST(claim_waits_for_no_witness),
		TEST(witness_never_goes_back),
#endif
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
