// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ledger: entries that only follow one another. Each one's hash covers the hash before it, so a
 * change anywhere shows unless all that follows is made anew - which a head kept elsewhere shows.
 */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend.h"
#include "database.h"
#include "libgp/hex.h"

#define HASH CHAIN_HASH

static bool update_text(EVP_MD_CTX *ctx, const char *text)
{
	uint32_t n = (uint32_t)strlen(text);
	uint8_t len[4] = { (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };

	return EVP_DigestUpdate(ctx, len, 4) && EVP_DigestUpdate(ctx, text, n);
}

/*
 * What the first entry's hash covers in place of one before: the chain's name, so that no chain can
 * stand for another one. Where there is only one, it has no name, and this is zeros.
 */
static bool first_hash(const char *chain, uint8_t out[HASH])
{
	static const char what[] = "cardstation ledger chain";
	EVP_MD_CTX *ctx;
	unsigned int n;
	bool ok;

	memset(out, 0, HASH);
	if (!*chain)
		return true;
	ctx = EVP_MD_CTX_new();
	ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) &&
	     EVP_DigestUpdate(ctx, what, sizeof(what)) &&
	     EVP_DigestUpdate(ctx, chain, strlen(chain)) && EVP_DigestFinal_ex(ctx, out, &n);
	EVP_MD_CTX_free(ctx);
	return ok;
}

/* SHA-256 over hash before || seq (8 bytes) || time, kind, body, each with its length (4 bytes) */
static bool entry_hash(const uint8_t before[HASH], uint64_t seq, const char *when,
		       const char *kind, const char *body, uint8_t out[HASH])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t number[8];
	unsigned int n;
	bool ok;

	for (int i = 0; i < 8; i++)
		number[i] = (uint8_t)(seq >> (56 - 8 * i));
	ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) &&
	     EVP_DigestUpdate(ctx, before, HASH) && EVP_DigestUpdate(ctx, number, 8) &&
	     update_text(ctx, when) && update_text(ctx, kind) && update_text(ctx, body) &&
	     EVP_DigestFinal_ex(ctx, out, &n);
	EVP_MD_CTX_free(ctx);
	return ok;
}

enum ledger_status ledger_name(struct ledger *l, const char *node)
{
	if (!*node || strlen(node) >= LEDGER_NODE)
		return db_refused(l, "the name of a CAS has 1 to 63 characters");
	for (const char *c = node; l->backend->several && *c; c++)
		if (*c <= ' ' || *c > '~')
			return db_refused(l, "a CAS's name has a blank or a special character");
	if (!strcmp(node, "casctl"))
		return db_refused(l, "no CAS can have the name casctl");
	strcpy(l->node, node);
	if (l->backend->several)
		strcpy(l->chain, node);
	return LEDGER_OK;
}

bool chain_lock(struct ledger *l)
{
	return l->backend->lock(l, l->chain);
}

static enum ledger_status last_of(struct ledger *l, const char *chain, int64_t *seq,
				  uint8_t hash[HASH])
{
	struct statement *stmt = db_prepare(l,
					    "SELECT seq, hash FROM ledger WHERE node = ?"
					    " ORDER BY seq DESC LIMIT 1", "t", chain);
	enum ledger_status status = LEDGER_OK;
	bool failed = true;
	size_t n;

	*seq = 0;
	if (!stmt)
		return LEDGER_FAILED;
	if (db_next(l, stmt, &failed)) {
		*seq = db_number(stmt, 0);
		if (!db_blob(stmt, 1, hash, HASH, &n) || n != HASH)
			status = db_refused(l, "ledger: entry %lld has no hash", (long long)*seq);
	} else if (!failed && !first_hash(chain, hash)) {
		status = db_refused(l, "ledger: SHA-256 failed");
	}
	db_finalize(stmt);
	return failed ? LEDGER_FAILED : status;
}

bool chain_last(struct ledger *l, int64_t *seq, uint8_t hash[HASH])
{
	return last_of(l, l->chain, seq, hash) == LEDGER_OK;
}

enum ledger_status ledger_head(struct ledger *l, const char *chain, struct ledger_head *head)
{
	enum ledger_status status;
	int64_t seq;

	snprintf(head->chain, sizeof(head->chain), "%s", chain);
	status = last_of(l, chain, &seq, head->hash);
	head->seq = (uint64_t)seq;
	return status;
}

enum ledger_status ledger_chains(struct ledger *l, struct ledger_chains *chains)
{
	struct statement *stmt = db_prepare(l, "SELECT DISTINCT node FROM ledger"
					    " ORDER BY node", "");
	enum ledger_status status = LEDGER_OK;
	bool failed = false;

	chains->count = 0;
	if (!stmt)
		return LEDGER_FAILED;
	while (status == LEDGER_OK && db_next(l, stmt, &failed)) {
		if (chains->count == LEDGER_CHAINS ||
		    !db_text(stmt, 0, chains->name[chains->count], LEDGER_NODE))
			status = db_refused(l, "ledger: too many chains, or one with a wrong name");
		else
			chains->count++;
	}
	db_finalize(stmt);
	return failed ? LEDGER_FAILED : status;
}

bool chain_goes_on(struct ledger *l)
{
	struct statement *stmt;
	uint8_t have[HASH];
	bool failed = true, same;
	size_t n = 0;

	if (!l->seq)
		return true;
	stmt = db_prepare(l, "SELECT hash FROM ledger WHERE node = ? AND seq = ?", "ti", l->chain,
			  l->seq);
	if (!stmt)
		return false;
	same = db_next(l, stmt, &failed) && db_blob(stmt, 0, have, HASH, &n) && n == HASH &&
	       !memcmp(have, l->hash, HASH);
	db_finalize(stmt);
	if (!failed && !same)
		db_refused(l,
			   "the database is not the one that was here before: entry %lld is missing",
			   (long long)l->seq);
	return same;
}

void chain_hex(cJSON *body, const char *name, const uint8_t *data, size_t len)
{
	char *text = malloc(2 * len + 1);

	if (text)
		cJSON_AddStringToObject(body, name, hex_encode(data, len, text));
	free(text);
}

bool chain_append(struct ledger *l, const char *kind, cJSON *body)
{
	char *text = body ? cJSON_PrintUnformatted(body) : NULL;
	uint8_t hash[HASH];
	struct timespec now;
	struct tm tm;
	char when[32];
	int64_t seq;
	bool ok;

	cJSON_Delete(body);
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (!text) {
		db_refused(l, "ledger: out of memory");
		return false;
	}
	/* The end of the chain is read with nobody else about to append, and by a new statement. */
	ok = chain_lock(l) && chain_last(l, &seq, hash) &&
	     entry_hash(hash, (uint64_t)seq + 1, when, kind, text, hash) &&
	     db_run(l, NULL, "INSERT INTO ledger(node, seq, time, kind, body, hash)"
		    " VALUES(?,?,?,?,?,?)", "titttb", l->chain, seq + 1, when, kind, text, hash,
		    (size_t)HASH);
	free(text);
	if (!ok)
		return false;
	l->next_seq = seq + 1;
	memcpy(l->next_hash, hash, HASH);
	return true;
}

enum ledger_status ledger_verify(struct ledger *l, const char *chain, uint64_t *entries,
				 char head[65])
{
	enum ledger_status status = LEDGER_OK;
	uint8_t hash[HASH], stored[HASH];
	struct statement *stmt;
	bool failed = false;
	size_t n;

	*entries = 0;
	if (!first_hash(chain, hash))
		return db_refused(l, "ledger: SHA-256 failed");
	stmt = db_prepare(l,
			  "SELECT seq, time, kind, body, hash FROM ledger WHERE node = ?"
			  " ORDER BY seq", "t", chain);
	if (!stmt)
		return LEDGER_FAILED;
	while (status == LEDGER_OK && db_next(l, stmt, &failed)) {
		int64_t seq = db_number(stmt, 0);
		const char *text[3];

		for (int i = 0; i < 3; i++) {
			text[i] = db_column(stmt, i + 1);
			if (!text[i])
				text[i] = "";
		}
		if (seq != (int64_t)*entries + 1)
			status = db_refused(l, "ledger: entry %llu is missing",
					    (unsigned long long)*entries + 1);
		else if (!entry_hash(hash, (uint64_t)seq, text[0], text[1], text[2], hash))
			status = db_refused(l, "ledger: SHA-256 failed");
		else if (!db_blob(stmt, 4, stored, HASH, &n) || n != HASH ||
			 memcmp(hash, stored, HASH))
			status = db_refused(l, "ledger: entry %lld was changed", (long long)seq);
		else
			++*entries;
	}
	db_finalize(stmt);
	hex_encode(hash, HASH, head);
	return failed ? LEDGER_FAILED : status;
}
