// SPDX-License-Identifier: GPL-2.0-only
/*
 * Error detection codes of T=1 blocks, ISO/IEC 7816-3 11.3.4.
 */
#include "internal.h"

/**
 * iso7816_lrc() - exclusive-or of all bytes; 0 over a block with its LRC
 * @data: bytes
 * @len: how many
 */
u8 iso7816_lrc(const u8 *data, size_t len)
{
	u8 lrc = 0;

	while (len--)
		lrc ^= *data++;
	return lrc;
}

/**
 * iso7816_crc() - the frame check sequence of ISO/IEC 13239
 * @data: bytes
 * @len: how many
 *
 * x^16 + x^12 + x^5 + 1, preset to ones, complemented at the end (CRC-16/X-25). ISO/IEC
 * 13239 sends its low byte first; over a block with its CRC the value is always 0F47.
 */
u16 iso7816_crc(const u8 *data, size_t len)
{
	u16 crc = 0xffff;

	while (len--) {
		u8 x = *data++ ^ (u8)crc;

		x ^= (u8)(x << 4);
		crc = (u16)((crc >> 8) ^ (x << 8) ^ (x << 3) ^ (x >> 4));
	}
	return (u16)~crc;
}
