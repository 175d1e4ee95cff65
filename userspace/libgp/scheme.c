// SPDX-License-Identifier: GPL-2.0-only
/* How the keys of a card come from a master key: templates by name, and described ones. */
#include "libgp/scheme.h"

#include <stddef.h>
#include <string.h>

#include "libgp/hex.h"

static const struct {
	const char *name;
	const char *text;
} schemes[] = {
	{ "kdf3", "cmac:nn000000kk00#0#1#2#3#4#5#6#7#8#9" },
	{ "visa2", "ecb:#0#1#4#5#6#7F0kk#0#1#4#5#6#70Fkk" },
	{ "emv-cps", "ecb:#4#5#6#7#8#9F0kk#4#5#6#7#8#90Fkk" },
};

/* False: not two characters that mean a byte. */
static bool take(const char *p, uint8_t *from, uint8_t *value)
{
	*value = 0;
	if (p[0] == '#' && p[1] >= '0' && p[1] <= '9') {
		*from = (uint8_t)(p[1] - '0');
	} else if (!strncmp(p, "kk", 2)) {
		*from = GP_FROM_KEY;
	} else if (!strncmp(p, "nn", 2)) {
		*from = GP_FROM_COUNT;
	} else {
		*from = GP_FROM_VALUE;
		return hex_decode(p, 2, value, 1) == 1;
	}
	return true;
}

const char *gp_scheme_parse(const char *text, struct gp_scheme *s)
{
	bool key = false, kdd = false;

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (!strcmp(text, schemes[i].name))
			text = schemes[i].text;
	s->cmac = !strncmp(text, "cmac:", 5);
	if (!s->cmac && strncmp(text, "ecb:", 4))
		return "a scheme is kdf3, visa2, emv-cps, or begins with cmac: or ecb:";
	text = strchr(text, ':') + 1;
	if (strlen(text) != 2 * GP_SCHEME_BLOCK)
		return "a scheme has 16 bytes, of two characters each";
	for (size_t i = 0; i < GP_SCHEME_BLOCK; i++) {
		if (!take(text + 2 * i, &s->from[i], &s->value[i]))
			return "a byte of a scheme is hexadecimal, #0 to #9, kk or nn";
		key = key || s->from[i] == GP_FROM_KEY;
		kdd = kdd || s->from[i] < GP_KDD_LEN;
	}
	return key && kdd ? NULL : "a scheme has kk, and of the card at least one of #0 to #9";
}

void gp_scheme_blocks(const struct gp_scheme *s, enum gp_key_id k, const uint8_t kdd[GP_KDD_LEN],
		      uint8_t out[GP_SCHEME_BLOCKS])
{
	for (size_t i = 0; i < GP_SCHEME_BLOCKS; i++) {
		uint8_t from = s->from[i % GP_SCHEME_BLOCK];

		if (from == GP_FROM_KEY)
			out[i] = (uint8_t)k;
		else if (from == GP_FROM_COUNT)
			out[i] = (uint8_t)(i / GP_SCHEME_BLOCK + 1);
		else
			out[i] = from < GP_KDD_LEN ? kdd[from] : s->value[i % GP_SCHEME_BLOCK];
	}
}
