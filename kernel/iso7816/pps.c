// SPDX-License-Identifier: GPL-2.0-only
/*
 * Protocol and parameters selection: which rate, request and response, ISO/IEC 7816-3 clause 9.
 */
#include "internal.h"

#define PPSS		0xff
#define PPS0_PPS1	0x10
#define PPS0_PPS2	0x20
#define PPS0_PPS3	0x40

/**
 * iso7816_pps_in_range() - may this rate be asked of a card with that TA1? (9.2)
 * @pps1: asked for
 * @ta1: of the card
 *
 * F lies from Fd to Fi and D from Dd to Di; Fd and Dd are the least values that exist.
 */
bool iso7816_pps_in_range(u8 pps1, u8 ta1)
{
	u16 f = iso7816_fi(pps1), fi = iso7816_fi(ta1);
	u8 d = iso7816_di(pps1), di = iso7816_di(ta1);

	return f && d && fi && di && d <= di && f <= fi;
}

/**
 * iso7816_pps_best() - the fastest rate that card and line both do
 * @cfg: what the line does
 * @ta1: of the card
 *
 * Of equally fast ones that with the card's own Fi wins, since cards know it best. F and D may each
 * be less than the card's (9.2) and yet give a shorter etu than its own: 15, 372/16, to a card of
 * 95, 512/16. It has never said that it can do that.
 *
 * Return: PPS1; 0x11 when nothing is faster
 */
u8 iso7816_pps_best(const struct iso7816_config *cfg, u8 ta1)
{
	u32 f = iso7816_fi(ta1), d = iso7816_di(ta1);
	unsigned int code;
	u8 best = 0x11;

	for (code = 0; code < 256; code++) {
		u8 b = (u8)code;
		u32 mine, its;

		if (!iso7816_pps_in_range(b, ta1) || !iso7816_config_allows(cfg, b))
			continue;
		if (iso7816_di(b) * f > d * iso7816_fi(b))
			continue;
		/* The two codes of 372 differ only in fmax: the card's own or the default. */
		if (!(b >> 4) && ta1 >> 4)
			continue;
		/* D/F > D'/F' without a division */
		mine = (u32)iso7816_di(b) * iso7816_fi(best);
		its = (u32)iso7816_di(best) * iso7816_fi(b);
		if (mine > its || (mine == its && best != 0x11 && b >> 4 == ta1 >> 4))
			best = b;
	}
	return best;
}

/**
 * iso7816_pps_build() - a PPS request
 * @buf: receives it
 * @t: protocol
 * @pps1: F and D; sent also when they are the defaults, as most cards expect
 * Return: its length
 */
u8 iso7816_pps_build(u8 buf[ISO7816_PPS_MAX], u8 t, u8 pps1)
{
	buf[0] = PPSS;
	buf[1] = PPS0_PPS1 | t;
	buf[2] = pps1;
	buf[3] = iso7816_lrc(buf, 3);
	return 4;
}

/**
 * iso7816_pps_size() - how long a PPS message will be
 * @buf: as much as came
 * @len: its length
 * Return: 3...6, or 2 while PPS0 has not come
 */
u8 iso7816_pps_size(const u8 *buf, u8 len)
{
	u8 size = 3;

	if (len < 2)
		return 2;
	size += !!(buf[1] & PPS0_PPS1);
	size += !!(buf[1] & PPS0_PPS2);
	size += !!(buf[1] & PPS0_PPS3);
	return size;
}

/**
 * iso7816_pps_valid() - PPSS, length and PCK of a message are right, and b8 of PPS0 is 0
 * @buf: message
 * @len: how many
 */
bool iso7816_pps_valid(const u8 *buf, u8 len)
{
	return len >= 3 && len == iso7816_pps_size(buf, len) && buf[0] == PPSS &&
	       !(buf[1] & 0x80) && !iso7816_lrc(buf, len);
}

/**
 * iso7816_pps_accept() - is this response a success, and of what? (9.3)
 * @rsp: response
 * @len: its length
 * @t: protocol asked for
 * @pps1: rate asked for
 * @ret_ta1: rate agreed upon; untouched on failure
 * Return: true for a success
 */
bool iso7816_pps_accept(const u8 *rsp, u8 len, u8 t, u8 pps1, u8 *ret_ta1)
{
	if (!iso7816_pps_valid(rsp, len) || (rsp[1] & 0xf) != t)
		return false;
	/* Neither was in the request, so neither may be in the response. */
	if (rsp[1] & (PPS0_PPS2 | PPS0_PPS3))
		return false;
	if (!(rsp[1] & PPS0_PPS1)) {
		*ret_ta1 = 0x11;
		return true;
	}
	if (rsp[2] != pps1)
		return false;
	*ret_ta1 = pps1;
	return true;
}
