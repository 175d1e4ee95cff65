// SPDX-License-Identifier: GPL-2.0-only
/* The kinds of chip in the stock: protocols, conventions and speeds that occur in the field. */
#include "atr_profile.h"

#define HIST	0x43, 0x4b, 0x53, 0x31	/* "CKS1", proprietary historical bytes */

struct profile {
	bool t1;	/* T=1 offered, and so a TCK at the end */
	u8 len;
	u8 atr[ISO7816_ATR_MAX];
};

#define P(t1_, ...) \
	{ .t1 = (t1_), .len = sizeof((u8[]){ __VA_ARGS__ }), .atr = { __VA_ARGS__ } }

/*
 * CWI is chosen for a CWT of 50 ms or more at the speed of TA1: emulated machines on a loaded
 * host lose some milliseconds between two characters now and then.
 */
static const struct profile profiles[] = {
	/* T=0, nothing but historical bytes: 372/1 */
	P(false, 0x3b, 0x04, HIST),
	/* T=1, TA1 13, IFSC 254, BWI 4, CWI 11 */
	P(true, 0x3b, 0x94, 0x13, 0x81, 0x31, 0xfe, 0x4b, HIST),
	/* T=0, TA1 18, N = 255 */
	P(false, 0x3b, 0x54, 0x18, 0xff, HIST),
	/* T=0, inverse convention, TA1 13, N = 2, WI 20 */
	P(false, 0x3f, 0xd4, 0x13, 0x02, 0x40, 0x14, HIST),
	/* T=1, TA1 95, N = 255: characters of 11 etu */
	P(true, 0x3b, 0xd4, 0x95, 0xff, 0x81, 0x31, 0xfe, 0x4d, HIST),
	/* T=0 first, T=1 as well, TA1 12 */
	P(true, 0x3b, 0x94, 0x12, 0x80, 0x31, 0xfe, 0x6a, HIST),
	/* T=1, inverse convention, 372/1, default IFSC of 32: chains */
	P(true, 0x3f, 0x84, 0x81, 0x21, 0x49, HIST),
	/* T=0, TA1 95, dead TB1 of old cards */
	P(false, 0x3b, 0x34, 0x95, 0x00, HIST),
};

u8 atr_profile(unsigned int number, bool only_t1, u8 out[ISO7816_ATR_MAX])
{
	const struct profile *p;
	u8 tck = 0;

	do {
		p = &profiles[number++ % ARRAY_SIZE(profiles)];
	} while (only_t1 && !p->t1);
	for (unsigned int i = 0; i < p->len; i++) {
		out[i] = p->atr[i];
		if (i)
			tck ^= p->atr[i];
	}
	if (!p->t1)
		return p->len;
	out[p->len] = tck;
	return p->len + 1;
}
