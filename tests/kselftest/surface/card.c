// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bench and the card's side of a slot: what a card sends, and the files they are.
 */
#include <fcntl.h>
#include <linux/cks_sim.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "world.h"

enum card_sub { PRESENT, ANSWER_TO_RESET, CHARS, RECORDS, FAULT, READ, COST, TRACE, TRACE_COUPLER,
	IOCTL, BENCH_IOCTL, SLOT, RESPOND, SUBS };

#define CHARS_MAX	300

static const char *const atrs[] = {
	"\x3b\x80\x40\x01", "\x3b\x80\x81\x21\x05\x25", "\x3b\x02\x14\x50", "\x3f\x03\x25",
	"\x3b\x90\x95\x80\x01\x84",
};

static const uint8_t atr_len[] = { 4, 6, 4, 3, 6 };

void card_make(struct dice *d, struct program *p)
{
	struct cks_sim_fault f = {
		.type = dice_of(d, CKS_SIM_FAULT_PPM + 2), .every = dice_of(d, 4),
		.nth = dice_of(d, 12), .value = (int32_t)dice_of(d, 2000),
	};
	struct cks_sim_slot s = {
		.size = sizeof(s), .flags = (uint32_t)dice_odd(d) & 0x3ff, .card_clk = 3579545,
		.uart_clk = 1843200, .family = dice_of(d, 4),
	};
	struct cks_sim_event e[8];
	uint8_t sub = (uint8_t)dice_of(d, SUBS), data[512];
	unsigned int i, n = 1 + dice_of(d, 8);
	size_t len = 0;

	switch (sub) {
	case PRESENT:
		data[0] = (uint8_t)!!dice_of(d, 4);
		len = 1;
		break;
	case ANSWER_TO_RESET:
		i = dice_of(d, 5);
		len = atr_len[i];
		memcpy(data, atrs[i], len);
		if (!dice_of(d, 3)) {
			len = 1 + dice_of(d, 40);
			dice_bytes(d, data + 1, len - 1);
		}
		break;
	case CHARS:
		data[0] = (uint8_t)dice_of(d, 10);
		len = 1 + dice_of(d, dice_of(d, 4) ? 12 : CHARS_MAX);
		dice_bytes(d, data + 1, len - 1);
		if (dice_of(d, 2)) {
			data[1] = 0x90;
			data[2] = 0;
			len = 3;
		}
		break;
	case RECORDS:
		for (i = 0; i < n; i++)
			e[i] = (struct cks_sim_event){
				.type = (uint16_t)dice_of(d, 8), .time = dice_odd(d),
				.value = (uint8_t)dice_roll(d), .flags = (uint8_t)dice_odd(d),
				.etu = (uint32_t)dice_odd(d), .gap = (uint32_t)dice_odd(d),
				.reserved = !dice_of(d, 16),
			};
		len = n * sizeof(e[0]);
		memcpy(data, e, len);
		break;
	case FAULT:
		if (!dice_of(d, 4))
			f.value = (int32_t)dice_odd(d);
		memcpy(data, &f, sizeof(f));
		len = sizeof(f);
		break;
	case RESPOND:
		data[0] = (uint8_t)dice_of(d, dice_of(d, 4) ? 2 : 256);
		len = 1 + dice_of(d, 40);
		dice_bytes(d, data + 1, len - 1);
		if (dice_of(d, 2)) {
			data[len++] = 0x90;
			data[len++] = 0;
		}
		break;
	case IOCTL:
	case BENCH_IOCTL:
		len = 4 + dice_of(d, 64);
		dice_bytes(d, data, len);
		data[0] = (uint8_t)(0x7f + dice_of(d, 8));
		data[1] = 'C';
		break;
	case SLOT:
		if (!dice_of(d, 4))
			s.size = (uint32_t)dice_odd(d);
		if (!dice_of(d, 4))
			s.card_clk = (uint32_t)dice_odd(d);
		if (!dice_of(d, 4))
			s.fifo = 1u << dice_of(d, 9);
		if (!dice_of(d, 4))
			s.clk_div = (uint32_t)dice_odd(d);
		memcpy(data, &s, sizeof(s));
		len = sizeof(s);
		break;
	}
	program_add(p, OP_CARD, sub, data, len);
}

/* The coupler hears of it by an interrupt; its event says when. */
static void present(struct world *w, uint32_t in)
{
	if (ioctl(w->here.slot, CKS_SIM_PRESENT, &in) || w->here.present == in)
		return;
	w->here.present = in;
	if (!in)
		w->here.presence_gen++;
	world_wait(w->events, WAIT_MS);
	world_drain(w->events);
}

static void put_chars(const struct world *w, const uint8_t *p, size_t len, uint8_t flags)
{
	struct cks_sim_event e[CHARS_MAX];
	size_t i, n = 0;

	for (i = 0; i < len && n < CHARS_MAX; i++)
		e[n++] = (struct cks_sim_event){
			.type = CKS_SIM_CHAR, .value = p[i], .flags = flags,
			.time = flags ? 500ULL * CKS_SIM_TICKS_PER_CLK : 0,
		};
	if (write(w->here.slot, e, n * sizeof(e[0])) < 0)
		return;
}

/* Wait for so many characters of the coupler's. Return: how many came, those of them in @ret. */
static size_t hear(struct world *w, uint8_t *ret, size_t n)
{
	struct cks_sim_event e;
	size_t have = 0;

	while (have < n && world_expect(w, w->here.slot)) {
		if (read(w->here.slot, &e, sizeof(e)) != sizeof(e))
			break;
		if (e.type == CKS_SIM_CHAR)
			ret[have++] = e.value;
	}
	return have;
}

/* In T=0, the procedure byte goes before it; @how says otherwise. */
static void respond_t0(struct world *w, uint8_t how, const uint8_t *rsp, size_t len)
{
	uint8_t header[5], out[1 + OP_DATA_MAX], sink[256];

	if (hear(w, header, 5) < 5)
		return;
	/* A command with data: all of them at once, or one by one. */
	if (how & 2) {
		out[0] = how & 4 ? header[1] ^ 0xff : header[1];
		put_chars(w, out, 1, 0);
		if (hear(w, sink, how & 4 ? 1 : header[4]) == 0)
			return;
	}
	out[0] = how & 8 ? 0x60 : header[1];
	memcpy(out + 1, rsp, len);
	put_chars(w, out + (how & 1), len + 1 - (how & 1), 0);
}

/* A block of the coupler's. Return: whether one came. */
static bool hear_block(struct world *w, uint8_t b[4 + 255])
{
	return hear(w, b, 3) == 3 && hear(w, b + 3, b[2] + 1u) == b[2] + 1u;
}

static void put_block(const struct world *w, uint8_t b[4 + 255], bool spoilt)
{
	unsigned int i, end = b[2] + 3u;

	b[0] = 0;
	b[end] = spoilt;
	for (i = 0; i < end; i++)
		b[end] ^= b[i];
	put_chars(w, b, end + 1, 0);
}

/* In T=1, blocks are numbered and checked; @how spoils it, or says that more follow. */
static void respond_t1(struct world *w, uint8_t how, const uint8_t *rsp, size_t len)
{
	uint8_t b[4 + 255];

	if (!hear_block(w, b))
		return;
	if ((b[1] & 0xe0) == 0xc0) {
		/* What it asks for, of its IFSD mostly, is granted. */
		b[1] |= 0x20;
		put_block(w, b, false);
		if (!hear_block(w, b))
			return;
	}
	if (how & 2) {
		/* Once more, please. */
		b[1] = (uint8_t)(0x81 | (b[1] & 0x40) >> 2);
		b[2] = 0;
	} else if (how & 4) {
		/* More time, please. */
		b[1] = 0xc3;
		b[2] = 1;
		b[3] = 2;
	} else {
		b[1] = (uint8_t)((w->here.block++ & 1) << 6 | (how & 8) << 2);
		b[2] = (uint8_t)(len > 254 ? 254 : len);
		memcpy(b + 3, rsp, b[2]);
	}
	put_block(w, b, how & 1);
}

static void look_at_trace(int fd)
{
	struct cks_sim_edge e[16];

	if (fd < 0)
		return;
	if (fcntl(fd, F_SETFL, O_NONBLOCK) || read(fd, e, sizeof(e)) < 0)
		e[0].value = 0;
	close(fd);
}

/* On a bench of its own, which goes with it. */
static void another_slot(uint8_t *arg)
{
	int bench = open("/dev/cks_sim", O_RDWR | O_CLOEXEC), fd;

	fd = ioctl(bench, CKS_SIM_ADD_SLOT, arg);
	if (fd >= 0)
		close(fd);
	close(bench);
}

void card_run(struct world *w, const struct op *op)
{
	static uint8_t data[OP_DATA_MAX + 4096];
	struct cks_sim_cost cost;
	uint8_t heard[31];
	uint32_t nr;

	memset(data, 0, sizeof(data));
	world_fill(w, op, data, false);
	w->records++;
	memcpy(&nr, data, 4);
	switch (op->sub % SUBS) {
	case PRESENT:
		present(w, data[0] & 1);
		break;
	case ANSWER_TO_RESET:
		w->here.t1 = op->len > 2 && data[1] & 0x80 && data[2] & 1;
		w->here.block = 0;
		put_chars(w, data, op->len, CKS_SIM_ON_RESET);
		break;
	case CHARS:
		hear(w, heard, data[0] & 31);
		put_chars(w, data + 1, op->len ? op->len - 1u : 0, 0);
		break;
	case RECORDS:
		if (write(w->here.slot, data, op->len) < 0)
			return;
		break;
	case FAULT:
		/* So long that nothing more would come of it. */
		ioctl(w->here.slot, CKS_SIM_FAULT, data);
		break;
	case READ:
		if (read(w->here.slot, data, op->len ? 24u * data[0] : 24) < 0)
			return;
		break;
	case COST:
		ioctl(w->here.slot, CKS_SIM_COST, &cost);
		break;
	case TRACE:
		look_at_trace(ioctl(w->here.slot, CKS_SIM_TRACE));
		break;
	case TRACE_COUPLER:
		look_at_trace(ioctl(w->bench, CKS_SIM_TRACE_COUPLER,
				    op->len ? &nr : &w->here.coupler));
		break;
	case IOCTL:
		/* Not what leaves a descriptor. */
		if ((nr & 0xffff) != (CKS_SIM_TRACE & 0xffff))
			ioctl(w->here.slot, nr, op->len & 1 ? NULL : data + 4);
		break;
	case BENCH_IOCTL:
		if ((nr & 0xffff) != (CKS_SIM_TRACE_COUPLER & 0xffff) &&
		    (nr & 0xffff) != (CKS_SIM_ADD_SLOT & 0xffff))
			ioctl(w->bench, nr, op->len & 1 ? NULL : data + 4);
		break;
	case SLOT:
		another_slot(data);
		break;
	case RESPOND:
		if (op->len)
			(w->here.t1 ? respond_t1 : respond_t0)(w, data[0], data + 1, op->len - 1u);
		break;
	}
}
