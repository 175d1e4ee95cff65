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

/* Where the next start bit begins, of what is known to come. */
static u64 next_fall(struct sim_receiver *r, const struct sim_line *line)
{
	if (r->version == line->version && r->fall_from == r->from && r->fall_mask == r->mask)
		return r->fall;
	r->fall = sim_line_fall(line, r->mask, r->from);
	r->fall_from = r->from;
	r->fall_mask = r->mask;
	r->version = line->version;
	return r->fall;
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

/*
 * A character whose bits are as long as the receiver takes them, and nothing else meanwhile: its
 * levels are what all the samples would be.
 */
static bool sample_whole(struct sim_receiver *r, const struct sim_line *line)
{
	unsigned int stop = sim_format_bits(&r->format);
	const struct sim_wave *w;
	u64 off;

	if (r->n)
		return false;
	w = sim_line_alone(line, r->mask, r->start, sample_time(r, r->start, stop));
	if (!w || w->end < w->at[w->n - 1] + sim_sixteenths(w->bit_ps, 15))
		return false;
	off = w->bit_ps > r->bit_ps ? w->bit_ps - r->bit_ps : r->bit_ps - w->bit_ps;
	if (off * (stop + 1) > r->bit_ps / 4)
		return false;
	r->levels = (w->levels | ~0U << w->n) & ((2U << stop) - 1);
	r->n = stop + 1;
	return true;
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
	u64 over;

	if (!r->busy && r->bit_ps) {
		u64 edge = next_fall(r, line);

		if (edge < now)
			begin(r, edge);
	}
	if (r->busy && r->bit_ps) {
		sample_until(r, line, now);
		over = mul_u64_u64_div_u64(now - r->start, bit_ps, r->bit_ps);
		/* Of a character that nobody has taken yet it can be longer than all time. */
		r->start = over < now ? now - over : 0;
	}
	r->format = *format;
	r->bit_ps = bit_ps;
}

u64 sim_receiver_due(struct sim_receiver *r, const struct sim_line *line)
{
	u64 start = r->start;

	if (!r->bit_ps)
		return SIM_NEVER;
	if (!r->busy) {
		start = next_fall(r, line);
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
		begin(r, next_fall(r, line));
	t = sample_time(r, r->start, stop);
	if (!sample_whole(r, line))
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
