// SPDX-License-Identifier: GPL-2.0-only
/*
 * T=1 blocks as such: built, received and checked alike by coupler and card, ISO/IEC 7816-3 11.3.
 */
#include "internal.h"

#define T1_PROLOGUE 3		/* NAD PCB LEN */

/**
 * iso7816_t1_build() - a block
 * @buf: at least ISO7816_BLOCK_MAX
 * @crc: CRC instead of LRC
 * @nad: node address byte
 * @pcb: protocol control byte
 * @inf: information field; may be NULL if @len is 0
 * @len: 0...254
 * Return: length of the block
 */
u16 iso7816_t1_build(u8 *buf, bool crc, u8 nad, u8 pcb, const u8 *inf, u8 len)
{
	u16 n = (u16)(T1_PROLOGUE + len);

	buf[0] = nad;
	buf[1] = pcb;
	buf[2] = len;
	if (len)
		memcpy(buf + T1_PROLOGUE, inf, len);
	if (crc) {
		u16 fcs = iso7816_crc(buf, n);

		buf[n++] = (u8)fcs;
		buf[n++] = (u8)(fcs >> 8);
	} else {
		buf[n] = iso7816_lrc(buf, n);
		n++;
	}
	return n;
}

void iso7816_t1_rx_start(struct iso7816_t1_rx *rx)
{
	rx->pos = 0;
	rx->flaw = 0;
}

/**
 * iso7816_t1_rx_push() - one more character of a block
 * @rx: block on its way in
 * @crc: CRC instead of LRC
 * @byte: in logical values
 * Return: true when the block is over, or cannot be followed any further
 */
bool iso7816_t1_rx_push(struct iso7816_t1_rx *rx, bool crc, u8 byte)
{
	if (rx->pos < sizeof(rx->buf))
		rx->buf[rx->pos++] = byte;
	if (rx->pos < T1_PROLOGUE)
		return false;
	if (rx->buf[2] == 0xff) {
		rx->flaw = T1_OTHER;
		return true;
	}
	return rx->pos >= T1_PROLOGUE + rx->buf[2] + (crc ? 2 : 1);
}

static bool pcb_valid(u8 pcb, u8 len, const u8 *inf)
{
	if (t1_is_i(pcb))
		return !(pcb & 0x1f);
	if (t1_is_r(pcb))
		return !(pcb & 0x20) && (pcb & 0xf) <= T1_OTHER && !len;
	switch (pcb & (u8)~T1_RESPONSE) {
	case T1_RESYNCH:
	case T1_ABORT:
		return !len;
	case T1_IFS:
		return len == 1 && inf[0] && inf[0] != 0xff;
	case T1_WTX:
		return len == 1 && inf[0];
	default:
		return false;
	}
}

/**
 * iso7816_t1_rx_check() - is a block that is over valid by itself?
 * @rx: block on its way in
 * @crc: CRC instead of LRC
 * @nad: that it must have; b8 and b4 do not count (11.3.2.1)
 * Return: 0, or b4-1 of the R-block that reports its flaw
 */
u8 iso7816_t1_rx_check(const struct iso7816_t1_rx *rx, bool crc, u8 nad)
{
	const u8 *b = rx->buf;
	u16 n = rx->pos;

	if (rx->flaw)
		return rx->flaw;
	if (crc) {
		u16 fcs = iso7816_crc(b, n - 2);

		if (b[n - 2] != (u8)fcs || b[n - 1] != (u8)(fcs >> 8))
			return T1_EDC;
	} else if (iso7816_lrc(b, n)) {
		return T1_EDC;
	}
	/* An LRC does not see a lost NAD of 00, but what follows is then one place too early. */
	if (t1_nad(b[0]) != nad)
		return T1_OTHER;
	return pcb_valid(b[1], b[2], b + T1_PROLOGUE) ? 0 : T1_OTHER;
}
