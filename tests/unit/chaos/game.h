/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The game that is played, and what all games came to: shared by the files that play it (games.c),
 * and make (cards.c, tokens.c), run (daemons.c), hurt (faults.c) and judge (oracle.c) what is in
 * it. All fail the test by assertion.
 */
#ifndef TESTS_CHAOS_GAME_H
#define TESTS_CHAOS_GAME_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sim_station.h"

#define GAME		40	/* cards, besides those that come after a database is put back */
#define AFTER		8
#define STATIONS	3
#define DAEMONS		4

struct token;

/**
 * struct game - one game; @dir, @db, @pin_file, @log_file and @token are of all games
 * @seed: its number: all that is left to chance follows from it
 * @dir: for its files
 * @db: what --db is
 * @pin_file: with the token's PIN
 * @log_file: what the daemons write
 * @token: with the order's keys
 * @world: what happens to @station and @card
 * @station: stations
 * @card: cards
 * @daemon: processes, 0 for none; the first ones are those that are to work
 * @copied: there is a backup of the database
 */
struct game {
	uint32_t seed;
	char dir[64];
	char db[128];
	char pin_file[96];
	char log_file[96];
	struct token *token;
	struct sim_world world;
	struct sim_station station[STATIONS];
	struct sim_card card[GAME + AFTER];
	pid_t daemon[DAEMONS];
	bool copied;
};

/* struct total - how often what happened in all games */
struct total {
	unsigned int good, doubt, kills, stops, cuts, reboots, takes, full, restored, noticed, held;
	unsigned int crashes, drops;
};

extern struct game game;
extern struct total total;

/* A failure names its game: DEMAND(cond, "text", game.seed, ...) */
#define DEMAND(cond, ...)							\
	do {									\
		if (!(cond))							\
			fail_msg("game %u: " __VA_ARGS__);			\
	} while (0)

/* ---- cards.c ---- */

/* cards_keys() - a token with the keys of all games; false if there is none */
bool cards_keys(void);
void cards_make(void);

/* cards_order() - an order of as many records as there are cards */
void cards_order(void);

/* card_holds() - the record that @c really holds, by its keys and its ICCID; -1 for none */
int card_holds(struct sim_card *c);

/* ---- tokens.c ---- */

/* tokens_begin() - a new token, NULL if there is none */
struct token *tokens_begin(void);
void tokens_end(void);

/* tokens_own() - a copy of it for the process that is started next */
void tokens_own(void);

/* tokens_remove() - the copies */
void tokens_remove(void);

/* ---- daemons.c ---- */

void daemon_start(int i);
void daemon_kill(int i, int sig);
void daemons_kill(void);

/* daemon_ended() - by itself, since this was asked last */
bool daemon_ended(int i);

/* daemons_mind() - one that ended by itself, as at a locked database, is started anew */
void daemons_mind(void);

/* lease_seen() - the highest that a station has seen */
uint64_t lease_seen(void);

/* daemon_is_up() - a station has seen a lease since one was started last */
bool daemon_is_up(void);

/* ---- faults.c ---- */

void faults_begin(void);

/* fault() - something goes wrong */
void fault(void);

/* faults_mind() - what was stopped or full for long enough goes on */
void faults_mind(void);

/* faults_end() - all goes on, and those that were replaced are gone */
void faults_end(void);

/* ---- oracle.c ---- */

/*
 * check_cards() - no record is on two good cards, and no good card is without: no database can make
 * that right. @on receives the card of each record, or -1.
 */
void check_cards(int on[GAME + AFTER]);

/* check_ledger() - no record is lost, and what is DELIVERED is on a good card */
void check_ledger(void);

#endif
