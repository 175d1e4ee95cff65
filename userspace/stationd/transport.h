/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The seam to the transport unit: the machine that moves cards into the couplers and on.
 *
 * No function waits. Each order of a lane ends with exactly one call of its callback, never from
 * within the function itself; a lane has one order at a time.
 */
#ifndef STATIOND_TRANSPORT_H
#define STATIOND_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>

struct event_base;
struct transport;

enum bin {
	BIN_NONE,
	BIN_GOOD,
	BIN_REJECT,
};

enum transport_result {
	TRANSPORT_DONE,
	TRANSPORT_FEEDER_EMPTY,
	TRANSPORT_OCCUPIED,	/* feed: there is a card in the lane */
	TRANSPORT_LANE_EMPTY,	/* eject: there is none */
	TRANSPORT_REFUSED,	/* anything else that the machine says no to */
	TRANSPORT_LOST,		/* no answer: what happened is not known */
};

#define TRANSPORT_CARD_MAX	31
#define TRANSPORT_REF_MAX	63
#define TRANSPORT_TEXT_MAX	127

/**
 * struct transport_answer - what the machine said
 * @result: outcome
 * @present: sense: a card is in the lane; dropped: the drop sensor of the good bin saw the card
 * @bin: eject: the drop sensor that saw the card
 * @card: the machine's own number of the card
 * @reference: feed: outer reference of the card, barcode or tray; empty if it has none
 * @count: stock: cards in the feeder
 * @text: in the machine's words, for messages
 */
struct transport_answer {
	enum transport_result result;
	bool present;
	enum bin bin;
	char card[TRANSPORT_CARD_MAX + 1];
	char reference[TRANSPORT_REF_MAX + 1];
	unsigned long count;
	char text[TRANSPORT_TEXT_MAX + 1];
};

typedef void (*transport_fn)(const struct transport_answer *answer, void *arg);

/**
 * struct transport_ops - a kind of machine
 * @open: @address is what stands behind the kind and a colon
 * @feed: next blank card into the lane
 * @eject: the lane's card into a bin; done when a drop sensor saw it
 * @sense: is there a card in the lane
 * @dropped: did the good bin's sensor see this card; a proof, or none
 * @stock: how many blank cards are left
 */
struct transport_ops {
	const char *kind;
	int (*open)(struct transport **ret, struct event_base *base, const char *address,
		    unsigned int lanes);
	void (*close)(struct transport *t);
	void (*feed)(struct transport *t, unsigned int lane, transport_fn fn, void *arg);
	void (*eject)(struct transport *t, unsigned int lane, enum bin bin, transport_fn fn,
		      void *arg);
	void (*sense)(struct transport *t, unsigned int lane, transport_fn fn, void *arg);
	void (*dropped)(struct transport *t, unsigned int lane, const char *card, transport_fn fn,
			void *arg);
	void (*stock)(struct transport *t, unsigned int lane, transport_fn fn, void *arg);
};

extern const struct transport_ops transport_sim;

#endif
