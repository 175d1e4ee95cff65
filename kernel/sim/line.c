// SPDX-License-Identifier: GPL-2.0-only
/*
 * Levels and edges of the I/O line, computed from what each party sends. Pure computation.
 */
#include "line.h"

u16 sim_frame(const struct sim_format *f, u8 data, bool wrong)
{
	u16 levels = 0;
	bool odd = false;
	unsigned int i;

	for (i = 0; i < f->bits; i++) {
		if (data >> i & 1) {
			levels |= 2 << i;
			odd = !odd;
		}
	}
	if (f->parity) {
		bool bit = f->stick ? !f->even : odd == f->even;

		if (bit != wrong)
			levels |= 2 << f->bits;
	}
	return levels;
}

void sim_line_init(struct sim_line *line)
{
	unsigned int i;

	memset(line, 0, sizeof(*line));
	for (i = 0; i < SIM_PARTIES; i++) {
		line->lane[i].low_from = SIM_NEVER;
		line->lane[i].low_to = SIM_NEVER;
	}
}

void sim_line_char(struct sim_line *line, enum sim_party party, u64 start, u64 bit_ps, u16 levels,
		   unsigned int n)
{
	struct sim_lane *lane = &line->lane[party];
	struct sim_wave *w = &lane->wave[lane->count++ % SIM_HISTORY];
	unsigned int i;

	line->version++;
	w->start = start;
	w->bit_ps = bit_ps;
	w->levels = levels;
	w->n = n;
	for (i = 0; i < n; i++)
		w->at[i] = start + sim_bits(bit_ps, i);
	w->end = start + sim_bits(bit_ps, n);
}

/* The i-th last character of a party, NULL when there is none or it is forgotten. */
static const struct sim_wave *recent(const struct sim_lane *lane, u32 i)
{
	if (i >= SIM_HISTORY || i >= lane->count)
		return NULL;
	return &lane->wave[(lane->count - 1 - i) % SIM_HISTORY];
}

unsigned int sim_line_ahead(const struct sim_line *line, enum sim_party party, u64 t)
{
	const struct sim_lane *lane = &line->lane[party];
	const struct sim_wave *w;
	u32 i;

	for (i = 0; (w = recent(lane, i)) && w->start > t; i++)
		;
	return i;
}

u64 sim_line_start(const struct sim_line *line, enum sim_party party, u32 i)
{
	const struct sim_wave *w = recent(&line->lane[party], i);

	return w ? w->start : 0;
}

u64 sim_line_forget(struct sim_line *line, enum sim_party party, u64 t)
{
	struct sim_lane *lane = &line->lane[party];
	unsigned int n = sim_line_ahead(line, party, t);

	line->version++;
	if (n < lane->count && n < SIM_HISTORY) {
		lane->count -= n;
		return recent(lane, 0)->end;
	}
	lane->count = 0;
	return 0;
}

void sim_line_cut(struct sim_line *line, enum sim_party party, u64 t)
{
	struct sim_lane *lane = &line->lane[party];
	struct sim_wave *w;

	sim_line_forget(line, party, t);
	if (lane->count) {
		w = &lane->wave[(lane->count - 1) % SIM_HISTORY];
		if (w->end > t)
			w->end = t;
	}
	if (lane->low_from >= t) {
		lane->low_from = SIM_NEVER;
		lane->low_to = SIM_NEVER;
	} else if (lane->low_to > t) {
		lane->low_to = t;
	}
}

void sim_line_low(struct sim_line *line, enum sim_party party, u64 t, bool low)
{
	struct sim_lane *lane = &line->lane[party];

	line->version++;
	if (low) {
		lane->low_from = t;
		lane->low_to = SIM_NEVER;
	} else if (lane->low_from != SIM_NEVER && lane->low_to == SIM_NEVER) {
		lane->low_to = t;
	}
}

void sim_line_pulse(struct sim_line *line, enum sim_party party, u64 from, u64 to)
{
	line->version++;
	line->lane[party].low_from = from;
	line->lane[party].low_to = to;
}

static bool wave_low(const struct sim_wave *w, u64 t)
{
	unsigned int i;

	if (t < w->start || t >= w->end)
		return false;
	/* The edges decide, not a quotient: what fall() calls an edge has to be one here. */
	i = mul_u64_u64_div_u64(t - w->start, 1000, w->bit_ps);
	if (i >= w->n)
		i = w->n - 1;
	while (i + 1 < w->n && t >= w->at[i + 1])
		i++;
	while (t < w->at[i])
		i--;
	return !(w->levels >> i & 1);
}

static bool lane_low(const struct sim_lane *lane, u64 t)
{
	const struct sim_wave *w;
	u32 i;

	if (lane->low_from <= t && t < lane->low_to)
		return true;
	for (i = 0; (w = recent(lane, i)); i++) {
		if (wave_low(w, t))
			return true;
		if (w->start <= t)
			break;
	}
	return false;
}

bool sim_line_level(const struct sim_line *line, unsigned int mask, u64 t)
{
	unsigned int i;

	for (i = 0; i < SIM_PARTIES; i++) {
		if ((mask >> i & 1) && lane_low(&line->lane[i], t))
			return false;
	}
	return true;
}

const struct sim_wave *sim_line_alone(const struct sim_line *line, unsigned int mask,
				      u64 start, u64 to)
{
	const struct sim_wave *w, *found = NULL;
	unsigned int party;
	u32 i;

	for (party = 0; party < SIM_PARTIES; party++) {
		const struct sim_lane *lane = &line->lane[party];

		if (!(mask >> party & 1))
			continue;
		if (lane->low_from <= to && lane->low_to > start)
			return NULL;
		for (i = 0; (w = recent(lane, i)) && w->end > start; i++) {
			if (w->start > to)
				continue;
			if (found || w->start != start)
				return NULL;
			found = w;
		}
	}
	return found;
}

/* First place at or after @from where a character goes from high to low. */
static u64 wave_fall(const struct sim_wave *w, u64 from)
{
	bool was = true;
	unsigned int i;

	/* Mostly its start bit is looked for. */
	if (from <= w->start && !(w->levels & 1) && w->start < w->end)
		return w->start;
	for (i = 0; i < w->n; i++) {
		bool is = w->levels >> i & 1;
		u64 t = w->at[i];

		if (t >= w->end)
			break;
		if (was && !is && t >= from)
			return t;
		was = is;
	}
	return SIM_NEVER;
}

static u64 lane_fall(const struct sim_lane *lane, u64 from)
{
	const struct sim_wave *w;
	u64 best = SIM_NEVER, t;
	u32 i;

	if (lane->low_from >= from)
		best = lane->low_from;
	for (i = 0; (w = recent(lane, i)) && w->end > from; i++) {
		t = wave_fall(w, from);
		if (t < best)
			best = t;
	}
	return best;
}

u64 sim_line_fall(const struct sim_line *line, unsigned int mask, u64 from)
{
	unsigned int i, tries;

	/* Each party's edges are few; most are true ones at the first try. */
	for (tries = 0; tries < SIM_PARTIES * SIM_HISTORY * 6; tries++) {
		u64 best = SIM_NEVER, t;

		for (i = 0; i < SIM_PARTIES; i++) {
			if (!(mask >> i & 1))
				continue;
			t = lane_fall(&line->lane[i], from);
			if (t < best)
				best = t;
		}
		if (best == SIM_NEVER || !best || sim_line_level(line, mask, best - 1))
			return best;
		/* Somebody else was pulling already. */
		from = best + 1;
	}
	return SIM_NEVER;
}

u64 sim_line_next_char(const struct sim_line *line, u64 t)
{
	const struct sim_wave *w;
	u64 best = SIM_NEVER;
	unsigned int party;
	u32 i;

	for (party = SIM_UART; party <= SIM_CARD; party++) {
		for (i = 0; (w = recent(&line->lane[party], i)) && w->start > t; i++) {
			if (w->start < best)
				best = w->start;
		}
	}
	return best;
}

/* First place at or after @from where the levels of a character change, its ends included. */
static u64 wave_edge(const struct sim_wave *w, u64 from)
{
	unsigned int i;

	if (w->start >= from)
		return w->start;
	for (i = 1; i < w->n; i++) {
		u64 t = w->at[i];

		if (t >= w->end)
			break;
		if (t >= from && ((w->levels >> i ^ w->levels >> (i - 1)) & 1))
			return t;
	}
	return w->end >= from ? w->end : SIM_NEVER;
}

static u64 lane_edge(const struct sim_lane *lane, u64 from)
{
	const struct sim_wave *w;
	u64 best = SIM_NEVER, t;
	u32 i;

	if (lane->low_from >= from)
		best = lane->low_from;
	else if (lane->low_to >= from)
		best = lane->low_to;
	for (i = 0; (w = recent(lane, i)) && w->end >= from; i++) {
		t = wave_edge(w, from);
		if (t < best)
			best = t;
	}
	return best;
}

u64 sim_line_edge(const struct sim_line *line, unsigned int mask, u64 from)
{
	unsigned int i, tries;

	for (tries = 0; tries < SIM_PARTIES * SIM_HISTORY * 12; tries++) {
		u64 best = SIM_NEVER, t;

		for (i = 0; i < SIM_PARTIES; i++) {
			if (!(mask >> i & 1))
				continue;
			t = lane_edge(&line->lane[i], from);
			if (t < best)
				best = t;
		}
		/* The end of a character that ends high is none; nor is one within a break. */
		if (best == SIM_NEVER || !best ||
		    sim_line_level(line, mask, best) != sim_line_level(line, mask, best - 1))
			return best;
		from = best + 1;
	}
	return SIM_NEVER;
}

u64 sim_line_end(const struct sim_line *line, unsigned int mask)
{
	const struct sim_wave *w;
	unsigned int i;
	u64 end = 0;

	for (i = 0; i < SIM_PARTIES; i++) {
		const struct sim_lane *lane = &line->lane[i];

		if (!(mask >> i & 1))
			continue;
		w = recent(lane, 0);
		if (w && w->end > end)
			end = w->end;
		if (lane->low_from != SIM_NEVER && lane->low_from > end)
			end = lane->low_from;
		if (lane->low_to != SIM_NEVER && lane->low_to > end)
			end = lane->low_to;
	}
	return end;
}
