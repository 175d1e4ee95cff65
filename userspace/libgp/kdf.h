/* SPDX-License-Identifier: GPL-2.0-only */
/* The key derivations of SCP03 and KDF3: the blocks to be MACed, and the whole in memory. */
#ifndef LIBGP_KDF_H
#define LIBGP_KDF_H

#include <stddef.h>
#include <stdint.h>

#define GP_KDD_LEN	10
#define GP_SCP03_BLOCK	32	/* length of the data under the CMAC in S8 mode */

/* Derivation constants, GPC Amendment D table 4-1. */
enum gp_scp03_constant {
	GP_DERIVE_CARD_CRYPTOGRAM = 0x00,
	GP_DERIVE_HOST_CRYPTOGRAM = 0x01,
	GP_DERIVE_CARD_CHALLENGE = 0x02,
	GP_DERIVE_S_ENC = 0x04,
	GP_DERIVE_S_MAC = 0x06,
	GP_DERIVE_S_RMAC = 0x07,
};

/* Key identifiers of a secure channel key set. */
enum gp_key_id {
	GP_KEY_ENC = 1,
	GP_KEY_MAC = 2,
	GP_KEY_DEK = 3,
};

/*
 * gp_scp03_block() - what is put under the CMAC: SP 800-108 counter mode, one block
 * @bits: L: 64 for a cryptogram in S8 mode, 128 for an AES-128 key
 * @context: host challenge || card challenge
 */
void gp_scp03_block(enum gp_scp03_constant constant, unsigned int bits,
		    const uint8_t context[16], uint8_t out[GP_SCP03_BLOCK]);

/* gp_kdf3_block() - one block for an AES-128 card key: 01 || 00 00 00 k || 00 || KDD */
void gp_kdf3_block(enum gp_key_id k, const uint8_t kdd[GP_KDD_LEN], uint8_t out[16]);

/* Both in memory, for programs that hold the keys themselves. Return 0 or -1. */
int gp_scp03_derive(const uint8_t key[16], enum gp_scp03_constant constant, unsigned int bits,
		    const uint8_t context[16], uint8_t out[16]);
int gp_kdf3(const uint8_t master[16], enum gp_key_id k, const uint8_t kdd[GP_KDD_LEN],
	    uint8_t out[16]);

#endif
