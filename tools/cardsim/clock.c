// SPDX-License-Identifier: GPL-2.0-only
/* The card's time against CLOCK_MONOTONIC. */
#include <time.h>

#include "clock.h"

#define NS_PER_S	1000000000ULL
#define TICKS_PER_CLK	960ULL

__extension__ typedef unsigned __int128 wide;

uint64_t clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static uint64_t to_ns(const struct card_clock *c, uint64_t ticks)
{
	wide ns = ((wide)ticks * NS_PER_S + c->rate - 1) / c->rate;

	return ns > UINT64_MAX / 2 ? UINT64_MAX / 2 : (uint64_t)ns;
}

void card_clock_start(struct card_clock *c, uint32_t clk_hz, uint32_t clk_div)
{
	c->rate = TICKS_PER_CLK * clk_hz / (clk_div ? clk_div : 1);
	if (!c->rate)
		c->rate = 1;
	c->epoch = clock_now();
}

void card_clock_seen(struct card_clock *c, uint64_t ticks, uint64_t now)
{
	uint64_t age = to_ns(c, ticks);

	if (age <= now && now - age < c->epoch)
		c->epoch = now - age;
}

uint64_t card_clock_ticks(const struct card_clock *c, uint64_t now)
{
	if (now <= c->epoch)
		return 0;
	return (uint64_t)((wide)(now - c->epoch) * c->rate / NS_PER_S);
}

uint64_t card_clock_ns(const struct card_clock *c, uint64_t ticks)
{
	return c->epoch + to_ns(c, ticks);
}
