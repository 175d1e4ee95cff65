/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The card's end of a simulated slot: its contacts, its receiver and transmitter, and the records
 * that its program reads and writes. Pure: time is a parameter, in nanoseconds; the caller
 * serialises.
 */
#ifndef CKS_SIM_CARD_H
#define CKS_SIM_CARD_H

#include <linux/cks_sim.h>

#include "fault.h"

#define SIM_RING	4096	/* records, a power of two */

/**
 * struct sim_ring - records in order; head - tail of them, counting without end
 * @rec: SIM_RING records
 * @head: next one to be filled
 * @tail: oldest one
 */
struct sim_ring {
	struct cks_sim_event *rec;
	u32 head;
	u32 tail;
};

static inline u32 sim_ring_count(const struct sim_ring *r)
{
	return r->head - r->tail;
}

/**
 * struct sim_card - the card in a slot
 * @line: I/O
 * @faults: of the slot
 * @clk: its clock, Hz
 * @present: a card is in the slot
 * @vcc: VCC and CLK are on
 * @rst: level of RST
 * @epoch: when its clock started
 * @receiver: of the line
 * @etu: as its program gave it, ticks
 * @gap: likewise
 * @bit_ps: length of its bits
 * @format: of its characters
 * @gap_ns: from one of its leading edges to the next, at least
 * @error_signal: it refuses characters, and repeats those that are refused
 * @signal_from: where its error signal begins, sixteenths of an etu from the leading edge
 * @signal_to: where it ends
 * @sending: a character is on the line or is going to be
 * @value: that character
 * @refused: how often it has been refused
 * @drop: a character was refused for good, what is to be sent yet is not sent
 * @retune: a new rate waits for the end of the character under way
 * @start: leading edge of that, or of the last one
 * @next: not before this may the next one start
 * @owe_sent: CKS_SIM_SENT has to follow
 * @out: events, to be read
 * @in: records written, to be carried out
 * @on_reset: records to be carried out when RST goes high
 * @on_reset_count: how many
 * @lost: events were dropped since the last one in @out
 * @mark: @out.tail has to come here before anything written can be an answer to the last change of
 *	VCC or RST
 * @wake: set when there is something new for the program; cleared by the caller
 */
struct sim_card {
	struct sim_line *line;
	struct sim_faults *faults;
	u32 clk;
	bool present;
	bool vcc;
	bool rst;
	u64 epoch;
	struct sim_receiver receiver;
	u32 etu;
	u32 gap;
	u64 bit_ps;
	struct sim_format format;
	u64 gap_ns;
	bool error_signal;
	u8 signal_from;
	u8 signal_to;
	bool sending;
	u8 value;
	u8 refused;
	bool drop;
	bool retune;
	u64 start;
	u64 next;
	bool owe_sent;
	struct sim_ring out;
	struct sim_ring in;
	struct cks_sim_event on_reset[CKS_SIM_MAX_ON_RESET];
	u8 on_reset_count;
	bool lost;
	u32 mark;
	bool wake;
};

/* @out and @in: SIM_RING records each. */
void sim_card_init(struct sim_card *c, struct sim_line *line, struct sim_faults *faults, u32 clk,
		   struct cks_sim_event *out, struct cks_sim_event *in);

/**
 * sim_card_contacts() - what the coupler applies to the contacts
 * @c: card
 * @present: a card is in
 * @vcc: VCC and CLK are switched on
 * @rst: level of RST
 * @now: time
 *
 * A card without power is silent; with RST low it stops and is back at 372 clock cycles an etu and
 * even parity.
 */
void sim_card_contacts(struct sim_card *c, bool present, bool vcc, bool rst, u64 now);

/* The fault %CKS_SIM_FAULT_PPM has changed. */
void sim_card_ppm(struct sim_card *c, u64 now);

/* When something happens on the card's side, or %SIM_NEVER. */
u64 sim_card_due(struct sim_card *c);
/* The time @t that sim_card_due() said has come. */
void sim_card_advance(struct sim_card *c, u64 t);

/**
 * sim_card_check() - whether a record may be written at all
 * Return: 0, -EINVAL, or -ENOSPC for one more to be kept for the next reset
 */
int sim_card_check(const struct sim_card *c, const struct cks_sim_event *e, u64 now);

/* Carry out a record that is good, at @now; there is room in @c->in. */
void sim_card_write(struct sim_card *c, const struct cks_sim_event *e, u64 now);

/* The @i-th unread event, from 0; NULL when there is none. */
const struct cks_sim_event *sim_card_peek(struct sim_card *c, u32 i);
/* @n of them have been read. */
void sim_card_consume(struct sim_card *c, u32 n);

#endif
