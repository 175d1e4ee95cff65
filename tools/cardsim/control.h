/* SPDX-License-Identifier: GPL-2.0-only */
/* The Unix socket over which the control unit drives the transport unit. */
#ifndef CARDSIM_CONTROL_H
#define CARDSIM_CONTROL_H

#include <event2/event.h>

#include "machine.h"

struct control;

/**
 * control_listen() - accept clients at @path
 * @base: event loop; ended when a client says "quit"
 * @path: of the socket; one that is left over is replaced
 * @m: machine
 * @ref_of: gives a card's outer reference
 * Return: NULL after a message on standard error
 */
struct control *control_listen(struct event_base *base, const char *path, struct machine *m,
			       const char *(*ref_of)(void *ctx, unsigned int card));
void control_close(struct control *c);

#endif
