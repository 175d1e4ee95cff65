// SPDX-License-Identifier: GPL-2.0-only
/*
 * Command APDUs taken apart into their cases, ISO/IEC 7816-4 5.2 and ISO/IEC 7816-3 12.1.
 */
#include "internal.h"

/**
 * iso7816_apdu_decode() - which of the seven cases
 * @ret_apdu: filled on success, untouched on failure
 * @cmd: command APDU
 * @len: its length
 * Return: false for a length that fits no case
 */
bool iso7816_apdu_decode(struct iso7816_apdu *ret_apdu, const u8 *cmd, u32 len)
{
	struct iso7816_apdu a = { 0 };
	u32 lc;

	if (len < 4 || len > ISO7816_APDU_MAX)
		return false;
	if (len == 4) {					/* case 1 */
		*ret_apdu = a;
		return true;
	}
	if (len == 5) {					/* case 2 short */
		a.has_le = true;
		a.le = cmd[4] ? cmd[4] : 256;
		*ret_apdu = a;
		return true;
	}
	if (cmd[4]) {					/* cases 3 and 4 short */
		lc = cmd[4];
		a.data = cmd + 5;
		a.lc = lc;
		if (len == 6 + lc) {
			a.has_le = true;
			a.le = cmd[5 + lc] ? cmd[5 + lc] : 256;
		} else if (len != 5 + lc) {
			return false;
		}
		*ret_apdu = a;
		return true;
	}
	if (len < 7)
		return false;
	lc = (u32)cmd[5] << 8 | cmd[6];
	if (len == 7) {					/* case 2 extended */
		a.has_le = true;
		a.le = lc ? lc : 65536;
		*ret_apdu = a;
		return true;
	}
	if (!lc)
		return false;
	a.data = cmd + 7;
	a.lc = lc;
	if (len == 9 + lc) {				/* case 4 extended */
		u32 le = (u32)cmd[7 + lc] << 8 | cmd[8 + lc];

		a.has_le = true;
		a.le = le ? le : 65536;
	} else if (len != 7 + lc) {			/* case 3 extended */
		return false;
	}
	*ret_apdu = a;
	return true;
}

/**
 * iso7816_get_response_cla() - CLA of a GET RESPONSE or ENVELOPE for a command
 * @cla: of the command
 *
 * The logical channel stays; secure messaging and chaining do not apply to it.
 */
u8 iso7816_get_response_cla(u8 cla)
{
	if (!(cla & 0xc0))
		return cla & (u8)~0x1c;		/* first interindustry: SM b4-3, chaining b5 */
	if (!(cla & 0x80))
		return cla & (u8)~0x30;		/* further interindustry: SM b6, chaining b5 */
	if ((cla & 0xf0) == 0x80)
		return cla & (u8)~0x0c;		/* GlobalPlatform: coded as 0X */
	return cla;
}
