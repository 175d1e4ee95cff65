// SPDX-License-Identifier: GPL-2.0-only
/* Opens and closes the database, and runs transactions. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend.h"
#include "witness.h"

enum ledger_status db_refused(struct ledger *l, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(l->error, sizeof(l->error), format, ap);
	va_end(ap);
	return LEDGER_REFUSED;
}

const char *ledger_error(const struct ledger *l)
{
	return l->error;
}

bool db_begin(struct ledger *l)
{
	l->next_seq = 0;
	if (!l->backend->begin(l))
		return false;
	if (l->anew && (!chain_goes_on(l) ||
			(l->witnesses && witness_server_compare(l) != LEDGER_OK))) {
		l->backend->rollback(l);
		return false;
	}
	l->anew = false;
	return true;
}

enum ledger_status db_end(struct ledger *l, enum ledger_status status)
{
	if (status == LEDGER_OK && l->backend->commit(l)) {
		if (l->next_seq) {
			l->seq = l->next_seq;
			memcpy(l->hash, l->next_hash, CHAIN_HASH);
		}
		return LEDGER_OK;
	}
	l->backend->rollback(l);
	return status == LEDGER_OK ? LEDGER_FAILED : status;
}

bool db_wipe(struct ledger *l)
{
	return l->backend->wipe(l);
}

bool ledger_is_server(const char *where)
{
	static const char *const starts[] = { "postgresql://", "postgres://", "host=", "service=" };

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (!strncmp(where, starts[i], strlen(starts[i])))
			return true;
	return false;
}

struct ledger *ledger_open(const char *path, bool readonly, char *error, size_t len)
{
	struct ledger *l = calloc(1, sizeof(*l));
	bool server = ledger_is_server(path);

	if (!l) {
		snprintf(error, len, "database: out of memory");
		return NULL;
	}
	l->witness = -1;
	/* Until ledger_start(). */
	strcpy(l->node, "casctl");
	if (server ? postgres_open(l, path, readonly) : sqlite_open(l, path, readonly)) {
		if (l->backend->several)
			strcpy(l->chain, l->node);
		return l;
	}
	/* Where a server is, is nothing to be logged. */
	snprintf(error, len, "database%s%s: %s", server ? "" : " ", server ? "" : path, l->error);
	ledger_close(l);
	return NULL;
}

void ledger_close(struct ledger *l)
{
	if (!l)
		return;
	if (l->witness >= 0)
		close(l->witness);
	ledger_close(l->witnesses);
	l->backend->close(l);
	free(l);
}
