/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Honest stations for the chaos test: the station's side of docs/protocol.md for many lanes, driven
 * by one poll(), with a journal that survives everything and cards that are what they are.
 *
 * What goes wrong is asked for by the test, or drawn by chance in the rates of struct sim_world.
 */
#ifndef TESTS_SIM_STATION_H
#define TESTS_SIM_STATION_H

#include <stdbool.h>
#include <stdint.h>

#include "gpcard.h"
#include "libframe/frame.h"

#define SIM_LANES	4
#define SIM_CONTROLS	3
#define SIM_JOURNAL	4096
#define SIM_BUFFER	4096

enum sim_place { SIM_TRAY, SIM_IN_LANE, SIM_GOOD_BIN };

/**
 * struct sim_card - one card
 * @gp: what is on it
 * @place: where it is
 * @feeds: how often it was fed
 */
struct sim_card {
	struct gp_card gp;
	enum sim_place place;
	unsigned int feeds;
};

/**
 * struct sim_conn - a connection of the CAS
 * @fd: socket, -1 for none
 * @greeted: the CAS's HELLO or OPEN was accepted
 * @have: bytes in @in
 * @in: of a frame that is not complete
 */
struct sim_conn {
	int fd;
	bool greeted;
	size_t have;
	uint8_t in[SIM_BUFFER];
};

enum sim_phase {
	SIM_EMPTY,
	SIM_ASKED,	/* REQUEST is to be sent, or was */
	SIM_OPEN,	/* the channel was open once */
	SIM_CLOSED,	/* the CAS is done with the card */
	SIM_DECIDED,	/* there is a verdict, the station's own or of the CAS */
};

/**
 * struct sim_lane - a lane and its request
 * @listen: channel socket
 * @port: of @listen
 * @channel: connection
 * @phase: see enum
 * @card: in the lane
 * @gen: presence_gen
 * @request: its number
 * @token: opens the channel
 * @told: REQUEST was sent on this control connection
 * @asked_before: REQUEST was sent on any
 * @own: the verdict is the station's: ENDED
 * @ended_told: on this control connection
 * @verdict: of the CAS or the station
 * @result_id: of RESULT, 0 for none
 * @number: of the last command
 * @powered: the card was reset since it lost power
 * @rsp: response to @number
 * @rsp_len: of @rsp
 * @retries: of this card
 * @deadline: ms, of the phase
 */
struct sim_lane {
	int listen;
	uint16_t port;
	struct sim_conn channel;
	enum sim_phase phase;
	struct sim_card *card;
	uint32_t gen;
	uint64_t request;
	uint8_t token[16];
	bool told;
	bool asked_before;
	bool own;
	bool ended_told;
	uint8_t verdict;
	uint64_t result_id;
	uint32_t number;
	bool powered;
	uint8_t rsp[GP_RESPONSE_MAX];
	size_t rsp_len;
	unsigned int retries;
	uint64_t deadline;
};

struct sim_entry {
	uint8_t boot_id[16];
	uint64_t request;
	uint64_t result_id;
	uint32_t coupler;
	uint32_t gen;
	uint8_t what;
};

struct sim_world;

/**
 * struct sim_station - a station
 * @world: that it is of
 * @uuid: its name
 * @listen: control socket
 * @port: of @listen
 * @control: connections; the greeted one is the CAS's
 * @boot_id: of the router
 * @lease: highest that was seen
 * @journal: dispositions, durable
 * @written: of them
 * @acked: by the CAS
 * @sent: on this connection
 * @last_request: of this boot
 * @deaf_until: ms: nothing of the CAS is read before, so that it comes late
 * @gone_until: ms: no connection is taken before
 * @lane: lanes
 */
struct sim_station {
	struct sim_world *world;
	uint8_t uuid[16];
	int listen;
	uint16_t port;
	struct sim_conn control[SIM_CONTROLS];
	uint8_t boot_id[16];
	uint64_t lease;
	struct sim_entry journal[SIM_JOURNAL];
	uint64_t written;
	uint64_t acked;
	uint64_t sent;
	uint64_t last_request;
	uint64_t deaf_until;
	uint64_t gone_until;
	struct sim_lane lane[SIM_LANES];
};

/**
 * struct sim_world - all stations and cards, and what goes wrong in 1000 cases
 * @station: stations
 * @stations: how many
 * @card: cards
 * @cards: how many
 * @feeding: lanes are filled
 * @silent: a card falls silent at a command
 * @cut: a channel breaks at a command
 * @gate: the control unit dies at the gate
 * @taken: a card is taken out before the station acts on its result
 * @refed: a card that is in no good bin is fed in place of a new one
 * @chance: state of the generator
 * @good: cards that left as good
 * @disposed: dispositions
 * @wrong: first breach of the protocol by the CAS, NULL if none
 */
struct sim_world {
	struct sim_station *station;
	unsigned int stations;
	struct sim_card *card;
	unsigned int cards;
	bool feeding;
	unsigned int silent;
	unsigned int cut;
	unsigned int gate;
	unsigned int taken;
	unsigned int refed;
	uint32_t chance;
	unsigned int good;
	unsigned int disposed;
	const char *wrong;
};

unsigned int sim_draw(struct sim_world *w, unsigned int n);
uint64_t sim_now(void);

/* All stations begin to listen; false if there are no sockets. */
bool sim_begin(struct sim_world *w);
void sim_end(struct sim_world *w);

/* sim_run() - serve for up to @ms, returns earlier when something was done */
void sim_run(struct sim_world *w, int ms);

/* sim_settled() - no card is in a lane, and the CAS has acknowledged every disposition */
bool sim_settled(const struct sim_world *w);

/* ---- what may go wrong ---- */

void sim_cut_control(struct sim_station *st);

/* The router is loaded anew: the lanes are purged, the journal goes on. */
void sim_reboot(struct sim_station *st);

/* The card of @lane is taken out, as it is. */
void sim_take_out(struct sim_station *st, struct sim_lane *lane);

#endif
