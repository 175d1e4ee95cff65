/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The transport unit: a feeder with blank cards, lanes with one slot each, two bins. It knows
 * cards by their numbers only. Moves are complete when the call returns.
 */
#ifndef CARDSIM_MACHINE_H
#define CARDSIM_MACHINE_H

#include <stdbool.h>

#define MACHINE_MAX_LANES	256

enum bin {
	BIN_GOOD,
	BIN_REJECT,
	BIN_COUNT,
};

/* Cards in the order in which they lie. */
struct pile {
	unsigned int *cards;
	unsigned int count;
};

/**
 * struct machine_ops - the slots that the lanes end in
 * @insert: put @card into the slot of @lane; false if the slot refuses
 * @remove: take the card out of @lane
 */
struct machine_ops {
	bool (*insert)(void *ctx, unsigned int lane, unsigned int card);
	void (*remove)(void *ctx, unsigned int lane);
};

struct machine {
	const struct machine_ops *ops;
	void *ctx;
	unsigned int cards;
	unsigned int lanes;
	unsigned int lane[MACHINE_MAX_LANES];	/* card there, 0 for none */
	struct pile feeder;
	struct pile bin[BIN_COUNT];
};

/* All @cards, numbered from 1, lie in the feeder; false when there is no memory. */
bool machine_init(struct machine *m, unsigned int cards, unsigned int lanes,
		  const struct machine_ops *ops, void *ctx);
void machine_free(struct machine *m);

/* Result of a move: NULL, or what went wrong. *ret_card is the card that was moved. */
const char *machine_feed(struct machine *m, unsigned int lane, unsigned int *ret_card);
const char *machine_feed_good(struct machine *m, unsigned int lane, unsigned int card);
const char *machine_eject(struct machine *m, unsigned int lane, enum bin to,
			  unsigned int *ret_card);

#endif
