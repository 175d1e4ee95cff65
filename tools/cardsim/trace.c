// SPDX-License-Identifier: GPL-2.0-only
/* A log of what each card did. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "trace.h"

static FILE *trace;

int trace_open(const char *path)
{
	trace = fopen(path, "ae");
	if (!trace)
		return -errno;
	setvbuf(trace, NULL, _IOLBF, 0);
	return 0;
}

void trace_close(void)
{
	if (trace)
		fclose(trace);
	trace = NULL;
}

void trace_card(unsigned int lane, unsigned int card, const char *fmt, ...)
{
	struct timespec now;
	va_list args;

	if (!trace)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	fprintf(trace, "%" PRIdMAX ".%06ld lane=%u card=%u ", (intmax_t)now.tv_sec,
		now.tv_nsec / 1000, lane, card);
	va_start(args, fmt);
	vfprintf(trace, fmt, args);
	va_end(args);
	fputc('\n', trace);
}
