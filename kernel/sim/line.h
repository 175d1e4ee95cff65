/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The I/O line of a simulated slot: what each party pulls low and when, and a receiver that samples
 * it as an asynchronous receiver does. Pure computation on times in nanoseconds; nothing here knows
 * what time it is. The caller serialises.
 */
#ifndef CKS_SIM_LINE_H
#define CKS_SIM_LINE_H

#ifdef __KERNEL__
#include <linux/math64.h>
#endif

#include "iso7816/port.h"

#ifndef __KERNEL__
static inline u64 div_u64(u64 a, u32 b)
{
	return a / b;
}

static inline u64 mul_u64_u64_div_u64(u64 a, u64 b, u64 c)
{
	return (__uint128_t)a * b / c;
}
#endif

#define SIM_NEVER	U64_MAX
#define SIM_HISTORY	32	/* waveforms remembered for a party, a power of two */
#define SIM_BITS_MAX	10	/* start bit, eight of data, parity */
#define SIM_BIT_PS_MAX	1000000000000ULL	/* a bit is at most 1 s */

/* Nanoseconds of n sixteenths of a bit of @bit_ps picoseconds; n is some hundreds. */
static inline u64 sim_sixteenths(u64 bit_ps, u32 n)
{
	return div_u64(bit_ps * n, 16 * 1000);
}

static inline u64 sim_bits(u64 bit_ps, u32 n)
{
	return sim_sixteenths(bit_ps, 16 * n);
}

/**
 * struct sim_format - the frame of a character
 * @bits: data bits, 5...8
 * @parity: there is a parity bit
 * @even: it makes the number of ones even, else odd
 * @stick: it is fixed: 0 if @even, else 1
 */
struct sim_format {
	u8 bits;
	bool parity;
	bool even;
	bool stick;
};

/* Bits from the start bit to the parity bit; the first stop bit has this number, from 0. */
static inline unsigned int sim_format_bits(const struct sim_format *f)
{
	return 1 + f->bits + f->parity;
}

/**
 * sim_frame() - the levels of a character, start bit in bit 0
 * @f: format
 * @data: character
 * @wrong: invert the parity bit
 */
u16 sim_frame(const struct sim_format *f, u8 data, bool wrong);

/*
 * Who may pull the line low. SHORT is a fault of the coupler. LOOP is not on it: a UART in loopback
 * talks to itself there.
 */
enum sim_party {
	SIM_UART,
	SIM_CARD,
	SIM_SHORT,
	SIM_LOOP,
	SIM_PARTIES,
};

/* All who are on it. */
#define SIM_ALL		(1 << SIM_UART | 1 << SIM_CARD | 1 << SIM_SHORT)

/**
 * struct sim_wave - one character on its way
 * @start: leading edge, ns
 * @end: from here on the party is silent; the end of the last bit, or earlier when it lost power
 * @bit_ps: length of a bit
 * @levels: of the bits, start bit in bit 0
 * @n: how many bits there are
 * @at: where each of them begins
 */
struct sim_wave {
	u64 start;
	u64 end;
	u64 bit_ps;
	u16 levels;
	u8 n;
	u64 at[SIM_BITS_MAX];
};

/**
 * struct sim_lane - all that one party does
 * @wave: ring of its last characters, in the order of their times
 * @count: characters so far; the next one goes to wave[count % SIM_HISTORY]
 * @low_from: it pulls the line low (break, error signal) from here
 * @low_to: to here
 */
struct sim_lane {
	struct sim_wave wave[SIM_HISTORY];
	u32 count;
	u64 low_from;
	u64 low_to;
};

/**
 * struct sim_line - the line
 * @lane: of each party
 * @version: changes with what is known of it, so that what was found on it may be kept until then
 */
struct sim_line {
	struct sim_lane lane[SIM_PARTIES];
	u32 version;
};

void sim_line_init(struct sim_line *line);
/* A character of @party, leading edge at @start, not before the end of its last one. */
void sim_line_char(struct sim_line *line, enum sim_party party, u64 start, u64 bit_ps, u16 levels,
		   unsigned int n);
/* How many characters of @party start only after @t. */
unsigned int sim_line_ahead(const struct sim_line *line, enum sim_party party, u64 t);
/* When the @i-th last character of @party starts, from 0; 0 if there is none. */
u64 sim_line_start(const struct sim_line *line, enum sim_party party, u32 i);
/**
 * sim_line_alone() - the character that is all there is on the line for some time
 * @line: line
 * @mask: parties that count
 * @start: its leading edge
 * @to: end of that time
 * Return: it; NULL if there are more, or it begins elsewhere, or somebody pulls the line low
 */
const struct sim_wave *sim_line_alone(const struct sim_line *line, unsigned int mask,
				      u64 start, u64 to);
/* Forget those. Return: end of the last one that is left, 0 if none is. */
u64 sim_line_forget(struct sim_line *line, enum sim_party party, u64 t);
/* The party falls silent at @t: what it is sending is cut, what it would send is forgotten. */
void sim_line_cut(struct sim_line *line, enum sim_party party, u64 t);
/* The party pulls the line low from @t on, or lets go. */
void sim_line_low(struct sim_line *line, enum sim_party party, u64 t, bool low);
/* It pulls the line low from @from to @to, neither of which lies before what has been looked at. */
void sim_line_pulse(struct sim_line *line, enum sim_party party, u64 from, u64 to);
/* Level at @t as the parties of @mask (bit n for party n) make it: low as soon as one pulls. */
bool sim_line_level(const struct sim_line *line, unsigned int mask, u64 t);
/* The first falling edge at or after @from, of what is known to come, or %SIM_NEVER. */
u64 sim_line_fall(const struct sim_line *line, unsigned int mask, u64 from);
/* The first leading edge of a character of the UART or the card after @t, likewise. */
u64 sim_line_next_char(const struct sim_line *line, u64 t);
/* The first change of the level at or after @from, likewise. */
u64 sim_line_edge(const struct sim_line *line, unsigned int mask, u64 from);
/* After this nothing that is known changes the level any more; 0 if nothing ever did. */
u64 sim_line_end(const struct sim_line *line, unsigned int mask);

/**
 * struct sim_receiver - start bit search and sampling in the middle of the bits
 * @format: of the frame
 * @bit_ps: length of a bit as the receiver takes it
 * @mask: parties that it hears
 * @from: the search for a start bit begins here
 * @busy: a start bit was found at @start
 * @start: where it began; moved when the rate changes within a character
 * @n: samples taken
 * @levels: they
 * @fall: not @busy: where the next start bit begins, found with
 * @version: of the line, and
 * @fall_from: this @from
 * @fall_mask: and this @mask
 */
struct sim_receiver {
	struct sim_format format;
	u64 bit_ps;
	u8 mask;
	u64 from;
	bool busy;
	u64 start;
	u8 n;
	u16 levels;
	u8 fall_mask;
	u32 version;
	u64 fall;
	u64 fall_from;
};

/**
 * struct sim_char - a received character
 * @start: its leading edge
 * @data: character
 * @parity: wrong parity
 * @framing: the stop bit was low
 * @brk: everything was low
 */
struct sim_char {
	u64 start;
	u8 data;
	bool parity;
	bool framing;
	bool brk;
};

/* Start over at @now. */
void sim_receiver_reset(struct sim_receiver *r, u64 now);
/* Another rate or format from @now on; the bits before it stay as they were sampled. */
void sim_receiver_set(struct sim_receiver *r, const struct sim_line *line,
		      const struct sim_format *format, u64 bit_ps, u64 now);
/* When the stop bit of the next character is sampled, of what is known to come, or %SIM_NEVER. */
u64 sim_receiver_due(struct sim_receiver *r, const struct sim_line *line);
/**
 * sim_receiver_take() - the time that sim_receiver_due() said has come
 * @r: receiver
 * @line: line
 * @ret_char: the character
 * Return: false if the start bit turned out to be none
 */
bool sim_receiver_take(struct sim_receiver *r, const struct sim_line *line,
		       struct sim_char *ret_char);

#endif
