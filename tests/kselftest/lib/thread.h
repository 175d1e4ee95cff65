/* SPDX-License-Identifier: GPL-2.0-only */
/* What another thread of the test is doing. */
#ifndef CKS_TEST_THREAD_H
#define CKS_TEST_THREAD_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/types.h>

/* The thread @tid sleeps in the system call @call, one of SYS_*. */
static inline bool thread_sleeps_in(pid_t tid, long call)
{
	char path[64], line[32] = "";
	long nr;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", (int)tid);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	return sscanf(line, "%ld", &nr) == 1 && nr == call;
}

#endif
