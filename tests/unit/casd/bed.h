/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tests of the CAS daemon have in common: a token, a database with an order, profiles, and
 * the daemon itself, a process of its own. All fail the test by assertion.
 */
#ifndef TESTS_CASD_BED_H
#define TESTS_CASD_BED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fake_station.h"

#define RECORDS 130

/* What all keys, PINs and PUKs of records begin with, and nothing else has. */
#define RECORD_KEYS "\xc3\x5e\x91\x2a\x77\xd4\x0b\xe8"
#define RECORD_PINS "59070"
#define RECORD_PUKS "87654"

extern const uint8_t kmc[16], transport[16], data_key[16], public_key[16];

/**
 * struct casd_bed - the surroundings
 * @dir: all is there
 * @db: database
 * @witness: of it
 * @pin_file: of the token
 * @profiles: directory: copies of the tree's
 * @orders: socket for the operator's orders
 * @heads: of the ledger
 * @signer: public key of profiles, "" if they need no signature
 * @casd: the daemon
 */
struct casd_bed {
	char dir[128];
	char db[160];
	char witness[160];
	char pin_file[160];
	char profiles[160];
	char orders[160];
	char heads[160];
	char signer[160];
	pid_t casd;
};

extern struct casd_bed bed;

/* bed_setup() - all but the daemon; not 0 if something is missing */
int bed_setup(void);

/* bed_teardown() - removes it; the daemon must have ended */
int bed_teardown(void);

/*
 * start_casd() - for these stations
 * @options: further ones, up to NULL; NULL: none
 */
void start_casd(const struct fake_station *stations, unsigned int count,
		const char *const *options);

/* end_casd() - by that signal; no core file, and status 0 after SIGTERM */
void end_casd(int sig);

/* key_process() - that casd started */
pid_t key_process(void);

void write_file(const char *path, const char *text);

/* profile() - an application */
void profile(const char *name, const char *text);

/* blank() - a card with the key kmc */
void blank(struct gp_card *card, uint32_t serial);

/* record_key(), record_pins() - of row @i: nothing that is in memory by chance */
void record_key(unsigned int i, unsigned int j, uint8_t key[16]);
void record_pins(unsigned int i, char pin1[12], char puk1[12]);

/* query() - the first column of the first row */
void query(const char *sql, char *out, size_t cap);
void assert_query(const char *sql, const char *want);

#endif
