/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all cases of the ledger have in common: an empty ledger, open as the daemon "cas1", which
 * has a station; orders to import, and a card's way through a record. All fail the test by
 * assertion.
 */
#ifndef TESTS_LEDGER_BED_H
#define TESTS_LEDGER_BED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "database.h"
#include "libledger/ledger.h"

#define HEADER "iccid,imsi,pin1,puk1,kvn,enc,mac,dek,payload\n"
#define KEY "000102030405060708090A0B0C0D0E0F1011121314151617"
#define REST "262011234567890,1234,12345678,31," KEY "," KEY "," KEY ",010101AA\n"
#define ROW1 "8949000000000000018," REST
#define ROW2 "8949000000000000026," REST
#define ROW3 "8949000000000000034," REST

/* Open at @ledger_where, with @station's lease. */
extern struct ledger *ledger;
extern char ledger_where[128];
extern const uint8_t station[16];

/* bed_setup(), bed_teardown() - around each case */
int bed_setup(void **state);
int bed_teardown(void **state);

/* begin_anew() - with an empty ledger, within a case */
void begin_anew(void);

/* copy_database() - as it is; @where receives where. The ledger is opened anew */
void copy_database(char *where, size_t cap);

/* ledger_of() - another daemon's, that has no station yet */
struct ledger *ledger_of(const char *where, const char *node);

/* sql() - it succeeds; number() - the first column of its first row */
void sql(const char *text);
int64_t number(const char *sql);

/* ---- orders ---- */

/* import_order() - @text is its file */
enum ledger_status import_order(const char *text, const struct order_import *how,
				struct order_report *r);

/* import_as() - as an order of a new name */
enum ledger_status import_as(const char *text, bool free_spoiled, bool test,
			     struct order_report *r);

/* import() - as a test order of a new name */
enum ledger_status import(const char *text, bool free_spoiled, struct order_report *r);

/* stock() - three records that any card can have */
void stock(void);

/* import_life(), step(), wipe() - the order "life", of two records */
void import_life(const char *by);
enum ledger_status step(enum order_step what, const char *by);

/**
 * struct order_key - the key of "life"
 * @stays: it cannot be destroyed
 * @asked: how often that was wanted
 */
struct order_key {
	bool stays;
	unsigned int asked;
};

enum ledger_status wipe(const char *by, struct order_key *key);

/* ---- a card's way ---- */

/* open_request() - number @n of @station, in presentation 3 */
void open_request(uint64_t n, struct ledger_request *r);

/* claim_on() - and a record for @card */
void claim_on(uint64_t n, const char *card, struct ledger_request *r,
	      struct ledger_record *record);

/* dispose_with() - disposition @n of journal 1 */
enum ledger_status dispose_with(uint64_t n, uint64_t request, uint64_t result_id, uint8_t what);

/* to_be_retried() - request and disposition @n leave it in INTENT, for @card to come again */
void to_be_retried(uint64_t n, const char *card, struct ledger_record *record);

void assert_state(int64_t record, const char *want);

#endif
