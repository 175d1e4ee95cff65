/* SPDX-License-Identifier: GPL-2.0-only */
/* A small GlobalPlatform card: one issuer security domain that is always selected. */
#ifndef CARDSIM_GPCARD_H
#define CARDSIM_GPCARD_H

#include "datastore.h"
#include "identity.h"
#include "scp03_card.h"

#define GP_RESPONSE_MAX	258	/* 256 bytes and SW1 SW2 */
#define GP_AID_MAX	16

/**
 * struct gp_card - the card's memory
 * @aid: of the issuer security domain
 * @aid_len: its length
 * @id: KDD and CPLC
 * @keys: key sets
 * @store: DGIs
 * @scp: secure channel session, volatile
 * @mac_errors: commands with a wrong or missing MAC, ever
 * @wrong_cryptogram: defect: the card cryptogram is wrong
 * @wrong_rmac: defect: every R-MAC is wrong
 */
struct gp_card {
	uint8_t aid[GP_AID_MAX];
	uint8_t aid_len;
	struct identity id;
	struct keyring keys;
	struct datastore store;
	struct scp03 scp;
	uint32_t mac_errors;
	bool wrong_cryptogram;
	bool wrong_rmac;
};

/**
 * gp_card_init() - a blank card
 * @card: zeroed storage
 * @id: its identity
 * @master: key that its initial key set is derived from
 * @kvn: number of that set
 */
bool gp_card_init(struct gp_card *card, const struct identity *id, const struct aes_key *master,
		  uint8_t kvn);

void gp_card_free(struct gp_card *card);

/* Power off or reset: what is volatile is lost. */
void gp_card_reset(struct gp_card *card);

/**
 * gp_card_command() - carry out one command APDU
 * @card: card
 * @apdu: command; anything a coupler may send
 * @len: its length
 * @rsp: receives data and SW1 SW2
 * Return: length of the response, at least 2
 */
size_t gp_card_command(struct gp_card *card, const uint8_t *apdu, size_t len,
		       uint8_t rsp[GP_RESPONSE_MAX]);

/* Direction of a T=0 TPDU's data, which the header alone does not tell: true is to the card. */
bool gp_card_incoming(const uint8_t header[5]);

/* Name of a command for a log. */
const char *gp_card_name(const uint8_t *apdu, size_t len);

#endif
