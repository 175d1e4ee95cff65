// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs as strings of bytes, and the dice that they are made by.
 */
#include <string.h>

#include "program.h"

bool program_next(const struct program *p, uint16_t *at, struct op *ret_op)
{
	const uint8_t *b = p->bytes + *at;
	size_t left = (size_t)p->len - *at;

	if (left < OP_HEADER)
		return false;
	ret_op->kind = b[0] % OP_KINDS;
	ret_op->sub = b[1];
	ret_op->len = (uint16_t)(b[2] | b[3] << 8);
	ret_op->data = b + OP_HEADER;
	if (ret_op->len > OP_DATA_MAX)
		ret_op->len = OP_DATA_MAX;
	if (ret_op->len > left - OP_HEADER)
		ret_op->len = (uint16_t)(left - OP_HEADER);
	*at = (uint16_t)(*at + OP_HEADER + ret_op->len);
	return true;
}

bool program_add(struct program *p, uint8_t kind, uint8_t sub, const void *data, size_t len)
{
	uint8_t *b = p->bytes + p->len;

	if (len > OP_DATA_MAX || OP_HEADER + len > PROGRAM_MAX - (size_t)p->len)
		return false;
	b[0] = kind;
	b[1] = sub;
	b[2] = (uint8_t)len;
	b[3] = (uint8_t)(len >> 8);
	if (len)
		memcpy(b + OP_HEADER, data, len);
	p->len = (uint16_t)(p->len + OP_HEADER + len);
	return true;
}

bool program_splice(struct program *p, size_t at, size_t cut, const void *data, size_t len)
{
	if (at + cut > p->len || p->len - cut + len > PROGRAM_MAX)
		return false;
	memmove(p->bytes + at + len, p->bytes + at + cut, p->len - at - cut);
	if (len)
		memcpy(p->bytes + at, data, len);
	p->len = (uint16_t)(p->len - cut + len);
	return true;
}

/* xorshift64*, by Marsaglia and Vigna. */
uint64_t dice_roll(struct dice *d)
{
	d->state ^= d->state >> 12;
	d->state ^= d->state << 25;
	d->state ^= d->state >> 27;
	return d->state * 0x2545f4914f6cdd1dULL;
}

unsigned int dice_of(struct dice *d, unsigned int sides)
{
	return (unsigned int)(dice_roll(d) >> 32) % sides;
}

uint64_t dice_odd(struct dice *d)
{
	static const uint64_t edges[] = {
		0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 254, 255, 256, 257, 511,
		512, 1023, 1024, 4096, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000,
		0xffffffff, 0x100000000, 0x7fffffffffffffff, 0x8000000000000000, UINT64_MAX,
	};

	switch (dice_of(d, 4)) {
	case 0:
		return dice_roll(d) >> dice_of(d, 64);
	case 1:
		return dice_of(d, 10);
	default:
		return edges[dice_of(d, sizeof(edges) / sizeof(edges[0]))];
	}
}

void dice_bytes(struct dice *d, void *p, size_t len)
{
	uint8_t *b = p;

	while (len--)
		*b++ = (uint8_t)(dice_roll(d) >> 56);
}
