/* SPDX-License-Identifier: GPL-2.0-only */
/* Status words of ISO/IEC 7816-4 and GlobalPlatform that the card answers with. */
#ifndef CARDSIM_STATUS_H
#define CARDSIM_STATUS_H

#define SW_OK			0x9000
#define SW_CRYPTOGRAM		0x6300	/* host cryptogram wrong */
#define SW_LENGTH		0x6700
#define SW_CHANNEL		0x6881	/* logical channel not supported */
#define SW_SECURITY		0x6982	/* security status not satisfied */
#define SW_BLOCKED		0x6983	/* authentication method blocked */
#define SW_CONDITIONS		0x6985	/* conditions of use not satisfied */
#define SW_WRONG_DATA		0x6a80
#define SW_NO_FILE		0x6a82
#define SW_NO_ROOM		0x6a84
#define SW_WRONG_P1P2		0x6a86
#define SW_NOT_FOUND		0x6a88
#define SW_INS			0x6d00
#define SW_CLA			0x6e00
#define SW_FAILURE		0x6f00	/* the simulation itself failed */
#define SW_ALGORITHM		0x9484
#define SW_WRONG_KCV		0x9485

#endif
