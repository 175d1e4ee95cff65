/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A session on the bench, whose trace is checked against the rules of check.h: which card it has,
 * and what was found.
 */
#ifndef EXACT_SESSION_H
#define EXACT_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/cks_sim.h>

#include "kselftest/lib/simcard.h"

/* 9600 * 372. */
#define SESSION_CARD_CLK	3571200
#define SESSION_ATR_SIZE	16
#define SESSION_COMMANDS	5

/**
 * struct rate - a rate at which sessions are
 * @ta1: of the card
 * @uart_clk: clock of the UART that gives it exactly
 * @signals: there is an error signal, in T=0
 */
struct rate {
	uint8_t ta1;
	uint32_t uart_clk;
	bool signals;
};

#define SESSION_RATES	7
extern const struct rate session_rates[SESSION_RATES];

/**
 * struct session - one card
 * @rate: of it
 * @t: protocol
 * @n: N
 * @inverse: convention
 * @refuse: characters are refused, in both directions
 * @t15: T=15 is in the ATR
 * @flags: wiring
 * @card: in its slot
 * @trace: descriptor
 * @atr: of the card
 * @atr_len: length
 * @given: when each command was handed over for which the coupler had to wait, CLOCK_MONOTONIC
 * @commands: how many were
 */
struct session {
	const struct rate *rate;
	uint8_t t;
	uint8_t n;
	bool inverse;
	bool refuse;
	bool t15;
	uint32_t flags;
	struct simcard *card;
	int trace;
	uint8_t atr[SESSION_ATR_SIZE];
	size_t atr_len;
	uint64_t given[SESSION_COMMANDS];
	unsigned int commands;
};

/* Say what is wrong, and with which session. Return: false */
__attribute__((format(printf, 2, 3)))
bool session_say(const struct session *s, const char *fmt, ...);

/* CLOCK_MONOTONIC, ns. */
uint64_t session_now(void);

/* Make its ATR, and say what slot it needs. */
void session_plan(struct session *s, struct cks_sim_slot *ret_slot);

/* Record it from here on; its card has its slot. False if the bench cannot. */
bool session_record(struct session *s);

/* The card has been deactivated: are all rules kept? What was found is told. */
bool session_check(struct session *s);

#endif
