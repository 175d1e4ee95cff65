// SPDX-License-Identifier: GPL-2.0-only
/* An empty ledger for each case, and what most cases do with it. */
#include "bed.h"

#include <stdio.h>
#include <string.h>

#include "libledger/statement.h"
#include "software_seal.h"

struct ledger *ledger;
char ledger_where[128];
const uint8_t station[16];

/* As a daemon, which has the one station that most cases are about. */
static bool open_ledger(void)
{
	char error[192];
	uint64_t epoch;

	ledger = ledger_open(ledger_where, false, error, sizeof(error));
	if (!ledger) {
		print_error("%s\n", error);
		return false;
	}
	return ledger_name(ledger, "cas1") == LEDGER_OK &&
	       ledger_start(ledger, 3600, &epoch) == LEDGER_OK &&
	       ledger_lease(ledger, station, &epoch) == LEDGER_OK;
}

int bed_setup(void **state)
{
	(void)state;
	return database_make(ledger_where, sizeof(ledger_where)) && open_ledger() ? 0 : -1;
}

int bed_teardown(void **state)
{
	(void)state;
	ledger_close(ledger);
	ledger = NULL;
	database_remove();
	return 0;
}

void begin_anew(void)
{
	bed_teardown(NULL);
	assert_int_equal(bed_setup(NULL), 0);
}

void copy_database(char *where, size_t cap)
{
	ledger_close(ledger);
	ledger = NULL;
	assert_true(database_copy(where, cap));
	assert_true(open_ledger());
}

struct ledger *ledger_of(const char *where, const char *node)
{
	char error[192];
	struct ledger *other = ledger_open(where, false, error, sizeof(error));

	if (!other)
		fail_msg("%s", error);
	assert_int_equal(ledger_name(other, node), LEDGER_OK);
	return other;
}

void sql(const char *text)
{
	if (!db_run(ledger, NULL, text, ""))
		fail_msg("%s: %s", text, ledger_error(ledger));
}

int64_t number(const char *sql)
{
	struct statement *s = db_prepare(ledger, sql, "");
	bool failed;
	int64_t v;

	assert_non_null(s);
	assert_true(db_next(ledger, s, &failed));
	v = db_number(s, 0);
	db_finalize(s);
	return v;
}

enum ledger_status import_order(const char *text, const struct order_import *how,
				struct order_report *r)
{
	FILE *f = fmemopen((void *)text, strlen(text), "r");
	enum ledger_status status;

	assert_non_null(f);
	status = ledger_import(ledger, f, how, r);
	fclose(f);
	return status;
}

enum ledger_status import_as(const char *text, bool free_spoiled, bool test,
			     struct order_report *r)
{
	static unsigned int count;
	char name[32];
	struct order_import how = {
		.order = name, .free_spoiled = free_spoiled, .test = test, .seal = &software_order,
	};

	snprintf(name, sizeof(name), "order-%u", count++);
	return import_order(text, &how, r);
}

enum ledger_status import(const char *text, bool free_spoiled, struct order_report *r)
{
	return import_as(text, free_spoiled, true, r);
}

void stock(void)
{
	struct order_report r;

	assert_int_equal(import(HEADER ROW1 ROW2 ROW3, false, &r), LEDGER_OK);
	assert_int_equal(r.rows, 3);
}

void import_life(const char *by)
{
	struct order_import how = {
		.order = "life", .test = true, .by = by, .seal = &software_order,
	};
	struct order_report r;

	assert_int_equal(import_order(HEADER ROW1 ROW2, &how, &r), LEDGER_OK);
}

enum ledger_status step(enum order_step what, const char *by)
{
	return ledger_order_step(ledger, "life", what, by);
}

static bool destroy(void *arg, const char *name)
{
	struct order_key *key = arg;

	key->asked++;
	assert_string_equal(name, software_order.key);
	return !key->stays;
}

enum ledger_status wipe(const char *by, struct order_key *key)
{
	return ledger_order_wipe(ledger, "life", by, destroy, key);
}

void open_request(uint64_t n, struct ledger_request *r)
{
	bool known;

	memset(r, 0, sizeof(*r));
	r->number = n;
	r->presence_gen = 3;
	strcpy(r->application, "personalize");
	assert_int_equal(ledger_request_open(ledger, r, &known), LEDGER_OK);
	assert_false(known);
}

void claim_on(uint64_t n, const char *card, struct ledger_request *r,
	      struct ledger_record *record)
{
	open_request(n, r);
	assert_int_equal(ledger_claim(ledger, r->id, NULL, NULL, card, record), LEDGER_OK);
}

enum ledger_status dispose_with(uint64_t n, uint64_t request, uint64_t result_id, uint8_t what)
{
	struct ledger_disposition d = {
		.journal_epoch = 1,
		.number = n,
		.request = request,
		.result_id = result_id,
		.disposition = what,
		.evidence = "sensor",
	};

	return ledger_dispose(ledger, &d);
}

void to_be_retried(uint64_t n, const char *card, struct ledger_record *record)
{
	struct ledger_request r;

	claim_on(n, card, &r, record);
	r.verdict = 3;
	strcpy(r.reason, "again");
	assert_int_equal(ledger_decide(ledger, &r), LEDGER_OK);
	assert_int_equal(dispose_with(n, n, (uint64_t)r.id, 3), LEDGER_OK);
	assert_state(record->id, "INTENT");
}

void assert_state(int64_t record, const char *want)
{
	char sql[128];

	snprintf(sql, sizeof(sql), "SELECT state = '%s' FROM record WHERE id = %lld", want,
		 (long long)record);
	assert_int_equal(number(sql), 1);
}
