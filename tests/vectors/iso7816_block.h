/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * T=1 blocks with LRC and CRC.
 *
 * Computed by a program of its own from the rules of ISO/IEC 7816-3, but for those with a source
 * of their own: gfto/oscam (csctapi/icc_async.c) for NAD 21, NXPPlugNTrust/nano-package for
 * NAD 5A. Their CRC is CRC-16/X-25, low byte first, whose check value over "123456789" is 906E
 * (RFC 1662 C.2, catalogue of CRC algorithms).
 */
#ifndef VECTORS_ISO7816_BLOCK_H
#define VECTORS_ISO7816_BLOCK_H

/* lrc, crc: the whole block; NULL where the source has none */
static const struct block_vector {
	const char *name;
	const char *body;
	const char *lrc;
	const char *crc;
} block_vectors[] = {
	{
		"I(0,0) SELECT MF", "00000700A4000C023F00",
		"00000700A4000C023F0092", "00000700A4000C023F00FE78",
	},
	{
		"I(1,0) GET CHALLENGE", "0040050084000008",
		"0040050084000008C9", "00400500840000083883",
	},
	{
		"I(0,1) chained, 4 data bytes", "00200400A40400",
		"00200400A4040084", "00200400A40400D62F",
	},
	{
		"I(1,1) chained", "00600401020304",
		"0060040102030460", "006004010203049EE3",
	},
	{
		"I(0,0) 9000", "0000029000",
		"000002900092", "00000290009263",
	},
	{
		"I empty", "000000",
		"00000000", "000000CCC6",
	},
	{
		"R(0) error free", "008000",
		"00800080", "008000004A",
	},
	{
		"R(1) error free", "009000",
		"00900090", "00900091DF",
	},
	{
		"R(0) EDC/parity error", "008100",
		"00810081", "008100D853",
	},
	{
		"R(1) EDC/parity error", "009100",
		"00910091", "00910049C6",
	},
	{
		"R(0) other error", "008200",
		"00820082", "008200B079",
	},
	{
		"R(1) other error", "009200",
		"00920092", "00920021EC",
	},
	{
		"S(RESYNCH request)", "00C000",
		"00C000C0", "00C000660C",
	},
	{
		"S(RESYNCH response)", "00E000",
		"00E000E0", "00E000552F",
	},
	{
		"S(IFS request 254)", "00C101FE",
		"00C101FE3E", "00C101FEB1AB",
	},
	{
		"S(IFS response 254)", "00E101FE",
		"00E101FE1E", "00E101FE8AA8",
	},
	{
		"S(IFS request 32)", "00C10120",
		"00C10120E0", "00C101204294",
	},
	{
		"S(ABORT request)", "00C200",
		"00C200C2", "00C200D63F",
	},
	{
		"S(ABORT response)", "00E200",
		"00E200E2", "00E200E51C",
	},
	{
		"S(WTX request 1)", "00C30101",
		"00C30101C3", "00C301017111",
	},
	{
		"S(WTX response 1)", "00E30101",
		"00E30101E3", "00E301014A12",
	},
	{
		"S(WTX request 16)", "00C30110",
		"00C30110D2", "00C301107910",
	},
	{
		"S(RESYNCH request), SAD=1 DAD=2", "21C000",
		"21C000E1", NULL,
	},
	{
		"S(IFS request 254), SAD=1 DAD=2", "21C101FE",
		"21C101FE1F", NULL,
	},
	{
		"S(interface soft reset request), NAD 5A", "5ACF00",
		NULL, "5ACF00377F",
	},
};

#endif
