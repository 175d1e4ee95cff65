/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Channels that share the control connection of a station: docs/protocol.md, section 3b. What is
 * above them does not notice.
 */
#ifndef CASD_MUX_H
#define CASD_MUX_H

#include "link.h"

struct mux;

/* mux_new() - for one control connection, whose numbers begin with 1. NULL: no memory. */
struct mux *mux_new(struct event_base *base, struct link *control);

/* mux_free() - the connection is gone: so are the channels, which their owners hear of. */
void mux_free(struct mux *m);

/* mux_open() - a channel of a coupler; otherwise as link_connect() */
struct link *mux_open(struct mux *m, uint32_t coupler, uint32_t max, const struct link_ops *ops,
		      void *arg);

/* mux_frame() - CARRY, CREDIT or UNLINK came. Return: NULL, or what is wrong with it. */
const char *mux_frame(struct mux *m, const struct ck_frame *f);

#endif
