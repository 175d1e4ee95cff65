/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Does a session keep to the times of ISO/IEC 7816-3? Each rule has a name, and is checked in the
 * card's own time, to the resolution of the trace.
 *
 * What the card does is checked as well: where it breaks a rule, the rest proves nothing.
 */
#ifndef EXACT_CHECK_H
#define EXACT_CHECK_H

#include "wire.h"

/* How late a character may be written to THR after its guard time is over. */
#define EXACT_LATE_NS	5000

/* Times of a trace are whole nanoseconds, two of them rounded; the card has whole ticks. */
#define EXACT_RESOLUTION_NS	2
#define EXACT_RESOLUTION_TICKS	1

/**
 * struct exact_session - what was agreed upon
 * @clk_hz: of the card
 * @atr_len: characters of the ATR
 * @pps_len: of the PPS request, and of the response; 0 without PPS
 * @f: F in use after it
 * @d: D
 * @t: protocol
 * @n: N of TC1
 * @t15: the ATR has T=15: N counts in units of
 * @ri: F and
 * @rd: D of its TA1
 * @cwi: of T=1
 * @bwi: of T=1
 * @wi: of T=0
 * @turn: T=0: etu between opposite directions, 0 where there is no such rule: 16 of EMV
 * @odd: inverse convention
 * @blind: the UART does not hear itself: a start bit may come a bit later than it is told, and what
 *	follows is written as much later
 * @given: when each command was handed over, CLOCK_MONOTONIC
 * @commands: how many
 */
struct exact_session {
	uint32_t clk_hz;
	unsigned int atr_len;
	unsigned int pps_len;
	uint16_t f;
	uint8_t d;
	uint8_t t;
	uint8_t n;
	bool t15;
	uint16_t ri;
	uint8_t rd;
	uint8_t cwi;
	uint8_t bwi;
	uint8_t wi;
	uint8_t turn;
	bool odd;
	bool blind;
	const uint64_t *given;
	unsigned int commands;
};

/**
 * struct exact_report - what was found
 * @rule: name of the first rule that is broken, or NULL
 * @at: index of the character that breaks it
 * @is: what was measured, ns
 * @bound: what it should be, ns
 * @sent: characters of the coupler, repeated ones among them
 * @received: of the card
 * @refused: of the card, by the coupler
 * @repeated: of the coupler, refused by the card
 * @late: the latest write to THR after its guard time, ns; negative when all were earlier
 * @late_own: likewise, without what the bench spent meanwhile
 * @late_next: of the first character of a command, where this was handed over in time
 * @reaction: of the first character of a command that was not, from when the UART announced the
 *	last one of the response, ns
 * @signal: the latest begin of an error signal of the coupler, after the UART's interrupt, ns
 * @due: sum of the shortest gaps before the coupler's characters, ns
 * @taken: sum of these gaps
 */
struct exact_report {
	const char *rule;
	size_t at;
	uint64_t is;
	uint64_t bound;
	unsigned int sent;
	unsigned int received;
	unsigned int refused;
	unsigned int repeated;
	int64_t late;
	int64_t late_own;
	int64_t late_next;
	uint64_t reaction;
	uint64_t signal;
	uint64_t due;
	uint64_t taken;
};

/* How a trace of the session is to be read. */
void exact_plan(struct wire_plan *plan, const struct exact_session *s);

/* Return: whether all rules are kept. */
bool exact_check(const struct wire *w, const struct exact_session *s, struct exact_report *r);

#endif
