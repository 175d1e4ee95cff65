/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The characters of a session, found in a trace of the bench: who sent them, when, whether each of
 * their edges lies where it should, and which were refused. Times are kept in nanoseconds as they
 * were recorded; lengths are in ticks, 1/960 of a cycle of the card's clock, in which each etu is a
 * whole number.
 */
#ifndef EXACT_WIRE_H
#define EXACT_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kselftest/lib/simtrace.h"

enum wire_side { WIRE_COUPLER, WIRE_CARD };

/**
 * struct wire_char - one character
 * @side: who sent it
 * @byte: as an LSB-first UART has it
 * @odd: number of ones in data and parity bit is odd
 * @etu: ticks
 * @start: leading edge
 * @off: the edge that lies farthest off its place, ns
 * @refused: the other side gave an error signal
 * @signal_from: its begin
 * @signal_to: its end
 * @written: of the coupler: when it was written to THR, 0 if that is not in the trace
 * @cost: what the bench had spent by then
 * @due: when the UART has announced it, 0 if it did not interrupt; and
 * @due_cost: what the bench had spent by then
 */
struct wire_char {
	enum wire_side side;
	uint8_t byte;
	bool odd;
	uint32_t etu;
	uint64_t start;
	uint64_t off;
	bool refused;
	uint64_t signal_from;
	uint64_t signal_to;
	uint64_t written;
	uint32_t cost;
	uint64_t due;
	uint32_t due_cost;
};

/**
 * struct wire - all of a session
 * @tick_hz: ticks in a second
 * @vcc_on: VCC and CLK on; 0 as the others below where it is not in the trace
 * @rst_at_vcc: level of RST then
 * @io_at_vcc: level of the line as the coupler drives it, then
 * @io_high: and when it first lets the line go high from there on
 * @rst_high: and RST first high
 * @rst_low: and low again, at the end
 * @io_low: the coupler pulls the line low, after that
 * @vcc_off: end of all
 * @lost: records were dropped
 * @c: characters from @rst_high to @rst_low
 * @n: how many
 */
struct wire {
	uint64_t tick_hz;
	uint64_t vcc_on;
	bool rst_at_vcc;
	bool io_at_vcc;
	uint64_t io_high;
	uint64_t rst_high;
	uint64_t rst_low;
	uint64_t io_low;
	uint64_t vcc_off;
	bool lost;
	struct wire_char *c;
	size_t n;
};

/**
 * struct wire_plan - what is needed to read it
 * @clk_hz: of the card
 * @first: characters of both sides, in ATR and PPS, at @etu0
 * @etu0: ticks
 * @etu: of all that follow
 * @signals: error signals are possible from then on (T=0)
 */
struct wire_plan {
	uint32_t clk_hz;
	size_t first;
	uint32_t etu0;
	uint32_t etu;
	bool signals;
};

/**
 * wire_read() - the last session of a trace
 * @w: filled; wire_free() it
 * @t: trace
 * @plan: how to read it
 * Return: false without memory
 */
bool wire_read(struct wire *w, const struct simtrace *t, const struct wire_plan *plan);
void wire_free(struct wire *w);

/* Ticks of a length of time, rounded down. */
uint64_t wire_ticks(const struct wire *w, uint64_t ns);
/* Nanoseconds of ticks, rounded down. */
uint64_t wire_ns(const struct wire *w, uint64_t ticks);

#endif
