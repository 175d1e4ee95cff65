/* SPDX-License-Identifier: GPL-2.0-only */
/* What can be wrong with a simulated card. */
#ifndef CARDSIM_DEFECT_H
#define CARDSIM_DEFECT_H

#include <stdbool.h>
#include <stdio.h>

enum defect {
	DEFECT_NONE,
	DEFECT_BAD_ATR,		/* TS is neither 3B nor 3F */
	DEFECT_NO_ATR,		/* never a character */
	DEFECT_BAD_TCK,		/* offers T=1, TCK wrong: strict couplers refuse it */
	DEFECT_WRONG_MAC,	/* card cryptogram wrong: a card that does not know its keys */
	DEFECT_WRONG_RMAC,	/* R-MAC wrong */
	DEFECT_MUTE,		/* no answer from the 5th command after a reset on */
	DEFECT_SLOW,		/* each command costs three NULL or one S(WTX request), and time */
	DEFECT_COUNT,
};

#define DEFECT_MUTE_AFTER	4

/* "bad-atr", ...; "none" for DEFECT_NONE. */
const char *defect_name(enum defect d);

/* All names, for messages. */
void defect_list(FILE *to);

/* False when there is no kind of that name. */
bool defect_from_name(const char *name, enum defect *ret);

/* Splits CARD:KIND; false when it is not that. */
bool defect_parse(const char *text, unsigned int *ret_card, enum defect *ret);

#endif
