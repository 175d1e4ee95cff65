/* SPDX-License-Identifier: GPL-2.0-only */
/* PUT KEY for an AES-128 secure channel key set. */
#ifndef LIBGP_PUTKEY_H
#define LIBGP_PUTKEY_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct gp_put_key - one key of the set
 * @encrypted: under the card's DEK, AES-CBC with IV 0
 * @kcv: key check value
 */
struct gp_put_key {
	uint8_t encrypted[16];
	uint8_t kcv[3];
};

#define GP_PUT_KEY_LEN	76	/* command APDU with Le */

/*
 * gp_put_key() - 80 D8 for keys 1 (ENC), 2 (MAC), 3 (DEK) of a set
 * @replace: version of the set to be replaced, 0 for a new one
 * @kvn: version of the set that is put
 */
void gp_put_key(uint8_t replace, uint8_t kvn, const struct gp_put_key keys[3],
		uint8_t out[GP_PUT_KEY_LEN]);

/* gp_put_key_confirmed() - NULL if the response data confirm version and all KCVs, else why not */
const char *gp_put_key_confirmed(const uint8_t *data, size_t len, uint8_t kvn,
				 const struct gp_put_key keys[3]);

#endif
