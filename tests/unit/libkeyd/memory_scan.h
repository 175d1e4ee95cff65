/* SPDX-License-Identifier: GPL-2.0-only */
/* Looks for known bytes in all memory of a process. */
#ifndef TESTS_MEMORY_SCAN_H
#define TESTS_MEMORY_SCAN_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define MEMORY_PAGE 4096

/**
 * struct memory - what a process had in its memory
 * @data: its regions, one after the other
 * @len: bytes
 */
struct memory {
	unsigned char *data;
	size_t len;
};

/* Room for @more bytes; seldom, since a sanitizer's realloc() copies each time. */
static inline bool memory_grow(struct memory *m, size_t *cap, size_t more)
{
	unsigned char *data;

	if (m->len + more <= *cap)
		return true;
	*cap = 2 * (m->len + more);
	data = realloc(m->data, *cap);
	if (data)
		m->data = data;
	return data;
}

/* Adds what of @len bytes is not empty; most of a sanitizer's memory is. */
static inline void memory_keep(struct memory *m, size_t len)
{
	unsigned char *page = m->data + m->len, *end = page + len;

	for (; page < end; page += MEMORY_PAGE) {
		if (!*page && !memcmp(page, page + 1, MEMORY_PAGE - 1))
			continue;
		memmove(m->data + m->len, page, MEMORY_PAGE);
		m->len += MEMORY_PAGE;
	}
}

/* memory_read() - all that @pid has; false if it cannot be read, as by a user who is not root */
static inline bool memory_read(pid_t pid, struct memory *m)
{
	char name[64], line[512];
	unsigned long from, to;
	size_t cap = 0;
	FILE *maps;
	int mem;

	memset(m, 0, sizeof(*m));
	snprintf(name, sizeof(name), "/proc/%d/mem", (int)pid);
	mem = open(name, O_RDONLY | O_CLOEXEC);
	snprintf(name, sizeof(name), "/proc/%d/maps", (int)pid);
	maps = fopen(name, "r");
	while (mem >= 0 && maps && fgets(line, sizeof(line), maps)) {
		ssize_t n;

		if (sscanf(line, "%lx-%lx", &from, &to) != 2 || strstr(line, "[v"))
			continue;
		/* The shadow of a sanitizer is as large as the address space. */
		if (to - from > 1ul << 30)
			continue;
		if (!memory_grow(m, &cap, to - from))
			break;
		/* What is not there cannot be read: a hole ends the region. */
		n = pread(mem, m->data + m->len, to - from, (off_t)from);
		if (n > 0)
			memory_keep(m, (size_t)n);
	}
	if (maps)
		fclose(maps);
	if (mem >= 0)
		close(mem);
	return m->len > 0;
}

/* memory_has() - how often @len bytes at @what are in it */
static inline int memory_has(const struct memory *m, const void *what, size_t len)
{
	const unsigned char *p = m->data, *end = m->data + m->len;
	int found = 0;

	while ((p = memmem(p, (size_t)(end - p), what, len))) {
		found++;
		p++;
	}
	return found;
}

static inline void memory_free(struct memory *m)
{
	free(m->data);
	m->data = NULL;
}

/* memory_count() - the same for one piece; -1 if the memory cannot be read */
static inline int memory_count(pid_t pid, const void *what, size_t len)
{
	struct memory m;
	int found = memory_read(pid, &m) ? memory_has(&m, what, len) : -1;

	memory_free(&m);
	return found;
}

#endif
