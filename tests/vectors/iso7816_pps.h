/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PPS requests, computed by a program of its own from the rules of ISO/IEC 7816-3.
 */
#ifndef VECTORS_ISO7816_PPS_H
#define VECTORS_ISO7816_PPS_H

/* pps1: -1 for none */
static const struct pps_vector {
	int t, pps1;
	const char *request;
} pps_vectors[] = {
	{ 0, 0x11, "FF1011FE" },
	{ 0, 0x12, "FF1012FD" },
	{ 0, 0x13, "FF1013FC" },
	{ 0, 0x18, "FF1018F7" },
	{ 0, 0x94, "FF10947B" },
	{ 0, 0x95, "FF10957A" },
	{ 0, 0x96, "FF109679" },
	{ 0, 0x97, "FF109778" },
	{ 1, 0x11, "FF1111FF" },
	{ 1, 0x13, "FF1113FD" },
	{ 1, 0x18, "FF1118F6" },
	{ 1, 0x95, "FF11957B" },
	{ 1, 0x96, "FF119678" },
	{ 0, -1, "FF00FF" },
	{ 1, -1, "FF01FE" },
};

#endif
