/* SPDX-License-Identifier: GPL-2.0-only */
/* What STORE DATA puts on the card: data groupings (DGI) by identifier, kept over loss of power. */
#ifndef CARDSIM_DATASTORE_H
#define CARDSIM_DATASTORE_H

#include "aes.h"

#define STORE_MAX_DGIS	64
#define STORE_MAX_BYTES	8192	/* all values together */
#define STORE_MAX_VALUE	2048	/* one value, before decryption */

struct dgi {
	uint16_t id;
	uint16_t len;
	uint8_t *value;
};

/**
 * struct datastore - the DGIs of one card
 * @dgis: complete ones
 * @count: how many
 * @bytes: sum of their lengths
 * @pending: tail of a DGI that goes on in the next command
 * @pending_len: its length
 * @next_block: block number expected next, 0 when no sequence is open
 * @open: a sequence of commands is open
 */
struct datastore {
	struct dgi dgis[STORE_MAX_DGIS];
	unsigned int count;
	size_t bytes;
	uint8_t pending[STORE_MAX_VALUE + 5];
	size_t pending_len;
	uint8_t next_block;
	bool open;
};

/**
 * datastore_command() - one STORE DATA with DGIs, GlobalPlatform 11.11
 * @store: of the card
 * @p1: b8 last block; b7-6 encryption (00 none, 01 by identifier, 11 all); b5-4 must be 01
 * @p2: block number, from 0
 * @dek: key of encrypted values, AES-CBC with zero ICV
 * @data: one or more DGIs, or a part
 * @len: its length
 *
 * A command takes effect as a whole or not at all; a DGI that is not complete waits for the next
 * command. By identifier means: 8000...8FFF. An encrypted value keeps its padding, since only
 * the application knows whether it has one.
 *
 * Return: status word
 */
uint16_t datastore_command(struct datastore *store, uint8_t p1, uint8_t p2,
			   const struct aes_key *dek, const uint8_t *data, size_t len);

/* Ends an unfinished sequence of commands, as a reset or a new session does. */
void datastore_abandon(struct datastore *store);

/* The DGI @id, or NULL. */
const struct dgi *datastore_find(const struct datastore *store, uint16_t id);

void datastore_free(struct datastore *store);

#endif
