/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Failures that the kernel is made to have, one at a time (Documentation/fault-injection): of an
 * allocation, or of a copy from or to userspace.
 */
#ifndef KSELFTEST_INJECT_H
#define KSELFTEST_INJECT_H

#include <stdbool.h>
#include <stdint.h>

#define INJECT_MAX	2000	/* failures of one operation, which ends without one */

/* false if this kernel has no fault injection. */
bool inject_setup(void);

/*
 * A function of the kernel, with what it calls, of which nothing counts and nothing fails: in place
 * of kmemleak's.
 */
void inject_spare(const char *symbol);

/**
 * inject_arm() - the next failure of this thread
 * @nth: of the calls that can fail and that it makes from now on, 1 for the first
 */
void inject_arm(unsigned int nth);

/**
 * inject_arm_large() - the next kvmalloc() of this thread that ends in NULL
 * @nth: 1 for the first one
 *
 * To inject_arm() what is larger than a page never ends so: where kmalloc() fails, there is
 * vmalloc(). Here that fails as well.
 */
void inject_arm_large(unsigned int nth);

/* Nothing fails any more. True if the armed failure has happened. */
bool inject_disarm(void);

/**
 * inject_in_turn() - the first call that can fail does, then the second, until there are fewer
 * @name: of what is done
 * @op: does it; arms by one of these functions, behind what is not to fail, and leaves nothing
 *	behind. Returns 0 or a negative errno
 * @ctx: of @op
 */
void inject_in_turn(const char *name, int (*op)(void *ctx, unsigned int nth), void *ctx);

/**
 * struct inject_place - code whose allocations are to fail, and those of what it calls
 * @start, @end: return addresses in there are on the stack
 */
struct inject_place {
	uint64_t start, end;
};

void inject_in_module(struct inject_place *ret_place, const char *module);
void inject_in_function(struct inject_place *ret_place, const char *symbol);

/**
 * inject_arm_in() - the next failure of an allocation at a place, in any task
 * @place: where
 * @nth: 1 for the next one
 * @probe: a call that allocates there, and may fail: where the kernel's counter is not known, it
 *	is driven to a known value by failures of this
 * @arg: of @probe
 */
void inject_arm_in(const struct inject_place *place, unsigned int nth, int (*probe)(void *arg),
		   void *arg);

#endif
