// SPDX-License-Identifier: GPL-2.0-only
/* Log lines on standard error: one event, key=value. Context: any thread; lines stay whole. */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

static void line(const char *level, const char *event, const char *format, va_list ap)
{
	char text[512], when[32];
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	vsnprintf(text, sizeof(text), format, ap);
	/* What a station sent must not make lines of its own. */
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	fprintf(stderr, "%s.%03ldZ level=%s event=%s %s\n", when, now.tv_nsec / 1000000, level,
		event, text);
}

#define LOG(name, level)						\
	void name(const char *event, const char *format, ...)		\
	{								\
		va_list ap;						\
									\
		va_start(ap, format);					\
		line(level, event, format, ap);				\
		va_end(ap);						\
	}

LOG(log_info, "info")
LOG(log_warn, "warning")
LOG(log_error, "error")
