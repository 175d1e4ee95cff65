/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The card's time, 1/960 of a clock period since its clock started, against CLOCK_MONOTONIC.
 *
 * Events carry the card's time; the machine's is needed only to be woken at a deadline. An
 * event is always seen after it happened, so "now minus the event's age" is an upper bound of
 * the moment at which the clock started, and the least bound seen is the best.
 */
#ifndef CARDSIM_CLOCK_H
#define CARDSIM_CLOCK_H

#include <stdint.h>

/**
 * struct card_clock - one run of a card's clock
 * @rate: ticks per second
 * @epoch: ns of CLOCK_MONOTONIC at which ticks are 0
 */
struct card_clock {
	uint64_t rate;
	uint64_t epoch;
};

uint64_t clock_now(void);	/* CLOCK_MONOTONIC, ns */

/* The clock starts about now; @hz as scaled down on the bench. */
void card_clock_start(struct card_clock *c, uint32_t clk_hz, uint32_t clk_div);

/* An event of @ticks has been seen at @now. */
void card_clock_seen(struct card_clock *c, uint64_t ticks, uint64_t now);

uint64_t card_clock_ticks(const struct card_clock *c, uint64_t now);
uint64_t card_clock_ns(const struct card_clock *c, uint64_t ticks);	/* rounded up */

#endif
