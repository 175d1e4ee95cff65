// SPDX-License-Identifier: GPL-2.0-only
/*
 * An asynchronous receiver: finds start bits, samples bits in their middle by its own idea of their
 * length. So a sender of another rate gives the errors that it gives in reality. Pure computation.
 */
#include "line.h"

static u64 sample_time(const struct sim_receiver *r, u64 start, unsigned int i)
{
	return start + sim_sixteenths(r->bit_ps, 16 * i + 8);
}

void sim_receiver_reset(struct sim_receiver *r, u64 now)
{
	r->busy = false;
	r->from = now;
	r->n = 0;
	r->levels = 0;
}

static void begin(struct sim_receiver *r, u64 start)
{
	r->busy = true;
	r->start = start;
	r->n = 0;
	r->levels = 0;
}

static void sample_until(struct sim_receiver *r, const struct sim_line *line, u64 now)
{
	while (r->n <= sim_format_bits(&r->format)) {
		u64 t = sample_time(r, r->start, r->n);

		if (t > now)
			break;
		if (sim_line_level(line, r->mask, t))
			r->levels |= 1 << r->n;
		r->n++;
	}
}

void sim_receiver_set(struct sim_receiver *r, const struct sim_line *line,
		      const struct sim_format *format, u64 bit_ps, u64 now)
{
	if (!r->busy && r->bit_ps) {
		u64 edge = sim_line_fall(line, r->mask, r->from);

		if (edge < now)
			begin(r, edge);
	}
	if (r->busy && r->bit_ps) {
		sample_until(r, line, now);
		r->start = now - mul_u64_u64_div_u64(now - r->start, bit_ps, r->bit_ps);
	}
	r->format = *format;
	r->bit_ps = bit_ps;
}

u64 sim_receiver_due(const struct sim_receiver *r, const struct sim_line *line)
{
	u64 start = r->start;

	if (!r->bit_ps)
		return SIM_NEVER;
	if (!r->busy) {
		start = sim_line_fall(line, r->mask, r->from);
		if (start == SIM_NEVER)
			return SIM_NEVER;
	}
	return sample_time(r, start, sim_format_bits(&r->format));
}

bool sim_receiver_take(struct sim_receiver *r, const struct sim_line *line,
		       struct sim_char *ret_char)
{
	unsigned int stop = sim_format_bits(&r->format);
	u64 t;

	if (!r->busy)
		begin(r, sim_line_fall(line, r->mask, r->from));
	t = sample_time(r, r->start, stop);
	sample_until(r, line, t);

	r->busy = false;
	if (r->levels & 1) {
		/* High in the middle of the start bit: noise. The search went on from there. */
		r->from = sample_time(r, r->start, 0);
		return false;
	}

	ret_char->start = r->start;
	ret_char->data = (r->levels >> 1) & ((1 << r->format.bits) - 1);
	ret_char->framing = !(r->levels >> stop & 1);
	ret_char->brk = !r->levels;
	ret_char->parity = false;
	if (r->format.parity) {
		u16 frame = sim_frame(&r->format, ret_char->data, false);

		ret_char->parity = (frame ^ r->levels) >> (stop - 1) & 1;
	}

	r->from = t;
	/*
	 * PC16550D: a stop bit that is low is taken for the next start bit; after a break the line
	 * has to be high first, which the search for an edge sees to.
	 */
	if (ret_char->framing && !ret_char->brk)
		begin(r, t - sim_sixteenths(r->bit_ps, 8));
	return true;
}
