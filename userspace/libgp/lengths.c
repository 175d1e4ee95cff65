// SPDX-License-Identifier: GPL-2.0-only
/* Where the parts of a short command APDU are. */
#include "libgp/lengths.h"

bool gp_lengths(const uint8_t *apdu, size_t len, size_t *lc, size_t *le)
{
	*lc = 0;
	*le = 0;
	if (len < 4)
		return false;
	if (len == 5) {
		*le = 1;
	} else if (len > 5) {
		*lc = apdu[4];
		if (!*lc || len < 5 + *lc || len > 6 + *lc)
			return false;
		*le = len - 5 - *lc;
	}
	return true;
}
