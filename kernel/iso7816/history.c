// SPDX-License-Identifier: GPL-2.0-only
/*
 * The historical bytes of an ATR as compact-TLV objects, ISO/IEC 7816-4 8.1.1.
 */
#include "internal.h"

#define CATEGORY_STATUS_APART	0x00	/* the last three bytes are the status indicator */
#define CATEGORY_STATUS_INSIDE	0x80	/* it may be the last object */
#define TAG_STATUS		8

/* The life cycle and the status word are there one by one, or together. */
static bool take_status(struct iso7816_history *h, const u8 *p, u8 len)
{
	if (len < 1 || len > 3)
		return false;
	if (len != 2)
		h->lcs = *p++;
	h->has_lcs = len != 2;
	h->has_sw = len > 1;
	if (len > 1)
		h->sw = (u16)(p[0] << 8 | p[1]);
	return true;
}

bool iso7816_history_parse(struct iso7816_history *ret, const struct iso7816_atr *atr)
{
	struct iso7816_history h = { .count = 0 };
	const u8 *hist = atr->raw + atr->hist;
	u8 pos = 1, end = atr->hist_len;

	if (!end)
		return false;
	if (hist[0] == CATEGORY_STATUS_APART) {
		if (end < 4)
			return false;
		end -= 3;
		take_status(&h, hist + end, 3);
	} else if (hist[0] != CATEGORY_STATUS_INSIDE) {
		return false;
	}
	while (pos < end) {
		struct iso7816_history_object *o = &h.objects[h.count++];

		o->tag = hist[pos] >> 4;
		o->len = hist[pos++] & 0xf;
		if (o->len > end - pos)
			return false;
		o->value = hist + pos;
		pos += o->len;
		if (o->tag == TAG_STATUS && hist[0] == CATEGORY_STATUS_INSIDE) {
			/* It is the last one, and no object of its own. */
			if (pos != end || !take_status(&h, o->value, o->len))
				return false;
			h.count--;
		}
	}
	*ret = h;
	return true;
}
