/* SPDX-License-Identifier: GPL-2.0-only */
/* PUT KEY for a secure channel key set of AES-128 or two-key triple DES. */
#ifndef LIBGP_PUTKEY_H
#define LIBGP_PUTKEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct gp_put_key - one key of the set
 * @encrypted: under the DEK: of the card, AES-CBC with IV 0, or of the session, DES3-ECB
 * @kcv: key check value
 */
struct gp_put_key {
	uint8_t encrypted[16];
	uint8_t kcv[3];
};

#define GP_PUT_KEY_MAX	76	/* command APDU with Le */

/*
 * gp_put_key() - 80 D8 for keys 1 (ENC), 2 (MAC), 3 (DEK) of a set
 * @des: keys for SCP02, not SCP03
 * @replace: version of the set to be replaced, 0 for a new one
 * @kvn: version of the set that is put
 *
 * Return: length of the command.
 */
size_t gp_put_key(bool des, uint8_t replace, uint8_t kvn, const struct gp_put_key keys[3],
		  uint8_t out[GP_PUT_KEY_MAX]);

/* gp_put_key_confirmed() - NULL if the response data confirm version and all KCVs, else why not */
const char *gp_put_key_confirmed(const uint8_t *data, size_t len, uint8_t kvn,
				 const struct gp_put_key keys[3]);

#endif
