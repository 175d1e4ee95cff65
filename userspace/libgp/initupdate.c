// SPDX-License-Identifier: GPL-2.0-only
/* What a card says of itself in the response to INITIALIZE UPDATE: GPC Amendment D, appendix E. */
#include <string.h>

#include "libgp/scp03.h"

const char *gp_init_update_parse(const uint8_t *data, size_t len, struct gp_init_update *iu)
{
	memset(iu, 0, sizeof(*iu));
	if (len < 12)
		return "INITIALIZE UPDATE: response too short";
	iu->scp = data[11];
	memcpy(iu->kdd, data, GP_KDD_LEN);
	iu->kvn = data[10];
	if (iu->scp == 2) {
		if (len != 28)
			return "INITIALIZE UPDATE: length does not fit SCP02";
		/* Counter and challenge go together wherever they go. */
		memcpy(iu->challenge, data + 12, 8);
		memcpy(iu->cryptogram, data + 20, 8);
		iu->sequence = (uint32_t)data[12] << 8 | data[13];
		return NULL;
	}
	if (iu->scp != 3)
		return "INITIALIZE UPDATE: the card's key set is for neither SCP02 nor SCP03";
	if (len < 13)
		return "INITIALIZE UPDATE: response too short";
	iu->i = data[12];
	if (len != ((iu->i & 0x10) ? 32u : 29u))
		return "INITIALIZE UPDATE: length does not fit SCP03 in S8 mode";
	memcpy(iu->challenge, data + 13, 8);
	memcpy(iu->cryptogram, data + 21, 8);
	if (iu->i & 0x10)
		iu->sequence = (uint32_t)data[29] << 16 | (uint32_t)data[30] << 8 | data[31];
	return NULL;
}

bool gp_level_offered(uint8_t i, uint8_t level)
{
	if (level != 0 && level != 0x01 && level != 0x03 && level != 0x11 && level != 0x13 &&
	    level != 0x33)
		return false;
	if ((level & GP_LEVEL_R_MAC) && !(i & 0x20))
		return false;
	return !((level & GP_LEVEL_R_ENC) && (i & 0x60) != 0x60);
}
