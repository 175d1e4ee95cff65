// SPDX-License-Identifier: GPL-2.0-only
/*
 * New programs, and changes to those that were worth keeping.
 */
#include <string.h>

#include "program.h"

#define MANY	64	/* messages of a program */

static void (*const makers[OP_KINDS])(struct dice *d, struct program *p) = {
	[OP_NETLINK] = netlink_make,
	[OP_CHARDEV] = chardev_make,
	[OP_TCP] = tcp_make,
	[OP_CARD] = card_make,
	[OP_TTY] = tty_make,
};

static void add_random(struct dice *d, struct program *p)
{
	/* Messages are cheap; a connection is not. */
	static const uint8_t kinds[] = {
		OP_NETLINK, OP_NETLINK, OP_CHARDEV, OP_TCP, OP_CARD, OP_TTY,
	};

	if (!dice_of(d, 8))
		tcp_visit_make(d, p);
	else
		makers[kinds[dice_of(d, sizeof(kinds))]](d, p);
}

void program_many_messages(struct dice *d, struct program *p)
{
	unsigned int n = MANY;

	p->len = 0;
	if (dice_of(d, 2))
		story_make(d, p);
	while (n--)
		netlink_make(d, p);
}

void program_make(struct dice *d, struct program *p)
{
	unsigned int n = 1 + dice_of(d, 16);

	p->len = 0;
	switch (dice_of(d, 6)) {
	case 0:
	case 1:
		story_make(d, p);
		break;
	case 2:
		for (n *= 4; n; n--)
			netlink_make(d, p);
		break;
	case 3:
	case 4:
		for (; n; n--)
			tcp_visit_make(d, p);
		break;
	default:
		for (; n; n--)
			add_random(d, p);
		break;
	}
}

/* Where the operation of a random number begins, and where it ends. */
static bool pick(struct dice *d, const struct program *p, uint16_t *ret_at, uint16_t *ret_end)
{
	unsigned int n = 0, which;
	uint16_t at = 0;
	struct op op;

	while (program_next(p, &at, &op))
		n++;
	if (!n)
		return false;
	which = dice_of(d, n);
	at = 0;
	do {
		*ret_at = at;
		program_next(p, &at, &op);
	} while (which--);
	*ret_end = at;
	return true;
}

static void change_bytes(struct dice *d, uint8_t *b, size_t len)
{
	size_t at = dice_of(d, (unsigned int)len), n = 1U << dice_of(d, 4);
	uint64_t v = dice_odd(d);

	switch (dice_of(d, 3)) {
	case 0:
		b[at] ^= (uint8_t)(1U << dice_of(d, 8));
		break;
	case 1:
		b[at] = (uint8_t)v;
		break;
	default:
		memcpy(b + at, &v, n > len - at ? len - at : n > 8 ? 8 : n);
		break;
	}
}

void program_change(struct dice *d, struct program *p, const struct program *other)
{
	unsigned int times = 1 + dice_of(d, 3);

	while (times--) {
		struct program fresh = { .len = 0 };
		uint16_t at, end;

		if (!pick(d, p, &at, &end)) {
			add_random(d, p);
			continue;
		}
		switch (dice_of(d, 8)) {
		case 0:		/* one more */
			add_random(d, &fresh);
			program_splice(p, at, 0, fresh.bytes, fresh.len);
			break;
		case 1:		/* one less */
			program_splice(p, at, (size_t)(end - at), NULL, 0);
			break;
		case 2:		/* one twice */
			memcpy(fresh.bytes, p->bytes + at, (size_t)(end - at));
			program_splice(p, at, 0, fresh.bytes, (size_t)(end - at));
			break;
		case 3:		/* another in its place */
			add_random(d, &fresh);
			program_splice(p, at, (size_t)(end - at), fresh.bytes, fresh.len);
			break;
		case 4:		/* the end of another program */
			p->len = end;
			if (pick(d, other, &at, &end))
				program_splice(p, p->len, 0, other->bytes + at,
					       (size_t)(other->len - at));
			break;
		case 5:		/* the same number in another way */
			p->bytes[at + 1] = (uint8_t)dice_roll(d);
			break;
		default:
			if (end - at > OP_HEADER)
				change_bytes(d, p->bytes + at + OP_HEADER,
					     (size_t)(end - at - OP_HEADER));
			break;
		}
	}
}
