// SPDX-License-Identifier: GPL-2.0-only
/* Heads of the ledger, signed by the token, in a file that is not the database. */
#include "heads.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

#define EVERY 60	/* seconds */

/**
 * struct heads - the file
 * @casd: whose ledger
 * @signer: label of the key pair
 * @file: only added to
 * @tick: each minute
 * @chains: that there are: those of others are kept as well
 * @last: heads that were last kept of them; beyond @chains zeros
 * @ready: the first ones are kept
 */
struct heads {
	struct casd *casd;
	const char *signer;
	FILE *file;
	struct event *tick;
	struct ledger_chains chains;
	struct ledger_head last[LEDGER_CHAINS];
	bool ready;
};

/* It is no reason to stop: the next one covers all that was before. */
static bool keep_one(struct heads *h, token_key key, const struct ledger_head *head)
{
	struct token *token = h->casd->token;
	uint8_t digest[32], signature[LEDGER_SIGNATURE];

	if (!ledger_head_digest(head, digest) || token_sign(token, key, digest, signature)) {
		log_error("heads", "reason=\"%s\"", token_error(token));
		return false;
	}
	if (!ledger_head_write(h->file, head, signature)) {
		log_error("heads", "reason=\"%s\"", strerror(errno));
		return false;
	}
	return true;
}

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

static void keep(struct heads *h)
{
	struct ledger *l = h->casd->ledger;
	struct ledger_head head, *last;
	bool written = false;
	token_key key;

	if (ledger_chains(l, &h->chains) != LEDGER_OK) {
		log_error("heads", "reason=\"%s\"", ledger_error(l));
		return;
	}
	if (token_find_signer(h->casd->token, h->signer, &key)) {
		log_error("heads", "reason=\"%s\"", token_error(h->casd->token));
		return;
	}
	for (unsigned int i = 0; i < h->chains.count; i++) {
		if (ledger_head(l, h->chains.name[i], &head) != LEDGER_OK) {
			log_error("heads", "reason=\"%s\"", ledger_error(l));
			return;
		}
		last = last_of(h, head.chain);
		if (!last || last->seq == head.seq)
			continue;
		if (!keep_one(h, key, &head))
			return;
		*last = head;
		written = true;
	}
	if (written && fdatasync(fileno(h->file)))
		log_error("heads", "reason=\"%s\"", strerror(errno));
	else
		h->ready = true;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	keep(arg);
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
