// SPDX-License-Identifier: GPL-2.0-only
/*
 * The witness: number and hash of the ledger entry of the last claim, kept apart from the database.
 * One that lacks that entry is an old copy: it takes records for free that are on cards. For a
 * single daemon it is a file of one line, for several see witness_server.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend.h"
#include "libgp/hex.h"
#include "witness.h"

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

	if (l->witness < 0 && !l->witnesses)
		return LEDGER_OK;
	if (!chain_last(l, &seq, hash))
		return LEDGER_FAILED;
	if (l->witnesses)
		return witness_server_note(l, seq, hash);
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

enum ledger_status witness_compare(struct ledger *l, const char *chain, int64_t seq,
				   const uint8_t want[CHAIN_HASH])
{
	enum ledger_status status;
	uint8_t have[CHAIN_HASH];
	struct ledger_head last = { .seq = 0 };
	struct statement *stmt;
	bool failed = true;
	size_t n;

	if (!seq)
		return LEDGER_OK;
	status = ledger_head(l, chain, &last);
	if (status != LEDGER_OK)
		return status;
	stmt = db_prepare(l, "SELECT hash FROM ledger WHERE node = ? AND seq = ?", "ti", chain,
			  seq);
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
				    (long long)last.seq, (long long)seq);
	}
	db_finalize(stmt);
	return failed ? LEDGER_FAILED : status;
}

/* Whether the database has the entry that @line names. */
static enum ledger_status compare(struct ledger *l, const char *line)
{
	uint8_t want[CHAIN_HASH];
	int64_t seq;
	char *end;

	seq = strtoll(line, &end, 10);
	if (end != line + 20 || *end != ' ' ||
	    hex_decode(end + 1, 2 * CHAIN_HASH, want, CHAIN_HASH) != CHAIN_HASH)
		return db_refused(l, "the witness is damaged");
	return witness_compare(l, l->chain, seq, want);
}

#define OWN "witness of "
#define ALL "witness"

/* Who has another witness than is to be used now, or NULL; "" on failure. */
static const char *other_witness(struct ledger *l, const char *own, const char *whose,
				 char name[LEDGER_NODE + sizeof(OWN)])
{
	struct statement *s = db_prepare(l, "SELECT name FROM meta WHERE name LIKE '" ALL "%'"
					 " AND name <> ? AND name <> ?", "tt", own, whose);
	bool failed = true, some = false;

	if (s)
		some = db_next(l, s, &failed) &&
		       db_text(s, 0, name, LEDGER_NODE + sizeof(OWN));
	db_finalize(s);
	return failed ? "" : some ? name : NULL;
}

/*
 * With a file each daemon would know of its own claims only, and take an old copy for good that
 * lacks those of the others. So where there are several, they have one on a server.
 */
static enum ledger_status agree(struct ledger *l, bool server)
{
	char own[LEDGER_NODE + sizeof(OWN)], name[LEDGER_NODE + sizeof(OWN)];
	const char *whose = server ? ALL : own, *other;
	enum ledger_status status = LEDGER_FAILED;

	if (!l->backend->several)
		return LEDGER_OK;
	snprintf(own, sizeof(own), OWN "%s", l->node);
	if (!db_begin(l))
		return LEDGER_FAILED;
	if (l->backend->lock(l, ALL)) {
		other = other_witness(l, own, whose, name);
		if (other && !strcmp(other, ALL))
			status = db_refused(l,
					    "the daemons of this database have their witness on a server: say where it is");
		else if (other && *other)
			status = db_refused(l,
					    "%.63s has a witness of its own: where there are several daemons they have one on a server, and %.63s starts with it first",
					    other + strlen(OWN), other + strlen(OWN));
		else if (!other && db_run(l, NULL, "DELETE FROM meta WHERE name = ?", "t", own) &&
			 db_run(l, NULL, "INSERT INTO meta(name, value) VALUES(?, 1)"
				" ON CONFLICT(name) DO NOTHING", "t", whose))
			status = LEDGER_OK;
	}
	return db_end(l, status);
}

enum ledger_status ledger_witness(struct ledger *l, const char *path)
{
	bool server = ledger_is_server(path);
	enum ledger_status status = agree(l, server);
	char line[LINE + 1] = "";
	ssize_t n;

	if (status != LEDGER_OK)
		return status;
	if (server)
		return witness_server_open(l, path);
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
