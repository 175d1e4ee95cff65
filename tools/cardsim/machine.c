// SPDX-License-Identifier: GPL-2.0-only
/* The transport unit: where each card is, and the moves that are possible. */
#include <stdlib.h>
#include <string.h>

#include "machine.h"

static bool pile_init(struct pile *p, unsigned int room)
{
	p->count = 0;
	p->cards = calloc(room ? room : 1, sizeof(*p->cards));
	return p->cards;
}

/* A pile has room for every card there is. */
static void pile_add(struct pile *p, unsigned int card)
{
	p->cards[p->count++] = card;
}

static void pile_take(struct pile *p, unsigned int at)
{
	p->count--;
	memmove(p->cards + at, p->cards + at + 1, (p->count - at) * sizeof(*p->cards));
}

bool machine_init(struct machine *m, unsigned int cards, unsigned int lanes,
		  const struct machine_ops *ops, void *ctx)
{
	memset(m, 0, sizeof(*m));
	if (lanes > MACHINE_MAX_LANES)
		return false;
	m->ops = ops;
	m->ctx = ctx;
	m->cards = cards;
	m->lanes = lanes;
	if (!pile_init(&m->feeder, cards) || !pile_init(&m->bin[BIN_GOOD], cards) ||
	    !pile_init(&m->bin[BIN_REJECT], cards)) {
		machine_free(m);
		return false;
	}
	for (unsigned int id = 1; id <= cards; id++)
		pile_add(&m->feeder, id);
	return true;
}

void machine_free(struct machine *m)
{
	free(m->feeder.cards);
	free(m->bin[BIN_GOOD].cards);
	free(m->bin[BIN_REJECT].cards);
	memset(m, 0, sizeof(*m));
}

static const char *feed_from(struct machine *m, unsigned int lane, struct pile *p, unsigned int at)
{
	unsigned int card = p->cards[at];

	if (!m->ops->insert(m->ctx, lane, card))
		return "slot refused the card";
	pile_take(p, at);
	m->lane[lane] = card;
	return NULL;
}

static const char *check_free(const struct machine *m, unsigned int lane)
{
	if (lane >= m->lanes)
		return "no such lane";
	return m->lane[lane] ? "lane occupied" : NULL;
}

const char *machine_feed(struct machine *m, unsigned int lane, unsigned int *ret_card)
{
	const char *err = check_free(m, lane);

	if (!err && !m->feeder.count)
		err = "feeder empty";
	if (!err)
		err = feed_from(m, lane, &m->feeder, 0);
	if (!err)
		*ret_card = m->lane[lane];
	return err;
}

const char *machine_feed_good(struct machine *m, unsigned int lane, unsigned int card)
{
	const char *err = check_free(m, lane);

	if (err)
		return err;
	for (unsigned int i = 0; i < m->bin[BIN_GOOD].count; i++)
		if (m->bin[BIN_GOOD].cards[i] == card)
			return feed_from(m, lane, &m->bin[BIN_GOOD], i);
	return "card is not in the good bin";
}

const char *machine_eject(struct machine *m, unsigned int lane, enum bin to,
			  unsigned int *ret_card)
{
	if (lane >= m->lanes)
		return "no such lane";
	if (!m->lane[lane])
		return "lane empty";
	m->ops->remove(m->ctx, lane);
	*ret_card = m->lane[lane];
	pile_add(&m->bin[to], m->lane[lane]);
	m->lane[lane] = 0;
	return NULL;
}
