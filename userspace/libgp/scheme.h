/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the keys of a card come from a master key. A scheme is a template of one block of 16 bytes,
 * which is filled from the key diversification data and put under the master key.
 */
#ifndef LIBGP_SCHEME_H
#define LIBGP_SCHEME_H

#include <stdbool.h>
#include <stdint.h>

#include "libgp/kdf.h"

#define GP_SCHEME_BLOCK	16
#define GP_SCHEME_BLOCKS (2 * GP_SCHEME_BLOCK)

/**
 * struct gp_scheme - a template
 * @cmac: the block is MACed, as in SP 800-108; else it is encrypted, ECB
 * @from: where each byte is from: GP_FROM_..., or an index of the KDD
 * @value: of bytes that stay as they are
 */
struct gp_scheme {
	bool cmac;
	uint8_t from[GP_SCHEME_BLOCK];
	uint8_t value[GP_SCHEME_BLOCK];
};

#define GP_FROM_VALUE	0xf0
#define GP_FROM_KEY	0xf1	/* 1 ENC, 2 MAC, 3 DEK */
#define GP_FROM_COUNT	0xf2	/* number of the block, from 1 */

/*
 * gp_scheme_parse() - a scheme by its name, or as it is described
 * @text: "kdf3", "visa2", "emv-cps", or "cmac:" or "ecb:" and two characters for each of 16 bytes:
 *	hexadecimal digits, #0 to #9 for a byte of the KDD, kk for the key's identifier, nn for the
 *	block's number
 *
 * A scheme gives different keys to different cards, and three to each.
 *
 * Return: NULL, or what is wrong with it, in static storage.
 */
const char *gp_scheme_parse(const char *text, struct gp_scheme *s);

/* gp_scheme_blocks() - fill it in: one block, and a second one for keys longer than 128 bits */
void gp_scheme_blocks(const struct gp_scheme *s, enum gp_key_id k, const uint8_t kdd[GP_KDD_LEN],
		      uint8_t out[GP_SCHEME_BLOCKS]);

#endif
