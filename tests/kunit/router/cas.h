/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A CAS that does one thing at a time. Each returns whether it was done, and is over at the latest
 * when a frame has not come for long.
 */
#ifndef KUNIT_ROUTER_CAS_H
#define KUNIT_ROUTER_CAS_H

#include <linux/types.h>

struct fixture;
struct socket;

/**
 * struct cas - it
 * @control: its control connection, or NULL
 * @channel: the one of the card's channel, or NULL
 * @linked: the channel is a link of the control connection
 * @commands: how many were sent on the channel
 * @frame: that came last
 * @len: of its body
 * @request: that the session is of, or 0
 */
struct cas {
	struct socket *control;
	struct socket *channel;
	bool linked;
	u32 commands;
	u8 frame[1024];
	u32 len;
	u64 request;
};

bool cas_greets(struct cas *c);
/* A request is made, taken, and its channel opened. */
bool cas_opens(struct cas *c, struct fixture *x);
bool cas_opens_link(struct cas *c, struct fixture *x);
bool cas_commands(struct cas *c);
/* The channel breaks, is opened anew, and brings the last response once more. */
bool cas_resumes(struct cas *c, struct fixture *x);
/*
 * The card wants more time for a command. PROGRESS may have failed, but the response not: @ret_told
 * is whether it came.
 */
bool cas_waits(struct cas *c, struct fixture *x, bool *ret_told);
/* A batch so long that the next command is staged while one is in progress. */
bool cas_batches(struct cas *c);
/* The card is taken out with a command in progress. */
bool cas_loses_card(struct cas *c, struct fixture *x);
bool cas_decides(struct cas *c);
void cas_hang_up(struct cas *c);

#endif
