/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What programs run on: the modules, a bench with a coupler and a tty, a station that listens, and
 * the descriptors that are open on them. It is the same again before each program.
 */
#ifndef SURFACE_WORLD_H
#define SURFACE_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "libcksnl/cksnl.h"
#include "program.h"

#define WORLD_CONNS	4
#define VPCD_PORT	35963
#define WAIT_MS		40	/* of an operation for what may come */
#define STEP_MS		64	/* between looks whether it still may, at most */
#define BUSY_MS		2000	/* of a program for what goes on */

struct conn {
	int fd;
	uint32_t have;
	uint8_t in[2048];
};

/**
 * struct place - a slot of the bench, and the coupler on it
 * @slot: the card's side
 * @coupler: N of /dev/cks/couplerN
 * @present: a card is in
 * @presence_gen: for a mark
 * @file: of the coupler, or -1
 * @t1: the card's answer to reset says T=1
 * @block: number of the card's next block
 */
struct place {
	int slot;
	uint32_t coupler;
	bool present;
	uint32_t presence_gen;
	int file;
	bool t1;
	uint8_t block;
};

/**
 * struct world - all of it
 * @nl: to set it up, and look after it; not for programs
 * @load: /proc/loadavg, which tells what runs
 * @bench: the bench
 * @here: its slot that programs know
 * @of_tty: its slot whose UART is a tty
 * @tty_line: N of that one's /dev/ttySN
 * @tty: open on it, or -1
 * @family: number of the netlink family
 * @netlink: sockets for messages, in this namespace and in another
 * @events: socket that is in all groups
 * @netns: descriptor of the other namespace
 * @vpcd: listens as a reader's driver does
 * @conn: connections
 * @token, @boot_id, @request, @number, @lease: for the marks
 * @patience: milliseconds that the program may still wait for a coupler at work
 * @made: a coupler more may be there
 * @settings, @station: of the coupler and of the station, as they are to be
 * @journal: number of the last one
 * @messages, @connections, @calls, @records: how many there were
 * @ops: operations of each kind
 * @done: of the messages that asked for an acknowledgment, those that the kernel carried out
 * @answers: to commands, batches and resets of a CAS
 */
struct world {
	struct cksnl *nl;
	int load;
	int bench;
	struct place here;
	struct place of_tty;
	uint32_t tty_line;
	int tty;
	int family;
	int netlink[2];
	int events;
	int netns;
	int vpcd;
	struct conn conn[WORLD_CONNS];
	uint8_t token[16];
	uint8_t boot_id[16];
	uint64_t request;
	uint64_t number;
	uint64_t lease;
	unsigned int patience;
	bool made;
	struct cksnl_coupler settings;
	struct cksnl_station station;
	uint64_t journal;
	uint64_t ops[OP_KINDS];
	uint64_t messages;
	uint64_t done;
	uint64_t connections;
	uint64_t calls;
	uint64_t records;
	uint64_t answers;
};

/* Modules are loaded. They fail the test if it cannot be done. */
void world_begin(struct world *w);
void world_end(struct world *w);
/* As it was; what a program left is closed and disposed of. */
void world_again(struct world *w);

/* One program. */
void world_run(struct world *w, const struct program *p);

void netlink_run(struct world *w, const struct op *op);
void chardev_run(struct world *w, const struct op *op);
void tcp_run(struct world *w, const struct op *op);
void card_run(struct world *w, const struct op *op);
void tty_run(struct world *w, const struct op *op);
void tcp_close_all(struct world *w);
/* The tty is no coupler, closed, and without a card. */
void tty_again(struct world *w);

/* A copy of the data with its marks filled in; big: numbers as the wire has them. */
void world_fill(const struct world *w, const struct op *op, uint8_t *ret_data, bool big);
/* Take what is there. */
void world_drain(int fd);
bool world_wait(int fd, int ms);
/* Wait for it as long as something is going on that may lead to it. */
bool world_expect(struct world *w, int fd);

#endif
