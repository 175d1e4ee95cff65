/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of libkeyd share. */
#ifndef LIBKEYD_INTERNAL_H
#define LIBKEYD_INTERNAL_H

#include <sys/types.h>

#include "libkeyd/keyd.h"
#include "libkeyd/protocol.h"

/**
 * struct token - a connection to cas-keyd
 * @o: where it is
 * @fd: socket, -1 for none
 * @child: that was started, 0 for none
 * @tried: seconds of the monotonic clock, when it was last connected to
 * @error: reason of the last failure
 */
struct token {
	const struct keyd_options *o;
	int fd;
	pid_t child;
	time_t tried;
	char error[192];
};

/* connect_keyd() - start or connect, and take the first message; -1 with the reason */
int connect_keyd(struct token *t);

/* disconnect_keyd() - also ends a cas-keyd that was started */
void disconnect_keyd(struct token *t);

#endif
