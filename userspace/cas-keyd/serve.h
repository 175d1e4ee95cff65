/* SPDX-License-Identifier: GPL-2.0-only */
/* Answers the requests of clients, one after the other. */
#ifndef CAS_KEYD_SERVE_H
#define CAS_KEYD_SERVE_H

#include <sys/types.h>

#include "libtoken/token.h"

/*
 * serve_answer() - the answer to one message; never fails
 * @keys: of the client that sent it
 * @answer: KEYD_MESSAGE_MAX bytes
 *
 * Return: bytes at @answer, or 0 for a message that no client of ours sends: its connection ends.
 */
struct keys;
size_t serve_answer(struct token *t, struct keys *keys, const uint8_t *request, size_t len,
		    uint8_t *answer);

/* serve_one() - a client at a socket of a pair, until it is gone */
void serve_one(struct token *t, int fd);

/*
 * serve_all() - clients of a listening socket, until a signal ends the process
 * @allowed: user that they must be of, besides root
 */
void serve_all(struct token *t, int fd, uid_t allowed);

#endif
