/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A world for the control unit: a machine, a router with its CAS, and a clock, all of them in one
 * struct and deterministic. Answers of the machine come when the test runs the world.
 */
#ifndef STATIOND_WORLD_H
#define STATIOND_WORLD_H

#include "stationd/station.h"

#define WORLD_LANES	2
#define WORLD_CARDS	16
#define WORLD_NO_ATR	99	/* in place of a verdict: the station could not contact the card */

enum place { NOWHERE, FEEDER, LANE0, LANE1, GOOD, REJECT };

/* What the machine does wrong with a card at its gate. */
enum fault {
	FAULT_NONE,
	FAULT_LOST_MOVED,	/* the card drops as ordered, the answer is lost */
	FAULT_LOST_STAYED,	/* neither */
	FAULT_LOST_VANISHED,	/* the card is gone, no sensor saw it */
	FAULT_WRONG_BIN,	/* good card into reject */
	FAULT_OTHER_CARD,	/* the machine moves another card, ours is gone */
	FAULT_JAM,		/* the machine says no, for good */
	FAULT_SILENT,		/* no answer at all */
};

struct world {
	struct station st;
	struct settings settings;
	struct lane lanes[WORLD_LANES];
	struct journal *journal;
	char dir[64];
	uint64_t now;
	uint64_t timers[WORLD_LANES];

	/* the machine; cards count from 1 */
	enum place card[WORLD_CARDS + 1];
	enum fault fault[WORLD_CARDS + 1];
	struct {
		bool active;
		unsigned int lane;
		struct transport_answer answer;
		transport_fn fn;
		void *arg;
	} queue[8];
	bool gate_without_intent;	/* an eject that the journal did not allow */
	bool move_without_rejected;

	/* couplers */
	uint32_t gen[WORLD_LANES];
	unsigned int in_lane[WORLD_LANES];

	/* the router and its CAS */
	uint8_t boot_id[CKSNL_ID_LEN];
	bool listening;
	bool cas;
	bool acks;
	uint64_t lease;			/* of the CAS, as the router has it */
	uint64_t acked;
	uint64_t numbered;		/* dispositions taken */
	uint64_t last_request;
	struct cksnl_session session[WORLD_LANES];
	bool session_open[WORLD_LANES];
	unsigned int answers[WORLD_CARDS + 1];	/* requests seen for a card */
	uint32_t verdict[WORLD_CARDS + 1][4];	/* by request; 0: never a result */
	enum cks_disposition disposed[WORLD_CARDS + 1];
	uint64_t disposed_result[WORLD_CARDS + 1];
	unsigned int dispositions;
	unsigned int cancelled;
	uint64_t held_until;		/* by an order of the CAS, or of the operator */
	unsigned int hold_at;		/* for a minute, when this card is requested */
	bool lane_stopped[WORLD_LANES];
	uint64_t first_feed;		/* when */
	void (*before_gate)(struct world *w, unsigned int lane);	/* when a result is taken */
};

void world_begin(struct world *w, unsigned int cards);
void world_end(struct world *w);
/* A new run of the control unit over the same journal, machine and router. */
void world_restart(struct world *w);
/* Until the work is over; fails the test if it is not after an hour of the world's time. */
void world_run(struct world *w);
/* So many ms of the world's time. */
void world_steps(struct world *w, uint64_t ms);
unsigned int world_count(const struct world *w, enum place place);

#endif
