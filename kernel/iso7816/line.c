// SPDX-License-Identifier: GPL-2.0-only
/*
 * Characters and durations: F and D, the conventions, guard and waiting times.
 */
#include "internal.h"

/* ISO/IEC 7816-3 8.3 table 7; 0 is RFU */
static const u16 fi_table[16] = {
	372, 372, 558, 744, 1116, 1488, 1860, 0, 0, 512, 768, 1024, 1536, 2048, 0, 0,
};

/* ISO/IEC 7816-3 8.3 table 8; 0 is RFU */
static const u8 di_table[16] = {
	0, 1, 2, 4, 8, 16, 32, 64, 12, 20, 0, 0, 0, 0, 0, 0,
};

/**
 * iso7816_fi() - Fi of a TA1 or PPS1, ISO/IEC 7816-3 8.3
 * @ta1: the whole byte; its b8-5 count
 * Return: Fi, or 0 for a code that is RFU
 */
u16 iso7816_fi(u8 ta1)
{
	return fi_table[ta1 >> 4];
}

/**
 * iso7816_di() - Di of a TA1 or PPS1, ISO/IEC 7816-3 8.3
 * @ta1: the whole byte; its b4-1 count
 * Return: Di, or 0 for a code that is RFU
 */
u8 iso7816_di(u8 ta1)
{
	return di_table[ta1 & 0xf];
}

/**
 * iso7816_convert() - a byte of the inverse convention, as a UART with LSB first has it
 * @byte: either side's
 *
 * The conversion is its own inverse.
 *
 * Return: the other side's
 */
u8 iso7816_convert(u8 byte)
{
	byte = (u8)((byte & 0x0f) << 4 | byte >> 4);
	byte = (u8)((byte & 0x33) << 2 | (byte & 0xcc) >> 2);
	byte = (u8)((byte & 0x55) << 1 | (byte & 0xaa) >> 1);
	return (u8)~byte;
}

/**
 * iso7816_timing_set() - guard and waiting times, ISO/IEC 7816-3 7.2, 10.2 and 11.4
 * @tm: filled
 * @atr: of the card
 * @f: F in use
 * @d: D in use
 * @t: protocol, 0 or 1; PPS counts as 0
 */
void iso7816_timing_set(struct iso7816_timing *tm, const struct iso7816_atr *atr, u16 f, u8 d,
			u8 t)
{
	u32 etu = iso7816_etu(f, d);
	/* With T=15, N counts in units that the card's Fi and Di fix once and for all. */
	u32 r = atr->t15 ? iso7816_etu(iso7816_fi(atr->ta1), iso7816_di(atr->ta1)) : etu;

	tm->etu = etu;
	tm->card_gap = 12 * etu;
	if (atr->n != 255) {
		tm->gap = 12 * etu + atr->n * r;
	} else if (t == 1) {
		tm->card_gap = 11 * etu;
		tm->gap = tm->card_gap;
	} else {
		tm->gap = 12 * etu;
	}
	tm->bgt = 22 * etu;
	tm->wt = ISO7816_CLK((u64)atr->wi * 960 * iso7816_fi(atr->ta1));
	tm->cwt = (u64)(11 + (1U << atr->cwi)) * etu;
	tm->bwt = 11 * (u64)etu + ISO7816_CLK((u64)960 * ISO7816_FD << atr->bwi);
}
