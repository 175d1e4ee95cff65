// SPDX-License-Identifier: GPL-2.0-only
/*
 * The journal's file: append, sync, read back, and make it short again.
 */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME	"journal"
#define NEW_NAME	"journal.new"

/* A longer file is rewritten with only what still matters, when nothing is pending or at start. */
#define COMPACT_SIZE	(4 << 20)

/* ------------------------------------------------------------------------------ entries */

static struct journal_entry *find(const struct journal_list *list, const struct record *rec)
{
	struct journal_entry *e;

	TAILQ_FOREACH(e, list, link)
		if (record_same_request(&e->rec, rec))
			return e;
	return NULL;
}

const struct record *journal_find(const struct journal *j, const struct record *request)
{
	struct journal_entry *e = find(&j->open, request);

	if (!e)
		e = find(&j->pending, request);
	return e ? &e->rec : NULL;
}

static void drop(struct journal_list *list, struct journal_entry *e)
{
	TAILQ_REMOVE(list, e, link);
	free(e);
}

/* What a record may say, given those before it. */
static bool fits(const struct journal *j, const struct record *rec)
{
	if (rec->epoch != j->epoch)
		return false;
	switch (rec->type) {
	case RECORD_GOOD_INTENT:
		return rec->request && !journal_find(j, rec);
	case RECORD_REJECTED:
		return rec->request && !find(&j->pending, rec);
	case RECORD_DISPOSED:
		return rec->request && rec->number == j->last + 1 &&
		       rec->disposition != CKS_DISPOSITION_NONE && !find(&j->pending, rec);
	case RECORD_ACKED:
		return rec->number > j->acked && rec->number <= j->last;
	case RECORD_LEASE:
		return rec->number > j->lease;
	default:
		return false;
	}
}

/* Takes @e, which holds @rec, into the lists, or frees it. */
static void apply(struct journal *j, struct journal_entry *e)
{
	struct journal_entry *old = find(&j->open, &e->rec), *next;

	switch (e->rec.type) {
	case RECORD_GOOD_INTENT:
	case RECORD_REJECTED:
		if (old)
			drop(&j->open, old);
		TAILQ_INSERT_TAIL(&j->open, e, link);
		return;
	case RECORD_DISPOSED:
		if (old)
			drop(&j->open, old);
		j->last = e->rec.number;
		TAILQ_INSERT_TAIL(&j->pending, e, link);
		j->npending++;
		return;
	case RECORD_ACKED:
		j->acked = e->rec.number;
		while ((next = TAILQ_FIRST(&j->pending)) && next->rec.number <= j->acked) {
			drop(&j->pending, next);
			j->npending--;
		}
		break;
	case RECORD_LEASE:
		j->lease = e->rec.number;
		break;
	default:
		break;
	}
	free(e);
}

/* --------------------------------------------------------------------------------- file */

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			return -ENOSPC;
		data += n;
		len -= n;
	}
	return 0;
}

static int write_record(int fd, const struct record *rec)
{
	char line[RECORD_LINE_MAX];

	return write_all(fd, line, record_format(rec, line));
}

/*
 * Writes a whole file beside the old one and puts it in its place: the epoch with the number to
 * count on from, the lease, what is open, what is pending.
 */
static int write_file(struct journal *j)
{
	struct record first = { .type = RECORD_EPOCH, .epoch = j->epoch, .number = j->acked };
	struct record lease = { .type = RECORD_LEASE, .epoch = j->epoch, .number = j->lease };
	int fd = openat(j->dir, NEW_NAME, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	struct journal_entry *e;
	struct stat st = { 0 };
	int err;

	if (fd < 0)
		return -errno;
	err = write_record(fd, &first);
	if (!err && j->lease)
		err = write_record(fd, &lease);
	TAILQ_FOREACH(e, &j->pending, link)
		if (!err)
			err = write_record(fd, &e->rec);
	TAILQ_FOREACH(e, &j->open, link)
		if (!err)
			err = write_record(fd, &e->rec);
	if (!err && (fsync(fd) || fstat(fd, &st) || renameat(j->dir, NEW_NAME, j->dir, FILE_NAME) ||
		     fsync(j->dir)))
		err = -errno;
	if (err) {
		close(fd);
		return err;
	}
	if (j->fd >= 0)
		close(j->fd);
	j->fd = fd;
	j->size = st.st_size;
	return 0;
}

int journal_append(struct journal *j, struct record *rec)
{
	struct journal_entry *e;
	int err;

	if (j->broken)
		return -EIO;
	rec->epoch = j->epoch;
	if (rec->type == RECORD_DISPOSED)
		rec->number = j->last + 1;
	if (!fits(j, rec))
		return -EINVAL;
	e = malloc(sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->rec = *rec;
	if (j->size > COMPACT_SIZE && !j->npending)
		write_file(j);		/* if it fails, the old file goes on */

	err = write_record(j->fd, rec);
	if (err) {
		/* Half a line must not stay: the next one would be glued to it. */
		if (ftruncate(j->fd, j->size))
			j->broken = true;
		free(e);
		return err;
	}
	/* After a failed sync the kernel may forget the pages: a second one would lie. */
	if (fdatasync(j->fd)) {
		j->broken = true;
		free(e);
		return -EIO;
	}
	j->size = lseek(j->fd, 0, SEEK_END);
	apply(j, e);
	return 0;
}

/* ------------------------------------------------------------------------------ reading */

static int read_line(struct journal *j, const char *line, size_t len, bool first)
{
	struct journal_entry *e = malloc(sizeof(*e));

	if (!e)
		return -ENOMEM;
	if (!record_parse(&e->rec, line, len)) {
		free(e);
		return -EBADMSG;
	}
	if (first) {
		bool good = e->rec.type == RECORD_EPOCH && e->rec.epoch;

		j->epoch = e->rec.epoch;
		j->last = e->rec.number;
		j->acked = e->rec.number;
		free(e);
		return good ? 0 : -EBADMSG;
	}
	if (!fits(j, &e->rec)) {
		free(e);
		return -EBADMSG;
	}
	apply(j, e);
	return 0;
}

static int read_records(struct journal *j, const char *data, size_t len, unsigned int *ret_line)
{
	size_t at = 0;

	*ret_line = 0;
	while (at < len) {
		const char *line = data + at, *end = memchr(line, '\n', len - at);
		size_t n = end ? (size_t)(end - line) : len - at;
		int err;

		(*ret_line)++;
		/* A torn write: no newline yet, or blocks that were never filled. */
		if (!end || (at + n + 1 == len && memchr(line, 0, n)))
			break;
		err = read_line(j, line, n, !at);
		if (err)
			return err;
		at += n + 1;
	}
	/* The first line was there before the file had its name. */
	if (!at)
		return -EBADMSG;
	j->size = at;
	return 0;
}

static int read_file(struct journal *j, unsigned int *ret_line)
{
	struct stat st;
	size_t n = 0;
	char *data;
	int err = 0;

	if (fstat(j->fd, &st))
		return -errno;
	data = malloc(st.st_size + 1);
	if (!data)
		return -ENOMEM;
	while (n < (size_t)st.st_size) {
		ssize_t got = pread(j->fd, data + n, st.st_size - n, n);

		if (got <= 0) {
			err = got ? -errno : -EIO;
			break;
		}
		n += got;
	}
	if (!err)
		err = read_records(j, data, n, ret_line);
	if (!err && j->size != st.st_size && (ftruncate(j->fd, j->size) || fsync(j->fd)))
		err = -errno;
	free(data);
	return err;
}

static int create(struct journal *j)
{
	while (!j->epoch)
		if (getrandom(&j->epoch, sizeof(j->epoch), 0) < 0 && errno != EINTR)
			return -errno;
	return write_file(j);
}

int journal_open(struct journal **ret_journal, const char *path, char *why, size_t size)
{
	struct journal *j = calloc(1, sizeof(*j));
	unsigned int line = 0;
	int err;

	if (!j) {
		snprintf(why, size, "out of memory");
		return -ENOMEM;
	}
	TAILQ_INIT(&j->pending);
	TAILQ_INIT(&j->open);
	j->fd = -1;
	if (mkdir(path, 0700) && errno != EEXIST)
		j->dir = -1;
	else
		j->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (j->dir < 0) {
		err = -errno;
		snprintf(why, size, "journal %s: %s", path, strerror(-err));
		goto fail;
	}
	if (flock(j->dir, LOCK_EX | LOCK_NB)) {
		err = -errno;
		snprintf(why, size, "journal %s: another control unit has it", path);
		goto fail;
	}
	j->fd = openat(j->dir, FILE_NAME, O_RDWR | O_APPEND | O_CLOEXEC);
	if (j->fd >= 0)
		err = read_file(j, &line);
	else
		err = errno == ENOENT ? create(j) : -errno;
	if (!err && j->size > COMPACT_SIZE)
		err = write_file(j);
	if (err == -EBADMSG)
		snprintf(why, size,
			 "journal %s/%s: line %u is damaged. To go on, move the file away: a new journal begins, and the CAS puts this station's records in doubt",
			 path, FILE_NAME, line);
	else if (err)
		snprintf(why, size, "journal %s: %s", path, strerror(-err));
	if (err)
		goto fail;
	*ret_journal = j;
	return 0;
fail:
	journal_close(j);
	return err;
}

void journal_close(struct journal *j)
{
	struct journal_entry *e;

	if (!j)
		return;
	while ((e = TAILQ_FIRST(&j->pending)))
		drop(&j->pending, e);
	while ((e = TAILQ_FIRST(&j->open)))
		drop(&j->open, e);
	if (j->fd >= 0)
		close(j->fd);
	if (j->dir >= 0)
		close(j->dir);
	free(j);
}
