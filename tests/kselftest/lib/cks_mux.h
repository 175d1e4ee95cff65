/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A CAS's end of one connection for control and channels (docs/protocol.md section 3b), written
 * from that page alone: a thread that makes of it a descriptor for the control frames and one for
 * each link, as if each were a socket of its own.
 */
#ifndef KSELFTEST_CKS_MUX_H
#define KSELFTEST_CKS_MUX_H

#include <stdint.h>

struct mux;

/* Over a connection to the control socket, which is the mux's from now on. NULL with errno. */
struct mux *mux_new(int tcp);

/* Where the control frames are: the caller's to close. */
int mux_control(struct mux *m);

/* A link to the channel of a coupler: a descriptor, the caller's to close; or -1 with errno. */
int mux_link(struct mux *m, uint32_t coupler);

void mux_free(struct mux *m);

#endif
