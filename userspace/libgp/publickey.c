// SPDX-License-Identifier: GPL-2.0-only
/* Keys that everybody has: of manuals and sample cards. */
#include "libgp/publickey.h"

#include <stddef.h>
#include <string.h>

#include "libgp/aes.h"
#include "libgp/des.h"

static const struct {
	const char *key;
	size_t len;
} keys[] = {
	/* GlobalPlatform's, in three lengths */
	{ "@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_", 16 },
	{ "@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_", 24 },
	{ "@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_", 32 },
	{ "GEMXPRESSOSAMPLE", 16 },
	{ "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f", 16 },
	{ "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 16 },
	{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 16 },
};

bool gp_kcv_is_public(const uint8_t kcv[3])
{
	uint8_t other[3];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const uint8_t *key = (const uint8_t *)keys[i].key;

		if (gp_aes_kcv_of(key, keys[i].len, other) || !memcmp(other, kcv, sizeof(other)))
			return true;
		if (keys[i].len == 16 &&
		    (gp_des_kcv(key, other) || !memcmp(other, kcv, sizeof(other))))
			return true;
	}
	return false;
}
