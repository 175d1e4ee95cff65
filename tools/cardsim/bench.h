/* SPDX-License-Identifier: GPL-2.0-only */
/* The virtual bench as a device: opening it and adding slots. */
#ifndef CARDSIM_BENCH_H
#define CARDSIM_BENCH_H

#include "slot.h"

/**
 * struct bench_order - the bench to be made
 * @device: path of the bench's device
 * @slots: number of slots
 * @card_clk: Hz
 * @uart_clk: Hz
 * @clk_div: clock scaling, 1 for none
 */
struct bench_order {
	const char *device;
	unsigned int slots;
	uint32_t card_clk;
	uint32_t uart_clk;
	uint32_t clk_div;
};

struct bench {
	int fd;
	struct slot *slots;
	unsigned int count;
};

/* Opens the bench and adds all slots, empty; false after a message on standard error. */
bool bench_open(struct bench *b, const struct bench_order *order, struct event_base *base);
void bench_close(struct bench *b);

#endif
