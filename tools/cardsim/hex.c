// SPDX-License-Identifier: GPL-2.0-only
/* Hexadecimal text into bytes. */
#include "hex.h"

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

ssize_t hex_decode(const char *text, uint8_t *out, size_t size)
{
	size_t n = 0;

	for (; *text; text += 2) {
		int high = digit(text[0]);
		int low = high < 0 ? -1 : digit(text[1]);

		if (low < 0 || n == size)
			return -1;
		out[n++] = (uint8_t)(high << 4 | low);
	}
	return (ssize_t)n;
}
