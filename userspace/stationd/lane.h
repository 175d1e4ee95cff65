/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One lane: a coupler and the machine's part around it, and the card that is in it.
 *
 *	WAITING -> FEEDING -> CONTACT -> RUNNING -> GATE -----------> DISPOSING -> WAITING
 *	                         |          |         |  `-> SENSING ----^
 *	                         |          |         v                  |
 *	                         `----------+----> SORTING --------------'
 *
 * A lane begins in PURGING. RECORDING is where it stays while the journal cannot be written.
 */
#ifndef STATIOND_LANE_H
#define STATIOND_LANE_H

#include "libcksnl/cksnl.h"
#include "record.h"
#include "transport.h"

struct station;

enum lane_state {
	LANE_PURGING,	/* at start: what is in it goes to reject */
	LANE_WAITING,	/* for the CAS, or for cards */
	LANE_FEEDING,	/* the machine brings a card */
	LANE_CONTACT,	/* the coupler has to see it */
	LANE_RUNNING,	/* the CAS works on it */
	LANE_GATE,	/* GOOD_INTENT is synced, the card moves to the good bin */
	LANE_SENSING,	/* the machine did not say what became of the card */
	LANE_SORTING,	/* REJECTED is synced, the card moves to the reject bin */
	LANE_RECORDING,	/* the journal cannot be written; tried again */
	LANE_DISPOSING,	/* the router has to take the disposition */
	LANE_EMPTY,	/* no more cards in the feeder */
	LANE_STOPPED,	/* too many failures; the operator has to look */
};

/* The last so many times of a card are kept for the median. */
#define LANE_TIMES	1024

/**
 * struct lane_stats - what a lane has done since the start, purging excluded
 * @cards: that left the lane
 * @good: of them
 * @rejected: the others
 * @begun_ms: first feed
 * @ended_ms: last card left
 * @times_ms: from feed to bin, a ring
 */
struct lane_stats {
	unsigned long cards;
	unsigned long good;
	unsigned long rejected;
	uint64_t begun_ms;
	uint64_t ended_ms;
	uint32_t times_ms[LANE_TIMES];
};

/**
 * struct lane - one lane
 * @st: station
 * @index: number at the machine
 * @coupler: number at the kernel
 * @state: see above
 * @purged: it was seen to be empty
 * @busy: an order of the machine is in progress
 * @requested: @job is about a request
 * @job: card, request, and what the records have in common
 * @reference: outer reference of the card
 * @reason: why the card is not good
 * @attempts: requests made for this card
 * @again: the CAS wants to try the same card once more
 * @stopping: the lane stops when this card is disposed of
 * @tries: orders repeated for this step
 * @seen: the coupler has seen this card, with the presence_gen of @job
 * @had_card: @last_gen is valid
 * @last_gen: presence_gen of the last card
 * @failures: cards in a row that were not good
 * @deadline_ms: of the state
 * @fed_ms: when the card was asked for
 * @rec: RECORDING: what could not be written
 * @then: RECORDING: what comes after it
 * @stats: for the operator
 */
struct lane {
	struct station *st;
	unsigned int index;
	uint32_t coupler;
	enum lane_state state;
	bool purged;
	bool busy;
	bool requested;
	struct record job;
	char reference[TRANSPORT_REF_MAX + 1];
	char reason[RECORD_TEXT_MAX + 1];
	unsigned int attempts;
	bool again;
	bool stopping;
	unsigned int tries;
	bool seen;
	bool had_card;
	uint32_t last_gen;
	unsigned int failures;
	uint64_t deadline_ms;
	uint64_t fed_ms;
	struct record rec;
	void (*then)(struct lane *lane);
	struct lane_stats stats;
};

/* Begin with purging. */
void lane_begin(struct lane *lane);

/* What was armed has run out, or something may have changed. */
void lane_timer(struct lane *lane);
void lane_poke(struct lane *lane);

/* The router has taken all dispositions up to @number. */
void lane_sent(struct lane *lane, uint64_t number);

/* Nothing more happens here until something from outside does. */
bool lane_idle(const struct lane *lane);

#endif
