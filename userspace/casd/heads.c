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
 * @last: number of the head that was last kept
 */
struct heads {
	struct casd *casd;
	const char *signer;
	FILE *file;
	struct event *tick;
	uint64_t last;
};

/* It is no reason to stop: the next one covers all that was before. */
static void keep(struct heads *h)
{
	struct token *token = h->casd->token;
	uint8_t digest[32], signature[LEDGER_SIGNATURE];
	struct ledger_head head;
	token_key key;

	if (ledger_head(h->casd->ledger, &head) != LEDGER_OK) {
		log_error("heads", "reason=\"%s\"", ledger_error(h->casd->ledger));
		return;
	}
	if (head.seq == h->last)
		return;
	if (!ledger_head_digest(&head, digest) || token_find_signer(token, h->signer, &key) ||
	    token_sign(token, key, digest, signature)) {
		log_error("heads", "reason=\"%s\"", token_error(token));
		return;
	}
	if (!ledger_head_write(h->file, &head, signature) || fdatasync(fileno(h->file))) {
		log_error("heads", "reason=\"%s\"", strerror(errno));
		return;
	}
	h->last = head.seq;
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
	if (h->last)
		return h;
fail:
	heads_close(h);
	return NULL;
}

void heads_close(struct heads *h)
{
	if (!h)
		return;
	if (h->last)
		keep(h);
	if (h->tick)
		event_free(h->tick);
	if (h->file)
		fclose(h->file);
	free(h);
}
