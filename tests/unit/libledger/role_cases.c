// SPDX-License-Identifier: GPL-2.0-only
/* Two people, and two roles. */
#include "cases.h"

#include <string.h>

#include "software_seal.h"

static bool try_record(void *arg, struct ledger_record *record, const char **wrong)
{
	*wrong = "it does not fit";
	return software_open(record) && strcmp(record->iccid, arg);
}

static enum ledger_status check_life(const char *by, const char *bad)
{
	return ledger_order_check(ledger, "life", by, try_record, (void *)bad);
}

/* Nobody gives out alone what he imported. */
static void release_needs_another_one(void **state)
{
	struct ledger_record record;
	struct ledger_request r;

	(void)state;
	import_life("anna");
	open_request(1, &r);
	assert_int_equal(ledger_claim(ledger, r.id, NULL, NULL, "KDD:01", &record), LEDGER_REFUSED);
	assert_int_equal(step(ORDER_GO_ON, "otto"), LEDGER_REFUSED);
	/* First its records are looked at; one that is none has its line. */
	assert_int_equal(step(ORDER_RELEASE, "otto"), LEDGER_REFUSED);
	assert_int_equal(step(ORDER_CHECK, "anna"), LEDGER_REFUSED);
	assert_int_equal(check_life("anna", "8949000000000000026"), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(ledger), "line 3: it does not fit"));
	assert_int_equal(check_life("anna", ""), LEDGER_OK);
	assert_int_equal(check_life("anna", ""), LEDGER_REFUSED);
	assert_int_equal(ledger_claim(ledger, r.id, NULL, NULL, "KDD:01", &record), LEDGER_REFUSED);
	assert_int_equal(step(ORDER_RELEASE, "anna"), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(ledger), "another one releases it"));
	assert_int_equal(ledger_claim(ledger, r.id, NULL, NULL, "KDD:01", &record), LEDGER_REFUSED);
	assert_int_equal(step(ORDER_RELEASE, "otto"), LEDGER_OK);
	assert_int_equal(step(ORDER_RELEASE, "otto"), LEDGER_REFUSED);
	assert_int_equal(ledger_claim(ledger, r.id, NULL, NULL, "KDD:01", &record), LEDGER_OK);
	assert_int_equal(number("SELECT state = 'running' FROM orders"), 1);
	assert_int_equal(number("SELECT count(*) FROM ledger WHERE kind = 'order'"), 2);
}

static void roles_are_apart(void **state)
{
	struct order_key key = { 0 };

	(void)state;
	assert_int_equal(ledger_role_set(ledger, "anna", "king", "anna"), LEDGER_REFUSED);
	assert_int_equal(ledger_role_set(ledger, "otto", "officer", "anna"), LEDGER_OK);
	/* From now on it takes an officer, and nobody helps himself. */
	assert_int_equal(ledger_role_set(ledger, "anna", "officer", "anna"), LEDGER_REFUSED);
	assert_int_equal(ledger_role_set(ledger, "otto", "operator", "otto"), LEDGER_REFUSED);
	assert_int_equal(ledger_role_set(ledger, "anna", "operator", "otto"), LEDGER_OK);
	assert_int_equal(ledger_role_set(ledger, "emil", "operator", "anna"), LEDGER_REFUSED);
	import_life("anna");
	assert_int_equal(check_life("otto", ""), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(ledger), "otto is no operator"));
	assert_int_equal(check_life("anna", ""), LEDGER_OK);
	assert_int_equal(step(ORDER_RELEASE, "emil"), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(ledger), "emil is no officer"));
	assert_int_equal(step(ORDER_RELEASE, "otto"), LEDGER_OK);
	assert_int_equal(step(ORDER_CLOSE, "anna"), LEDGER_OK);
	assert_int_equal(wipe("anna", &key), LEDGER_REFUSED);
	assert_int_equal(wipe("otto", &key), LEDGER_OK);
	assert_int_equal(number("SELECT count(*) FROM ledger WHERE kind = 'role'"), 2);
}

static void in_doubt(uint64_t n, const char *card, struct ledger_record *record)
{
	struct ledger_request r;

	claim_on(n, card, &r, record);
	r.verdict = 1;
	assert_int_equal(ledger_issue(ledger, &r, record, "evidence"), LEDGER_OK);
	assert_int_equal(dispose_with(n, n, (uint64_t)r.id, 4), LEDGER_OK);
	assert_state(record->id, "DOUBT");
}

static enum ledger_status decide(const struct ledger_record *record, const char *outcome,
				 const char *a, const char *b)
{
	enum ledger_status status = ledger_decision_ask(ledger, record->iccid, outcome, a);

	return status == LEDGER_OK ? ledger_decision_grant(ledger, record->iccid, true, b) : status;
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
	assert_int_equal(ledger_decision_ask(ledger, a.iccid, "lost", "anna"), LEDGER_REFUSED);
	assert_int_equal(ledger_decision_ask(ledger, "1", "void", "anna"), LEDGER_REFUSED);
	assert_int_equal(ledger_decision_ask(ledger, a.iccid, "reprint", "anna"), LEDGER_REFUSED);
	assert_int_equal(ledger_decision_grant(ledger, a.iccid, true, "otto"), LEDGER_REFUSED);
	assert_int_equal(decide(&a, "free", "anna", "anna"), LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(ledger), "another one grants it"));
	assert_state(a.id, "DOUBT");
	assert_int_equal(ledger_decision_ask(ledger, a.iccid, "void", "otto"), LEDGER_REFUSED);
	assert_int_equal(ledger_decision_grant(ledger, a.iccid, true, "otto"), LEDGER_OK);
	assert_state(a.id, "FREE");
	assert_int_equal(ledger_decision_grant(ledger, a.iccid, true, "otto"), LEDGER_REFUSED);
	assert_int_equal(decide(&b, "void", "anna", "otto"), LEDGER_OK);
	assert_state(b.id, "VOID");
	/* One that is refused leaves things as they are, and can be asked for anew. */
	assert_int_equal(ledger_decision_ask(ledger, c.iccid, "void", "anna"), LEDGER_OK);
	assert_int_equal(ledger_decision_grant(ledger, c.iccid, false, "anna"), LEDGER_OK);
	assert_state(c.id, "DOUBT");
	assert_int_equal(decide(&c, "good", "anna", "otto"), LEDGER_OK);
	assert_state(c.id, "DELIVERED");
	/* The card of the one that is free is not taken again; another one gets its record. */
	open_request(4, &r);
	assert_int_equal(ledger_claim(ledger, r.id, NULL, NULL, "KDD:01", &a), LEDGER_REFUSED);
	assert_int_equal(ledger_claim(ledger, r.id, NULL, NULL, "KDD:04", &a), LEDGER_OK);
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
	assert_int_equal(ledger_issue(ledger, &r, &record, "evidence"), LEDGER_OK);
	assert_int_equal(dispose_with(1, 1, (uint64_t)r.id, 1), LEDGER_OK);
	assert_int_equal(ledger_decision_ask(ledger, record.iccid, "free", "anna"), LEDGER_REFUSED);
	assert_int_equal(decide(&record, "reprint", "anna", "anna"), LEDGER_REFUSED);
	assert_int_equal(ledger_decision_grant(ledger, record.iccid, true, "otto"), LEDGER_OK);
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
	assert_int_equal(ledger_role_set(ledger, "otto", "officer", "otto"), LEDGER_OK);
	assert_int_equal(ledger_role_set(ledger, "anna", "operator", "otto"), LEDGER_OK);
	assert_int_equal(decide(&record, "void", "otto", "anna"), LEDGER_REFUSED);
	assert_int_equal(decide(&record, "void", "anna", "emil"), LEDGER_REFUSED);
	assert_state(record.id, "DOUBT");
	assert_int_equal(ledger_decision_grant(ledger, record.iccid, true, "otto"), LEDGER_OK);
	assert_state(record.id, "VOID");
}

const struct CMUnitTest role_cases[] = {
	cmocka_unit_test(release_needs_another_one),
	cmocka_unit_test(roles_are_apart),
	cmocka_unit_test(two_people_decide),
	cmocka_unit_test(reprints_take_two),
	cmocka_unit_test(decisions_need_roles),
	{}
};
