// SPDX-License-Identifier: GPL-2.0-only
/*
 * Heads of the ledger, signed by the token, in a file that is not the database.
 *
 * Context: while @busy a worker has the struct, one after the other: collect() is the ledger's,
 * sign() the token's, write_all() that for files. At start and end there is no worker, and the main
 * thread does the same.
 */
#include "heads.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "pool.h"

#define EVERY 60	/* seconds */

/**
 * struct heads - the file
 * @job: of the workers
 * @casd: whose ledger
 * @signer: label of the key pair
 * @file: only added to
 * @tick: each minute
 * @busy: a worker has this; the event loop's
 * @chains: that there are: those of others are kept as well
 * @last: heads that were last kept of them; beyond @chains zeros
 * @fresh: heads that are to be kept
 * @signature: of each
 * @count: of them
 * @ok: nothing has failed yet
 * @ready: the first ones are kept
 */
struct heads {
	struct job job;
	struct casd *casd;
	const char *signer;
	FILE *file;
	struct event *tick;
	bool busy;
	struct ledger_chains chains;
	struct ledger_head last[LEDGER_CHAINS];
	struct ledger_head fresh[LEDGER_CHAINS];
	uint8_t signature[LEDGER_CHAINS][LEDGER_SIGNATURE];
	unsigned int count;
	bool ok;
	bool ready;
};

/* The head of that chain which was kept last; a new one has none. */
static struct ledger_head *last_of(struct heads *h, const char *chain)
{
	for (unsigned int i = 0; i < LEDGER_CHAINS; i++) {
		if (!h->last[i].seq)
			snprintf(h->last[i].chain, LEDGER_NODE, "%s", chain);
		if (!strcmp(h->last[i].chain, chain))
			return &h->last[i];
	}
	return NULL;
}

static void collect(struct heads *h)
{
	struct ledger *l = h->casd->ledger;
	struct ledger_head *head, *last;

	h->count = 0;
	h->ok = ledger_chains(l, &h->chains) == LEDGER_OK;
	for (unsigned int i = 0; h->ok && i < h->chains.count; i++) {
		head = &h->fresh[h->count];
		h->ok = ledger_head(l, h->chains.name[i], head) == LEDGER_OK;
		last = h->ok ? last_of(h, head->chain) : NULL;
		if (last && last->seq != head->seq)
			h->count++;
	}
	if (!h->ok)
		log_error("heads", "reason=\"%s\"", ledger_error(l));
}

static void sign(struct heads *h)
{
	struct token *token = h->casd->token;
	uint8_t digest[32];
	token_key key;

	if (h->ok && !token_find_signer(token, h->signer, &key)) {
		for (unsigned int i = 0; h->ok && i < h->count; i++)
			h->ok = ledger_head_digest(&h->fresh[i], digest) &&
				!token_sign(token, key, digest, h->signature[i]);
	} else {
		h->ok = false;
	}
	if (!h->ok)
		log_error("heads", "reason=\"%s\"", token_error(token));
}

static void write_all(struct heads *h)
{
	for (unsigned int i = 0; h->ok && i < h->count; i++) {
		h->ok = ledger_head_write(h->file, &h->fresh[i], h->signature[i]);
		if (h->ok)
			*last_of(h, h->fresh[i].chain) = h->fresh[i];
	}
	if (h->ok && h->count && fdatasync(fileno(h->file)))
		h->ok = false;
	if (!h->ok)
		log_error("heads", "reason=\"%s\"", strerror(errno));
}

/* If it fails this is no reason to stop: the next one covers all that was before. */
static void keep(struct heads *h)
{
	collect(h);
	if (h->ok)
		sign(h);
	if (h->ok)
		write_all(h);
	h->ready = h->ready || h->ok;
}

/* ---- the same by the workers ---- */

static struct heads *of(struct job *job)
{
	return (struct heads *)job;
}

static void run_collect(struct job *job)
{
	collect(of(job));
}

static void run_sign(struct job *job)
{
	sign(of(job));
}

static void run_write(struct job *job)
{
	write_all(of(job));
}

static void over(struct job *job)
{
	of(job)->busy = false;
}

static void signed_all(struct job *job)
{
	struct heads *h = of(job);

	h->busy = h->ok && !job->refused;
	if (!h->busy)
		return;
	job->run = run_write;
	job->done = over;
	pool_submit(h->casd->pool, POOL_FILES, job);
}

static void collected(struct job *job)
{
	struct heads *h = of(job);

	h->busy = h->ok && h->count && !job->refused;
	if (!h->busy)
		return;
	job->run = run_sign;
	job->done = signed_all;
	pool_submit(h->casd->pool, POOL_TOKEN, job);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct heads *h = arg;

	(void)fd;
	(void)what;
	if (h->busy)
		return;
	h->busy = true;
	h->job.run = run_collect;
	h->job.done = collected;
	pool_submit(h->casd->pool, POOL_LEDGER, &h->job);
}

struct heads *heads_open(struct casd *casd, const char *path, const char *signer)
{
	struct timeval every = { .tv_sec = EVERY };
	struct heads *h = calloc(1, sizeof(*h));
	unsigned int count;

	if (!h)
		return NULL;
	h->casd = casd;
	h->signer = signer;
	h->file = fopen(path, "a+e");
	if (!h->file) {
		log_error("heads", "file=%s reason=\"%s\"", path, strerror(errno));
		goto fail;
	}
	/* casctl verifies the signatures; an old copy shows without them. */
	if (ledger_verify_heads(casd->ledger, h->file, NULL, &count) != LEDGER_OK) {
		log_error("heads", "file=%s reason=\"%s\"", path, ledger_error(casd->ledger));
		goto fail;
	}
	h->tick = event_new(casd->base, -1, EV_PERSIST, on_tick, h);
	if (!h->tick || event_add(h->tick, &every))
		goto fail;
	keep(h);
	if (h->ready)
		return h;
fail:
	heads_close(h);
	return NULL;
}

void heads_close(struct heads *h)
{
	if (!h)
		return;
	if (h->ready)
		keep(h);
	if (h->tick)
		event_free(h->tick);
	if (h->file)
		fclose(h->file);
	free(h);
}
