// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzes the import of an order: any file gives records or problems, and all rows or none. What is
 * imported is what a card gets.
 */
#include <stdio.h>

#include "cas.h"
#include "libgp/dgi.h"
#include "libledger/ledger.h"
#include "libledger/statement.h"

#define NONCE 12

/* Nothing is encrypted; what begins with an X is not authentic. */
static bool seal(void *arg, const char *iccid, const uint8_t *data, size_t len, uint8_t *out)
{
	(void)arg;
	MUST(strlen(iccid) >= 19 && len <= LEDGER_SECRETS_MAX);
	memset(out, 0, LEDGER_SEAL);
	memcpy(out + NONCE, data, len);
	return true;
}

static bool unseal(void *arg, const char *with, const uint8_t *sealed, size_t len, uint8_t *out)
{
	(void)arg;
	MUST(len >= LEDGER_SEAL && strchr(with, ':'));
	memcpy(out, sealed + NONCE, len - LEDGER_SEAL);
	return sealed[0] != 'X';
}

static const char *error(void *arg)
{
	return arg;
}

static const uint8_t station[16];

static int64_t count(struct ledger *l, const char *sql)
{
	struct statement *s = db_prepare(l, sql, "");
	bool failed;
	int64_t n;

	MUST(s && db_next(l, s, &failed));
	n = db_number(s, 0);
	db_finalize(s);
	return n;
}

/* A record that came in can be given out, and has what column.c promises. */
static void give_out(struct ledger *l, const char *order, unsigned int rows)
{
	static uint64_t number;
	struct ledger_request r = { .number = number };
	struct ledger_record record;
	char card[32];
	bool known;

	number++;
	MUST(ledger_request_open(l, &r, &known) == LEDGER_OK && !known);
	snprintf(card, sizeof(card), "%llu", (unsigned long long)number);
	MUST(ledger_claim(l, r.id, order, NULL, card, &record) == LEDGER_OK);
	MUST(ledger_record_unpack(&record, record.sealed + NONCE,
				  record.sealed_len - LEDGER_SEAL));
	MUST(strlen(record.imsi) == 15 && strlen(record.pin1) >= 4 && strlen(record.puk1) == 8);
	MUST(record.kvn >= 1 && record.kvn <= 0x7f);
	MUST(!gp_dgi_check(record.payload, record.payload_len));
	MUST(rows == count(l, "SELECT rows FROM orders"));
}

/* To make a database for each file takes most of the time. */
static struct ledger *database(void)
{
	static struct ledger *l;
	uint64_t epoch;
	char text[128];

	if (!l) {
		l = ledger_open(":memory:", false, text, sizeof(text));
		MUST(l && ledger_start(l, 3600, &epoch) == LEDGER_OK);
	}
	MUST(ledger_lease(l, station, &epoch) == LEDGER_OK);
	MUST(db_run(l, NULL, "DELETE FROM card", "") && db_run(l, NULL, "DELETE FROM record", "") &&
	     db_run(l, NULL, "DELETE FROM request", "") &&
	     db_run(l, NULL, "DELETE FROM orders", ""));
	return l;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct order_seal sealing = {
		.key = "k", .seal = seal, .unseal = unseal, .error = error, .arg = "",
	};
	struct order_import how = { .order = "o", .seal = &sealing };
	struct order_report report;
	enum ledger_status status;
	struct ledger *l;
	FILE *f;

	if (!size)
		return 0;
	l = database();
	f = fmemopen((void *)data, size, "r");
	MUST(l && f);
	how.test = data[0] != 'p';	/* of pin1.enc */
	status = ledger_import(l, f, &how, &report);
	MUST(status == LEDGER_OK || status == LEDGER_REFUSED);
	MUST(report.count <= ORDER_PROBLEMS_MAX);
	if (status == LEDGER_OK) {
		MUST(report.rows && !report.count);
		give_out(l, "o", report.rows);
	} else {
		MUST(!report.rows && !count(l, "SELECT count(*) FROM record"));
		MUST(!count(l, "SELECT count(*) FROM orders"));
	}
	fclose(f);
	return 0;
}
