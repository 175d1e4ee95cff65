// SPDX-License-Identifier: GPL-2.0-only
/*
 * The CAS under everything that can happen to it: real daemons with a real database serve simulated
 * stations, while daemons are killed or stopped beyond their lease, links are cut, stations vanish
 * and reboot, cards are swapped and fed again, and the disk fills. The stations know what each card
 * really holds; at the end that is compared with the ledger, by the rule of docs/handover.md.
 *
 *	chaos/sqlite_test, chaos/postgres_test [--cards=N] [--seed=N]
 *
 * Cards come in games of GAME. A failure names the seed of its game: --cards=40 --seed=N plays it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "database.h"
#include "game.h"
#include "games.h"
#include "libledger/ledger.h"

#define PATIENCE	120000	/* ms, for all to come to rest */
#define CARDS		500

struct game game;
struct total total;

static unsigned int cards = CARDS, first_seed = 1;

static bool tray_is_empty(void)
{
	for (unsigned int i = 0; i < game.world.cards; i++)
		if (!game.card[i].feeds)
			return false;
	return true;
}

static void settle(void)
{
	uint64_t limit = sim_now() + PATIENCE;

	game.world.feeding = false;
	game.world.silent = 0;
	game.world.cut = 0;
	faults_end();
	while (!sim_settled(&game.world)) {
		sim_run(&game.world, 20);
		daemons_mind();
		DEMAND(!game.world.wrong, "%s", game.seed, game.world.wrong);
		DEMAND(sim_now() < limit, "no rest: see %s", game.seed, game.log_file);
	}
}

/* A daemon that is started again and again comes to a lease that the stations take. */
static void raise_lease(void)
{
	uint64_t epoch = 0;
	char error[192];
	struct ledger *l = ledger_open(game.db, false, error, sizeof(error));

	assert_non_null(l);
	while (epoch < lease_seen())
		assert_int_equal(ledger_start(l, 30, &epoch), LEDGER_OK);
	ledger_close(l);
}

/* The others have noticed what is wrong. */
static bool one_works(void)
{
	bool works = false;

	for (int i = 0; i < chaos_database.twins; i++) {
		total.noticed += daemon_ended(i);
		works |= game.daemon[i] > 0;
	}
	return works;
}

/* The old copy gives out what is on cards, unless it is noticed. Nothing else is asked of it. */
static void put_copy_back(void)
{
	unsigned int before = game.world.good;
	int on[GAME + AFTER];
	uint64_t limit;

	faults_end();
	daemons_kill();
	assert_true(database_put_back());
	/* Without its witness: a single station notices all the same. */
	if (game.world.stations == 1)
		database_forget();
	raise_lease();
	game.world.cards = GAME + AFTER;
	game.world.feeding = true;
	for (int i = 0; i < chaos_database.twins; i++)
		daemon_start(i);
	limit = sim_now() + 1500 + chaos_database.lease_ms;
	while (sim_now() < limit && !tray_is_empty() && one_works()) {
		sim_run(&game.world, 20);
		check_cards(on);
	}
	total.restored++;
	total.held += game.world.good == before;
}

static void play(unsigned int n)
{
	uint64_t next;

	memset(&game.world, 0, sizeof(game.world));
	game.world.station = game.station;
	game.world.stations = game.seed % 3 ? STATIONS : 1;
	game.world.card = game.card;
	game.world.cards = n;
	game.world.chance = game.seed * 2654435761u;
	game.world.feeding = true;
	game.world.silent = 4;
	game.world.cut = 8;
	game.world.gate = 60;
	game.world.taken = 20;
	game.world.refed = 300;
	game.copied = false;
	faults_begin();
	database_remove();
	unlink(game.log_file);
	cards_make();
	cards_order();
	assert_true(sim_begin(&game.world));
	for (int i = 0; i < chaos_database.twins; i++)
		daemon_start(i);
	next = sim_now() + 30;
	while (!tray_is_empty()) {
		sim_run(&game.world, 20);
		daemons_mind();
		faults_mind();
		if (sim_now() >= next) {
			fault();
			next = sim_now() + 5 + sim_draw(&game.world, chaos_database.between);
		}
		DEMAND(!game.world.wrong, "%s", game.seed, game.world.wrong);
	}
	/* In the middle of it all, or when all is done. */
	if (!game.copied || sim_draw(&game.world, 2)) {
		settle();
		check_ledger();
	}
	if (game.copied)
		put_copy_back();
	daemons_kill();
	tokens_remove();
	sim_end(&game.world);
}

static void rule_holds(void **state)
{
	unsigned int left = cards;

	(void)state;
	for (game.seed = first_seed; left; game.seed++) {
		unsigned int n = left < GAME ? left : GAME;

		play(n);
		left -= n;
	}
	print_message("%u cards: %u good, %u in doubt; %u kills, %u stops, %u cuts, %u reboots\n",
		      cards, total.good, total.doubt, total.kills, total.stops, total.cuts,
		      total.reboots);
	print_message("%u taken out, %u times no space; %u old copies, %u refused, %u idle\n",
		      total.takes, total.full, total.restored, total.noticed, total.held);
	print_message("%u times the server was killed, %u times connections were dropped\n",
		      total.crashes, total.drops);
	/* The games have been where it hurts, and cards were made all the same. */
	if (cards < 200)
		return;
	assert_true(total.good > cards / 10);
	assert_true(total.doubt && total.kills && total.stops && total.cuts && total.reboots);
	assert_true(total.takes && total.full && total.restored && database_had_no_space());
	if (chaos_database.crashes)
		assert_true(total.crashes && total.drops);
}

static int setup(void **state)
{
	FILE *f;

	(void)state;
	/* In memory where there is some: nothing here is about the loss of power. */
	strcpy(game.dir, access("/dev/shm", W_OK) ? "/tmp/chaos-test-XXXXXX" :
						"/dev/shm/chaos-test-XXXXXX");
	if (!mkdtemp(game.dir) || !cards_keys() ||
	    !database_begin(game.dir, game.db, sizeof(game.db)))
		return -1;
	snprintf(game.pin_file, sizeof(game.pin_file), "%s/pin", game.dir);
	snprintf(game.log_file, sizeof(game.log_file), "%s/casd.log", game.dir);
	f = fopen(game.pin_file, "w");
	if (!f || fputs("123456\n", f) < 0 || fclose(f))
		return -1;
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	daemons_kill();
	tokens_end();
	database_end();
	if (getenv("CHAOS_KEEP"))
		return 0;
	snprintf(command, sizeof(command), "rm -rf '%s'", game.dir);
	return system(command);
}

int chaos_run(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_holds),
	};

	for (int i = 1; i < argc; i++) {
		if (sscanf(argv[i], "--cards=%u", &cards) != 1 &&
		    sscanf(argv[i], "--seed=%u", &first_seed) != 1) {
			fprintf(stderr, "usage: chaos/sqlite_test [--cards=N] [--seed=N]\n");
			return 2;
		}
	}
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, setup, teardown);
}
