// SPDX-License-Identifier: GPL-2.0-only
/*
 * The witness: a file of one line, number and hash of the ledger entry of the last claim. A
 * database that lacks that entry is an old copy: it takes records for free that are on cards.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "database.h"
#include "libgp/hex.h"

#define LINE (20 + 1 + 2 * CHAIN_HASH + 1)

static enum ledger_status failed(struct ledger *l, const char *what)
{
	snprintf(l->error, sizeof(l->error), "witness: %s: %s", what, strerror(errno));
	return LEDGER_FAILED;
}

enum ledger_status witness_note(struct ledger *l)
{
	char line[LINE + 1], hex[2 * CHAIN_HASH + 1];
	uint8_t hash[CHAIN_HASH];
	int64_t seq;

	if (l->witness < 0)
		return LEDGER_OK;
	if (!chain_last(l, &seq, hash))
		return LEDGER_FAILED;
	/* Always of one length and within one sector: it is written whole or not at all. */
	snprintf(line, sizeof(line), "%020lld %s\n", (long long)seq,
		 hex_encode(hash, CHAIN_HASH, hex));
	if (pwrite(l->witness, line, LINE, 0) != LINE || fdatasync(l->witness))
		return failed(l, "write");
	return LEDGER_OK;
}

static enum ledger_status sync_directory(struct ledger *l, const char *path)
{
	char *copy = strdup(path);
	int fd, rc;

	if (!copy)
		return db_refused(l, "out of memory");
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(copy);
	if (fd < 0)
		return failed(l, "directory");
	rc = fsync(fd);
	close(fd);
	/* There are file systems that have nothing to sync. */
	return rc && errno != EINVAL ? failed(l, "directory") : LEDGER_OK;
}

/* Whether the database has the entry that @line names. */
static enum ledger_status compare(struct ledger *l, const char *line)
{
	enum ledger_status status = LEDGER_OK;
	uint8_t want[CHAIN_HASH], have[CHAIN_HASH];
	struct statement *stmt;
	bool failed = true;
	int64_t seq, last;
	char *end;
	size_t n;

	seq = strtoll(line, &end, 10);
	if (end != line + 20 || *end != ' ' ||
	    hex_decode(end + 1, 2 * CHAIN_HASH, want, CHAIN_HASH) != CHAIN_HASH)
		return db_refused(l, "the witness is damaged");
	if (!seq)
		return LEDGER_OK;
	if (!chain_last(l, &last, have))
		return LEDGER_FAILED;
	stmt = db_prepare(l, "SELECT hash FROM ledger WHERE node = ? AND seq = ?", "ti",
			  l->chain, seq);
	if (!stmt)
		return LEDGER_FAILED;
	if (db_next(l, stmt, &failed)) {
		if (!db_blob(stmt, 0, have, CHAIN_HASH, &n) || n != CHAIN_HASH ||
		    memcmp(have, want, CHAIN_HASH))
			status = db_refused(l,
					    "the database is another one than its witness saw: entry %lld differs",
					    (long long)seq);
	} else if (!failed) {
		status = db_refused(l,
				    "the database is an old copy: its ledger ends at %lld, and a record was given out in %lld",
				    (long long)last, (long long)seq);
	}
	db_finalize(stmt);
	return failed ? LEDGER_FAILED : status;
}

enum ledger_status ledger_witness(struct ledger *l, const char *path)
{
	char line[LINE + 1] = "";
	enum ledger_status status;
	ssize_t n;

	if (l->witness >= 0)
		close(l->witness);
	l->witness = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (l->witness < 0)
		return failed(l, path);
	n = pread(l->witness, line, LINE, 0);
	if (n < 0)
		return failed(l, path);
	if (n) {
		status = compare(l, line);
	} else {
		status = witness_note(l);
		if (status == LEDGER_OK)
			status = sync_directory(l, path);
	}
	return status;
}
