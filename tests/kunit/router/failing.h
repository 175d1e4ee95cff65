/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls of the router's that are made to fail, one at a time; see failing_calls.h.
 */
#ifndef KUNIT_ROUTER_FAILING_H
#define KUNIT_ROUTER_FAILING_H

#include <linux/types.h>

enum failing_call { CALL_CREATE, CALL_BIND, CALL_LISTEN, CALL_ACCEPT, CALL_CONNECT, CALL_RECV,
	CALL_SEND, CALL_ALLOC, CALLS };

struct cas;
struct fixture;
struct kunit;

/* Return: the error that this call is to end with, or 0. */
int failing(enum failing_call call);

/* The @nth call of @call from now on ends with @err. */
void failing_arm(enum failing_call call, int err, unsigned int nth);
/* Return: whether it has failed by now. */
bool failing_happened(void);
/* Return: whether it has failed. */
bool failing_disarm(void);

/**
 * failing_in_turn() - each call of a kind fails once in a life of the station
 * @test: has the fixture
 * @life: from its listening on; returns whether all of it was done
 * @call: the kind
 * @err: what each ends with
 *
 * Whatever became of a life, nothing is left of it, and the one in which nothing fails is whole.
 * Return: how many were not
 */
unsigned int failing_in_turn(struct kunit *test, bool (*life)(struct fixture *x, struct cas *c),
			     enum failing_call call, int err);

#endif
