/* SPDX-License-Identifier: GPL-2.0-only */
/* Keys that everybody has: of manuals and sample cards. */
#ifndef LIBGP_PUBLICKEY_H
#define LIBGP_PUBLICKEY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * gp_kcv_is_public() - is this the check value of such a key, by AES or by triple DES?
 *
 * One other key in 2^20 is taken for one: it is refused what a public key is, no more. True as
 * well if OpenSSL failed.
 */
bool gp_kcv_is_public(const uint8_t kcv[3]);

#endif
