// SPDX-License-Identifier: GPL-2.0-only
/*
 * What stations say of themselves. The station's row is locked meanwhile, and what is read of it
 * and of its requests and dispositions changes only with that lock.
 */
#include <string.h>

#include "database.h"
#include "libgp/hex.h"

/* A journal that is lost can no longer say what became of the cards that it knew. */
static enum ledger_status doubt_issued(struct ledger *l, const char *station, unsigned int *doubted)
{
	cJSON *body;
	int n;

	if (!db_run(l, &n,
		    "UPDATE record SET state = 'DOUBT' WHERE state = 'ISSUED' AND request IN"
		    " (SELECT id FROM request WHERE station = ? AND state != 'disposed')",
		    "t", station))
		return LEDGER_FAILED;
	*doubted = (unsigned int)n;
	/* What its sessions still do is nobody's request any more. */
	if (!db_run(l, NULL,
		    "UPDATE request SET state = 'ended', reason = 'the journal was lost'"
		    " WHERE station = ? AND state = 'open'",
		    "t", station))
		return LEDGER_FAILED;
	body = cJSON_CreateObject();
	cJSON_AddStringToObject(body, "station", station);
	cJSON_AddNumberToObject(body, "doubt", n);
	return chain_append(l, "journal-lost", body) ? LEDGER_OK : LEDGER_FAILED;
}

static enum ledger_status highest(struct ledger *l, const char *station, const char *epoch,
				  int64_t *number)
{
	struct statement *stmt = db_prepare(l,
					    "SELECT coalesce(max(number), 0) FROM disposition"
					    " WHERE station = ? AND journal_epoch = ?",
					    "tt", station, epoch);
	bool failed = true;

	*number = 0;
	if (stmt && db_next(l, stmt, &failed))
		*number = db_number(stmt, 0);
	db_finalize(stmt);
	return failed ? LEDGER_FAILED : LEDGER_OK;
}

static enum ledger_status hello(struct ledger *l, const char *station, const char *boot,
				const char *epoch, uint64_t last, unsigned int *doubted)
{
	enum ledger_status status = lease_hold(l, station);
	bool failed = true, same, fits = true;
	struct statement *stmt;
	int64_t number;
	char old[24] = "";

	if (status != LEDGER_OK)
		return status;
	stmt = db_prepare(l, "SELECT journal_epoch FROM station WHERE uuid = ?", "t", station);
	if (!stmt)
		return LEDGER_FAILED;
	if (db_next(l, stmt, &failed))
		fits = db_text(stmt, 0, old, sizeof(old));
	db_finalize(stmt);
	if (failed)
		return LEDGER_FAILED;
	/* One that said nothing yet has none. */
	same = fits && !strcmp(old, epoch);
	if (*old && !same)
		status = doubt_issued(l, station, doubted);
	if (status == LEDGER_OK)
		status = highest(l, station, epoch, &number);
	/* What the station still has, it sends again; less than we know is a journal cut back. */
	if (status == LEDGER_OK && same && (uint64_t)number > last)
		status = db_refused(l, "station %s: its journal ends at %llu, %lld were committed",
				    station, (unsigned long long)last, (long long)number);
	if (status == LEDGER_OK &&
	    !db_run(l, NULL, "UPDATE station SET boot_id = ?, journal_epoch = ? WHERE uuid = ?",
		    "ttt", boot, epoch, station))
		status = LEDGER_FAILED;
	return status;
}

enum ledger_status ledger_hello(struct ledger *l, const uint8_t station[16],
				const uint8_t boot_id[16], uint64_t journal_epoch,
				uint64_t last_disposition, unsigned int *doubted)
{
	char uuid[33], boot[33], epoch[24];

	*doubted = 0;
	hex_encode(station, 16, uuid);
	hex_encode(boot_id, 16, boot);
	snprintf(epoch, sizeof(epoch), "%016llX", (unsigned long long)journal_epoch);
	if (!db_begin(l))
		return LEDGER_FAILED;
	return db_end(l, hello(l, uuid, boot, epoch, last_disposition, doubted));
}

enum ledger_status ledger_caught_up(struct ledger *l, const uint8_t station[16],
				    uint64_t journal_epoch, uint64_t last_disposition)
{
	char uuid[33], epoch[24];
	enum ledger_status status;
	int64_t number;

	hex_encode(station, 16, uuid);
	snprintf(epoch, sizeof(epoch), "%016llX", (unsigned long long)journal_epoch);
	status = highest(l, uuid, epoch, &number);
	if (status != LEDGER_OK || (uint64_t)number >= last_disposition)
		return status;
	db_refused(l,
		   "station %s: its journal %s goes to disposition %llu, this database to %lld: until the others have come it may be an old copy",
		   uuid, epoch, (unsigned long long)last_disposition, (long long)number);
	return LEDGER_GAP;
}
