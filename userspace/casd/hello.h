/* SPDX-License-Identifier: GPL-2.0-only */
/* What station and CAS must know of each other before anything begins: HELLO, INVENTORY. */
#ifndef CASD_HELLO_H
#define CASD_HELLO_H

#include "control.h"

/* hello_frame() - HELLO came: it is answered when station and lease are recorded */
void hello_frame(struct station *st, const struct ck_frame *f);

/* hello_ask_inventory() - which results does the station have? Sessions wait for the answer */
void hello_ask_inventory(struct station *st);

/* hello_inventory() - INVENTORY came: the answer, or a part of it */
void hello_inventory(struct station *st, const struct ck_frame *f);

/* hello_caught_up() - whether all dispositions are committed that the station told in its HELLO */
void hello_caught_up(struct station *st, bool yes);

/* hello_update_held() - @st->refused has changed */
void hello_update_held(struct station *st);

#endif
