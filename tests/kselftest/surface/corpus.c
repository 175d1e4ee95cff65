// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs in files.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "corpus.h"

static int trail = -1;

void corpus_add(struct corpus *c, const struct program *p)
{
	if (c->n == c->room) {
		c->room = c->room ? 2 * c->room : 64;
		c->p = realloc(c->p, c->room * sizeof(c->p[0]));
		assert_non_null(c->p);
	}
	c->p[c->n] = malloc(sizeof(*p));
	assert_non_null(c->p[c->n]);
	*c->p[c->n++] = *p;
}

static int by_name(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static bool load_trail(struct corpus *c, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned int before = c->n;
	struct program p;
	uint8_t len[2];

	if (fd < 0)
		return false;
	while (read(fd, len, sizeof(len)) == sizeof(len)) {
		p.len = (uint16_t)(len[0] | len[1] << 8);
		if (p.len > PROGRAM_MAX || read(fd, p.bytes, p.len) != p.len)
			break;
		corpus_add(c, &p);
	}
	close(fd);
	return c->n > before;
}

bool corpus_load(struct corpus *c, const char *path)
{
	struct dirent **names;
	int i, n = scandir(path, &names, by_name, alphasort);

	if (n < 0 && errno == ENOTDIR)
		return load_trail(c, path);
	if (n <= 0)
		return false;
	for (i = 0; i < n; i++) {
		char name[4096];
		struct program p;
		ssize_t len;
		int fd;

		snprintf(name, sizeof(name), "%s/%s", path, names[i]->d_name);
		free(names[i]);
		fd = open(name, O_RDONLY | O_CLOEXEC);
		len = fd < 0 ? -1 : read(fd, p.bytes, sizeof(p.bytes));
		if (len < 0)
			fail_msg("%s cannot be read", name);
		close(fd);
		p.len = (uint16_t)len;
		corpus_add(c, &p);
	}
	free(names);
	return true;
}

void corpus_save(const struct program *p, const char *dir, unsigned int nr)
{
	char path[4096];
	int fd;

	mkdir(dir, 0777);
	snprintf(path, sizeof(path), "%s/%04u", dir, nr);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0 || write(fd, p->bytes, p->len) != p->len)
		fail_msg("%s cannot be written", path);
	close(fd);
}

static int by_length(const void *a, const void *b)
{
	const struct program *const *p = a, *const *q = b;

	return (*p)->len - (*q)->len;
}

void corpus_sort(struct corpus *c)
{
	qsort(c->p, c->n, sizeof(c->p[0]), by_length);
}

void corpus_free(struct corpus *c)
{
	while (c->n)
		free(c->p[--c->n]);
	free(c->p);
	c->p = NULL;
	c->room = 0;
}

/*
 * In a trail each program is behind its length, the low byte first. What a kernel has in its page
 * cache goes with it, so nothing is left there. A file for each program would be six requests to
 * the host in place of one.
 */
void trail_begin(const char *path)
{
	if (trail >= 0)
		close(trail);
	trail = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
}

void trail_add(const struct program *p)
{
	uint8_t record[2 + PROGRAM_MAX] = { (uint8_t)p->len, (uint8_t)(p->len >> 8) };

	if (trail < 0)
		return;
	memcpy(record + 2, p->bytes, p->len);
	assert_int_equal(write(trail, record, 2u + p->len), 2 + p->len);
	assert_int_equal(sync_file_range(trail, 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE |
					 SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER), 0);
}
