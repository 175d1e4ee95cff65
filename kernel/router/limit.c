// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of the station's bounds.
 */
#include "limit.h"

#define MINUTE	60000
#define HOUR	(60 * MINUTE)

const struct cks_limit_range cks_limits[CKS_LIMITS] = {
	[CKS_L_RESET]	    = { "deadline-reset", 1, 10 * MINUTE, MINUTE },
	[CKS_L_OPEN]	    = { "deadline-open", 1, HOUR, 30000 },
	[CKS_L_IDLE]	    = { "deadline-idle", 1, HOUR, 2 * MINUTE },
	/* Not more than by default: the CAS waits for a response as long as the page says. */
	[CKS_L_COMMAND]	    = { "deadline-command", 1, MINUTE, MINUTE },
	[CKS_L_REOPEN]	    = { "deadline-reopen", 1, HOUR, 30000 },
	[CKS_L_RESULT]	    = { "deadline-result", 1, HOUR, 30000 },
	[CKS_L_GREETING]    = { "deadline-greeting", 1, MINUTE, 10000 },
	[CKS_L_PING]	    = { "ping-interval", 10, MINUTE, 10000 },
	[CKS_L_CONNECTIONS] = { "connections-max", 1, 16384, 1024 },
	[CKS_L_BACKLOG]	    = { "backlog", 1, 4096, 128 },
	[CKS_L_REQUESTS]    = { "requests-max", 1, 1024, 1024 },
	[CKS_L_DISPOSITIONS] = { "dispositions-max", 1, 65536, 4096 },
};
