// SPDX-License-Identifier: GPL-2.0-only
/* libtoken's functions as messages to cas-keyd. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

/**
 * struct request - a message being made
 * @data: bytes
 * @len: of @data
 */
struct request {
	uint8_t data[KEYD_MESSAGE_MAX];
	size_t len;
};

static void begin(struct request *r, enum keyd_op op)
{
	r->data[0] = (uint8_t)op;
	r->len = 1;
}

static void put(struct request *r, const void *data, size_t len)
{
	memcpy(r->data + r->len, data, len);
	r->len += len;
}

static int lost(struct token *t, const char *why)
{
	snprintf(t->error, sizeof(t->error), "key process: %s", why);
	disconnect_keyd(t);
	return -1;
}

/* Sends @r, and takes an answer of exactly @len bytes. */
static int call(struct token *t, const struct request *r, void *out, size_t len)
{
	uint8_t answer[KEYD_MESSAGE_MAX];
	ssize_t n;

	if (t->fd < 0 && connect_keyd(t))
		return -1;
	if (send(t->fd, r->data, r->len, MSG_NOSIGNAL) != (ssize_t)r->len)
		return lost(t, "it is gone");
	do {
		n = recv(t->fd, answer, sizeof(answer), MSG_TRUNC);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return lost(t, "it does not answer");
	if (n <= 0)
		return lost(t, "it is gone");
	if (answer[0] == KEYD_FAILED && (size_t)n <= sizeof(answer)) {
		snprintf(t->error, sizeof(t->error), "%.*s", (int)n - 1, (char *)answer + 1);
		return -1;
	}
	if (answer[0] != KEYD_OK || (size_t)n != 1 + len)
		return lost(t, "it answered what was not asked");
	if (len)
		memcpy(out, answer + 1, len);
	/* A session key, or a record. */
	explicit_bzero(answer, (size_t)n);
	return 0;
}

struct token *keyd_open(const struct keyd_options *o, char *error, size_t len)
{
	struct token *t = calloc(1, sizeof(*t));

	if (!t) {
		snprintf(error, len, "key process: out of memory");
		return NULL;
	}
	t->o = o;
	t->fd = -1;
	if (!connect_keyd(t)) {
		/* If it ends now, the first call may start it again at once. */
		t->tried = 0;
		return t;
	}
	snprintf(error, len, "%s", t->error);
	free(t);
	return NULL;
}

void token_close(struct token *t)
{
	if (!t)
		return;
	disconnect_keyd(t);
	free(t);
}

const char *token_error(const struct token *t)
{
	return t->error;
}

static int find(struct token *t, enum keyd_op op, const char *label, token_key *key)
{
	size_t len = strlen(label);
	struct request r;

	*key = 0;
	if (!len || len > KEYD_LABEL_MAX) {
		snprintf(t->error, sizeof(t->error), "token: a label has 1 to 64 characters");
		return -1;
	}
	begin(&r, op);
	put(&r, label, len);
	return call(t, &r, key, sizeof(*key));
}

int token_find(struct token *t, const char *label, token_key *key)
{
	return find(t, KEYD_FIND, label, key);
}

int token_find_signer(struct token *t, const char *label, token_key *key)
{
	return find(t, KEYD_FIND_SIGNER, label, key);
}

int token_sign(struct token *t, token_key key, const uint8_t digest[TOKEN_DIGEST],
	       uint8_t signature[TOKEN_SIGNATURE])
{
	struct request r;

	begin(&r, KEYD_SIGN);
	put(&r, &key, sizeof(key));
	put(&r, digest, TOKEN_DIGEST);
	return call(t, &r, signature, TOKEN_SIGNATURE);
}

int token_derive(struct token *t, token_key master, const struct token_derivation *d,
		 token_key *key)
{
	uint8_t how = (uint8_t)((d->cmac ? KEYD_BY_CMAC : 0) | (d->des ? KEYD_BY_DES : 0) |
				(d->dek ? KEYD_BY_DEK : 0));
	struct request r;

	*key = 0;
	begin(&r, KEYD_DERIVE);
	put(&r, &master, sizeof(master));
	put(&r, &how, 1);
	put(&r, d->blocks, sizeof(d->blocks));
	return call(t, &r, key, sizeof(*key));
}

int token_scp02_key(struct token *t, token_key key, uint8_t constant, const uint8_t sequence[2],
		    uint8_t out[16])
{
	struct request r;

	begin(&r, KEYD_SCP02_KEY);
	put(&r, &key, sizeof(key));
	put(&r, &constant, 1);
	put(&r, sequence, 2);
	return call(t, &r, out, 16);
}

int token_scp02_dek(struct token *t, token_key key, const uint8_t sequence[2], token_key *dek)
{
	struct request r;

	*dek = 0;
	begin(&r, KEYD_SCP02_DEK);
	put(&r, &key, sizeof(key));
	put(&r, sequence, 2);
	return call(t, &r, dek, sizeof(*dek));
}

int token_wrap_des(struct token *t, token_key dek, token_key transport,
		   const uint8_t wrapped[TOKEN_WRAPPED_LEN], uint8_t out[16], uint8_t kcv[3])
{
	uint8_t answer[16 + 3];
	struct request r;

	begin(&r, KEYD_WRAP_DES);
	put(&r, &dek, sizeof(dek));
	put(&r, &transport, sizeof(transport));
	put(&r, wrapped, TOKEN_WRAPPED_LEN);
	if (call(t, &r, answer, sizeof(answer)))
		return -1;
	memcpy(out, answer, 16);
	memcpy(kcv, answer + 16, 3);
	return 0;
}

int token_cmac(struct token *t, token_key key, const uint8_t *data, size_t len, uint8_t mac[16])
{
	struct request r;

	if (len > KEYD_DATA_MAX) {
		snprintf(t->error, sizeof(t->error), "token: CMAC over more than 256 bytes");
		return -1;
	}
	begin(&r, KEYD_CMAC);
	put(&r, &key, sizeof(key));
	put(&r, data, len);
	return call(t, &r, mac, 16);
}

int token_unwrap(struct token *t, token_key transport, const uint8_t wrapped[TOKEN_WRAPPED_LEN],
		 bool des, token_key *key)
{
	uint8_t which = des;
	struct request r;

	*key = 0;
	begin(&r, KEYD_UNWRAP);
	put(&r, &transport, sizeof(transport));
	put(&r, &which, 1);
	put(&r, wrapped, TOKEN_WRAPPED_LEN);
	return call(t, &r, key, sizeof(*key));
}

int token_wrap_cbc(struct token *t, token_key dek, token_key key, uint8_t out[16])
{
	struct request r;

	begin(&r, KEYD_WRAP);
	put(&r, &dek, sizeof(dek));
	put(&r, &key, sizeof(key));
	return call(t, &r, out, 16);
}

int token_unseal(struct token *t, token_key key, const char *with, const uint8_t *sealed,
		 size_t len, uint8_t *out)
{
	uint8_t text = (uint8_t)strnlen(with, KEYD_WITH_MAX + 1);
	struct request r;

	if (text > KEYD_WITH_MAX || len < TOKEN_SEAL || len > KEYD_SEALED_MAX) {
		snprintf(t->error, sizeof(t->error), "token: sealed data of this length are none");
		return -1;
	}
	begin(&r, KEYD_UNSEAL);
	put(&r, &key, sizeof(key));
	put(&r, &text, 1);
	put(&r, with, text);
	put(&r, sealed, len);
	return call(t, &r, out, len - TOKEN_SEAL);
}

int token_kcv(struct token *t, token_key key, uint8_t kcv[3])
{
	struct request r;

	begin(&r, KEYD_KCV);
	put(&r, &key, sizeof(key));
	return call(t, &r, kcv, 3);
}

void token_destroy(struct token *t, token_key key)
{
	struct request r;

	/* With the connection all its keys went. */
	if (!t || !key || t->fd < 0)
		return;
	begin(&r, KEYD_DESTROY);
	put(&r, &key, sizeof(key));
	call(t, &r, NULL, 0);
}
