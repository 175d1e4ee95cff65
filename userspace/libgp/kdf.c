// SPDX-License-Identifier: GPL-2.0-only
/* The key derivations of SCP03 and KDF3. */
#include "libgp/kdf.h"

#include <string.h>

#include "libgp/aes.h"

void gp_scp03_block(enum gp_scp03_constant constant, unsigned int bits,
		    const uint8_t context[16], uint8_t out[GP_SCP03_BLOCK])
{
	memset(out, 0, 16);
	out[11] = constant;
	out[13] = (uint8_t)(bits >> 8);
	out[14] = (uint8_t)bits;
	out[15] = 1;
	memcpy(out + 16, context, 16);
}

void gp_kdf3_block(enum gp_key_id k, const uint8_t kdd[GP_KDD_LEN], uint8_t out[16])
{
	memset(out, 0, 6);
	out[0] = 1;
	out[4] = k;
	memcpy(out + 6, kdd, GP_KDD_LEN);
}

int gp_scp03_derive(const uint8_t key[16], enum gp_scp03_constant constant, unsigned int bits,
		    const uint8_t context[16], uint8_t out[16])
{
	uint8_t block[GP_SCP03_BLOCK];

	gp_scp03_block(constant, bits, context, block);
	return gp_aes_cmac(key, block, sizeof(block), NULL, 0, out);
}

int gp_kdf3(const uint8_t master[16], enum gp_key_id k, const uint8_t kdd[GP_KDD_LEN],
	    uint8_t out[16])
{
	uint8_t block[16];

	gp_kdf3_block(k, kdd, block);
	return gp_aes_cmac(master, block, sizeof(block), NULL, 0, out);
}
