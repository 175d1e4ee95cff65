// SPDX-License-Identifier: GPL-2.0-only
/* Data groupings (DGI) of EMV CPS, and how they are packed into STORE DATA commands. */
#include "libgp/dgi.h"

#include <string.h>

const char *gp_dgi_next(const uint8_t *list, size_t len, struct gp_dgi *dgi)
{
	size_t head = 3;

	if (len < 3)
		return "DGI cut off";
	dgi->id = (uint16_t)(list[0] << 8 | list[1]);
	dgi->len = list[2];
	if (dgi->len == 0xff) {
		if (len < 5)
			return "DGI cut off";
		dgi->len = (uint16_t)(list[3] << 8 | list[4]);
		head = 5;
	}
	if (dgi->len > len - head)
		return "DGI longer than the data";
	dgi->value = list + head;
	dgi->size = head + dgi->len;
	return NULL;
}

const char *gp_dgi_check(const uint8_t *list, size_t len)
{
	uint8_t seen[65536 / 8] = { 0 };
	struct gp_dgi dgi;

	if (!len)
		return "no DGI";
	while (len) {
		const char *wrong = gp_dgi_next(list, len, &dgi);

		if (wrong)
			return wrong;
		if (seen[dgi.id >> 3] & 1u << (dgi.id & 7))
			return "DGI twice";
		seen[dgi.id >> 3] |= 1u << (dgi.id & 7);
		list += dgi.size;
		len -= dgi.size;
	}
	return NULL;
}

size_t gp_dgi_put(uint16_t id, const uint8_t *value, size_t len, uint8_t *out, size_t cap)
{
	size_t head = len < 0xff ? 3 : 5;

	if (len > 0xffff || cap < head + len)
		return 0;
	out[0] = (uint8_t)(id >> 8);
	out[1] = (uint8_t)id;
	if (head == 3) {
		out[2] = (uint8_t)len;
	} else {
		out[2] = 0xff;
		out[3] = (uint8_t)(len >> 8);
		out[4] = (uint8_t)len;
	}
	if (len)
		memcpy(out + head, value, len);
	return head + len;
}

size_t gp_store_data_next(const uint8_t *list, size_t len, size_t max, size_t *rest)
{
	size_t taken = 0;
	struct gp_dgi dgi = { .size = 0 };

	if (*rest) {
		/* The end of a split grouping; what follows it starts a command of its own. */
		taken = *rest < max ? *rest : max;
		*rest -= taken;
		return taken;
	}
	while (taken < len) {
		if (gp_dgi_next(list + taken, len - taken, &dgi))
			return 0;
		if (taken + dgi.size > max)
			break;
		taken += dgi.size;
	}
	if (!taken && len) {
		taken = max;
		*rest = dgi.size - max;
	}
	return taken;
}
