// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs in files.
 */
#include <dirent.h>
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

static const char *trail_dir;
static unsigned int trail_nr;

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

bool corpus_load(struct corpus *c, const char *dir)
{
	struct dirent **names;
	int i, n = scandir(dir, &names, by_name, alphasort);

	if (n <= 0)
		return false;
	for (i = 0; i < n; i++) {
		char path[4096];
		struct program p;
		ssize_t len;
		int fd;

		snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
		free(names[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		len = fd < 0 ? -1 : read(fd, p.bytes, sizeof(p.bytes));
		if (len < 0)
			fail_msg("%s cannot be read", path);
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

void trail_begin(const char *dir)
{
	char path[4096];
	unsigned int i;

	for (i = 0; trail_dir && i < trail_nr; i++) {
		snprintf(path, sizeof(path), "%s/%04u", trail_dir, i);
		unlink(path);
	}
	trail_dir = dir;
	trail_nr = 0;
}

void trail_add(const struct program *p)
{
	if (trail_dir)
		corpus_save(p, trail_dir, trail_nr++);
}
