/* SPDX-License-Identifier: GPL-2.0-only */
/* What the key process gives up before it serves anyone. */
#ifndef CAS_KEYD_CONFINE_H
#define CAS_KEYD_CONFINE_H

#include <stdbool.h>

/* confine_user() - become @name, with its group alone; false with a log line */
bool confine_user(const char *name);

/*
 * confine_calls() - no new program, no look into other processes, and no new socket
 * @network: sockets stay, for a module whose HSM is somewhere else
 */
bool confine_calls(bool network);

#endif
