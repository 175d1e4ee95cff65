// SPDX-License-Identifier: GPL-2.0-only
/* Making the stock of blank cards, evenly mixed or as a file describes each one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "atr_profile.h"
#include "hex.h"
#include "stock.h"

#define LINE_MAX_LEN	512

struct sim_card *stock_card(struct stock *stock, unsigned int id)
{
	return id && id <= stock->count ? &stock->cards[id - 1] : NULL;
}

bool stock_set_defect(struct stock *stock, unsigned int id, enum defect defect)
{
	struct sim_card *card = stock_card(stock, id);

	if (!card)
		return false;
	card->defect = defect;
	card->gp.wrong_cryptogram = defect == DEFECT_WRONG_MAC;
	card->gp.wrong_rmac = defect == DEFECT_WRONG_RMAC;
	if (defect == DEFECT_BAD_TCK) {
		card->atr_len = atr_profile(id - 1, true, card->atr);
		card->atr[card->atr_len - 1] ^= 0x01;
	}
	return true;
}

static bool read_lines(const char *path, bool (*take)(void *ctx, char *text), void *ctx)
{
	char text[LINE_MAX_LEN];
	unsigned int line = 0;
	FILE *f = fopen(path, "re");
	bool ok = true;

	if (!f) {
		fprintf(stderr, "cardsim: cannot read %s: %s\n", path, strerror(errno));
		return false;
	}
	while (ok && fgets(text, sizeof(text), f)) {
		line++;
		text[strcspn(text, "#\r\n")] = 0;
		if (!text[strspn(text, " \t")])
			continue;
		ok = take(ctx, text);
		if (!ok)
			fprintf(stderr, "cardsim: %s line %u is not usable; see README.md\n", path,
				line);
	}
	if (ok && ferror(f)) {
		fprintf(stderr, "cardsim: cannot read %s: %s\n", path, strerror(errno));
		ok = false;
	}
	fclose(f);
	return ok;
}

static bool take_defect(void *ctx, char *text)
{
	unsigned int id;
	enum defect d;

	text += strspn(text, " \t");
	text[strcspn(text, " \t")] = 0;
	return defect_parse(text, &id, &d) && stock_set_defect(ctx, id, d);
}

bool stock_read_defects(struct stock *stock, const char *path)
{
	return read_lines(path, take_defect, stock);
}

static bool add_card(struct stock *stock, const struct stock_order *order)
{
	struct identity identity;
	struct sim_card *card;

	if (stock->count == STOCK_MAX) {
		fprintf(stderr, "cardsim: more than %d cards\n", STOCK_MAX);
		return false;
	}
	if (!(stock->count & (stock->count - 1))) {
		size_t room = stock->count ? 2UL * stock->count : 1;
		struct sim_card *more = reallocarray(stock->cards, room, sizeof(*more));

		if (!more) {
			fprintf(stderr, "cardsim: no memory for %zu cards\n", room);
			return false;
		}
		stock->cards = more;
	}
	card = &stock->cards[stock->count];
	memset(card, 0, sizeof(*card));
	card->id = stock->count + 1;
	snprintf(card->ref, sizeof(card->ref), "TRAY-%04u", card->id);
	card->atr_len = atr_profile(stock->count, false, card->atr);
	identity_make(&identity, order->serial + stock->count);
	if (!gp_card_init(&card->gp, &identity, &order->master, order->kvn)) {
		fprintf(stderr, "cardsim: cannot derive the keys of card %u\n", card->id);
		return false;
	}
	stock->count++;
	return true;
}

struct file_ctx {
	struct stock *stock;
	const struct stock_order *order;
};

static bool set_kdd(struct sim_card *card, const struct stock_order *order, const char *value)
{
	struct identity id = card->gp.id;
	uint8_t kdd[KDD_LEN];

	if (hex_decode(value, kdd, sizeof(kdd)) != KDD_LEN)
		return false;
	identity_set_kdd(&id, kdd);
	gp_card_free(&card->gp);
	memset(&card->gp, 0, sizeof(card->gp));
	return gp_card_init(&card->gp, &id, &order->master, order->kvn);
}

/* Fields kdd=, atr=, defect=, each at most once, in any order. */
static bool take_card(void *ctx, char *text)
{
	const struct file_ctx *f = ctx;
	struct sim_card *card;
	char *save = NULL;
	enum defect d = DEFECT_NONE;

	if (!add_card(f->stock, f->order))
		return false;
	card = &f->stock->cards[f->stock->count - 1];
	for (char *w = strtok_r(text, " \t", &save); w; w = strtok_r(NULL, " \t", &save)) {
		struct iso7816_atr atr;

		if (!strncmp(w, "kdd=", 4)) {
			if (!set_kdd(card, f->order, w + 4))
				return false;
		} else if (!strncmp(w, "atr=", 4)) {
			ssize_t n = hex_decode(w + 4, card->atr, sizeof(card->atr));

			if (n <= 0 || iso7816_atr_parse(&atr, card->atr, (size_t)n,
							ISO7816_TOLERANT) != ISO7816_OK)
				return false;
			card->atr_len = (u8)n;
		} else if (!strncmp(w, "defect=", 7)) {
			if (!defect_from_name(w + 7, &d))
				return false;
		} else {
			return false;
		}
	}
	return stock_set_defect(f->stock, card->id, d);
}

bool stock_make(struct stock *stock, const struct stock_order *order)
{
	struct file_ctx ctx = { stock, order };

	memset(stock, 0, sizeof(*stock));
	if (order->file)
		return read_lines(order->file, take_card, &ctx);
	for (unsigned int i = 0; i < order->cards; i++)
		if (!add_card(stock, order))
			return false;
	return true;
}

void stock_free(struct stock *stock)
{
	for (unsigned int i = 0; i < stock->count; i++)
		gp_card_free(&stock->cards[i].gp);
	free(stock->cards);
	memset(stock, 0, sizeof(*stock));
}
