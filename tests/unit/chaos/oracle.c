// SPDX-License-Identifier: GPL-2.0-only
/* What the cards of a game really hold, against the ledger, by the rule of docs/handover.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "game.h"
#include "libledger/ledger.h"
#include "libledger/statement.h"

static int64_t number(struct ledger *l, const char *sql, int64_t id)
{
	struct statement *s = db_prepare(l, sql, strchr(sql, '?') ? "i" : "", id);
	bool failed;
	int64_t v;

	assert_non_null(s);
	assert_true(db_next(l, s, &failed));
	v = db_number(s, 0);
	db_finalize(s);
	return v;
}

void check_cards(int on[GAME + AFTER])
{
	memset(on, -1, sizeof(int) * (GAME + AFTER));
	for (int i = 0; i < GAME + AFTER; i++) {
		int r;

		if (game.card[i].place != SIM_GOOD_BIN)
			continue;
		r = card_holds(&game.card[i]);
		DEMAND(r >= 0 && r < GAME + AFTER, "good card %d has no record", game.seed, i);
		DEMAND(on[r] < 0, "record %d is on good cards %d and %d", game.seed, r, on[r], i);
		on[r] = i;
	}
}

void check_ledger(void)
{
	int64_t good = 0, delivered = 0;
	int on[GAME + AFTER];
	char error[192], head[65];
	struct ledger *l;
	struct ledger_chains chains;
	uint64_t entries;

	check_cards(on);
	l = ledger_open(game.db, true, error, sizeof(error));
	assert_non_null(l);
	DEMAND(ledger_chains(l, &chains) == LEDGER_OK, "%s", game.seed, ledger_error(l));
	for (unsigned int i = 0; i < chains.count; i++)
		DEMAND(ledger_verify(l, chains.name[i], &entries, head) == LEDGER_OK, "%s",
		       game.seed, ledger_error(l));
	for (int i = 0; i < GAME + AFTER; i++) {
		bool is = number(l, "SELECT state = 'DELIVERED' FROM record WHERE id = ?", i + 1);

		delivered += is;
		DEMAND(!is || on[i] >= 0, "record %d is DELIVERED, and on no good card",
		       game.seed, i);
		DEMAND(on[i] < 0 || is ||
		       number(l, "SELECT state = 'DOUBT' FROM record WHERE id = ?", i + 1),
		       "good card %d has record %d, which is neither DELIVERED nor in doubt",
		       game.seed, on[i], i);
	}
	for (unsigned int s = 0; s < game.world.stations; s++)
		for (uint64_t n = 0; n < game.station[s].written; n++)
			good += game.station[s].journal[n].what == CK_DISP_GOOD;
	DEMAND(good == delivered, "%d good dispositions, %d records DELIVERED", game.seed,
	       (int)good, (int)delivered);
	DEMAND(!number(l, "SELECT count(*) FROM record WHERE state = 'ISSUED'", 0),
	       "a record is lost: ISSUED, and no disposition will come", game.seed);
	DEMAND(!number(l,
		       "SELECT count(*) FROM record r JOIN request q ON q.id = r.request"
		       " WHERE r.state = 'INTENT' AND (coalesce(q.verdict, 0) <> 3 OR coalesce(q.disposition, 0) <> 3)",
		       0), "a record is lost: INTENT, and not for a card to be tried again",
	       game.seed);
	total.good += game.world.good;
	total.doubt += (unsigned int)number(l, "SELECT count(*) FROM record WHERE state = 'DOUBT'",
					    0);
	ledger_close(l);
}
