// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's memory, by /proc/meminfo.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "kernel_memory.h"

long kernel_memory(void)
{
	FILE *f = fopen("/proc/meminfo", "re");
	long sum = 0, kb;
	char line[128];

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "Slab: %ld", &kb) == 1 ||
		    sscanf(line, "VmallocUsed: %ld", &kb) == 1)
			sum += kb;
	fclose(f);
	return sum;
}
