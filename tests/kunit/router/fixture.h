/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites of the router run on: a station that listens, and a coupler without hardware.
 */
#ifndef KUNIT_ROUTER_FIXTURE_H
#define KUNIT_ROUTER_FIXTURE_H

#include "fake_coupler.h"
#include "router/router.h"

/* Not those of a station that may be there. */
#define PORTS	17816

struct fixture {
	struct fake_coupler *f;
	struct cks_station *st;
	struct cks_txbuf *held;
	struct netlink_ext_ack extack;
	bool found_free;
};

int fixture_init(struct kunit *test);
void fixture_exit(struct kunit *test);

int fixture_listen(struct fixture *x, bool on);
int fixture_request(struct fixture *x, u64 *ret_request);
/* Return: whether the session is in the phase, once it is, or after a long time. */
bool fixture_comes_to(struct fixture *x, u64 request, enum cks_phase phase);
/* Return: the phase that follows this one, or CKS_P_DISPOSED; this one after a long time. */
enum cks_phase fixture_leaves(struct fixture *x, u64 request, enum cks_phase phase);
void fixture_cancel(struct fixture *x, u64 request, const char *reason);
int fixture_dispose(struct fixture *x, u64 request, u64 number);
/* The last response is taken for one that is still being sent, until it is let go. */
bool fixture_holds_reply(struct fixture *x, u64 request);
void fixture_lets_reply_go(struct fixture *x);

#endif
