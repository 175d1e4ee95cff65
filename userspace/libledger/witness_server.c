// SPDX-License-Identifier: GPL-2.0-only
/*
 * One witness of several daemons: a table on a PostgreSQL server, with a row for each chain. None
 * of them knows what the others gave out since a copy was made; this does.
 */
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "witness.h"

static const char table[] =
	"CREATE TABLE IF NOT EXISTS witness(node TEXT PRIMARY KEY, seq BIGINT NOT NULL,"
	" hash BYTEA NOT NULL)";

/**
 * struct seen - what the witness has seen
 * @node: chain
 * @seq: its last claim or what was last when it was made, 0: nothing
 * @hash: of that entry
 * @count: of them
 */
struct seen {
	char node[LEDGER_CHAINS][LEDGER_NODE];
	int64_t seq[LEDGER_CHAINS];
	uint8_t hash[LEDGER_CHAINS][CHAIN_HASH];
	unsigned int count;
};

static enum ledger_status failed(struct ledger *l)
{
	snprintf(l->error, sizeof(l->error), "witness: %.200s", ledger_error(l->witnesses));
	return LEDGER_FAILED;
}

static enum ledger_status note(struct ledger *l, const char *node, int64_t seq,
			       const uint8_t hash[CHAIN_HASH])
{
	struct ledger *w = l->witnesses;
	bool ok;

	if (!db_begin(w))
		return failed(l);
	/* A daemon that met this chain while it went on does not take back what was noted since. */
	ok = db_run(w, NULL,
		    "INSERT INTO witness(node, seq, hash) VALUES(?, ?, ?)"
		    " ON CONFLICT(node) DO UPDATE SET seq = excluded.seq, hash = excluded.hash"
		    " WHERE witness.seq < excluded.seq", "tib", node, seq, hash,
		    (size_t)CHAIN_HASH);
	return db_end(w, ok ? LEDGER_OK : LEDGER_FAILED) == LEDGER_OK ? LEDGER_OK : failed(l);
}

enum ledger_status witness_server_note(struct ledger *l, int64_t seq,
				       const uint8_t hash[CHAIN_HASH])
{
	return note(l, l->chain, seq, hash);
}

static enum ledger_status read_seen(struct ledger *l, struct seen *seen)
{
	struct ledger *w = l->witnesses;
	struct statement *s = db_prepare(w, "SELECT node, seq, hash FROM witness", "");
	bool bad = false, gone = true;
	size_t n;

	seen->count = 0;
	while (s && !bad && db_next(w, s, &gone)) {
		unsigned int i = seen->count++;

		bad = i == LEDGER_CHAINS || !db_text(s, 0, seen->node[i], LEDGER_NODE) ||
		      !db_blob(s, 2, seen->hash[i], CHAIN_HASH, &n) || n != CHAIN_HASH;
		if (!bad)
			seen->seq[i] = db_number(s, 1);
	}
	db_finalize(s);
	if (bad)
		return db_refused(l, "the witness is damaged");
	return gone ? failed(l) : LEDGER_OK;
}

static bool has(const struct seen *seen, const char *node)
{
	for (unsigned int i = 0; i < seen->count; i++)
		if (!strcmp(seen->node[i], node))
			return true;
	return false;
}

enum ledger_status witness_server_compare(struct ledger *l)
{
	enum ledger_status status;
	struct seen seen;

	status = read_seen(l, &seen);
	for (unsigned int i = 0; status == LEDGER_OK && i < seen.count; i++)
		status = witness_compare(l, seen.node[i], seen.seq[i], seen.hash[i]);
	return status;
}

/* Whether there are claims in a chain; -1 on failure. */
static int gave_out(struct ledger *l, const char *chain)
{
	struct statement *s = db_prepare(l, "SELECT 1 FROM ledger WHERE node = ? AND kind = 'claim'"
					 " LIMIT 1", "t", chain);
	bool failed = true, some;

	if (!s)
		return -1;
	some = db_next(l, s, &failed);
	db_finalize(s);
	return failed ? -1 : some;
}

/* A new witness takes all chains as they are; later on each that gives something out is known. */
static enum ledger_status meet(struct ledger *l, const struct seen *seen, const char *chain)
{
	int some = gave_out(l, chain);
	struct ledger_head head;

	if (some < 0)
		return LEDGER_FAILED;
	if (some && seen->count)
		return db_refused(l,
				  "%.63s gave out records that this witness knows nothing of: it is the witness of another database, or an old copy",
				  chain);
	if (ledger_head(l, chain, &head) != LEDGER_OK)
		return LEDGER_FAILED;
	return note(l, chain, (int64_t)head.seq, head.hash);
}

enum ledger_status witness_server_open(struct ledger *l, const char *where)
{
	enum ledger_status status;
	struct ledger_chains chains;
	struct seen seen;

	ledger_close(l->witnesses);
	l->witnesses = calloc(1, sizeof(*l->witnesses));
	if (!l->witnesses)
		return db_refused(l, "out of memory");
	l->witnesses->witness = -1;
	/* Its locks are short, as those of a daemon. */
	l->witnesses->lease = 1;
	if (!postgres_connect(l->witnesses, where) || !db_run(l->witnesses, NULL, table, ""))
		return failed(l);
	status = read_seen(l, &seen);
	if (status == LEDGER_OK)
		status = ledger_chains(l, &chains);
	/* A chain that is empty yet as well: what has a row was met, and cannot be met anew. */
	if (status == LEDGER_OK && !has(&seen, l->chain))
		status = meet(l, &seen, l->chain);
	for (unsigned int i = 0; status == LEDGER_OK && i < chains.count; i++)
		if (!has(&seen, chains.name[i]) && strcmp(chains.name[i], l->chain))
			status = meet(l, &seen, chains.name[i]);
	return status == LEDGER_OK ? witness_server_compare(l) : status;
}
