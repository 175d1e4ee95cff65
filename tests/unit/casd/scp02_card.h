/* SPDX-License-Identifier: GPL-2.0-only */
/* A card with SCP02 for tests of the CAS: a second implementation, over OpenSSL alone. */
#ifndef TESTS_SCP02_CARD_H
#define TESTS_SCP02_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct scp02_card - the card's memory
 * @kdd: key diversification data
 * @kvn: version of its key set
 * @keys: ENC, MAC, DEK
 * @counter: sequence counter
 * @level: of the session, 0 for none
 * @session: S-ENC, S-MAC, S-DEK
 * @icv: C-MAC of the last command
 * @host: challenge
 * @store: data of STORE DATA, one after the other
 * @store_len: of @store
 * @mac_errors: commands with a wrong MAC, ever
 */
struct scp02_card {
	uint8_t kdd[10];
	uint8_t kvn;
	uint8_t keys[3][16];
	uint16_t counter;
	uint8_t level;
	uint8_t session[3][16];
	uint8_t icv[8];
	uint8_t host[8];
	uint8_t store[1024];
	size_t store_len;
	unsigned int mac_errors;
};

/* scp02_card_init() - a blank card, its keys derived from a master key by VISA2 */
void scp02_card_init(struct scp02_card *c, uint8_t serial, const uint8_t master[16]);

/* scp02_card_command() - carry out a command; returns the length of the response, at least 2 */
size_t scp02_card_command(void *card, const uint8_t *apdu, size_t len, uint8_t *rsp);

#endif
