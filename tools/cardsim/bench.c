// SPDX-License-Identifier: GPL-2.0-only
/* The virtual bench as a device: opening it and adding slots. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench.h"

static bool present(int fd, bool in)
{
	__u32 value = in;

	return ioctl(fd, CKS_SIM_PRESENT, &value) == 0;
}

static bool on_reset(int fd, struct cks_sim_event *ev, unsigned int n)
{
	if (n > CKS_SIM_MAX_ON_RESET)
		return false;
	for (unsigned int i = 0; i < n; i++)
		ev[i].flags |= CKS_SIM_ON_RESET;
	return write(fd, ev, n * sizeof(*ev)) == (ssize_t)(n * sizeof(*ev));
}

static const struct slot_ops bench_ops = {
	.present = present,
	.on_reset = on_reset,
};

static bool add_slot(struct bench *b, const struct bench_order *order, struct event_base *base)
{
	struct cks_sim_slot request = {
		.size = sizeof(request),
		.card_clk = order->card_clk,
		.uart_clk = order->uart_clk,
		.clk_div = order->clk_div,
	};
	struct slot *s = &b->slots[b->count];
	int fd = ioctl(b->fd, CKS_SIM_ADD_SLOT, &request);

	if (fd < 0) {
		fprintf(stderr, "cardsim: cannot add slot %u: %s%s\n", b->count, strerror(errno),
			errno == ENODEV ? "; is the module cks_uart loaded?" : "");
		return false;
	}
	s->lane = b->count;
	s->coupler = request.coupler;
	s->clk_hz = order->card_clk;
	s->clk_div = order->clk_div;
	b->count++;
	if (slot_init(s, base, &bench_ops, fd))
		return true;
	fprintf(stderr, "cardsim: cannot watch slot %u: %s\n", s->lane, strerror(errno));
	return false;
}

bool bench_open(struct bench *b, const struct bench_order *order, struct event_base *base)
{
	memset(b, 0, sizeof(*b));
	b->fd = open(order->device, O_RDWR | O_CLOEXEC);
	if (b->fd < 0) {
		fprintf(stderr, "cardsim: cannot open %s: %s%s\n", order->device, strerror(errno),
			errno == ENOENT ? "; load the module cks_sim first" : "");
		return false;
	}
	b->slots = calloc(order->slots, sizeof(*b->slots));
	if (!b->slots) {
		fprintf(stderr, "cardsim: no memory for %u slots\n", order->slots);
		bench_close(b);
		return false;
	}
	while (b->count < order->slots) {
		if (!add_slot(b, order, base)) {
			bench_close(b);
			return false;
		}
	}
	return true;
}

void bench_close(struct bench *b)
{
	for (unsigned int i = 0; i < b->count; i++)
		slot_free(&b->slots[i]);
	free(b->slots);
	if (b->fd >= 0)
		close(b->fd);
	memset(b, 0, sizeof(*b));
	b->fd = -1;
}
