/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Card keys by VISA2 and EMV CPS from 404142434445464748494A4B4C4D4E4F and the KDD
 * 00010203040506070809.
 *
 * Source: martinpaljak/GlobalPlatformPro, TestPlaintextKeys.java (check values)
 */
#ifndef VECTORS_SCHEMES_H
#define VECTORS_SCHEMES_H

static const struct {
	const char *scheme;
	const char *described;	/* the same in its general form */
	const char *key[3];	/* ENC, MAC, DEK; parity bits as they come */
	const char *kcv[3];
} scheme_vectors[] = {
	{
		"visa2", "ecb:#0#1#4#5#6#7F0kk#0#1#4#5#6#70fkk",
		{ "8510FC973208218CA86888BCEC203635",
		  "1068B5FB6F06C78C7A4DFC343B21C78F",
		  "2DAEE809C71405FF259C3BE695A1F66E" },
		{ "2BE598", "58DA38", "3C328E" },
	},
	{
		"emv-cps", "ecb:#4#5#6#7#8#9f0kk#4#5#6#7#8#90Fkk",
		{ "0EF59FCBF8019B62E62AF6EA20B8BF25",
		  "3E383EB6F2762B88155F76BDFED05A02",
		  "64021E43C0C7D264A1C7C6D01E1C8761" },
		{ "C33013", "6F4CA6", "BB8179" },
	},
};

#endif
