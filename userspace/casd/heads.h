/* SPDX-License-Identifier: GPL-2.0-only */
/* Heads of the ledger, signed by the token, in a file that is not the database. */
#ifndef CASD_HEADS_H
#define CASD_HEADS_H

#include "casd.h"

struct heads;

/*
 * heads_open() - begin to keep them: now, each minute in which the ledger grew, and at the end
 * @signer: key pair in the token
 *
 * Return: NULL with a reason in the log, as when the database lacks an entry that was kept.
 */
struct heads *heads_open(struct casd *casd, const char *path, const char *signer);
void heads_close(struct heads *h);

#endif
