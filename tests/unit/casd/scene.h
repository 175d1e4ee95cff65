/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the cases of cases.h share: one daemon over the bed, one station that it serves, and
 * the numbers of what the station has said. The numbers, and what the database holds, go on from
 * case to case.
 */
#ifndef TESTS_CASD_SCENE_H
#define TESTS_CASD_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bed.h"
#include "fake_station.h"

/* Of records: the one of the last request; those that have none come first in PostgreSQL. */
#define LATEST " ORDER BY coalesce(request, 0) DESC LIMIT 1"

/* The station, the last numbers that it gave out, and what the daemon said last. */
extern struct fake_station station;
extern uint64_t request, disposition;
extern struct message message;

/* scene_begin(), scene_end() - around all cases; the daemon runs and the station is connected */
int scene_begin(void **state);
int scene_end(void **state);

/* start() - the daemon, after end_casd(), for @station */
void start(void);

/* session() - a whole one, of a new request; the result is in @message */
void session(const char *application, struct gp_card *card);

/* dispose() - of the last request, whose result is in @message */
void dispose(enum ck_disposition what);

/* assert_reject() - the result in @message; @reason is a part of its own */
void assert_reject(const char *reason);

/* shell_status() - of a command in the bed's directory; what it prints is in the file "said" */
int shell_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
