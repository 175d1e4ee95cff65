/* SPDX-License-Identifier: GPL-2.0-only */
/* Stations named in a file, one ADDRESS:PORT a line; # begins a comment. */
#ifndef CASD_STATIONS_H
#define CASD_STATIONS_H

#include "casd.h"

/* stations_add() - serve all of them. Return: NULL, or what is wrong, in static storage. */
const char *stations_add(struct casd *casd, const char *path, unsigned int *count);

#endif
