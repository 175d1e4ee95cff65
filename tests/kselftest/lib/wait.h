/* SPDX-License-Identifier: GPL-2.0-only */
/* Waits of the tests: for a condition, bounded by the clock. */
#ifndef CKS_TEST_WAIT_H
#define CKS_TEST_WAIT_H

#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include "simcard.h"

/* Of the monotonic clock, ms. */
static inline int64_t wait_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* When what must happen has not, and will not. */
static inline int64_t wait_end(void)
{
	return wait_now() + 3 * PATIENCE_MS;
}

/*
 * wait_for() - until @cond holds; the test fails with @what it did not see
 *
 * A turn takes a millisecond, on a busy machine many: they do not count.
 */
#define wait_for(what, cond)							\
	do {									\
		int64_t wait_end_ = wait_end();					\
										\
		while (!(cond)) {						\
			if (wait_now() >= wait_end_)				\
				fail_msg("waited in vain: %s", what);		\
			usleep(1000);						\
		}								\
	} while (0)

#endif
