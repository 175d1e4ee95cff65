/* SPDX-License-Identifier: GPL-2.0-only */
/* Blocks of T=1 by script, for the suites of T=1: what the card gives and the coupler sends. */
#ifndef ISO7816_T1_SCRIPT_H
#define ISO7816_T1_SCRIPT_H

#include "script.h"

static inline const char *with_lrc(char *text, const char *body)
{
	u8 buf[300], x = 0;
	u32 n = script_hex(buf, body), i;

	for (i = 0; i < n; i++)
		x ^= buf[i];
	sprintf(text, "%s%02X", body, x);
	return text;
}

static inline void block_gives(struct script *s, const char *body)
{
	char text[700];

	gives(s, with_lrc(text, body));
}

/* Sent at BGT after the card's last character. */
static inline void block_sends(struct script *s, const char *body)
{
	char text[700];
	u64 before = s->edge;

	sends(s, with_lrc(text, body));
	assert_in_range(s->at - before, 22 * s->etu, U64_MAX);
}

static inline struct script *ready_with(enum iso7816_policy policy, const char *atr, u8 ifsd)
{
	struct script *s = script_new(policy);

	s->cfg.ifsd = ifsd;
	script_ready(s, atr, 1);
	return s;
}

/* IFSC 32, BWI 4, CWI 13, LRC: all by default; no S(IFS request) */
static inline struct script *ready(void)
{
	return ready_with(ISO7816_STRICT, "3B800181", 0);
}

/* One exchange that works, so that the card has been heard. */
static inline void heard(struct script *s)
{
	begin(s, "00440000");
	block_sends(s, "000004 00440000");
	block_gives(s, "000002 9000");
	responds(s, "9000");
}

#endif
