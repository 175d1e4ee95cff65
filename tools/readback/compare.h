/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds the row of an order that a card was personalized with, and compares the two. */
#ifndef READBACK_COMPARE_H
#define READBACK_COMPARE_H

#include "card.h"
#include "libledger/ledger.h"

/**
 * struct order - all rows of a CSV file
 * @rows: records as the file has them
 * @count: of them
 */
struct order {
	struct ledger_record *rows;
	size_t count;
};

/* order_read() - 0, or -1 after it has printed what is wrong, with line and column */
int order_read(struct order *order, const char *path);
void order_free(struct order *order);

/*
 * order_match() - the row whose keys the card has
 * @transport: key that the rows' keys are wrapped under
 *
 * The card proves by its cryptogram that it has them; on return a secure channel with all of C-MAC,
 * C-ENC, R-MAC and R-ENC is open. NULL with the reason in @card->error.
 */
const struct ledger_record *order_match(const struct order *order, struct card *card,
					const uint8_t transport[16]);

/* compare() - every field; 0, or -1 with the first that differs in @card->error */
int compare(struct card *card, const struct ledger_record *row);

#endif
