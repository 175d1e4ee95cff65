/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host's side of an SCP02 session: GPC 2.1.1 and on, appendix E, "i" = 15 or 55 (three keys,
 * explicit initiation, C-MAC on the modified APDU, its ICV encrypted), and EMV CPS. Without R-MAC.
 */
#ifndef LIBGP_SCP02_H
#define LIBGP_SCP02_H

#include "libgp/scp03.h"

/**
 * struct gp_scp02 - an SCP02 session; to be kept in locked memory and cleansed
 * @enc: S-ENC
 * @mac: S-MAC
 * @icv: C-MAC of the last command
 * @host: challenge
 * @card: sequence counter and challenge of the card
 * @level: security level asked for in EXTERNAL AUTHENTICATE
 * @open: EXTERNAL AUTHENTICATE was accepted
 */
struct gp_scp02 {
	uint8_t enc[16];
	uint8_t mac[16];
	uint8_t icv[8];
	uint8_t host[8];
	uint8_t card[8];
	uint8_t level;
	bool open;
};

/*
 * gp_scp02_begin() - start a session: check the card's cryptogram
 * @keys: S-ENC and S-MAC, copied
 * @context: host challenge, and what the card gave in place of a challenge of 8 bytes
 *
 * Return: NULL, or what is wrong: the cryptogram, the level.
 */
const char *gp_scp02_begin(struct gp_scp02 *s, const struct gp_session_keys *keys,
			   const uint8_t context[16], const struct gp_init_update *iu,
			   uint8_t level);

/* gp_scp02_external_authenticate() - the command, 21 bytes. Return: its length or -1. */
ssize_t gp_scp02_external_authenticate(struct gp_scp02 *s, uint8_t out[GP_APDU_MAX]);

/* gp_scp02_wrap() - as gp_scp03_wrap(). Responses are not protected */
ssize_t gp_scp02_wrap(struct gp_scp02 *s, const uint8_t *apdu, size_t len,
		      uint8_t out[GP_APDU_MAX]);

#endif
