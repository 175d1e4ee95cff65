/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the operator sees of the work: a line while it runs, a table and a JSON file at its end.
 */
#ifndef STATIOND_PROGRESS_H
#define STATIOND_PROGRESS_H

#include <stdbool.h>
#include <stdio.h>

#include "station.h"

/* The line; with @rewrite over the one before it, for a terminal. */
void progress_line(FILE *out, const struct station *st, bool rewrite);

void progress_table(FILE *out, const struct station *st);

/* Return: 0 or a negative errno */
int progress_json(const char *path, const struct station *st);

#endif
