// SPDX-License-Identifier: GPL-2.0-only
/* Answers the requests of clients. Whatever they send, the token's keys stay where they are. */
#include "serve.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../casd/log.h"
#include "keys.h"
#include "libkeyd/protocol.h"

#define CLIENTS_MAX 8

/**
 * struct client - a connection
 * @fd: socket, -1 for none
 * @keys: its own
 */
struct client {
	int fd;
	struct keys keys;
};

static size_t failure(uint8_t *answer, const char *reason)
{
	size_t len = strnlen(reason, KEYD_MESSAGE_MAX - 1);

	answer[0] = KEYD_FAILED;
	memcpy(answer + 1, reason, len);
	return 1 + len;
}

static struct key *take_key(struct keys *keys, const uint8_t *p)
{
	uint64_t number;

	memcpy(&number, p, sizeof(number));
	return keys_find(keys, number);
}

static size_t give_key(struct token *t, struct keys *keys, enum key_kind kind, token_key object,
		       uint8_t *answer)
{
	uint64_t number = keys_add(keys, kind, object);

	if (!number) {
		if (kind != KEY_PERMANENT && kind != KEY_SIGNER)
			token_destroy(t, object);
		return failure(answer, "key process: too many keys");
	}
	memcpy(answer + 1, &number, sizeof(number));
	return 1 + sizeof(number);
}

static size_t find(struct token *t, struct keys *keys, enum key_kind kind, const uint8_t *p,
		   size_t len, uint8_t *answer)
{
	char label[KEYD_LABEL_MAX + 1];
	token_key object;

	memcpy(label, p, len);
	label[len] = '\0';
	if (strlen(label) != len)
		return failure(answer, "token: no such label");
	if (kind == KEY_SIGNER ? token_find_signer(t, label, &object) :
				 token_find(t, label, &object))
		return failure(answer, token_error(t));
	return give_key(t, keys, kind, object, answer);
}

static size_t derive(struct token *t, struct keys *keys, const struct key *key, const uint8_t *p,
		     uint8_t *answer)
{
	struct token_derivation d = {
		.cmac = p[0] & KEYD_BY_CMAC,
		.des = p[0] & KEYD_BY_DES,
		.dek = p[0] & KEYD_BY_DEK,
	};
	token_key object;

	if (p[0] & ~(KEYD_BY_CMAC | KEYD_BY_DES | KEYD_BY_DEK))
		return failure(answer, "token: no such derivation");
	memcpy(d.blocks, p + 1, sizeof(d.blocks));
	if (token_derive(t, key->object, &d, &object))
		return failure(answer, token_error(t));
	return give_key(t, keys, KEY_CARD, object, answer);
}

static size_t unwrap(struct token *t, struct keys *keys, const struct key *key, const uint8_t *p,
		     uint8_t *answer)
{
	token_key object;

	if (token_unwrap(t, key->object, p + 1, p[0] != 0, &object))
		return failure(answer, token_error(t));
	return give_key(t, keys, KEY_RECORD, object, answer);
}

/* The DEK's constant is none of them: it does not leave. */
static size_t scp02_key(struct token *t, const struct key *key, const uint8_t *p, uint8_t *answer)
{
	if (p[0] != TOKEN_SCP02_ENC && p[0] != TOKEN_SCP02_MAC)
		return failure(answer, "token: no such session key");
	return token_scp02_key(t, key->object, p[0], p + 1, answer + 1) ?
	       failure(answer, token_error(t)) : 1 + 16;
}

static size_t scp02_dek(struct token *t, struct keys *keys, const struct key *key, const uint8_t *p,
			uint8_t *answer)
{
	token_key object;

	if (token_scp02_dek(t, key->object, p, &object))
		return failure(answer, token_error(t));
	return give_key(t, keys, KEY_DEK, object, answer);
}

static size_t wrap_des(struct token *t, struct keys *keys, const struct key *dek, const uint8_t *p,
		       uint8_t *answer)
{
	struct key *transport = take_key(keys, p);

	if (!transport || transport->kind != KEY_PERMANENT)
		return failure(answer, "key process: no such transport key");
	return token_wrap_des(t, dek->object, transport->object, p + 8, answer + 1,
			      answer + 1 + 16) ? failure(answer, token_error(t)) : 1 + 16 + 3;
}

/* A text's length, the text, what is sealed with it. Only a key for data can. */
static size_t unseal(struct token *t, const struct key *key, const uint8_t *p, size_t len,
		     uint8_t *answer)
{
	char with[KEYD_WITH_MAX + 1];
	size_t n = p[0];

	if (n > KEYD_WITH_MAX || len < 1 + n + TOKEN_SEAL)
		return 0;
	memcpy(with, p + 1, n);
	with[n] = '\0';
	len -= 1 + n;
	if (token_unseal(t, key->object, with, p + 1 + n, len, answer + 1))
		return failure(answer, token_error(t));
	return 1 + len - TOKEN_SEAL;
}

/**
 * struct shape - what a request looks like
 * @min: shortest, without the op
 * @max: longest
 * @kinds: of the key that it begins with, as bits; 0 if it begins with none
 */
struct shape {
	size_t min;
	size_t max;
	unsigned int kinds;
};

#define PERMANENT	(1u << KEY_PERMANENT)
#define SIGNER		(1u << KEY_SIGNER)
#define DEK		(1u << KEY_DEK)
#define SESSION		(1u << KEY_CARD | 1u << KEY_RECORD)

static const struct shape shapes[] = {
	[KEYD_FIND] = { 1, KEYD_LABEL_MAX, 0 },
	[KEYD_DERIVE] = { 8 + 1 + TOKEN_BLOCKS, 8 + 1 + TOKEN_BLOCKS, PERMANENT },
	[KEYD_CMAC] = { 8, 8 + KEYD_DATA_MAX, SESSION },
	[KEYD_UNWRAP] = { 8 + 1 + TOKEN_WRAPPED_LEN, 8 + 1 + TOKEN_WRAPPED_LEN, PERMANENT },
	[KEYD_WRAP] = { 16, 16, SESSION },
	[KEYD_KCV] = { 8, 8, PERMANENT | SESSION },
	[KEYD_DESTROY] = { 8, 8, PERMANENT | SIGNER | SESSION | DEK },
	[KEYD_UNSEAL] = { 8 + 1 + TOKEN_SEAL, 8 + 1 + KEYD_WITH_MAX + KEYD_SEALED_MAX, PERMANENT },
	[KEYD_FIND_SIGNER] = { 1, KEYD_LABEL_MAX, 0 },
	[KEYD_SIGN] = { 8 + TOKEN_DIGEST, 8 + TOKEN_DIGEST, SIGNER },
	[KEYD_SCP02_KEY] = { 8 + 3, 8 + 3, SESSION },
	[KEYD_SCP02_DEK] = { 8 + 2, 8 + 2, SESSION },
	[KEYD_WRAP_DES] = { 16 + TOKEN_WRAPPED_LEN, 16 + TOKEN_WRAPPED_LEN, DEK },
};

size_t serve_answer(struct token *t, struct keys *keys, const uint8_t *request, size_t len,
		    uint8_t *answer)
{
	const struct shape *shape;
	struct key *key, *other;
	const uint8_t *p = request + 1;

	if (!len || request[0] < KEYD_FIND || request[0] > KEYD_WRAP_DES)
		return 0;
	shape = &shapes[request[0]];
	len--;
	if (len < shape->min || len > shape->max)
		return 0;
	answer[0] = KEYD_OK;
	if (!shape->kinds)
		return find(t, keys, request[0] == KEYD_FIND ? KEY_PERMANENT : KEY_SIGNER, p, len,
			    answer);
	key = take_key(keys, p);
	if (!key)
		return failure(answer, "key process: no such key; it was started anew");
	if (!(shape->kinds & 1u << key->kind))
		return failure(answer, "key process: not with this key");
	p += 8;
	len -= 8;
	switch (request[0]) {
	case KEYD_SIGN:
		return token_sign(t, key->object, p, answer + 1) ?
		       failure(answer, token_error(t)) : 1 + TOKEN_SIGNATURE;
	case KEYD_DERIVE:
		return derive(t, keys, key, p, answer);
	case KEYD_CMAC:
		return token_cmac(t, key->object, p, len, answer + 1) ?
		       failure(answer, token_error(t)) : 1 + 16;
	case KEYD_UNWRAP:
		return unwrap(t, keys, key, p, answer);
	case KEYD_WRAP:
		other = take_key(keys, p);
		if (!other || other->kind != KEY_RECORD)
			return failure(answer, "key process: only a record's key is wrapped");
		return token_wrap_cbc(t, key->object, other->object, answer + 1) ?
		       failure(answer, token_error(t)) : 1 + 16;
	case KEYD_KCV:
		return token_kcv(t, key->object, answer + 1) ?
		       failure(answer, token_error(t)) : 1 + 3;
	case KEYD_SCP02_KEY:
		return scp02_key(t, key, p, answer);
	case KEYD_SCP02_DEK:
		return scp02_dek(t, keys, key, p, answer);
	case KEYD_WRAP_DES:
		return wrap_des(t, keys, key, p, answer);
	case KEYD_UNSEAL:
		return unseal(t, key, p, len, answer);
	default:
		keys_drop(keys, key, t);
		return 1;
	}
}

/* False when the client is gone, or should be. */
static bool serve(struct token *t, struct client *c)
{
	uint8_t request[KEYD_MESSAGE_MAX], answer[KEYD_MESSAGE_MAX];
	ssize_t n = recv(c->fd, request, sizeof(request), MSG_TRUNC);
	size_t len;
	bool ok;

	if (n < 0 && errno == EINTR)
		return true;
	if (n <= 0)
		return false;
	len = (size_t)n > sizeof(request) ? 0 :
	      serve_answer(t, &c->keys, request, (size_t)n, answer);
	explicit_bzero(request, sizeof(request));
	if (!len)
		log_warn("client", "reason=\"a message that is not of this protocol\"");
	/* A client that does not read its answers waits for nobody. */
	ok = len && send(c->fd, answer, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len;
	/* A session key, or a record. */
	explicit_bzero(answer, len);
	return ok;
}

static bool greet(struct client *c, int fd)
{
	uint8_t ok = KEYD_OK;

	c->fd = fd;
	if (!keys_init(&c->keys))
		return false;
	return send(fd, &ok, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}

static void end(struct token *t, struct client *c)
{
	close(c->fd);
	c->fd = -1;
	if (c->keys.key)
		keys_end(&c->keys, t);
}

void serve_one(struct token *t, int fd)
{
	struct client c = { .fd = -1 };

	if (greet(&c, fd))
		while (serve(t, &c))
			;
	end(t, &c);
}

static void welcome(struct token *t, struct client *clients, int listening, uid_t allowed)
{
	int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(peer);
	int i;

	if (fd < 0)
		return;
	for (i = 0; i < CLIENTS_MAX && clients[i].fd >= 0; i++)
		;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) ||
	    (peer.uid != allowed && peer.uid) || i == CLIENTS_MAX) {
		log_warn("client", "uid=%u reason=\"%s\"", peer.uid,
			 i == CLIENTS_MAX ? "too many" : "not of this user");
		close(fd);
		return;
	}
	if (!greet(&clients[i], fd))
		end(t, &clients[i]);
}

void serve_all(struct token *t, int fd, uid_t allowed)
{
	struct client clients[CLIENTS_MAX] = { 0 };
	struct pollfd p[1 + CLIENTS_MAX];

	for (int i = 0; i < CLIENTS_MAX; i++)
		clients[i].fd = -1;
	for (;;) {
		p[0] = (struct pollfd){ .fd = fd, .events = POLLIN };
		for (int i = 0; i < CLIENTS_MAX; i++)
			p[1 + i] = (struct pollfd){ .fd = clients[i].fd, .events = POLLIN };
		if (poll(p, 1 + CLIENTS_MAX, -1) < 0)
			continue;
		for (int i = 0; i < CLIENTS_MAX; i++)
			if (p[1 + i].revents && !serve(t, &clients[i]))
				end(t, &clients[i]);
		if (p[0].revents)
			welcome(t, clients, fd, allowed);
	}
}
