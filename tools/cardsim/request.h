/* SPDX-License-Identifier: GPL-2.0-only */
/* The transport unit's line protocol, apart from the socket it comes over. */
#ifndef CARDSIM_REQUEST_H
#define CARDSIM_REQUEST_H

#include "machine.h"

#define REQUEST_MAX	256	/* bytes of a request with its newline */

/**
 * request_answer() - carry out one request
 * @m: machine
 * @ref_of: gives a card's outer reference; called with the machine's context
 * @line: request without its newline
 * @ret_quit: set when it was "quit"
 * Return: answer without a newline, to be freed; NULL when there is no memory
 */
char *request_answer(struct machine *m, const char *(*ref_of)(void *ctx, unsigned int card),
		     const char *line, bool *ret_quit);

#endif
