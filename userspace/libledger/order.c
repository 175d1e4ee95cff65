// SPDX-License-Identifier: GPL-2.0-only
/* Imports an order: all rows of a CSV file become free records, or none. */
#include <stdlib.h>
#include <string.h>

#include "column.h"
#include "csv.h"
#include "libgp/hex.h"
#include "limits.h"
#include "mapping.h"

#define SEALED_SUFFIX ".enc"

/**
 * struct import - an import under way
 * @l: database, in a transaction
 * @csv: reader
 * @how: what the caller wants
 * @map: column of each field of the file
 * @sealed: which of them the bureau sealed
 * @check: their lines of the mapping, NULL without one
 * @columns: fields per row
 * @order: id of the order
 * @insert: statement for a record
 * @report: what is said to the caller
 */
struct import {
	struct ledger *l;
	struct csv csv;
	const struct order_import *how;
	enum column map[CSV_COLUMNS_MAX];
	bool sealed[CSV_COLUMNS_MAX];
	struct mapping_column *check[CSV_COLUMNS_MAX];
	size_t columns;
	int64_t order;
	struct statement *insert;
	struct order_report *report;
};

/* Return: false once no more problems can be listed. */
static bool problem(struct import *im, const char *column, const char *text)
{
	struct order_report *r = im->report;
	struct order_problem *p;

	if (r->count < ORDER_PROBLEMS_MAX) {
		p = &r->problems[r->count++];
		p->line = im->csv.line;
		snprintf(p->column, sizeof(p->column), "%s", column);
		snprintf(p->text, sizeof(p->text), "%s", text);
	}
	return r->count < ORDER_PROBLEMS_MAX;
}

/* The column that a name of the header line means, COL_COUNT for none. */
static enum column find_column(const char *name, bool *sealed)
{
	size_t len = strlen(name), tail = strlen(SEALED_SUFFIX);
	enum column c;
	char copy[24];

	*sealed = len > tail && len < sizeof(copy) && !strcmp(name + len - tail, SEALED_SUFFIX);
	if (!*sealed)
		return column_find(name);
	memcpy(copy, name, len - tail);
	copy[len - tail] = '\0';
	c = column_find(copy);
	return c == COL_COUNT || column_may_be_sealed(c) ? c : COL_COUNT;
}

/* Field @i of the header line is not one of the file's. */
static void problem_header(struct import *im, size_t i)
{
	char name[24];

	snprintf(name, sizeof(name), "%.20s", im->csv.field[i]);
	for (char *c = name; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	problem(im, name, "no such column");
}

/* As the bureau calls it. */
static const char *name_of(const struct import *im, size_t i)
{
	return im->check[i] ? im->check[i]->header : column_name(im->map[i]);
}

/* The name of field @i as it is here; "-": it is checked alone. NULL: it is not mapped. */
static const char *mapped(struct import *im, size_t i)
{
	if (!im->how->mapping)
		return im->csv.field[i];
	im->check[i] = mapping_find(im->how->mapping, im->csv.field[i]);
	return im->check[i] ? im->check[i]->column : NULL;
}

/* What the mapping has and the header line has not. */
static void find_missing(struct import *im)
{
	struct mapping *m = im->how->mapping;

	for (size_t j = 0; m && j < m->count; j++) {
		size_t i = 0;

		while (i < im->columns && im->check[i] != &m->column[j])
			i++;
		if (i == im->columns)
			problem(im, m->column[j].header, "column missing in the header line");
	}
}

static void read_header(struct import *im)
{
	enum order_choice choose = im->how->limits.choose;
	bool have[COL_COUNT] = { false };
	int rc = csv_next(&im->csv);

	if (rc <= 0) {
		problem(im, "",
			rc ? im->csv.error : "the file is empty; a header line must come first");
		return;
	}
	im->columns = im->csv.count;
	for (size_t i = 0; i < im->columns; i++) {
		const char *name = mapped(im, i);

		im->map[i] = COL_COUNT;
		if (name && !strcmp(name, "-") && im->check[i])
			continue;
		if (name)
			im->map[i] = find_column(name, &im->sealed[i]);
		if (im->map[i] == COL_COUNT || !column_is_wanted(im->map[i], choose))
			problem_header(im, i);
		else if (have[im->map[i]])
			problem(im, name_of(im, i), "column twice");
		else if (column_is_secret(im->map[i]) && !im->sealed[i] && !im->how->test)
			problem(im, name_of(im, i), "must be sealed, or the order be a test order");
		else
			have[im->map[i]] = true;
	}
	for (enum column c = 0; c < COL_COUNT; c++)
		if (!have[c] && column_is_wanted(c, choose))
			problem(im, column_name(c), "column missing in the header line");
	find_missing(im);
}

/* Which of both: the database says only that it has one already. */
static void problem_twice(struct import *im, const struct ledger_record *r)
{
	struct statement *stmt = db_prepare(im->l, "SELECT 1 FROM record WHERE iccid = ?", "t",
					    r->iccid);
	bool failed, iccid = !stmt || db_next(im->l, stmt, &failed);

	db_finalize(stmt);
	if (iccid)
		problem(im, "iccid", "is twice in this file, or in the database already");
	else
		problem(im, column_name(im->how->limits.choose == ORDER_BY_CHIP ? COL_CHIP :
					COL_REFERENCE), "is twice in this file");
}

static bool insert_record(struct import *im, const struct ledger_record *r)
{
	const struct order_seal *seal = im->how->seal;
	uint8_t secrets[LEDGER_SECRETS_MAX], sealed[LEDGER_SECRETS_MAX + LEDGER_SEAL];
	size_t len = ledger_record_pack(r, secrets);
	bool ok = seal->seal(seal->arg, r->iccid, secrets, len, sealed);
	bool failed, inserted = false;

	explicit_bzero(secrets, sizeof(secrets));
	if (!ok) {
		db_refused(im->l, "%s", seal->error(seal->arg));
		return false;
	}
	if (!db_bind(im->l, im->insert, "iitibt", im->order, (int64_t)im->csv.line, r->iccid,
		     (int64_t)r->kvn, sealed, len + LEDGER_SEAL, *r->bound ? r->bound : NULL))
		return false;
	while (db_next(im->l, im->insert, &failed))
		inserted = true;
	if (!failed && !inserted)
		problem_twice(im, r);
	return !failed;
}

static const char *take_clear(struct import *im, size_t i, const char *value,
			      struct ledger_record *r)
{
	const char *wrong = NULL;

	if (im->check[i])
		wrong = mapping_check(im->how->mapping, im->check[i], value);
	if (wrong || im->map[i] == COL_COUNT)
		return wrong;
	return column_take(im->map[i], value, r);
}

/* A field that the bureau sealed, with its column's name and the record's ICCID: no other fits. */
static const char *take_sealed(struct import *im, size_t i, struct ledger_record *r)
{
	const char *field = im->csv.field[i];
	enum column what = im->map[i];
	const struct order_seal *seal = im->how->seal;
	const char *wrong = "was not sealed for this column and record";
	uint8_t sealed[CSV_ROW_MAX / 2];
	char clear[CSV_ROW_MAX / 2], with[64];
	ssize_t n = hex_decode(field, strlen(field), sealed, sizeof(sealed));

	if (n < LEDGER_SEAL)
		return "must be sealed, in hexadecimal";
	snprintf(with, sizeof(with), "%s:%s", column_name(what), r->iccid);
	if (seal->unseal(seal->arg, with, sealed, (size_t)n, (uint8_t *)clear)) {
		clear[n - LEDGER_SEAL] = '\0';
		wrong = strlen(clear) == (size_t)n - LEDGER_SEAL ? take_clear(im, i, clear, r) :
								   "NUL byte";
	}
	explicit_bzero(clear, sizeof(clear));
	return wrong;
}

/* The columns that are in clear, or those that need the ICCID. False: there is no point in more. */
static bool take_columns(struct import *im, bool sealed, struct ledger_record *r)
{
	for (size_t i = 0; i < im->columns; i++) {
		const char *wrong;

		if (im->sealed[i] != sealed)
			continue;
		wrong = sealed ? take_sealed(im, i, r) : take_clear(im, i, im->csv.field[i], r);
		if (wrong && !problem(im, name_of(im, i), wrong))
			return false;
	}
	return true;
}

/* Return: false if the database failed or there is no point in reading on. */
static bool take_row(struct import *im, struct ledger_record *r, bool *failed)
{
	unsigned int before = im->report->count;

	if (im->csv.count != im->columns)
		return problem(im, "", "wrong number of fields");
	memset(r, 0, sizeof(*r));
	if (!take_columns(im, false, r) || (*r->iccid && !take_columns(im, true, r)))
		return false;
	if (im->report->count != before)
		return true;
	*failed = !insert_record(im, r);
	im->report->rows++;
	if (im->how->progress && im->report->rows % ORDER_PROGRESS == 0)
		im->how->progress(im->report->rows);
	return !*failed && im->report->count < ORDER_PROBLEMS_MAX;
}

static enum ledger_status read_rows(struct import *im)
{
	struct ledger_record r;
	bool failed = false;
	int rc;

	do {
		rc = csv_next(&im->csv);
	} while (rc > 0 && take_row(im, &r, &failed));
	explicit_bzero(&r, sizeof(r));
	if (failed)
		return LEDGER_FAILED;
	if (rc < 0)
		problem(im, "", im->csv.error);
	if (!im->report->count && !im->report->rows)
		problem(im, "", "no rows");
	return LEDGER_OK;
}

static enum ledger_status import(struct import *im)
{
	const struct order_import *how = im->how;
	const char *state = how->by ? "imported" : "released";
	struct ledger *l = im->l;
	enum ledger_status status;
	cJSON *body;

	if (how->by) {
		status = role_check(l, how->by, "operator");
		if (status != LEDGER_OK)
			return status;
	}
	status = limits_check(l, &how->limits);
	if (status != LEDGER_OK)
		return status;
	read_header(im);
	if (im->report->count)
		return db_refused(l, "order %s: the header line is wrong", how->order);
	if (!db_insert(l, &im->order,
		       "INSERT INTO orders(name, spoiled, rows, state, imported_by, key, test)"
		       " VALUES(?,?,0,?,?,?,?) ON CONFLICT(name) DO NOTHING RETURNING id",
		       "ttttti", how->order, how->free_spoiled ? "FREE" : "VOID", state, how->by,
		       how->seal->key, (int64_t)how->test))
		return LEDGER_FAILED;
	if (!im->order)
		return db_refused(l, "order %s is there already", how->order);
	im->insert = db_prepare(l,
				"INSERT INTO record(orders, line, iccid, kvn, sealed, bound, state)"
				" VALUES(?,?,?,?,?,?,'FREE') ON CONFLICT DO NOTHING"
				" RETURNING id", "");
	if (!im->insert)
		return LEDGER_FAILED;
	status = read_rows(im);
	if (status != LEDGER_OK)
		return status;
	if (im->report->count)
		return db_refused(l, "order %s: nothing was imported", how->order);
	if (!db_run(l, NULL, "UPDATE orders SET rows = ? WHERE id = ?", "ii",
		    (int64_t)im->report->rows, im->order))
		return LEDGER_FAILED;
	body = cJSON_CreateObject();
	cJSON_AddStringToObject(body, "order", how->order);
	cJSON_AddNumberToObject(body, "rows", im->report->rows);
	cJSON_AddStringToObject(body, "spoiled", how->free_spoiled ? "FREE" : "VOID");
	cJSON_AddStringToObject(body, "key", how->seal->key);
	cJSON_AddBoolToObject(body, "test", how->test);
	cJSON_AddStringToObject(body, "state", state);
	if (how->by)
		cJSON_AddStringToObject(body, "by", how->by);
	if (!limits_set(l, im->order, &how->limits, body)) {
		cJSON_Delete(body);
		return LEDGER_FAILED;
	}
	return chain_append(l, "import", body) ? LEDGER_OK : LEDGER_FAILED;
}

enum ledger_status ledger_import(struct ledger *l, FILE *csv, const struct order_import *how,
				 struct order_report *report)
{
	struct import *im = calloc(1, sizeof(*im));
	enum ledger_status status;

	memset(report, 0, sizeof(*report));
	if (!im)
		return db_refused(l, "out of memory");
	if (!*how->order || strlen(how->order) > 63) {
		free(im);
		return db_refused(l, "an order's name has 1 to 63 characters");
	}
	im->l = l;
	im->how = how;
	im->report = report;
	csv_init(&im->csv, csv);
	status = LEDGER_FAILED;
	if (db_begin(l)) {
		status = import(im);
		db_finalize(im->insert);
		status = db_end(l, status);
	}
	if (status != LEDGER_OK)
		report->rows = 0;
	csv_wipe(&im->csv);
	free(im);
	return status;
}
