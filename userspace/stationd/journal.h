/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control unit's journal: an append-only file that is synced before anything moves.
 *
 * From it follow the numbers of the dispositions, which of them the CAS has not acknowledged, and
 * which cards were on their way when the last run ended.
 */
#ifndef STATIOND_JOURNAL_H
#define STATIOND_JOURNAL_H

#include <sys/queue.h>
#include <sys/types.h>

#include "record.h"

struct journal_entry {
	TAILQ_ENTRY(journal_entry) link;
	struct record rec;
};

TAILQ_HEAD(journal_list, journal_entry);

/**
 * struct journal - read by all, changed by journal.c alone
 * @epoch: random, of this journal; not 0
 * @last: highest number that was given
 * @acked: the CAS has committed all numbers up to this one
 * @lease: highest lease epoch of a CAS
 * @pending: DISPOSED records above @acked, lowest number first
 * @npending: how many
 * @open: GOOD_INTENT and REJECTED records without a DISPOSED, one for each request
 * @dir: descriptor of the directory, with the lock of this journal
 * @fd: of the file
 * @size: bytes of it that are known to be whole records
 * @broken: a sync failed: what is on the disk is not known, nothing more can be written
 */
struct journal {
	uint64_t epoch;
	uint64_t last;
	uint64_t acked;
	uint64_t lease;
	struct journal_list pending;
	unsigned int npending;
	struct journal_list open;
	int dir;
	int fd;
	off_t size;
	bool broken;
};

/**
 * journal_open() - open or create the journal of a directory, and read it
 * @ret_journal: receives it on success
 * @path: directory, created if it is missing; one process at a time
 * @why: receives a text on failure
 * @size: of @why
 *
 * A last line that is cut off was never synced, so nothing was done in its name: it is removed. A
 * wrong record anywhere else is -EBADMSG: what happened is then not known, and a human has to
 * decide. Moving the file away makes a new epoch, which puts this station's records in doubt.
 */
int journal_open(struct journal **ret_journal, const char *path, char *why, size_t size);
void journal_close(struct journal *j);

/**
 * journal_append() - write a record and sync it
 * @rec: epoch is filled in; DISPOSED: number too
 *
 * Return: 0 when it is on the disk. On failure nothing has changed: -ENOSPC and the like may be
 * tried again, -EIO may not.
 */
int journal_append(struct journal *j, struct record *rec);

/* The open or pending record of a request, or NULL. */
const struct record *journal_find(const struct journal *j, const struct record *request);

#endif
