/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Orders of the CAS's operator to the stations: hold, go on, stop and start a lane, inventory. They
 * come over a Unix socket, from casctl.
 *
 * A request is one line, STATION WORD [LANE] [REASON]; STATION is an address as on casd's command
 * line, or - if there is but one. The answer is lines of an inventory, if any, then "ok" or
 * "err TEXT". One request for each connection.
 */
#ifndef CASD_ORDERS_H
#define CASD_ORDERS_H

#include "control.h"

struct orders;

/* orders_open() - listen at @path, which only the owner may open; NULL with a reason in the log */
struct orders *orders_open(struct casd *casd, const char *path);
void orders_close(struct orders *o);

/* orders_answer() - ORDER_ACK or INVENTORY of a station */
void orders_answer(struct orders *o, struct station *st, const struct ck_frame *frame);

#endif
