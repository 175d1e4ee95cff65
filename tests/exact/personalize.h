/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Personalizes a GlobalPlatform card over whatever carries its APDUs: the commands of
 * profiles/personalize.lua, with the server's own SCP03.
 */
#ifndef EXACT_PERSONALIZE_H
#define EXACT_PERSONALIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PERSONALIZE_KVN		0x01	/* of the keys that a blank card has, and */
#define PERSONALIZE_NEW_KVN	0x30	/* of those that it gets */
#define PERSONALIZE_RSP_MAX	258

/* The master key of blank cards; a test key. */
extern const uint8_t personalize_master[16];

/**
 * struct personalize_io - the way to the card
 * @transmit: a command APDU, and its response with SW1 SW2; false if it was lost or spoilt
 * @ctx: for it
 */
struct personalize_io {
	bool (*transmit)(void *ctx, const uint8_t *cmd, size_t len,
			 uint8_t rsp[PERSONALIZE_RSP_MAX], size_t *ret_len);
	void *ctx;
};

/**
 * personalize() - new keys and the data of one record; proves that the card has them
 * @io: way to the card, which was just reset
 * @number: of the record
 * Return: NULL, or the step that failed
 */
const char *personalize(const struct personalize_io *io, unsigned int number);

#endif
