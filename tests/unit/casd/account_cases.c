// SPDX-License-Identifier: GPL-2.0-only
/* Accounts of cards and records, and the ledger's chains, after all that was done. */
#include "cases.h"

#include "scene.h"
#include "libledger/ledger.h"

/* Cards, as they were issued, are all accounted for; so are the records. */
static void cards_and_records_add_up(void **state)
{
	(void)state;
	assert_int_equal(shell_status(CASCTL " reconcile --db %s --csv | tr -d '\\r' |"
				      " awk -F, 'NR > 1 { n++; if ($1 != \"first\" || $3 < 5 ||"
				      " $4 < 2 || $5 < 1 || $2 != $3 + $4 + $5 + $6 + $7) exit 1 }"
				      " END { exit n != 1 }'", bed.db), 0);
	for (int i = 0; i < 3; i++) {
		static const char *const by[] = { "day", "station", "batch" };

		assert_int_equal(shell_status(CASCTL " reconcile --db %s --by %s --csv |"
					      " awk -F, 'NR > 1 { n += $2 } END { exit n < 10 }'",
					      bed.db, by[i]), 0);
	}
	assert_int_equal(shell_status(CASCTL " reconcile --db %s --to '2001-01-01' --csv |"
				      " awk 'END { exit NR != 1 }'", bed.db), 0);
	assert_int_not_equal(shell_status(CASCTL " reconcile --db %s --to \"0'\"", bed.db), 0);
	assert_int_equal(shell_status(CASCTL " response --db %s --order first --csv |"
				      " awk 'END { exit NR != %d }'", bed.db, RECORDS + 1), 0);
	assert_int_equal(shell_status(CASCTL " response --db %s --order first --csv |"
				      " grep -c ,good, >n; " CASCTL " records --db %s |"
				      " grep -c DELIVERED | cmp n", bed.db, bed.db), 0);
}

static void ledger_holds_together(void **state)
{
	char error[192], head[65];
	struct ledger *l = ledger_open(bed.db, true, error, sizeof(error));
	struct ledger_chains chains;
	uint64_t entries, all = 0;

	(void)state;
	assert_non_null(l);
	assert_int_equal(ledger_chains(l, &chains), LEDGER_OK);
	for (unsigned int i = 0; i < chains.count; i++) {
		assert_int_equal(ledger_verify(l, chains.name[i], &entries, head), LEDGER_OK);
		all += entries;
	}
	assert_true(all > 40);
	ledger_close(l);
	assert_query("SELECT count(*) FROM ledger WHERE body LIKE '%5907%' OR body LIKE '%87654%'",
		     "0");
}

const struct CMUnitTest account_cases[] = {
	cmocka_unit_test(cards_and_records_add_up),
	{}
};

const struct CMUnitTest chain_cases[] = {
	cmocka_unit_test(ledger_holds_together),
	{}
};
