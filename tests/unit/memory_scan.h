/* SPDX-License-Identifier: GPL-2.0-only */
/* Looks for known bytes in all memory of a process. */
#ifndef TESTS_MEMORY_SCAN_H
#define TESTS_MEMORY_SCAN_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/*
 * memory_count() - how often @len bytes at @what are in the memory of @pid
 *
 * Return: -1 if it cannot be read, as by a user who is not root.
 */
static inline int memory_count(pid_t pid, const void *what, size_t len)
{
	char name[64], line[512];
	unsigned long from, to;
	int found = 0, mem;
	FILE *maps;

	snprintf(name, sizeof(name), "/proc/%d/mem", (int)pid);
	mem = open(name, O_RDONLY | O_CLOEXEC);
	snprintf(name, sizeof(name), "/proc/%d/maps", (int)pid);
	maps = fopen(name, "r");
	if (mem < 0 || !maps)
		return -1;
	while (fgets(line, sizeof(line), maps)) {
		unsigned char *buf;
		ssize_t n;

		if (sscanf(line, "%lx-%lx", &from, &to) != 2 || strstr(line, "[v"))
			continue;
		/* The shadow of a sanitizer is as large as the address space. */
		if (to - from > 1ul << 30)
			continue;
		buf = malloc(to - from);
		/* What is not there cannot be read: a hole ends the region. */
		n = buf ? pread(mem, buf, to - from, (off_t)from) : -1;
		for (ssize_t i = 0; i + (ssize_t)len <= n; i++)
			found += !memcmp(buf + i, what, len);
		free(buf);
	}
	fclose(maps);
	close(mem);
	return found;
}

#endif
