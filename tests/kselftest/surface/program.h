/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs: what the fuzzer of the kernel's surface makes up, keeps and replays. A program is a
 * string of bytes, and every string of bytes is one: operations of a header and data, one behind
 * the other; what is left over at its end does nothing.
 */
#ifndef SURFACE_PROGRAM_H
#define SURFACE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRAM_MAX	8192
#define OP_HEADER	4	/* kind, sub, length of the data (low byte first) */
#define OP_DATA_MAX	2048

enum op_kind {
	OP_NETLINK,		/* sub is the command; netlink.c */
	OP_CHARDEV,		/* enum chardev_sub; chardev.c */
	OP_TCP,			/* enum tcp_sub, and which connection; tcp.c */
	OP_CARD,		/* enum card_sub; card.c */
	OP_TTY,			/* enum tty_sub; tty.c */
	OP_KINDS,
};

struct op {
	uint8_t kind;
	uint8_t sub;
	uint16_t len;
	const uint8_t *data;
};

struct program {
	uint16_t len;
	uint8_t bytes[PROGRAM_MAX];
};

/* The operation at *@at, which moves behind it; false at the end. */
bool program_next(const struct program *p, uint16_t *at, struct op *ret_op);
/* false if there is no room. */
bool program_add(struct program *p, uint8_t kind, uint8_t sub, const void *data, size_t len);
/* Put @len bytes in, in place of @cut at @at. false if there is no room. */
bool program_splice(struct program *p, size_t at, size_t cut, const void *data, size_t len);

/* Random numbers that a seed repeats. */
struct dice {
	uint64_t state;
};

uint64_t dice_roll(struct dice *d);
/* 0...@sides - 1 */
unsigned int dice_of(struct dice *d, unsigned int sides);
/* One that is likely to be at an edge. */
uint64_t dice_odd(struct dice *d);
void dice_bytes(struct dice *d, void *p, size_t len);

/* A random operation of each kind, added to @p. */
void netlink_make(struct dice *d, struct program *p);
void chardev_make(struct dice *d, struct program *p);
void tcp_make(struct dice *d, struct program *p);
void card_make(struct dice *d, struct program *p);
void tty_make(struct dice *d, struct program *p);
/* A connection from its begin to its end. */
void tcp_visit_make(struct dice *d, struct program *p);

/* What makes sense, from the card's contact to its disposition, in a few variants. */
void story_make(struct dice *d, struct program *p);

/* A new program, or one that was changed a little; @other is what may be joined to it. */
void program_make(struct dice *d, struct program *p);
/* Messages for the most part. */
void program_many_messages(struct dice *d, struct program *p);
void program_change(struct dice *d, struct program *p, const struct program *other);

/*
 * What only the run knows stands in the data as a mark of the same length: "@CPL" number of the
 * coupler, "@GEN" its presence_gen, "@TTY" number of the one on the tty, "@CLK" clock of both,
 * "@NET" descriptor of another namespace, "@REQUEST" number of the last request, "@NUMBER@" next
 * number of a disposition, "@LEASE@@" epoch of the lease, MARK_TOKEN, MARK_BOOT_ID.
 */
#define MARK_TOKEN	"@TOKEN@@@@@@@@@@"
#define MARK_BOOT_ID	"@BOOTID@@@@@@@@@"

#endif
