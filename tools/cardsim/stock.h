/* SPDX-License-Identifier: GPL-2.0-only */
/* All the cards there are, wherever in the machine they may be. */
#ifndef CARDSIM_STOCK_H
#define CARDSIM_STOCK_H

#include "defect.h"
#include "gpcard.h"
#include "iso7816/iso7816.h"

#define STOCK_MAX	10000
#define STOCK_REF_MAX	16

/**
 * struct sim_card - one card
 * @id: its number, from 1; what the transport unit calls it
 * @ref: outer reference, as printed on its tray
 * @atr: answer to reset
 * @atr_len: length of it
 * @defect: what is wrong with it
 * @gp: the card operating system and its memory
 */
struct sim_card {
	unsigned int id;
	char ref[STOCK_REF_MAX];
	u8 atr[ISO7816_ATR_MAX];
	u8 atr_len;
	enum defect defect;
	struct gp_card gp;
};

struct stock {
	struct sim_card *cards;
	unsigned int count;
};

/**
 * struct stock_order - what stock to make
 * @cards: number of cards; with @file the number of its lines
 * @master: key of the initial key sets; a test key, never a real one
 * @kvn: key version number of these sets
 * @serial: serial number of the first card; the others count on
 * @file: description of each card, or NULL
 */
struct stock_order {
	unsigned int cards;
	struct aes_key master;
	uint8_t kvn;
	uint32_t serial;
	const char *file;
};

/* Makes the cards; false after a message on standard error. */
bool stock_make(struct stock *stock, const struct stock_order *order);

/* Gives card @id a defect; false when there is no such card. */
bool stock_set_defect(struct stock *stock, unsigned int id, enum defect defect);

/* Defects from a file, CARD:KIND on each line; false after a message. */
bool stock_read_defects(struct stock *stock, const char *path);

struct sim_card *stock_card(struct stock *stock, unsigned int id);

void stock_free(struct stock *stock);

#endif
