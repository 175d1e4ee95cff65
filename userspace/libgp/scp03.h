/* SPDX-License-Identifier: GPL-2.0-only */
/* The host's side of an SCP03 session (AES-128, S8 mode). Takes session keys, never static ones. */
#ifndef LIBGP_SCP03_H
#define LIBGP_SCP03_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "libgp/kdf.h"

#define GP_LEVEL_C_MAC	0x01
#define GP_LEVEL_C_ENC	0x02
#define GP_LEVEL_R_MAC	0x10
#define GP_LEVEL_R_ENC	0x20

#define GP_MAC_LEN	8
#define GP_APDU_MAX	261	/* short: header, Lc, 255 bytes, Le */
#define GP_RESPONSE_MAX	258	/* 256 bytes and SW1 SW2 */

/* The longest data field before wrapping, with C-MAC and C-ENC. */
#define GP_SCP03_DATA_MAX 239

/**
 * struct gp_init_update - the response to INITIALIZE UPDATE
 * @kdd: key diversification data
 * @kvn: key version that the card uses
 * @scp: protocol of the key set: 2 or 3
 * @i: SCP03's "i" parameter
 * @challenge: of the card; SCP02: sequence counter (2) and challenge (6)
 * @cryptogram: of the card
 * @sequence: counter; SCP03: if the challenge is pseudo-random
 */
struct gp_init_update {
	uint8_t kdd[GP_KDD_LEN];
	uint8_t kvn;
	uint8_t scp;
	uint8_t i;
	uint8_t challenge[8];
	uint8_t cryptogram[8];
	uint32_t sequence;
};

/**
 * struct gp_session_keys - to be kept in locked memory
 * @enc: S-ENC
 * @mac: S-MAC
 * @rmac: S-RMAC
 */
struct gp_session_keys {
	uint8_t enc[16];
	uint8_t mac[16];
	uint8_t rmac[16];
};

/**
 * struct gp_scp03 - an SCP03 session; to be kept in locked memory and cleansed
 * @keys: session keys
 * @context: host challenge || card challenge
 * @mcv: MAC chaining value
 * @counter: of the last command, for the ICVs
 * @level: security level asked for in EXTERNAL AUTHENTICATE
 * @open: EXTERNAL AUTHENTICATE was accepted
 */
struct gp_scp03 {
	struct gp_session_keys keys;
	uint8_t context[16];
	uint8_t mcv[16];
	uint8_t counter[16];
	uint8_t level;
	bool open;
};

/*
 * gp_init_update_parse() - take the response data (without SW1 SW2) apart
 *
 * Return: NULL, or what is wrong with it, in static storage.
 */
const char *gp_init_update_parse(const uint8_t *data, size_t len, struct gp_init_update *iu);

/* gp_level_offered() - does a card with this "i" parameter offer the security level? */
bool gp_level_offered(uint8_t i, uint8_t level);

/*
 * gp_scp03_begin() - start a session: check the card's cryptogram
 * @keys: session keys, copied
 *
 * Costs no authentication attempt on the card, since nothing is sent.
 *
 * Return: NULL, or what is wrong: the cryptogram, the level.
 */
const char *gp_scp03_begin(struct gp_scp03 *s, const struct gp_session_keys *keys,
			   const uint8_t context[16], const struct gp_init_update *iu,
			   uint8_t level);

/* gp_scp03_external_authenticate() - the command, 21 bytes. Return: its length or -1. */
ssize_t gp_scp03_external_authenticate(struct gp_scp03 *s, uint8_t out[GP_APDU_MAX]);

/*
 * gp_scp03_wrap() - encrypt and MAC a command APDU as the session's level says
 * @apdu: short, cases 1 to 4; logical channel 0
 *
 * Return: length of the wrapped command, or -1: not a short APDU, data too long, OpenSSL failed.
 */
ssize_t gp_scp03_wrap(struct gp_scp03 *s, const uint8_t *apdu, size_t len,
		      uint8_t out[GP_APDU_MAX]);

/*
 * gp_scp03_unwrap() - check and decrypt the response to the last wrapped command
 * @rsp: data and SW1 SW2
 * @out: data and SW1 SW2
 *
 * Only 9000, 62xx and 63xx are protected; others come without data. What fails here ends the
 * session: @s->open becomes false.
 *
 * Return: NULL, or what is wrong, in static storage.
 */
const char *gp_scp03_unwrap(struct gp_scp03 *s, const uint8_t *rsp, size_t len,
			    uint8_t out[GP_RESPONSE_MAX], size_t *out_len);

#endif
