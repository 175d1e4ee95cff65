/* SPDX-License-Identifier: GPL-2.0-only */
/* What the station tells of the end of its cards: DISPOSED, ENDED. */
#ifndef CASD_DISPOSED_H
#define CASD_DISPOSED_H

#include "control.h"

/* disposed_frame() - DISPOSED came: it is acknowledged when it is committed: durable point 4 */
void disposed_frame(struct station *st, const struct ck_frame *f);

/*
 * disposed_ended() - the station has ended a request: that is recorded, unless it is decided
 *
 * It follows all that was asked of the ledger for the request before.
 */
void disposed_ended(struct station *st, const uint8_t boot_id[16], uint64_t number,
		    const char *reason);

#endif
