// SPDX-License-Identifier: GPL-2.0-only
/* Statements: parameters from a list of arguments, and rows, whatever the database is. */
#include <stdarg.h>
#include <string.h>

#include "backend.h"
#include "database.h"

static bool bind(struct ledger *l, struct statement *s, const char *types, va_list ap)
{
	struct parameter p[PARAMETERS_MAX] = { 0 };
	unsigned int n;

	for (n = 0; types[n]; n++) {
		if (n == PARAMETERS_MAX) {
			db_refused(l, "database: too many parameters");
			return false;
		}
		p[n].type = types[n];
		if (types[n] == 'i') {
			p[n].number = va_arg(ap, int64_t);
			continue;
		}
		p[n].data = va_arg(ap, const void *);
		if (types[n] == 'b') {
			p[n].len = va_arg(ap, size_t);
			p[n].data = p[n].data ? p[n].data : "";
		} else if (p[n].data) {
			p[n].len = strlen(p[n].data);
		}
	}
	return l->backend->bind(l, s, p, n);
}

static struct statement *prepare(struct ledger *l, const char *sql, const char *types, va_list ap)
{
	struct statement *s = l->backend->prepare(l, sql);

	if (s && !bind(l, s, types, ap)) {
		db_finalize(s);
		return NULL;
	}
	return s;
}

struct statement *db_prepare(struct ledger *l, const char *sql, const char *types, ...)
{
	struct statement *s;
	va_list ap;

	va_start(ap, types);
	s = prepare(l, sql, types, ap);
	va_end(ap);
	return s;
}

bool db_bind(struct ledger *l, struct statement *s, const char *types, ...)
{
	va_list ap;
	bool ok;

	va_start(ap, types);
	ok = bind(l, s, types, ap);
	va_end(ap);
	return ok;
}

bool db_next(struct ledger *l, struct statement *s, bool *failed)
{
	enum step step = l->backend->step(l, s);

	*failed = step == STEP_FAILED;
	return step == STEP_ROW;
}

void db_finalize(struct statement *s)
{
	if (s)
		s->backend->finalize(s);
}

bool db_run(struct ledger *l, int *changed, const char *sql, const char *types, ...)
{
	struct statement *s;
	enum step step;
	va_list ap;

	va_start(ap, types);
	s = prepare(l, sql, types, ap);
	va_end(ap);
	if (!s)
		return false;
	step = l->backend->step(l, s);
	if (changed)
		*changed = l->backend->changes(s);
	db_finalize(s);
	return step != STEP_FAILED;
}

bool db_insert(struct ledger *l, int64_t *id, const char *sql, const char *types, ...)
{
	struct statement *s;
	bool failed;
	va_list ap;

	va_start(ap, types);
	s = prepare(l, sql, types, ap);
	va_end(ap);
	if (!s)
		return false;
	*id = db_next(l, s, &failed) ? db_number(s, 0) : 0;
	db_finalize(s);
	return !failed;
}

int64_t db_number(struct statement *s, int column)
{
	return s->backend->number(s, column);
}

const char *db_column(struct statement *s, int column)
{
	return s->backend->text(s, column);
}

bool db_null(struct statement *s, int column)
{
	return !s->backend->text(s, column);
}

bool db_text(struct statement *s, int column, char *out, size_t cap)
{
	const char *text = db_column(s, column);
	size_t len = text ? strlen(text) : 0;

	if (len >= cap)
		return false;
	memcpy(out, text ? text : "", len + 1);
	return true;
}

bool db_blob(struct statement *s, int column, void *out, size_t cap, size_t *len)
{
	const void *data = s->backend->blob(s, column, len);

	if (*len > cap)
		return false;
	if (*len)
		memcpy(out, data, *len);
	return true;
}

int db_columns(struct statement *s)
{
	return s->backend->columns(s);
}

const char *db_column_name(struct statement *s, int column)
{
	return s->backend->name(s, column);
}
