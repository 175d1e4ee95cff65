// SPDX-License-Identifier: GPL-2.0-only
/* Fuzzes data groupings, their way into STORE DATA, and what a card says to INITIALIZE UPDATE. */
#include "cas.h"
#include "libgp/dgi.h"
#include "libgp/scp03.h"

static void build_anew(const uint8_t *list, size_t len)
{
	uint8_t *out = malloc(2 * len + 8);
	size_t n = 0, at = 0;
	struct gp_dgi dgi;

	MUST(out);
	while (at < len) {
		size_t put;

		MUST(!gp_dgi_next(list + at, len - at, &dgi));
		put = gp_dgi_put(dgi.id, dgi.value, dgi.len, out + n, 2 * len + 8 - n);
		MUST(put && put <= dgi.size);
		n += put;
		at += dgi.size;
	}
	MUST(at == len && !gp_dgi_check(out, n));
	free(out);
}

/* Every byte goes out once, in pieces that fit. */
static void store(const uint8_t *list, size_t len, size_t max)
{
	size_t at = 0, rest = 0;

	while (at < len) {
		size_t n = gp_store_data_next(list + at, len - at, max, &rest);

		MUST(n && n <= max && n <= len - at && rest <= len - at - n);
		at += n;
	}
	MUST(!rest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gp_init_update iu;
	uint8_t *list;

	if (size < 1)
		return 0;
	list = malloc(size);
	MUST(list);
	memcpy(list, data + 1, size - 1);
	gp_init_update_parse(list, size - 1, &iu);
	if (!gp_dgi_check(list, size - 1)) {
		build_anew(list, size - 1);
		store(list, size - 1, 5 + data[0]);
	}
	free(list);
	return 0;
}
