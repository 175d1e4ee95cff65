// SPDX-License-Identifier: GPL-2.0-only
/* PUT KEY for a secure channel key set (GPC 2.3, 11.8; Amendment D, 7.2). */
#include "libgp/putkey.h"

#include <string.h>

size_t gp_put_key(bool des, uint8_t replace, uint8_t kvn, const struct gp_put_key keys[3],
		  uint8_t out[GP_PUT_KEY_MAX])
{
	uint8_t *p = out;

	*p++ = 0x80;
	*p++ = 0xd8;
	*p++ = replace;
	*p++ = 0x81;		/* several keys, the first has identifier 1 */
	p++;
	*p++ = kvn;
	for (int i = 0; i < 3; i++) {
		*p++ = des ? 0x80 : 0x88;
		if (!des)
			*p++ = 17;	/* with the clear key's length, which is next */
		*p++ = 16;
		memcpy(p, keys[i].encrypted, 16);
		p += 16;
		*p++ = 3;
		memcpy(p, keys[i].kcv, 3);
		p += 3;
	}
	out[4] = (uint8_t)(p - out - 5);
	*p++ = 0;
	return (size_t)(p - out);
}

const char *gp_put_key_confirmed(const uint8_t *data, size_t len, uint8_t kvn,
				 const struct gp_put_key keys[3])
{
	if (len != 10)
		return "PUT KEY: response has a wrong length";
	if (data[0] != kvn)
		return "PUT KEY: the card confirms another key version";
	for (int i = 0; i < 3; i++)
		if (memcmp(data + 1 + 3 * i, keys[i].kcv, 3))
			return "PUT KEY: the card confirms other key check values";
	return NULL;
}
