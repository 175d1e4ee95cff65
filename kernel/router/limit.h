/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The station's bounds of time and number: their defaults, and what they can be set to by
 * netlink. In the order of the attributes of station-set. Pure functions.
 */
#ifndef CKS_ROUTER_LIMIT_H
#define CKS_ROUTER_LIMIT_H

#include "iso7816/port.h"

/**
 * enum cks_limit - a bound
 * @CKS_L_NONE: none
 * @CKS_L_RESET: ms for the first reset
 * @CKS_L_OPEN: ms from REQUEST to OPEN
 * @CKS_L_IDLE: ms from a response to the next command
 * @CKS_L_COMMAND: ms for one command that has no timeout of its own
 * @CKS_L_REOPEN: ms from the loss of a channel to the next OPEN
 * @CKS_L_RESULT: ms from CLOSE to RESULT
 * @CKS_L_GREETING: ms from connecting to HELLO or OPEN
 * @CKS_L_PING: ms of silence before a PING; after three that bring nothing, the end
 * @CKS_L_CONNECTIONS: connections at a time
 * @CKS_L_BACKLOG: connections that wait to be accepted, for each socket
 * @CKS_L_REQUESTS: requests that are not yet disposed
 * @CKS_L_DISPOSITIONS: dispositions that the CAS has not acknowledged
 */
enum cks_limit {
	CKS_L_NONE,
	CKS_L_RESET,
	CKS_L_OPEN,
	CKS_L_IDLE,
	CKS_L_COMMAND,
	CKS_L_REOPEN,
	CKS_L_RESULT,
	CKS_L_GREETING,
	CKS_L_PING,
	CKS_L_CONNECTIONS,
	CKS_L_BACKLOG,
	CKS_L_REQUESTS,
	CKS_L_DISPOSITIONS,
	CKS_LIMITS,
};

/**
 * struct cks_limit_range - what a bound can be
 * @name: of the attribute
 * @min: least
 * @max: most
 * @init: without a setting
 */
struct cks_limit_range {
	const char *name;
	u32 min;
	u32 max;
	u32 init;
};

extern const struct cks_limit_range cks_limits[CKS_LIMITS];

#endif
