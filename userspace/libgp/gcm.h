/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Data under a key, as bureau, CAS and token seal them: AES-128-GCM (SP 800-38D) with a nonce of 12
 * random bytes in front and a tag of 16 behind. A text is bound to the data, and is not in it.
 */
#ifndef LIBGP_GCM_H
#define LIBGP_GCM_H

#include <stddef.h>
#include <stdint.h>

#define GP_NONCE	12
#define GP_TAG		16
#define GP_SEAL		(GP_NONCE + GP_TAG)	/* so much longer than the data */

/*
 * gp_seal() - encrypt
 * @with: text that is bound to the data
 * @out: @len + GP_SEAL bytes
 *
 * Return: 0, or -1 if OpenSSL failed.
 */
int gp_seal(const uint8_t key[16], const char *with, const uint8_t *data, size_t len, uint8_t *out);

/* gp_unseal() - @out: @len - GP_SEAL bytes; -1 as well if anything was changed */
int gp_unseal(const uint8_t key[16], const char *with, const uint8_t *sealed, size_t len,
	      uint8_t *out);

#endif
