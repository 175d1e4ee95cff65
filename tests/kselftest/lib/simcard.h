/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A card for tests: in a slot of the virtual bench, played by a thread with the engine's card
 * half. What it answers depends on INS alone, so that a test can say what it expects.
 */
#ifndef KSELFTEST_SIMCARD_H
#define KSELFTEST_SIMCARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/cks_sim.h>

/*
 * The card's clock, and by what the bench divides it and the UART's. A card has 40,000 clock
 * cycles for its ATR, which is less than a busy machine may take to run its thread. With slower
 * clocks all stays equal in etu, and there are 180 ms. Under a slow kernel CKS_CLK_DIV in the
 * environment divides them further (tests/rows).
 */
#define SIMCARD_OSCILLATOR	3579545
#define SIMCARD_CLK_DIV		16

uint32_t simcard_clk_div(void);

/*
 * For what must happen; never reached when it does. 20 s, and more with the clocks: for a card that
 * does not answer 9,600 etu are waited by default.
 */
#define PATIENCE_MS		((int)simcard_clk_div() * 1250)

uint32_t simcard_clk_hz(void);

/* Commands. All others: the data come back, then 9000. */
#define SIMCARD_INS_READ	0xb0	/* Le bytes 00 01 02..., 9000 */
#define SIMCARD_INS_HOLD	0x20	/* asks for more time until simcard_let_go() */
#define SIMCARD_INS_MUTE	0x22	/* no answer at all */

#define SIMCARD_RSP_MAX		66000

struct simcard;

/**
 * struct simcard_os - a card operating system, in place of the commands above
 * @command: a command APDU; returns the length of the response, with SW1 SW2
 * @incoming: the data of a T=0 command with this header go to the card
 * @reset: loss of power, or a reset
 * @ctx: for both
 *
 * All are called by the card's thread.
 */
struct simcard_os {
	size_t (*command)(void *ctx, const uint8_t *apdu, size_t len,
			  uint8_t rsp[SIMCARD_RSP_MAX]);
	bool (*incoming)(const uint8_t header[5]);
	void (*reset)(void *ctx);
	void *ctx;
};

/* The bench: a descriptor, or -1 with errno. */
int simbench_open(void);

/**
 * simcard_new() - add a slot to a bench, and a card that is not in it yet
 * @bench: descriptor of the bench
 * @atr: its ATR
 * @len: length
 * Return: the card, or NULL with errno
 */
struct simcard *simcard_new(int bench, const uint8_t *atr, size_t len);
/* The same in a slot of the caller's wiring; @slot is filled in. */
struct simcard *simcard_new_in(int bench, struct cks_sim_slot *slot, const uint8_t *atr,
			       size_t len);
/* What simcard_new() asks the bench for. */
void simcard_slot_default(struct cks_sim_slot *slot);
void simcard_free(struct simcard *c);

/* The N of /dev/cks/couplerN. */
unsigned int simcard_coupler(const struct simcard *c);

/* The slot's descriptor, for faults and traces; events are the card's own. */
int simcard_fd(const struct simcard *c);

/* Put it in or take it out. 0 or -1 with errno. */
int simcard_insert(struct simcard *c);
int simcard_remove(struct simcard *c);

/* A silent card sends nothing, not even an ATR. */
void simcard_silence(struct simcard *c, bool silent);

/*
 * The ATR is left to the bench, which sends it after each reset: for clocks so fast that a busy
 * machine would miss the 40,000 cycles. To be called before the card is put in; 0 or -1 with errno.
 */
int simcard_preload(struct simcard *c);

/* To be called before the card is put in. */
void simcard_set_os(struct simcard *c, const struct simcard_os *os);

/* How many commands came since it was made; for waiting until one has arrived. */
unsigned int simcard_commands(struct simcard *c);
/**
 * simcard_last() - the last command as the card got it, and what the card answered
 * @ret_cmd, @ret_cmd_len, @ret_rsp, @ret_rsp_len: theirs until the next command
 *
 * For a caller that has the response already, or has seen simcard_commands() rise.
 */
void simcard_last(struct simcard *c, const uint8_t **ret_cmd, uint32_t *ret_cmd_len,
		  const uint8_t **ret_rsp, uint32_t *ret_rsp_len);
void simcard_let_go(struct simcard *c);

#endif
