// SPDX-License-Identifier: GPL-2.0-only
/*
 * A card as its contacts see it: power and reset, characters received and sent. What the card means
 * by them is for the program that reads and writes the records. Pure computation.
 */
#include "card.h"

#define NS_PER_S	1000000000ULL

#define ETU_INITIAL	(372 * CKS_SIM_TICKS_PER_CLK)
#define ETU_MIN		(4 * CKS_SIM_TICKS_PER_CLK)	/* 372/64 is 5.8 clock cycles */
#define ETU_MAX		(4096 * CKS_SIM_TICKS_PER_CLK)
#define AHEAD_NS	(3600 * NS_PER_S)

/* ISO/IEC 7816-3 7.3, in sixteenths of an etu from the leading edge. */
#define SIGNAL_FROM	(10 * 16 + 9)	/* 10.5 +- 0.2 etu; a card samples 16 times an etu */
#define SIGNAL_LOOK	(11 * 16)	/* where the sender looks for it */
#define SIGNAL_REPEAT	(13 * 16)	/* 2 etu after that */
#define REFUSED_MAX	4

static u64 ticks_per_s(const struct sim_card *c)
{
	return (u64)c->clk * CKS_SIM_TICKS_PER_CLK;
}

static u64 to_ticks(const struct sim_card *c, u64 t)
{
	return t > c->epoch ? mul_u64_u64_div_u64(t - c->epoch, ticks_per_s(c), NS_PER_S) : 0;
}

static u64 to_ns(const struct sim_card *c, u64 ticks)
{
	return mul_u64_u64_div_u64(ticks, NS_PER_S, ticks_per_s(c));
}

void sim_card_init(struct sim_card *c, struct sim_line *line, struct sim_faults *faults, u32 clk,
		   struct cks_sim_event *out, struct cks_sim_event *in)
{
	memset(c, 0, sizeof(*c));
	c->line = line;
	c->faults = faults;
	c->clk = clk;
	c->out.rec = out;
	c->in.rec = in;
	c->receiver.mask = SIM_ALL;
}

static void put(struct sim_card *c, const struct cks_sim_event *e)
{
	c->out.rec[c->out.head++ % SIM_RING] = *e;
	c->wake = true;
}

/* A gap in the events is told as soon as there is room again. */
static void put_lost(struct sim_card *c)
{
	struct cks_sim_event e = { .type = CKS_SIM_LOST };

	if (!c->lost || sim_ring_count(&c->out) == SIM_RING)
		return;
	c->lost = false;
	put(c, &e);
}

static void event(struct sim_card *c, enum cks_sim_type type, u64 t, u8 value, u8 flags)
{
	struct cks_sim_event e = {
		.time = to_ticks(c, t),
		.type = type,
		.value = value,
		.flags = flags,
	};

	put_lost(c);
	if (sim_ring_count(&c->out) == SIM_RING)
		c->lost = true;
	else
		put(c, &e);
	if (type == CKS_SIM_VCC || type == CKS_SIM_RST)
		c->mark = c->out.head + c->lost;
}

static void set_rate(struct sim_card *c, u64 now)
{
	u32 millionths = 1000000 + sim_fault_value(c->faults, CKS_SIM_FAULT_PPM);

	/* Picoseconds: at most 4096 * 960 * 1e12, which 64 bits hold. */
	c->bit_ps = mul_u64_u64_div_u64(c->etu, NS_PER_S * 1000, ticks_per_s(c));
	c->bit_ps = mul_u64_u64_div_u64(c->bit_ps, millionths, 1000000);
	if (c->bit_ps > SIM_BIT_PS_MAX)
		c->bit_ps = SIM_BIT_PS_MAX;
	c->gap_ns = c->gap ? to_ns(c, c->gap) : sim_bits(c->bit_ps, 12);
	sim_receiver_set(&c->receiver, c->line, &c->format, c->bit_ps, now);
}

void sim_card_ppm(struct sim_card *c, u64 now)
{
	/* A character under way keeps its bits, or the card would hear it. */
	c->retune = c->sending;
	if (c->vcc && !c->sending)
		set_rate(c, now);
}

static void set_line(struct sim_card *c, u32 etu, u32 gap, bool odd, u64 now)
{
	c->etu = etu;
	c->gap = gap;
	c->format.bits = 8;
	c->format.parity = true;
	c->format.even = !odd;
	set_rate(c, now);
}

static void set_error_signal(struct sim_card *c, bool on, u8 value)
{
	c->error_signal = on;
	c->signal_from = value & 0xf ? 10 * 16 + (value & 0xf) : SIGNAL_FROM;
	c->signal_to = c->signal_from + 16 + (value >> 4);
}

static void restart(struct sim_card *c, u64 now)
{
	sim_line_cut(c->line, SIM_CARD, now);
	c->in.tail = c->in.head;
	c->sending = false;
	c->owe_sent = false;
	c->drop = false;
	c->retune = false;
	c->next = 0;
	c->wake = true;
	sim_receiver_reset(&c->receiver, now);
	set_line(c, ETU_INITIAL, 0, false, now);
	set_error_signal(c, false, 0);
}

static void transmitter(struct sim_card *c, u64 now);

/* RST has gone high: the answer that was left for this. What was to be sent before is gone. */
static void answer(struct sim_card *c, u64 now)
{
	struct cks_sim_event e;
	unsigned int i;

	for (i = 0; i < c->on_reset_count && sim_ring_count(&c->in) < SIM_RING; i++) {
		e = c->on_reset[i];
		e.time += to_ticks(c, now);
		c->in.rec[c->in.head++ % SIM_RING] = e;
	}
	transmitter(c, now);
}

void sim_card_contacts(struct sim_card *c, bool present, bool vcc, bool rst, u64 now)
{
	if (c->present && !present)
		c->on_reset_count = 0;
	c->present = present;
	vcc = vcc && present;
	if (vcc != c->vcc) {
		c->vcc = vcc;
		c->rst = false;
		if (vcc)
			c->epoch = now;
		restart(c, now);
		event(c, CKS_SIM_VCC, now, vcc, 0);
	}
	if (vcc && rst != c->rst) {
		c->rst = rst;
		if (rst)
			sim_receiver_reset(&c->receiver, now);
		else
			restart(c, now);
		event(c, CKS_SIM_RST, now, rst, 0);
		if (rst)
			answer(c, now);
	}
}

/* The middle of the stop bit: so long is a character under way, for both directions. */
static u64 stop_at(const struct sim_card *c)
{
	return c->start + sim_sixteenths(c->bit_ps, 10 * 16 + 8);
}

/* When a character has been sent, and nothing is to be said against it any more. */
static u64 sent_at(const struct sim_card *c)
{
	return c->error_signal ? c->start + sim_sixteenths(c->bit_ps, SIGNAL_LOOK) : stop_at(c);
}

/* The card does not hear while it sends; what began before is received to its end. */
static u64 receiver_due(struct sim_card *c)
{
	u64 due = sim_receiver_due(&c->receiver, c->line);

	if (c->sending && due >= stop_at(c))
		return SIM_NEVER;
	return due;
}

u64 sim_card_due(struct sim_card *c)
{
	u64 due;

	if (!c->vcc)
		return SIM_NEVER;
	due = receiver_due(c);
	if (c->sending && sent_at(c) < due)
		due = sent_at(c);
	return due;
}

/* The character is on its way, leading edge at @start or as soon after it as may be. */
static void send(struct sim_card *c, u64 start, bool wrong)
{
	if (sim_fault_hit(c->faults, CKS_SIM_FAULT_CARD_PARITY))
		wrong = !wrong;
	c->start = start;
	c->next = start + c->gap_ns;
	c->sending = true;
	c->owe_sent = true;
	sim_line_char(c->line, SIM_CARD, start, c->bit_ps, sim_frame(&c->format, c->value, wrong),
		      sim_format_bits(&c->format));
}

static void take_line(struct sim_card *c, const struct cks_sim_event *e, u64 now)
{
	set_line(c, e->etu, e->gap, e->flags & CKS_SIM_ODD, now);
	set_error_signal(c, e->flags & CKS_SIM_ERROR_SIGNAL, e->value);
}

/* Carry out what was written, up to the next character. */
static void transmitter(struct sim_card *c, u64 now)
{
	const struct cks_sim_event *e, *line = NULL;
	u64 start;

	while (!c->sending && sim_ring_count(&c->in)) {
		e = &c->in.rec[c->in.tail++ % SIM_RING];
		c->wake = true;
		/* Of those that come together the last one counts: this may be a hard interrupt. */
		if (e->type == CKS_SIM_LINE) {
			line = e;
			continue;
		}
		if (c->drop)
			continue;
		if (line)
			take_line(c, line, now);
		line = NULL;
		start = c->epoch + to_ns(c, e->time);
		if (start < c->next)
			start = c->next;
		if (start < now)
			start = now;
		c->value = e->value;
		c->refused = 0;
		send(c, start, e->flags & CKS_SIM_PARITY);
	}
	if (line)
		take_line(c, line, now);
	c->drop = false;
	if (!c->sending && c->owe_sent) {
		c->owe_sent = false;
		event(c, CKS_SIM_SENT, c->start, 0, 0);
	}
}

/* 7.3: refuse what was received. The card does not take its own signal for a character. */
static void refuse(struct sim_card *c, u64 start)
{
	u64 end = start + sim_sixteenths(c->bit_ps, c->signal_to);

	sim_line_pulse(c->line, SIM_CARD, start + sim_sixteenths(c->bit_ps, c->signal_from), end);
	sim_receiver_reset(&c->receiver, end);
}

static void received(struct sim_card *c, const struct sim_char *ch)
{
	bool parity = ch->parity;

	if (sim_fault_hit(c->faults, CKS_SIM_FAULT_UART_PARITY))
		parity = !parity;
	event(c, CKS_SIM_CHAR, ch->start, ch->data,
	      (parity ? CKS_SIM_PARITY : 0) | (ch->framing ? CKS_SIM_FRAMING : 0));
	if (parity && c->error_signal)
		refuse(c, ch->start);
}

static void sent(struct sim_card *c, u64 t)
{
	bool refused = c->error_signal && !sim_line_level(c->line, SIM_ALL, sent_at(c));

	sim_receiver_reset(&c->receiver, sent_at(c));
	if (refused && ++c->refused < REFUSED_MAX) {
		u64 start = c->start + sim_sixteenths(c->bit_ps, SIGNAL_REPEAT);

		send(c, start < t ? t : start, false);
		return;
	}
	if (refused) {
		event(c, CKS_SIM_CHAR, c->start, c->value, CKS_SIM_REFUSED);
		c->drop = true;
	}
	c->sending = false;
	if (c->retune)
		set_rate(c, t);
	c->retune = false;
	transmitter(c, t);
}

void sim_card_advance(struct sim_card *c, u64 t)
{
	struct sim_char ch;

	if (receiver_due(c) <= t && sim_receiver_take(&c->receiver, c->line, &ch) && c->rst)
		received(c, &ch);
	if (c->sending && sent_at(c) <= t)
		sent(c, t);
}

/* Of a LINE. */
static bool value_is_good(const struct cks_sim_event *e)
{
	u8 from = e->value & 0xf;

	if (!(e->flags & CKS_SIM_ERROR_SIGNAL))
		return !e->value;
	return !from || (from >= 8 && from <= 11);
}

int sim_card_check(const struct sim_card *c, const struct cks_sim_event *e, u64 now)
{
	bool keep = e->flags & CKS_SIM_ON_RESET;

	if (e->reserved)
		return -EINVAL;
	if (keep && c->on_reset_count == CKS_SIM_MAX_ON_RESET)
		return -ENOSPC;
	switch (e->type) {
	case CKS_SIM_CHAR:
		if (e->flags & ~(CKS_SIM_PARITY | CKS_SIM_ON_RESET) || e->etu || e->gap)
			return -EINVAL;
		if (keep)
			return e->time > to_ticks(c, c->epoch + AHEAD_NS) ? -EINVAL : 0;
		/* Before the clock runs nothing is carried out, whatever the time. */
		if (c->vcc && e->time > to_ticks(c, now + AHEAD_NS))
			return -EINVAL;
		return 0;
	case CKS_SIM_LINE:
		if (e->flags & ~(CKS_SIM_ODD | CKS_SIM_ERROR_SIGNAL | CKS_SIM_ON_RESET) ||
		    e->etu < ETU_MIN || e->etu > ETU_MAX || !value_is_good(e))
			return -EINVAL;
		if (e->gap && e->gap < 11 * e->etu)
			return -EINVAL;
		return 0;
	default:
		return -EINVAL;
	}
}

void sim_card_write(struct sim_card *c, const struct cks_sim_event *e, u64 now)
{
	if (e->flags & CKS_SIM_ON_RESET) {
		c->on_reset[c->on_reset_count++] = *e;
		return;
	}
	/* Its program does not know of the reset yet: this belongs to the time before. */
	if (!c->vcc || (int)(c->mark - c->out.tail) > 0)
		return;
	if (!c->rst && e->type == CKS_SIM_CHAR)
		return;
	c->in.rec[c->in.head++ % SIM_RING] = *e;
	transmitter(c, now);
}

const struct cks_sim_event *sim_card_peek(struct sim_card *c, u32 i)
{
	put_lost(c);
	return i < sim_ring_count(&c->out) ? &c->out.rec[(c->out.tail + i) % SIM_RING] : NULL;
}

void sim_card_consume(struct sim_card *c, u32 n)
{
	c->out.tail += n;
	/* It stays comparable however many are read before the next reset. */
	if ((int)(c->mark - c->out.tail) < 0)
		c->mark = c->out.tail;
}
