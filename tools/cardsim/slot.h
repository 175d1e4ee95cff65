/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The card's side of one slot: between the bench's records, the engine's card half, and the
 * card operating system. One event loop serves all slots; nothing here blocks.
 */
#ifndef CARDSIM_SLOT_H
#define CARDSIM_SLOT_H

#include <event2/event.h>
#include <linux/cks_sim.h>

#include "clock.h"
#include "stock.h"

#define SLOT_APDU_MAX	1024	/* longer chains of T=1 are refused by the engine */
#define SLOT_OUT_MAX	1200	/* records waiting for the bench: two of the longest answers */

/**
 * struct slot_ops - what differs between the real bench and a test
 * @present: put a card in or take it out
 * @on_reset: leave @n records to the bench, which sends them after each reset by itself until the
 *	card is taken out; NULL or false: the slot does it
 */
struct slot_ops {
	bool (*present)(int fd, bool in);
	bool (*on_reset)(int fd, struct cks_sim_event *ev, unsigned int n);
};

/**
 * struct slot - one slot
 * @base: event loop
 * @ops: of the bench
 * @fd: card's side of the slot, non-blocking
 * @timer_fd: wakes at the engine's deadline
 * @on_read: @fd has records
 * @on_write: @fd takes records again
 * @on_timer: @timer_fd ran out
 * @on_slow: next step of a slow card
 * @lane: number of the lane that ends here
 * @coupler: number of the coupler, as in /dev/cks/couplerN
 * @clk_hz: card clock before division
 * @clk_div: clock scaling
 * @clock: card time
 * @armed: ns at which @timer_fd runs out, 0 when it does not
 * @card: card in the slot, or NULL
 * @line: engine's card half, for @card
 * @powered: VCC and clock are on
 * @in_atr: the next thing the engine sends is the ATR
 * @preloaded: the bench sends the ATR
 * @mute: the card is dead until the next reset
 * @refused: the coupler signalled an error on what is being sent
 * @t: protocol on the line
 * @commands: since the last reset
 * @slow_left: steps until a slow card answers
 * @apdu: engine's buffer
 * @held: engine's buffer
 * @rsp: response of the card operating system
 * @rsp_len: its length
 * @out: records that the bench has not taken yet
 * @out_len: how many
 */
struct slot {
	struct event_base *base;
	const struct slot_ops *ops;
	int fd;
	int timer_fd;
	struct event *on_read;
	struct event *on_write;
	struct event *on_timer;
	struct event *on_slow;
	unsigned int lane;
	unsigned int coupler;
	uint32_t clk_hz;
	uint32_t clk_div;
	struct card_clock clock;
	uint64_t armed;
	struct sim_card *card;
	struct iso7816_card line;
	bool powered;
	bool in_atr;
	bool preloaded;
	bool mute;
	bool refused;
	u8 t;
	unsigned int commands;
	unsigned int slow_left;
	u8 apdu[SLOT_APDU_MAX];
	u8 held[GP_RESPONSE_MAX];
	u8 rsp[GP_RESPONSE_MAX];
	u32 rsp_len;
	struct cks_sim_event out[SLOT_OUT_MAX];
	unsigned int out_len;
};

/**
 * slot_init() - attach a slot to the loop; it owns @fd from then on, also on failure
 * @s: zeroed storage with @lane, @coupler, @clk_hz, @clk_div filled in
 * @base: event loop
 * @ops: of the bench
 * @fd: card's side
 */
bool slot_init(struct slot *s, struct event_base *base, const struct slot_ops *ops, int fd);
void slot_free(struct slot *s);

bool slot_insert(struct slot *s, struct sim_card *card);
void slot_remove(struct slot *s);

#endif
