// SPDX-License-Identifier: GPL-2.0-only
/* What can be wrong with a simulated card: names and parsing. */
#include <stdlib.h>
#include <string.h>

#include "defect.h"

static const char *const names[DEFECT_COUNT] = {
	[DEFECT_NONE] = "none",
	[DEFECT_BAD_ATR] = "bad-atr",
	[DEFECT_NO_ATR] = "no-atr",
	[DEFECT_BAD_TCK] = "bad-tck",
	[DEFECT_WRONG_MAC] = "wrong-mac",
	[DEFECT_WRONG_RMAC] = "wrong-rmac",
	[DEFECT_MUTE] = "mute",
	[DEFECT_SLOW] = "slow",
};

const char *defect_name(enum defect d)
{
	return names[d];
}

void defect_list(FILE *to)
{
	for (unsigned int i = DEFECT_NONE + 1; i < DEFECT_COUNT; i++)
		fprintf(to, "%s%s", i > DEFECT_NONE + 1 ? ", " : "", names[i]);
}

bool defect_from_name(const char *name, enum defect *ret)
{
	for (unsigned int i = 0; i < DEFECT_COUNT; i++) {
		if (!strcmp(name, names[i])) {
			*ret = i;
			return true;
		}
	}
	return false;
}

bool defect_parse(const char *text, unsigned int *ret_card, enum defect *ret)
{
	unsigned long card;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	card = strtoul(text, &end, 10);
	if (!card || card > 1000000 || *end != ':' || !defect_from_name(end + 1, ret))
		return false;
	*ret_card = (unsigned int)card;
	return true;
}
