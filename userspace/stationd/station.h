/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control unit as a whole: its lanes, its journal, and its seams to the router, to the
 * transport unit and to the clock. docs/handover.md is what it has to keep.
 *
 * Everything runs in one thread. Nothing here waits, except for short netlink calls and syncs of
 * the journal.
 */
#ifndef STATIOND_STATION_H
#define STATIOND_STATION_H

#include <stdbool.h>
#include <stdint.h>

#include "journal.h"
#include "lane.h"
#include "router.h"
#include "transport.h"

/* More dispositions than this wait for the CAS: no new card. */
#define PENDING_MAX	1000

/**
 * struct settings - what the operator chose
 * @application: to be asked for
 * @parameters: for it
 * @once: end when the feeder is empty and all dispositions are acknowledged
 * @deadline_ms: no result by then: the card is rejected
 * @retries: requests more for a card that could not be contacted, or that the CAS wants retried
 * @max_failures: a lane stops after so many cards in a row that were not good
 * @address: to listen on
 * @control_port: of the control socket, 0 for the router's own choice
 * @channel_port: of coupler 0, 0 for the router's own choice
 * @plaintext_ok: @address need not be loopback
 */
struct settings {
	char application[CKSNL_NAME_MAX + 1];
	struct cksnl_blob parameters;
	bool once;
	uint64_t deadline_ms;
	unsigned int retries;
	unsigned int max_failures;
	char address[46];
	uint16_t control_port;
	uint16_t channel_port;
	bool plaintext_ok;
};

/**
 * struct clock_ops - time, so that tests can have their own
 * @now_ms: monotonic
 * @arm: call lane_timer() in @ms; replaces what was armed; 0 disarms
 */
struct clock_ops {
	uint64_t (*now_ms)(void *clock);
	void (*arm)(void *clock, struct lane *lane, unsigned int ms);
};

/**
 * struct station - the control unit
 * @settings: of the operator
 * @journal: of this station
 * @uuid: its identity
 * @router: calls
 * @router_arg: for them
 * @transport: orders
 * @machine: for them
 * @clock: time
 * @clock_arg: for it
 * @lanes: of the machine
 * @nlanes: how many
 * @boot_id: load of the router that was set up
 * @set_up: the router knows who we are
 * @purging: lanes are being emptied; no request before
 * @connected: a CAS is there
 * @draining: no new card
 * @held: by the CAS or the operator, no new card
 * @stopped: couplers on which none is contacted, as lanes-stopped
 * @failed: something that the operator has to look at
 * @sent: dispositions up to this number were handed to this load of the router
 * @stock: cards that were in the feeder at the start, once known
 * @stock_known: @stock is valid
 * @idle_since_ms: when all lanes had become idle, 0 while one works
 * @begun_ms: start of the work, after purging
 */
struct station {
	const struct settings *settings;
	struct journal *journal;
	uint8_t uuid[CKSNL_ID_LEN];
	const struct router_ops *router;
	void *router_arg;
	const struct transport_ops *transport;
	struct transport *machine;
	const struct clock_ops *clock;
	void *clock_arg;
	struct lane *lanes;
	unsigned int nlanes;

	uint8_t boot_id[CKSNL_ID_LEN];
	bool set_up;
	bool purging;
	bool connected;
	bool draining;
	bool held;
	struct cksnl_lanes stopped;
	bool failed;
	uint64_t sent;
	unsigned long stock;
	bool stock_known;
	uint64_t idle_since_ms;
	uint64_t begun_ms;
};

/**
 * station_begin() - tell the router who we are, and empty the lanes
 * @st: all of the first part is filled in
 * Return: 0 or a negative errno after a message
 */
int station_begin(struct station *st);

/* Once a second: look at everything that an event may have failed to tell. */
void station_tick(struct station *st);

/* An event of the router. */
void station_event(struct station *st, const struct cksnl_event *event);

/* Events were lost: look at all lanes. */
void station_poke(struct station *st);

/* Whether the work is over: everything is done, or nothing more can be. */
bool station_over(struct station *st);

/* ----------------------------------------------------------------------- for the lanes */

/* Whether the lane of this coupler may take a new card now. */
bool station_may_feed(const struct station *st, uint32_t coupler);

/* A lane is empty for the first time. */
void station_lane_purged(struct station *st);

/* Hand dispositions of the journal to the router, in order; lanes are told what was taken. */
void station_flush(struct station *st);

/* The session that the router has on a coupler and that the journal does not know. */
bool station_stray_session(struct station *st, uint32_t coupler, struct cksnl_session *ret);

uint64_t station_now(const struct station *st);

/* A line for the operator, on stderr. */
__attribute__((format(printf, 1, 2))) void report(const char *fmt, ...);

#endif
